"""What the last build of an output folder knew, so that the next one need not find it out again.

In: what a build made. Out, in the next build: the same, and which posts it still holds for.
Promise: it is believed only where everything that a page was made of has the same digest today; if
it is damaged, missing or of another format, nothing is known.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from site_builder.content.read import state_of
from site_builder.errors import Problem
from site_builder.inputs import Inputs
from site_builder.plain import MISFIT, plain, read_plain
from site_builder.publishing.staging import Built
from site_builder.publishing.write import Written
from site_builder.settings.site import Site
from site_builder.store import Store

BUILDS = "builds"


@dataclass(frozen=True, slots=True)
class KnownPost:
    """A post or page as it was when it was last rendered."""

    digest: str
    """Of its file."""
    rendering: str
    """Digest of what it was rendered with."""
    files: Mapping[str, str]
    """What was at the paths that it names."""
    draft: bool
    date: dt.date | None
    page: str = ""
    """Digest of the page in the store; empty if it was left out."""
    runs: bool = False
    """Whether it has cells that run."""
    record: str = ""
    """Digest of the record of their run; empty if none proves it."""
    warnings: tuple[Problem, ...] = ()
    """Of the run."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is told of a build, whether or not it had anything to do."""

    posts: int = 0
    hidden: tuple[str, ...] = ()
    with_cells: int = 0
    pages: int = 0
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """What a build knew in the end."""

    site: str = ""
    """Digest of what the whole site was made with; empty if the site was not written."""
    program: str = ""
    theme: str = ""
    """Digest of a theme that is in order."""
    options: str = ""
    today: dt.date = dt.date.min
    posts: Mapping[str, KnownPost] = field(default_factory=dict)
    """By their paths."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Digests of files among the posts that are none, by path."""
    outputs: Mapping[str, Written] = field(default_factory=dict)
    """Files of the site by path."""
    summary: Summary = Summary()
    built: Built | None = None
    """What is known of the site with it."""


NOTHING = Memory()


def recall(store: Store, site: Site, output: Path) -> Memory:
    """What is known of the last build of an output folder."""
    content = store.get(store.pointed(BUILDS, _name(site, output)))
    try:
        return read_plain(Memory, json.loads(content)) if content else NOTHING
    except MISFIT:
        return NOTHING


def keep(memory: Memory, store: Store, site: Site, output: Path) -> None:
    """Keep what this build knew for the next one."""
    text = json.dumps(plain(memory), ensure_ascii=False, separators=(",", ":"))
    digest = store.put(text.encode("utf-8", "surrogatepass"))
    store.point(BUILDS, _name(site, output), digest)


def _name(site: Site, output: Path) -> str:
    """The name of an output folder: the same on every machine if it is inside the site's."""
    folder = output.resolve()
    inside = folder.is_relative_to(site.root)
    return (folder.relative_to(site.root) if inside else folder).as_posix()


def unchanged_posts(
    memory: Memory,
    inputs: Inputs,
    site: Site,
    store: Store,
    *,
    prepare: Callable[[], object] = lambda: None,
) -> set[str]:
    """The files of the posts whose pages would come out as they are known.

    `prepare` is called where there is time for it, once it is clear that some would not.
    Raises UsageError if the Python that runs posts does not start.
    """
    states: dict[str, str] = {}

    def state(path: str) -> str:
        if path not in states:
            states[path] = state_of(site.root, path)
        return states[path]

    same = {
        path: known
        for path, known in memory.posts.items()
        if known.digest == inputs.digests.get(path)
        and known.rendering == inputs.rendering
        and all(state(file) == before for file, before in known.files.items())
    }
    records = {path: known.record for path, known in same.items() if known.record and known.page}
    proven: Mapping[str, str] = {}
    if records:
        # Late: sites without cells need none of it.
        from site_builder.execution.reuse import still_proven

        digests = {path: known.digest for path, known in same.items()} | dict(memory.others)
        meanwhile = prepare if digests != inputs.digests else lambda: None
        proven = still_proven(site, store, records, meanwhile=meanwhile)
    return {
        path
        for path, known in same.items()
        if not (known.runs and known.page) or proven.get(path, "it is not known") == ""
    }


def is_same_site(memory: Memory, inputs: Inputs, options: str, today: dt.date) -> bool:
    """Whether there is nothing new but for what the posts themselves are."""
    files = {path: known.digest for path, known in memory.posts.items()} | dict(memory.others)
    return (
        not inputs.problems
        and memory.site == inputs.site
        and memory.options == options
        and files == inputs.digests
        and not any(
            known.date and (known.date > today) != (known.date > memory.today)
            for known in memory.posts.values()
        )
    )
