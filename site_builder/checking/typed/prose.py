"""The prose of a post, as its readers read it, in passages that lead back to the post's lines.

In: a post. Out: a passage for each paragraph, heading, item, table cell, caption, alternative text,
title and summary, with what stands around numbers in them. Promise: code, formulas, values, the
addresses of links and block quotations are not prose; where they were, a mark is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from markdown_it.token import Token

from site_builder.content.expressions import cell_texts
from site_builder.content.markdown import make_parser
from site_builder.content.positions import locate
from site_builder.evidence.numbers import numbers_in
from site_builder.model.post import Cell, Post

NO_PROSE = "\ufffc"
"""Stands for code, a formula, a value or an image within a passage."""
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Silence:
    """What an author said of a block's numbers in a comment: that they are meant to be typed."""

    all: bool = False
    numbers: frozenset[Decimal] = frozenset()


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of prose in one go."""

    text: str
    first: int
    """First line of the post's text that it is in, from 1."""
    last: int
    silence: Silence
    silent: tuple[Range, ...]
    """Where numbers are not the author's results: quotations, titles, `[…]{.typed}`."""
    sources: tuple[int, ...]
    """Offsets of footnotes, and of the ends of links to other sites."""
    claims: tuple[tuple[Range, str], ...]
    """Where the sentences of claims are, and the expression of each."""
    heading: bool = False

    def place(self, post: Post, start: int, end: int) -> tuple[int, int]:
        """Line and column in the post's text of a part of the passage; column 0 if unknown."""
        before = self.text[:start].rpartition("\n")[2].rpartition(NO_PROSE)[2]
        for length in (40, 16, 6, 1, 0):
            lead = before[max(0, len(before) - length) :]
            needle = lead + self.text[start:end]
            line, column = locate(post.source, self.first, self.last, needle)
            if column:
                return line, column + len(lead)
        return self.first, 0


def passages(post: Post) -> Iterator[Passage]:
    """All the prose of a post: front matter, body, then what belongs to cells."""
    front_end = post.source.text.count("\n", 0, max(post.source.text.find("\n---", 3), 0)) + 1
    for text in (post.front_matter.title, post.front_matter.summary):
        yield _parsed(text, 1, front_end, Silence())
    silences: dict[int, Silence] = {}
    yield from _body(post, silences)
    for cell in post.cells:
        yield from _of_cell(cell, silences.get(cell.number, Silence()))


_COMMENT = re.compile(r"<!--\s*typed\b\s*(:?)(.*?)-->", re.DOTALL)


def _body(post: Post, silences: dict[int, Silence]) -> Iterator[Passage]:
    """The passages of the token stream; notes what comments above cells say."""
    quoted, heading = 0, False
    said, ends = Silence(), -1  # by a comment, of the block that ends at this level
    for token in post.tokens:
        if token.type == "html_block":
            if ends < 0:
                said = _silence([token.content]) or said
            continue
        if ends < 0 and said != Silence():
            ends = token.level
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        lines = (token.map[0] + 1, token.map[1]) if token.map else (1, post.source.text.count("\n"))
        if "cell" in token.meta:
            silences[token.meta["cell"]] = said
        elif token.type == "admonition_open" and not quoted:
            yield _passage(token.meta["title"], *lines, said)
        elif token.type == "inline" and not quoted:
            inside = _silence(t.content for t in token.children or () if t.type == "html_inline")
            passage = _passage(token.children or (), *lines, inside or said)
            yield replace(passage, heading=heading)
        heading = token.type == "heading_open"
        if token.level == ends and token.nesting <= 0:
            said, ends = Silence(), -1


def _silence(comments: Iterable[str]) -> Silence | None:
    found = [match for comment in comments for match in _COMMENT.finditer(comment)]
    if not found:
        return None
    numbers = [number.value for match in found for number in numbers_in(match[2])]
    return Silence(not numbers, frozenset(abs(value) for value in numbers))


def _of_cell(cell: Cell, silence: Silence) -> Iterator[Passage]:
    for origin, text in cell_texts(cell):
        passage = _parsed(text, cell.fence_line, max(cell.line - 1, cell.fence_line), silence)
        # The sentence of a cell's claim is proved by all of the cell.
        claims = (((0, len(passage.text)), cell.code),) if " claim " in origin else ()
        yield replace(passage, claims=(*passage.claims, *claims))


def _parsed(text: str, first: int, last: int, silence: Silence) -> Passage:
    (inline,) = make_parser(None).parseInline(text) if text else (Token("inline", "", 0),)
    return _passage(inline.children or (), first, last, silence)


@dataclass(slots=True)
class _Flat:
    """A passage while it grows."""

    text: str = ""
    silent: list[Range] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    claims: list[tuple[Range, str]] = field(default_factory=list)
    open: list[tuple[Token, int]] = field(default_factory=list)


def _passage(tokens: Sequence[Token], first: int, last: int, silence: Silence) -> Passage:
    flat = _Flat()
    for token in tokens:
        if token.nesting > 0:
            flat.open.append((token, len(flat.text)))
        elif token.nesting < 0:
            _close(flat)
        elif token.type == "text":
            flat.text += token.content
        elif token.type in ("softbreak", "hardbreak"):
            flat.text += "\n"
        elif token.type == "image":
            # An alternative text is prose too; a sentence of its own.
            alt = _passage(token.children or (), first, last, silence)
            flat.text += f"\n{alt.text}\n"
        elif token.type == "footnote_ref":
            flat.sources.append(len(flat.text))
        elif token.type != "html_inline":
            flat.text += NO_PROSE
    silent = (*flat.silent, *(match.span() for match in _QUOTED.finditer(flat.text)))
    return Passage(flat.text, first, last, silence, silent, (*flat.sources,), (*flat.claims,))


_QUOTED = re.compile(r'[“„][^“”„]{1,400}[”“]|«[^»]{1,400}»|(?<!\d)"[^"]{1,400}"')
_TITLE = re.compile(r"[A-Z0-9]\S*\s+.*[A-Z]|[A-Z]\S*\s+\S+\Z", re.DOTALL)
_ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)


def _close(flat: _Flat) -> None:
    """What the element that ends here says of the numbers in it."""
    opening, start = flat.open.pop()
    place = (start, len(flat.text))
    kind = opening.type
    classes = str(opening.attrs.get("class", "")).split()
    if (kind == "span_open" and "typed" in classes) or opening.markup == "autolink":
        flat.silent.append(place)
    elif kind == "span_open" and "claim" in opening.attrs:
        flat.claims.append((place, str(opening.attrs["claim"])))
    elif kind == "link_open" and _ELSEWHERE.match(str(opening.attrs.get("href", ""))):
        flat.sources += [start, place[1]]
    elif kind == "em_open" and _TITLE.match(flat.text[start:]):
        flat.silent.append(place)
