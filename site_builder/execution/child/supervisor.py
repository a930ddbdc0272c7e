"""Keeps one post within its limits, and leaves nothing running.

In: a job and the descriptor for its events. The post runs in a process of its own below this one;
here is nothing but the watch: time per cell and per post, size of output, and, when it is over, the
end of every process that the post left behind. Without `fork` (Windows) the post runs right here
and a thread watches; what it leaves behind stays.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time
import weakref
from typing import Any, cast

from site_builder.execution.child import protocol
from site_builder.execution.child.copies import CopyWatch, State
from site_builder.execution.child.observe import Observer
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.runner import run_post
from site_builder.execution.child.streams import Capture, memory_file
from site_builder.execution.child.verdict import Verdict, exited, watched_from_inside

TICK = 0.005  # seconds between two looks at the clock and the size of the output
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def supervise(job: Message, events: int, observer: Observer) -> None:
    """Run the job's post and send its events, `exited` at last; `observer` watches the post.

    Nothing of the job is left then: the next one may follow.
    """
    fds = (memory_file("stdout"), memory_file("stderr"))
    try:
        _supervise(job, events, fds, observer)
    finally:
        for fd in fds:
            os.close(fd)


def _supervise(job: Message, events: int, fds: tuple[int, int], observer: Observer) -> None:
    state = State()
    verdict = Verdict(job["limits"])
    if not hasattr(os, "fork"):
        with watched_from_inside(verdict, events, fds, state):
            _run(job, events, fds, state, observer)
        protocol.send(events, exited(0, verdict, 0, state, fds))
        return
    with contextlib.suppress(OSError):
        os.setsid()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    ours = os.getpid()
    pid = os.fork()
    if pid == 0:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != ours:
            os._exit(1)  # it was gone before we asked to go with it
        os.setpgid(0, 0)
        code = 1
        try:
            _run(job, events, fds, state, observer)
            code = 0
        finally:
            os._exit(code)
    signal.signal(signal.SIGTERM, lambda *_: verdict.abandon())
    protocol.send(events, {"event": "started", "pid": pid})
    try:
        status = _watch(pid, events, fds, state, verdict)
    finally:
        leftovers = _sweep(pid)
    with contextlib.suppress(OSError):
        os.write(events, b"\n")  # ends what the post may have left unfinished
        protocol.send(events, exited(status, verdict, leftovers, state, fds))


def _run(job: Message, events: int, fds: tuple[int, int], state: State, observer: Observer) -> None:
    """In the post's own process: run its cells."""
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

    run_post(job, capture, emit, enter_cell, leave_cell, observer)
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


def _watch(pid: int, events: int, fds: tuple[int, int], state: State, verdict: Verdict) -> int:
    """Wait for the post's process and stop it where it must be; its wait status."""
    poll = select.poll()
    # Hang-ups of pipes are always reported, half-closed sockets on request: the builder is gone.
    poll.register(events, getattr(select, "POLLRDHUP", 0))
    with contextlib.ExitStack() as ending:
        if hasattr(os, "pidfd_open"):
            ended = os.pidfd_open(pid)
            ending.callback(os.close, ended)
            poll.register(ended, select.POLLIN)
        return _watched(pid, poll, events, fds, state, verdict)


def _watched(
    pid: int, poll: Any, events: int, fds: tuple[int, int], state: State, verdict: Verdict
) -> int:
    while True:
        ready = poll.poll(TICK * 1000)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if any(fd == events for fd, _ in ready):
            verdict.abandon()
        sentence = verdict.judge(state, fds)
        if sentence == "interrupt":
            os.kill(pid, signal.SIGINT)
        elif sentence == "kill":
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1]


def _sweep(pid: int) -> int:
    """End every process that the post left behind; how many there were.

    Orphans come to this process, as it is their subreaper; killing one may bring up its children.
    """
    swept: set[int] = set()
    while True:
        _reap()  # what has ended by itself was not left running
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        alive = _children()
        for child in alive:
            swept.add(child)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0 if alive else os.WNOHANG)
        except ChildProcessError:
            return len(swept)
        if not alive:
            return len(swept)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _children() -> list[int]:
    """The processes below this one; none where the system does not tell."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:  # noqa: PTH123
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def _prctl(option: int, value: int) -> None:
    """Linux's process control; elsewhere the post's process group must do."""
    if sys.platform == "linux":
        library: Any = ctypes.CDLL(None)
        library.prctl(option, value, 0, 0, 0)
