"""A post whose steps come one by one: its process waits for each, and can be copied in between.

In: commands of the builder, lines of JSON. Out: the events of a run. Promise: what a step puts out,
and what is observed, is the same as if all had been given at once.

    cell, expression    run it
    snapshot            copy this process, see `snapshots`; a descriptor comes with it
    trace               tell what was observed so far
    finish              tell that all steps are through; `imports` of the post come with it
    end                 end
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
import weakref
from collections.abc import Iterator
from typing import Any, cast

from site_builder.execution.child import protocol
from site_builder.execution.child.copies import CopyWatch, State
from site_builder.execution.child.observe import Observer
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.replaced import Replaced
from site_builder.execution.child.runner import Emit, EnterCell, LeaveCell, Steps, begun
from site_builder.execution.child.snapshots import Snapshots, left_running
from site_builder.execution.child.streams import Capture

# Before a post that should use no network puts something else in their place.
_Socket, _receive = socket.socket, cast(Any, getattr(socket, "recv_fds", None))
# What a run does with others, as `impure` tells it.
ACTING = ("runs the program", "uses the network", "opens the database", "loads a C library")


class Process:
    """What belongs to the process of a post: all that a copy of it has to have of its own."""

    def __init__(
        self,
        job: Message,
        channel: tuple[int, int],
        fds: tuple[int, int],
        state: State,
        capture: Capture,
        copies: CopyWatch,
        observer: Observer,
    ) -> None:
        """`channel` is the descriptors for events and for commands; `fds` those of the capture."""
        self.job, self.fds, self.state = job, fds, state
        self.events, self.commands = channel
        self.capture, self.copies, self.observer = capture, copies, observer
        self.replaced = Replaced()


def obey(process: Process, emit: Emit, enter_cell: EnterCell, leave_cell: LeaveCell) -> None:
    """Begin the job's post and do what the builder wants, until it wants no more."""
    job, observer = process.job, process.observer
    with begun(job, process.capture, emit, enter_cell, leave_cell, observer) as steps:
        if steps is None:
            return
        snapshots = Snapshots(process) if _is_socket(process.commands) else None
        process.replaced = Replaced()
        failed = False
        emit({"event": "ready"})
        for command, given in _commands(process.commands):
            if "end" in command:
                return
            if "snapshot" in command:
                emit(_snapshot(snapshots, given))
            elif "trace" in command:
                emit({"event": "traced", "trace": _trace(process, steps)})
            elif "finish" in command:
                job["imports"] = command["imports"]
                event = {**steps.finished(), "trace": _trace(process, steps)}
                emit({**event, "why_not": _why_not_kept(process)})
            elif not failed:
                _expect(command, process)
                failed = not steps.run(command)  # as deep in calls as in a run of all at once


def _expect(step: Message, process: Process) -> None:
    kind = "cell" if "cell" in step else "expression"
    process.job[f"{kind}s"].append(step[kind])
    process.observer.expect(step[kind])


def _trace(process: Process, steps: Steps) -> Message:
    """What was observed so far; the observer goes on as if nobody had asked."""
    observer = process.observer
    blamed = set(observer.observations.impure)
    try:
        trace: Message = steps.finished()["trace"]
        return {**trace, "touched": _has_touched(process)}
    finally:
        observer.observations.impure.intersection_update(blamed)
        observer.closed = False


def _has_touched(process: Process) -> bool:
    """Whether files, or anything else outside of this process, may be other than before."""
    if process.replaced.is_anything():
        return True  # to ask is to call what the post has put there
    observed, effects = process.observer.observations, process.observer.effects
    acts = any(what.startswith(ACTING) for what, _ in observed.impure)
    return acts or effects.changed(observed.made)


def _snapshot(snapshots: Snapshots | None, given: list[int]) -> Message:
    """The event that tells of a snapshot, or why there is none; in its copies, that it is ready."""
    if snapshots is None or not given:
        return {"event": "snapshot", "unfit": "it has no socket for it", "pid": 0}
    control = given.pop(0)
    try:
        why = snapshots.unfit(control)
        pid = 0 if why else snapshots.take(control)
    except Exception as error:  # a copy may need more than there is
        why, pid = f"there can be no copy ({type(error).__name__}: {error})", 0
    if why:
        with contextlib.suppress(OSError):
            os.close(control)
        return {"event": "snapshot", "unfit": why, "pid": 0}
    return {"event": "snapshot", "unfit": "", "pid": pid} if pid else {"event": "ready"}


def _why_not_kept(process: Process) -> str:
    """Why the process cannot wait for steps that are appended; "" if it can.

    While it waits nothing may go on in it, as nothing would if the steps came at once. What it
    would do at its end is done.
    """
    if process.replaced.is_anything():
        return "it has replaced functions that we go by"
    if _has_folders():
        return "it has temporary folders"
    if process.state.read()[2]:
        return "a copy of it ran on"
    if left_running():
        return "it has child processes"
    if len(sys._current_frames()) > 1:
        return "it has threads"
    if _alarms():
        return "it has an alarm set"
    if _is_awaiting():
        return "it has tasks"
    return ""


def _has_folders() -> bool:
    """Whether there are temporary folders that go when the process ends by itself."""
    known: Any = getattr(weakref.finalize, "_registry", {})
    return any(getattr(each.func, "__module__", "") == "tempfile" for each in known.values())


def _alarms() -> bool:
    import signal

    if not hasattr(signal, "getitimer"):
        return False
    timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    return any(signal.getitimer(timer)[0] for timer in timers)


def _is_awaiting() -> bool:
    """Whether an event loop has something to do later."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    import gc

    loops = [o for o in gc.get_objects() if issubclass(type(o), asyncio.AbstractEventLoop)]
    return any(not loop.is_closed() and _is_busy(asyncio, loop) for loop in loops)


def _is_busy(asyncio: Any, loop: Any) -> bool:
    return bool(asyncio.all_tasks(loop) or getattr(loop, "_scheduled", True))


def _is_socket(fd: int) -> bool:
    return stat.S_ISSOCK(os.fstat(fd).st_mode)


def _commands(fd: int) -> Iterator[tuple[Message, list[int]]]:
    """The commands and, for all of them, the list of descriptors that came and nobody has taken."""
    given: list[int] = []
    if not _is_socket(fd):
        yield from ((command, given) for command in protocol.receive(fd))
        return
    buffer = b""
    while True:
        with contextlib.suppress(ConnectionResetError):
            data, fds = _received(fd)
            given += fds
            if data:
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    yield protocol.read(line), given
                continue
        return


def _received(fd: int) -> tuple[bytes, list[int]]:
    """What has come through a socket whose descriptor may be another one's next time."""
    channel = _Socket(fileno=fd)
    channel.settimeout(None)  # whatever the post has made the default
    try:
        data, fds, _, _ = _receive(channel, 1 << 18, 4)
    finally:
        channel.detach()
    return data, fds
