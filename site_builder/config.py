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
    language: str = "en"
    """Language of posts that name none, such as `en` or `pt-BR`."""
    permalink: str = "/{slug}/"
    """Address of a post below the home page, of `{slug}`, `{year}`, `{month}` and `{day}`."""
    theme: str = "default"
    """Name of a folder in `themes/`, of the site or of site-builder itself."""
    smart_quotes: bool = True
    """Whether straight quotation marks and apostrophes become those of the post's language."""
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
    cache: Cache = field(default_factory=Cache)
    """What is kept between builds."""


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
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        if not root.is_dir():
            raise UsageError(Problem(f"there is no folder {root}")) from None
        message = f"there is no {FILE} in {root}"
        help_ = 'it needs at least `title = "…"` and `url = "https://…"`; or use -C DIR'
        raise UsageError(Problem(message, help=help_)) from None
    except UnicodeDecodeError as error:
        raise UsageError(encoding_problem(FILE, error)) from None
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
        while path and path not in places:
            path = path[:-1]
        if base_url and path == ("url",):
            return Problem(message, help=help_)
        place = places.get(path)
        if place is None:
            return Problem(message, FILE, help=help_)
        text_ = lines[place.line - 1]
        return Problem(message, FILE, place.line, place.column, place.width, text_, help_)

    try:
        settings = read_table(Settings, Table(values, problem), what="setting")
    except TableError as error:
        raise UsageError(error.problems) from None
    problems = list(
        _value_problems(settings, problem, "--base-url" if base_url else "setting 'url'")
    )
    if problems:
        raise UsageError(problems)
    return settings


def _syntax_problem(message: str, lines: list[str]) -> Problem:
    found = re.search(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", message, re.S)
    if not found:
        return Problem(f"not TOML: {message}", FILE)
    line = int(found[2] or len(lines))
    column = int(found[3] or 0)
    help_ = next((advice for part, advice in _HELP if part in found[1]), "")
    return Problem(f"not TOML: {found[1]}", FILE, line, column, 1, lines[line - 1], help_)


# What tomllib says -> what to do about it.
_HELP = (
    ("Illegal character '\\n'", "close the quote, or use three quotes for several lines"),
    ("Cannot overwrite", "the key is given twice: delete one"),
    ("Cannot declare", "the table is given twice: put all its keys under one"),
    ("Invalid value", 'a text needs quotes, as in "One"'),
    ("Invalid statement", "a line is a comment, key = value, or [table]"),
    ("Expected '=' after a key", "write key = value"),
    ("at the end of a table", "close the bracket"),
    ("Unclosed array", "close the bracket, with commas between the values"),
    ("Expected newline", 'one setting a line; a quote inside of quotes is written \\"'),
    ("Unescaped '\\'", "write \\\\ for a backslash, or use 'single quotes'"),
)


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


def _value_problems(settings: Settings, problem: ProblemMaker, url: str) -> Iterator[Problem]:
    """Check what types cannot say; `url` names where the address comes from."""
    if not settings.title.strip():
        yield problem(("title",), "setting 'title' is empty", "give the site a title")
    if not _is_address(settings.url):
        like = "an address such as 'https://example.org/'"
        yield problem(("url",), f"{url} should be {like}, not {settings.url!r}", "")
    elif "?" in settings.url or "#" in settings.url:
        yield problem(("url",), f"{url} should have no '?' or '#'", "")
    if not LANGUAGE.fullmatch(settings.language):
        like = "a language such as 'en' or 'pt-BR'"
        message = f"setting 'language' should be {like}, not {settings.language!r}"
        yield problem(("language",), message, "")
    if not _is_permalink(settings.permalink):
        message = f"setting 'permalink' cannot be {settings.permalink!r}"
        help_ = "a path of {slug} and, if wanted, {year}, {month} and {day}, such as '/{slug}/'"
        yield problem(("permalink",), message, help_)
    if not re.fullmatch(r"[\w.-]+", settings.theme) or settings.theme.startswith("."):
        message = f"setting 'theme' should name a folder, not {settings.theme!r}"
        yield problem(("theme",), message, "")
    for table, key in POSITIVE:
        value = getattr(getattr(settings, table) if table else settings, key)
        if not 0 < value < float("inf"):
            path = (table, key) if table else (key,)
            message = f"setting {'.'.join(path)!r} should be greater than 0, not {value:g}"
            yield problem(path, message, "")
    seed = settings.execution.seed
    if not 0 <= seed < 2**32:
        message = f"setting 'execution.seed' should be from 0 to {2**32 - 1}, not {seed}"
        yield problem(("execution", "seed"), message, "")
    for key, tex in settings.math.macros.items():
        if message := macro_fault(key, tex):
            help_ = 'such as "\\\\R" = "\\\\mathbb{R}"'
            yield problem(("math", "macros", key), message, help_)


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


def encoding_problem(file: str, error: UnicodeDecodeError) -> Problem:
    """The problem of a file that is not UTF-8, at its first wrong character."""
    before, rest = error.object[: error.start], error.object[error.start :]
    start = before[before.rfind(b"\n") + 1 :].decode("utf-8-sig")
    excerpt = start + rest.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    line, help_ = before.count(b"\n") + 1, "save it as UTF-8"
    if "\0" in excerpt:  # UTF-16, of which nothing can be shown
        return Problem("the file is not UTF-8", file, line, help=help_)
    return Problem("the file is not UTF-8", file, line, len(start) + 1, 1, excerpt, help_)


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
