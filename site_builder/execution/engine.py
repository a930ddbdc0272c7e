"""Runs posts: each in a process of its own, as many at once as there are jobs.

In: parsed posts. Out: for each, its Execution or the problems that stopped it. Only the executor's
children run the author's code; here is only the order in which they start.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from site_builder.config import Site
from site_builder.errors import Problem, UsageError
from site_builder.execution.child.protocol import Message
from site_builder.execution.imports import imported, preloads, uses_magics
from site_builder.execution.processes import (
    Processes,
    Spawner,
    Zygote,
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
HEAVY = "keras"


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
    zygote = _Preloading(python, environment) if fork else None
    pool = ThreadPoolExecutor(max_workers=jobs)
    try:
        running: dict[Future[Outcome], str] = {}
        for task in _heavy_first(waiting):
            source = _source(task, zygote, spawner)
            running[pool.submit(_run, task, source, spawner, on_progress)] = task.path
        while running:
            done, _ = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                outcomes[running.pop(future)] = future.result()
        return outcomes
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for processes in (zygote, spawner):
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

    @property
    def spawned(self) -> bool:
        # A Jupyter kernel is a process of its own; there is nothing to fork for it.
        return bool(self.job["kernel"])


def _heavy_first(tasks: list[_Task]) -> list[_Task]:
    """Posts that train come first: with two workers a long post at the end would run alone."""
    return sorted(tasks, key=lambda task: HEAVY not in task.imports)


def _source(task: _Task, zygote: _Preloading | None, spawner: Spawner) -> Processes:
    return spawner if zygote is None or task.spawned else zygote


class _Preloading:
    """A zygote that is started by the first post and imports in the order of need.

    Light modules first; what only some posts need is imported when the first of them comes, while
    others already run. A zygote that turns out to be unsafe is replaced by fresh processes.
    """

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._python, self._environment = python, environment
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._loaded: list[str] = []
        self._refused: set[str] = set()
        self._retired: list[Zygote] = []

    def run(self, job: Message) -> Iterator[Message]:
        """Run a job in a fork that has imported what the job's post imports."""
        with self._lock:
            zygote = self._prepared(preloads(job["imports"]))
        yield from zygote.run(job)

    def _prepared(self, wanted: tuple[str, ...]) -> Zygote:
        """The zygote with `wanted` imported, except what was found to start threads."""
        while True:
            if self._zygote is None:
                self._zygote = Zygote(self._python, self._environment)
                self._loaded = []
            module = ""
            try:
                for module in wanted:
                    if module not in self._loaded and module not in self._refused:
                        self._zygote.preload(module)
                        self._loaded.append(module)
            except ZygoteError:
                # Begin again without the culprit: posts that need it import it themselves. What
                # runs already was forked before and goes on.
                self._refused.add(module)
                self._retired.append(self._zygote)
                self._zygote = None
                continue
            return self._zygote

    def close(self) -> None:
        """End the zygote and all posts that still run."""
        for zygote in (*self._retired, self._zygote):
            if zygote is not None:
                zygote.close()


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
    on_progress(Progress(task.path, 0, len(running), finished=outcome.execution is not None))
    return outcome


def _events(task: _Task, source: Processes, spawner: Spawner) -> Iterator[Message]:
    """The events of a run; where forking fails before it began, of a process started afresh."""
    begun = False
    try:
        for event in source.run(task.job):
            begun = True
            yield event
    except (ZygoteError, OSError):
        if begun:
            raise
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
        "lines": _file_lines(post),
        "cells": [_cell(cell, post, timeout) for cell in post.cells if cell.options.eval],
        "imports": imported(post.cells),
        "magics": not front.kernel and uses_magics(post.cells),
        "kernel": front.kernel,
        "seed": limits.seed if front.seed is None else front.seed,
        "environment": {},
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


def _file_lines(post: Post) -> list[str]:
    """The lines that tracebacks show, at the numbers that they have in the post's file."""
    lines = post.source.text.split("\n")
    if not post.source.lines:
        return [line + "\n" for line in lines]
    placed = {post.source.file_line(number): line for number, line in enumerate(lines, start=1)}
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
    if not os.access(path, os.X_OK):
        message = f"setting 'execution.python': there is no program {given!r}"
        raise UsageError(Problem(message, "site.toml", help="give the path of a Python"))
    return str(path)
