"""Proof that a run would give the same today: all that it observed is compared with what is there.

In: a record. Out: every change since, in words. Promise: no change is overlooked that a run could
have observed in the ways of `Trace`; no modification time is trusted, contents are compared.
"""

from __future__ import annotations

import glob
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from site_builder.execution.child.observations import digest_of_names, names_in
from site_builder.execution.interpreter import Interpreter, importable
from site_builder.execution.record import Record, SeenFile, Trace
from site_builder.settings.site import Site

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as the run observed it."""

    what: str
    """Such as `posts/data/x.csv changed`."""
    cell: int
    """Number of the cell that observed it, 0 for the whole post."""


@dataclass
class Prover:
    """Compares records with today; what is read once is not read again."""

    site: Site
    environment: Mapping[str, str]
    """What posts are given today."""
    interpreter: Callable[[], Interpreter]
    """The Python that runs posts; raises StartError."""
    _states: dict[tuple[str, str], str] = field(default_factory=dict)

    def changes(self, record: Record) -> Iterator[Change]:
        """Everything that changed.

        Of a frozen record only the files of the site count: it is for machines without the rest.
        """
        trace = record.trace
        if not record.frozen:
            if not record.conditions["kernel"]:
                yield from self._interpreter_changes(trace)
            yield from self._module_changes(trace)
            yield from self._variable_changes(trace)
            for impure in trace.unseen():
                yield Change(f"{impure.what}, which nobody sees change", impure.cell)
            if trace.root and trace.root != str(self.site.root):
                yield Change(f"the site is in another folder than {trace.root}", 0)
        yield from self.file_changes(record)

    def file_changes(self, record: Record) -> Iterator[Change]:
        """What changed in the files alone."""
        for seen in record.trace.files:
            if record.frozen and Path(seen.path).is_absolute():
                continue
            yield from self._file_change(seen)
        for declared in record.trace.declared:
            if self.declared_digest(record.post, declared.pattern) != declared.digest:
                yield Change(f"what 'reads: {declared.pattern}' names changed", declared.cell)

    def is_outdated(self, record: Record, written: frozenset[str]) -> bool:
        """Whether one of the files `written` is no longer as a run saw it."""
        folders = {path.rpartition("/")[0] for path in written}
        return any(
            any(self._file_change(seen))
            for seen in record.trace.files
            if seen.path in (folders if seen.kind == "listed" else written)
        ) or any(
            self.declared_digest(record.post, declared.pattern) != declared.digest
            for declared in record.trace.declared
        )

    def declared_digest(self, post: str, pattern: str) -> str:
        """The digest of names and contents of the files that a pattern of `reads:` names."""
        folder = self.site.root / Path(post).parent
        digest = hashlib.sha256()
        for name in declared_files(folder, pattern):
            state = self._state("read", str(folder / name))
            digest.update(f"{name}\n{state}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def forget_files(self) -> None:
        """Look at the files anew: posts ran, which may have written some."""
        self._states.clear()

    def _interpreter_changes(self, trace: Trace) -> Iterator[Change]:
        for name, value in self.interpreter().facts.items():
            known = trace.interpreter.get(name, "")
            if value != known:
                yield Change(f"{_FACTS.get(name, name)} is {value!r}, was {known!r}", 0)
        for name, version in trace.packages.items():
            today = self.interpreter().packages.get(name, "")
            if today != version:
                now = f"is {today}" if today else "is not installed"
                yield Change(f"the package {name} {now}, was {version}", 0)
        for name in trace.sought:
            if name in self.interpreter().names:
                yield Change(f"the module {name} can be imported, could not be then", 0)

    def _module_changes(self, trace: Trace) -> Iterator[Change]:
        modules = frozenset(trace.modules)
        today = {
            **{folder: importable_as(modules, self.site.root / folder) for folder in trace.local},
            **{folder: importable_as(None, self.site.root / folder) for folder in trace.inner},
        }
        for folder, names in {**trace.local, **trace.inner}.items():
            before, now = _without_kind(names), _without_kind(today[folder])
            for name in sorted(_without_kind(set(today[folder]) ^ set(names))):
                what = "is there now" if name not in before else "is gone"
                what = "is a package now, or none any more" if name in before & now else what
                path = f"{folder}/{name}" if folder else name
                yield Change(f"the local module {path} {what}", 0)

    def _variable_changes(self, trace: Trace) -> Iterator[Change]:
        for seen in trace.variables:
            if self.environment.get(seen.name) != seen.value:
                yield Change(f"the environment variable {seen.name} changed", seen.cell)

    def _file_change(self, seen: SeenFile) -> Iterator[Change]:
        state = self._state(seen.kind, str(self.site.root / seen.path))
        if state == seen.digest:
            return
        if seen.kind == "missing":
            yield Change(f"{seen.path} is there now", seen.cell)
        elif state == GONE:
            what = "no longer holds what the cell wrote" if seen.kind == "wrote" else "is gone"
            yield Change(f"{seen.path} {what}", seen.cell)
        elif seen.kind == "listed":
            yield Change(f"other files are in {seen.path or 'the site'}", seen.cell)
        elif seen.kind == "wrote":
            yield Change(f"{seen.path} no longer holds what the cell wrote", seen.cell)
        else:
            yield Change(f"{seen.path} changed", seen.cell)

    def _state(self, kind: str, path: str) -> str:
        """What a run would see now, as a digest."""
        kind = "read" if kind == "wrote" else kind
        if (kind, path) not in self._states:
            self._states[kind, path] = _LOOKS[kind](path)
        return self._states[kind, path]


def declared_files(folder: Path, pattern: str) -> list[str]:
    """The files that a pattern of `reads:` names, a folder standing for all files below it."""
    names = set(glob.glob(pattern, root_dir=folder, recursive=True))  # noqa: PTH207
    for name in list(names):
        if (folder / name).is_dir():
            below = glob.glob(f"{glob.escape(name)}/**", root_dir=folder, recursive=True)  # noqa: PTH207
            names.update(below)
    return sorted(name for name in names if (folder / name).is_file())


GONE = "gone"
_FACTS = {
    "python": "Python",
    "implementation": "the kind of Python",
    "platform": "the operating system",
    "machine": "the kind of machine",
    "cpu": "the class of processor",
}


def _content_digest(path: str) -> str:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
        if stat.S_ISDIR(mode):
            return "a folder"
        if not stat.S_ISREG(mode):  # to read a pipe would be to wait
            return "neither a file nor a folder"
        digest = hashlib.sha256()
        with open(path, "rb") as file:  # noqa: PTH123
            while chunk := file.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()
    except OSError:
        return GONE


def _presence(path: str) -> str:
    return "there" if os.path.lexists(path) else ""


def _folder(path: str) -> str:
    return "" if os.path.isdir(path) else GONE  # noqa: PTH112


def _listing(path: str) -> str:
    names = names_in(path)
    return GONE if names is None else digest_of_names(names)


_LOOKS: Mapping[str, Callable[[str], str]] = {
    "read": _content_digest,
    "missing": _presence,
    "folder": _folder,
    "listed": _listing,
}


_PACKAGE = "/__init__.py"


def _without_kind(names: Iterable[str]) -> set[str]:
    return {name.removesuffix(_PACKAGE) for name in names}


def importable_as(modules: frozenset[str] | None, folder: Path) -> tuple[str, ...]:
    """What in a folder can be imported, under one of these names if any are given; sorted.

    A folder is told from a package: another package of its name comes before the first.
    """
    return tuple(
        sorted(
            f"{name}{_PACKAGE}" if (folder / f"{name}{_PACKAGE}").exists() else name
            for name, module in importable(folder).items()
            if modules is None or module in modules
        )
    )
