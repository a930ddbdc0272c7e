"""Hears of every module that a process looks for, found or not.

In: Python's questions for modules, in whatever way they are asked. Out: notes in the observations,
and no module: the finders that come after it answer.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

from site_builder.execution.child.impure import READ_BY_THEMSELVES
from site_builder.execution.child.paths import ENGINE

if TYPE_CHECKING:
    from site_builder.execution.child.observe import Observer


class Seeker:
    """Finds no module itself, but hears of each that is looked for."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def find_spec(self, name: str, path: Sequence[str] | None = None, _: object = None) -> None:
        """Note the question."""
        self._observer.quietly(self._note, name, path)

    def _note(self, name: str, path: Sequence[str] | None) -> None:
        observer = self._observer
        if name in READ_BY_THEMSELVES:
            observer.blame(f"imports {name}, which {READ_BY_THEMSELVES[name]} by itself")
        if path is None and not self._is_for_the_library():
            observer.observations.seek(name)
        if observer.observations.is_copy:
            from importlib.machinery import PathFinder

            spec = PathFinder.find_spec(name, path)
            if spec is not None and spec.origin is not None:
                observer.observations.find(name, spec.origin)

    def _is_for_the_library(self) -> bool:
        """Whether the standard library wants it for itself, as it does where it asks for Jython."""
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            importing = file.startswith((ENGINE, "<frozen")) or f"{os.sep}importlib{os.sep}" in file
            if not importing and not file.endswith("pkgutil.py"):
                return file.startswith(self._observer.paths.standard)
            frame = frame.f_back
        return False

    def __repr__(self) -> str:
        return "<observer>"
