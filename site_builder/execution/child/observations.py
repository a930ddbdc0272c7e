"""What one run has seen and done, in the order in which it did: the raw material of its trace.

In: absolute paths and short words. Out: what was there when it was first looked at. Copies of the
process, which `os.fork` makes, tell the post's process through a file in memory, as they go.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from site_builder.execution.child.streams import memory_file

JUST_NOW = 50_000_000  # nanoseconds within which a second change need not show in the times

_stat = os.stat  # before others are told about each call of it


class Seen(NamedTuple):
    """A path when it was first looked at."""

    kind: str
    signature: list[int]
    digest: str
    cell: int


class Listed(NamedTuple):
    """What a folder held when it was first listed."""

    names: list[str]
    cell: int


class Observations:
    """All that was observed, each at its first time; `cell` is the number of the running cell."""

    def __init__(self) -> None:
        self.cell = 0
        self.seen: dict[str, Seen] = {}
        self.listed: dict[str, Listed] = {}
        self.made: dict[str, int] = {}
        self.variables: dict[str, tuple[str | None, int]] = {}
        self.impure: set[tuple[str, int]] = set()
        self.sought: set[str] = set()
        self.found: dict[str, str] = {}
        """Modules that copies have loaded, and from where."""
        self._folders: tuple[str, ...] = ()
        self._shared = -1
        self._told = 0
        self._forked = False
        self.is_copy = False
        self._notes: dict[str, Callable[..., object]] = {
            "seen": self._note_seen,
            "listed": self._note_listed,
            "made": self._note_made,
            "read": lambda name, *value: self.variables.setdefault(name, value),
            "impure": lambda what, cell: self.impure.add((what, cell)),
            "sought": self.sought.add,
            "found": self.found.__setitem__,
        }

    def share(self) -> None:
        """Let the copies that this process makes from now on tell what they observe."""
        if hasattr(os, "register_at_fork"):
            self._shared = memory_file("observations")
            os.register_at_fork(
                after_in_child=lambda: setattr(self, "is_copy", True),
                after_in_parent=lambda: setattr(self, "_forked", True),
            )

    def share_anew(self) -> None:
        """In a copy that we made ourselves: its copies do not tell ours."""
        fresh = memory_file("observations")
        os.dup2(fresh, self._shared, inheritable=False)
        os.close(fresh)
        self._told = 0

    def forked_here(self) -> None:
        """A fork was ours: this process is the post's, on whichever side of it."""
        self.is_copy = self._forked = False

    def look(self, path: str, cell: int) -> None:
        """A path was opened, or asked for, by a cell: note what is there."""
        if path in self.seen or self.is_own(path):
            return
        kind, signature = look(path)
        if not kind:
            return
        just_now = kind == "read" and time.time_ns() - max(signature[2:4]) < JUST_NOW
        self._note("seen", path, kind, signature, digest(path) if just_now else "", cell)

    def list(self, path: str, cell: int) -> None:
        """A folder was listed by a cell: note the names in it."""
        if path in self.listed or self.is_own(path):
            return
        if (names := names_in(path)) is None:
            self.look(path, cell)  # which is missing, or no folder
        else:
            self._note("listed", path, names, cell)

    def make(self, path: str, *, folder: bool = False) -> None:
        """The run creates or changes what is at this path."""
        if path not in self.made:
            self._note("made", path, self.cell, folder)

    def move(self, old: str, new: str) -> None:
        """The run gives what is at one path another."""
        folder = look(old)[0] == "folder"
        for path in [path for path in self.made if path.startswith(old + os.sep)]:
            self.make(new + path[len(old) :])
        self.make(new, folder=folder)

    def read(self, name: str, value: str | None) -> None:
        """A variable of the environment was read."""
        if name not in self.variables:
            self._note("read", name, value, self.cell)

    def blame(self, what: str) -> None:
        """The run did something whose inputs nobody sees."""
        if not self.is_blamed(what):
            self._note("impure", what, self.cell)

    def is_blamed(self, what: str) -> bool:
        """Whether the running cell is known to do this."""
        return (what, self.cell) in self.impure

    def seek(self, name: str) -> None:
        """A module of this top-level name was looked for."""
        if name not in self.sought:
            self._note("sought", name)

    def find(self, name: str, origin: str) -> None:
        """A copy of the process has found a module in this file."""
        self._note("found", name, origin)

    def is_own(self, path: str) -> bool:
        """Whether what is at this path is the run's own doing."""
        if self._forked:
            self.catch_up()
        return path in self.made or path.startswith(self._folders)

    def catch_up(self) -> None:
        """Take in what copies have told since the last time."""
        if self._shared < 0 or self.is_copy:
            return
        size = os.fstat(self._shared).st_size
        if size > self._told:
            lines = os.pread(self._shared, size - self._told, self._told)
            self._told = size
            for line in lines.splitlines():
                note, *what = json.loads(line)
                self._notes[note](*what)

    def _note(self, note: str, *what: Any) -> None:
        if self.is_copy:
            os.write(self._shared, json.dumps([note, *what]).encode() + b"\n")
        self._notes[note](*what)

    def _note_seen(self, path: str, kind: str, signature: Any, digest: str, cell: int) -> None:
        self.seen.setdefault(path, Seen(kind, signature, digest, cell))

    def _note_listed(self, path: str, names: Any, cell: int) -> None:
        self.listed.setdefault(path, Listed(names, cell))

    def _note_made(self, path: str, cell: int, folder: bool) -> None:
        self.made.setdefault(path, cell)
        if folder:
            self._folders += (path + os.sep,)


def look(path: str) -> tuple[str, list[int]]:
    """What is at a path, "" if it is nothing that has a content; and what changes with it."""
    try:
        found = _stat(path)
    except OSError:
        return "missing", []
    if stat.S_ISDIR(found.st_mode):
        return "folder", []
    if not stat.S_ISREG(found.st_mode):
        return "", []
    return "read", [found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def names_in(path: str) -> list[str] | None:
    """The names in a folder, sorted, without Python's own leavings; None if there is none."""
    try:
        return sorted(name for name in os.listdir(path) if name != "__pycache__")  # noqa: PTH208
    except OSError:
        return None


def digest_of_names(names: list[str]) -> str:
    """The digest of what a folder holds, from sorted names."""
    import hashlib  # only where something was listed

    return hashlib.sha256("\n".join(names).encode(errors="surrogateescape")).hexdigest()


def digest(path: str) -> str:
    """The digest of a file's content; "" if it cannot be read."""
    import hashlib  # only where something was read

    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
