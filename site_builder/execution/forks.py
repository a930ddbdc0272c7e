"""Zygotes as posts need them: one for what imports fast, one for what imports slowly.

In: jobs. Out: their events, from forks of a process that has imported what the job's post imports.
Two, so that a post with NumPy alone need not wait until Keras is there. A zygote that turns out to
be unsafe is replaced by one without the culprit; posts that need that import it themselves.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping

from site_builder.execution.child.protocol import Message
from site_builder.execution.imports import is_slow, preloads
from site_builder.execution.processes import Zygote, ZygoteError


class Forks:
    """A source of processes that have the imports of their post behind them."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._fast = _Preloading(python, environment)
        self._slow = _Preloading(python, environment)
        self._warming: threading.Thread | None = None

    def warm_up(self, imports: Iterable[str]) -> None:
        """Begin the slow imports of a post that is to come."""
        wanted = preloads(imports)

        def prepare() -> None:
            # What is wrong is met again, and dealt with, when the post runs.
            with contextlib.suppress(ZygoteError, OSError):
                self._slow.prepared(wanted)

        self._warming = threading.Thread(target=prepare)
        self._warming.start()

    def is_warm(self) -> bool:
        """Whether the slow imports are done."""
        return self._warming is None or not self._warming.is_alive()

    def run(self, job: Message) -> Iterator[Message]:
        """Run a job in a fork; raises ZygoteError where there is none."""
        imports = job["imports"]
        source = self._slow if is_slow(imports) else self._fast
        zygote = source.prepared(preloads(imports))
        yield from zygote.run(job)

    def close(self) -> None:
        """End the zygotes and all posts that still run."""
        self._fast.close()
        self._slow.close()
        if self._warming is not None:
            self._warming.join()


class _Preloading:
    """A zygote that is started by the first post, and imports what each post needs on top."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._python, self._environment = python, environment
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._loaded: list[str] = []
        self._refused: set[str] = set()
        self._retired: list[Zygote] = []
        self._closed = False

    def prepared(self, wanted: tuple[str, ...]) -> Zygote:
        """The zygote with `wanted` imported, except what was found to start threads."""
        with self._lock:
            while True:
                if self._closed:
                    raise ZygoteError("the build is over")
                if self._zygote is None:
                    self._zygote = Zygote(self._python, self._environment)
                    self._loaded = []
                module = ""
                try:
                    for module in wanted:
                        if module not in self._loaded and module not in self._refused:
                            self._zygote.preload(module)
                            self._loaded.append(module)
                except ZygoteError:
                    # Begin again without the culprit. What runs was forked before and goes on.
                    self._refused.add(module)
                    self._retired.append(self._zygote)
                    self._zygote = None
                    continue
                return self._zygote

    def close(self) -> None:
        """End the zygote and all posts that still run."""
        self._closed = True
        zygote = self._zygote
        if zygote is not None:
            zygote.close()  # wakes whoever waits for an import, and so holds the lock
        with self._lock:
            for other in (*self._retired, self._zygote):
                if other is not None and other is not zygote:
                    other.close()
