"""The board: where the newest preview stands.

In: previews, from whatever makes them. Out: the newest one, for any number of threads.
Promise: who waits or listens learns of each change; a preview, once published, never changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from site_builder.errors import Problem
from site_builder.model.files import Recipe


@dataclass(frozen=True, slots=True)
class Preview:
    """The site as it can be shown now."""

    files: Mapping[str, Recipe]
    """By path below the site's base; each is made when it is asked for."""
    problems: tuple[Problem, ...]
    """All that is wrong now."""
    running: Mapping[str, str]
    """The file of each post that runs, and what is told of it, such as `cell 3 of 7`."""
    sources: Mapping[str, str]
    """The path of a page in `files`, and the file of the post that it is made of."""
    busy: bool
    """Whether more is to come without a save."""


NOTHING = Preview({}, (), {}, {}, busy=True)


class Board:
    """Holds the newest preview; threads may share one."""

    def __init__(self) -> None:
        self._preview = NOTHING
        self._version = 0
        self._changed = threading.Condition()
        self._listeners: list[Callable[[], None]] = []

    @property
    def current(self) -> Preview:
        """The newest preview; one without files before the first is published."""
        return self._preview

    @property
    def version(self) -> int:
        """How many previews were published."""
        return self._version

    def newest(self) -> tuple[int, Preview]:
        """Version and preview that belong together."""
        with self._changed:
            return self._version, self._preview

    def publish(self, preview: Preview) -> None:
        """Put up a preview in place of the last one, and wake all who wait for it."""
        with self._changed:
            self._preview = preview
            self._version += 1
            self._changed.notify_all()
            listeners = tuple(self._listeners)
        for tell in listeners:
            tell()

    def wait(self, version: int, timeout: float) -> int:
        """Wait for something newer than `version`, `timeout` seconds at the most.

        The newest version is returned, at once if it is newer already.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, timeout)
            return self._version

    def listen(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Have `tell` called after each publication, by its thread; what ends that is returned.

        `tell` must return at once, raise nothing, and bear one more call after the end.
        """
        with self._changed:
            self._listeners.append(tell)

        def end() -> None:
            with self._changed:
                self._listeners.remove(tell)

        return end
