"""What two runs of the same code gave otherwise.

In: the record of the last run of a post and that of a new one. Out: a warning for the first cell
or value that differs though nothing it could depend on did. Promise: what has other code,
conditions or observed files is not compared, nor what says `volatile`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from site_builder.errors import Problem
from site_builder.execution.job import steps
from site_builder.execution.lines import with_lines
from site_builder.execution.proof import Prover
from site_builder.execution.record import Record, RecordedCell, RecordedValue
from site_builder.model.post import Cell, Expression, Output, Post, Value

WIDTH = 100  # characters of a line of output in a message


def nondeterminism(
    post: Post, last: Record | None, record: Record, prover: Prover
) -> tuple[Problem, ...]:
    """Say which cell or value gave something else than in its last run, if one did."""
    if last is None:
        return ()
    changes = prover.changes(last)
    changed = min((change.cell for change in changes), default=len(last.cells) + 1)
    for (place, old), (_, new), step in zip(
        steps_of(last), steps_of(record), steps(post), strict=False
    ):
        if old.key != new.key or changed <= max(place, 1):
            return ()
        found = _difference(post, step, old, new)
        if found:
            return (found,)
    return ()


def _difference(
    post: Post,
    step: Cell | Expression,
    old: RecordedCell | RecordedValue,
    new: RecordedCell | RecordedValue,
) -> Problem | None:
    match step, old, new:
        case Cell(), RecordedCell(), RecordedCell() if old.outputs != new.outputs:
            return None if step.options.volatile else _of_cell(post, step, old, new)
        case Expression(), RecordedValue(), RecordedValue() if old.value != new.value:
            return None if step.volatile else _of_value(post, step, old.value, new.value)
    return None


def steps_of(record: Record) -> list[tuple[int, RecordedCell | RecordedValue]]:
    """Cells and values in the order of their run, each with the place of the cell it is, or is
    after."""
    cells = enumerate(record.cells, start=1)
    values = ((value.after, value) for value in record.values)
    return sorted([*cells, *values], key=lambda step: step[0])


def _of_cell(post: Post, cell: Cell, old: RecordedCell, new: RecordedCell) -> Problem:
    was, now = with_lines(old.outputs, post), with_lines(new.outputs, post)
    message = f"cell {cell.number} gave another output than in its last run"
    return Problem(
        f"{message}, though nothing that it reads changed",
        post.source.path,
        post.source.file_line(cell.line),
        excerpt=post.source.line_text(cell.line),
        help="seed what is random, or say '#| volatile: true' in the cell",
        notes=(first_difference(was, now),),
        code="X015",
    )


def _of_value(post: Post, expression: Expression, old: Value, new: Value) -> Problem:
    message = f"{expression.code!r} has another value than in its last run"
    return Problem(
        f"{message}, though nothing that it reads changed",
        post.source.path,
        post.source.file_line(expression.line),
        expression.column,
        len(expression.code),
        post.source.line_text(expression.line),
        "seed what is random, or write {.volatile} after it",
        (f"was {_told(old)}\nis  {_told(new)}",),
        code="X015",
    )


def _told(value: Value) -> str:
    if value.parts:
        return ", ".join(f"{source} = {shown}" for source, shown in value.parts)[:WIDTH]
    return _shown(value.text)


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
