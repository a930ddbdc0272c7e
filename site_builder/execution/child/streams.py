"""What a cell puts out, in order: Python's streams, C-level output, displays.

File descriptors 1 and 2 are two append-only files in memory; Python's own streams write there too,
and remember where. So there is no pipe to fill up, no reader thread, and what was printed survives
the process. Between two writes of Python, C-level output on stdout is put before that on stderr.
"""

from __future__ import annotations

import ctypes
import io
import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

Entry = dict[str, Any]
NAMES = ("stdout", "stderr")


class OutputLimitError(Exception):
    """A cell put out more than it may."""


def memory_file(name: str) -> int:
    """A new append-only file that lives in memory (or, failing that, a deleted file on disk)."""
    if hasattr(os, "memfd_create"):
        import fcntl

        fd = os.memfd_create(name)
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
        return fd
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
        self._collect()
        if self._seen[index] + len(data) + self._shown > self._limit:
            raise OutputLimitError
        self._append({"kind": NAMES[index], "span": (self._seen[index], len(data))})
        fd = self._fds[index]
        while data:
            written = os.write(fd, data)
            self._seen[index] += written
            data = data[written:]

    def display(self, entry: Entry) -> Entry:
        """Append a display, figure or error; returns the entry, which may be changed later."""
        self._collect()
        self._shown += sum(len(d) for d in entry.get("data", {}).values() if isinstance(d, str))
        if self._shown > self._limit:
            raise OutputLimitError
        self._append(entry)
        return entry

    def clear(self, *, wait: bool = False) -> None:
        """Forget the cell's output so far; with `wait` only when more comes."""
        self._collect()
        self._clear_next = True
        if not wait:
            self._entries.clear()

    def take(self) -> list[Entry]:
        """The cell's outputs, text that follows on text of the same stream joined."""
        self._collect()
        outputs: list[Entry] = []
        for entry in self._entries:
            if "span" in entry:
                index = NAMES.index(entry["kind"])
                text = _read(self._fds[index], *entry["span"]).decode(errors="backslashreplace")
                outputs.append({"kind": entry["kind"], "text": text})
            else:
                outputs.append(entry)
        for fd in self._fds:
            os.ftruncate(fd, 0)
        self._seen, self._entries, self._shown = [0, 0], [], 0
        self._clear_next = False
        return outputs

    def _collect(self) -> None:
        """Take note of what came past Python since the last look."""
        self._flush()
        for index, fd in enumerate(self._fds):
            size = os.fstat(fd).st_size
            if size > self._seen[index]:
                span = (self._seen[index], size - self._seen[index])
                self._append({"kind": NAMES[index], "span": span})
                self._seen[index] = size

    def _append(self, entry: Entry) -> None:
        if self._clear_next:
            self._entries.clear()
            self._clear_next = False
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
    return os.read(fd, length)


def _c_flush() -> Callable[[], object]:
    """The function that flushes C's own streams."""
    library = ctypes.CDLL("msvcrt" if os.name == "nt" else None)
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
