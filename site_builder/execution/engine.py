"""Runs posts: each in a process of its own, as many at once as there are jobs.

In: parsed posts. Out: for each, its Execution or the problems that stopped it. Only the executor's
children run the author's code; here is only the order in which they start.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from site_builder.config import Site
from site_builder.errors import Problem, UsageError
from site_builder.execution.child.protocol import Message
from site_builder.execution.forks import Forks
from site_builder.execution.imports import imported, is_slow, uses_magics
from site_builder.execution.processes import (
    Processes,
    Spawner,
    StartError,
    ZygoteError,
    post_environment,
)
from site_builder.execution.report import Outcome, report
from site_builder.model import Cell, Execution, Post


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


def execute(
    posts: Sequence[Post],
    site: Site,
    *,
    jobs: int,
    fork: bool = True,
    on_progress: OnProgress = lambda _: None,
) -> dict[str, Outcome]:
    """Run the cells of all posts, `jobs` at once; outcomes by the posts' paths.

    With `fork` false, or where forking is not safe, each post gets a process started afresh.
    Raises UsageError if the site's Python cannot be started. On KeyboardInterrupt every process
    is ended before it goes on.
    """
    outcomes = {p.source.path: Outcome(execution=nothing_to_run(p)) for p in posts}
    waiting = [_Task(post, _job(post, site)) for post in posts if _runs(post)]
    if not waiting:
        return outcomes
    python = _interpreter(site)
    environment = post_environment(
        site.settings.execution.environment, site.settings.execution.pass_environment
    )
    spawner = Spawner(python, environment)
    forks = Forks(python, environment) if fork else None
    queue = _Queue(waiting, forks)
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        workers = [
            pool.submit(_work, queue, forks, spawner, outcomes, on_progress)
            for _ in range(min(jobs, len(waiting)))
        ]
        for worker in workers:
            while not worker.done():
                # In steps, so that an interrupt is seen at once on every system.
                wait([worker], timeout=0.2)
            worker.result()
        return outcomes
    except StartError as error:
        message = f"the Python that runs posts, {python!r}, does not start: {error}"
        help_ = "set 'execution.python' to the path of a Python from 3.11 on"
        raise UsageError(Problem(message, "site.toml", help=help_)) from None
    finally:
        queue.clear()
        for processes in (forks, spawner):
            if processes is not None:
                processes.close()
        pool.shutdown(wait=True)


def nothing_to_run(post: Post) -> Execution:
    """The execution of a post before, or without, a run: no output at all."""
    return Execution(outputs=((),) * len(post.cells), seconds=0.0, environment=None)


def _runs(post: Post) -> bool:
    return any(cell.options.eval for cell in post.cells)


@dataclass(frozen=True, slots=True)
class _Task:
    post: Post
    job: Message

    @property
    def path(self) -> str:
        return self.post.source.path

    @property
    def imports(self) -> tuple[str, ...]:
        names: tuple[str, ...] = self.job["imports"]
        return names


class _Queue:
    """Which post is next. Posts that need a slow import wait for it while others run; but when it
    is done they come first, since with two workers a long post at the end would run alone."""

    def __init__(self, tasks: Sequence[_Task], forks: Forks | None) -> None:
        slow = [task for task in tasks if is_slow(task.imports)]
        self._slow = deque(slow)
        self._others = deque(task for task in tasks if task not in slow)
        self._forks = forks
        self._lock = threading.Lock()
        if forks is not None and slow:
            forks.warm_up(slow[0].imports)

    def take(self) -> _Task | None:
        """The next post, or None."""
        with self._lock:
            ready = self._forks is None or not self._slow or self._forks.is_warm()
            if self._slow and (ready or not self._others):
                return self._slow.popleft()
            return self._others.popleft() if self._others else None

    def clear(self) -> None:
        """Let nothing more start."""
        with self._lock:
            self._slow.clear()
            self._others.clear()


def _work(
    queue: _Queue,
    forks: Forks | None,
    spawner: Spawner,
    outcomes: dict[str, Outcome],
    on_progress: OnProgress,
) -> None:
    """Run one post after the other until there is none."""
    while (task := queue.take()) is not None:
        # A Jupyter kernel is a process of its own; there is nothing to fork for it.
        source = spawner if forks is None or task.job["kernel"] else forks
        outcomes[task.path] = _run(task, source, spawner, on_progress)


def _run(task: _Task, source: Processes, spawner: Spawner, on_progress: OnProgress) -> Outcome:
    """Run one post and make its outcome of the events."""
    running = [cell for cell in task.post.cells if cell.options.eval]
    events = []
    for event in _events(task, source, spawner):
        events.append(event)
        if event["event"] == "cell":
            number = [cell.number for cell in running].index(event["number"]) + 1
            on_progress(Progress(task.path, number, len(running)))
    outcome = report(task.post, task.job, events)
    if events and events[-1].get("stopped") != "abandoned":
        finished = outcome.execution is not None
        on_progress(Progress(task.path, 0, len(running), finished=finished))
    return outcome


def _events(task: _Task, source: Processes, spawner: Spawner) -> Iterator[Message]:
    """The events of a run; where forking fails before it began, of a process started afresh."""
    begun = False
    with contextlib.suppress(ZygoteError):
        for event in source.run(task.job):
            begun = True
            yield event
    if not begun and source is not spawner:
        yield from spawner.run(task.job)


def _job(post: Post, site: Site) -> Message:
    """What the child needs to know, as JSON."""
    settings = site.settings
    source, front = post.source, post.front_matter
    limits = settings.execution
    timeout = front.timeout or limits.timeout
    return {
        "name": source.path,
        "file": str(site.root / source.path),
        "folder": str(site.root / source.folder),
        "root": str(site.root),
        "lines": _code_lines(post),
        "cells": [_cell(cell, post, timeout) for cell in post.cells if cell.options.eval],
        "imports": imported(post.cells),
        "magics": not front.kernel and uses_magics(post.cells),
        "kernel": front.kernel,
        "seed": limits.seed if front.seed is None else front.seed,
        "figures": {
            "format": settings.figures.format,
            "width": settings.figures.width,
            "height": settings.figures.height,
            "svg_limit": settings.figures.svg_limit * 1000,
        },
        "limits": {
            "post_timeout": limits.post_timeout,
            "memory": int(limits.memory * 1e9),
            "output": int(limits.output_limit * 1e6),
        },
    }


def _code_lines(post: Post) -> list[str]:
    """The lines of all cells, without indentation, at the numbers that they have in the file."""
    placed: dict[int, str] = {}
    for cell in post.cells:
        first = post.source.file_line(cell.line)
        placed |= enumerate(cell.code.removesuffix("\n").split("\n"), start=first)
    return [placed.get(number, "") + "\n" for number in range(1, max(placed) + 1)]


def _cell(cell: Cell, post: Post, timeout: float) -> Message:
    options = cell.options
    return {
        "number": cell.number,
        "code": cell.code,
        "line": post.source.file_line(cell.line),
        "timeout": options.timeout or timeout,
        "options": {
            "error": options.error,
            "fig_width": options.fig_width,
            "fig_height": options.fig_height,
        },
    }


def _interpreter(site: Site) -> str:
    """The Python that runs posts; raises UsageError if there is none."""
    given = site.settings.execution.python
    if not given:
        return sys.executable
    path = Path(os.path.expanduser(given))  # noqa: PTH111
    path = path if path.is_absolute() else site.root / path
    if not path.is_file() or not os.access(path, os.X_OK):
        message = f"setting 'execution.python': there is no program {given!r}"
        raise UsageError(Problem(message, "site.toml", help="give the path of a Python"))
    return str(path)
