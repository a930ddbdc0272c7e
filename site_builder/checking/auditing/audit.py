"""Audit: run posts again with one thing changed at a time, and say which cell gives way.

In: a site and the posts as named on the command line. Out: for each post how every run fared, and
what differs with a guess why. Promise: nothing is written to the site or its cache, but by the code
of the posts; cells and values that say `volatile` are not compared.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from site_builder.checking.auditing.findings import Finding, Place, compared, findings, place_of
from site_builder.checking.auditing.variants import AS_BUILT, SPAWN, VARIANTS, Prepared, prepared
from site_builder.errors import ContentError, in_order
from site_builder.execution.engine import Outcomes, executing
from site_builder.execution.job import steps
from site_builder.execution.reuse import runs_of
from site_builder.execution.running import OnProgress, Progress
from site_builder.model.post import Post
from site_builder.selected import chosen_posts
from site_builder.settings.site import Site
from site_builder.store import Store

KERNEL = "the post runs in a Jupyter kernel, which is never forked"


@dataclass(frozen=True, slots=True)
class Run:
    """How a post fared under a variant."""

    variant: str
    untried: str = ""
    """Why it was not tried; empty if it was."""
    first: Place | None = None
    """The first place that differs from the run as in a build; None if none does."""
    failure: str = ""
    """Why it did not come to its end; empty if it did."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of a post."""

    post: str
    places: int
    """How many cells and expressions ran."""
    runs: tuple[Run, ...]
    """Under each variant, in their order."""
    findings: tuple[Finding, ...]


def audit(
    site: Site, names: Sequence[str], *, jobs: int, on_progress: OnProgress = lambda _: None
) -> list[Audited]:
    """Run posts as in a build and then under each variant, about `jobs` processes at once.

    Posts that are frozen for good are run only if they are named.
    Raises ContentError if a post is wrong or fails as in a build, UsageError for a name that is no
    post's or a Python that does not start.
    """
    posts = [p for p in chosen_posts(site, names) if names or p.front_matter.execute != "frozen"]
    if not posts:
        return []
    with tempfile.TemporaryDirectory(prefix="site-builder-audit-") as scratch:
        # The copy is made first: a post may leave files in the site's folder.
        found = {v.name: prepared(site, v, Path(scratch)) for v in VARIANTS}
        built, alone = _as_in_a_build(posts, site, jobs, on_progress)
        ready = [each for each in found.values() if isinstance(each, Prepared)]
        at_once = 1 if alone else max(1, jobs // len(posts))
        outcomes: dict[str, Outcomes] = {}
        for start in range(0, len(ready), at_once):
            batch = ready[start : start + at_once]
            outcomes |= _ran(posts, batch, max(1, jobs // len(batch)), on_progress)
    return [_audited(post, built, outcomes, found, site) for post in posts]


def _as_in_a_build(
    posts: Sequence[Post], site: Site, jobs: int, on_progress: OnProgress
) -> tuple[Outcomes, bool]:
    """What a build would give, and whether a post writes what another run of it could read."""
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(Store(None))
        outcomes = _begun(
            stack, posts, Prepared(AS_BUILT, site, fork=True), store, jobs, on_progress
        )()
        problems = [problem for outcome in outcomes.values() for problem in outcome.problems]
        if problems:
            raise ContentError(in_order(problems))
        runs = stack.enter_context(runs_of(site, store, thaw=True))
        records = [runs.latest(post.source.path) for post in posts]
    # There is no record where files changed while the post ran.
    writes = [r is None or any(seen.kind == "wrote" for seen in r.trace.files) for r in records]
    return outcomes, any(writes)


def _ran(
    posts: Sequence[Post], batch: Sequence[Prepared], jobs: int, on_progress: OnProgress
) -> dict[str, Outcomes]:
    """Run posts under some variants at once; what came of them by the variants' names."""
    with contextlib.ExitStack() as stack:
        waiting = {}
        for each in batch:
            able = [p for p in posts if each.variant.kind != SPAWN or not p.front_matter.kernel]
            store = stack.enter_context(Store(None))
            waiting[each.variant.name] = _begun(stack, able, each, store, jobs, on_progress)
        return {name: wait() for name, wait in waiting.items()}


def _begun(
    stack: contextlib.ExitStack,
    posts: Sequence[Post],
    how: Prepared,
    store: Store,
    jobs: int,
    on_progress: OnProgress,
) -> Callable[[], Outcomes]:
    """Begin to run posts under a variant; gives what waits for the outcomes."""

    def show(progress: Progress) -> None:
        on_progress(replace(progress, path=f"{progress.path}, {how.variant.name}"))

    return stack.enter_context(
        executing(
            posts,
            how.site,
            store=store,
            jobs=jobs,
            fork=how.fork,
            thaw=True,
            allow_false_claims=True,
            on_progress=show,
        )
    )


def _audited(
    post: Post,
    built: Outcomes,
    outcomes: Mapping[str, Outcomes],
    variants: Mapping[str, Prepared | str],
    site: Site,
) -> Audited:
    """Hold all runs of a post against the one as in a build."""
    path = post.source.path
    execution = built[path].execution
    assert execution is not None
    runs, differing = [], []
    roots = [each.site.root for each in variants.values() if isinstance(each, Prepared)]
    for name, how in variants.items():
        if isinstance(how, str):
            runs.append(Run(name, untried=how))
        elif path not in outcomes[name]:
            runs.append(Run(name, untried=KERNEL))
        else:
            run = compared(post, execution, how.variant, outcomes[name][path])
            first = place_of(post, run.differing[0]) if run.differing else None
            runs.append(Run(name, first=first, failure=run.failure))
            differing.append(run)
    copy = next((root for root in roots if root != site.root), site.root)
    found = findings(post, execution, differing, (str(site.root), str(copy)))
    return Audited(path, len(steps(post)), tuple(runs), tuple(found))
