"""Which variables of the environment a post has read, of those that are other on each machine.

In: names of variables, as they are looked up. Out: a call for each that was read. All the others
that a post can see are the builder's choice, so it knows them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

# What a post sees of the builder's environment: enough to find programs and files, nothing secret.
PASSED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "PATHEXT",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "APPDATA", "LOCALAPPDATA", "USERPROFILE",
)  # fmt: skip
_MACHINE = {os.fsencode(name): name for name in PASSED} | {name: name for name in PASSED}
_SETTERS = ("__setitem__", "__delitem__")


def watch_environment(note: Callable[[str, str | None], None]) -> None:
    """From now on call `note(name, value)` when a variable of this machine is read.

    The functions that turn names into what the system has and back are called for each of them, and
    leave no trace where a variable is missing and the post shows the error.
    """
    changed: set[str] = set()
    for environ in (os.environ, getattr(os, "environb", None)):
        if environ is not None:
            _watch(environ, note, changed)


def _watch(environ: Any, note: Callable[[str, str | None], None], changed: set[str]) -> None:
    encode, decode = environ.encodekey, environ.decodekey

    def told(key: Any, encoded: Any) -> None:
        name = _MACHINE.get(key) if isinstance(key, str | bytes) else None
        if name is None or name in changed:
            return
        if sys._getframe(2).f_code.co_name in _SETTERS:
            changed.add(name)  # from here on it is the post's own
            return
        value = environ._data.get(encoded)
        note(name, None if value is None else os.fsdecode(value))

    def encodekey(key: Any) -> Any:
        encoded = encode(key)
        told(key, encoded)
        return encoded

    def decodekey(key: Any) -> Any:
        told(key, key)
        return decode(key)

    environ.encodekey, environ.decodekey = encodekey, decodekey
