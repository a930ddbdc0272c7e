"""Makes the trace of a run: all that would have to be the same for it to put out the same.

In: what was observed. Out: JSON in which the paths of the site are relative to it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from site_builder.execution.child.impure import READ_BY_THEMSELVES
from site_builder.execution.child.observations import (
    Observations,
    Seen,
    digest,
    digest_of_names,
    look,
    names_in,
)
from site_builder.execution.child.observe import Observer
from site_builder.execution.child.paths import Paths
from site_builder.execution.child.protocol import Message

CLOCK = 10_000_000  # nanoseconds by which a file's times may be behind


def make_trace(observer: Observer, job: Message) -> Message:
    """The trace of the job's run; `observer` is closed by it."""
    observer.close()
    if job["kernel"]:
        what = f"runs in the Jupyter kernel {job['kernel']}, whose reads nobody sees"
        return _trace(observer, impure=[{"what": what, "cell": 0}])
    try:
        return _made(observer, job)
    except Exception as error:  # a post may spoil whatever this relies on
        what = f"cannot be traced ({type(error).__name__}: {error})"
        return _trace(observer, impure=[{"what": what, "cell": 0}])


def _made(observer: Observer, job: Message) -> Message:
    observed, paths = observer.observations, observer.paths
    files = _Files(paths, observed, os.path.realpath(job["folder"]) + os.sep)
    files.add_seen()
    files.add_listed()
    files.add_written()
    modules = observer.modules
    modules.take_in(paths, observer.begun)
    for name, origin in observed.found.items():
        modules.add(name, origin, paths, observer.begun)
    for file, since in modules.local.items():
        files.add_module(file, since)
    in_vain = observed.sought - modules.top - sys.stdlib_module_names
    for name in set(job["imports"]) & READ_BY_THEMSELVES.keys() & modules.top:
        observed.blame(f"imports {name}, which {READ_BY_THEMSELVES[name]} by itself")
    return _trace(
        observer,
        files=[files.entries[key] for key in sorted(files.entries)],
        modules=sorted(modules.top | in_vain | sys.stdlib_module_names),
        sought=sorted(in_vain),
        installed=dict(sorted(modules.installed.items())),
        local_paths=_local_paths(paths),
        variables=[
            {"name": name, "value": value, "cell": cell}
            for name, (value, cell) in sorted(observed.variables.items())
        ],
        impure=[{"what": what, "cell": cell} for what, cell in sorted(observed.impure)],
        changed=sorted(files.changed),
    )


def _trace(observer: Observer, **parts: Any) -> Message:
    lists = ("files", "modules", "sought", "local_paths", "variables", "impure", "changed")
    empty: Message = {"interpreter": observer.interpreter, "installed": {}}
    return {**empty, **{name: [] for name in lists}, **parts}


class _Files:
    """The entries of a trace that are about files, by path and kind."""

    def __init__(self, paths: Paths, observed: Observations, folder: str) -> None:
        self.entries: dict[tuple[str, str], Message] = {}
        self.changed: set[str] = set()
        self._paths, self._observed, self._folder = paths, observed, folder

    def add_seen(self) -> None:
        """What was looked at, and whether it is still the same."""
        for path, seen in self._observed.seen.items():
            if self._is_given(path, seen.kind):
                continue
            content = seen.digest
            if seen.kind == "read" and not content:
                content = digest(path)
            self._add(path, seen.kind, content, seen.cell)
            if self._has_changed(path, seen):
                self.changed.add(self._paths.told(path))

    def add_listed(self) -> None:
        """The folders that were listed; what the run has put into them itself is no change."""
        for path, listed in self._observed.listed.items():
            self._add(path, "listed", digest_of_names(listed.names), listed.cell)
            now = names_in(path)
            others = set(listed.names) ^ set(now or ())
            if now is None or not all(self._observed.is_own(f"{path}{os.sep}{n}") for n in others):
                self.changed.add(self._paths.told(path))

    def add_written(self) -> None:
        """The files of the site that the run has made or changed."""
        for path, cell in self._observed.made.items():
            if not self._paths.is_inside(path) or self._is_given(path, ""):
                continue
            kind, signature = look(path)
            seen = self._observed.seen.get(path)
            if kind == "read" and not (seen and seen.signature == signature):
                self._add(path, "wrote", digest(path), cell)

    def add_module(self, file: str, since: int) -> None:
        """The source of a local module, which must be older than the process that loaded it."""
        path = self._paths.absolute(file) or file
        kind, signature = look(path)
        if kind != "read" or self._observed.is_own(path):
            return
        told = self._paths.told(path)
        if (told, "read") not in self.entries:
            self._add(path, "read", digest(path), 0)
        if max(signature[2:]) + CLOCK >= since:
            self.changed.add(told)

    def _add(self, path: str, kind: str, content: str, cell: int) -> None:
        told = self._paths.told(path)
        if (told, kind) not in self.entries:
            entry = {"kind": kind, "path": told, "digest": content, "cell": cell}
            self.entries[told, kind] = entry

    def _is_given(self, path: str, kind: str) -> bool:
        """Whether it goes without saying: the folders that the post is in."""
        if kind == "folder" and self._folder.startswith(path.rstrip(os.sep) + os.sep):
            return True
        return self._paths.is_keras_home(path)

    def _has_changed(self, path: str, seen: Seen) -> bool:
        kind, signature = look(path)
        if seen.kind == "missing":
            return kind != "missing" and not self._observed.is_own(path)
        return kind != seen.kind or signature != seen.signature


def _local_paths(paths: Paths) -> list[str]:
    """Where in the site modules are looked for, in order."""
    local: list[str] = []
    for entry in sys.path:
        full = paths.absolute(entry or ".") if isinstance(entry, str) else None
        if full and paths.is_inside(full + os.sep) and not paths.excuses(full + os.sep):
            local.append(paths.told(full))
    return list(dict.fromkeys(local))
