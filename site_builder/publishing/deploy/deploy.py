"""Deploy: the target becomes the site, and keeps what is not ours.

In: a session with a target, and the built site. Out: a survey, which changes nothing; then what was
done. Promise: a target is changed only as the survey says; at every moment each page there has what
it shows; what a broken deploy leaves behind the next one puts right.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from site_builder.errors import Problem
from site_builder.publishing.deploy.built import BuiltSite
from site_builder.publishing.deploy.guards import Wishes, plan_problems
from site_builder.publishing.deploy.lease import Lease, take_lease
from site_builder.publishing.deploy.manifest import Manifest, manifest_bytes, read_manifest
from site_builder.publishing.deploy.order import STAGES, put_stages, removal_stages
from site_builder.publishing.deploy.plan import (
    Plan,
    asked_paths,
    blocking,
    make_plan,
    needs_everything,
)
from site_builder.publishing.deploy.retries import Clock, SystemClock, TargetError
from site_builder.publishing.deploy.target import Session

LOOKED_AT = 1000
"""How many files of a target that was never deployed to are looked at to say what is there."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is to be done at a target, and why perhaps not."""

    plan: Plan
    problems: tuple[Problem, ...]
    """What forbids it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a deploy is."""

    stage: str
    """Such as `assets`, or `removals`."""
    done: int
    """How many files were put or removed."""
    of: int
    """How many there are in all."""


OnProgress = Callable[[Progress], None]


def survey(session: Session, site: BuiltSite, wishes: Wishes, *, url: str) -> Survey:
    """See what a deploy would do. `url` is the address that it has there, which tells sites apart.

    Raises ContentError for a manifest that cannot be read, and TargetError.
    """
    content = session.manifest()
    known = None if content is None else read_manifest(content, session.shown)
    manifest = known or Manifest(url)
    files = {file.path: file for file in (*session.extras(), *site.files)}
    marks = {file: session.mark(file) for file in files.values()}
    found = session.marks(asked_paths(marks, manifest))
    everything: list[str] = []
    if known is None or needs_everything(marks, found):
        count = LOOKED_AT if not needs_everything(marks, found) else None
        everything = list(itertools.islice(session.paths(), count))
    plan = make_plan(
        marks,
        manifest,
        found,
        everything=everything,
        adopt=wishes.adopt,
        overwrite=wishes.overwrite,
    )
    if manifest.site != url:
        plan = replace(plan, is_recorded=False)
    problems = plan_problems(plan, known, everything, wishes, shown=session.shown, site=url)
    return Survey(plan, tuple(problems))


def carry_out(
    session: Session,
    plan: Plan,
    *,
    url: str,
    break_lease: bool = False,
    clock: Clock | None = None,
    again: Callable[[], Plan] | None = None,
    on_progress: OnProgress = lambda _: None,
) -> None:
    """Do what a plan says.

    `again` makes the plan anew, if time went by since: if it is another one nothing is done.
    Raises ContentError if another deploy is going on, and TargetError; then the target is as it
    was, or on its way: the next deploy takes it from there.
    """
    if plan.is_nothing:
        return
    lease = take_lease(session, clock or SystemClock(), break_lease=break_lease)
    with _dropped(lease):
        if again is not None and again() != plan:
            message = f"{session.shown} changed since the plan was made"
            help_ = "nothing was done; deploy again to see what is to be done now"
            raise TargetError(Problem(message, help=help_, code="D021"))
        if not session.atomic:
            session.begin(manifest_bytes(_journal(plan, url)))
        _apply(session, plan, lease, on_progress)
        lease.renew(always=True)
        session.finish(manifest_bytes(Manifest(url, plan.goal)))


@contextlib.contextmanager
def _dropped(lease: Lease) -> Iterator[None]:
    """Let go of the lease in the end; that this fails is no news if something else did."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(TargetError):
            lease.drop()
        raise
    lease.drop()


def _journal(plan: Plan, url: str) -> Manifest:
    """What is ours while the deploy is going on: what is there, and what will be put."""
    coming = [step for step in plan.steps if step.action in ("new", "changed") or step.is_adopted]
    return Manifest(url, plan.present, {step.path: plan.goal[step.path] for step in coming})


def _apply(session: Session, plan: Plan, lease: Lease, on_progress: OnProgress) -> None:
    """Put and remove, in the order that keeps every page whole."""
    puts = {step.path: step.file for step in plan.having("new", "changed") if step.file}
    removed = {step.path for step in plan.having("removed")}
    stage, done, total = "", 0, len(puts) + len(removed)

    def on_done(_: str) -> None:
        nonlocal done
        done += 1
        on_progress(Progress(stage, done, total))
        lease.renew()

    new = {step.path for step in plan.having("new")}
    for stage, paths in zip(STAGES, put_stages(puts, new), strict=True):  # noqa: B007 - of on_done
        if in_the_way := blocking(paths, removed):
            session.remove(in_the_way, on_done)
            removed -= set(in_the_way)
        if paths:
            session.put([puts[path] for path in paths], on_done)
    stage = "removals"
    for paths in removal_stages(removed):
        if paths:
            session.remove(paths, on_done)
