"""Which modules a process has loaded, and from where.

In: `sys.modules`, looked at now and then; what was there at the last look is not looked at again,
so that a fork does not touch, and so copy, the modules of its zygote. Out: names and files.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from site_builder.execution.child.paths import PACKAGE_FOLDERS, Paths

OURS = ("site_builder", "site_builder.execution", "__main__", "__mp_main__")
OURS_BELOW = "site_builder.execution."


class Modules:
    """The modules of one process."""

    def __init__(self) -> None:
        self.top: set[str] = set()
        """Top-level names of all modules."""
        self.installed: dict[str, str] = {}
        """Top-level names, with the folder of packages that they were loaded from."""
        self.local: dict[str, int] = {}
        """Files of modules that are neither installed nor Python's, with the time since when they
        must not have changed, in nanoseconds."""
        self._known: set[str] = set()

    def take_in(self, paths: Paths, since: int) -> None:
        """Note all modules that were loaded since the last time, at `since` or later."""
        for name, module in list(sys.modules.items()):
            if name not in self._known:
                self._known.add(name)
                self.add(name, _of(module, "__file__") or _first_folder(module), paths, since)

    def add(self, name: str, file: Any, paths: Paths, since: int) -> None:
        """Note one module and the file, or folder, that it was loaded from."""
        if name in OURS or name.startswith(OURS_BELOW):
            return
        self.top.add(name.partition(".")[0])
        if type(file) is not str or not file:
            return
        for folder in PACKAGE_FOLDERS:
            place = file.rfind(f"{os.sep}{folder}{os.sep}")
            if place >= 0 and "." not in name:
                self.installed[name] = file[: place + 1 + len(folder)]
        if not paths.excuses(file) and not file.endswith(os.sep):
            self.local.setdefault(file, since)


def _first_folder(module: Any) -> str:
    """The first folder of a package without a file of its own."""
    try:
        return str(next(iter(_of(module, "__path__")))) + os.sep
    except Exception:
        return ""


def _of(module: Any, name: str) -> Any:
    """An attribute of a module, without waking one that loads when it is asked for something."""
    try:
        return object.__getattribute__(module, "__dict__").get(name)
    except Exception:
        return None
