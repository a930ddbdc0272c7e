r"""Environments, rows and cells.

In: a stream that has just taken `\begin`, `\end`, `\\` or `&`. Out: an environment that the
converter knows and draws right. One that is none is an error, with the nearest known name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from site_builder.maths.commands import (
    DISPLAYS,
    MATRICES,
    TABLES,
    em,
    environment_help,
    length_in_em,
)
from site_builder.maths.faults import MathsError
from site_builder.maths.lexer import Token, text_of
from site_builder.maths.stream import TABLE, Environment, Handler, Stream, fault

_RENAMED: Mapping[str, str] = {
    "split": "aligned",
    "alignedat": "aligned",
    "smallmatrix": "matrix",
    **{f"{name}*": name for name in MATRICES},
}
# How many cells a row may have, where TeX stops at a number.
_COLUMNS: Mapping[str, int] = {
    "cases": 2, "dcases": 2, "rcases": 2, "drcases": 2, "gathered": 1, "subarray": 1, "split": 2,
}  # fmt: skip
_ALIGNED = frozenset(["aligned", "alignedat", "split", "align", "flalign", "alignat"])
_ALIGNMENTS: Mapping[str, str] = {"l": "left", "r": "right", "c": "center"}
_REPEAT = re.compile(r"\*\s*\{?\s*(\d+)\s*\}?\s*\{([^{}]*)\}")
_BETWEEN = re.compile(r"[@!]\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_DRESS = re.compile(r"[<>]\s*\{(?:[^{}]|\{[^{}]*\})*\}")
_PARAGRAPH = re.compile(r"[pmb]\s*\{[^{}]*\}")
_BLANK = re.compile(r"(?:\\[,;:! ]|\\q?quad(?![A-Za-z])|\\hspace\{[^{}]*\}|\s)*")


def begin(stream: Stream, token: Token) -> None:
    r"""`\begin{name}` and the arguments that belong to it."""
    place = stream.pending[-1] if stream.pending else token
    name = stream.text_argument(token)
    bare = name.removesuffix("*")
    if bare in DISPLAYS:
        _begin_display(stream, token, name)
    elif name in TABLES:
        _begin_table(stream, token, name)
    else:
        raise MathsError(
            f"unknown environment {name}",
            place.start + (place.text == "{"),
            width=max(1, len(name)),
            help=environment_help(name),
            code="T002",
        )


def end(stream: Stream, token: Token) -> None:
    r"""`\end{name}`: it must close what was opened last."""
    name = stream.text_argument(token)
    if not stream.environments:
        raise fault(f"\\end{{{name}}} without \\begin{{{name}}}", token, code="T003")
    opened = stream.environments.pop()
    if opened.name != name:
        raise fault(
            f"\\end{{{name}}} where \\begin{{{opened.name}}} is open",
            token,
            f"write \\end{{{opened.name}}}",
            code="T003",
        )
    stream.emit(opened.closing, token)


def new_row(stream: Stream, token: Token) -> None:
    r"""`\\`, `\\*` and `\\[1em]`; the last one before `\end` begins no row."""
    stream.take("*")
    gap = _gap(stream, token)
    if not stream.environments and (not stream.display or stream.depth):
        raise fault(
            r"\\ breaks a line, and here is no place for lines",
            token,
            r"put the formula between $$ and $$, or the lines into \begin{aligned}",
        )
    following = stream.peek()
    if gap > 0:
        stream.element(f'<mpadded height="0" depth="{em(gap + 0.3)}"></mpadded>', token)
    if following in (r"\end", ""):
        return
    stream.emit(r"\\", token)
    if stream.environments:
        stream.environments[-1].cells = 1
        if stream.environments[-1].name.startswith("multline"):
            _binary(stream, token)


def cell(stream: Stream, token: Token) -> None:
    """`&`: it must be within a table, and there must be a column for it."""
    if stream.environments:
        table = stream.environments[-1]
        table.cells += 1
        if table.columns and table.cells > table.columns:
            raise fault(
                f"& begins column {table.cells} of {table.name}, which has {table.columns}",
                token,
                "remove the &, or add a column" if table.name == "array" else "remove the &",
            )
        stream.out.append(token)
        if table.name.removesuffix("*") in _ALIGNED and table.cells % 2 == 0:
            _binary(stream, token)
        return
    if not stream.depth:
        raise fault(
            "& outside of a table", token, r"put the lines into \begin{aligned}, or write \&"
        )
    stream.out.append(token)


def _binary(stream: Stream, token: Token) -> None:
    """A sign that begins the right side of an alignment stands between two terms."""
    if stream.peek() in ("+", "-", r"\pm", r"\mp"):
        stream.emit("{}", token)


def line(stream: Stream, token: Token) -> None:
    r"""`\hline`: below the last row it must cross all columns, for which the row needs cells."""
    stream.out.append(token)
    if stream.peek() == r"\end" and stream.environments:
        columns = stream.environments[-1].columns
        stream.emit("&" * max(0, columns - 1), token)


def _begin_display(stream: Stream, token: Token, name: str) -> None:
    bare = name.removesuffix("*")
    if not stream.display:
        raise fault(f"{name} does not fit into a line", token, "put the formula between $$ and $$")
    if bare == "alignat":
        stream.argument(token)
    if not stream.environments and not stream.depth:
        stream.emit(f"\\begin{{{name}}}", token)
        closing = f"\\end{{{name}}}"
    elif name.endswith("*") and DISPLAYS[bare]:
        stream.emit(f"\\begin{{{DISPLAYS[bare]}}}", token)
        closing = f"\\end{{{DISPLAYS[bare]}}}"
    else:
        inner = DISPLAYS[bare]
        raise fault(
            f"{name} cannot be inside another formula",
            token,
            f"write {inner}, which can" if inner else "remove it",
        )
    stream.environments.append(Environment(name, closing, token, 1 if bare == "gather" else 0))


def _begin_table(stream: Stream, token: Token, name: str) -> None:
    output = _RENAMED.get(name, name)
    columns = _COLUMNS.get(name, 0)
    if stream.peek() == "[" and (name in ("aligned", "gathered", "alignedat", "split", "array")):
        _drop_position(stream)
    mark = ""
    if name.endswith("*"):
        alignment = text_of(stream.optional() or []).strip() or "c"
        mark = _ALIGNMENTS.get(alignment[0], "center")
    elif name in ("smallmatrix", "alignedat"):
        mark = name
    if name == "alignedat":
        stream.argument(token)
    opening = f"\\begin{{{output}}}"
    if name == "array":
        specification, columns = _columns(stream, token)
        opening += f"{{{specification}}}"
    elif name == "subarray":
        opening += f"{{{stream.text_argument(token)}}}"
    stream.emit(opening, token)
    if mark:
        stream.emit(f"\\text{{{TABLE}{mark}}}", token)
    stream.environments.append(Environment(name, f"\\end{{{output}}}", token, columns))


def _drop_position(stream: Stream) -> None:
    """Drop `[t]`: where a table stands on the line matters only in running text."""
    rest = [t for t in stream.pending[-8:][::-1] if not t.text.isspace()]
    if len(rest) > 2 and rest[1].text in "tbc" and rest[2].text == "]":
        stream.optional()


def _columns(stream: Stream, token: Token) -> tuple[str, int]:
    """The converter's column specification for an array's, and how many columns it has."""
    place = stream.pending[-1] if stream.pending else token
    given = stream.text_argument(token)
    written = _BETWEEN.search(given)
    while written and _BLANK.fullmatch(written[1]):
        given = given[: written.start()] + given[written.end() :]
        written = _BETWEEN.search(given)
    specification = _DRESS.sub("", _PARAGRAPH.sub("l", given))
    while _REPEAT.search(specification):
        specification = _REPEAT.sub(lambda m: m[2] * int(m[1]), specification)
    specification = re.sub(r"\s+", "", specification)
    columns = sum(character in "lcr" for character in specification)
    if written or not columns or not set(specification) <= set("lcr|:"):
        raise MathsError(
            f"{given} does not say how an array's columns are aligned",
            place.start + (place.text == "{"),
            width=max(1, len(given)),
            help="use one of l, c and r for each column, and | for a line",
        )
    return specification, columns


def _gap(stream: Stream, token: Token) -> float:
    """The extra space below a row, in em."""
    if not stream.pending or stream.pending[-1].text != "[":
        return 0.0
    bracket = stream.pending[-1]
    written = text_of(stream.optional() or [])
    length = length_in_em(written)
    if length is None:
        raise MathsError(
            f"[{written}] after \\\\ is not a length",
            bracket.start,
            width=len(written) + 2,
            help=r"write \\[1em] for more space, or \\ [ with a space to begin the row with [",
        )
    return length


HANDLERS: Mapping[str, Handler] = {
    r"\begin": begin,
    r"\end": end,
    r"\\": new_row,
    "&": cell,
    r"\hline": line,
    r"\hdashline": line,
}
