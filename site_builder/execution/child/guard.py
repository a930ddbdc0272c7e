"""Watches the process of a post from the one above it, and tells of its end.

In: the process, its limits, what it shares. Out: the event `exited`. Here is nothing but the watch:
time per cell and per post, size of output, and, when it is over, the end of every process that the
post left behind. Snapshots of it, and what guards their runs, are known by name and spared.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
from typing import Any

from site_builder.execution.child import protocol
from site_builder.execution.child.copies import State
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.verdict import Verdict, exited

TICK = 0.005  # seconds between two looks at the clock and the size of the output
IDLE = 0.05  # the same while the post waits for its next step
PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
OURS = "site-builder"


def stand_above() -> int:
    """Make this process one that can guard a post: the orphans of its children come to it.

    Gives its number, for `go_with`.
    """
    with contextlib.suppress(OSError):
        os.setsid()
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    return os.getpid()


def go_with(guard: int) -> None:
    """In the post's process: end with the process that guards it, and lead a group."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)  # it was gone before we asked to go with it
    os.setpgid(0, 0)


def guard(pid: int, job: Message, events: int, fds: tuple[int, int], state: State) -> None:
    """Watch the post's process until it is over, and see to it that nothing of it is left."""
    verdict = Verdict(job["limits"])
    signal.signal(signal.SIGTERM, lambda *_: verdict.abandon())
    protocol.send(events, {"event": "started", "pid": pid})
    try:
        status = _watch(pid, events, fds, state, verdict)
    finally:
        leftovers = _sweep(pid)
    with contextlib.suppress(OSError):
        os.write(events, b"\n")  # ends what the post may have left unfinished
        protocol.send(events, exited(status, verdict, leftovers, state, fds))


def left_below(pid: int) -> list[int]:
    """The processes below one of a single thread, but for snapshots and what guards their runs."""
    return [child for child in _children(pid) if name_of(child) != OURS]


def name_of(pid: int) -> str:
    """The name of a process; empty where the system does not tell."""
    try:
        with open(f"/proc/{pid}/comm") as file:  # noqa: PTH123
            return file.read().rstrip("\n")
    except OSError:
        return ""


def take_name(name: str) -> None:
    """Give this process a name, which those that are forked from it have as well."""
    _prctl(PR_SET_NAME, name.encode())


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
        patient = verdict.is_patient(state)
        ready = poll.poll((IDLE if patient else TICK) * 1000)
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
        if patient:
            _reap_all(_children(os.getpid()), but=pid)  # snapshots that the builder has ended


def _sweep(pid: int) -> int:
    """End every process that the post left behind; how many there were.

    Orphans come to this process, as it is their subreaper; killing one may bring up its children.
    """
    swept: set[int] = set()
    while True:
        _reap()  # what has ended by itself was not left running
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        alive = left_below(os.getpid())
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


def _reap_all(pids: list[int], *, but: int) -> None:
    for pid in pids:
        if pid != but and name_of(pid) == OURS:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _children(pid: int) -> list[int]:
    """The processes below one; none where the system does not tell."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def _prctl(option: int, value: int | bytes) -> None:
    """Linux's process control; elsewhere the post's process group must do."""
    if sys.platform == "linux":
        library: Any = ctypes.CDLL(None)
        library.prctl(option, value, 0, 0, 0)
