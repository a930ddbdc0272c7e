"""What came of the steps of a plan, and what can be shown of that.

In: results of steps, a record of an earlier run. Out: an execution, partial where steps have given
nothing yet. Promise: what is shown of a step was given by a run whose steps up to there are the
same, and whose observations up to there hold.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from site_builder.errors import Problem
from site_builder.execution.child.protocol import Message
from site_builder.execution.differences import steps_of
from site_builder.execution.keeping import Kept
from site_builder.execution.lines import with_lines
from site_builder.execution.live.plan import Chain, Plan, common
from site_builder.execution.live.states import Result, changes_since
from site_builder.execution.proof import Change, Prover
from site_builder.execution.record import Record, RecordedCell, Trace
from site_builder.execution.recording import environment_of, value_with_lines
from site_builder.execution.report import Outcome, outputs_of, report
from site_builder.execution.values import values_of
from site_builder.model.post import Environment, Execution, Output, Value


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last run of a post that came to its end, in whichever way."""

    chain: Chain
    timeouts: tuple[float, ...]
    """What each step was given, in seconds."""
    results: tuple[Result, ...]
    """Of the steps that are through."""
    tail: tuple[Message, ...] = ()
    """The events of the step that was the last, if that failed."""
    trace: Trace | None = None
    """What was observed; None if the process could not tell any more."""
    kept: Kept | None = None
    """What is kept of a run whose steps are all through."""

    def problems(self, plan: Plan) -> tuple[Problem, ...]:
        """Why it failed, at today's lines."""
        events = [*events_of(self.results), *copy.deepcopy(self.tail)]
        outcome = report(plan.post, plan.job, events)
        return outcome.problems if isinstance(outcome, Outcome) else ()


@dataclass(frozen=True, slots=True)
class Given:
    """What steps gave, by their numbers."""

    outputs: Mapping[int, tuple[Output, ...]] = field(default_factory=dict)
    values: Mapping[int, Value] = field(default_factory=dict)
    environment: Environment | None = None

    def __len__(self) -> int:
        return len(self.outputs) + len(self.values)


def events_of(results: Sequence[Result]) -> list[Message]:
    """The events of steps, for whoever may change them."""
    return [copy.deepcopy(event) for result in results for event in result.events]


def given_by(results: Sequence[Result]) -> Given:
    """What the steps of a run have given so far."""
    events = events_of(results)
    return Given(outputs_of(events), values_of(events))


def still_given(plan: Plan, attempt: Attempt | None, last: Record | None, prover: Prover) -> Given:
    """What steps of earlier runs gave and would give again today."""
    found = [Given()]
    if attempt is not None and attempt.trace is not None and attempt.kept is None:
        changes = changes_since(attempt.trace, plan.path, prover)
        changes += [Change(each.what, each.cell) for each in attempt.trace.unseen()]
        same = _unchanged(plan, common(plan.chain, attempt.chain), changes)
        found.append(given_by(attempt.results[:same]))
    last = attempt.kept.record if attempt is not None and attempt.kept is not None else last
    if last is not None:
        found.append(_of_record(plan, last, list(prover.changes(last))))
    return max(found, key=len)


def _of_record(plan: Plan, record: Record, changes: Sequence[Change]) -> Given:
    recorded = [step for _, step in steps_of(record)]
    keys = [step.key for step in plan.steps]
    same = _unchanged(plan, common(keys, [step.key for step in recorded]), changes)
    outputs: dict[int, tuple[Output, ...]] = {}
    values: dict[int, Value] = {}
    for step, old in zip(plan.steps[:same], recorded, strict=False):
        if isinstance(old, RecordedCell):
            outputs[step.number] = old.outputs
        else:
            values[-step.number] = old.value
    return Given(outputs, values, environment_of(record))


def _unchanged(plan: Plan, same: int, changes: Sequence[Change]) -> int:
    """How many of the first `same` steps come before everything that changed."""
    changed = min((change.cell for change in changes), default=len(plan.steps) + 1)
    places = [max(step.place, 1) for step in plan.steps[:same]]
    return next((count for count, place in enumerate(places) if changed <= place), same)


def partial_execution(plan: Plan, given: Sequence[Given], *, waits: bool) -> Execution:
    """What can be shown while steps are missing: of each the first that is given."""
    post = plan.post
    outputs: dict[int, tuple[Output, ...]] = {}
    values: dict[int, Value] = {}
    for each in reversed(given):
        outputs |= each.outputs
        values |= each.values
    missing = [
        step.number
        for step in plan.steps
        if (step.number not in outputs if step.is_cell else -step.number not in values)
    ]
    known = {step.number for step in plan.steps if step.is_cell} - set(missing)
    return Execution(
        outputs=tuple(
            with_lines(outputs[cell.number], post) if cell.number in known else ()
            for cell in post.cells
        ),
        environment=next((each.environment for each in given if each.environment), None),
        values=tuple(
            value_with_lines(values.get(each.number, Value()), post) for each in post.expressions
        ),
        pending=tuple(missing),
        waits=waits,
    )
