"""Copies of a post's process between two steps, from which the next ones can run, many times.

In: a process of one thread, with nothing open and nothing written. Out: a snapshot: a process that
waits, and forks one that goes on from here whenever the builder asks for it through its own socket.
Promise: what goes on cannot tell that it is a copy; where it could, there is no snapshot.
"""

# Descriptors and what the system tells of this process: no paths of a post.
# ruff: noqa: PTH115, PTH208

from __future__ import annotations

import contextlib
import gc
import os
import random
import re
import signal
import socket
import sys
from collections import Counter
from typing import TYPE_CHECKING

from site_builder.execution.child.guard import (
    OURS,
    go_with,
    guard,
    left_below,
    name_of,
    stand_above,
    take_name,
)
from site_builder.execution.child.streams import memory_file

if TYPE_CHECKING:
    from site_builder.execution.child.fed import Process

# What tells a process from its copy, or what it has used.
TELLING = re.compile(
    r"/proc/|\b(?:pid|get(?:pid|ppid|pgid|pgrp|sid|tid|rusage)|native_id|get_native_id"
    r"|process_time(?:_ns)?|thread_time(?:_ns)?|clock_gettime(?:_ns)?|CLOCK_\w+|os\.times|psutil)\b"
)


class Snapshots:
    """Makes snapshots of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._outside = _outside()

    def unfit(self, control: int) -> str:
        """Why a copy of the process would not be the same; "" if it would.

        `control` is the descriptor that has come for the snapshot.
        """
        process, observer = self._process, self._process.observer
        observed = observer.observations
        observed.catch_up()
        given = (*process.job["cells"], *process.job["expressions"])
        if process.replaced.is_anything():
            return "it has replaced functions that we go by"
        _close_fonts()
        reasons = {
            "it has more than one thread": len(os.listdir("/proc/self/task")) != 1,
            "it has child processes": bool(left_running()),
            "it has changed files": observer.effects.changed(observed.made),
            "it did what nobody sees": bool(observed.impure),
            "something would be called in a copy": observer.effects.at_fork,
            "a copy of it ran on": bool(process.state.read()[2]),
            "an alarm is set": _has_timers(),
            "it handles the ends of children": signal.getsignal(signal.SIGCHLD) != signal.SIG_DFL,
            "it may look at itself": any(
                TELLING.search(code) for code in (*(s["code"] for s in given), *self._modules())
            ),
            "it has something open": _outside(control) != self._outside,
        }
        return next((why for why, is_so in reasons.items() if is_so), "")

    def take(self, control: int) -> int:
        """Make a snapshot that obeys through `control`; its number.

        In each process that goes on from it this returns as well, and gives 0.
        """
        process = self._process
        observed, copies = process.observer.observations, process.copies
        drawn, forked = random.getstate(), copies.forked
        process.observer.closed = True  # what we do is no doing of the post
        try:
            pid = self._fork(control)
        finally:
            process.observer.closed = False
        copies.forked = forked
        observed.forked_here()
        random.setstate(drawn)  # which starts itself anew in each copy
        if not pid:
            self._outside = _outside()
        return pid

    def _modules(self) -> list[str]:
        """The code of the site's own modules."""
        observer, found = self._process.observer, []
        observer.closed = True  # to look at them is no doing of the post
        try:
            observer.modules.take_in(observer.paths, observer.begun)
            for name in observer.modules.local:
                with contextlib.suppress(OSError), open(name, errors="replace") as file:  # noqa: PTH123
                    found.append(file.read())
        finally:
            observer.closed = False
        return found

    def _fork(self, control: int) -> int:
        """Fork twice, so that the snapshot is no child of the post."""
        told, telling = os.pipe()
        first = os.fork()
        if first:
            os.close(telling)
            os.close(control)
            os.waitpid(first, 0)
            number = os.read(told, 32)
            os.close(told)
            return int(number or -1)
        goes_on, name = False, name_of(os.getpid())
        try:
            os.close(told)
            take_name(OURS)
            if pid := os.fork():
                os.write(telling, str(pid).encode())
                os._exit(0)
            os.close(telling)
            self._wait(control)
            take_name(name)
            goes_on = True
        finally:
            if not goes_on:
                os._exit(1)
        return 0

    def _wait(self, control: int) -> None:
        """In the snapshot: wait until asked to go on. Returns in the process that does."""
        os.setsid()
        inherited = os.get_inheritable(self._process.events)
        os.close(self._process.events)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies are reaped by the system
        channel = socket.socket(fileno=control)
        channel.settimeout(None)
        while True:
            data, fds, _, _ = socket.recv_fds(channel, 1 << 16, 1)
            if not data:
                os._exit(0)
            if os.fork() == 0:
                channel.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                self._go_on(fds[0], inherited=inherited)
                return
            os.close(fds[0])

    def _go_on(self, events: int, *, inherited: bool) -> None:
        """In a copy of the snapshot: guard another one, which is the post."""
        process = self._process
        _put(events, process.events, inherited=inherited)
        for index, name in enumerate(("stdout", "stderr")):
            fresh = memory_file(name)
            os.dup2(fresh, index + 1, inheritable=os.get_inheritable(index + 1))
            _put(fresh, process.fds[index], inherited=os.get_inheritable(process.fds[index]))
        process.observer.observations.share_anew()
        process.state.renew()
        above = stand_above()
        pid = os.fork()
        if pid == 0:
            go_with(above)
            process.copies.follow()
            process.capture.follow()
            return
        gc.disable()  # what happens when its garbage is collected happens in the post
        with contextlib.suppress(OSError):
            guard(pid, process.job, process.events, process.fds, process.state)
        os._exit(0)


def left_running() -> list[int]:
    """What the post has started, and perhaps left, and still runs."""
    orphans = [pid for pid in left_below(os.getppid()) if pid != os.getpid()]
    return left_below(os.getpid()) + orphans


def _outside(*passed: int) -> tuple[dict[int, str], Counter[str]]:
    """What the process has open, but for some descriptors, and the memory that it shares."""
    opened = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # that of the listing itself
            if int(name) not in passed:
                opened[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    with open("/proc/self/maps") as file:  # noqa: PTH123
        maps = [line.split() for line in file]
    # A mapping as long as it is writable and shared: where it is, and what of.
    shared = Counter(
        " ".join((each[0], *each[3:])) for each in maps if each[1][1] == "w" and each[1][3] == "s"
    )
    return opened, shared


def _close_fonts() -> None:
    """Close the fonts that matplotlib keeps open, as it does itself in each copy."""
    fonts = getattr(sys.modules.get("matplotlib.font_manager"), "_get_font", None)
    if fonts is not None and hasattr(fonts, "cache_clear"):
        fonts.cache_clear()


def _has_timers() -> bool:
    timers = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
    if any(signal.getitimer(timer)[0] for timer in timers):
        return True
    try:
        with open("/proc/self/timers") as file:  # noqa: PTH123
            return bool(file.read())
    except OSError:
        return False


def _put(fd: int, place: int, *, inherited: bool) -> None:
    """Let a descriptor take the number of another one."""
    if fd == place:
        os.set_inheritable(fd, inherited)
        return
    os.dup2(fd, place, inheritable=inherited)
    os.close(fd)
