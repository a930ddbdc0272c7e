"""Flaws: what is found on pages, and where the author wrote it.

In: flaws by the pages they are on. Out: problems that lead to a line of a post, a static file or a
template. Promise: what one line of the author's is to blame for is told once, however many pages
show it; what nobody's line is to blame for is told with the pages it is on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import unquote

from site_builder.checking.site.made import MadeSite
from site_builder.content.parse import parse
from site_builder.errors import ContentError, Problem
from site_builder.model.post import Source

NAMED = 3  # pages that are named of many


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something on a page that should be looked at."""

    code: str
    message: str
    """The same on all pages for which the same is to blame."""
    page: str
    """Path of the file of the site that it is on."""
    written: tuple[str, ...] = ()
    """How its author may have written it: addresses as on the page, texts. The first that is
    found counts."""
    heading: str = ""
    """The id of the heading that is at fault, if one is."""
    help: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    column: int
    width: int
    excerpt: str


def problems_of(flaws: Iterable[Flaw], made: MadeSite) -> list[Problem]:
    """Find where each flaw was written."""
    finder = _Finder(made)
    problems: list[Problem] = []
    told: set[tuple[str, str]] = set()
    others: dict[tuple[str, str], dict[str, Flaw]] = {}
    for flaw in flaws:
        if problem := finder.own(flaw):
            problems.append(problem)
            told.add((flaw.code, flaw.message))
        else:
            others.setdefault((flaw.code, flaw.message), {}).setdefault(flaw.page, flaw)
    for key, pages in others.items():
        # Lists show parts of posts: what is told of a post is not told of them.
        if key in told and not any(page in made.posts for page in pages):
            continue
        problems.append(finder.common(list(pages.values())))
    return problems


class _Finder:
    """Finds flaws in what the author wrote; remembers what it found, to find the next one."""

    def __init__(self, made: MadeSite) -> None:
        self._made = made
        self._next: dict[tuple[str, str, str], int] = {}
        self._headings: dict[str, Mapping[str, int]] = {}

    def own(self, flaw: Flaw) -> Problem | None:
        """The problem in the post or the static file that the page is made from."""
        made = self._made
        if flaw.page in made.posts:
            source = made.posts[flaw.page].page.source
            if line := self._heading_line(source, flaw.heading):
                return _at_heading(source, line, flaw)
            place = self._place(flaw, source.path, source.text)
            if place is None:
                return None
            line = source.file_line(place.line)
            return _problem(flaw, source.path, line, place)
        if flaw.page in made.static:
            file = f"static/{flaw.page}"
            text = made.static[flaw.page].decode("utf-8", "replace")
            place = self._place(flaw, file, text)
            if place is None:
                return Problem(flaw.message, file, help=flaw.help, code=flaw.code)
            return _problem(flaw, file, place.line, place)
        return None

    def common(self, flaws: list[Flaw]) -> Problem:
        """The problem of a flaw that no post or static file has by itself, on these pages."""
        flaw, made = flaws[0], self._made
        notes = (_on_pages([made.shown(each.page) for each in flaws]),)
        for file, text in made.theme.items():
            # What is wrong with a page is not in a style sheet, whatever words are in that.
            if file.endswith(".css") and not flaw.page.endswith(".css"):
                continue
            if place := self._place(flaw, file, text):
                return _problem(flaw, file, place.line, place, notes)
        own = [made.posts[each.page].page.source.path for each in flaws if each.page in made.posts]
        file = own[0] if len(flaws) == 1 and own else ""
        return Problem(flaw.message, file, help=flaw.help, notes=notes, code=flaw.code)

    def _heading_line(self, source: Source, id_: str) -> int:
        if not id_:
            return 0
        if source.path not in self._headings:
            self._headings[source.path] = dict(_heading_lines(self._made, source))
        return self._headings[source.path].get(id_, 0)

    def _place(self, flaw: Flaw, file: str, text: str) -> _Place | None:
        for written in flaw.written:
            for form, whole in _forms(written):
                key = (flaw.code, file, form)
                start = _find(text, form, self._next.get(key, 0), whole)
                # One is written once and shown more often, as in a heading and the contents.
                if start < 0 and key in self._next:
                    start = _find(text, form, 0, whole)
                if start >= 0:
                    self._next[key] = start + len(form)
                    return _place_of(text, start, start + len(form))
        return None


def _forms(written: str) -> Iterator[tuple[str, bool]]:
    """How a text of a page may stand in what it was made from, and whether only as a whole."""
    forms = dict.fromkeys((written, unquote(written), escape(written), escape(unquote(written))))
    yield from ((form, True) for form in forms if form)
    yield from ((form, False) for form in forms if len(form) >= _TELLING)


_TELLING = 5  # characters that are not found in the middle of something else by chance


def _find(text: str, form: str, start: int, whole: bool) -> int:
    """Where a form is from `start` on, not in the middle of something else if it is `whole`."""
    at = text.find(form, start)
    while whole and at >= 0:
        end = at + len(form)
        if not _BEFORE.match(text[max(at - 1, 0) : at]) and not _BEHIND.match(text[end : end + 2]):
            return at
        at = text.find(form, at + 1)
    return at


_BEFORE = re.compile(r"[\w/%.#-]")
_BEHIND = re.compile(r"[\w/%#-]|\.\w")


def _place_of(text: str, start: int, end: int) -> _Place:
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    excerpt = text[first : last if last >= 0 else len(text)].rstrip("\r")
    width = max(1, min(end - start, len(excerpt) - (start - first)))
    return _Place(text.count("\n", 0, start) + 1, start - first + 1, width, excerpt)


def _problem(
    flaw: Flaw, file: str, line: int, place: _Place, notes: tuple[str, ...] = ()
) -> Problem:
    return Problem(
        flaw.message,
        file,
        line,
        place.column,
        place.width,
        place.excerpt,
        flaw.help,
        notes,
        code=flaw.code,
    )


def _at_heading(source: Source, line: int, flaw: Flaw) -> Problem:
    text = source.line_text(line)
    start = len(text) - len(text.lstrip("# \t"))
    place = _Place(line, start + 1, max(1, len(text.rstrip()) - start), text)
    return _problem(flaw, source.path, source.file_line(line), place)


def _heading_lines(made: MadeSite, source: Source) -> Iterator[tuple[str, int]]:
    try:
        post = parse(made.site, source)
    except ContentError:  # it was made of a text that has changed since
        return
    for token in post.tokens:
        if token.type == "heading_open" and token.map:
            yield str(token.attrs.get("id", "")), token.map[0] + 1


def _on_pages(shown: list[str]) -> str:
    """`on /a/`, or `on /a/, /b/, /c/ and 40 more pages`."""
    more = len(shown) - NAMED
    named = ", ".join(shown[:NAMED])
    return f"on {named}" + (f" and {more} more page{'s' * (more > 1)}" if more > 0 else "")
