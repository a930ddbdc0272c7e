"""The two sides that the author asks for, found or made, and compared.

In: a site, and what is to be compared as named on the command line. Out: a Difference. Promise:
what is made for the comparison only, folders and environments, goes when it is done.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from site_builder.checking.diffing.diff import Difference, diff
from site_builder.checking.diffing.made import Running, executed_side, kept_sides
from site_builder.checking.diffing.revisions import Revision, checked_out, revision_of
from site_builder.checking.diffing.sides import Side, published_side
from site_builder.checking.diffing.upgrades import OnSay, upgraded
from site_builder.chosen import check_patterns
from site_builder.errors import Problem, UsageError
from site_builder.execution.program import site_python
from site_builder.settings.site import Site, load_site

PRESENT = "the posts as they are now"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be compared with what."""

    old: str = ""
    """A folder, an address or a revision; empty for the present posts, or the store's runs."""
    new: str = ""
    """Likewise."""
    requirements: tuple[str, ...] = ()
    """Packages that the new side is run with, such as `numpy==2.3.0`."""
    tolerance: float | None = None
    """A relative difference that is no move."""


def compared(
    site: Site, wanted: Wanted, running: Running, *, here: Path, on_say: OnSay = lambda _: None
) -> Difference:
    """Find or make two sides, and compare them.

    Without sides or requirements they are the last two runs of each post. Folders are relative to
    `here`. Raises UsageError for a side that there is not, or that cannot be made, and for a
    pattern of posts that means none.
    """
    if wanted.new and wanted.requirements:
        message = "--with is for the present posts: name one side at most"
        raise UsageError(Problem(message, code="C009"))
    if not wanted.old and not wanted.requirements:
        old, new = _kept(site, running)
    else:
        old = _side(wanted.old, site, running, here)
        if wanted.requirements:
            new = _upgraded_side(site, wanted.requirements, running, on_say)
        else:
            new = _side(wanted.new, site, running, here)
    failed = (problem.file for problem in (*old.failed, *new.failed))
    check_patterns(running.only, {*old.posts, *new.posts, *failed})
    return diff(_chosen(old, running), _chosen(new, running), tolerance=wanted.tolerance)


def _kept(site: Site, running: Running) -> tuple[Side, Side]:
    old, new = kept_sides(site, running)
    if not new.posts and not new.failed:
        message = "there are no runs to compare: none is kept"
        help_ = "build the site, or name a side to compare with"
        raise UsageError(Problem(message, help=help_, code="C018"))
    return old, new


def _side(name: str, site: Site, running: Running, here: Path) -> Side:
    if not name:
        return executed_side(PRESENT, site, running)
    if re.match(r"https?:", name, re.IGNORECASE):
        return published_side(name)
    if os.path.isdir(here / name):  # noqa: PTH112 - which takes whatever a name may hold
        return published_side(str(here / name))
    revision = revision_of(site.root, name)
    if revision is None:
        message = f"there is no folder and no revision {name!r}"
        help_ = "give the folder or address of a built site, or a revision such as HEAD~1"
        raise UsageError(Problem(message, help=help_, code="C009"))
    return _revision_side(revision, site, running)


def _revision_side(revision: Revision, site: Site, running: Running) -> Side:
    """The posts as they were, run by today's Python under the settings of then."""
    name = f"the posts at {revision.name} ({revision.commit[:10]})"
    python = str(Path(site_python(site)).absolute())
    with checked_out(revision) as root:
        try:
            past = load_site(root)
        except UsageError as error:
            told = [replace(p, message=f"at {revision.name}: {p.message}") for p in error.problems]
            raise UsageError(told) from None
        past = _with_python(past, python)
        return executed_side(name, past, running, keep=False, there=site.root)


def _upgraded_side(
    site: Site, requirements: Sequence[str], running: Running, on_say: OnSay
) -> Side:
    """The present posts, run by a Python with other packages."""
    with upgraded(site, requirements, on_say) as upgrade:
        for name, before, now in upgrade.changes:
            on_say(f"{name} {before or 'none'} → {now or 'none'}")
        if not upgrade.changes:
            on_say("nothing to install: these are the versions that posts run with now")
        for conflict in upgrade.conflicts:
            on_say(f"pip: {conflict}")
        name = f"{PRESENT}, with {', '.join(requirements)}"
        return executed_side(name, _with_python(site, upgrade.python), running, keep=False)


def _with_python(site: Site, python: str) -> Site:
    execution = replace(site.settings.execution, python=python)
    return replace(site, settings=replace(site.settings, execution=execution))


def _chosen(side: Side, running: Running) -> Side:
    """A side without the posts that were not asked for."""
    posts = {path: post for path, post in side.posts.items() if running.wants(path)}
    return replace(side, posts=posts)
