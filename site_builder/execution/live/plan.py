"""The steps of a post that is to run: each by its key, its number and its name.

In: a post and its site. Out: a Plan. Promise: two plans that begin with the same identities do the
same up to there, down to the names that tracebacks show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from site_builder.execution.child.protocol import Message
from site_builder.execution.imports import preloads
from site_builder.execution.job import conditions_of, job_of, keys_of, steps
from site_builder.model.post import Cell, Post
from site_builder.settings.site import Site

Identity = tuple[str, int, str, bool]
"""Key, number (minus that of an expression), name; whether the post has magics."""
Chain = tuple[Identity, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A cell that runs, or an expression."""

    identity: Identity
    place: int
    """Of the cell that it is, or comes after, among those that run."""
    is_cell: bool
    message: Message
    """What its process is told."""

    @property
    def key(self) -> str:
        """Of the conditions and all code up to here."""
        return self.identity[0]

    @property
    def number(self) -> int:
        """Of the cell, or minus that of the expression."""
        return self.identity[1]

    @property
    def timeout(self) -> float:
        """Seconds that it may take."""
        [step] = self.message.values()
        seconds: float = step["timeout"]
        return seconds

    def within(self, seconds: float) -> Message:
        """What its process is told if no more time than this is left for the post."""
        [(kind, step)] = self.message.items()
        return {kind: {**step, "timeout": min(self.timeout, max(seconds, 0.001))}}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a post would run from the top."""

    post: Post
    job: Message
    steps: tuple[Step, ...]
    chain: Chain
    preloads: frozenset[str]
    """What its process has imported before it begins, which its record tells of."""

    @property
    def path(self) -> str:
        """The post's file."""
        return self.post.source.path

    @property
    def timeouts(self) -> tuple[float, ...]:
        """Seconds that each step may take: no part of its identity."""
        return tuple(step.timeout for step in self.steps)


def plan_of(post: Post, site: Site) -> Plan:
    """The steps of a post, in order."""
    job = job_of(post, site)
    keys = keys_of(post, conditions_of(post, site))
    cells = list(zip(keys.cells, job["cells"], strict=True))
    expressions = list(zip(keys.expressions, job["expressions"], strict=True))
    found, place = [], 0
    for step in steps(post):
        is_cell = isinstance(step, Cell)
        key, message = (cells if is_cell else expressions).pop(0)
        place += is_cell
        number = message["number"] if is_cell else -message["number"]
        identity = key, number, message["name"], job["magics"]
        kind = "cell" if is_cell else "expression"
        found.append(Step(identity, place, is_cell, {kind: message}))
    chain = tuple(step.identity for step in found)
    return Plan(post, job, tuple(found), chain, frozenset(preloads(job["imports"])))


def common(one: Sequence[object], other: Sequence[object]) -> int:
    """How many steps two chains begin with that are the same."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def begins_with(chain: Sequence[object], first: Sequence[object]) -> bool:
    """Whether a chain begins with these steps."""
    return common(chain, first) == len(first)
