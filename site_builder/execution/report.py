"""From the events of a run to what came of it: outputs, or problems in words.

In: a post, its job and the events of its process. Out: a Finished run, or an Outcome with its
problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from site_builder.errors import Problem
from site_builder.execution.child.protocol import Message
from site_builder.execution.failures import failure
from site_builder.execution.values import false_claims, value_problems, values_of
from site_builder.model.post import Execution, Output, Post, Value


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a post: an execution, or problems, and warnings either way."""

    execution: Execution | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """What holds as long as its record is used."""
    remarks: tuple[Problem, ...] = ()
    """What is to be said of this run alone."""
    record: str = ""
    """Digest of the record in the store that the execution was made of; empty if none proves it."""
    reused: bool = False
    """Whether the post did not have to run."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that came to its end."""

    outputs: Mapping[int, tuple[Output, ...]]
    """What each cell put out, by its number."""
    values: Mapping[int, Value]
    """What each expression gave, by its number."""
    event: Message
    """The last event of the post's own process."""
    leftovers: int
    """How many processes it left running."""


def report(post: Post, job: Message, events: Sequence[Message]) -> Finished | Outcome:
    """Make what can be made of a post's events."""
    by_kind = {event["event"]: event for event in events}
    exited = by_kind.get("exited")
    leftovers = _leftovers(post, exited)
    outputs = outputs_of(events)
    values = values_of(events)
    problems = [*value_problems(post, events)]
    problem = failure(post, job, events)
    if problem is not None:
        problems.append(problem)
    if problems:
        problems += false_claims(post, outputs, values)
        return Outcome(problems=tuple(problems), warnings=warnings_of(post, leftovers))
    return Finished(outputs, values, by_kind["finished"], leftovers)


def outputs_of(events: Sequence[Message]) -> dict[int, tuple[Output, ...]]:
    """What each cell that is through put out, by its number; changes the events."""
    done = [event for event in events if event["event"] == "done"]
    _update_displays(done)
    return {event["number"]: tuple(map(_output, event["outputs"])) for event in done}


def warnings_of(post: Post, leftovers: int) -> tuple[Problem, ...]:
    """What to say of a post that left processes running."""
    if not leftovers:
        return ()
    what = "a process" if leftovers == 1 else f"{leftovers} processes"
    message = f"the post left {what} running; ended"
    help_ = "wait for what a cell starts"
    return (Problem(message, post.source.path, help=help_, code="X013"),)


def _leftovers(post: Post, exited: Message | None) -> int:
    kernel = bool(post.front_matter.kernel)  # a kernel is ours to end
    if exited is None or exited["stopped"] or kernel:
        return 0
    count: int = exited["leftovers"]
    return count


def _update_displays(done: Sequence[Message]) -> None:
    """Put what a later cell showed under the id of an earlier display in its place."""
    by_id: dict[str, list[Message]] = {}
    for event in done:
        kept = []
        for entry in event["outputs"]:
            if entry["kind"] == "update":
                for shown in by_id.get(entry["id"], ()):
                    shown |= {**entry, "kind": entry["of"]}
                continue
            kept.append(entry)
            if "id" in entry:
                by_id.setdefault(entry["id"], []).append(entry)
        event["outputs"] = kept


def _output(entry: dict[str, Any]) -> Output:
    return Output(
        kind=entry["kind"],
        text=entry.get("text", ""),
        data=entry.get("data", {}),
        metadata=entry.get("metadata", {}),
    )
