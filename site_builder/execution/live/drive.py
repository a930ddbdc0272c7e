"""One process of a live post, and the steps that it is given.

In: steps, one after the other. Out: what each gave, or how the process ended. Promise: a process
that is ended from another thread lets nobody wait.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from site_builder.execution.child.protocol import Message
from site_builder.execution.feeds import Feed, Snapshot
from site_builder.execution.live.plan import Step
from site_builder.execution.live.states import Result
from site_builder.execution.record import Declared

BEGUN, THROUGH = ("cell", "expression"), ("done", "value")


@dataclass
class Drive:
    """A process, and what it and its ancestors have run."""

    feed: Feed
    results: list[Result]
    declared: tuple[Declared, ...]
    """What `reads:` of the cells named when the first of them began."""
    preloads: frozenset[str]
    """What the first of them had imported before it began."""
    tail: list[Message] = field(default_factory=list)
    """The events after the last result, once it has failed or gone."""
    trace: Message | None = None
    """What was observed until a step failed."""
    fit: bool = True
    """Whether it is worth asking for a snapshot."""
    resumed: int = 0
    """How many steps were behind it when it began to wait for the next."""
    lost: bool = False
    """Whether the process that waited was no more when it was to go on."""

    @property
    def has_failed(self) -> bool:
        """Whether a step failed, and the process can still tell of it."""
        return bool(self.tail) and bool(self.tail[-1]["event"] == "failed")

    def is_ready(self) -> bool:
        """Wait until it takes steps; false if it never will."""
        return self._until("ready") is not None

    def run(self, step: Step, left: float) -> bool:
        """Run a step; whether the next one may follow. `left` is the post's time, in seconds."""
        began = time.perf_counter()
        self.feed.tell(step.within(left))
        events: list[Message] = []
        while (event := self.feed.hear()) is not None:
            events.append(event)
            if event["event"] in THROUGH:
                seconds = time.perf_counter() - began
                self.results.append(Result(step.identity, tuple(events), seconds))
                return True
            if event["event"] in ("failed", "exited"):
                break
        self.tail += events
        if not any(event["event"] in BEGUN for event in events):
            self._lose()
        if self.has_failed:
            self.trace = self.observed()
            self.end()
        for event in self.tail:
            if event.get("stopped") == "time" and left < step.timeout:
                event["stopped"] = "post time"
        return False

    def snapshot(self) -> tuple[Snapshot, int] | None:
        """A copy that waits, and the number of its process; None if there can be none."""
        snapshot = self.feed.ask_for_snapshot()
        if snapshot is None:
            self.fit = False
            return None
        event = self._until("snapshot")
        if event is None or not event["pid"] > 0:
            self.fit = False
            snapshot.close()
            return None
        return snapshot, event["pid"]

    def observed(self) -> Message | None:
        """The trace so far; None if the process is gone."""
        self.feed.tell({"trace": True})
        event = self._until("traced")
        return None if event is None else event["trace"]

    def finish(self, imports: tuple[str, ...]) -> Message | None:
        """The event that says that all steps are through; None if the process is gone."""
        self.feed.tell({"finish": True, "imports": list(imports)})
        event = self._until("finished")
        if event is None:
            self._lose()
        return event

    def end(self) -> None:
        """Let the process end by itself; `tail` tells how it did."""
        self.feed.tell({"end": True})
        self._until("exited")

    def _lose(self) -> None:
        self.lost = bool(self.resumed) and len(self.results) == self.resumed

    def _until(self, kind: str) -> Message | None:
        """The next event of a kind; those before it, and the end, go to `tail`."""
        while (event := self.feed.hear()) is not None:
            if event["event"] == kind != "exited":
                return event
            self.tail.append(event)
            if event["event"] == "exited":
                return None
        return None
