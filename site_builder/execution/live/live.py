"""All live posts: a save goes in, what can be shown comes out, at once and whenever there is more.

In: posts as they are now. Out: Shown. Promise: what is shown is what a clean run gives; when it is
closed, every process has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from site_builder.errors import ContentError
from site_builder.execution.differences import steps_of
from site_builder.execution.engine import nothing_to_run
from site_builder.execution.explain import no_frozen, stale_frozen
from site_builder.execution.live.attempt import still_given
from site_builder.execution.live.plan import Plan, common, plan_of
from site_builder.execution.live.post import LivePost
from site_builder.execution.live.shown import Shown
from site_builder.execution.live.states import changes_since, superfluous
from site_builder.execution.live.work import begin_work
from site_builder.execution.live.world import World
from site_builder.execution.proof import Change
from site_builder.execution.record import Record
from site_builder.execution.recording import execution_of
from site_builder.execution.report import warnings_of
from site_builder.execution.reuse import Runs
from site_builder.execution.values import recorded_false_claims
from site_builder.model.post import Post
from site_builder.settings.site import Site
from site_builder.store import Store

ECHOES = 2  # how often a post runs again for what other posts wrote, as long as its text stays


class LivePosts:
    """The posts of a site under `serve`; a context manager."""

    def __init__(
        self,
        site: Site,
        store: Store,
        *,
        jobs: int,
        fork: bool,
        execute: bool,
        on_change: Callable[[str], None],
    ) -> None:
        """Run `jobs` posts at once, and the one that is edited; with `execute` false none.

        `on_change(path)` is called from any thread after what `shown(path)` gives has changed.
        Raises UsageError if there is no Python to run posts.
        """
        self._site, self._store, self._jobs, self._fork = site, store, jobs, fork
        self._execute, self._on_change = execute, on_change
        self._posts: dict[str, LivePost] = {}
        self._still: dict[str, Shown] = {}
        """Posts without anything to run."""
        self._threads: list[threading.Thread] = []
        self._showing = threading.RLock()
        self._trimming = threading.Lock()
        self._world = World(site, store, jobs=jobs, fork=fork)

    def __enter__(self) -> LivePosts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def show(self, post: Post, *, edited: bool) -> Shown:
        """What can be shown of this text at once; what is missing begins to run.

        `edited` says that the author has just saved the post itself: it comes before others, and
        its processes are kept. Raises UsageError if the Python of the posts does not start.
        """
        path = post.source.path
        with self._showing:
            self._renew_if_outdated()
            if not post.runs:
                self.forget(path)
                return self._still.setdefault(path, Shown(nothing_to_run(post)))
            self._still.pop(path, None)
            live = self._posts.get(path) or self._begun(path)
            plan = plan_of(post, self._site)
            with self._world.runs() as runs:
                whole = self._whole(plan, runs)
                if whole is None:
                    self._want(plan, live, runs, edited=edited)
                else:
                    live.show_whole(plan, whole)
            shown = live.shown()
            assert shown is not None
            return shown

    def shown(self, path: str) -> Shown | None:
        """What can be shown of a post now; None if it was never wanted."""
        live = self._posts.get(path)
        return self._still.get(path) if live is None else live.shown()

    def forget(self, path: str) -> None:
        """The post is gone: everything of it ends."""
        self._still.pop(path, None)
        live = self._posts.pop(path, None)
        if live is not None:
            live.cancel()

    def is_idle(self) -> bool:
        """Whether nothing runs whose result will be shown."""
        return not any(live.wanted for live in list(self._posts.values()))

    def processes(self) -> int:
        """How many processes of posts are kept, or run."""
        lives = list(self._posts.values())
        return sum(len(live.states) + (live.run is not None) for live in lives)

    def close(self) -> None:
        """End every process."""
        with self._showing:
            for path in list(self._posts):
                self.forget(path)
            self._world.close()
        for thread in self._threads:
            thread.join()

    def _begun(self, path: str) -> LivePost:
        live = LivePost(self._world, lambda: self._on_change(path), self._begin, self._trim)
        self._posts[path] = live
        return live

    def _begin(self, live: LivePost) -> threading.Thread:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = begin_work(live)
        self._threads.append(thread)
        return thread

    def _whole(self, plan: Plan, runs: Runs) -> Shown | None:
        """What is shown if nothing has to run, or nothing may."""
        post = plan.post
        try:
            proven = runs.proven(post)
            if proven is None and post.front_matter.execute == "frozen":
                return Shown(None, (no_frozen(post, runs),))
        except ContentError as error:
            return Shown(None, error.problems)
        if proven is None:
            return None
        record, digest = proven
        warnings = warnings_of(post, record.leftovers) + stale_frozen(post, record, runs)
        false = recorded_false_claims(post, record)
        return Shown(execution_of(record, post), false, warnings, digest, reused=True)

    def _want(self, plan: Plan, live: LivePost, runs: Runs, *, edited: bool) -> None:
        ran_here = live.attempt is not None and live.attempt.kept is not None
        last = None if ran_here else runs.latest(plan.path)
        known = _known(plan, last)
        stands = self._stands(plan, live, runs)
        still = still_given(plan, live.attempt, last, runs.prover)
        live.want(plan, still, edited=edited, known=known, run=self._execute and not stands)

    def _stands(self, plan: Plan, live: LivePost, runs: Runs) -> bool:
        """Whether the last run is as good as another one would be: nothing that it read changed,
        but for what it did itself and what nobody can see."""
        attempt = live.attempt
        if attempt is None or attempt.chain != plan.chain:
            return False
        if attempt.kept is None and attempt.timeouts != plan.timeouts:
            return False
        trace = attempt.kept.record.trace if attempt.kept else attempt.trace
        if trace is None:
            return attempt.kept is None  # a crash: only another text is tried
        changed = changes_since(trace, plan.path, runs.prover)
        if attempt.kept is not None:
            changed = _but(changed, attempt.kept.record)
        if not changed:
            return True
        for other in self._posts.values():
            if other.attempt is not None and other.attempt.kept is not None:
                changed = _but(changed, other.attempt.kept.record)
        # Posts that write what others read may go on like this for ever.
        live.echoes += not changed
        return live.echoes > ECHOES

    def _renew_if_outdated(self) -> None:
        """Where packages were installed or removed, begin everything anew."""
        if not self._world.is_outdated():
            return
        for live in self._posts.values():
            live.cancel()
        self._posts.clear()
        self._world.close()
        self._world = World(self._site, self._store, jobs=self._jobs, fork=self._fork)

    def _trim(self) -> None:
        """End the least useful of the processes that wait, if they are too many."""
        with self._trimming:
            owners = [(s, live) for live in list(self._posts.values()) for s in list(live.states)]
            for state in superfluous([state for state, _ in owners]):
                for owned, live in owners:
                    if owned is state:
                        live.drop(state)


def _but(changes: Sequence[Change], record: Record) -> list[Change]:
    """The changes, but for those of files that a run wrote."""
    written = {file.path for file in record.trace.files if file.kind == "wrote"}
    return [change for change in changes if not any(path in change.what for path in written)]


def _known(plan: Plan, last: Record | None) -> int:
    """How many steps of a plan are those of the last run that is known."""
    if last is None:
        return 0
    return common([step.key for step in plan.steps], [step.key for _, step in steps_of(last)])
