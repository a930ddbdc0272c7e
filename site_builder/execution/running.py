"""Runs jobs: each in a process of its own, as many at once as there are threads for it.

In: posts and their jobs. Out: what came of each run. Only the executor's children run the author's
code; here is only the order in which they start. Promise: `close` ends every process, at any time.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from site_builder.execution.child.protocol import Message
from site_builder.execution.forks import Forks
from site_builder.execution.imports import is_slow
from site_builder.execution.processes import Processes, Spawner, ZygoteError
from site_builder.execution.report import Finished, Outcome, report
from site_builder.model.post import Post


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running post is."""

    path: str
    cell: int
    """Number of the cell that runs, from 1; 0 when the post is over."""
    cells: int
    """How many cells of the post run."""
    finished: bool = False
    """Whether the post is over and every cell ran."""


OnProgress = Callable[[Progress], None]
Keep = Callable[[Post, Finished], Outcome]


@dataclass(frozen=True, slots=True)
class Task:
    """A post that has to run."""

    post: Post
    job: Message

    @property
    def path(self) -> str:
        """The post's file."""
        return self.post.source.path

    @property
    def imports(self) -> tuple[str, ...]:
        """Top-level names that its cells import."""
        names: tuple[str, ...] = self.job["imports"]
        return names


class Executor:
    """The processes of posts, for as long as a build runs cells."""

    def __init__(
        self, python: str, environment: Mapping[str, str], *, jobs: int, fork: bool
    ) -> None:
        """Run `jobs` posts at once, with `fork` in forks of processes that have imported much."""
        self._jobs = jobs
        self._spawner = Spawner(python, environment)
        self._forks = Forks(python, environment) if fork else None
        self._queue = _Queue(self._forks)

    def run(self, tasks: Sequence[Task], keep: Keep, on_progress: OnProgress) -> dict[str, Outcome]:
        """Run posts; what came of them by their paths. Raises StartError.

        `keep` is called as soon as a post has come to its end, so that an interrupt loses no other.
        """
        ran: dict[str, Outcome] = {}
        self._queue.fill(tasks)

        def work() -> None:
            while (task := self._queue.take()) is not None:
                came = self._run(task, on_progress)
                ran[task.path] = keep(task.post, came) if isinstance(came, Finished) else came

        with ThreadPoolExecutor(max_workers=self._jobs) as pool:
            workers = [pool.submit(work) for _ in range(min(self._jobs, len(tasks)))]
            try:
                for worker in workers:
                    worker.result()
            finally:
                self._queue.clear()
        return ran

    def begin(self, imports: Sequence[str]) -> None:
        """Begin imports that a post to come may wait for."""
        if self._forks is not None:
            self._forks.begin(imports)

    def close(self) -> None:
        """End every process, and let nothing more start."""
        self._queue.clear(for_good=True)
        for processes in (self._forks, self._spawner):
            if processes is not None:
                processes.close()

    def _run(self, task: Task, on_progress: OnProgress) -> Finished | Outcome:
        """Run one post and make what can be made of its events."""
        # A Jupyter kernel is a process of its own; there is nothing to fork for it.
        source = self._spawner if self._forks is None or task.job["kernel"] else self._forks
        numbers = [cell["number"] for cell in task.job["cells"]]
        events = []
        for event in self._events(task, source):
            events.append(event)
            if event["event"] == "cell":
                place = numbers.index(event["number"]) + 1
                on_progress(Progress(task.path, place, len(numbers)))
        outcome = report(task.post, task.job, events)
        if events and events[-1].get("stopped") != "abandoned":
            finished = isinstance(outcome, Finished)
            on_progress(Progress(task.path, 0, len(numbers), finished=finished))
        return outcome

    def _events(self, task: Task, source: Processes) -> Iterator[Message]:
        """The events of a run; where forking fails before it began, of a process made afresh."""
        begun = False
        with contextlib.suppress(ZygoteError):
            for event in source.run(task.job):
                begun = True
                yield event
        if not begun and source is not self._spawner:
            yield from self._spawner.run(task.job)


class _Queue:
    """Which post is next. Posts that need a slow import wait for it while others run; but when it
    is done they come first, since with two workers a long post at the end would run alone."""

    def __init__(self, forks: Forks | None) -> None:
        self._forks = forks
        self._slow: deque[Task] = deque()
        self._others: deque[Task] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def fill(self, tasks: Sequence[Task]) -> None:
        """Add tasks, and begin the import that some of them wait for."""
        with self._lock:
            if self._closed:
                return
            slow = [task for task in tasks if is_slow(task.imports)]
            self._slow.extend(slow)
            self._others.extend(task for task in tasks if task not in slow)
            if self._forks is not None and slow:
                self._forks.warm_up(slow[0].imports)

    def take(self) -> Task | None:
        """The next task, or None."""
        with self._lock:
            ready = self._forks is None or not self._slow or self._forks.is_warm()
            if self._slow and (ready or not self._others):
                return self._slow.popleft()
            return self._others.popleft() if self._others else None

    def clear(self, *, for_good: bool = False) -> None:
        """Let nothing more start."""
        with self._lock:
            self._slow.clear()
            self._others.clear()
            self._closed = self._closed or for_good
