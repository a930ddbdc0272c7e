"""Settings: `site.toml` at the root of a site, typed and checked.

In: the site's folder. Out: a Site, or every problem of the file with its line.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from site_builder.errors import Problem, UsageError, encoding_problem
from site_builder.schema import Codes, Table, TableError, read_table
from site_builder.settings.faults import value_problems
from site_builder.settings.tables import Settings
from site_builder.settings.targets import withheld, without_secret
from site_builder.toml_text import read_toml
from site_builder.words.own import OwnWords
from site_builder.words.words import site_words

FILE = "site.toml"
_CODES = Codes(unknown="C003", misfit="C004", twice="C003", missing="C005")


@dataclass(frozen=True, slots=True)
class Site:
    """A site on disk."""

    root: Path
    """The folder that holds `site.toml`, absolute."""
    settings: Settings
    words: OwnWords = field(default_factory=dict)
    """Its own words of the interface, by language."""

    @property
    def address(self) -> str:
        """The home page's address, with a slash at its end."""
        return self.settings.url.rstrip("/") + "/"

    @property
    def base(self) -> str:
        """The home page's path on its host: `/`, or such as `/blog/`."""
        return urlsplit(self.address).path or "/"


def load_site(root: Path, *, base_url: str = "") -> Site:
    """Read the settings of the site in `root`; `base_url` stands in for its `url`.

    Raises UsageError with every problem of the file.
    """
    path = root / FILE
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if not root.is_dir():
            raise UsageError(Problem(f"there is no folder {root}", code="C001")) from None
        message = f"there is no {FILE} in {root}"
        help_ = 'it needs at least `title = "…"` and `url = "https://…"`; or use -C DIR'
        raise UsageError(Problem(message, help=help_, code="C001")) from None
    except UnicodeDecodeError as error:
        raise UsageError(encoding_problem(FILE, error, code="C007")) from None
    except OSError as error:
        message = f"cannot read the file: {error.strerror}"
        raise UsageError(Problem(message, FILE, code="C007")) from None
    settings = parse_settings(text.replace("\r\n", "\n"), base_url=base_url)
    return Site(root.resolve(), settings, site_words(root))


def parse_settings(text: str, *, base_url: str = "") -> Settings:
    """Make settings of the text of a `site.toml`; raises UsageError."""
    lines = text.split("\n")
    try:
        values, places = read_toml(text, FILE)
    except UsageError as error:
        problems = [replace(x, excerpt=without_secret(x.excerpt)) for x in error.problems]
        raise UsageError(problems) from None
    if base_url:
        values["url"] = base_url

    def problem(path: tuple[str, ...], message: str, help_: str, code: str) -> Problem:
        while path and path not in places:
            path = path[:-1]
        if base_url and path == ("url",):
            return Problem(message, help=help_, code=code)
        if path not in places:
            return Problem(message, FILE, help=help_, code=code)
        place = places[path]
        at = (place.line, place.column, place.width, lines[place.line - 1])
        return Problem(message, FILE, *at, help_, code=code)

    problems = []
    for path, *fault in withheld(values):
        if place := places.get(path, places.get(path[:-1], places.get(path[:-2]))):
            lines[place.line - 1] = lines[place.line - 1].partition("=")[0] + "= …"
        problems.append(problem(path, *fault))
    try:
        settings = read_table(Settings, Table(values, problem, _CODES), what="setting")
    except TableError as error:
        raise UsageError([*problems, *error.problems]) from None
    problems += value_problems(settings, problem, "--base-url" if base_url else "setting 'url'")
    if problems:
        raise UsageError(problems)
    return settings
