r"""Formulas within paragraphs, headings and table cells.

In: markdown-it's inline state at a dollar or a backslash. Out: a `maths_inline` or
`maths_reference` token, as `maths_syntax` describes them. A dollar before or after a digit, or
beside a space, is money.
"""

from __future__ import annotations

import re

from markdown_it.rules_inline import StateInline

from site_builder.content.value_syntax import VALUE, value_at

EMPTY = "the formula is empty"

DOLLARS = re.compile(r"(?<!\\)(?:\\\\)*(\$\$)")
"""Two dollars that no backslash escapes, as group 1."""
_LABEL = re.compile(r"[ \t]*\{#([^\s{}]+)\}")
_REFERENCE = re.compile(r"\\(eqref|ref)\{([^{}\s]+)\}")


def dollar_formula(state: StateInline, silent: bool) -> bool:
    r"""`$x$`, `$$x$$` and `` $`x`$ ``."""
    source, position = state.src, state.pos
    if source[position] != "$":
        return False
    if source.startswith("$`", position) and not VALUE.match(source, position + 1):
        closing = source.find("`$", position + 2)
        if 0 < closing < state.posMax:
            return _inline(state, silent, position + 2, closing, closing + 2)
        return False
    if source.startswith("$$", position):
        found = DOLLARS.search(source, position + 2)
        if not found or found.start(1) <= position + 2 or found.start(1) >= state.posMax:
            return False
        return _inline(state, silent, position + 2, found.start(1), found.end(1), display=True)
    closing = _closing_dollar(source, position + 1, state.posMax)
    before = source[position - 1] if position else " "
    if closing < 0 or before.isdigit():
        return False
    after = source[closing + 1] if closing + 1 < len(source) else " "
    content = source[position + 1 : closing]
    if content != content.strip() or not content or after.isdigit():
        return False
    return _inline(state, silent, position + 1, closing, closing + 1)


def _closing_dollar(source: str, position: int, end: int) -> int:
    """The dollar that closes a formula: the first that is in no braces, else the first; -1 if a
    code span, other than a value, begins before it."""
    first = -1
    depth = 0
    index = position
    while index < end:
        character = source[index]
        if character == "\\":
            index += 1
        elif value := value_at(source, index, end):
            index = value.end() - 1
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
        elif character == "`" and depth <= 0:
            break
        elif character == "$":
            if depth <= 0:
                return index
            first = index if first < 0 else first
        index += 1
    return first


def backslash_formula(state: StateInline, silent: bool) -> bool:
    r"""`\(x\)`, `\[x\]`, `\eqref{x}` and `\ref{x}`."""
    source, position = state.src, state.pos
    if source[position] != "\\" or position + 1 >= state.posMax:
        return False
    sign = source[position + 1]
    if sign in "([":
        closing = _closing_backslash(source, position + 2, ")" if sign == "(" else "]")
        if closing < 0 or not source[position + 2 : closing].strip():
            return False
        return _inline(state, silent, position + 2, closing, closing + 2, display=sign == "[")
    reference = _REFERENCE.match(source, position)
    if not reference:
        return False
    if not silent:
        token = state.push("maths_reference", "", 0)
        token.content = reference[2]
        token.markup = reference[0]
        token.meta = {"kind": reference[1], "offset": _place(source, position)}
    state.pos = reference.end()
    return True


def _closing_backslash(source: str, position: int, sign: str) -> int:
    while (position := source.find("\\", position)) >= 0:
        if source.startswith(sign, position + 1):
            return position
        position += 2
    return -1


def _inline(
    state: StateInline, silent: bool, start: int, stop: int, end: int, *, display: bool = False
) -> bool:
    """A formula from `start` to `stop`, closed at `end`."""
    label = _LABEL.match(state.src, end) if display else None
    if not silent:
        written = state.src[start:stop]
        token = state.push("maths_inline", "", 0)
        token.content = written.strip()
        token.markup = state.src[state.pos : start]
        lead = len(written) - len(written.lstrip())
        token.meta = {"display": display, "label": label[1] if label else ""}
        token.meta["offset"] = _place(state.src, start + lead)
        if not token.content:
            token.meta.update(error=EMPTY, help="write it, or escape the dollars")
    state.pos = label.end() if label else end
    return True


def _place(source: str, position: int) -> tuple[int, int]:
    return source.count("\n", 0, position), position - (source.rfind("\n", 0, position) + 1)
