"""Markdown with its values, for readers who have no program that evaluates them.

In: an executed post. Out: its Markdown, or that of one of its texts, with what its expressions gave
in the place of those. Promise: a line of the post stays a line.

    The accuracy is `{python} acc:.1%`     ->  The accuracy is 98.7%
    [It is high]{claim="acc > 0.9"}        ->  It is high (checked: `acc > 0.9`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from site_builder.content.value_syntax import CLAIM, VALUE
from site_builder.model.post import ExecutedPost, Expression, Value
from site_builder.rendering.tex_values import bare_tex, tex_of
from site_builder.rendering.values import text_of

Edit = tuple[int, int, str]
"""Where a text is replaced from and to, and by what."""


def filled_body(executed: ExecutedPost) -> str:
    """The whole text of the post with the values of its body."""
    post, values = executed.post, executed.execution.values
    text = post.source.text
    if not values:
        return text
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    edits: list[Edit] = []
    in_formulas = _in_formulas(executed)
    for expression in post.expressions:
        if not expression.origin and expression.column:
            offset = starts[expression.line - 1] + expression.column - 1
            tex = expression.number in in_formulas
            edits += _edits(text, offset, expression, values[expression.number - 1], tex=tex)
    return _edited(text, edits)


def filled_text(executed: ExecutedPost, text: str, origin: str) -> str:
    """A text outside of the body, such as the title, with its values."""
    values = executed.execution.values
    own = [each for each in executed.post.expressions if each.origin == origin]
    if not values or not own:
        return text
    places = {"value": VALUE.finditer(text), "claim": CLAIM.finditer(text)}
    edits: list[Edit] = []
    for expression in sorted(own, key=lambda each: each.index):
        found = next(places[expression.kind], None)
        if found is not None:
            tex = text.count("$", 0, found.start()) % 2 == 1
            value = values[expression.number - 1]
            edits += _edits(text, found.start(1), expression, value, tex=tex)
    return _edited(text, edits)


def as_written(expression: Expression) -> str:
    """A value's expression with its conversion and format, as in an f-string."""
    conversion = f"!{expression.conversion}" if expression.conversion else ""
    format_ = f":{expression.format}" if expression.format else ""
    return expression.code + conversion + format_


def _in_formulas(executed: ExecutedPost) -> set[int]:
    """Numbers of the expressions that stand in formulas."""
    numbers: set[int] = set()
    for token in executed.post.tokens:
        title = token.meta["title"] if token.type == "admonition_open" else ()
        for each in (token, *(token.children or ()), *title):
            numbers.update(each.meta.get("expressions", ()))
    return numbers


def _edits(
    text: str, offset: int, expression: Expression, value: Value, *, tex: bool
) -> Iterator[Edit]:
    """What fills in an expression whose code begins at an offset; nothing if it is not there."""
    if expression.kind == "claim":
        yield from _claim_edits(text, offset, expression, value)
        return
    # It begins a few characters before its code.
    begin = max(text.rfind("`{python}", 0, offset), text.rfind("{eval}`", 0, offset))
    found = VALUE.match(text, begin) if begin >= 0 else None
    if found and offset <= found.end():
        braces = None if tex else _BRACES.match(text, found.end())
        shown = _tex(text[:begin], value) if tex else _markdown(value)
        yield begin, (braces or found).end(), shown


def _claim_edits(text: str, offset: int, expression: Expression, value: Value) -> Iterator[Edit]:
    closing = text.rfind("]{", 0, offset)
    opening = _opening(text, closing)
    braces = _BRACES.match(text, closing + 1)
    if opening < 0 or not braces or braces.end() <= offset:
        return
    ticks = "``" if "`" in expression.code else "`"
    yield opening, opening + 1, ""
    told = "checked" if value.holds else "false"
    yield closing, braces.end(), f" ({told}: {ticks}{expression.code}{ticks})"


_BRACES = re.compile(r"""\{(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^{}"'`])*\}""")
_SPECIAL = re.compile(r"([\\`*_\[\]<>$|~])")
_FREE = re.compile(r"(?:\A|[=<>(\[,+\-$&|~\n])\s*\Z")


def _opening(text: str, closing: int) -> int:
    """Where the bracket is that one closes; -1 if there is none."""
    depth = 0
    for place in range(closing, -1, -1):
        if text[place] in "[]" and text[place - 1 : place] != "\\":
            depth += 1 if text[place] == "]" else -1
            if depth == 0:
                return place
    return -1


def _markdown(value: Value) -> str:
    """A value in a sentence."""
    markdown, latex = value.data.get("text/markdown", ""), value.data.get("text/latex")
    if markdown and "\n" not in markdown.strip():
        return str(markdown).strip()
    if latex is not None:
        return f"${bare_tex(latex)}$"
    return _SPECIAL.sub(r"\\\1", text_of(value).strip())  # in bold there is no space at the ends


def _tex(before: str, value: Value) -> str:
    """A value in a formula, in braces wherever it might be an argument."""
    tex = tex_of(value) or ""
    return tex if _FREE.search(before[-80:]) else f"{{{tex}}}"


def _edited(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made, none of which overlap, and with as many lines."""
    parts, end = [], 0
    for start, stop, shown in sorted(edits):
        if start >= end:
            lines = text.count("\n", start, stop)
            parts += [text[end:start], " ".join(shown.split("\n")), "\n" * lines]
            end = stop
    return "".join([*parts, text[end:]])
