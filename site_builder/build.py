"""The pipeline, from top to bottom.

In: a site and what the command line asked for. Out: the built site and a report of it. Promise: the
output folder holds one complete site, before and after, whatever goes wrong in between.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from site_builder.assembly.assemble import assemble
from site_builder.assembly.theme import load_theme
from site_builder.config import Site
from site_builder.content.parse import ParseError, parse
from site_builder.content.read import read_sources, read_static
from site_builder.errors import ContentError, Problem, SiteBuilderError, UsageError
from site_builder.execution.engine import OnProgress, execute, nothing_to_run
from site_builder.model import ExecutedPost, Execution, Page, Post, Source
from site_builder.publishing.write import WriteReport, check_output, write
from site_builder.rendering.render import render
from site_builder.workers import Workers


@dataclass(frozen=True, slots=True)
class Options:
    """What a build is asked for."""

    output: Path
    """Folder of the built site, absolute."""
    jobs: int
    """How many posts run, or are rendered, at once."""
    drafts: bool = False
    future: bool = False
    """Whether posts with a date in the future are built."""
    fork: bool = True
    """Whether posts may run in forks of one process."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did."""

    posts: int
    hidden: tuple[str, ...]
    """Files of posts that were left out: drafts and scheduled ones."""
    executed: int
    seconds_executing: float
    pages: int
    """HTML pages of the site."""
    written: WriteReport
    warnings: tuple[Problem, ...]


def build(
    site: Site,
    options: Options,
    *,
    on_progress: OnProgress = lambda _: None,
    on_wait: Callable[[], None] = lambda: None,
) -> Report:
    """Build the site. Raises ContentError or UsageError with every problem; writes nothing then."""
    clock = read_clock()
    check_output(options.output, site_root=site.root)
    sources, unreadable = read_sources(site)
    with Workers(options.jobs, tasks=len(sources)) as workers:
        prepared = workers.map(_prepare, [(site, source, options, clock) for source in sources])
        problems = [*unreadable, *prepared.problems]
        with _together_with(problems):
            theme = load_theme(site)
            posts = [post for post in prepared.results if isinstance(post, Post)]
            run = _run(site, posts, options, clock, on_progress)
        rendered = workers.map(render, [(site, executed) for executed in run.executed])
    problems += [*run.problems, *rendered.problems]
    prose = [page for page in prepared.results if isinstance(page, Page)]
    pages = sorted([*prose, *rendered.results], key=lambda page: page.source.path)
    with _together_with(problems):
        files = assemble(
            site,
            pages,
            theme,
            now=clock.today,
            read_file=lambda path: (site.root / path).read_bytes(),
            static=read_static(site),
            unbuilt=_unbuilt(sources, prepared.results, pages),
        )
    if problems:
        raise ContentError(in_order(problems))
    written = write(options.output, files, site_root=site.root, on_wait=on_wait)
    return Report(
        posts=sum(page.front_matter.kind != "page" for page in pages),
        hidden=tuple(each.path for each in prepared.results if isinstance(each, _Hidden)),
        executed=len(run.executed),
        seconds_executing=run.seconds,
        pages=sum(file.path.endswith(".html") for file in files),
        written=written,
        warnings=tuple(in_order([*run.warnings, *(w for page in pages for w in page.warnings)])),
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """When the build happens."""

    today: dt.date
    stopped: bool
    """Whether the pages must not depend on the clock: then they do not say how long cells took."""


def read_clock() -> Clock:
    """The day of the build; `SOURCE_DATE_EPOCH`, seconds since 1970, stands in for the clock.

    Source: https://reproducible-builds.org/specs/source-date-epoch/
    Raises UsageError if that is no such number.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return Clock(dt.datetime.now(tz=dt.UTC).date(), stopped=False)
    try:
        return Clock(dt.datetime.fromtimestamp(int(epoch), tz=dt.UTC).date(), stopped=True)
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH should be seconds since 1970, not {epoch!r}"
        help_ = 'such as "$(git log -1 --format=%ct)", or unset it'
        raise UsageError(Problem(message, help=help_)) from None


def in_order(problems: Sequence[Problem]) -> list[Problem]:
    """Sort problems by file and line."""
    return sorted(problems, key=lambda p: (p.file, p.line, p.column))


@contextlib.contextmanager
def _together_with(problems: Sequence[Problem]) -> Iterator[None]:
    """What stops the build in here is reported together with the problems found before."""
    try:
        yield
    except SiteBuilderError as error:
        raise type(error)(in_order([*problems, *error.problems])) from None


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A post that this build leaves out, and why."""

    path: str
    reason: str


def _prepare(site: Site, source: Source, options: Options, clock: Clock) -> Post | Page | _Hidden:
    """Parse a source; what has no cell to run is rendered at once, in the same process."""
    try:
        post = parse(site, source)
    except ParseError as error:
        # Formulas and captions are looked at all the same: who mends one mends the other.
        with _together_with(error.problems):
            render(site, ExecutedPost(error.post, nothing_to_run(error.post)))
        raise
    front = post.front_matter
    if front.draft and not options.drafts:
        return _Hidden(source.path, "is a draft")
    if front.date is not None and front.date > clock.today and not options.future:
        return _Hidden(source.path, f"is scheduled for {front.date.isoformat()}")
    page = render(site, ExecutedPost(post, nothing_to_run(post)))
    # With cells to run that was only to find mistakes in formulas and captions before they run.
    return post if any(cell.options.eval for cell in post.cells) else page


@dataclass(frozen=True, slots=True)
class _Run:
    """What came of running the posts that have cells."""

    executed: tuple[ExecutedPost, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    seconds: float


def _run(
    site: Site, posts: Sequence[Post], options: Options, clock: Clock, on_progress: OnProgress
) -> _Run:
    """Run the posts, and date what came of it."""
    began = time.monotonic()
    outcomes = execute(posts, site, jobs=options.jobs, fork=options.fork, on_progress=on_progress)
    by_post = [(post, outcomes[post.source.path]) for post in posts]
    return _Run(
        tuple(ExecutedPost(p, _dated(o.execution, clock)) for p, o in by_post if o.execution),
        tuple(problem for _, outcome in by_post for problem in outcome.problems),
        tuple(warning for _, outcome in by_post for warning in outcome.warnings),
        time.monotonic() - began,
    )


def _dated(execution: Execution, clock: Clock) -> Execution:
    seconds = 0.0 if clock.stopped else execution.seconds
    return replace(execution, date=clock.today, seconds=seconds)


def _unbuilt(
    sources: Sequence[Source], prepared: Sequence[Post | Page | _Hidden], pages: Sequence[Page]
) -> dict[str, str]:
    """The posts that are not on the site, and why, for links to them."""
    built = {page.source.path for page in pages}
    failed = {source.path: "failed" for source in sources if source.path not in built}
    return failed | {each.path: each.reason for each in prepared if isinstance(each, _Hidden)}
