"""Numbers that a post states in its code, as inputs: no results, wherever prose repeats them.

In: a post, or code. Out: the size of each number, and with how many decimals it is written.
Promise: code that is no Python, such as magics, costs precision and never an error.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from decimal import Decimal

from site_builder.content.value_syntax import VALUE
from site_builder.evidence.numbers import Number, numbers_in
from site_builder.model.post import Post

Stated = Mapping[Decimal, int]
"""The size of each number that code states, and how many decimals it is written with."""


def stated_numbers(post: Post) -> Stated:
    """The numbers that the code, other listings and the formulas of a post state."""
    found: dict[Decimal, int] = {}
    for cell in post.cells:
        _merge(found, numbers_of_code(cell.code))
    for token in post.tokens:
        shown = token.type == "fence" and token.info.strip() and "cell" not in token.meta
        if (shown and token.info.split()[0] not in _TRANSCRIPTS) or token.type == "maths_block":
            _merge(found, _sizes(token.content))
        for child in token.children or ():
            if child.type == "maths_inline":
                _merge(found, _sizes(VALUE.sub("", child.content)))
    return found


def numbers_of_code(code: str) -> Stated:
    """The numbers that code states, also those within its texts."""
    tree = tree_of(code)
    if tree is None:
        return _sizes(code)
    found = _sizes("\n".join(line for line in code.split("\n") if _is_magic(line)))
    for value in _constants(tree):
        if isinstance(value, str):
            _merge(found, _sizes(value))
        elif not isinstance(value, bool):
            _merge(found, _sizes(repr(value)))
    return found


def is_stated(number: Number, stated: Stated) -> bool:
    """Whether a number is one of these, and not shown more precisely than it is stated.

    `30 %` is 0.3 or 30; 1.000 is no 1, but what came out as one; 1.0 may be either.
    """
    decimals = max(0, -int(number.unit.adjusted()))
    size, share = size_of(number.value), size_of(number.share)
    if size in stated and decimals <= max(1, stated[size]):
        return True
    return number.percent and share in stated and decimals <= max(0, stated[share] - 2)


def size_of(value: Decimal) -> Decimal:
    """The value without its sign."""
    return value.copy_abs() if value.is_finite() else Decimal("Infinity")


def tree_of(code: str) -> ast.Module | None:
    """The syntax tree of a cell's code without its magics; None if it has none."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError):
        pass
    lines = ["" if _is_magic(line) else line for line in code.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return None


_TRANSCRIPTS = ("text", "txt", "console", "output", "pycon", "log", "none")


def _is_magic(line: str) -> bool:
    """Whether a line is IPython's, and no Python."""
    return line.lstrip().startswith(("%", "!"))


def _constants(node: ast.AST) -> Iterator[object]:
    """The constants of a tree, but for the formats of f-strings."""
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, ast.Constant):
            yield each.value
        elif isinstance(each, ast.FormattedValue):
            stack.append(each.value)
        else:
            stack.extend(ast.iter_child_nodes(each))


def _sizes(text: str) -> dict[Decimal, int]:
    found: dict[Decimal, int] = {}
    for number in numbers_in(text):
        if number.unit:
            decimals = max(0, -int(number.unit.adjusted()))
            _merge(found, {size_of(number.value): decimals})
            if number.percent:
                _merge(found, {size_of(number.share): decimals + 2})
    return found


def _merge(into: dict[Decimal, int], stated: Stated) -> None:
    for size, decimals in stated.items():
        into[size] = max(decimals, into.get(size, 0))
