"""Progress of running posts: a line that changes in a terminal, a line per post elsewhere.

In: what the executor says of each post. Out: text on a stream.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:  # a build in which nothing runs needs no executor
    from site_builder.execution.running import Progress

REDRAW = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class _Running:
    progress: Progress
    since: float


class Display:
    """Shows the posts that run, until it is left; a context manager."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._running: dict[str, _Running] = {}
        self._drawn = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Display:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._clock.is_alive():
            self._clock.join()
        with self._lock:
            self._erase()

    def show(self, progress: Progress) -> None:
        """Take note of how far a post is; called from any thread."""
        with self._lock:
            now = time.monotonic()
            known = self._running.get(progress.path)
            since = known.since if known else now
            if progress.cell:
                self._running[progress.path] = _Running(progress, since)
            else:
                self._running.pop(progress.path, None)
                self._erase()
                what = f"{progress.cells} cells" if progress.cells else "values only"
                what = "1 cell" if progress.cells == 1 else what
                ended = "ran" if progress.finished else "failed"
                print(f"{ended} {progress.path} ({what}, {now - since:.1f} s)", file=self._stream)
        # The first post starts the clock: a build without one needs no thread, and may fork.
        if self._live and not self._clock.is_alive() and not self._stop.is_set():
            self._clock.start()

    def _tick(self) -> None:
        while not self._stop.wait(REDRAW):
            with self._lock:
                self._erase()
                self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        for path, running in self._running.items():
            cell = f"cell {running.progress.cell} of {running.progress.cells}"
            self._stream.write(f"running {path}: {cell}, {now - running.since:.1f} s\n")
        self._drawn = len(self._running)
        self._stream.flush()

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0
