"""Settings: `site.toml` at the root of a site, typed and checked.

In: the site's folder. Out: a Site, or every problem of the file with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from site_builder import machine_settings as machines
from site_builder.citation_settings import Citing, bibliography_faults
from site_builder.codes import ignore_faults
from site_builder.errors import Problem, UsageError
from site_builder.machine_settings import Feeds, Policy
from site_builder.schema import Codes, ProblemMaker, Table, TableError, read_table
from site_builder.targets import Target, withheld, without_secret
from site_builder.targets import faults as target_faults
from site_builder.toml_text import encoding_problem as encoding_problem  # noqa: PLC0414 - given on
from site_builder.toml_text import read_toml
from site_builder.words.own import OwnWords
from site_builder.words.words import site_words

FILE = "site.toml"
_CODES = Codes(unknown="C003", misfit="C004", twice="C003", missing="C005")


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
class Cache:
    """`[cache]`: what is kept in `.cache/` so that it need not be made again."""

    limit: float = 2.0
    """Gigabytes (10^9 bytes) that are kept; what was used least recently goes first."""


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
    author_url: str = ""
    """Address of a page on the author, such as `https://example.org/about/`."""
    author_profiles: tuple[str, ...] = ()
    """Addresses of the author elsewhere, such as `["https://mathstodon.xyz/@ada"]`."""
    author_fediverse: str = ""
    """The author's name in the Fediverse, such as `@ada@mathstodon.xyz`."""
    language: str = "en"
    """Language of posts that name none, such as `en` or `pt-BR`."""
    permalink: str = "/{slug}/"
    """Address of a post below the home page, of `{slug}`, `{year}`, `{month}` and `{day}`."""
    theme: str = "default"
    """Name of a folder in `themes/`, of the site or of site-builder itself."""
    smart_quotes: bool = True
    """Whether straight quotation marks and apostrophes become those of the post's language."""
    cards: bool = True
    """Whether pages have a picture with their title, for previews of links to them."""
    home_posts: int = 10
    """How many posts the home page lists."""
    feed_posts: int = 20
    """How many posts a feed holds."""
    indexed: bool = True
    """Whether search engines may list the site; `false` for what is not for all, as `--noindex`."""
    redirects: Mapping[str, str] = field(default_factory=dict)
    """Old addresses of the site and where they lead, such as `"/old/" = "/new/"`."""
    related_posts: int = 3
    """How many related posts are shown at most below a post; 0 for none."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """A sentence on a tag for the top of its page, such as `keras = "Posts with networks."`."""
    series: Mapping[str, str] = field(default_factory=dict)
    """A sentence on a series for the top of its page."""
    search: bool = True
    """Whether the site has a search page, with an index of all posts."""
    ignore: tuple[str, ...] = ()
    """Codes of warnings that are not told, such as `["I002"]`; see `explain --codes`."""
    bibliography: tuple[str, ...] = ()
    """Files of works that posts cite, such as `references.bib`, in the site's folder."""
    execution: Execution = field(default_factory=Execution)
    """How cells are run."""
    figures: Figures = field(default_factory=Figures)
    """How figures are saved."""
    math: Math = field(default_factory=Math)
    """Formulas."""
    citations: Citing = field(default_factory=Citing)
    """How others can cite posts."""
    feeds: Feeds = field(default_factory=Feeds)
    """What feed readers are given."""
    policy: Policy = field(default_factory=Policy)
    """What pages may load from elsewhere."""
    cache: Cache = field(default_factory=Cache)
    """What is kept between builds."""
    deploy: Mapping[str, Target] = field(default_factory=dict, repr=False)  # no part of a build
    """Where the site is put online, by name."""


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


def load(root: Path, *, base_url: str = "") -> Site:
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
    settings = parse(text.replace("\r\n", "\n"), base_url=base_url)
    return Site(root.resolve(), settings, site_words(root))


def parse(text: str, *, base_url: str = "") -> Settings:
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
    problems += _value_problems(settings, problem, "--base-url" if base_url else "setting 'url'")
    if problems:
        raise UsageError(problems)
    return settings


def _value_problems(settings: Settings, problem: ProblemMaker, url: str) -> Iterator[Problem]:
    """Check what types cannot say; `url` names where the address comes from."""
    if not settings.title.strip():
        yield problem(("title",), "setting 'title' is empty", "give the site a title", "C006")
    if not _is_address(settings.url):
        like = "an address such as 'https://example.org/'"
        yield problem(("url",), f"{url} should be {like}, not {settings.url!r}", "", "C006")
    elif "?" in settings.url or "#" in settings.url:
        yield problem(("url",), f"{url} should have no '?' or '#'", "", "C006")
    if not LANGUAGE.fullmatch(settings.language):
        like = "a language such as 'en' or 'pt-BR'"
        message = f"setting 'language' should be {like}, not {settings.language!r}"
        yield problem(("language",), message, "", "C006")
    if not _is_permalink(settings.permalink):
        message = f"setting 'permalink' cannot be {settings.permalink!r}"
        help_ = "a path of {slug} and, if wanted, {year}, {month} and {day}, such as '/{slug}/'"
        yield problem(("permalink",), message, help_, "C006")
    if not re.fullmatch(r"[\w.-]+", settings.theme) or settings.theme.startswith("."):
        message = f"setting 'theme' should name a folder, not {settings.theme!r}"
        yield problem(("theme",), message, "", "C006")
    for table, key in POSITIVE:
        value = getattr(getattr(settings, table) if table else settings, key)
        if not 0 < value < float("inf"):
            path = (table, key) if table else (key,)
            message = f"setting {'.'.join(path)!r} should be greater than 0, not {value:g}"
            yield problem(path, message, "", "C006")
    if settings.related_posts < 0:
        message = f"setting 'related_posts' should be 0 or more, not {settings.related_posts}"
        yield problem(("related_posts",), message, "", "C006")
    seed = settings.execution.seed
    if not 0 <= seed < 2**32:
        message = f"setting 'execution.seed' should be from 0 to {2**32 - 1}, not {seed}"
        yield problem(("execution", "seed"), message, "", "C006")
    author = (settings.author_url, settings.author_profiles, settings.author_fediverse)
    told = machines.faults(author, settings.redirects, settings.feeds, settings.policy)
    found = (*told, *bibliography_faults(settings.bibliography))
    yield from (problem(*fault, "C006") for fault in found)
    yield from (problem(*fault) for fault in target_faults(settings.deploy))
    for place, message, help_ in ignore_faults(settings.ignore):
        yield problem(("ignore", str(place)), message, help_, "C023")
    for key, tex in settings.math.macros.items():
        if message := macro_fault(key, tex):
            help_ = 'such as "\\\\R" = "\\\\mathbb{R}"'
            yield problem(("math", "macros", key), message, help_, "T007")


LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
"""A language tag such as `en` or `pt-BR`."""


def macro_fault(name: str, tex: str) -> str:
    """What is wrong with a TeX macro of the author's; empty if nothing is."""
    if not re.fullmatch(r"\\([A-Za-z]+|[^A-Za-z\s])", name):
        return f"a macro's name is a backslash and letters, not {name!r}"
    depth = 0
    for brace in re.findall(r"\\.|([{}])", tex, re.DOTALL):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            break
    return f"in the macro {name} a brace is not {'closed' if depth > 0 else 'opened'}" * bool(depth)


def _is_address(url: str) -> bool:
    try:
        address = urlsplit(url)
        _ = address.port  # raises ValueError if it is no number
    except ValueError:
        return False
    good = address.scheme in ("http", "https") and bool(address.hostname)
    return good and not re.search(r"[\s\\<>\"{}|^`\x00-\x20\x7f]", url)


def _is_permalink(pattern: str) -> bool:
    fields = re.findall(r"\{(.*?)\}", pattern)
    rest = re.sub(r"\{.*?\}", "", pattern)
    odd = re.search(r"[\s?#\\{}%\x00-\x20\x7f]", rest) or {".", ".."} & set(pattern.split("/"))
    return "slug" in fields and not set(fields) - {"slug", "year", "month", "day"} and not odd


POSITIVE = (
    ("", "home_posts"), ("", "feed_posts"), ("execution", "timeout"), ("execution", "post_timeout"),
    ("execution", "memory"), ("execution", "output_limit"), ("figures", "width"),
    ("figures", "height"), ("figures", "svg_limit"), ("cache", "limit"),
)  # fmt: skip
