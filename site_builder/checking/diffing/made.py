"""Sides that are made by running posts, or of runs that the store has kept.

In: a site. Out: a Side for its posts as they are now, with other packages, as they were at a
revision, or as their last two runs gave them. Promise: only the present posts' own runs are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from site_builder.checking.diffing.sides import Details, Side, SidePost, details_of, side_post
from site_builder.checking.texts import output_texts
from site_builder.chosen import is_chosen
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.errors import ContentError, Problem
from site_builder.evidence.published import SUFFIX, PublishedRecord
from site_builder.execution.engine import execute
from site_builder.execution.record import Record, RecordedCell, RecordedValue
from site_builder.execution.recording import execution_of
from site_builder.execution.reuse import Runs, runs_of
from site_builder.execution.running import OnProgress
from site_builder.model.cell_options import CellOptions
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Cell, ExecutedPost, Execution, Expression, Post, Source
from site_builder.rendering.published import record_of_page
from site_builder.settings.site import Site
from site_builder.store import Store


@dataclass(frozen=True, slots=True)
class Running:
    """Which posts of a site are run, and how."""

    cache: Path | None
    """The folder of the store in which runs are found; None to run everything."""
    jobs: int
    fork: bool = True
    drafts: bool = False
    only: tuple[str, ...] = ()
    """Patterns of files; all posts if there is none."""
    on_progress: OnProgress = lambda _: None

    def wants(self, path: str) -> bool:
        """Whether a post is asked for, by its file."""
        return is_chosen(path, self.only)


def executed_side(
    name: str, site: Site, running: Running, *, keep: bool = True, there: Path | None = None
) -> Side:
    """The side of a site's posts, run now or proven to give what they would give now.

    Their runs are kept for the next build with `keep` only. Where outputs tell the site's folder
    they tell `there` instead, if given. Posts that fail are named in the side. Raises UsageError if
    the site's Python does not start.
    """
    posts, problems = _posts(site, running)
    with Store(running.cache, keep=keep) as store:
        outcomes = execute(
            posts,
            site,
            store=store,
            jobs=running.jobs,
            fork=running.fork,
            allow_false_claims=True,  # they are what is looked for
            on_progress=running.on_progress,
        )
    made: dict[str, SidePost] = {}
    frozen = []
    for post in posts:
        outcome, path = outcomes[post.source.path], post.source.path
        problems += outcome.problems
        if outcome.execution is None or outcome.problems:
            continue
        execution = outcome.execution
        if there is not None:
            execution = _moved(execution, str(site.root), str(there))
        made[path] = _side_post(post, execution)
        frozen += [path] * (execution.frozen is not None)
    return Side(name, made, tuple(problems), tuple(frozen))


def kept_sides(site: Site, running: Running) -> tuple[Side, Side]:
    """The sides of the last two runs of each post: the newer one is that which a build would show.

    A post with one run only is on the new side.
    """
    posts, problems = _posts(site, running)
    sides: tuple[dict[str, SidePost], dict[str, SidePost]] = {}, {}
    with Store(running.cache, keep=False) as store, runs_of(site, store) as runs:
        for post in posts:
            path = post.source.path
            for side, found in zip(sides, _last_two(post, runs, problems), strict=True):
                if found is not None:
                    side[path] = found
    return (
        Side("the run before the last of each post", sides[0]),
        Side("the last run of each post", sides[1], tuple(problems)),
    )


def _posts(site: Site, running: Running) -> tuple[list[Post], list[Problem]]:
    """The posts that are asked for and have something to run, parsed; what is wrong with others."""
    sources, unreadable = read_sources(site)
    problems = [problem for problem in unreadable if running.wants(problem.file)]
    posts = []
    for source in sources:
        if not running.wants(source.path):
            continue
        try:
            post = parse(site, source)
        except ContentError as error:
            problems += error.problems
            continue
        if post.runs and (running.drafts or not post.front_matter.draft):
            posts.append(post)
    return posts, problems


def _last_two(
    post: Post, runs: Runs, problems: list[Problem]
) -> tuple[SidePost | None, SidePost | None]:
    path = post.source.path
    try:
        proven = runs.proven(post)
    except ContentError as error:
        problems += error.problems
        return None, None
    known = [record for record in (runs.latest(path), runs.earlier(path)) if record is not None]
    now = proven[0] if proven else next(iter(known), None)
    if now is None:
        return None, None
    before = next((record for record in known if record != now), None)
    new = _side_post(post, execution_of(now, post)) if proven else _of_record(now)
    return _of_record(before) if before else None, new


def _side_post(post: Post, execution: Execution) -> SidePost:
    codes = {cell.number: cell.code for cell in post.cells}
    texts = output_texts(post, execution)

    def details(record: PublishedRecord) -> Details:
        return details_of(record.cells, codes, texts)

    file = post.slug + SUFFIX if post.slug else ""
    return side_post(record_of_page(ExecutedPost(post, execution)), details, file)


def _of_record(record: Record) -> SidePost:
    """The side of a run whose post is not what it was: of that only the code is known."""
    post = Post(
        source=Source(record.post, ""),
        front_matter=FrontMatter(seed=record.seed),
        slug="",
        tokens=(),
        cells=tuple(_cell(number, cell) for number, cell in enumerate(record.cells, start=1)),
        attachments={},
        expressions=tuple(_expression(n, each) for n, each in enumerate(record.values, start=1)),
    )
    return _side_post(post, execution_of(record, post))


def _cell(number: int, cell: RecordedCell) -> Cell:
    claim = " " if cell.options.get("claim") else ""  # whose sentence nobody has kept
    return Cell(number, cell.code, 0, 0, 0, "python", CellOptions(claim=claim))


def _expression(number: int, value: RecordedValue) -> Expression:
    kind, code, conversion, form = value.code
    return Expression(
        number,
        "claim" if kind == "claim" else "value",
        code,
        value.after,
        0,
        0,
        conversion,
        form,
    )


def _moved(execution: Execution, old: str, new: str) -> Execution:
    """An execution whose outputs tell another folder."""

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(old, new)
        if isinstance(value, Mapping):
            return {name: told(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(map(told, value))
        return value

    return replace(
        execution,
        outputs=tuple(
            tuple(
                replace(o, text=told(o.text), data=told(o.data), metadata=told(o.metadata))
                for o in each
            )
            for each in execution.outputs
        ),
        values=tuple(
            replace(value, text=told(value.text), data=told(value.data), parts=told(value.parts))
            for value in execution.values
        ),
    )
