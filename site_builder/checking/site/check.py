"""Check: everything on a site that its author should look at, though it does not stop a build.

In: a site, the posts as named on the command line, a store. Out: findings, in the order of files
and lines. Promise: what is looked at is what a build would publish, with drafts and what is
scheduled; nothing is written but the store.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from site_builder.checking.site.accessibility import OnPage, accessibility_flaws, find_browser
from site_builder.checking.site.asking import Limits
from site_builder.checking.site.external import External, OnAnswer, check_external
from site_builder.checking.site.feeds import feed_flaws, feeds_of
from site_builder.checking.site.flaws import problems_of
from site_builder.checking.site.hosting import host_problems
from site_builder.checking.site.images import image_flaws
from site_builder.checking.site.links import Targets, hidden_flaws, link_flaws, targets_of
from site_builder.checking.site.made import MadeSite, make_site
from site_builder.checking.site.names import name_problems
from site_builder.checking.site.outline import outline_flaws
from site_builder.checking.site.validator import find_validator, html_flaws
from site_builder.checking.typed.typed import typed_numbers
from site_builder.codes import unsilenced
from site_builder.content.parse import parse
from site_builder.errors import Problem, in_order
from site_builder.evidence.documents import document
from site_builder.execution.job import conditions_of, keys_of
from site_builder.execution.record import Record
from site_builder.execution.recording import execution_of
from site_builder.execution.reuse import Runs, runs_of
from site_builder.execution.running import OnProgress
from site_builder.model.post import Post, Source
from site_builder.options import Options
from site_builder.pages import left_out
from site_builder.selected import chosen_sources
from site_builder.settings.site import Site
from site_builder.store import Store


@dataclass(frozen=True, slots=True)
class Wish:
    """What a check is asked for."""

    names: tuple[str, ...] = ()
    """Posts that alone are of interest; all if there is none."""
    external: bool = False
    """Whether other sites are asked for what is linked to."""
    html: bool = False
    """Whether the Nu HTML checker reads the pages."""
    a11y: bool = False
    """Whether axe-core looks at the pages, in a browser."""
    jobs: int = 1
    fork: bool = True
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)
    """In which the checkers that are not ours are looked for."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to."""

    looked_at: Mapping[str, int]
    """How many there were of each kind of thing that was looked at."""
    findings: tuple[Problem, ...]
    kinds: Mapping[str, int]
    """How many findings there are of each kind."""
    notes: tuple[Problem, ...]
    """What may be of interest, and is no finding."""
    problems: tuple[Problem, ...]
    """Why nothing can be said of other posts, or of the whole site."""
    external: External | None = None


def check_site(
    site: Site,
    wish: Wish,
    store: Store,
    *,
    today: dt.date,
    now: float,
    on_progress: OnProgress = lambda _: None,
    on_answer: OnAnswer = lambda *_: None,
    on_page: OnPage = lambda _: None,
) -> Checked:
    """Make the site and look through all of it, running what must run. `now` is as of time.time().

    Raises UsageError for a name that is no post's, or if something that is asked for is missing.
    """
    checkers = _Checkers(
        find_validator(wish.environment) if wish.html else [],
        find_browser(wish.environment.get("PATH", "")) if wish.a11y else "",
        on_page,
    )
    chosen, _ = chosen_sources(site, wish.names)
    paths = {source.path for source in chosen}
    made = make_site(
        site, store, today=today, jobs=wish.jobs, fork=wish.fork, on_progress=on_progress
    )
    targets = targets_of(made)
    found = dict(_found(made, targets, today))
    found["typed number"] = list(_typed(made, [x for x in chosen if x.path in made.known], store))
    found |= dict(_of_others(made, wish, checkers, paths))
    external = None
    if wish.external:
        limits = wish.limits
        external = check_external(made, targets, store, limits=limits, now=now, on_answer=on_answer)
        found["link"] += problems_of(external.flaws, made)
    silent = {x.page.source.path: x.page.front_matter.ignore for x in made.posts.values()}

    def told(problems: Iterable[Problem]) -> list[Problem]:
        # Each once: a warning may be of a post and of its page.
        unique = unsilenced(dict.fromkeys(problems), site.settings.ignore, silent)
        return [problem for problem in unique if not wish.names or problem.file in paths]

    kept = {kind: told(problems) for kind, problems in found.items()}
    return Checked(
        _looked_at(made, chosen),
        tuple(in_order(problem for problems in kept.values() for problem in problems)),
        {kind: len(problems) for kind, problems in kept.items() if problems},
        tuple(in_order(told(problems_of(external.notes, made)))) if external else (),
        tuple(in_order(_in_the_way(made, wish, paths))),
        external,
    )


@dataclass(frozen=True, slots=True)
class _Checkers:
    """Those that are not ours, as far as they are asked for."""

    validator: list[str]
    browser: str
    on_page: OnPage


def _of_others(
    made: MadeSite, wish: Wish, checkers: _Checkers, paths: Collection[str]
) -> Iterator[tuple[str, list[Problem]]]:
    """What checkers find that are not ours."""
    if wish.html:
        yield "HTML", problems_of(html_flaws(made, checkers.validator), made)
    if wish.a11y:
        own = {page: located.page.source.path for page, located in made.posts.items()}
        pages = [page for page in _pages(made) if not wish.names or own.get(page) in paths]
        flaws = accessibility_flaws(made, checkers.browser, pages, checkers.on_page)
        yield "accessibility", problems_of(flaws, made)


def _in_the_way(made: MadeSite, wish: Wish, paths: Collection[str]) -> list[Problem]:
    """Why nothing can be said of the posts that are named, or of the site; each once."""
    return [
        problem
        for problem in dict.fromkeys(made.problems)
        if not wish.names or problem.file in paths or problem.file not in made.sources
    ]


def _found(made: MadeSite, targets: Targets, today: dt.date) -> Iterator[tuple[str, list[Problem]]]:
    """The findings of each kind that need nobody but us."""
    options = Options(made.site.root, 1)
    hidden = {
        path: reason
        for path, known in made.known.items()
        if (reason := left_out(known.draft, known.date, options, today))
    }
    yield "warning", list(made.warnings)
    links = (*link_flaws(made, targets), *hidden_flaws(made, hidden))
    yield "link", problems_of(links, made)
    yield "image", problems_of(image_flaws(made, targets), made)
    yield "heading or id", problems_of(outline_flaws(made), made)
    yield "feed", problems_of(feed_flaws(made, targets), made)
    yield "host", list(host_problems(made))
    yield "front matter", list(name_problems(made, today))


def _typed(made: MadeSite, chosen: Sequence[Source], store: Store) -> Iterator[Problem]:
    """Numbers that are typed into the prose of posts whose cells ran."""
    running = [source for source in chosen if made.known[source.path].runs]
    if not running:
        return
    with runs_of(made.site, store) as runs:
        for source in running:
            post = parse(made.site, source)
            record = runs.load(made.known[source.path].record) or _latest(runs, post)
            if record is not None:
                execution = execution_of(record, post)
                language = made.site.settings.language
                yield from typed_numbers(post, execution, language=language)


def _latest(runs: Runs, post: Post) -> Record | None:
    """The record of a run of this very code that nothing proves: it ran just now."""
    record = runs.latest(post.source.path)
    today = keys_of(post, conditions_of(post, runs.site)).run
    return record if record is not None and record.key == today else None


def _looked_at(made: MadeSite, chosen: Sequence[Source]) -> dict[str, int]:
    return {
        "post": sum(source.path.startswith("posts/") for source in chosen),
        "page": len(_pages(made)),
        "link": sum(len(look.links) for look in made.looks.values()),
        "image": sum(len(look.pictures) for look in made.looks.values()),
        "feed": len(feeds_of(made)),
    }


def _pages(made: MadeSite) -> list[str]:
    return [path for path, look in made.looks.items() if not look.moved_to]


def checked_json(checked: Checked) -> str:
    """All of it as a JSON document; README names its fields."""
    external = checked.external
    return document(
        "check",
        posts=checked.looked_at["post"],
        looked_at=dict(checked.looked_at),
        kinds=dict(checked.kinds),
        findings=[dataclasses.asdict(finding) for finding in checked.findings],
        notes=[dataclasses.asdict(note) for note in checked.notes],
        failed=[dataclasses.asdict(problem) for problem in checked.problems],
        external={**external.counts, "remembered": external.remembered} if external else None,
    )
