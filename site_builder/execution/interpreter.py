"""The Python that runs posts, as it is today, without running a post.

In: a program and its environment. Out: its version, platform and class of processor, the versions
of what is installed for it, the names that it could import. Promise: asked anew in each build, so
that an upgrade is seen.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from site_builder.execution.processes import BOOT, PACKAGE, StartError

_DISTRIBUTION = re.compile(r"(.+?)-([^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info")
_SUFFIX = re.compile(r"\.(?:py|pyc|(?:cpython|abi|pypy)[\w.-]*\.(?:so|pyd)|so|pyd)$")


class Probe:
    """A question to an interpreter, asked in the background."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        """Ask; raises StartError if the program cannot be started."""
        try:
            self._process = subprocess.Popen(
                [python, "-P", "-c", BOOT, str(PACKAGE), "probe"],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/" if os.name == "posix" else None,
            )
        except OSError as error:
            raise StartError(error.strerror or str(error)) from error

    @cached_property
    def interpreter(self) -> Interpreter:
        """Wait for the answer; raises StartError if there is none."""
        said, complaint = self._process.communicate()
        try:
            answer = json.loads(said)
            return Interpreter(answer["interpreter"], tuple(answer["path"]))
        except (ValueError, KeyError, TypeError):
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            code = self._process.returncode
            raise StartError(last or f"it ended with code {code} at once") from None

    def close(self) -> None:
        """Ask no more."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()


@dataclass(frozen=True)
class Interpreter:
    """A Python and what is installed for it."""

    facts: Mapping[str, str]
    """`python`, `implementation`, `platform`, `machine`, `cpu`."""
    path: tuple[str, ...]
    """Folders in which it looks for modules, without those of a post."""
    _listed: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    _owned: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    @cached_property
    def packages(self) -> Mapping[str, str]:
        """Version of each distribution by its normalised name; the first one on the path counts."""
        found: dict[str, str] = {}
        for folder in self.path:
            for name, version, _ in self._in(folder):
                found.setdefault(name, version)
        return found

    @cached_property
    def names(self) -> frozenset[str]:
        """Top-level names of everything that it could import."""
        return frozenset(name for folder in self.path for name in importable(Path(folder)).values())

    def listing(self) -> tuple[tuple[str, ...], ...]:
        """What is in its folders now: another one when something was installed or removed."""
        return tuple(
            tuple(sorted(importable(Path(folder)))) + _infos(folder) for folder in self.path
        )

    def owners(self, module: str, folder: str) -> dict[str, str]:
        """Name and version of the distributions that a module in a folder belongs to."""
        known = {name: version for name, version, _ in self._in(folder)}
        name = normalised(module)
        if name in known:  # nearly always, and quickly found
            return {name: known[name]}
        return {name: known[name] for name in self._owners_in(folder).get(module, ())}

    def _in(self, folder: str) -> list[tuple[str, str, str]]:
        if folder not in self._listed:
            self._listed[folder] = list(_distributions(folder))
        return self._listed[folder]

    def _owners_in(self, folder: str) -> dict[str, set[str]]:
        if folder not in self._owned:
            owners: dict[str, set[str]] = {}
            for name, _, info in self._in(folder):
                for module in _top_level(Path(folder, info)):
                    owners.setdefault(module, set()).add(name)
            self._owned[folder] = owners
        return self._owned[folder]


def normalised(name: str) -> str:
    """A distribution's name as it is compared.

    Source: https://packaging.python.org/specifications/name-normalization/
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def importable(folder: Path) -> dict[str, str]:
    """The names in a folder that can be imported, and under which name."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - the names alone, quickly
    except OSError:
        return {}
    modules = {name: _SUFFIX.sub("", name) for name in names if _SUFFIX.search(name)}
    taken = set(modules.values())
    packages = {
        name: name
        for name in names
        if name.isidentifier()
        and name != "__pycache__"
        # Beside a module of its name a folder counts only if it is a package itself.
        and (name not in taken or (folder / name / "__init__.py").exists())
    }
    return modules | packages


def _infos(folder: str) -> tuple[str, ...]:
    return tuple(info for _, _, info in _distributions(folder))


def _distributions(folder: str) -> Iterator[tuple[str, str, str]]:
    """Normalised name, version and metadata folder of what is installed in a folder."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - the names alone, quickly
    except OSError:
        return
    for name in sorted(names):
        if found := _DISTRIBUTION.fullmatch(name):
            yield normalised(found[1]), found[2], name


def _top_level(info: Path) -> set[str]:
    """Top-level names of the modules that a distribution brings along."""
    for name in ("top_level.txt", "RECORD", "installed-files.txt"):
        try:
            lines = (info / name).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        tops = {re.split(r"[/,]", line.strip(), maxsplit=1)[0] for line in lines}
        return {_SUFFIX.sub("", top) for top in tops if top}
    return set()
