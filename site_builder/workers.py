"""The same function on many posts, on all cores.

In: a function of the module level and its arguments; the first are the same in all calls. Out:
results in order, and the problems of those that failed. Few tasks run right here: starting a
process costs more than rendering a post. Promise: however the build ends, none of the processes
outlives it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from site_builder.errors import ContentError, Problem, UsageError

if TYPE_CHECKING:  # few posts need no processes, and not what starts them either
    from concurrent.futures import ProcessPoolExecutor

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

    def __init__(self, jobs: int, *common: Any, tasks: int) -> None:
        """`common` are the first arguments of all calls, `tasks` about how many are to come."""
        self._jobs = jobs
        self._common = common
        self._pool: ProcessPoolExecutor | None = None
        if jobs > 1 and tasks > FEW:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            # Fork where it is the custom: nothing is imported again. No thread runs yet.
            method = "fork" if sys.platform == "linux" else "spawn"
            context = multiprocessing.get_context(method)
            self._pool = ProcessPoolExecutor(
                jobs, mp_context=context, initializer=_begin, initargs=common
            )
            with _uninterrupted():
                self._pool.submit(_nothing)  # starts all processes, as long as there is no thread

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
            import multiprocessing

            # Nobody waits for what they compute.
            for process in multiprocessing.active_children():
                process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def map(self, function: Callable[..., R], arguments: Sequence[tuple[Any, ...]]) -> Mapped[R]:
        """Call `function` with what is common and each of the arguments.

        ContentErrors are collected.

        Raises UsageError if a process was ended by others.
        """
        if self._pool is None or len(arguments) <= FEW:
            outcomes = [_call(function, self._common, each) for each in arguments]
        else:
            from concurrent.futures.process import BrokenProcessPool

            chunk = max(1, min(64, len(arguments) // (4 * self._jobs)))
            calls = [(function, each) for each in arguments]
            try:
                outcomes = list(self._pool.map(_call_there, calls, chunksize=chunk))
            except BrokenProcessPool:
                message = "a process that rendered posts was ended from outside"
                help_ = "the system may have run out of memory: build again with -j 1"
                raise UsageError(Problem(message, help=help_, code="C022")) from None
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


def _begin(*common: Any) -> None:
    """In a process of the pool: a build that is killed cannot tell its processes to end."""
    global _common  # noqa: PLW0603
    _common = common
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import multiprocessing

    build = multiprocessing.parent_process()
    if build is not None:
        threading.Thread(target=_end_after, args=(build.sentinel,), daemon=True).start()


_common: tuple[Any, ...] = ()
"""In a process of the pool: the first arguments of all calls."""


def _nothing() -> None:
    pass


def _end_after(sentinel: int) -> None:
    from multiprocessing.connection import wait

    wait([sentinel])
    os._exit(1)


@dataclass(frozen=True, slots=True)
class _Failed:
    problems: tuple[Problem, ...]


def _call_there(call: tuple[Callable[..., R], tuple[Any, ...]]) -> R | _Failed:
    function, arguments = call
    return _call(function, _common, arguments)


def _call(
    function: Callable[..., R], common: tuple[Any, ...], arguments: tuple[Any, ...]
) -> R | _Failed:
    try:
        return function(*common, *arguments)
    except ContentError as error:
        return _Failed(error.problems)
