"""One live post: what is wanted of it, its run, the processes of it that wait.

In: plans, one for each save. Out: what can be shown at any moment. Promise: what a process gives is
used only as long as what it has run is how the wanted plan begins; else it is ended at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from site_builder.errors import Problem
from site_builder.execution.keeping import warnings_for
from site_builder.execution.live.attempt import Attempt, Given, given_by, partial_execution
from site_builder.execution.live.drive import Drive
from site_builder.execution.live.plan import Chain, Plan, Step, begins_with, common
from site_builder.execution.live.shown import Shown
from site_builder.execution.live.states import Result, State
from site_builder.execution.live.world import World
from site_builder.execution.recording import execution_of
from site_builder.execution.values import recorded_false_claims


@dataclass
class Run:
    """A run under way."""

    ahead: bool
    """Whether it only runs ahead: nothing of it is shown."""
    drive: Drive | None = None
    preloads: frozenset[str] = frozenset()
    """What its process has imported before it begins."""
    step: Step | None = None
    """The one that runs now."""
    cancelled: bool = False

    def is_over(self) -> bool:
        """Whether it was cancelled, perhaps just now from another thread."""
        return self.cancelled

    def cancel(self) -> None:
        """End it at once."""
        self.cancelled = True
        if self.drive is not None:
            self.drive.feed.end()

    def suits(self, plan: Plan) -> bool:
        """Whether all that it has run, and runs now, is how a plan begins."""
        done = [] if self.drive is None else [result.identity for result in self.drive.results]
        if not self.preloads <= plan.preloads:
            return False
        return begins_with(plan.chain, [*done, *([self.step.identity] if self.step else [])])


@dataclass
class LivePost:
    """A post under `serve`. Fields change under its lock only."""

    world: World
    on_change: Callable[[], None]
    begin: Callable[[LivePost], threading.Thread]
    """Starts the thread that runs what is wanted."""
    trim: Callable[[], None]
    """Ends processes that wait, of whichever post, if they may be too many."""
    plan: Plan | None = None
    edited: bool = False
    """Whether the author is working on it."""
    edit: int = 0
    """Place of the first step that the last edit changed."""
    wanted: bool = False
    """Whether the plan has to run, or to go on."""
    whole: Shown | None = None
    """What is shown if nothing has to run for it."""
    still: Given = field(default_factory=Given)
    """What earlier runs gave and would give again."""
    attempt: Attempt | None = None
    repeatable: bool = False
    """Whether that run left everything outside of its process as it was."""
    run: Run | None = None
    states: list[State] = field(default_factory=list)
    """The processes that wait."""
    fresh: int = 0
    """How many steps the run had behind it when the post was last wanted."""
    fruitless: Chain | None = None
    """What a process that ran ahead did not come to the end of."""
    again: int = 0
    """How often it ran again for what changed meanwhile."""
    echoes: int = 0
    """The same, for what other posts wrote."""
    fault: Problem | None = None
    """What kept it from running at all."""
    thread: threading.Thread | None = None
    closed: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def show_whole(self, plan: Plan, shown: Shown) -> None:
        """Nothing has to run: what runs is of an older text."""
        with self.lock:
            self._take(plan, known=len(plan.steps))
            self.whole, self.wanted = shown, False
            if self.run is not None and not self.run.ahead:
                self.run.cancel()

    def want(self, plan: Plan, still: Given, *, edited: bool, known: int, run: bool) -> None:
        """The author wants this plan; `known` is how far it was known before this session.

        With `run` false nothing runs for it.
        """
        with self.lock:
            self.edited = edited or self.edited
            self._take(plan, known)
            self.whole, self.still, self.fault, self.wanted = None, still, None, run
            self.fresh = len(plan.steps)
            if not run or self.closed:
                return
            if self.run is not None and not self.run.cancelled:
                self.run.ahead = False
                self.fresh = len(self.run.drive.results) if self.run.drive else 0
            if self.thread is None:
                self.thread = self.begin(self)
        self.world.turns.look()

    def shown(self) -> Shown | None:
        """What can be shown now."""
        with self.lock:
            plan, run, step = self.plan, self.run, None
            if plan is None or self.whole is not None:
                return self.whole
            waits, fault, attempt = self.wanted, self.fault, self.attempt
            results: Sequence[Result] = ()
            if run is not None and run.drive is not None and not (run.ahead or run.cancelled):
                results, step = tuple(run.drive.results), run.step
            fresh, still = self.fresh, self.still
        if not waits and fault is not None:
            return Shown(None, (fault,))
        if not waits and attempt is not None and attempt.chain == plan.chain:
            return _with_times(self._over(plan, attempt, still), attempt.results[fresh:])
        execution = partial_execution(plan, [given_by(results), still], waits=waits)
        told = Shown(execution, running=step.identity[1] if step else 0)
        return _with_times(told, results[fresh:])

    def lacks_spare(self) -> bool:
        """Whether a process should run ahead to the step that is being edited.

        Where a snapshot is near that takes a moment, which the next edit saves.
        """
        with self.lock:
            if not self.edited or self.plan is None or self.attempt is None or self.closed:
                return False
            before = self.plan.chain[: self.edit]
            done = [result.identity for result in self.attempt.results[: self.edit]]
            if (
                not self.repeatable
                or not before
                or list(before) != done
                or before == self.fruitless
            ):
                return False
            return not any(state.feed and state.chain == before for state in self.states)

    def drop(self, state: State) -> None:
        """End a process that waits."""
        with self.lock:
            if state not in self.states:
                return
            self.states.remove(state)
        state.close()

    def cancel(self) -> None:
        """Nothing is wanted any more; the thread comes to its end by itself."""
        with self.lock:
            self.closed, self.wanted = True, False
            if self.run is not None:
                self.run.cancel()
            for state in list(self.states):
                self.drop(state)
        self.world.turns.look()

    def _take(self, plan: Plan, known: int) -> None:
        """A new plan: what does not suit it ends."""
        before = self.plan
        if before is None or before.chain != plan.chain:
            self.edit = known if before is None else common(before.chain, plan.chain)
            self.again = self.echoes = 0
        self.plan = plan
        for state in [s for s in self.states if not s.suits(plan)]:
            self.drop(state)
        if self.run is not None and not self.run.suits(plan):
            self.run.cancel()

    def _over(self, plan: Plan, attempt: Attempt, still: Given) -> Shown:
        """What is shown of a run that came to its end."""
        kept = attempt.kept
        if kept is None:
            given = [given_by(attempt.results), still]
            execution = partial_execution(plan, given, waits=False)
            return Shown(execution if any(map(len, given)) else None, attempt.problems(plan))
        with self.world.runs(anew=False) as runs:
            warnings = warnings_for(plan.post, kept.record, kept.changed, runs)
        false = recorded_false_claims(plan.post, kept.record)
        execution = execution_of(kept.record, plan.post)
        return Shown(execution, false, (*warnings, *kept.remarks), kept.digest)


def _with_times(shown: Shown, results: Sequence[Result]) -> Shown:
    """The same, with what ran for it since the save."""
    cells = tuple(result.identity[1] for result in results if result.identity[1] > 0)
    return replace(shown, seconds=sum(result.seconds for result in results), ran=cells)
