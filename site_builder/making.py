"""Make: posts become pages, on all cores, and prose is rendered while cells run.

In: sources, and what is known from the last build. Out: a page for each post that is to be
published, and why the others are not. Promise: a page that is known and one that is made now are
the same; what stands in the way is collected, not raised, so that one build finds all of it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from site_builder.assembly.assemble import assemble
from site_builder.assembly.theme.files import ThemeFiles
from site_builder.assembly.theme.theme import Theme, load_theme
from site_builder.chosen import is_chosen
from site_builder.errors import Problem, SiteBuilderError, UsageError, in_order
from site_builder.memory import KnownPost, Memory, unchanged_posts
from site_builder.model.files import Recipe
from site_builder.model.page import Page
from site_builder.model.post import ExecutedPost, Post, Source
from site_builder.options import Options, Order
from site_builder.pages import (
    Prepared,
    kept_contents,
    known_page,
    left_out,
    prepare,
    prepare_executed,
)
from site_builder.rendering.page_json import read_page
from site_builder.settings.site import Site
from site_builder.store import Store
from site_builder.workers import Workers

if TYPE_CHECKING:
    from site_builder.execution.report import Outcome

_NO_PAGES: Mapping[str, Page] = MappingProxyType({})
ROUNDS = 4  # posts that write what others read settle in two, or never


@dataclass(slots=True)
class Made:
    """What this build has so far; it lives as long as the build does."""

    problems: list[Problem]
    known: dict[str, KnownPost] = field(default_factory=dict)
    """What the next build may know of posts, by their files."""
    pages: dict[str, Page] = field(default_factory=dict)
    """The pages that are published, by their files."""
    sources: dict[str, Source] = field(default_factory=dict)
    """The posts that this build answers for, by their files."""
    hidden: dict[str, str] = field(default_factory=dict)
    """Why posts are left out, by their files."""
    executed: set[str] = field(default_factory=set)
    """The files of posts that ran."""
    reused: set[str] = field(default_factory=set)
    """Those of posts with cells that did not have to."""
    remarks: list[Problem] = field(default_factory=list)
    """What is to be said of the runs of this build alone."""
    seconds: float = 0.0

    def settled(self) -> set[str]:
        """The files of posts about which nothing is left to do."""
        return self.pages.keys() | self.hidden.keys()

    def states(self) -> dict[str, str]:
        """What is at the paths that posts name."""
        return {path: state for known in self.known.values() for path, state in known.files.items()}

    def unbuilt(self, sources: Sequence[Source]) -> dict[str, str]:
        """The posts that are not on the site, and why, for links to them."""
        failed = {x.path: "failed" for x in sources if x.path not in self.pages}
        return failed | self.hidden


def recall(
    made: Made,
    order: Order,
    store: Store,
    memory: Memory,
    unchanged: set[str],
    sources: Sequence[Source],
    *,
    before: Mapping[str, Page] = _NO_PAGES,
) -> None:
    """Take what did not change as it was made before, and what is not asked for as it was then;
    `before` are pages, by their files, that need not be read again."""
    by_path = {source.path: source for source in sources}
    patterns = order.options.only
    skipped = {path for path in {*by_path, *memory.posts} if not is_wanted(path, patterns)}
    for path in sorted({*unchanged.intersection(by_path), *skipped}):
        known = memory.posts.get(path)
        if known is None or (path in skipped and not known.page):
            made.hidden[path] = "was never built"
            continue
        as_it_was = known.digest == order.inputs.digests.get(path)
        source = by_path[path] if as_it_was and path in by_path else Source(path, "")
        if reason := left_out(known.draft, known.date, order.options, order.today):
            made.hidden[path], made.known[path] = reason, known
        elif page := known_page(store, known.page, source, before.get(path)):
            made.pages[path], made.known[path] = page, known
            if path not in skipped:
                made.sources[path] = source
            if known.runs:
                made.reused.add(path)


def is_wanted(path: str, patterns: Sequence[str]) -> bool:
    """Whether a post is to be built anew; what is no post always is."""
    return not path.startswith(("posts/", "pages/")) or is_chosen(path, patterns)


def make(
    made: Made, order: Order, store: Store, memory: Memory, sources: Sequence[Source]
) -> Theme:
    """Make the pages of all other posts: prose is rendered while cells run."""
    with Workers(order.options.jobs, order.site, store, tasks=len(sources)) as workers:
        foreseen = {source.path for source in sources if _may_run(source)}
        prose = [source for source in sources if source.path not in foreseen]
        posts = _prepare(made, order, workers, [x for x in sources if x.path in foreseen])
        rounds = 0
        theme: Theme | None = None
        while posts or prose or theme is None:
            began = time.monotonic()
            with together_with(made.problems), _executing(order, store, posts, rounds) as outcomes:
                if theme is None:
                    theme = _theme(made, order, workers, memory, prose)
                # Cells that were not foreseen run in the next round.
                posts, running = _prepare(made, order, workers, prose), posts
                came = outcomes()
            made.seconds += time.monotonic() - began if running else 0.0
            _render(made, order, workers, running, came)
            rounds += 1
            ran = any(not outcome.reused for outcome in came.values())
            prose = _overtaken(made, order, store) if ran and rounds < ROUNDS else []
    return theme


def assembled(
    made: Made,
    order: Order,
    store: Store,
    theme: Theme,
    sources: Sequence[Source],
    *,
    on_broken: Callable[[Problem], object] | None = None,
) -> tuple[Recipe, ...]:
    """Say how the files of the site of these pages are made.

    `sources` are all posts, `on_broken` is told of links that lead nowhere; without it they, too,
    are raised as ContentError.
    """
    return assemble(
        order.site,
        sorted(made.pages.values(), key=lambda page: page.source.path),
        theme,
        now=order.today,
        contents=kept_contents(order.site, store, made.states(), order.inputs.program),
        static=order.inputs.static,
        unbuilt=made.unbuilt(sources),
        on_broken=on_broken,
    )


def prepare_prose(made: Made, order: Order, store: Store, sources: Sequence[Source]) -> None:
    """Make the pages of those posts that have nothing to run, as far as they are in order."""
    prose = [source for source in sources if not _may_run(source)]
    with Workers(order.options.jobs, order.site, store, tasks=len(prose)) as workers:
        _prepare(made, order, workers, prose)


def _overtaken(made: Made, order: Order, store: Store) -> list[Source]:
    """Posts that name or have read a file which a post of this build has written since."""
    known = {
        path: known
        for path, known in made.known.items()
        if path in made.pages and path in made.sources and (known.record or not known.runs)
    }
    same = unchanged_posts(Memory(posts=known), order.inputs, order.site, store)
    for path in known.keys() - same:
        del made.pages[path]
    return [made.sources[path] for path in sorted(known.keys() - same)]


def _may_run(source: Source) -> bool:
    """Whether it looks as if a post had cells or expressions: parsing has the last word."""
    return source.marked or _CELL.search(source.text) is not None


_CELL = re.compile(
    r"[`~]{3}[ \t]*(?:\{|[Ii]?[Pp][Yy])(?![^\n]*noeval)|`\{python\}|\{eval\}`|\{[^{}\n]*claim="
)


def _theme(
    made: Made, order: Order, workers: Workers, memory: Memory, prose: Sequence[Source]
) -> Theme:
    inputs = order.inputs
    try:
        if isinstance(inputs.theme, ThemeFiles):
            known = memory.program == inputs.program and memory.theme == inputs.theme.digest
            return load_theme(order.site, inputs.theme, in_order=known)
        raise inputs.theme
    except UsageError:
        _prepare(made, order, workers, prose)  # for what else is wrong
        raise


def _executing(
    order: Order, store: Store, posts: Sequence[Post], rounds: int
) -> contextlib.AbstractContextManager[Callable[[], Mapping[str, Outcome]]]:
    if not posts:
        return contextlib.nullcontext(dict)
    # Late: a build in which nothing runs needs no executor.
    from site_builder.execution.engine import executing

    options = order.options
    return executing(
        posts,
        order.site,
        store=store,
        jobs=options.jobs,
        fork=options.fork,
        frozen=options.frozen,
        allow_false_claims=options.allow_false_claims,
        executor=None if rounds else order.executor,
        on_progress=order.on_progress,
    )


def _prepare(made: Made, order: Order, workers: Workers, sources: Sequence[Source]) -> list[Post]:
    """Parse posts and render those without cells; gives the others."""
    made.sources |= {source.path: source for source in sources}
    calls = [(source, order.options, order.today) for source in sources]
    mapped = workers.map(_prepared, calls)
    made.problems += mapped.problems
    posts = []
    for path, prepared in mapped.results:
        made.known[path] = KnownPost(
            digest=order.inputs.digests[path],
            rendering=order.inputs.rendering,
            files=prepared.files,
            draft=prepared.draft,
            date=prepared.date,
            runs=prepared.post is not None,
        )
        if prepared.post is not None:
            posts.append(prepared.post)
        elif prepared.page:
            _add(made, path, prepared.page)
        else:
            reason = left_out(prepared.draft, prepared.date, order.options, order.today)
            made.hidden[path] = reason
    return posts


def _prepared(
    site: Site, store: Store, source: Source, options: Options, today: dt.date
) -> tuple[str, Prepared]:
    return source.path, prepare(site, store, source, options, today)


def _add(made: Made, path: str, content: bytes) -> None:
    page = read_page(content, made.sources[path])
    assert page is not None
    made.pages[path] = page
    made.known[path] = replace(made.known[path], page=page.digest)


def _render(
    made: Made,
    order: Order,
    workers: Workers,
    posts: Sequence[Post],
    outcomes: Mapping[str, Outcome],
) -> None:
    """Render the posts that ran."""
    executed = []
    for post in posts:
        path = post.source.path
        outcome = outcomes[path]
        made.problems += outcome.problems
        (made.reused if outcome.reused else made.executed).add(path)
        made.remarks += outcome.remarks
        made.known[path] = replace(
            made.known[path], record=outcome.record, warnings=outcome.warnings
        )
        if outcome.execution is None:
            del made.known[path]
        else:
            executed.append((ExecutedPost(post, outcome.execution),))
    mapped = workers.map(_prepared_executed, executed)
    made.problems += mapped.problems
    for path, content in mapped.results:
        _add(made, path, content)


def _prepared_executed(site: Site, store: Store, executed: ExecutedPost) -> tuple[str, bytes]:
    return executed.post.source.path, prepare_executed(site, store, executed)


@contextlib.contextmanager
def together_with(problems: Sequence[Problem]) -> Iterator[None]:
    """What stops the build in here is reported together with the problems found before."""
    try:
        yield
    except SiteBuilderError as error:
        # Each once: posts may have a bibliography in common.
        unique = dict.fromkeys([*problems, *error.problems])
        raise type(error)(in_order(unique)) from None
