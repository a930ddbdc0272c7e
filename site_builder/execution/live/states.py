"""Processes that wait between two steps of a post: snapshots, ends of runs, those that ran ahead.

In: what they ran and observed. Out: whether they are still right, how useful they are, what they
weigh. Promise: one whose observations no longer hold is never used.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from site_builder.execution.child.observations import look
from site_builder.execution.child.protocol import Message
from site_builder.execution.feeds import Feed, Snapshot
from site_builder.execution.live.plan import Chain, Identity, Plan, begins_with
from site_builder.execution.proof import Change, Prover
from site_builder.execution.record import Declared, Record, Trace

KEPT = 16  # processes that wait, of all posts together
MEMORY = 1_000_000_000  # bytes that they may take together
IMPORTS = 1.0  # seconds that a state saves to be used though it lacks an import
_MINUTE = 60.0


Stamps = Sequence[object]
Place = tuple[str, tuple[int, int]]
"""The path of a folder, and which one was there."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one step gave."""

    identity: Identity
    events: tuple[Message, ...]
    seconds: float


@dataclass
class State:
    """A process that waits, with what it and its ancestors have run."""

    results: tuple[Result, ...]
    declared: tuple[Declared, ...]
    """What `reads:` of the cells named when the first of them began."""
    trace: Trace
    pid: int
    stamps: Stamps
    """Of what they read and wrote, when this began to wait."""
    place: Place
    """The folder that it is in."""
    preloads: frozenset[str] = frozenset()
    """What the first of them had imported before it began."""
    feed: Feed | None = None
    """Of a process that goes on itself, once."""
    snapshot: Snapshot | None = None
    """Of one that is copied, many times."""
    used: float = field(default_factory=time.monotonic)

    @property
    def chain(self) -> Chain:
        """The steps that it is behind."""
        return tuple(result.identity for result in self.results)

    def suits(self, plan: Plan) -> bool:
        """Whether a run of a plan may go on from here, and that is worth it."""
        if not begins_with(plan.chain, self.chain) or not self.preloads <= plan.preloads:
            return False
        # What a zygote has imported takes its time in a cell, at each edit.
        return self.preloads == plan.preloads or self.saved > IMPORTS

    @property
    def saved(self) -> float:
        """Seconds that its steps took."""
        return sum(result.seconds for result in self.results)

    def take(self) -> Feed:
        """The process that goes on from here; raises ZygoteError if there is none any more."""
        self.used = time.monotonic()
        if self.feed is not None:
            return self.feed
        assert self.snapshot is not None
        return self.snapshot.go_on()

    def close(self) -> None:
        """End it."""
        if self.feed is not None:
            self.feed.close()
        if self.snapshot is not None:
            self.snapshot.close()


def changes_since(trace: Trace, path: str, prover: Prover) -> list[Change]:
    """What a run observed that is not the same today; what nobody can see does not count."""
    seen = Record(
        post=path,
        conditions={"kernel": ""},
        cells=(),
        values=(),
        key="",
        trace=trace,
        python="",
        packages={},
        seed=0,
        leftovers=0,
    )
    unseen = len(trace.unseen())
    found = list(prover.changes(seen))
    blamed = {f"{each.what}, which nobody sees change" for each in trace.unseen()}
    return [change for change in found if change.what not in blamed] if unseen else found


def stamps_of(trace: Trace, root: Path) -> Stamps:
    """Sizes, places and times of the files that a run has read or written.

    A process knows a file that it has read by these: were it written anew with the same content,
    the process would say that somebody changed it meanwhile. And it may have the old one open.
    """
    files = (file for file in trace.files if file.kind in ("read", "wrote"))
    return [look(str(root / file.path))[1] for file in files]


def place_of(pid: int, folder: str) -> Place:
    """The folder that a process is in, which began in `folder`."""
    link = f"/proc/{pid}/cwd"
    try:
        return os.readlink(link), _identity(link)  # noqa: PTH115
    except OSError:
        return folder, _identity(folder)


def _identity(path: str) -> tuple[int, int]:
    """Which folder is at a path: it is another one if it was removed and made anew."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def still_holds(state: State, path: str, declared: Sequence[Declared], prover: Prover) -> bool:
    """Whether a process waits where a run of today would be; `declared` is today's.

    What a program, a database or the network told it, another run might be told otherwise, unless
    a cell says what it reads.
    """
    if state.trace.unseen():
        return False
    folder, which = state.place
    if _identity(folder) != which or stamps_of(state.trace, prover.site.root) != state.stamps:
        return False
    places = {(each.pattern, each.cell) for each in state.declared}
    now = [each for each in declared if (each.pattern, each.cell) in places]
    return tuple(now) == state.declared and not changes_since(state.trace, path, prover)


def may_be_too_many(states: Sequence[State], pid: int) -> bool:
    """Whether it is time to look at what each weighs, as `pid` may be the heaviest of them."""
    return len(states) > KEPT or len(states) * _resident(pid) > MEMORY


def superfluous(states: Iterable[State]) -> list[State]:
    """Those that have to go, the least useful first, for the others to fit."""
    now = time.monotonic()
    ranked = sorted(states, key=lambda state: _use(state, now), reverse=True)
    weight = 0
    for place, state in enumerate(ranked):
        weight += memory_of(state.pid)
        if place >= KEPT or (weight > MEMORY and place):
            return ranked[place:][::-1]
    return []


def memory_of(pid: int) -> int:
    """Bytes of a process, its share of what it has in common with others; 0 if nobody knows."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except (OSError, ValueError):
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _resident(pid: int) -> int:
    """Bytes of a process with all that it shares; 0 if nobody knows."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _use(state: State, now: float) -> float:
    """Seconds that a state saves, the less the longer ago it was used."""
    return state.saved / (1 + (now - state.used) / _MINUTE)
