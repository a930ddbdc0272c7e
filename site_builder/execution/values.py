"""What the expressions of a post gave: values, or problems in words.

In: a post and the events of its run, or its record. Out: values by number; a problem for each
expression that failed, and for each claim that is false. Promise: one that fails hides no other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from site_builder.errors import Problem, nearest
from site_builder.execution.child.protocol import Message
from site_builder.execution.lines import line_in_file, placed, ran
from site_builder.execution.record import Record
from site_builder.model.post import Cell, Expression, Output, Post, Value

LONGEST = 60  # characters of an expression in a message


def values_of(events: Sequence[Message]) -> dict[int, Value]:
    """The values of expressions by their numbers."""
    return {
        event["number"]: Value(
            text=event["text"],
            data=event["data"],
            holds=event["holds"],
            parts=tuple((source, shown) for source, shown in event["parts"]),
        )
        for event in events
        if event["event"] == "value" and "error" not in event
    }


def value_problems(post: Post, events: Sequence[Message]) -> Iterator[Problem]:
    """A problem for each expression that has no value."""
    for event in events:
        if event["event"] == "value" and "error" in event:
            yield _failed(post, post.expressions[event["number"] - 1], event["error"])


def false_claims(
    post: Post, outputs: Mapping[int, Sequence[Output]], values: Mapping[int, Value]
) -> tuple[Problem, ...]:
    """A problem for each claim that a run found false.

    `outputs` are those of cells by their numbers, `values` of expressions by theirs.
    """
    found = []
    for expression in post.expressions:
        value = values.get(expression.number)
        if value is not None and not value.holds:
            told = expression.sentence or expression.code
            message = f"the claim {_shown(told)} is false"
            notes = _notes(expression.code, value.parts, post)
            problem = at_expression(post, expression, message, code="V007")
            found.append(replace(problem, notes=notes))
    for cell in ran(post):
        assertion = next((o for o in outputs.get(cell.number, ()) if is_false(o)), None)
        if assertion is not None:
            found.append(_false_cell(post, cell, assertion))
    return tuple(sorted(found, key=lambda problem: (problem.line, problem.column)))


def recorded_false_claims(post: Post, record: Record) -> tuple[Problem, ...]:
    """The same for the claims of a record."""
    cells = zip(ran(post), record.cells, strict=True)
    outputs = {cell.number: recorded.outputs for cell, recorded in cells}
    values = zip(post.expressions, record.values, strict=True)
    return false_claims(post, outputs, {each.number: v.value for each, v in values})


def is_false(output: Output) -> bool:
    """Whether an output is an assertion that did not hold."""
    return output.kind == "assertion" and not output.metadata["holds"]


def at_expression(
    post: Post,
    expression: Expression,
    message: str,
    help_: str = "",
    *,
    code: str,
    offset: int = 0,
    width: int = 0,
) -> Problem:
    """The problem of an expression, or of a part of it that begins at `offset`."""
    source = post.source
    column = expression.column and expression.column + offset
    return Problem(
        message,
        source.path,
        source.file_line(expression.line),
        column,
        width or max(1, len(expression.code)),
        source.line_text(expression.line),
        help_,
        code=code,
    )


def _failed(post: Post, expression: Expression, error: Message) -> Problem:
    what = "the claim's expression" if expression.kind == "claim" else "the value"
    told = placed(str(error["message"]), post)
    if error["name"] == "fault":
        help_ = error.get("help", "")
        return at_expression(post, expression, f"{what} {told}", help_, code="V005")
    if error["name"] == "format":
        offset = len(expression.code) + 1 + (2 if expression.conversion else 0)
        message = f"the format {expression.format!r} does not fit: {told}"
        width = len(expression.format)
        return at_expression(post, expression, message, offset=offset, width=width, code="V004")
    help_ = _HELP.get(error["name"], "")
    if error.get("missing"):
        help_ = _help_with_name(post, expression, error["missing"])
    # Only the frames within the prose have columns of its line.
    frame: Message = next(
        (f for f in error["frames"] if f["file"].endswith(f"value {expression.number}")), {}
    )
    offset = max(0, (frame.get("column") or 1) - 1)
    width = max(0, (frame.get("end") or 0) - (frame.get("column") or 0))
    message = f"{error['name']}: {told}" if told else str(error["name"])
    if "memory" in error:
        message = f"MemoryError: the post needed more than {error['memory'] / 1e9:g} GB"
    elif error["name"] == "SystemExit":
        message = f"{what} calls sys.exit({told})"
    at = (post, expression, message, help_)
    problem = at_expression(*at, offset=offset, width=width, code="V003")
    inner = len(error["frames"]) > 1
    return replace(problem, notes=(placed(error["text"], post).rstrip(),)) if inner else problem


_HELP = {
    "EOFError": "a value cannot wait for input: nobody is there to type",
    "MemoryError": "allow more with [execution] memory",
}


def _help_with_name(post: Post, expression: Expression, name: str) -> str:
    """What to do about a name that is not there: it may be below, or misspelt."""
    above: set[str] = set()
    for cell in ran(post):
        names = _defined(cell.code)
        if cell.number > expression.after and name in names:
            line = line_in_file(post, cell, 1)
            return f"the cell in line {line} defines it, which runs later: move one of them"
        if cell.number <= expression.after:
            above |= names
    return nearest(name, above) if above else "no cell above defines any name"


def _defined(code: str) -> set[str]:
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
    return names


def _false_cell(post: Post, cell: Cell, assertion: Output) -> Problem:
    source = post.source
    message = f"the claim {_shown(cell.options.claim)} is false"
    told = placed(str(assertion.metadata.get("message", "")), post).strip()
    first, _, more = told.partition("\n")
    message += f": {first}" if first else ""
    notes = (more,) if more else ()
    if assertion.text:
        notes = (*_notes(f"assert {assertion.text}", assertion.metadata["parts"], post), *notes)
    line = assertion.metadata.get("line", 1)
    return Problem(
        message,
        source.path,
        line_in_file(post, cell, line),
        excerpt=source.line_text(cell.line + line - 1),
        notes=notes,
        code="V007",
    )


def _notes(code: str, parts: Sequence[Sequence[str]], post: Post) -> tuple[str, ...]:
    """The expression and the values of its parts, as a test's report would show them."""
    lines = [code, *(f"  {source} = {placed(shown, post)}" for source, shown in parts)]
    return ("\n".join(lines),)


def _shown(text: str) -> str:
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
