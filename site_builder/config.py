"""Settings: `site.toml` at the root of a site, typed and checked.

In: the site's folder. Out: a Site, or every problem of the file with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from site_builder.errors import Problem, UsageError
from site_builder.schema import Place, Table, TableError, read_table

FILE = "site.toml"
ProblemMaker = Callable[[tuple[str, ...], str, str], Problem]


@dataclass(frozen=True, slots=True)
class Execution:
    """`[execution]`: how the cells of posts are run."""

    python: str = ""
    """The Python that runs posts, such as `.venv/bin/python`; that of `site-builder` if empty."""
    fences: Literal["all", "marked"] = "all"
    """Which fences are cells in plain Markdown posts: every `python` fence, or marked only."""
    seed: int = 0
    """Seed of `random`, NumPy and Keras in each post."""
    timeout: float = 120.0
    """Seconds that a cell may take."""
    post_timeout: float = 1200.0
    """Seconds that all cells of a post may take together."""
    memory: float = 8.0
    """Memory that a post may allocate, in gigabytes (10^9 bytes)."""
    output_limit: float = 10.0
    """How much a cell may print or show, in megabytes (10^6 bytes)."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for posts, such as `KERAS_BACKEND = "jax"`."""
    pass_environment: tuple[str, ...] = ()
    """Names of variables that posts get from the environment of the build; all others are
    withheld, but for the search path, the home folder and the like."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`[figures]`: how matplotlib's figures are saved."""

    format: Literal["svg", "png"] = "svg"
    """`svg`, or `png` at twice the resolution of the screen."""
    width: float = 6.4
    """Width in inches, where neither the cell nor its code says."""
    height: float = 4.0
    """Height in inches, where neither the cell nor its code says."""
    svg_limit: float = 150.0
    """A figure whose SVG is larger than this many kilobytes (10^3 bytes) is saved as PNG."""
    dark: Literal["auto", "card"] = "auto"
    """On dark pages: `auto` draws black ink light on a clear ground, `card` keeps it white."""


@dataclass(frozen=True, slots=True)
class Math:
    """`[math]`: formulas."""

    macros: Mapping[str, str] = field(default_factory=dict)
    """TeX macros for all posts, such as `"\\\\R" = "\\\\mathbb{R}"`; `#1` is the first argument."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that `site.toml` can say."""

    title: str
    """Title of the site."""
    url: str
    """Address of the home page, such as `https://example.org/blog/`."""
    description: str = ""
    """One sentence on the site, for search engines and feeds."""
    author: str = ""
    """Author of posts that name none."""
    language: str = "en"
    """Language of posts that name none, such as `en` or `pt-BR`."""
    permalink: str = "/{slug}/"
    """Address of a post below the home page, of `{slug}`, `{year}`, `{month}` and `{day}`."""
    theme: str = "default"
    """Name of a folder in `themes/`, of the site or of site-builder itself."""
    home_posts: int = 10
    """How many posts the home page lists."""
    feed_posts: int = 20
    """How many posts a feed holds."""
    execution: Execution = field(default_factory=Execution)
    """How cells are run."""
    figures: Figures = field(default_factory=Figures)
    """How figures are saved."""
    math: Math = field(default_factory=Math)
    """Formulas."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site on disk."""

    root: Path
    """The folder that holds `site.toml`, absolute."""
    settings: Settings

    @property
    def address(self) -> str:
        """The home page's address, with a slash at its end."""
        return self.settings.url.rstrip("/") + "/"

    @property
    def base(self) -> str:
        """The home page's path on its host: `/`, or such as `/blog/`."""
        return urlsplit(self.address).path or "/"


def load(root: Path, *, base_url: str = "") -> Site:
    """Read the settings of the site in `root`; `base_url` stands in for its `url`.

    Raises UsageError with every problem of the file.
    """
    path = root / FILE
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        message = f"there is no {FILE} in {root}"
        help_ = 'it needs at least `title = "…"` and `url = "https://…"`; or use -C DIR'
        raise UsageError(Problem(message, help=help_)) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem("the file is not UTF-8", FILE, line, help="save it as UTF-8")
        raise UsageError(problem) from None
    except OSError as error:
        raise UsageError(Problem(f"cannot read the file: {error.strerror}", FILE)) from None
    settings = parse(text.replace("\r\n", "\n"), base_url=base_url)
    return Site(root=root.resolve(), settings=settings)


def parse(text: str, *, base_url: str = "") -> Settings:
    """Make settings of the text of a `site.toml`; raises UsageError."""
    lines = text.split("\n")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(_syntax_problem(str(error), lines)) from None
    if base_url:
        values["url"] = base_url
    places = _places(lines)

    def problem(path: tuple[str, ...], message: str, help_: str) -> Problem:
        place = places.get(path)
        if place is None:
            return Problem(message, FILE, help=help_)
        text_ = lines[place.line - 1]
        return Problem(message, FILE, place.line, place.column, place.width, text_, help_)

    try:
        settings = read_table(Settings, Table(values, problem), what="setting")
    except TableError as error:
        raise UsageError(error.problems) from None
    problems = list(_value_problems(settings, problem, from_option=bool(base_url)))
    if problems:
        raise UsageError(problems)
    return settings


def _syntax_problem(message: str, lines: list[str]) -> Problem:
    found = re.search(r"^(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if not found:
        return Problem(f"not TOML: {message}", FILE)
    line = int(found[2] or len(lines))
    column = int(found[3] or 0)
    return Problem(f"not TOML: {found[1]}", FILE, line, column, excerpt=lines[line - 1])


def _places(lines: list[str]) -> dict[tuple[str, ...], Place]:
    """Where each key stands. Reads keys only; the values are tomllib's."""
    places: dict[tuple[str, ...], Place] = {}
    table: tuple[str, ...] = ()
    name = r"""(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
    dotted = rf"{name}(?:\s*\.\s*{name})*"
    for number, line in enumerate(lines, start=1):
        if header := re.match(rf"\s*\[\[?\s*({dotted})\s*\]", line):
            table = _key(header[1])
            places.setdefault(table, Place(number, header.start(1) + 1, len(header[1])))
        elif key := re.match(rf"\s*({dotted})\s*=", line):
            place = Place(number, key.start(1) + 1, len(key[1]))
            places.setdefault((*table, *_key(key[1])), place)
    return places


def _key(dotted: str) -> tuple[str, ...]:
    parts = re.findall(r"""[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*'""", dotted)
    return tuple(tomllib.loads(f"{part} = 0").popitem()[0] for part in parts)


def _value_problems(
    settings: Settings, problem: ProblemMaker, *, from_option: bool
) -> Iterator[Problem]:
    """Check what types cannot say."""
    address = urlsplit(settings.url)
    if address.scheme not in ("http", "https") or not address.netloc:
        source = "--base-url" if from_option else "setting 'url'"
        like = "an address such as 'https://example.org/'"
        message = f"{source} should be {like}, not {settings.url!r}"
        yield Problem(message) if from_option else problem(("url",), message, "")
    elif address.query or address.fragment:
        yield problem(("url",), "setting 'url' should have no '?' or '#'", "")
    fields = set(re.findall(r"\{(.*?)\}", settings.permalink))
    if "slug" not in fields or fields - {"slug", "year", "month", "day"}:
        message = f"setting 'permalink' cannot be {settings.permalink!r}"
        yield problem(("permalink",), message, "use {slug} and, if wanted, {year}, {month}, {day}")
    if not re.fullmatch(r"[\w.-]+", settings.theme) or settings.theme.startswith("."):
        message = f"setting 'theme' should name a folder, not {settings.theme!r}"
        yield problem(("theme",), message, "")
    for table, key in _POSITIVE:
        value = getattr(getattr(settings, table) if table else settings, key)
        if value <= 0:
            path = (table, key) if table else (key,)
            message = f"setting {'.'.join(path)!r} should be greater than 0, not {value}"
            yield problem(path, message, "")
    for key in settings.math.macros:
        if not re.fullmatch(r"\\([A-Za-z]+|[^A-Za-z\s])", key):
            message = f"a macro's name is a backslash and letters, not {key!r}"
            yield problem(("math", "macros", key), message, 'such as "\\\\R" = "\\\\mathbb{R}"')


_POSITIVE = (
    ("", "home_posts"),
    ("", "feed_posts"),
    ("execution", "timeout"),
    ("execution", "post_timeout"),
    ("execution", "memory"),
    ("execution", "output_limit"),
    ("figures", "width"),
    ("figures", "height"),
    ("figures", "svg_limit"),
)
