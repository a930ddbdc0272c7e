"""A lock on a folder, so that two builds of it take turns.

In: a folder. Out: a context in which no other process has it. Promise: the lock goes with the
process that holds it, however that ends, and leaves no file in the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of `folder`, which is made if it is not there.

    `on_wait` is called once if another process has the lock. If the folder was made here and is
    empty in the end, it is removed. Raises OSError if the folder cannot be made or opened.
    """
    new = not folder.exists()
    handle = _acquire(folder, on_wait)
    try:
        yield
    finally:
        if new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _acquire(folder: Path, on_wait: Callable[[], None]) -> int:
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        path = Path(tempfile.gettempdir()) / f"site-builder-{digest}.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT)
        waited = False
        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_LOCK if waited else msvcrt.LK_NBLCK, 1)
                return handle
            except OSError:  # after ten tries of a second each, too
                if not waited:
                    on_wait()
                waited = True

else:
    import fcntl

    def _acquire(folder: Path, on_wait: Callable[[], None]) -> int:
        waited = False
        while True:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    on_wait()
                waited = True
                fcntl.flock(handle, fcntl.LOCK_EX)
            except OSError:  # a file system without locks
                return handle
            # The one that had it may have removed the folder, and a third made it anew.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), folder.stat()):
                    return handle
            os.close(handle)
