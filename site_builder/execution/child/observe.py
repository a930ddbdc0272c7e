"""Watches one process: the files, modules and variables it looks at, the programs it starts.

In: Python's audit events, and calls that raise none. Out: Observations. It costs a table look-up
for an event that says nothing, and no call behaves otherwise for being watched.
"""

# Paths are texts here, as calls are given them; `pathlib` would change some, and take its time.
# ruff: noqa: PTH114, PTH115, PTH118, PTH120

from __future__ import annotations

import os
import sys
import time
from _thread import get_ident
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

from site_builder.execution.child.effects import Effects
from site_builder.execution.child.environment import watch_environment
from site_builder.execution.child.impure import IMPURE, describe, reader_actions
from site_builder.execution.child.interpreter import describe as describe_interpreter
from site_builder.execution.child.modules import Modules
from site_builder.execution.child.observations import Observations, look
from site_builder.execution.child.paths import ENGINE, Paths, lists_fonts
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.seek import Seeker
from site_builder.execution.child.watched import replace

QUERIES = ("stat", "lstat", "access", "readlink")
PATH_QUERIES = ("exists", "lexists", "isfile", "isdir", "islink", "isjunction")
RESOLVING = ("realpath", "_joinrealpath")
METADATA = os.path.join("importlib", "metadata")
IMPORTING = ("exec_module", "create_module")


class Observer:
    """The observations of one process, from `install` on, and of its copies."""

    def __init__(self) -> None:
        self.paths = Paths()
        self.observations = Observations()
        self.interpreter = describe_interpreter()
        self.closed = False
        self.started = self.begun = time.time_ns()
        self.modules = Modules()
        self.effects = Effects(self.paths, self.counts)
        self._cells: set[str] = set()
        self._busy: set[int] = set()
        self._below: dict[int, tuple[Any, str | None]] = {}

    def install(self) -> None:
        """Watch this process, for as long as it lives."""
        sys.addaudithook(self._hook())
        sys.meta_path.insert(0, Seeker(self))
        watch_environment(self._note_variable)
        for name in QUERIES:
            if hasattr(os, name):
                replace(os, name, self._asked)
        for name in PATH_QUERIES:
            if type(getattr(os.path, name, None)) is type(len):  # written in C on some systems
                replace(os.path, name, self._asked)
        replace(os, "open", self._opening)
        if hasattr(os, "register_at_fork"):
            replace(os, "register_at_fork", self.effects.note_handler)

    def note_modules(self) -> None:
        """Take in what is imported now, on behalf of all posts that are forked from here."""
        self.modules.take_in(self.paths, self.started)

    def begin(self, job: Message) -> None:
        """A post begins in this process."""
        self.paths.set_root(job["root"])
        self.observations.share()
        self.effects.begin()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._busy.clear)  # whose threads are not there
        self.begun = time.time_ns()
        for step in (*job["cells"], *job["expressions"]):
            self.expect(step)

    def expect(self, step: Message) -> None:
        """A cell, or an expression, is going to run."""
        self._cells.add(step["name"])

    def actions(self) -> dict[str, Callable[[ModuleType], None]]:
        """What to do once libraries are imported that read by themselves."""
        return reader_actions(
            lambda path, library: self.quietly(self._read_through, path, library),
            lambda path: self.quietly(self._make, path),
            lambda what: self.quietly(self.blame, what),
        )

    def close(self) -> None:
        """The run is over: note nothing more."""
        self.closed = True
        self.observations.catch_up()

    def counts(self) -> bool:
        """Whether the post, or a local module, is behind what happens now.

        What an installed library does while it is imported is covered by its version.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            file, function = frame.f_code.co_filename, frame.f_code.co_name
            if file.startswith((ENGINE, "<frozen importlib")):
                if function in IMPORTING:
                    return False
            elif file in self._cells or self.paths.is_inside(file):
                return True
            frame = frame.f_back
        return self.observations.cell != 0

    def blame(self, what: str, *, always: bool = False) -> None:
        """Note that the run did something whose inputs nobody sees, if it was the post."""
        if what and not self.observations.is_blamed(what) and (always or self.counts()):
            self.observations.blame(what)

    def look(self, path: Any, dir_fd: int | None = None) -> None:
        """Note what is at a path that the run has asked for."""
        full = self._full(path, dir_fd)
        if full is None or full in self.observations.seen:
            return
        # What an installed library misses in whatever folder it is imported in is no input.
        idle = self.paths.is_relative(path) and look(full)[0] == "missing" and not self.counts()
        if not idle:
            self._look(full)

    def quietly(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function of this object without noting what it does itself."""
        me = get_ident()
        if self.closed or me in self._busy:
            return
        self._busy.add(me)
        try:
            function(*arguments)
        except Exception as error:
            self.observations.blame(f"could not be observed ({type(error).__name__})")
        finally:
            self._busy.discard(me)

    def _hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """The hook for Python's audit events."""
        handlers: dict[str, Callable[..., None]] = {
            "open": self._open,
            "os.listdir": self._list,
            "os.scandir": self._scan,
            "os.mkdir": self._make_folder,
            "os.rename": self._rename,
            "os.link": self._link,
            "os.symlink": self._link_symbolically,
            "os.remove": lambda path, dir_fd: self.look(path, _given(dir_fd)),
            "os.rmdir": lambda path, dir_fd: self.look(path, _given(dir_fd)),
            "os.truncate": lambda path, _: self._open(path, None, os.O_RDWR),
        }
        handlers |= {event: self._handle_impure(event) for event in IMPURE}
        handlers = self.effects.noting(handlers)

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in handlers:
                self.quietly(handlers[event], *arguments)

        return hook

    def _handle_impure(self, event: str) -> Callable[..., None]:
        always = event.startswith("socket.")

        def handle(*arguments: Any) -> None:
            self.blame(describe(event, arguments, self._short), always=always)

        return handle

    def _short(self, path: Any) -> str:
        return self.paths.told(self.paths.absolute(path) or "")

    def _full(self, path: Any, dir_fd: int | None = None) -> str | None:
        """The absolute path, unless it is no input of a post."""
        try:
            full = self.paths.absolute(path, dir_fd)
        except OSError:  # the folder is gone, or this system does not tell which it is
            if dir_fd is not None:
                self.blame("looks at files below an open folder")
            return None
        if full is None or self.paths.excuses(full):
            return None
        in_no_folder = not self.paths.root and self.paths.is_relative(path)
        return None if in_no_folder else full

    def _look(self, full: str) -> None:
        if full not in self.observations.seen and not lists_fonts():
            self.observations.look(full, self._cell())

    def _cell(self) -> int:
        """The running cell; none while an installed library is imported, as a zygote might do."""
        return self.observations.cell if self.counts() else 0

    def _open(self, path: Any, _: object, flags: int) -> None:
        me = get_ident()
        named, below = self._below.pop(me, (None, None))
        full = below if named is not None and named == path else self._full(path)
        if full is None:
            return
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        if not writes:
            self._look(full)
            return
        fresh = flags & getattr(os, "O_EXCL", 0) and flags & os.O_CREAT
        if fresh:
            self._note_fresh(full)
        elif not flags & os.O_TRUNC:
            self._look(full)
        if not fresh or look(full)[0] == "missing":
            self.observations.make(full)

    def _note_fresh(self, full: str) -> None:
        """That there was nothing matters, except for names that were drawn for a moment."""
        if self.paths.is_inside(full) or not full.startswith(self.paths.temporary):
            self._look(full)

    def _read_through(self, path: str, library: str) -> None:
        """A library reads a file, and may follow it to others, unless the run has made it."""
        full = self._full(path)
        if full and not self.observations.is_own(full):
            self._look(full)
            self.blame(f"reads {self.paths.told(full)} through {library}")

    def _make(self, path: str) -> None:
        if full := self._full(path):
            self.observations.make(full)

    def _list(self, path: Any) -> None:
        file = self._caller().f_code.co_filename
        # To import a module is to list folders. What it finds is noted as such.
        if file.startswith("<frozen importlib") or METADATA in file:
            return
        if type(path) is int:
            path = f"/proc/self/fd/{path}"
            path = os.readlink(path) if os.path.islink(path) else None
        full = self._full("." if path is None else path)
        if full and not lists_fonts():
            self.observations.list(full, self._cell())

    def _scan(self, path: Any) -> None:
        self._list(path)
        file = self._caller().f_code.co_filename
        if type(path) is int or not (file in self._cells or self.paths.is_inside(file)):
            return
        # The entries tell sizes and times without another call.
        full = self._full("." if path is None else path)
        if full and (listed := self.observations.listed.get(full)):
            for name in listed.names:
                self.look(os.path.join(full, name))

    def _caller(self) -> FrameType:
        """The innermost frame that is not ours."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(ENGINE):
            frame = frame.f_back
        return frame

    def _make_folder(self, path: Any, _: object, dir_fd: int) -> None:
        if full := self._full(path, _given(dir_fd)):
            self._note_fresh(full)
            if look(full)[0] == "missing":
                self.observations.make(full, folder=True)

    def _rename(self, old: Any, new: Any, old_fd: int, new_fd: int) -> None:
        source, target = self._full(old, _given(old_fd)), self._full(new, _given(new_fd))
        if source:
            self._look(source)
        if source and target:
            self.observations.move(source, target)

    def _link(self, old: Any, new: Any, old_fd: int, new_fd: int) -> None:
        self.look(old, _given(old_fd))
        if full := self._full(new, _given(new_fd)):
            self.observations.make(full)

    def _link_symbolically(self, old: Any, new: Any, dir_fd: int) -> None:
        if full := self._full(new, _given(dir_fd)):
            self.look(os.path.join(os.path.dirname(full), os.fsdecode(old)))
            self.observations.make(full)

    def _asked(self, *arguments: Any, **options: Any) -> None:
        """What is at a path was asked for by a call that raises no event."""
        path = arguments[0] if arguments else options.get("path")
        if not (type(path) is str and path.startswith(self.paths.covered)):
            self.quietly(self._look_if_it_matters, path, options.get("dir_fd"))

    def _look_if_it_matters(self, path: Any, dir_fd: int | None) -> None:
        # To resolve a path is to ask of each folder above it whether it is a link.
        code = self._caller().f_code
        if METADATA in code.co_filename or (code.co_name in RESOLVING and not os.path.islink(path)):
            return
        self.look(path, dir_fd)

    def _opening(self, *arguments: Any, **options: Any) -> None:
        """The event of the call that follows does not tell the folder which the path is in."""
        if arguments and options.get("dir_fd") is not None:
            self.quietly(self._note_below, arguments[0], options["dir_fd"])

    def _note_below(self, path: Any, dir_fd: int) -> None:
        self._below[get_ident()] = path, self._full(path, dir_fd)

    def _note_variable(self, name: str, value: str | None) -> None:
        def note() -> None:
            if name not in self.observations.variables and self.counts():
                self.observations.read(name, value)

        self.quietly(note)


def _given(dir_fd: int) -> int | None:
    return None if dir_fd == -1 else dir_fd
