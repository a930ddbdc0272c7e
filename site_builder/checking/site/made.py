"""Made: the whole site as a build would make it, with drafts and what is scheduled, in memory.

In: a site and its store. Out: a MadeSite: all files of the site, what its pages hold, and which
file of the author's each is made from. Promise: nothing is written but the store; posts that fail
are reported, and the site is made of all others.
"""

from __future__ import annotations

import datetime as dt
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from site_builder.assembly.addresses import INDEX, Located, locate, url_of
from site_builder.assembly.theme.files import ThemeFiles
from site_builder.checking.site.look import Look, look_at
from site_builder.content.read import sources_of
from site_builder.errors import ContentError, Problem
from site_builder.execution.running import OnProgress
from site_builder.inputs import Inputs, read_inputs
from site_builder.making import Made, assembled, make, recall
from site_builder.memory import NOTHING, KnownPost, Memory, keep, unchanged_posts
from site_builder.memory import recall as recall_memory
from site_builder.model.files import LostError, Recipe
from site_builder.model.post import Attachment, Source
from site_builder.options import Options, Order
from site_builder.settings.site import Site
from site_builder.store import FOLDER, Store

NAME = "check"
"""Under this name the store knows what was made, as it knows a build by its output folder."""
Texts = Mapping[str, str]


@dataclass(frozen=True)
class MadeSite:
    """A site that was made to be looked at."""

    site: Site
    files: Mapping[str, Recipe]
    """All files of the site by their paths; none if the site could not be made."""
    looks: Mapping[str, Look]
    """What its HTML files hold, by their paths."""
    posts: Mapping[str, Located]
    """Posts and pages by the paths of their HTML files."""
    known: Mapping[str, KnownPost]
    """What is known of posts that were made, by their files."""
    sources: Mapping[str, Source]
    """Posts and pages, also those that failed, by their files."""
    static: Mapping[str, bytes]
    """The author's static files, by their paths on the site."""
    theme: Texts
    """Texts of the theme's templates and style sheets, by their files."""
    problems: tuple[Problem, ...]
    """Why posts failed, or why there is no site."""
    warnings: tuple[Problem, ...]
    """What a build would warn of."""
    _sizes: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether posts are missing from it."""
        return bool(self.problems)

    def url(self, path: str) -> str:
        """The absolute address of a file of the site."""
        return self.site.address + url_of(path)

    def shown(self, path: str) -> str:
        """The address of a file of the site as readers of messages know it."""
        return unquote(self.site.base + url_of(path))

    def attachments(self) -> Mapping[str, Attachment]:
        """The author's files beside posts, by their paths on the site."""
        return {
            posixpath.normpath(f"{located.folder}/{unquote(attachment.name)}"): attachment
            for located in self.posts.values()
            for attachment in located.page.attachments
        }


def make_site(
    site: Site,
    store: Store,
    *,
    today: dt.date,
    jobs: int,
    fork: bool,
    on_progress: OnProgress = lambda _: None,
) -> MadeSite:
    """Make the site. Raises UsageError if the theme is wrong or posts cannot be run at all."""
    inputs = read_inputs(site)
    name = site.root / FOLDER / NAME
    options = Options(name, jobs, drafts=True, future=True, fork=fork, cache=site.root / FOLDER)
    order = Order(site, options, today, inputs, on_progress, lambda: None)
    memory = recall_memory(store, site, name)
    try:
        return _made(order, store, memory)
    except LostError:
        # What is named in the memory is not in the store: so nothing is known.
        return _made(order, store, NOTHING)


def _made(order: Order, store: Store, memory: Memory) -> MadeSite:
    site, inputs = order.site, order.inputs
    sources, unreadable = sources_of(inputs.files)
    made = Made([*inputs.problems, *unreadable])
    unchanged = unchanged_posts(memory, inputs, site, store)
    recall(made, order, store, memory, unchanged, sources)
    settled = made.settled()
    theme = make(made, order, store, memory, [x for x in sources if x.path not in settled])
    keep(_memory(order, made, theme.digest), store, site, order.options.output)
    problems = list(made.problems)
    pages = sorted(made.pages.values(), key=lambda page: page.source.path)
    recipes: Sequence[Recipe] = ()
    try:
        recipes = assembled(made, order, store, theme, sources)
    except ContentError as error:
        problems += error.problems
    located = [locate(page, site) for page in pages]
    warnings = [w for x in pages for w in (*made.known[x.source.path].warnings, *x.warnings)]
    return MadeSite(
        site,
        files={recipe.path: recipe for recipe in recipes},
        looks={x.path: look_at(x.make()) for x in recipes if x.path.endswith((".html", ".htm"))},
        posts={f"{x.folder}/{INDEX}": x for x in located},
        known={path: known for path, known in made.known.items() if path in made.pages},
        sources={source.path: source for source in sources},
        static={file.path: file.content for file in inputs.static},
        theme=_texts(inputs),
        problems=tuple(problems),
        warnings=(*warnings, *made.remarks),
    )


def _memory(order: Order, made: Made, theme: str) -> Memory:
    inputs = order.inputs
    return Memory(
        program=inputs.program,
        theme=theme,
        options=order.options.kinds,
        today=order.today,
        posts=dict(sorted(made.known.items())),
    )


def _texts(inputs: Inputs) -> Texts:
    if not isinstance(inputs.theme, ThemeFiles):
        return {}
    files = (*inputs.theme.templates.values(), *inputs.theme.sheets.values())
    return {each.file: each.content.decode("utf-8", "replace") for each in files}
