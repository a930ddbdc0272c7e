"""What a run did that a copy of its process could not take back, or would not take along.

In: audit events and calls. Out: whether there was any. Promise: when in doubt, there was.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any

from site_builder.execution.child.paths import ENGINE, Paths

Handlers = dict[str, Callable[..., None]]

# Of what a process does to files and to the system, beside opening files.
CHANGING = (
    *("os.mkdir", "os.rename", "os.link", "os.symlink", "os.remove", "os.rmdir", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "os.chflags", "os.setxattr", "os.removexattr"),
    *("os.lockf", "os.posix_spawn", "os.exec", "os.spawn", "os.system", "os.fork", "os.forkpty"),
    *("os.kill", "os.killpg", "subprocess.Popen", "pty.spawn", "syslog.openlog", "ctypes.dlsym"),
    # Nothing outside changes, but what follows whatever we do ourselves would do it in a copy.
    *("sys.addaudithook", "sys.setprofile", "sys.settrace"),
)
WATCHING = ("effects.py", "watched.py")  # what stands between a call and its note
# Whose handlers do no more than to empty a cache, or stop a thread that no post has.
HARMLESS = (
    os.path.join("matplotlib", "font_manager.py"),  # noqa: PTH118
    os.path.join("IPython", "core", "history.py"),  # noqa: PTH118
)


class Effects:
    """The effects of one run on what is outside of its process."""

    def __init__(self, paths: Paths, counts: Callable[[], bool]) -> None:
        """`counts` says whether the post is behind what happens, and no import of a library."""
        self._paths, self._counts = paths, counts
        self.outside = False
        """Whether files or the system may have been changed."""
        self.at_fork = False
        """Whether something would be called in a copy of the process."""

    def begin(self) -> None:
        """A post begins in this process."""
        self.outside = False

    def changed(self, made: Iterable[str]) -> bool:
        """Whether anything outside of the process may be other than before the post began.

        `made` is the files that it is known to have made or changed.
        """
        return self.outside or not all(map(self._paths.is_keras_home, made))

    def noting(self, handlers: Mapping[str, Callable[..., None]]) -> Handlers:
        """Handlers of audit events that also take note of what changes anything."""
        noting = {event: self._and_note(event, handlers.get(event)) for event in CHANGING}
        return {**handlers, **noting, "open": self._and_note_open(handlers["open"])}

    def _and_note(self, event: str, handler: Callable[..., None] | None) -> Callable[..., None]:
        def handle(*arguments: Any) -> None:
            # Of what is open already it was noted that it can be written.
            opened = bool(arguments) and type(arguments[0]) is int and event == "os.truncate"
            if not self.outside and not opened and self._counts():
                self.outside = True
            if handler is not None:
                handler(*arguments)

        return handle

    def _and_note_open(self, handler: Callable[..., None]) -> Callable[..., None]:
        changing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

        def handle(path: Any, mode: object, flags: int) -> None:
            if flags & changing and not self.outside and self._matters(path):
                self.outside = True
            handler(path, mode, flags)

        return handle

    def _matters(self, path: Any) -> bool:
        """Whether to write there is more than to fill a cache of a library."""
        try:
            full = self._paths.absolute(path)
        except OSError:
            return True
        if full is None:
            return True
        return full != os.devnull and not self._paths.is_keras_home(full) and self._counts()

    def note_handler(self, *_: Any, **__: Any) -> None:
        """`os.register_at_fork` was called; the standard library knows what it does."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.endswith(WATCHING):
            frame = frame.f_back
        file = frame.f_code.co_filename if frame is not None else ""
        known = (*self._paths.standard, ENGINE, "<frozen")
        if file and not file.startswith(known) and not file.endswith(HARMLESS):
            self.at_fork = True
