"""What is wrong with settings, where their types cannot say it.

In: settings as read, and what makes a problem at one of them. Out: every problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, urlsplit

from site_builder.codes import ignore_faults
from site_builder.errors import Problem
from site_builder.schema import ProblemMaker
from site_builder.settings.machines import Fault
from site_builder.settings.machines import faults as machine_faults
from site_builder.settings.tables import Settings
from site_builder.settings.targets import faults as target_faults
from site_builder.settings.targets import is_home


def value_problems(settings: Settings, problem: ProblemMaker, url: str) -> Iterator[Problem]:
    """Check what types cannot say; `url` names where the address comes from."""
    if not settings.title.strip():
        yield problem(("title",), "setting 'title' is empty", "give the site a title", "C006")
    if "?" in settings.url or "#" in settings.url:
        yield problem(("url",), f"{url} should have no '?' or '#'", "", "C006")
    elif not is_home(settings.url):
        like = "an address such as 'https://example.org/'"
        yield problem(("url",), f"{url} should be {like}, not {settings.url!r}", "", "C006")
    elif odd := _odd_address(settings.url):
        yield problem(("url",), f"{url} {odd[0]}", odd[1], "C006")
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
    yield from _number_problems(settings, problem)
    author = (settings.author_url, settings.author_profiles, settings.author_fediverse)
    told = machine_faults(author, settings.redirects, settings.feeds, settings.policy)
    found = (*told, *_bibliography_faults(settings.bibliography))
    yield from (problem(*fault, "C006") for fault in found)
    yield from (problem(*fault) for fault in target_faults(settings.deploy))
    for place, message, help_ in ignore_faults(settings.ignore):
        yield problem(("ignore", str(place)), message, help_, "C023")
    for key, tex in settings.math.macros.items():
        if message := macro_fault(key, tex):
            help_ = 'such as "\\\\R" = "\\\\mathbb{R}"'
            yield problem(("math", "macros", key), message, help_, "T007")


def _number_problems(settings: Settings, problem: ProblemMaker) -> Iterator[Problem]:
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


POSITIVE = (
    ("", "home_posts"), ("", "feed_posts"), ("execution", "timeout"), ("execution", "post_timeout"),
    ("execution", "memory"), ("execution", "output_limit"), ("figures", "width"),
    ("figures", "height"), ("figures", "svg_limit"), ("cache", "limit"),
)  # fmt: skip
"""Tables, empty for the top of the file, and their settings that are numbers above zero."""

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


def _bibliography_faults(files: Sequence[str]) -> Iterator[Fault]:
    for place, file in enumerate(files):
        parts = file.split("/")
        if not file.strip() or ".." in parts or re.search(r"^/|\\|:|\0", file):
            message = f"setting 'bibliography' should name a file of the site, not {file!r}"
            yield ("bibliography", str(place)), message, "such as 'references.bib'"


def _odd_address(url: str) -> tuple[str, str] | None:
    """What no address of a site should be, and what to write in its place."""
    address = urlsplit(url)
    path = address.path.rstrip("/")
    if "//" in path or {".", ".."} & set(path.split("/")) or re.search("%(?![0-9A-Fa-f]{2})", path):
        return "has a path that browsers would change or not take", "such as 'https://e.org/blog/'"
    if url.isascii():
        return None
    try:
        host = address.netloc.encode("idna").decode()
    except UnicodeError:
        return "has a host that there cannot be", ""
    written = f"{address.scheme}://{host}{quote(address.path, safe=_IN_PATHS)}"
    return "has letters that addresses do not", f"browsers send them as {written!r}: write that"


_IN_PATHS = "/~!$&'()*+,;=:@%"


def _is_permalink(pattern: str) -> bool:
    fields = re.findall(r"\{(.*?)\}", pattern)
    rest = re.sub(r"\{.*?\}", "", pattern)
    odd = re.search(r"[\s?#\\{}%\x00-\x20\x7f]", rest) or {".", ".."} & set(pattern.split("/"))
    return "slug" in fields and not set(fields) - {"slug", "year", "month", "day"} and not odd
