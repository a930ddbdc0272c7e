"""Runs that need not be repeated: the store of records, and the proof that one still holds.

In: posts. Out: for each the record of a run that gave what a run today would give, or None.
Promise: a record is given only if its key is today's and everything that it observed is the same;
what is damaged or missing was never there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from site_builder.errors import ContentError, Problem, UsageError
from site_builder.execution.documents import read_record, record_bytes
from site_builder.execution.frozen import read_frozen
from site_builder.execution.interpreter import Interpreter, Probe
from site_builder.execution.job import (
    RUNNER_CONDITION,
    VARIABLE,
    conditions_of,
    keys_of,
    runner_digest,
    variables_of,
)
from site_builder.execution.processes import StartError
from site_builder.execution.program import site_environment, site_python
from site_builder.execution.proof import Change, Prover
from site_builder.execution.record import Conditions, Record, Trace
from site_builder.model.post import Post
from site_builder.settings.site import Site
from site_builder.store import Store

RUNS = "runs"
# What a frozen record keeps as it was: it has to outlast new versions of this program.
_OF_THE_PROGRAM = (RUNNER_CONDITION, VARIABLE)


@dataclass
class Runs:
    """The runs that are known of a site's posts, in its store and beside the posts."""

    site: Site
    store: Store
    prover: Prover
    thaw: bool = False
    """Whether frozen records are passed over."""

    def proven(self, post: Post) -> tuple[Record, str] | None:
        """A record that holds today, and its digest.

        Raises ContentError for a damaged frozen record.
        """
        frozen = self.frozen(post)
        if frozen is not None and not self.changes(frozen, post):
            return self._put(frozen)
        if post.front_matter.execute == "frozen" and not self.thaw:
            return None
        for record, digest in self.known(post):
            if not any(self.prover.changes(record)):  # whose key is today's
                return record, digest
        return None

    def frozen(self, post: Post) -> Record | None:
        """The post's frozen record, proven or not."""
        return None if self.thaw else read_frozen(self.site.root, post.source.path)

    def known(self, post: Post) -> list[tuple[Record, str]]:
        """Records of runs with today's key and their digests, the newest first."""
        key = keys_of(post, conditions_of(post, self.site)).run
        digests = self.store.remembered(RUNS, key)
        records = [(self.load(digest), digest) for digest in digests]
        return [(r, d) for r, d in records if r is not None and r.key == key and not r.frozen]

    def latest(self, path: str) -> Record | None:
        """The record of the last run of a post, whatever changed since."""
        return self.load(self.store.pointed(RUNS, path))

    def earlier(self, path: str) -> Record | None:
        """The record of the run before the last one that gave something else."""
        return self.load(self.store.pointed_before(RUNS, path))

    def load(self, digest: str) -> Record | None:
        """The record of a digest."""
        content = self.store.get(digest)
        if content is None:
            return None
        record = read_record(content, lambda blob, _: self.store.get(blob))
        return record if record is not None and (record.cells or record.values) else None

    def keep(self, record: Record, *, provable: bool, settled: bool) -> tuple[Record, str]:
        """Keep a record: as a proof if `provable`, as the last run of its post if `settled`.

        Gives it as it will be read again, and its digest, which is empty if not `provable`.
        """
        again, digest = self._put(record)
        if provable:
            self.store.remember(RUNS, record.key, digest)
        if settled:
            self.store.point(RUNS, record.post, digest)
        return again, digest if provable else ""

    def _put(self, record: Record) -> tuple[Record, str]:
        blobs: dict[str, bytes] = {}

        def put(content: bytes, _: str) -> str:
            digest = self.store.put(content)
            blobs[digest] = content
            return digest

        content = record_bytes(record, put)
        again = read_record(content, lambda digest, _: blobs.get(digest))
        assert again is not None
        return again, self.store.put(content)

    def changes(self, record: Record, post: Post) -> list[Change]:
        """Why a record does not hold today: nothing if it does."""
        if record.key != keys_of(post, self._conditions(record, post)).run:
            return [Change("its code or its settings changed", 0)]
        return list(self.prover.changes(record))

    def _conditions(self, record: Record, post: Post) -> Conditions:
        today = conditions_of(post, self.site)
        return kept_conditions(today, record) if record.frozen else today


def _is_stale(frozen: Record, record: Record, runs: Runs) -> bool:
    """Whether a frozen record does not hold for the post that `record` is proven for."""
    codes = [
        [*((c.code, c.options) for c in each.cells), *((v.after, v.code) for v in each.values)]
        for each in (frozen, record)
    ]
    return (
        codes[0] != codes[1]
        or kept_conditions(record.conditions, frozen) != frozen.conditions
        or any(runs.prover.changes(frozen))
    )


def as_frozen(record: Record, post: Post, day: dt.date) -> Record:
    """What is kept of a record when its post is frozen: nothing of this machine but its versions.

    What is left out would not be compared anyway, and is nobody's business in version control.
    """
    conditions = kept_conditions(record.conditions, replace(record, conditions={}))
    keys = keys_of(post, conditions)
    cells = [replace(c, key=key) for c, key in zip(record.cells, keys.cells, strict=True)]
    values = [replace(v, key=key) for v, key in zip(record.values, keys.expressions, strict=True)]
    seen = [file for file in record.trace.files if not Path(file.path).is_absolute()]
    trace = Trace(
        interpreter=record.trace.interpreter,
        packages=record.trace.packages,
        modules=(),
        sought=(),
        local={},
        inner={},
        variables=(),
        files=tuple(seen),
        declared=record.trace.declared,
        impure=record.trace.impure,
        root="",
    )
    return replace(
        record,
        conditions=conditions,
        cells=tuple(cells),
        values=tuple(values),
        key=keys.run,
        trace=trace,
        frozen=day,
    )


def kept_conditions(today: Conditions, record: Record) -> Conditions:
    """Today's conditions as a frozen record sees them."""
    own = {n: v for n, v in record.conditions.items() if n.startswith(_OF_THE_PROGRAM)}
    return {**{n: v for n, v in today.items() if not n.startswith(_OF_THE_PROGRAM)}, **own}


@contextlib.contextmanager
def runs_of(site: Site, store: Store, *, thaw: bool = False) -> Iterator[Runs]:
    """What is known of a site's runs; asks its Python about itself in the background.

    Raises UsageError if that Python does not start.
    """
    environment, python = site_environment(site), site_python(site)
    try:
        probe = Probe(python, environment)
    except StartError as error:
        raise unstartable(python, error) from None

    def interpreter() -> Interpreter:
        try:
            return probe.interpreter
        except StartError as error:
            raise unstartable(python, error) from None

    try:
        yield Runs(site, store, Prover(site, environment, interpreter), thaw)
    finally:
        probe.close()


def unstartable(python: str, error: StartError) -> UsageError:
    """The error for a Python that does not run."""
    message = f"the Python that runs posts, {python!r}, does not start: {error}"
    help_ = "set 'execution.python' to the path of a Python from 3.11 on"
    return UsageError(Problem(message, "site.toml", help=help_, code="C014"))


def still_proven(
    site: Site,
    store: Store,
    records: Mapping[str, str],
    *,
    meanwhile: Callable[[], object] = lambda: None,
) -> dict[str, str]:
    """Whether posts that did not change need not run: by their files, why they must, or ''.

    `records` maps each post's file to the digest of the record that its page was made from. Only
    for posts whose text and settings are those of that record: neither is compared here.
    `meanwhile` is called while the Python that runs posts tells about itself.
    Raises UsageError if the Python that runs posts does not start.
    """
    if not records:
        return {}
    with runs_of(site, store) as runs:
        meanwhile()
        return {path: _still_proven(runs, path, digest) for path, digest in records.items()}


def _still_proven(runs: Runs, path: str, digest: str) -> str:
    try:
        frozen = read_frozen(runs.site.root, path)
    except ContentError as error:
        return str(error.problems[0].message)
    record = runs.load(digest)
    if record is None:
        return "its run is not kept"
    if record.frozen and frozen != record:
        return "its frozen record changed"
    if frozen and not record.frozen and not _is_stale(frozen, record, runs):
        return "its frozen record holds now"
    if record.frozen is None:
        told = {n: v for n, v in record.conditions.items() if n.startswith(_OF_THE_PROGRAM)}
        if told != {RUNNER_CONDITION: runner_digest(), **variables_of(runs.site)}:
            return "environment variables of the posts changed"
    return next((change.what for change in runs.prover.changes(record)), "")
