"""What all live posts share: the Python that runs them, what is known of runs, whose turn it is.

In: a site and its store. Out: processes for posts, proofs. Promise: when packages were installed or
removed, nothing that began before is used again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from site_builder.execution.child.protocol import Message
from site_builder.execution.feeds import Feed, fed, feed_from, spawned_feed
from site_builder.execution.forks import Forks
from site_builder.execution.interpreter import Interpreter, Probe
from site_builder.execution.processes import Spawner, StartError, ZygoteError
from site_builder.execution.program import site_environment, site_python
from site_builder.execution.proof import Prover
from site_builder.execution.reuse import Runs, unstartable
from site_builder.settings.site import Site
from site_builder.store import Store


class World:
    """One Python with what is installed for it, and the processes that it gives."""

    def __init__(self, site: Site, store: Store, *, jobs: int, fork: bool) -> None:
        """Ask the Python about itself; raises UsageError if it does not start."""
        environment, self.python = site_environment(site), site_python(site)
        self.site = site
        self._spawner = Spawner(self.python, environment)
        self._forks = Forks(self.python, environment) if fork else None
        try:
            self._probe = Probe(self.python, environment)
        except StartError as error:
            raise unstartable(self.python, error) from None
        self._listing: object = None
        self._lock = threading.RLock()
        self._runs = Runs(site, store, Prover(site, environment, self._interpreter))
        self.turns = Turns(jobs)

    @contextlib.contextmanager
    def runs(self, *, anew: bool = True) -> Iterator[Runs]:
        """What is known of runs, for one thread at a time; with `anew` files are read again."""
        with self._lock:
            if anew:
                self._runs.prover.forget_files()
            yield self._runs

    def is_outdated(self) -> bool:
        """Whether packages were installed or removed since the beginning."""
        with self._lock:
            return self._interpreter().listing() != self._listing

    def feed(self, job: Message) -> Feed:
        """A process for a post, from the top; raises StartError, or ZygoteError at the end."""
        # A Jupyter kernel is a process of its own; there is nothing to fork for it.
        if self._forks is not None and not job["kernel"]:
            with contextlib.suppress(ZygoteError):
                return feed_from(self._forks.zygote_for(job), fed(job))
        return spawned_feed(self._spawner, fed(job))

    def close(self) -> None:
        """End every process that came from here."""
        self.turns.close()
        for processes in (self._forks, self._spawner):
            if processes is not None:
                processes.close()
        self._probe.close()

    def _interpreter(self) -> Interpreter:
        try:
            interpreter = self._probe.interpreter
        except StartError as error:
            raise unstartable(self.python, error) from None
        if self._listing is None:
            self._listing = interpreter.listing()
        return interpreter


class Turns:
    """How many posts run at once that nobody is waiting for; who is edited does not wait."""

    def __init__(self, jobs: int) -> None:
        self._free = jobs
        self._changed = threading.Condition()
        self._closed = False

    @contextlib.contextmanager
    def turn(self, is_urgent: Callable[[], bool]) -> Iterator[None]:
        """Wait for a turn, unless it is urgent; it may become so while it waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._free > 0 or is_urgent())
            counted = self._free > 0 and not is_urgent()
            self._free -= counted
        try:
            yield
        finally:
            with self._changed:
                self._free += counted
                self._changed.notify_all()

    def look(self) -> None:
        """Something may have become urgent."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
