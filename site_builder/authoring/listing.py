"""The posts of a site: what each is, and whether its outputs are fresh.

In: a site and what is asked for. Out: a row for each post, and what is wrong with posts that cannot
be read. Promise: nothing runs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from site_builder.content.front_matter import read_front_matter
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.content.slugs import slugify_name
from site_builder.errors import ContentError, Problem, UsageError, nearest
from site_builder.execution.explain import explain
from site_builder.execution.reuse import runs_of
from site_builder.model.front_matter import FrontMatter, Kind
from site_builder.model.post import Post, Source
from site_builder.settings.site import Site
from site_builder.store import Store

Status = Literal["published", "unlisted", "draft", "scheduled", "broken"]


@dataclass(frozen=True, slots=True)
class Row:
    """A post in the list."""

    post: str
    """Its file, relative to the site's folder."""
    title: str
    """As it is written; empty for an aside without one."""
    date: dt.date | None
    kind: Kind
    status: Status
    """What a build takes it for; `broken` if it cannot be read."""
    tags: tuple[str, ...]
    cells: int = 0
    """How many cells run."""
    state: Literal["fresh", "stale", ""] = ""
    """Whether its outputs can be reused; empty if nothing runs."""
    why: str = ""
    """Why it is fresh or stale, in a line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which posts are asked for: all that are of one of the statuses and of all else."""

    statuses: tuple[Status, ...] = ()
    """Empty for all."""
    stale: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """The posts that were asked for, the newest first, and all problems of all posts."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def list_posts(site: Site, wanted: Wanted, store: Store, *, today: dt.date) -> Listing:
    """List posts; raises UsageError for a tag that no post has."""
    sources, unreadable = read_sources(site)
    problems = list(unreadable)
    rows: list[Row] = []
    posts: dict[str, Post] = {}
    every_tag: list[str] = []
    for source in sources:
        try:
            row, tags = _row(source, today)
            every_tag += tags
            if _matches(row, wanted):
                post = parse(site, source)
                cells = sum(cell.options.eval for cell in post.cells)
                rows.append(replace(row, cells=cells))
                if post.runs:
                    posts[source.path] = post
        except ContentError as error:
            problems += error.problems
            rows += _broken(source.path, wanted)
    _check_tags(wanted.tags, every_tag)
    rows = _with_states(site, rows, posts, store, problems)
    if wanted.stale:
        rows = [row for row in rows if row.state == "stale"]
    # The newest first, pages at the end.
    rows.sort(key=lambda row: row.post)
    rows.sort(key=lambda row: row.date or dt.date.min, reverse=True)
    return Listing(tuple(rows), tuple(problems))


def _row(source: Source, today: dt.date) -> tuple[Row, tuple[str, ...]]:
    front, _ = read_front_matter(source)
    row = Row(source.path, front.title, front.date, front.kind, _status(front, today), front.tags)
    return row, front.tags


def _status(front: FrontMatter, today: dt.date) -> Status:
    if front.draft:
        return "draft"
    if front.date is not None and front.date > today:
        return "scheduled"
    return "unlisted" if front.unlisted else "published"


def _matches(row: Row, wanted: Wanted) -> bool:
    if wanted.statuses and row.status not in wanted.statuses:
        return False
    own = {slugify_name(tag) for tag in row.tags}
    return all(slugify_name(tag) in own for tag in wanted.tags)


def _broken(path: str, wanted: Wanted) -> list[Row]:
    """The row of a post that cannot be read; none where its status or tags are asked for."""
    if wanted.statuses or wanted.tags:
        return []
    return [Row(path, "", None, "post", "broken", ())]


def _check_tags(asked: Sequence[str], known: Sequence[str]) -> None:
    slugs = {slugify_name(tag) for tag in known}
    unknown = [
        Problem(
            f"no post has the tag {tag!r}",
            help=nearest(tag, set(known)) if known else "",
            code="C010",
        )
        for tag in asked
        if slugify_name(tag) not in slugs
    ]
    if unknown:
        raise UsageError(unknown)


def _with_states(
    site: Site,
    rows: list[Row],
    posts: dict[str, Post],
    store: Store,
    problems: list[Problem],
) -> list[Row]:
    """The rows with what a build would do with the cells of their posts."""
    if not posts:
        return rows
    stated = []
    with runs_of(site, store) as runs:
        for row in rows:
            if row.post not in posts:
                stated.append(row)
                continue
            try:
                found = explain(posts[row.post], runs)
            except ContentError as error:  # a damaged frozen record
                problems += error.problems
                stated.append(replace(row, status="broken"))
                continue
            state: Literal["fresh", "stale"] = "fresh" if found.reused else "stale"
            stated.append(replace(row, state=state, why=found.why))
    return stated
