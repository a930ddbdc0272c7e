"""Runs one post within its limits, and leaves nothing running.

In: a job and the descriptor for its events; one for commands if its steps come one by one. The post
runs in a process of its own below this one, which guards it. Without `fork` (Windows) it runs right
here and a thread watches; what it leaves behind stays.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import weakref
from typing import Any, cast

from site_builder.execution.child import protocol
from site_builder.execution.child.copies import CopyWatch, State
from site_builder.execution.child.guard import go_with, guard, stand_above
from site_builder.execution.child.observe import Observer
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.runner import run_post
from site_builder.execution.child.streams import Capture, memory_file
from site_builder.execution.child.verdict import Verdict, exited, watched_from_inside

NONE = -1


def supervise(job: Message, events: int, observer: Observer, commands: int = NONE) -> None:
    """Run the job's post and send its events, `exited` at last; `observer` watches the post.

    With `commands` it obeys what comes there (see `fed`). Nothing of the job is left then: the next
    one may follow.
    """
    fds = (memory_file("stdout"), memory_file("stderr"))
    try:
        _supervise(job, (events, commands), fds, observer)
    finally:
        for fd in fds:
            os.close(fd)


def _supervise(
    job: Message, channel: tuple[int, int], fds: tuple[int, int], observer: Observer
) -> None:
    state, (events, _) = State(), channel
    if not hasattr(os, "fork"):
        verdict = Verdict(job["limits"])
        with watched_from_inside(verdict, events, fds, state):
            _run(job, channel, fds, state, observer)
        protocol.send(events, exited(0, verdict, 0, state, fds))
        return
    ours = stand_above()
    pid = os.fork()
    if pid == 0:
        go_with(ours)
        code = 1
        try:
            _run(job, channel, fds, state, observer)
            code = 0
        finally:
            os._exit(code)
    guard(pid, job, events, fds, state)


def _run(
    job: Message,
    channel: tuple[int, int],
    fds: tuple[int, int],
    state: State,
    observer: Observer,
) -> None:
    """In the post's own process: run its cells."""
    events, commands = channel
    try:
        _settle(job)
        observer.begin(job)
    except Exception as error:
        described = {"name": type(error).__name__, "message": str(error), "text": "", "frames": []}
        protocol.send(events, {"event": "failed", "number": 0, "outputs": [], "error": described})
        return
    capture = Capture(fds, job["limits"]["output"])
    copies = CopyWatch(state)

    def emit(message: Message) -> None:
        copies.end_if_copy()
        protocol.send(events, message)

    def enter_cell(number: int, timeout: float) -> None:
        copies.number = observer.observations.cell = number
        state.enter(number, time.monotonic() + timeout)

    def leave_cell() -> None:
        copies.end_if_copy()
        copies.wait_for_copies()
        state.enter(copies.number, 0.0)

    telling = emit, enter_cell, leave_cell
    if commands == NONE:
        run_post(job, capture, *telling, observer)
    else:
        # Late: a build has no use for it, and each process would import it.
        from site_builder.execution.child.fed import Process, obey

        obey(Process(job, channel, fds, state, capture, copies, observer), *telling)
    copies.end_if_copy()
    # What a process does at its end would wait for threads and pools; temporary folders go.
    with contextlib.suppress(Exception):
        cast(Any, weakref.finalize)._exitfunc()


def _settle(job: Message) -> None:
    """Make this process one for posts."""
    import faulthandler

    _limit_memory(job["limits"]["memory"])
    os.chdir(job["folder"])
    faulthandler.enable(file=2)
    if hasattr(os, "fork"):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # A post leaves no compiled files beside its modules.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def _limit_memory(size: int) -> None:
    """Limit what the process may allocate, in bytes; address space alone costs nothing."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (size, hard))
