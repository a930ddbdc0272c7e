"""The same function on many posts, on all cores.

In: a function of the module level and its arguments. Out: results in order, and the problems of
those that failed. Few tasks run right here: starting a process costs more than rendering a post.
Promise: however the build ends, none of the processes outlives it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

from site_builder.errors import ContentError, Problem, UsageError

R = TypeVar("R")
FEW = 24  # tasks that are not worth a process


@dataclass(frozen=True, slots=True)
class Mapped(Generic[R]):
    """What came of many calls."""

    results: tuple[R, ...]
    """Of those that succeeded, in order."""
    problems: tuple[Problem, ...]
    """Of those that did not."""


class Workers:
    """Processes for as long as a build lasts; a context manager."""

    def __init__(self, jobs: int, *, tasks: int) -> None:
        """`tasks` is about how many calls are to come."""
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None
        if jobs > 1 and tasks > FEW:
            # Fork where it is the custom: nothing is imported again. No thread runs yet.
            method = "fork" if sys.platform == "linux" else "spawn"
            context = multiprocessing.get_context(method)
            self._pool = ProcessPoolExecutor(
                jobs, mp_context=context, initializer=_end_with_the_build
            )

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is None:
            return
        if kind is not None:
            # Nobody waits for what they compute.
            for process in multiprocessing.active_children():
                process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def map(self, function: Callable[..., R], arguments: Sequence[tuple[Any, ...]]) -> Mapped[R]:
        """Call `function` with each of the arguments; ContentErrors are collected.

        Raises UsageError if a process was ended by others.
        """
        if self._pool is None or len(arguments) <= FEW:
            outcomes = [_call((function, each)) for each in arguments]
        else:
            chunk = max(1, min(64, len(arguments) // (4 * self._jobs)))
            calls = [(function, each) for each in arguments]
            try:
                with _uninterrupted():
                    running = self._pool.map(_call, calls, chunksize=chunk)
                outcomes = list(running)
            except BrokenProcessPool:
                message = "a process that rendered posts was ended from outside"
                help_ = "the system may have run out of memory: build again with -j 1"
                raise UsageError(Problem(message, help=help_)) from None
        results = tuple(outcome for outcome in outcomes if not isinstance(outcome, _Failed))
        failures = [outcome for outcome in outcomes if isinstance(outcome, _Failed)]
        return Mapped(results, tuple(p for failure in failures for p in failure.problems))


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes begin in here: Ctrl-C, which goes to all of them, is for the build alone."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_the_build() -> None:
    """In a process of the pool: a build that is killed cannot tell its processes to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    build = multiprocessing.parent_process()
    if build is not None:
        threading.Thread(target=_end_after, args=(build.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)


@dataclass(frozen=True, slots=True)
class _Failed:
    problems: tuple[Problem, ...]


def _call(call: tuple[Callable[..., R], tuple[Any, ...]]) -> R | _Failed:
    function, arguments = call
    try:
        return function(*arguments)
    except ContentError as error:
        return _Failed(error.problems)
