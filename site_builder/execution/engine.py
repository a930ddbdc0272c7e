"""Execution: every post gets the outputs of its cells, found or made.

In: parsed posts. Out: for each an Outcome: its execution, or the problems that stopped it. A run is
reused if a record proves that it would give the same today, else the post runs from the top.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from dataclasses import dataclass, field

from site_builder.errors import ContentError
from site_builder.execution.explain import must_run, no_frozen, stale_frozen
from site_builder.execution.job import job_of
from site_builder.execution.keeping import declared_by, keep
from site_builder.execution.processes import StartError
from site_builder.execution.program import site_python
from site_builder.execution.record import Declared, Record
from site_builder.execution.recording import execution_of
from site_builder.execution.report import Finished, Outcome, warnings_of
from site_builder.execution.reuse import Runs, runs_of, unstartable
from site_builder.execution.running import Executor, OnProgress, Task
from site_builder.execution.values import recorded_false_claims
from site_builder.model.post import Execution, Post
from site_builder.settings.site import Site
from site_builder.store import Store

Outcomes = dict[str, Outcome]
STEP = 0.2  # seconds between two looks whether the author wants to interrupt


@contextlib.contextmanager
def executing(
    posts: Sequence[Post],
    site: Site,
    *,
    store: Store,
    jobs: int,
    fork: bool = True,
    frozen: bool = False,
    thaw: bool = False,
    allow_false_claims: bool = False,
    executor: Executor | None = None,
    on_progress: OnProgress = lambda _: None,
) -> Iterator[Callable[[], Outcomes]]:
    """Run the cells of all posts in the background, `jobs` at once.

    Gives a function that waits for the outcomes, by the posts' paths; it raises UsageError if the
    site's Python cannot be started. With `fork` false, or where forking is not safe, each post gets
    a process started afresh. With `frozen` nothing runs, and what would have to is a problem. With
    `thaw` frozen records are passed over. With `allow_false_claims` a claim that is false is no
    problem. An `executor` that has begun to import is used, if given.
    When the context is left, for whatever reason, every process has ended.
    """
    work = _Work(site, store, jobs, fork, frozen, thaw, allow_false_claims, on_progress, executor)
    with ThreadPoolExecutor(max_workers=1) as background:
        future = background.submit(work.outcomes, posts)
        try:
            yield lambda: _result(future)
        finally:
            work.close()


def execute(
    posts: Sequence[Post],
    site: Site,
    *,
    store: Store,
    jobs: int,
    fork: bool = True,
    thaw: bool = False,
    allow_false_claims: bool = False,
    on_progress: OnProgress = lambda _: None,
) -> Outcomes:
    """The same at once: run the cells and wait for the outcomes."""
    with executing(
        posts,
        site,
        store=store,
        jobs=jobs,
        fork=fork,
        thaw=thaw,
        allow_false_claims=allow_false_claims,
        on_progress=on_progress,
    ) as outcomes:
        return outcomes()


def nothing_to_run(post: Post) -> Execution:
    """The execution of a post before, or without, a run: no output at all."""
    return Execution(outputs=((),) * len(post.cells), environment=None)


def _result(future: Future[Outcomes]) -> Outcomes:
    while True:
        # In steps, so that an interrupt is seen at once on every system.
        with contextlib.suppress(NotYetError):
            return future.result(timeout=STEP)


@dataclass
class _Work:
    """The execution stage of one build."""

    site: Site
    store: Store
    jobs: int
    fork: bool
    frozen: bool
    thaw: bool
    allow_false_claims: bool
    on_progress: OnProgress
    _executor: Executor | None = None
    _closed: bool = False
    _made: dict[str, Record] = field(default_factory=dict)
    """Records of what ran in this build."""
    _unsettled: dict[str, frozenset[str]] = field(default_factory=dict)
    """Files that changed while the post ran that had read them."""
    _keeping: threading.Lock = field(default_factory=threading.Lock)

    def outcomes(self, posts: Sequence[Post]) -> Outcomes:
        """Find or make the outputs of every post."""
        outcomes = {p.source.path: Outcome(nothing_to_run(p)) for p in posts}
        running = [post for post in posts if post.runs]
        if not running:
            return outcomes
        with runs_of(self.site, self.store, thaw=self.thaw) as runs:
            return outcomes | self._found_or_made(running, runs)

    def _found_or_made(self, posts: Sequence[Post], runs: Runs) -> Outcomes:
        outcomes: Outcomes = {}
        waiting = []
        for post in posts:
            found = self._found(post, runs)
            if found is None and self.frozen:
                found = Outcome(problems=(must_run(post, runs),))
            if found is None:
                waiting.append(post)
            else:
                outcomes[post.source.path] = found
        if waiting:
            outcomes |= self._made_anew(waiting, runs)
            # A post may have read what another one wrote in the meantime.
            again = self._outdated(posts, outcomes, runs)
            if again:
                outcomes |= self._made_anew(again, runs)
        return outcomes

    def _found(self, post: Post, runs: Runs) -> Outcome | None:
        """The outcome of a post that need not run, or must not."""
        try:
            proven = runs.proven(post)
            if proven is None and post.front_matter.execute == "frozen" and not self.thaw:
                return Outcome(problems=(no_frozen(post, runs),))
        except ContentError as error:
            return Outcome(problems=error.problems)
        if proven is None:
            return None
        record, digest = proven
        false = recorded_false_claims(post, record)
        if false and not self.allow_false_claims:
            # Kept when it was allowed; a new run may find it true.
            return Outcome(problems=false) if self.frozen or record.frozen else None
        warnings = warnings_of(post, record.leftovers) + stale_frozen(post, record, runs) + false
        execution = execution_of(record, post)
        return Outcome(execution, warnings=warnings, record=digest, reused=True)

    def close(self) -> None:
        """End every process; what still waits for one comes to its end."""
        self._closed = True
        if self._executor is not None:
            self._executor.close()

    def _made_anew(self, posts: Sequence[Post], runs: Runs) -> Outcomes:
        """Run posts from the top."""
        if self._executor is None:
            python = site_python(self.site)
            environment = runs.prover.environment
            self._executor = Executor(python, environment, jobs=self.jobs, fork=self.fork)
        if self._closed:
            self._executor.close()
        declared = {post.source.path: declared_by(post, runs) for post in posts}
        tasks = [Task(post, job_of(post, self.site)) for post in posts]

        def keep_one(post: Post, run: Finished) -> Outcome:
            with self._keeping:
                runs.prover.forget_files()  # others may have written some since
                return self._kept(post, run, declared[post.source.path], runs)

        try:
            done = self._executor.run(tasks, keep_one, self.on_progress)
        except StartError as error:
            raise unstartable(site_python(self.site), error) from None
        runs.prover.forget_files()
        # Nothing came of posts that were waiting when the build was interrupted.
        return {p.source.path: done.get(p.source.path, Outcome()) for p in posts}

    def _kept(self, post: Post, run: Finished, declared: Sequence[Declared], runs: Runs) -> Outcome:
        """Keep the record of a run, and compare it with the last one."""
        kept = keep(post, run, declared, runs, allow_false_claims=self.allow_false_claims)
        path = post.source.path
        self._unsettled[path], self._made[path] = kept.changed, kept.record
        if kept.false and not self.allow_false_claims:
            return Outcome(problems=kept.false)
        return Outcome(
            execution_of(kept.record, post),
            warnings=(*kept.warnings, *kept.false),
            remarks=kept.remarks,
            record=kept.digest,
        )

    def _outdated(
        self, posts: Sequence[Post], outcomes: Mapping[str, Outcome], runs: Runs
    ) -> list[Post]:
        """Posts that read, or missed, what another one has written since."""
        if self._closed:
            return []
        again = []
        for post in posts:
            own = post.source.path
            written = frozenset(
                seen.path
                for path, record in self._made.items()
                for seen in record.trace.files
                if seen.kind == "wrote" and path != own
            )
            record = self._made.get(own) or runs.load(outcomes[own].record)
            unsettled = self._unsettled.get(own, frozenset())
            if not written:
                continue
            if record is None:
                # It failed, perhaps for want of what is there now.
                if outcomes[own].problems:
                    again.append(post)
            elif written & unsettled or runs.prover.is_outdated(record, written):
                again.append(post)
        return again
