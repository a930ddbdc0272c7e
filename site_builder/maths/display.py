r"""Displays: formulas on lines of their own, with numbers and labels.

In: an author's TeX. Out: its rows, each knowing its label, its tag and whether it takes a number.
Numbers are not in the MathML (WebKit draws nothing of a numbered table): they are the page's.

A display of several lines of which one has a number is cut into its cells, each a formula, so that
the page can align them and put each number at its line. Any other display is one formula.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from site_builder.maths.commands import DISPLAYS
from site_builder.maths.convert import convert, converted, needs_rewriting, rewrite
from site_builder.maths.faults import MathsError
from site_builder.maths.lexer import Token
from site_builder.maths.stream import NOTE, TABLE, Stream, fault

_TABLE_PART = re.compile(r"<(/?)(mtable|mtr|mtd)\b[^<>]*>")
_TAG = re.compile(r"<[^<>]*>")
_WIDE = 28


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a display, or all of it if it has one number or none."""

    mathml: str
    """A `<math>` element for each column of the display; for most displays that is one."""
    label: str = ""
    """Name for references; empty if the author gave none."""
    tag: str = ""
    r"""The author's own number, from `\tag`, as HTML; empty if there is none."""
    numbered: bool = False
    """Whether the row takes the page's next number: not if it has a tag of its own."""
    bare: bool = False
    r"""The tag is shown without parentheses, as `\tag*` says."""


@dataclass(frozen=True, slots=True)
class Display:
    """A formula on lines of its own."""

    tex: str
    rows: tuple[Row, ...]
    layout: str = ""
    """`aligned` or `gathered` if the rows are to be aligned by the page, else empty."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a display as tokens, and what its notes say."""

    tokens: tuple[Token, ...]
    row: Row
    silent: bool = False


def render_inline(tex: str, macros: Mapping[str, str]) -> str:
    """A formula within a line, as a `<math>` element. Raises MathsError."""
    children = _children(tex, macros, display=False)
    # What may be wider than a phone scrolls there, so those who use a keyboard must get to it.
    wide = len(children) > _WIDE and len(_TAG.sub("", children)) > _WIDE
    return _element(children, tex, ' tabindex="0"' if wide else "")


def render_display(tex: str, macros: Mapping[str, str], *, label: str = "") -> Display:
    """A formula on lines of its own; a label given for it makes it numbered. Raises MathsError."""
    if not needs_rewriting(tex, macros):
        mathml = _element(_children(tex, macros, display=True), tex, ' display="block"')
        return Display(tex, (Row(mathml, label=label, numbered=bool(label)),))
    stream = rewrite(tex, macros, display=True)
    name, inner = _environment(stream.out)
    if not any(not token.text.isspace() and token.text[0] != NOTE for token in inner):
        raise MathsError("the formula is empty", 0, width=max(1, len(tex)), code="T006")
    layout = DISPLAYS[name.removesuffix("*")] if name else ""
    lines = _lines(inner) if layout and not name.startswith("multline") else [inner]
    noted = [_noted(line, numbered=bool(name) and not name.endswith("*")) for line in lines]
    noted = _labelled(noted, label)
    if len(noted) > 1 and any(line.row.numbered or line.row.tag for line in noted):
        return _by_rows(noted, tex, stream, layout, name)
    if not layout and any(_breaks(inner)):
        layout = "gathered"
    row = _merged(noted)
    children = converted(_laid_out(noted, name, layout), tex, stream, display=True)
    if name.startswith("multline"):
        children = _staggered(children)
    return Display(tex, (replace(row, mathml=_element(children, tex, ' display="block"')),))


def _children(tex: str, macros: Mapping[str, str], *, display: bool) -> str:
    children = convert(tex, macros, display=display)
    if not children:
        raise MathsError("the formula is empty", 0, width=max(1, len(tex)), code="T006")
    return children


def _element(children: str, tex: str, attributes: str) -> str:
    """A `<math>` element that carries its TeX, for those who copy it."""
    source = html.escape(tex.strip(), quote=False)
    return (
        f"<math{attributes}><semantics><mrow>{children}</mrow>"
        f'<annotation encoding="application/x-tex">{source}</annotation></semantics></math>'
    )


def _environment(tokens: Sequence[Token]) -> tuple[str, list[Token]]:
    r"""The environment that is the whole display, or none, and the tokens within."""
    opening = next((i for i, t in enumerate(tokens) if _display_name(t, "begin")), None)
    if opening is None:
        return "", list(tokens)
    name = _display_name(tokens[opening], "begin")
    closing = next(i for i in range(opening, len(tokens)) if _display_name(tokens[i], "end"))
    outside = [*tokens[:opening], *tokens[closing + 1 :]]
    stray = next((t for t in outside if not t.text.isspace() and t.text[0] != NOTE), None)
    if stray:
        inside = DISPLAYS[name.removesuffix("*")]
        raise fault(
            f"{name} must be the whole formula, but something stands beside it",
            stray,
            f"move it into {name}"
            + (f", or write {inside} instead of {name}" if inside else f", or remove {name}"),
        )
    notes = [token for token in outside if token.text[0] == NOTE]
    return name, [*tokens[opening + 1 : closing], *notes]


def _display_name(token: Token, part: str) -> str:
    r"""The name of a display's environment, if the token is its `\begin` or `\end`."""
    start = f"\\{part}{{"
    if not token.text.startswith(start):
        return ""
    name = token.text[len(start) : -1]
    return name if name.removesuffix("*") in DISPLAYS else ""


def _breaks(tokens: Sequence[Token], sign: str = "\\\\") -> Iterator[int]:
    """Where a token stands that is in no group and no table."""
    depth = 0
    for index, token in enumerate(tokens):
        text = token.text
        if text == sign and not depth:
            yield index
        elif len(text) > 1:
            depth += _opened(text)
        else:
            depth += (text == "{") - (text == "}")


def _opened(text: str) -> int:
    r"""How many groups and tables a token leaves open, as `\left` and `\text{` do."""
    body = text[2:] if text.startswith((r"\{", r"\}")) else text
    opened = body.count("{") - body.count("}")
    opened += text == r"\left" or text.startswith(r"\begin{")
    return opened - (text == r"\right" or text.startswith(r"\end{"))


def _lines(tokens: list[Token]) -> list[list[Token]]:
    lines = []
    start = 0
    for index in _breaks(tokens):
        lines.append(tokens[start:index])
        start = index + 1
    lines.append(tokens[start:])
    return lines


def _noted(tokens: Sequence[Token], *, numbered: bool) -> _Line:
    """A line with its notes taken out of its tokens."""
    row = Row("", numbered=numbered)
    silent = False
    for token in tokens:
        if token.text[0] != NOTE:
            continue
        kind, _, value = token.text[1:].partition(":")
        if kind == "notag":
            silent = True
        elif kind == "label":
            if row.label:
                message = f"a second label, {value}, on one line"
                raise fault(message, token, "remove one of them", code="T008")
            row = replace(row, label=value)
        elif row.tag:
            raise fault("a second tag on one line", token, "remove one of them", code="T008")
        else:
            row = replace(row, tag=value, bare=kind == "tag*")
    takes = (numbered and not silent) or bool(row.label)
    row = replace(row, numbered=takes and not row.tag)
    return _Line(tuple(token for token in tokens if token.text[0] != NOTE), row, silent)


def _labelled(lines: list[_Line], label: str) -> list[_Line]:
    """The lines, with a label that was given for all of them on the first that has a number."""
    if not label:
        return lines
    taking = [i for i, line in enumerate(lines) if line.row.numbered or line.row.tag]
    if not taking and len(lines) > 1:
        # One number for all: the lines stay one formula.
        merged: list[Token] = []
        for line in lines:
            merged.extend([*line.tokens, Token("\\\\", 0, 0)])
        return [_Line(tuple(merged[:-1]), Row("", label=label, numbered=True))]
    index = taking[0] if taking else 0
    row = lines[index].row
    if row.label and row.label != label:
        message = f"two labels, {row.label} and {label}"
        raise MathsError(message, 0, help="remove one of them", code="T008")
    lines[index] = replace(lines[index], row=replace(row, label=label, numbered=not row.tag))
    return lines


def _merged(lines: Sequence[_Line]) -> Row:
    return next((line.row for line in lines if line.row.numbered or line.row.tag), lines[0].row)


def _laid_out(lines: Sequence[_Line], name: str, layout: str) -> list[Token]:
    """The lines as one table in TeX, if there is more to lay out than a line."""
    if not layout:
        return list(lines[0].tokens)
    tokens = [Token(f"\\begin{{{layout}}}", 0, 0)]
    if name.startswith("alignat"):
        tokens.append(Token(f"\\text{{{TABLE}alignedat}}", 0, 0))
    for index, line in enumerate(lines):
        if index:
            tokens.append(Token("\\\\", 0, 0))
        tokens.extend(_one_sign(line.tokens) if name.startswith("eqnarray") else line.tokens)
    tokens.append(Token(f"\\end{{{layout}}}", 0, 0))
    return tokens


def _one_sign(tokens: Sequence[Token]) -> list[Token]:
    """A line of eqnarray, `a &=& b`, as one of align, `a &= b`."""
    signs = list(_breaks(tokens, "&"))
    return [token for index, token in enumerate(tokens) if index not in signs[1:]]


def _by_rows(lines: Sequence[_Line], tex: str, stream: Stream, layout: str, name: str) -> Display:
    """A display with numbers on its lines: each of its cells is a formula."""
    children = converted(_laid_out(lines, name, layout), tex, stream, display=True)
    rows = []
    for line, cells in zip(lines, _cells(children), strict=True):
        tokens = _one_sign(line.tokens) if name.startswith("eqnarray") else line.tokens
        sources = _sources(tokens, tex)
        mathml = "".join(
            _element(cell, source, ' displaystyle="true"')
            for cell, source in zip(cells, sources, strict=False)
        )
        rows.append(replace(line.row, mathml=mathml))
    return Display(tex, tuple(rows), "alignedat" if name.startswith("alignat") else layout)


def _sources(tokens: Sequence[Token], tex: str) -> list[str]:
    """The author's TeX of each cell of a line."""
    edges = [-1, *_breaks(tokens, "&"), len(tokens)]
    sources = []
    for left, right in pairwise(edges):
        cell = [token for token in tokens[left + 1 : right] if not token.text.isspace()]
        start = min((token.start for token in cell), default=0)
        sources.append(tex[start : max((token.end for token in cell), default=0)])
    return sources


def _cells(table: str) -> list[list[str]]:
    """What is in the cells of the one table that `table` is."""
    rows: list[list[str]] = []
    depth = 0
    start = 0
    for match in _TABLE_PART.finditer(table):
        closing, tag = match[1], match[2]
        if tag == "mtable":
            depth += -1 if closing else 1
        elif depth == 1 and tag == "mtr" and not closing:
            rows.append([])
        elif depth == 1 and tag == "mtd":
            if closing:
                rows[-1].append(table[start : match.start()])
            start = match.end()
    return rows


def _staggered(table: str) -> str:
    """The table of a multline: first line to the left, last line to the right."""
    lines = [cells[0] if cells else "" for cells in _cells(table)]
    sides = ["left", *["center"] * (len(lines) - 2), "right"]
    cells = "".join(
        f'<mtr><mtd columnalign="{side}">{line}</mtd></mtr>'
        for side, line in zip(sides, lines, strict=False)
    )
    return f'<mtable class="multline" displaystyle="true" scriptlevel="0">{cells}</mtable>'
