"""When a post has to stop, and how its end is told.

In: the state that a post shares, the size of its output, its limits. Out: a sentence, `interrupt`
or `kill`, and at last the message `exited`. A post is interrupted first and gets a moment to end.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Iterator

from site_builder.execution.child import protocol
from site_builder.execution.child.copies import State
from site_builder.execution.child.protocol import Message

GRACE = 1.0  # seconds between the interrupt and the kill
TAIL = 20_000  # bytes of the last output in the report; a crash in many threads tells a lot
PAUSE = 0.02  # seconds between two looks of the thread that watches its own process


class Verdict:
    """Why a post was stopped, and in which cell: empty and 0 if it was not."""

    def __init__(self, limits: Message) -> None:
        self.stopped = ""
        self.number = 0
        self._output = limits["output"]
        self._deadline = time.monotonic() + limits["post_timeout"]
        self._interrupted = 0.0
        self._idles = limits["post_timeout"] == math.inf  # its steps come one by one

    def abandon(self) -> None:
        """The builder has no more use for the post."""
        self.stopped = "abandoned"

    def is_patient(self, state: State) -> bool:
        """Whether the post waits, so that nothing is urgent."""
        return self._idles and not state.read()[1]

    def judge(self, state: State, fds: tuple[int, int]) -> str:
        """What is to be done with the post now: nothing, `interrupt` or `kill`."""
        now = time.monotonic()
        number, cell_deadline, _ = state.read()
        self.number = self.number if self.stopped else number
        if self.stopped == "abandoned":
            return "kill"
        if max(os.fstat(fd).st_size for fd in fds) > self._output:
            self.stopped = "output"
            return "kill"
        if self._interrupted:
            # It has had its chance; a cell that went on as if nothing was has used it.
            over = now > self._interrupted + GRACE or number != self.number
            return "kill" if over else ""
        if now > self._deadline or 0 < cell_deadline < now:
            self.stopped = "post time" if now > self._deadline else "time"
            self._interrupted = now
            return "interrupt"
        return ""


def exited(
    status: int, verdict: Verdict, leftovers: int, state: State, fds: tuple[int, int]
) -> Message:
    """The last message of a post, whose process ended with this wait status."""
    number, _, forked_in = state.read()
    return {
        "event": "exited",
        "number": verdict.number if verdict.stopped else number,
        "signal": os.WTERMSIG(status) if _signalled(status) else 0,
        "code": 0 if _signalled(status) else status >> 8,
        "stopped": verdict.stopped,
        "leftovers": leftovers,
        "forked": forked_in,
        "stdout": _tail(fds[0]),
        "stderr": _tail(fds[1]),
    }


@contextlib.contextmanager
def watched_from_inside(
    verdict: Verdict, events: int, fds: tuple[int, int], state: State
) -> Iterator[None]:
    """Where a post has no other process to watch it: a thread of its own does.

    A cell that neither ends nor lets itself be interrupted ends with the process.
    """
    import _thread
    import threading

    over = threading.Event()

    def watch() -> None:
        while not over.wait(PAUSE):
            sentence = verdict.judge(state, fds)
            if sentence == "interrupt":
                _thread.interrupt_main()
            elif sentence == "kill":
                os.write(events, b"\n")  # ends what the post may have left unfinished
                protocol.send(events, exited(0, verdict, 0, state, fds))
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _signalled(status: int) -> bool:
    return hasattr(os, "WIFSIGNALED") and os.WIFSIGNALED(status)


def _tail(fd: int) -> str:
    size = os.fstat(fd).st_size
    os.lseek(fd, max(0, size - TAIL), os.SEEK_SET)
    return os.read(fd, TAIL).decode(errors="replace")
