"""Watch: which files of the site change.

In: a folder. Out: sets of paths, soon after they change. Promise: what the watcher cannot do never
ends the watch; it looks in another way, or tries again.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import watchfiles
from watchfiles import Change

STEP = 10  # milliseconds without another change after which a set is complete
LONGEST = 400  # milliseconds that a set may grow
POLL = 300  # milliseconds between two looks, where the system tells of no changes
READY = 100  # milliseconds after which a watch is sure to have begun
PAUSE = 1.0  # seconds before another try
SOON = 0.05  # seconds
# Folders that tools keep for themselves, wherever they are.
TOOLS = frozenset(
    (
        *(".git", ".hg", ".svn", ".jj", ".venv", ".tox", ".nox", ".idea", ".cache"),
        *(".ipynb_checkpoints", ".mypy_cache", ".ruff_cache", ".pytest_cache"),
        *("__pycache__", "node_modules"),
    )
)
# Files that editors and systems keep beside the one being edited.
_DROPPINGS = ("~", ".swp", ".swo", ".swx", ".kate-swp", "___jb_tmp___", "___jb_old___")
_NAMES = frozenset(("4913", ".DS_Store", "Thumbs.db"))


def watch(root: Path, ignored: Sequence[Path], stop: threading.Event) -> Iterator[frozenset[str]]:
    """Yield the absolute paths that changed below `root`, set by set, until `stop` is set.

    Nothing is told of the folders `ignored`, nor of those of tools. Of a folder that is new it may
    be that only its own path is told, not those of the files in it.
    """
    watcher = _Watcher(root.absolute(), [str(path.absolute()) for path in ignored])
    ending = [
        threading.Thread(target=_repeat, args=(look, stop), daemon=True, name="watch")
        for look in (watcher.look_at_top, watcher.look_below)
    ]
    for thread in ending:
        thread.start()
    while not stop.is_set():
        try:
            changed = watcher.found.get(timeout=0.2)
        except queue.Empty:
            continue
        with contextlib.suppress(queue.Empty):
            while True:
                changed |= watcher.found.get_nowait()
        yield frozenset(changed)
    for thread in ending:
        thread.join()


def _repeat(look: Callable[[bool, threading.Event], None], stop: threading.Event) -> None:
    """Look until it is time to stop; in the other way after each failure, polling or not."""
    polling = False
    while not stop.is_set():
        try:
            look(polling, stop)
        except FileNotFoundError:  # a folder that went while it was looked at
            stop.wait(SOON)
        except Exception:  # no more watches to be had, whatever it is
            polling = not polling
            stop.wait(PAUSE)


class _Watcher:
    """Two watches: of the folder itself, and of all that is below its folders but the ignored.

    One watch of everything would go through each folder of an environment of thousands.
    """

    def __init__(self, root: Path, ignored: Sequence[str]) -> None:
        self.found: queue.Queue[set[str]] = queue.Queue()
        self._root = root
        self._real = os.path.realpath(root)
        self._ignored = tuple(ignored)
        self._is_lost = False  # the folder itself went
        self._others = threading.Event()  # the folders below are others than those watched
        self._new: set[str] = set()
        self._watched: frozenset[str] = frozenset()

    def look_at_top(self, polling: bool, stop: threading.Event) -> None:
        """Put what changes in the folder itself on the queue."""
        for changes in _changes([self._root], polling, stop, recursive=False):
            if self._is_lost:  # all that came back before this watch began was not seen
                changes |= {(Change.added, str(path)) for path in self._root.iterdir()}
                self._is_lost = False
            found = self._of_interest(changes)
            # A folder in place of another of the same name needs a watch of its own.
            moved = {path for kind, path in changes if kind is not Change.modified} & found
            new = {path for path in moved if path in self._watched or Path(path).is_dir()}
            if new:
                self._new.update(new)
                self._others.set()
            self._put(found)
            if (Change.deleted, self._real) in changes:
                self._is_lost = True
                raise FileNotFoundError

    def look_below(self, polling: bool, stop: threading.Event) -> None:
        """Put what changes in the folders on the queue, as long as these folders are there."""
        self._others.clear()
        unseen = {self._new.pop() for _ in range(len(self._new))}
        folders = self._folders()
        self._watched = frozenset(map(str, folders))
        if not folders:
            self._others.wait(0.2)
            return
        ending = _Either(stop, self._others)
        for changes in _changes(folders, polling, ending, recursive=True):
            # What came into a folder before its watch began was not seen.
            self._put(self._of_interest(changes) | unseen)
            unseen = set()

    def _put(self, paths: set[str]) -> None:
        if paths:
            self.found.put(paths)

    def _folders(self) -> list[Path]:
        return [
            path
            for path in sorted(self._root.iterdir())
            if path.is_dir()
            and path.name not in TOOLS
            and str(path) not in self._ignored
            and not (path / "pyvenv.cfg").exists()
        ]

    def _of_interest(self, changes: set[tuple[Change, str]]) -> set[str]:
        """The paths among these that are told of."""
        found = set()
        for _, told in changes:
            # Some systems tell where a link leads.
            below = told.removeprefix(self._real).removeprefix(str(self._root)).lstrip(os.sep)
            path, name = str(self._root / below), Path(below).name
            if (
                not TOOLS.intersection(Path(below).parts)
                and not any(path == top or path.startswith(top + os.sep) for top in self._ignored)
                and not name.endswith(_DROPPINGS)
                and not name.startswith((".#", "#"))
                and name not in _NAMES
            ):
                found.add(path)
        return found


def _changes(
    paths: Sequence[Path], polling: bool, stop: threading.Event | _Either, *, recursive: bool
) -> Iterator[set[tuple[Change, str]]]:
    """What changes, and an empty set from time to time."""
    yield from watchfiles.watch(
        *paths,
        watch_filter=None,
        debounce=LONGEST,
        step=STEP,
        stop_event=stop,
        rust_timeout=READY,
        yield_on_timeout=True,
        raise_interrupt=False,
        force_polling=polling or None,
        poll_delay_ms=POLL,
        recursive=recursive,
        ignore_permission_denied=True,
    )


class _Either:
    """Set if one of two events is."""

    def __init__(self, first: threading.Event, second: threading.Event) -> None:
        self._events = first, second

    def is_set(self) -> bool:
        """Whether it is time to stop."""
        return any(event.is_set() for event in self._events)
