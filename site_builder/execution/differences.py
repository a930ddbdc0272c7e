"""What two runs of the same code gave otherwise.

In: the record of the last run of a post and that of a new one. Out: a warning for the first cell
whose output differs though nothing it could depend on did. Promise: cells whose code, conditions or
observed files changed are not compared, nor those that say `volatile`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from site_builder.errors import Problem
from site_builder.execution.lines import ran, with_lines
from site_builder.execution.proof import Prover
from site_builder.execution.record import Record
from site_builder.model import Output, Post

WIDTH = 100  # characters of a line of output in a message


def nondeterminism(
    post: Post, last: Record | None, record: Record, prover: Prover
) -> tuple[Problem, ...]:
    """Say which cell gave another output than in its last run, if one did."""
    if last is None:
        return ()
    cells = ran(post)
    changes = prover.changes(last)
    changed = min((change.cell for change in changes), default=len(last.cells) + 1)
    pairs = zip(cells, last.cells, record.cells, strict=False)
    for place, (cell, old, new) in enumerate(pairs, start=1):
        if old.key != new.key or changed <= place:
            return ()
        if old.outputs != new.outputs and not cell.options.volatile:
            was, now = with_lines(old.outputs, post), with_lines(new.outputs, post)
            message = f"cell {cell.number} gave another output than in its last run"
            return (
                Problem(
                    f"{message}, though nothing that it reads changed",
                    post.source.path,
                    post.source.file_line(cell.line),
                    excerpt=post.source.line_text(cell.line),
                    help="seed what is random, or say '#| volatile: true' in the cell",
                    notes=(first_difference(was, now),),
                ),
            )
    pairs_of_values = zip(post.expressions, last.values, record.values, strict=False)
    for expression, old_value, new_value in pairs_of_values:
        if old_value.key != new_value.key or changed <= max(old_value.after, 1):
            return ()
        if old_value.value != new_value.value and not expression.volatile:
            message = f"{expression.code!r} has another value than in its last run"
            before, after = old_value.value, new_value.value
            return (
                Problem(
                    f"{message}, though nothing that it reads changed",
                    post.source.path,
                    post.source.file_line(expression.line),
                    expression.column,
                    len(expression.code),
                    post.source.line_text(expression.line),
                    "seed what is random, or write {.volatile} after it",
                    (f"was {before.text or before.parts!r}\nis  {after.text or after.parts!r}",),
                ),
            )
    return ()


def first_difference(old: Sequence[Output], new: Sequence[Output]) -> str:
    """The first line in which outputs differ, in words."""
    for one, other in zip_longest(_lines(old), _lines(new)):
        if one != other:
            return f"was {_shown(one)}\nis  {_shown(other)}"
    return "a picture differs"


def _lines(outputs: Sequence[Output]) -> list[str]:
    texts = [output.text or str(output.data.get("text/plain", "")) for output in outputs]
    return [line for text in texts for line in text.split("\n")]


def _shown(line: str | None) -> str:
    return "nothing" if line is None else repr(line[:WIDTH])
