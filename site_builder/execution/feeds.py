"""A post's process that is given its steps one by one.

In: a job, and where processes come from. Out: messages go to it, events come from it. Promise:
`end` ends it at once, from whichever thread, and who waits for an event gets to know.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from site_builder.execution.child import protocol
from site_builder.execution.child.protocol import Message
from site_builder.execution.processes import Spawner, Zygote, ZygoteError


@dataclass(frozen=True)
class Feed:
    """The builder's side of one process."""

    pid: int
    _write: int
    _events: Iterator[Message]
    _end: Callable[[], None]
    _close: Callable[[], None]
    _channel: socket.socket | None = None
    """None where no descriptor can be sent along."""

    def tell(self, message: Message) -> None:
        """Send a message; whether the process is gone its events tell."""
        with contextlib.suppress(OSError):
            protocol.send(self._write, message)

    def hear(self) -> Message | None:
        """The next event; None if there will be none."""
        return next(self._events, None)

    def ask_for_snapshot(self) -> Snapshot | None:
        """Ask for a copy of the process; the answer is an event. None if there can be none.

        What is given back is to be closed in any case.
        """
        if self._channel is None:
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, contextlib.suppress(OSError):
            data = protocol.line({"snapshot": True})
            socket.send_fds(self._channel, [data], [theirs.fileno()])
        return Snapshot(ours)

    def end(self) -> None:
        """End the process and all that it left running, without waiting for it."""
        self._end()

    def close(self) -> None:
        """The same, and let go of it; nobody may wait for an event then."""
        self._end()
        self._close()


def fed(job: Message) -> Message:
    """The job of a post whose steps are to come; limits of time are the builder's then."""
    limits = {**job["limits"], "post_timeout": math.inf}
    return {**job, "fed": True, "cells": [], "expressions": [], "limits": limits}


def feed_from(zygote: Zygote, job: Message) -> Feed:
    """A process forked from a zygote for a job; raises ZygoteError if the zygote is gone."""
    channel = zygote.channel()
    with contextlib.suppress(OSError):
        protocol.send(channel.fileno(), job)
    return _feed_through(channel, lambda: zygote.forget(channel))


class Snapshot:
    """A copy of a process that waits, to be copied for each run that goes on from there."""

    def __init__(self, control: socket.socket) -> None:
        """It obeys through `control`, and ends when that is closed; its runs go on."""
        self._control = control

    def go_on(self) -> Feed:
        """A process that goes on; raises ZygoteError if the snapshot is gone."""
        channel, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"run"], [theirs.fileno()])
            except OSError as error:
                channel.close()
                raise ZygoteError("the snapshot is gone") from error
        return _feed_through(channel, channel.close)

    def close(self) -> None:
        """End it."""
        self._control.close()


def _feed_through(channel: socket.socket, close: Callable[[], None]) -> Feed:
    started, events = _started(protocol.receive(channel.fileno()))
    if started is None:
        close()
        raise ZygoteError("the process did not start")

    def end() -> None:
        # Who waits for an event wakes up; the supervisor sees it, too, and ends the post.
        with contextlib.suppress(OSError):
            channel.shutdown(socket.SHUT_RDWR)

    return Feed(started["pid"], channel.fileno(), events, end, close, channel)


def spawned_feed(spawner: Spawner, job: Message) -> Feed:
    """A process started afresh for a job; raises StartError, or ZygoteError after the end."""
    process = spawner.start()
    if process is None:
        raise ZygoteError("all is over")
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None
    with contextlib.suppress(OSError):
        protocol.send(stdin.fileno(), job)
    started, events = _started(protocol.receive(stdout.fileno()))

    def end() -> None:
        with contextlib.suppress(OSError):
            process.terminate() if hasattr(os, "killpg") else process.kill()

    def close() -> None:
        for pipe in (stdin, stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        spawner.reap(process, begun=started is not None)

    if started is None:
        end()
        close()  # raises what it is that is wrong
        raise ZygoteError("the process did not start")
    return Feed(started["pid"], stdin.fileno(), events, end, close)


def _started(events: Iterator[Message]) -> tuple[Message | None, Iterator[Message]]:
    """The event that tells of the start, None if there is none; and all other events.

    The post tells for itself that it is ready, which may come first.
    """
    early: list[Message] = []
    for event in events:
        if event["event"] == "started":
            return event, itertools.chain(early, events)
        early.append(event)
    return None, iter(early)
