"""Findings: the cells of a post that gave something else when one thing was changed.

In: a post, the outcome of its run as in a build, and those of its other runs. Out: where each run
differs first, and each place that differs for a reason of its own with a guess at it. Promise: what
differs when nothing was changed is not laid to a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from site_builder.checking.auditing.causes import Cause, Seen, cause_of
from site_builder.checking.auditing.variants import AGAIN, Variant
from site_builder.evidence.lines import proof
from site_builder.execution.job import steps
from site_builder.execution.report import Outcome
from site_builder.model.post import Cell, Execution, Expression, Output, Post, Value

WIDTH = 100  # characters of a line of output in a message
LEAD = 40  # of these at the most before what differs
Step = Cell | Expression


@dataclass(frozen=True, slots=True)
class Place:
    """A cell, or an expression in the prose."""

    line: int
    """Its first line in the post's file."""
    cell: int = 0
    """Number of the cell; 0 for an expression."""
    expression: str = ""
    """The code of the expression; empty for a cell."""

    def __str__(self) -> str:
        what = f"cell {self.cell}" if self.cell else f"`{self.expression}`"
        return f"line {self.line}, {what}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where runs differ for a reason of its own."""

    place: Place
    variants: tuple[str, ...]
    """In which it differs."""
    was: str
    """The first line that differs, in a build."""
    now: str
    """The same in the first of the variants; empty if that run failed there."""
    failure: str
    """Why that run failed; empty if it did not."""
    cause: Cause


@dataclass(frozen=True, slots=True)
class Compared:
    """A run of a post beside the one as in a build."""

    variant: Variant
    differing: tuple[int, ...]
    """Which steps differ, from 0; the one that failed if one did."""
    failure: str
    """What went wrong; empty if nothing did."""
    outcome: Outcome


def compared(post: Post, built: Execution, variant: Variant, outcome: Outcome) -> Compared:
    """Hold a run of a post against the one as in a build."""
    execution = outcome.execution
    every = steps(post)
    if execution is None:
        problem = outcome.problems[0]
        begun = [i for i, step in enumerate(every) if _line(post, step) <= problem.line]
        return Compared(variant, (max(begun, default=0),), problem.message, outcome)
    differing = tuple(
        place
        for place, step in enumerate(every)
        if not _is_volatile(step) and _given(post, built, step) != _given(post, execution, step)
    )
    return Compared(variant, differing, "", outcome)


def place_of(post: Post, step: int) -> Place:
    """Where a step of a post is."""
    found = steps(post)[step]
    if isinstance(found, Cell):
        return Place(_line(post, found), cell=found.number)
    return Place(_line(post, found), expression=found.code)


def findings(
    post: Post, built: Execution, runs: Sequence[Compared], roots: tuple[str, str]
) -> list[Finding]:
    """Name each place where runs differ, and why; `roots` are the site's folder and its copy's."""
    noise = {step for run in runs if run.variant.kind == AGAIN for step in run.differing}
    first: dict[int, list[Compared]] = {}
    if noise:
        first[min(noise)] = [run for run in runs if min(noise) in run.differing]
    for run in runs:
        own = [step for step in run.differing if step not in noise]
        # What follows from the first one differs with it.
        if own and run.variant.kind != AGAIN:
            first.setdefault(own[0], []).append(run)
    tried = frozenset(run.variant.kind for run in runs)
    return [_finding(post, built, step, first[step], tried, roots) for step in sorted(first)]


def _finding(
    post: Post,
    built: Execution,
    step: int,
    runs: Sequence[Compared],
    tried: frozenset[str],
    roots: tuple[str, str],
) -> Finding:
    """What is to be said of a step that differs in some runs."""
    every = steps(post)
    run = next((run for run in runs if not run.failure), runs[0])
    was, now = _text(_given(post, built, every[step])), ""
    if run.outcome.execution is not None:
        now = _text(_given(post, run.outcome.execution, every[step]))
    impure = built.provenance.impure if built.provenance else ()
    cell = _cell_of(every[step])
    seen = Seen(
        kinds=frozenset(run.variant.kind for run in runs),
        tried=tried,
        was=was,
        now=now,
        code=tuple(each.code for each in reversed(every[: step + 1])),
        impure=tuple(what for number, what in impure if number <= cell),
        roots=roots,
        failed=bool(run.failure),
    )
    before, after = _first_difference(was, now)
    return Finding(
        place_of(post, step),
        tuple(run.variant.name for run in runs),
        was="" if run.failure else before,
        now="" if run.failure else after,
        failure=run.failure,
        cause=cause_of(seen),
    )


def _line(post: Post, step: Step) -> int:
    return post.source.file_line(step.line)


def _cell_of(step: Step) -> int:
    return step.number if isinstance(step, Cell) else step.after


def _is_volatile(step: Step) -> bool:
    return step.options.volatile if isinstance(step, Cell) else step.volatile


def _given(post: Post, execution: Execution, step: Step) -> tuple[Output, ...] | Value:
    """What a step gave in a run."""
    if isinstance(step, Cell):
        return execution.outputs[post.cells.index(step)]
    return execution.values[step.number - 1]


def _text(given: tuple[Output, ...] | Value) -> str:
    """What was given, as text."""
    if isinstance(given, Value):
        return given.text or proof(given.holds, given.parts)
    return "\n".join(map(_output_text, given))


def _output_text(output: Output) -> str:
    if output.kind == "assertion":
        return f"{output.text} is {proof(output.metadata['holds'], output.metadata['parts'])}"
    forms = (output.text, *(output.data.get(mime, "") for mime in _TEXTS))
    return next((str(form) for form in forms if form), "")


_TEXTS = ("text/plain", "text/markdown", "text/latex", "text/html", "application/json")


def _first_difference(was: str, now: str) -> tuple[str, str]:
    """The first line in which texts differ, both cut to what can be read."""
    before, after = was.split("\n"), now.split("\n")
    before += [""] * (len(after) - len(before))
    after += [""] * (len(before) - len(after))
    pairs = zip(before, after, strict=True)
    one, other = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    if not one and not other:
        return "a picture", "another picture"
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, same - LEAD) if max(len(one), len(other)) > WIDTH else 0
    return _clipped(one, start), _clipped(other, start)


def _clipped(line: str, start: int) -> str:
    if not line:
        return "nothing"
    lead, rest = "…" * (start > 0), "…" * (len(line) > start + WIDTH)
    return f"{lead}{line[start : start + WIDTH]}{rest}"
