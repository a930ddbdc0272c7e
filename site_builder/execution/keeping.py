"""A run that came to its end is kept: its record, and what there is to say of it.

In: a post, its run and the runs that are known. Out: the record as it will be read again, warnings.
Promise: a build and a preview keep the same of the same run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from site_builder.errors import Problem
from site_builder.execution.differences import nondeterminism
from site_builder.execution.explain import runs_each_time, stale_frozen
from site_builder.execution.lines import ran
from site_builder.execution.record import Declared, Record
from site_builder.execution.recording import record_of
from site_builder.execution.report import Finished, warnings_of
from site_builder.execution.reuse import Runs
from site_builder.execution.values import recorded_false_claims
from site_builder.model.post import Post


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a run, and said of it."""

    record: Record
    digest: str
    """Of the record in the store; empty if it proves nothing."""
    warnings: tuple[Problem, ...]
    """What holds as long as the record is used."""
    remarks: tuple[Problem, ...]
    """What is to be said of this run alone."""
    false: tuple[Problem, ...]
    """The claims that it found false."""
    changed: frozenset[str]
    """What changed while the post ran that had read it."""


def keep(
    post: Post,
    run: Finished,
    declared: Sequence[Declared],
    runs: Runs,
    *,
    allow_false_claims: bool,
) -> Kept:
    """Keep the record of a run, and compare it with the last one.

    `declared` is what `reads:` of its cells named when it began.
    """
    record = record_of(
        post,
        runs.site,
        run,
        declared=declared,
        interpreter=runs.prover.interpreter(),
    )
    changed = list(run.event["trace"]["changed"])
    unsettled = frozenset(changed)
    if tuple(declared_by(post, runs)) != tuple(declared):
        changed.append("what 'reads:' names")
    each_time = runs_each_time(post, record, changed, runs.site.root)
    # What changed under its hands cannot be compared with anything.
    last = None if changed else runs.latest(post.source.path)
    remarks = nondeterminism(post, last, record, runs.prover)
    false = recorded_false_claims(post, record)
    # A claim may hold the next time: only where it may be false its run is as good as any.
    provable = not each_time and (allow_false_claims or not false)
    record, digest = runs.keep(record, provable=provable, settled=not changed)
    warnings = warnings_for(post, record, changed, runs)
    return Kept(record, digest, warnings, remarks, false, unsettled)


def warnings_for(
    post: Post, record: Record, changed: Iterable[str], runs: Runs
) -> tuple[Problem, ...]:
    """What holds as long as the record of a run is used; `changed` is what did while it ran."""
    return (
        *runs_each_time(post, record, list(changed), runs.site.root),
        *warnings_of(post, record.leftovers),
        *stale_frozen(post, record, runs),
    )


def declared_by(post: Post, runs: Runs) -> tuple[Declared, ...]:
    """What `reads:` of the cells names now."""
    return tuple(
        Declared(pattern, runs.prover.declared_digest(post.source.path, pattern), place)
        for place, cell in enumerate(ran(post), start=1)
        if cell.options.reads is not None
        for pattern in (cell.options.reads or ("",))
    )
