"""What a post and its supervisor both see: whose time runs, and whether a copy of the post runs on.

In: the beginnings and ends of cells. Out: a page of shared memory. A copy that `os.fork` made in a
cell ends with that cell, and leaves a note.
"""

from __future__ import annotations

import mmap
import os
import struct
import time


class State:
    """A page of memory that the post and its supervisor share: whose time runs."""

    # number of the running cell, its deadline, number of the first cell whose copy ran on
    _LAYOUT = struct.Struct("idi")

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin a page of its own, for another pair of processes."""
        self._page = mmap.mmap(-1, self._LAYOUT.size)

    def enter(self, number: int, deadline: float) -> None:
        """Cell `number` begins; a deadline of 0 is none."""
        self._LAYOUT.pack_into(self._page, 0, number, deadline, self.read()[2])

    def note_copy(self, forked_in: int) -> None:
        """A copy of the process ran on past the end of the cell that forked."""
        number, deadline, first = self.read()
        self._LAYOUT.pack_into(self._page, 0, number, deadline, first or forked_in)

    def read(self) -> tuple[int, float, int]:
        """All three."""
        number, deadline, forked_in = self._LAYOUT.unpack_from(self._page)
        return number, deadline, forked_in


class CopyWatch:
    """Sees to it that a copy of the post, made by `os.fork` in a cell, ends with that cell."""

    PATIENCE = 0.2  # seconds that a copy is given to come to the end of its cell

    def __init__(self, state: State) -> None:
        self.number = 0
        self.forked = False
        """Whether the running cell has forked."""
        self._state = state
        self._post = os.getpid()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_parent=self._note_fork)

    def follow(self) -> None:
        """This process, a copy that we made ourselves, is the post's from now on."""
        self._post = os.getpid()

    def _note_fork(self) -> None:
        self.forked = True

    def end_if_copy(self) -> None:
        """End this process if it is not the post's own."""
        if os.getpid() != self._post:
            self._state.note_copy(self.number)
            os._exit(0)

    def wait_for_copies(self) -> None:
        """After a cell that forked and left children: let them show whether they are copies."""
        if not self.forked or not hasattr(os, "waitid"):
            return
        self.forked = False
        end = time.monotonic() + self.PATIENCE
        while time.monotonic() < end and not self._state.read()[2]:
            try:
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            time.sleep(0.002)
