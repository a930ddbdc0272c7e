"""Refresh: what was saved becomes the site as it can be shown now.

In: a site, its store, and the posts whose cells run. Out: a Preview after each save, and after each
thing that a cell gave. Promise: as soon as nothing of a page is pending it is the page that a build
makes of the same text; what cannot be made leaves the last good page, and says why.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from site_builder.assembly.addresses import INDEX, locate
from site_builder.assembly.theme.files import ThemeFiles
from site_builder.assembly.theme.theme import Theme, load_theme
from site_builder.build import read_day
from site_builder.content.read import sources_of, state_of
from site_builder.errors import ContentError, Problem, SiteBuilderError, UsageError, in_order
from site_builder.execution.live.live import LivePosts
from site_builder.execution.live.shown import Shown
from site_builder.inputs import Inputs, read_inputs
from site_builder.making import Made, assembled, prepare_prose, recall
from site_builder.memory import NOTHING, KnownPost, Memory, keep, unchanged_posts
from site_builder.model.files import LostError, Recipe
from site_builder.model.page import Page
from site_builder.model.post import ExecutedPost, Post, Source
from site_builder.options import Options, Order
from site_builder.pages import not_run, parse_whole, prepare_executed
from site_builder.preview.board import Preview
from site_builder.preview.last_good import LastGood
from site_builder.preview.remarks import progress, remarks
from site_builder.rendering.page_json import read_page
from site_builder.settings.site import Site
from site_builder.store import Store

TRIES = 4  # to assemble a site, each without what stood in the way


@dataclass(frozen=True, slots=True)
class _Running:
    """A post with cells that is not known to be as it was."""

    post: Post
    known: KnownPost
    """Without a page."""
    shown: Shown | None = None
    """What its page was made of."""
    page: Page | None = None


@dataclass
class Refresher:
    """The site on its way to the screen, for as long as it is served."""

    site: Site
    store: Store
    live: LivePosts
    options: Options
    """Those of a build with all posts; its output folder names the memory, nothing is written."""
    memory: Memory
    on_lost: Callable[[], object] = lambda: None
    """Called, from any thread, if what was kept in the store is gone."""
    _good: LastGood = field(default_factory=LastGood)
    _running: dict[str, _Running] = field(default_factory=dict)
    _live: set[str] = field(default_factory=set)
    """The files of posts that something may be running of."""
    _problems: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    """What is wrong with posts, by their files."""
    _others: tuple[Problem, ...] = ()
    """What else is wrong."""
    _seen: dict[str, Shown] = field(default_factory=dict)
    """What the preview was made of, of posts that were not known at the last save."""
    _theme: Theme | None = None
    _made: Made = field(default_factory=lambda: Made([]))
    _order: Order | None = None
    _sources: Sequence[Source] = ()
    _files: Mapping[str, Recipe] = field(default_factory=dict)

    def refresh(self, edited: frozenset[str] = frozenset(), *, at_once: bool = False) -> Preview:
        """Look at all files anew; `edited` are the posts that were saved.

        With `at_once` many posts are prepared on all cores: only before there are other threads.
        """
        try:
            return self._refresh(edited, at_once=at_once)
        except LostError:  # what was known is not kept any more: so nothing is known
            self.memory = NOTHING
            self._good = LastGood()
            return self._refresh(edited, at_once=at_once)

    def update(self, paths: Iterable[str]) -> Preview:
        """Look at what the cells of these posts gave."""
        for path in paths:
            shown = self.live.shown(path)
            if path in self._running and shown is not None:
                self._place(self._running[path], shown)
        return self._assembled()

    def over(self, paths: Iterable[str]) -> dict[str, Shown]:
        """What came of those of these posts whose cells are all through."""
        shown = {path: self.live.shown(path) for path in paths}
        return {
            path: each
            for path, each in shown.items()
            if each is not None and each.execution is not None and not each.execution.pending
        }

    def known(self) -> Memory:
        """What the next `serve` may know."""
        return replace(self.memory, posts=dict(sorted(self._made.known.items())))

    def keep(self) -> None:
        """Keep that."""
        keep(self.known(), self.store, self.site, self.options.output)

    def _refresh(self, edited: frozenset[str], *, at_once: bool) -> Preview:
        inputs = read_inputs(self.site)
        order = Order(self.site, self.options, read_day(), inputs, lambda _: None, lambda: None)
        sources, unreadable = sources_of(inputs.files)
        if self._order is not None:
            self.memory = self.known()
        unchanged = unchanged_posts(self.memory, inputs, self.site, self.store)
        made = Made([])
        before = self._made.pages
        recall(made, order, self.store, self.memory, unchanged, sources, before=before)
        self._order, self._made, self._sources, self._seen = order, made, sources, {}
        self._forget(inputs)
        self._others = (*inputs.problems, *unreadable, *self._theme_problems(inputs))
        for path in {problem.file for problem in unreadable}:
            self._good.restore(made, path)
        waiting = [source for source in sources if source.path not in made.settled()]
        if at_once:
            prepare_prose(made, order, self.store, waiting)
            waiting = [source for source in waiting if source.path not in made.settled()]
        for source in waiting:
            self._make(source, edited=source.path in edited)
        preview = self._assembled()
        if not before:
            # What is known of a thousand posts stays; to look for garbage in it takes 50 ms a save.
            gc.freeze()
        return preview

    def _forget(self, inputs: Inputs) -> None:
        """Let go of posts that are gone, and of what was wrong with those that are in order."""
        self._problems = {}
        for path in self._live - inputs.digests.keys():
            self._end(path)
        self._good.keep(inputs.digests)

    def _end(self, path: str) -> None:
        """Nothing of a post is to run any more."""
        self.live.forget(path)
        self._live.discard(path)
        self._running.pop(path, None)

    def _theme_problems(self, inputs: Inputs) -> tuple[Problem, ...]:
        """Load the theme, unless it is the one that there is; what is wrong with it."""
        try:
            if not isinstance(inputs.theme, ThemeFiles):
                raise inputs.theme
            if self._theme is None or self._theme.digest != inputs.theme.digest:
                self._theme = load_theme(self.site, inputs.theme, in_order=False)
        except UsageError as error:
            return error.problems
        return ()

    def _make(self, source: Source, *, edited: bool) -> None:
        """Make the page of a post as far as it can be made now."""
        path = source.path
        self._made.sources[path] = source
        try:
            running = self._running.get(path)
            if running is None or not self._is_same(path, running.known):
                running = self._parsed(source)
            if running.post.runs:
                self._running[path] = running
                self._live.add(path)
                self._place(running, self.live.show(running.post, edited=edited))
            else:
                self._end(path)
                self._add(running.known, not_run(running.post))
        except ContentError as error:
            # What still runs is of another text: it goes on, as the mistake may be mended soon.
            self._running.pop(path, None)
            self._fail(path, error.problems)

    def _is_same(self, path: str, known: KnownPost) -> bool:
        """Whether a post that was parsed before would be parsed to the same."""
        assert self._order is not None
        inputs, root = self._order.inputs, self.site.root
        return (
            known.digest == inputs.digests[path]
            and known.rendering == inputs.rendering
            and all(state_of(root, file) == before for file, before in known.files.items())
        )

    def _parsed(self, source: Source) -> _Running:
        assert self._order is not None
        inputs = self._order.inputs
        post, prepared = parse_whole(self.site, source)
        known = KnownPost(
            digest=inputs.digests[source.path],
            rendering=inputs.rendering,
            files=prepared.files,
            draft=prepared.draft,
            date=prepared.date,
            runs=post.runs,
        )
        return _Running(post, known)

    def _place(self, running: _Running, shown: Shown) -> None:
        """Make the page of a post of what its cells gave so far."""
        post, known, execution = running.post, running.known, shown.execution
        path = post.source.path
        self._seen[path] = shown
        self._problems[path] = shown.problems
        if execution is None or (shown.problems and execution.pending and path in self._good):
            self._fail(path, shown.problems)
            return
        record = "" if shown.problems or execution.pending else shown.record
        known = replace(known, record=record, warnings=shown.warnings)
        if running.page is not None and running.shown == shown:
            self._made.pages[path] = running.page
            self._made.known[path] = replace(known, page=running.page.digest)
            return
        if execution.pending:  # what it was run with is told when it is over
            execution = replace(execution, environment=None)
        try:
            page = self._add(known, ExecutedPost(post, execution))
            self._running[path] = replace(running, shown=shown, page=page)
        except ContentError as error:
            self._fail(path, (*shown.problems, *error.problems))

    def _add(self, known: KnownPost, executed: ExecutedPost) -> Page:
        source = executed.post.source
        page = read_page(prepare_executed(self.site, self.store, executed), source)
        assert page is not None
        self._made.pages[source.path] = page
        self._made.known[source.path] = replace(known, page=page.digest)
        return page

    def _fail(self, path: str, problems: Sequence[Problem]) -> None:
        """Note what is wrong with a post, and go back to its last good page if there is one."""
        self._problems[path] = tuple(problems)
        self._good.restore(self._made, path)

    def _assembled(self) -> Preview:
        """Put the pages together; without those that stand in the way, if there are any."""
        broken: list[Problem] = []
        found: list[Problem] = []
        for _ in range(TRIES):
            broken.clear()
            try:
                self._files = {recipe.path: recipe for recipe in self._recipes(broken)}
                self._good.note(self._made, self._running.keys() - self.over(self._running))
                break
            except SiteBuilderError as error:
                found += error.problems
                if not self._good.without(self._made, {x.file for x in error.problems}):
                    break  # the site stays as it was last shown
        if self._is_busy():
            broken.clear()  # what they lead to may come yet
        return self._preview([*found, *broken])

    def _recipes(self, broken: list[Problem]) -> Sequence[Recipe]:
        order, made = self._order, self._made
        assert order is not None
        if self._theme is None:
            return tuple(self._files.values())
        recipes = assembled(
            made, order, self.store, self._theme, self._sources, on_broken=broken.append
        )
        return [replace(recipe, make=self._watched(recipe)) for recipe in recipes]

    def _watched(self, recipe: Recipe) -> Callable[[], bytes]:
        """How a file is made; what is gone from the store is made anew for the next time."""

        def make() -> bytes:
            try:
                return recipe.make()
            except LostError:
                self.on_lost()
                message = "what was kept of the site is gone: it is being made anew"
                raise ContentError(Problem(message, code="P010")) from None

        return make

    def _is_busy(self) -> bool:
        # What came while the preview was made was told of: it is shown with the next one.
        return not self.live.is_idle() or any(
            self.live.shown(path) not in (seen, None) for path, seen in self._seen.items()
        )

    def _preview(self, more: Iterable[Problem]) -> Preview:
        problems = list(dict.fromkeys((*self._others, *more)))
        for found in self._problems.values():
            problems += [problem for problem in found if problem not in problems]
        failed = {path for path, found in self._problems.items() if found}
        problems += remarks(self._made, self.site, failed)
        return Preview(
            files=self._files,
            problems=tuple(in_order(problems)),
            running=self._told(),
            sources={
                f"{locate(page, self.site).folder}/{INDEX}": path
                for path, page in self._made.pages.items()
            },
            busy=self._is_busy(),
        )

    def _told(self) -> dict[str, str]:
        """What is told of the posts that run."""
        told = {
            path: progress(running.post, self.live.shown(path))
            for path, running in self._running.items()
        }
        return {path: words for path, words in told.items() if words}
