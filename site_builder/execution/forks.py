"""Zygotes as posts need them: one for each set of imports, so that a post finds its own only.

In: jobs. Out: their events, from forks of a process that has imported what the job's post imports.
Zygotes are a tree: each is forked from the one that has imported all but the last module. A module
whose import makes a process unfit for forking is left out; posts that need it import it themselves.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path

from site_builder.execution.child.protocol import Message
from site_builder.execution.imports import modules_in, preloads
from site_builder.execution.processes import Zygote, ZygoteError

Chain = tuple[str, ...]


class Forks:
    """A source of processes that have the imports of their post behind them."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._python, self._environment = python, environment
        self._lock = threading.Lock()
        self._zygotes: dict[Chain, Future[Zygote]] = {}
        self._begun: dict[Chain, Zygote] = {}
        self._all: list[Zygote] = []
        self._refused: set[str] = set()
        self._warming: list[threading.Thread] = []
        self._closed = False

    def begin(self, imports: Iterable[str]) -> None:
        """Begin the imports of a post that may come, without waiting for anything."""
        wanted = preloads(imports)
        with contextlib.suppress(ZygoteError):
            for length in range(len(wanted) + 1):
                chain = wanted[:length]
                if chain not in self._begun:
                    self._begun[chain] = self._begin(chain)

    def warm_up(self, imports: Iterable[str]) -> None:
        """Begin the slow imports of a post that is to come."""
        wanted = preloads(imports)

        def prepare() -> None:
            # What is wrong is met again, and dealt with, when the post runs.
            with contextlib.suppress(ZygoteError, OSError):
                self._prepared(wanted)

        thread = threading.Thread(target=prepare)
        self._warming.append(thread)
        thread.start()

    def is_warm(self) -> bool:
        """Whether the slow imports are done."""
        return not any(thread.is_alive() for thread in self._warming)

    def run(self, job: Message) -> Iterator[Message]:
        """Run a job in a fork; raises ZygoteError where there is none."""
        yield from self.zygote_for(job).run(job)

    def zygote_for(self, job: Message) -> Zygote:
        """What has imported what a job's post imports; raises ZygoteError where there is none."""
        zygote = self._prepared(preloads(job["imports"]))
        local = modules_in(Path(job["folder"]))
        if local and (hidden := local & zygote.modules()):
            # A fork would go on with Python's or the installed one, where an import finds this.
            raise ZygoteError(f"the folder of the post has modules named {sorted(hidden)}")
        return zygote

    def close(self) -> None:
        """End the zygotes and all posts that still run."""
        with self._lock:
            self._closed = True
            zygotes = list(self._all)
        for zygote in zygotes:  # the first, from which all come, is the first to end
            zygote.close()
        for thread in self._warming:
            thread.join()

    def _prepared(self, wanted: Chain) -> Zygote:
        """The zygote with exactly `wanted` imported, except what was found to be unsafe."""
        while True:
            chain = tuple(module for module in wanted if module not in self._refused)
            try:
                return self._zygote(chain)
            except ZygoteError:
                if self._closed or self._refused.isdisjoint(chain):
                    raise

    def _zygote(self, chain: Chain) -> Zygote:
        """The zygote of a chain of imports; whoever asks first makes it, and others wait."""
        with self._lock:
            found = self._zygotes.get(chain)
            mine = found is None
            future = self._zygotes.setdefault(chain, Future())
        if mine:
            try:
                future.set_result(self._grown(chain))
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def _begin(self, chain: Chain) -> Zygote:
        """A zygote that begins with the last module of a chain, whose others have begun."""
        if not chain:
            return self._kept(Zygote(self._python, self._environment))
        zygote = self._kept(self._begun[chain[:-1]].branch())
        zygote.begin_preload(chain[-1])
        return zygote

    def _grown(self, chain: Chain) -> Zygote:
        """A new zygote for a chain, from that of the chain before its last module."""
        begun = self._begun.get(chain)
        if not chain:
            return begun or self._kept(Zygote(self._python, self._environment))
        *before, module = chain
        parent = self._zygote(tuple(before))
        zygote = begun or self._kept(parent.branch())
        try:
            if not begun:
                zygote.begin_preload(module)
            zygote.finish_preload(module)
        except ZygoteError:
            if not self._closed:
                self._refused.add(module)
            zygote.close()
            raise
        return zygote

    def _kept(self, zygote: Zygote) -> Zygote:
        """The same zygote, sure to be closed."""
        with self._lock:
            if not self._closed:
                self._all.append(zygote)
                return zygote
        zygote.close()
        raise ZygoteError("the build is over")
