"""What a cell puts out, in order: Python's streams, C-level output, displays.

File descriptors 1 and 2 are two append-only files in memory; Python's own streams write there too,
and remember where. So there is no pipe to fill up, no reader thread, and what was printed survives
the process. Between two writes of Python, C-level output on stdout is put before that on stderr.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

Entry = dict[str, Any]
NAMES = ("stdout", "stderr")
_LINES = 1  # _IOLBF of the C libraries of Linux and macOS


class OutputLimitError(Exception):
    """A cell put out more than it may."""


def memory_file(name: str) -> int:
    """A new append-only file that lives in memory (or, failing that, a deleted file on disk)."""
    if hasattr(os, "memfd_create"):
        import fcntl

        fd = os.memfd_create(name)
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
        return fd
    import tempfile

    handle, path = tempfile.mkstemp(prefix=name)
    if os.name == "nt":
        return handle
    os.close(handle)
    fd = os.open(path, os.O_RDWR | os.O_APPEND)
    os.unlink(path)  # noqa: PTH108
    return fd


class Capture:
    """The record of one cell's output; `take` gives it and starts anew."""

    def __init__(self, fds: tuple[int, int], limit: int) -> None:
        """Capture what is written to the files `fds`, at most `limit` bytes in a cell."""
        self._fds = fds
        self._limit = limit
        self._seen = [0, 0]
        self._entries: list[Entry] = []
        self._shown = 0
        self._clear_next = False
        self._flush = _c_flush()
        self._process = os.getpid()
        self.overflowed = False
        """Whether the cell put out more than it may, even if it caught the error."""
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._unlock)

    def install(self) -> None:
        """Point descriptors 1 and 2 and Python's streams here."""
        for index, fd in enumerate(self._fds):
            os.dup2(fd, index + 1)
        streams: list[Any] = [_Stream(self, 0), _Stream(self, 1)]
        sys.stdout, sys.stderr = streams
        setattr(sys, "__stdout__", streams[0])  # noqa: B010 - declared final
        setattr(sys, "__stderr__", streams[1])  # noqa: B010

    def write(self, index: int, data: bytes) -> None:
        """Append to stdout (0) or stderr (1)."""
        if not data:
            return
        with self._lock:
            self._collect()
            self._clear_if_asked()
            self._check(self._seen[index] + len(data))
            self._append({"kind": NAMES[index], "span": (self._seen[index], len(data))})
            fd = self._fds[index]
            while data:
                written = os.write(fd, data)
                self._seen[index] += written
                data = data[written:]

    def display(self, entry: Entry) -> Entry:
        """Append a display, figure or error; returns the entry, which may be changed later."""
        with self._lock:
            self._collect()
            self._clear_if_asked()
            data = entry.get("data", {}).values()
            self._shown += sum(len(part) for part in data if isinstance(part, str))
            self._check(0)
            self._append(entry)
        return entry

    def holds(self, entry: Entry) -> bool:
        """Whether an entry is of the running cell, and not cleared."""
        return any(own is entry for own in self._entries)

    def clear(self, *, wait: bool = False) -> None:
        """Forget the cell's output so far; with `wait` only when more comes."""
        with self._lock:
            self._collect()
            self._clear_next = True
            if not wait:
                self._clear_if_asked()

    def take(self) -> list[Entry]:
        """The cell's outputs, text that follows on text of the same stream joined."""
        with self._lock:
            self._collect()
            outputs: list[Entry] = []
            for entry in self._entries:
                if "span" in entry:
                    index = NAMES.index(entry["kind"])
                    text = _read(self._fds[index], *entry["span"]).decode(errors="backslashreplace")
                    outputs.append({"kind": entry["kind"], "text": text})
                else:
                    outputs.append(entry)
            self._clear_next = True
            self._clear_if_asked()
            self.overflowed = False
        return outputs

    def follow(self) -> None:
        """This process, a copy that we made ourselves, goes on, with files of its own."""
        self._process = os.getpid()
        self._seen, self._entries, self._shown = [0, 0], [], 0

    def _unlock(self) -> None:
        # Another thread may have held it when this process was copied.
        self._lock = threading.RLock()

    def _check(self, size: int) -> None:
        if size + self._shown > self._limit:
            self.overflowed = True
            raise OutputLimitError

    def _clear_if_asked(self) -> None:
        """Drop the entries and the text behind them, so that it does not count as output."""
        if not self._clear_next or os.getpid() != self._process:
            return
        for fd in self._fds:
            os.ftruncate(fd, 0)
            os.lseek(fd, 0, os.SEEK_SET)
        self._seen, self._entries, self._shown = [0, 0], [], 0
        self._clear_next = False

    def _collect(self) -> None:
        """Take note of what came past Python since the last look."""
        self._flush()
        for index, fd in enumerate(self._fds):
            size = os.fstat(fd).st_size
            if size > self._seen[index]:
                if self._clear_next:
                    self._entries.clear()
                    self._clear_next = False
                span = (self._seen[index], size - self._seen[index])
                self._append({"kind": NAMES[index], "span": span})
                self._seen[index] = size

    def _append(self, entry: Entry) -> None:
        if "span" in entry and self._entries and self._entries[-1]["kind"] == entry["kind"]:
            # Text that follows on text of the same stream lies next to it in the file.
            start, length = self._entries[-1]["span"]
            self._entries[-1]["span"] = (start, length + entry["span"][1])
            return
        self._entries.append(entry)


def _read(fd: int, start: int, length: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(fd, length, start)
    os.lseek(fd, start, os.SEEK_SET)
    data = os.read(fd, length)
    os.lseek(fd, 0, os.SEEK_END)
    return data


def _c_flush() -> Callable[[], object]:
    """The function that flushes C's own streams, which are made to write line by line."""
    library = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
    with contextlib.suppress(ValueError):
        # Else what C prints would come after the output of a process that it then starts.
        name = "__stdoutp" if sys.platform == "darwin" else "stdout"
        stream = ctypes.c_void_p.in_dll(library, name)
        library.setvbuf(stream, None, _LINES, ctypes.c_size_t(1 << 12))
    flush = library.fflush
    return lambda: flush(None)


class _Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a post."""

    def __init__(self, capture: Capture, index: int) -> None:
        self._capture = capture
        self._index = index
        self.buffer = _Buffer(capture, index)
        self.name = f"<{NAMES[index]}>"
        self.mode = "w"

    encoding = "utf-8"
    errors = "backslashreplace"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._capture.write(self._index, text.encode(errors="backslashreplace"))
        return len(text)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._index + 1

    def reconfigure(self, **_: object) -> None:
        """Accepted and without effect: the streams of a post are UTF-8, always."""


class _Buffer(io.RawIOBase):
    """The binary side of a stream."""

    def __init__(self, capture: Capture, index: int) -> None:
        self._capture = capture
        self._index = index

    def write(self, data: Any) -> int:
        view = bytes(data)
        self._capture.write(self._index, view)
        return len(view)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._index + 1
