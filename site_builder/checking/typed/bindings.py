"""Which expression of a cell gave a number in its output.

In: a cell, a line of its output. Out: the expression, for what is printed or asserted once; empty
if that cannot be told. Promise: nothing within loops, functions and comprehensions is named, where
a name stands for one value after the other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from site_builder.checking.typed.stated import tree_of
from site_builder.evidence.numbers import Number
from site_builder.model.post import Cell


@dataclass(frozen=True, slots=True)
class Printed:
    """An expression that a cell prints once, in its place in a line."""

    source: str
    """Empty for a number that is printed as such."""
    before: str
    """The text before it; with `after` empty too, it is alone in its line."""
    after: str


def binding_of(line: str, number: Number, printed: Collection[Printed], names: set[str]) -> str:
    """The expression whose value a number in a line of output is; empty if it cannot be told."""
    before, after = line[: number.start].strip(), line[number.end :].lstrip(" %").rstrip()
    fitting = {
        each.source
        for each in printed
        if (before == each.before or (each.before and before.endswith(f" {each.before}")))
        and (after.startswith(each.after) if each.after or each.before else not after)
    }
    if len(fitting) == 1:
        return fitting.pop()
    named = _NAMED.search(line[: number.start])
    return named[1] if named and named[1] in names else ""


def printed_by(cell: Cell) -> Iterator[Printed]:
    """What a cell prints or shows at the end.

    Not within loops and functions, where a name stands for one value after the other.
    """
    tree = tree_of(cell.code)
    for statement in tree.body if tree else ():
        if not isinstance(statement, ast.Expr):
            continue
        call = statement.value
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print":
            parts = [part for argument in call.args for part in _parts(argument)]
            for place, (is_text, source) in enumerate(parts):
                if not is_text:
                    before = parts[place - 1] if place else (True, "")
                    after = parts[place + 1] if place + 1 < len(parts) else (True, "")
                    lead = before[1].rpartition("\n")[2].strip() if before[0] else ""
                    tail = after[1].partition("\n")[0].lstrip(" %").rstrip() if after[0] else ""
                    yield Printed(source, lead, tail)
        elif statement is (tree.body[-1] if tree else None):
            yield Printed(_source(call), "", "")


def asserted_once(cell: Cell) -> set[str]:
    """The assertions of a cell that are in no loop or function."""
    tree = tree_of(cell.code)
    asserts = [each for each in tree.body if isinstance(each, ast.Assert)] if tree else []
    written = (ast.get_source_segment(cell.code, each.test) or "" for each in asserts)
    return {text for source in written for text in (source, " ".join(source.split()))}


def assigned_names(cells: Iterable[Cell]) -> set[str]:
    """The names that cells assign at their top level."""
    found: set[str] = set()
    for cell in cells:
        tree = tree_of(cell.code)
        for statement in tree.body if tree else ():
            if isinstance(statement, ast.Assign):
                targets = [node for target in statement.targets for node in ast.walk(target)]
                found |= {node.id for node in targets if isinstance(node, ast.Name)}
    return found


_NAMED = re.compile(r"(?:^|[,;(])\s*([^\W\d]\w*)\s*[=:]\s*\Z")


def _parts(argument: ast.expr) -> Iterator[tuple[bool, str]]:
    """What an argument of `print` puts together: texts (true), sources of expressions (false)."""
    for part in argument.values if isinstance(argument, ast.JoinedStr) else [argument]:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield True, part.value
        else:
            yield False, _source(part.value if isinstance(part, ast.FormattedValue) else part)


def _source(expression: ast.expr) -> str:
    """The text of an expression; empty for a number as such, which nobody binds to itself."""
    is_number = isinstance(expression, ast.Constant | ast.UnaryOp) and not any(
        isinstance(node, ast.Name) for node in ast.walk(expression)
    )
    return "" if is_number else ast.unparse(expression)
