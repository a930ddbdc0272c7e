"""Expressions in the prose: which a post has, where, and when they are evaluated.

In: a source, its front matter, tokens and cells. Out: the expressions in the order in which they
are evaluated, or every fault with its place; tokens get the numbers of theirs. Promise: an
expression sees the post as it is after the cell above it; those of a cell's captions come right
after the cell, those of the front matter at the end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from site_builder.content.expression_faults import (
    FORMULAS,
    cell_claim_faults,
    expression_fault,
    unread_faults,
)
from site_builder.content.headings import plain_text
from site_builder.content.markdown import make_parser
from site_builder.content.typography import Quotes
from site_builder.content.value_syntax import CLAIM, VALUE, split, unquoted
from site_builder.errors import Problem
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Cell, Expression, Source

END = 1 << 30  # a line after all others


def read_expressions(
    source: Source,
    front: FrontMatter,
    tokens: Sequence[Token],
    cells: Sequence[Cell],
    quotes: Quotes | None,
) -> tuple[tuple[Expression, ...], list[Problem]]:
    """Find the expressions; their tokens get `meta["expression"]`, formulas `meta["expressions"]`.

    Also says what is wrong with the claims of cells.
    """
    problems = list(cell_claim_faults(source, cells, front.kernel))
    if not _MAY_HOLD.search(source.text):
        return (), problems
    found: list[_Found] = []
    lines = source.text.split("\n")
    for text in (*_of_body(lines, tokens, cells), *_beside(lines, front, cells, quotes)):
        problems += unread_faults(source, text.tokens, text.first, text.last)
        found += _found(text)
    found.sort(key=lambda each: each.order)
    expressions = []
    numbers: dict[int, list[int]] = {}
    for number, each in enumerate(found, start=1):
        expression = replace(each.expression, number=number)
        fault = expression_fault(source, expression, each.fault, kernel=front.kernel)
        problems += [fault] if fault else []
        expressions.append(expression)
        numbers.setdefault(id(each.holder), []).append(number)
    for holder in {id(each.holder): each.holder for each in found if each.holder}.values():
        number_tokens([holder], numbers[id(holder)])
    return tuple(expressions), problems


def number_tokens(holders: Iterable[Token], numbers: Sequence[int]) -> None:
    """Give tokens that hold expressions their numbers, which are in the order of the tokens."""
    rest = iter(numbers)
    for token in holders:
        if token.type in FORMULAS:
            token.meta["expressions"] = [next(rest) for _ in VALUE.finditer(token.content)]
        else:
            token.meta["expression"] = next(rest)


def holding(tokens: Iterable[Token]) -> Iterator[Token]:
    """The tokens among inline ones, and within images, that hold expressions, in their order."""
    for token in tokens:
        if (
            token.type == "value"
            or (token.type == "span_open" and "claim" in token.attrs and "offset" in token.meta)
            or (token.type in FORMULAS and VALUE.search(token.content))
        ):
            yield token
        if token.children:
            yield from holding(token.children)


def cell_texts(cell: Cell) -> Iterator[tuple[str, str]]:
    """The texts of a cell's options that may hold values: the origin of those, and the text."""
    options = cell.options
    for place, text in enumerate(options.fig_cap, start=1):
        yield f"cell {cell.number} fig-cap {place}", text
    for place, text in enumerate(options.fig_alt or (), start=1):
        yield f"cell {cell.number} fig-alt {place}", text
    yield f"cell {cell.number} tbl-cap 1", options.tbl_cap
    yield f"cell {cell.number} claim 1", options.claim


_MAY_HOLD = re.compile(r"\{(?:python|eval)\}|claim")


@dataclass(frozen=True, slots=True)
class _Found:
    """An expression before it has a number."""

    order: int
    """Line of the text above which all cells have run when it is evaluated."""
    expression: Expression
    holder: Token | None
    """The token of the stream that holds it; None if another text does."""
    fault: tuple[str, str]
    """What is wrong with its attributes, and what to do; empty texts if nothing is."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that may hold expressions."""

    lines: Sequence[str]
    """Of the whole post."""
    first: int
    """First line of the text's block, from 1."""
    last: int
    order: int
    after: int
    """Number of the cell after which its expressions are evaluated."""
    tokens: Sequence[Token] = ()
    inline: Token | None = None
    """The token of the stream whose children the tokens are."""
    origin: str = ""
    seen: Counter[str] = field(default_factory=Counter)
    """How often each expression was met, as written."""


def _of_body(
    all_lines: Sequence[str], tokens: Sequence[Token], cells: Sequence[Cell]
) -> Iterator[_Text]:
    notes = _lines_of_notes(tokens)
    note: Token | None = None
    for token in tokens:
        inline, lines = None, token.map
        if token.type == "footnote_open":
            note = token
        elif token.type == "inline":
            held = token.children or []
            # A note within a sentence has no lines of its own, but those of the sentence.
            inline = token if lines else None
            lines = lines or notes.get(note.meta.get("id", -1) if note else -1)
        elif token.type == "admonition_open":
            held = token.meta["title"]
        elif token.type in ("maths_block", "html_block"):
            held = [token]
        if token.type in _WITH_TEXT:
            first, last = (lines[0] + 1, lines[1]) if lines else (1, len(all_lines))
            order = first if lines else END
            yield _Text(all_lines, first, last, order, _last_cell(cells, order), held, inline)


_WITH_TEXT = ("inline", "admonition_open", "maths_block", "html_block")


def _lines_of_notes(tokens: Sequence[Token]) -> dict[int, list[int]]:
    """The lines of the text that refers to each footnote first, by the note's number."""
    lines: dict[int, list[int]] = {}
    for token in tokens:
        for child in token.children or ():
            if child.type == "footnote_ref" and token.map:
                lines.setdefault(child.meta.get("id", -1), token.map)
    return lines


def _beside(
    lines: Sequence[str], front: FrontMatter, cells: Sequence[Cell], quotes: Quotes | None
) -> Iterator[_Text]:
    """The texts outside of the token stream."""
    for cell in cells:
        end = cell.line + cell.code.count("\n")
        last = max(cell.fence_line, cell.line - 1)
        text = _Text(lines, cell.fence_line, last, end, _last_cell(cells, end))
        for origin, written in cell_texts(cell):
            yield from _parsed(replace(text, origin=origin), written, quotes)
    last = next((n for n, line in enumerate(lines) if n and line.startswith("---")), 0) + 1
    text = _Text(lines, 1, last, END, _last_cell(cells, END))
    for origin, written in (("title", front.title), ("summary", front.summary)):
        yield from _parsed(replace(text, origin=origin), written, quotes)


def _parsed(text: _Text, written: str, quotes: Quotes | None) -> Iterator[_Text]:
    if _MAY_HOLD.search(written):
        (inline,) = make_parser(quotes).parseInline(written)
        yield replace(text, tokens=inline.children or ())


def _last_cell(cells: Sequence[Cell], line: int) -> int:
    """The number of the last cell that runs and begins above a line; 0 if there is none."""
    numbers = [cell.number for cell in cells if cell.options.eval and cell.fence_line < line]
    return numbers[-1] if numbers else 0


def _found(text: _Text) -> Iterator[_Found]:
    """The expressions of a text."""
    index = 0
    for holder in holding(text.tokens):
        claims = holder.type == "span_open"
        sentence = _sentence(holder, text.tokens) if claims else ""
        for written, (line, column) in _of_token(text, holder):
            code, conversion, format_ = (written, "", "") if claims else split(written)
            expression = Expression(
                number=0,
                kind="claim" if claims else "value",
                code=code,
                after=text.after,
                line=line,
                column=column,
                conversion=conversion,
                format=format_,
                origin=text.origin,
                index=index if text.origin else 0,
                sentence=sentence,
                volatile="volatile" in str(holder.attrs.get("class", "")).split(),
                tolerance=_tolerance(holder.attrs.get("tolerance")),
            )
            kept = None if text.origin else holder
            yield _Found(text.order, expression, kept, holder.meta.get("fault", ("", "")))
            index += 1


def _of_token(text: _Text, holder: Token) -> Iterator[tuple[str, tuple[int, int]]]:
    """The expressions of a token as written, and their places."""
    if holder.type in FORMULAS:
        for each in VALUE.finditer(holder.content):
            written = " ".join(each[1].split("\n")).strip()
            yield written, _place(text, VALUE, written)
        return
    claims = holder.type == "span_open"
    written = str(holder.attrs["claim"]) if claims else holder.content
    kind = CLAIM if claims else VALUE
    if text.inline and any(token is holder for token in text.tokens):
        place = _exact_place(text, text.inline, holder.meta["offset"], written)
        if place:
            text.seen[kind.pattern + written] += 1
            yield written, place
            return
    yield written, _place(text, kind, written)


def _exact_place(
    text: _Text, inline: Token, offset: tuple[int, int], written: str
) -> tuple[int, int] | None:
    """Line and column of what stands `offset` into an inline token; None if it is not there.

    Rules of Markdown take off what begins a line, such as the box of a task, and escapes.
    """
    line = (inline.map[0] if inline.map else 0) + offset[0]
    shown, content = text.lines[line], inline.content.split("\n")[offset[0]]
    column = shown.find(content) + offset[1]
    if content not in shown or not shown.startswith(written[:1], column):
        return None
    return line + 1, column + 1


def _place(text: _Text, kind: re.Pattern[str], written: str) -> tuple[int, int]:
    """Line and column of an expression in its text: each time of the next that is written so.

    Column 0 if it is not there, as when escapes hide it.
    """
    nth = text.seen[kind.pattern + written]
    text.seen[kind.pattern + written] += 1
    block = "\n".join(text.lines[text.first - 1 : text.last])
    same = [found for found in kind.finditer(block) if _plain(found[1]) == _plain(written)]
    if nth >= len(same):
        return text.first, 0
    lead = re.match(r"""["']?\s*""" if kind is CLAIM else r"\s*", same[nth][1])
    start = same[nth].start(1) + (lead.end() if lead else 0)
    before = block[:start]
    return text.first + before.count("\n"), start - before.rfind("\n")


def _plain(written: str) -> str:
    """An expression without the marks of what it stands in: a claim, YAML, a quote, a table."""
    written = re.sub(r"\n[ \t]*(?:#\||>)*", " ", unquoted(written))
    return " ".join(re.sub(r'\\(["|])', r"\1", written).split())


def _tolerance(given: object) -> float | None:
    try:
        return None if given is None else float(str(given))
    except ValueError:
        return float("nan")  # which is reported


def _sentence(opening: Token, siblings: Sequence[Token]) -> str:
    """The plain text of a claim's span, with values in braces as they are written."""
    begin = next((n for n, token in enumerate(siblings) if token is opening), len(siblings))
    level, inside = 0, []
    for token in siblings[begin + 1 :]:
        level += {"span_open": 1, "span_close": -1}.get(token.type, 0)
        if level < 0:
            break
        is_value = token.type == "value"
        inside.append(Token("text", "", 0, content=f"{{{token.content}}}") if is_value else token)
    return " ".join(plain_text(inside).split())
