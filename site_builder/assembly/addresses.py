"""Addresses: where each output of the site stands.

In: rendered pages and the settings. Out: their places below the home page, and who wants which
path. Promise: if two want one path, there is a Problem that names both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from site_builder.errors import Problem
from site_builder.model.files import Recipe
from site_builder.model.front_matter import FrontMatter
from site_builder.model.page import Page
from site_builder.model.post import Source
from site_builder.settings.site import FILE, Site

INDEX = "index.html"
_SAFE = "/~!$'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Marks:
    """What takes the place of the marks in a page's HTML."""

    body: Mapping[str, str] = field(default_factory=dict)
    feed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """The picture that stands for a page where its address is shared."""

    path: str
    """Relative to the output folder."""
    address: str
    """Absolute."""
    text: str
    """What it shows."""
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Located:
    """A page and its place."""

    page: Page
    folder: str
    """Relative to the output folder, not percent-encoded, without slashes at its ends."""
    url: str
    """Relative to the host, such as `/blog/xor/`."""
    address: str
    """Absolute, such as `https://example.org/blog/xor/`."""
    marks: Marks = Marks()
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A path of the output, and who wants it."""

    path: str
    what: str
    """Who: a file of the author's, or such as `the list of tags`."""
    source: Source | None = None
    """The post or page to blame, if there is one."""
    key: str = ""
    """The key of its front matter that says so."""
    word: str = ""
    """The value of that key."""
    origin: str = ""
    """The author's file that is copied to the path; several posts may want the same."""
    title: str = ""
    """How a link to it without a text of its own names it."""


def locate(page: Page, site: Site) -> Located:
    """Find the place of a page."""
    folder = folder_of(page.front_matter, page.slug, site)
    place = quote(folder, safe=_SAFE) + "/"
    return Located(page, folder, site.base + place, site.address + place)


def folder_of(front_matter: FrontMatter, slug: str, site: Site) -> str:
    """The folder of a page: of the permalink pattern for posts and asides, `/{slug}/` else."""
    date = front_matter.date
    if front_matter.kind == "page" or date is None:
        pattern = "/{slug}/"
    else:
        pattern = site.settings.permalink
        for field, text in (
            ("{year}", f"{date.year:04}"),
            ("{month}", f"{date.month:02}"),
            ("{day}", f"{date.day:02}"),
        ):
            pattern = pattern.replace(field, text)
    return re.sub("/+", "/", pattern.replace("{slug}", slug)).strip("/")


def path_of(url: str) -> str:
    """The output path of an address below the home page: `/a%20b/` gives `a b/index.html`."""
    path = unquote(url).lstrip("/")
    return path + INDEX if not path or path.endswith("/") else path


def url_of(path: str) -> str:
    """The address of an output path, below the home page, without a slash in front."""
    return quote(path.removesuffix(INDEX) if _is_index(path) else path, safe=_SAFE)


def _is_index(path: str) -> bool:
    return path == INDEX or path.endswith("/" + INDEX)


def collisions(wanted: Sequence[Wanted]) -> list[Problem]:
    """Problems of paths that two want, that no file can have, and where others need a folder."""
    owners: dict[str, Wanted] = {}
    problems: list[Problem] = []
    for new in wanted:
        old = owners.setdefault(new.path, new)
        if old is not new and not (new.origin and new.origin == old.origin):
            problems.append(_collision(old, new))
    folders: dict[str, Wanted] = {}
    for owner in owners.values():
        folder = owner.path.rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = owner
            folder = folder.rpartition("/")[0]
    problems.extend(_collision(folders[p], owners[p]) for p in sorted(folders.keys() & owners))
    return problems + _unfit(wanted)


LONGEST = 255
"""Bytes of a file's name that every common file system takes."""
KEPT = frozenset((".site-builder.json", ".deploy-manifest.json", ".deploy-lease.json"))
"""Files at the top of a site in which builds and deploys keep what they know of it."""


def _unfit(wanted: Sequence[Wanted]) -> list[Problem]:
    problems: dict[tuple[str, ...], Problem] = {}
    for each in wanted:
        parts = each.path.split("/")
        most = max(len(part.encode("utf-8", "replace")) for part in parts)
        if most > LONGEST:
            message = f"{_cut(each.what)} needs a file name of {most} bytes"
            help_ = f"file systems take {LONGEST}: give it a shorter one"
        elif each.path in KEPT or ".git" in (part.lower() for part in parts):
            message = f"{each.what} cannot be at '/{url_of(each.path)}', which is kept for tools"
            help_ = "rename it"
        else:
            continue
        key = each.key if each.word else ""
        problem = Problem(message, each.source.path if each.source else "", help=help_, code="F019")
        if each.source and key:
            problem = front_matter_problem(each.source, key, each.word, message, help_, code="F019")
        named = (key, each.word) if key not in ("", "slug") else (each.origin,)
        blamed = problem.file or each.path
        if (blamed, "") not in problems or len(named) > 1:  # else a page is told with its files
            problems.setdefault((blamed, *named), problem)
    return list(problems.values())


def _cut(what: str) -> str:
    return what if len(what) <= 80 else f"{what[:60]}…{what[-19:]}"


def _collision(old: Wanted, new: Wanted) -> Problem:
    blamed = new if new.source else old
    message = f"{old.what} and {new.what} have the same address '/{url_of(new.path)}'"
    if "redirects" in (old.key, new.key):
        return Problem(message, FILE, help="remove the redirect, or change it", code="F017")
    if not blamed.source:
        return Problem(message, help="rename one of them", code="F017")
    help_ = _HELP.get(blamed.key, "give one of them another `slug:` in its front matter")
    told = (blamed.key, blamed.word, message, help_)
    return front_matter_problem(blamed.source, *told, code="F017")


_HELP = {
    "aliases": "remove the alias, or change it",
    "tags": "rename one of them",
    "series": "rename one of them",
}


def front_matter_problem(
    source: Source, key: str, word: str, message: str, help_: str = "", *, code: str
) -> Problem:
    """Make a problem that points at `word`, a value of `key` in the front matter of `source`."""
    lines = _front_matter(source.text)
    start = next(
        (n for n, line in enumerate(lines) if re.match(rf"\s*{re.escape(key)}\s*:", line)), None
    )
    if not key or (start is None and key != "tags"):
        return Problem(message, source.path, help=help_, code=code)
    rest = range(start or 0, len(lines))
    number = next((n for n in rest if word and word in lines[n]), start)
    if number is None:
        return Problem(message, source.path, help=help_, code=code)
    text = lines[number]
    column, width = (text.find(word) + 1, len(word)) if word and word in text else (0, 1)
    at = (source.path, source.file_line(number + 1), column, width)
    return Problem(message, *at, text, help_, code=code)


def _front_matter(text: str) -> list[str]:
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return []
    end = next((n for n, x in enumerate(lines[1:], 1) if x.rstrip() in ("---", "...")), 0)
    return lines[:end]
