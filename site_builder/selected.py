"""What is done with posts that the author chooses: say why they run, freeze their outputs.

In: a site and the posts as named on the command line. Out: explanations, or folders written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from site_builder.chosen import is_chosen
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.errors import ContentError, Problem, UsageError, nearest
from site_builder.execution.engine import execute
from site_builder.execution.explain import Explanation, explain
from site_builder.execution.frozen import write_frozen
from site_builder.execution.reuse import as_frozen, runs_of
from site_builder.execution.running import OnProgress
from site_builder.model.post import Post, Source
from site_builder.settings.site import Site
from site_builder.store import Store


def explain_posts(site: Site, names: Sequence[str], store: Store) -> list[Explanation]:
    """Say what a build would do with the cells of posts, all that have cells if none is named.

    Raises ContentError with the problems of the posts, UsageError for a name that is no post's.
    """
    posts = chosen_posts(site, names)
    with runs_of(site, store) as runs:
        return [explain(post, runs) for post in posts]


def freeze_posts(
    site: Site,
    names: Sequence[str],
    store: Store,
    *,
    today: dt.date,
    jobs: int,
    fork: bool,
    on_progress: OnProgress,
) -> list[Path]:
    """Write the outputs of posts beside them, running those that must run; gives the folders.

    Raises ContentError if a post fails, UsageError for a name that is no post's.
    """
    posts = chosen_posts(site, names)
    outcomes = execute(
        posts, site, store=store, jobs=jobs, fork=fork, thaw=True, on_progress=on_progress
    )
    problems = [problem for outcome in outcomes.values() for problem in outcome.problems]
    if problems:
        raise ContentError(problems)
    folders = []
    with runs_of(site, store, thaw=True) as runs:
        for post in posts:
            path = post.source.path
            # A run that nothing proves can be frozen, too: that is what the author asks for.
            record = runs.load(outcomes[path].record) or runs.latest(path)
            if record is None:
                message = "cannot be frozen: files that it reads changed while it ran"
                help_ = "freeze it again"
                raise ContentError(Problem(message, path, help=help_, code="X016"))
            folders.append(write_frozen(site.root, as_frozen(record, post, today)))
    return folders


def chosen_posts(site: Site, names: Sequence[str]) -> list[Post]:
    """The posts with something to run that are named, all if none is; parsed.

    Raises ContentError with the problems of the posts, UsageError for a name that is no post's.
    """
    posts, problems = parsed_posts(site, names)
    if problems:
        raise ContentError(problems)
    return posts


def parsed_posts(site: Site, names: Sequence[str]) -> tuple[list[Post], list[Problem]]:
    """The same posts as far as they are in order, and what is wrong with others.

    Raises UsageError for a name that is no post's.
    """
    chosen, problems = chosen_sources(site, names)
    found_problems = list(problems)
    posts = []
    for source in chosen:
        try:
            posts.append(parse(site, source))
        except ContentError as error:
            found_problems += error.problems
    return [post for post in posts if post.runs], found_problems


def chosen_sources(site: Site, names: Sequence[str]) -> tuple[list[Source], tuple[Problem, ...]]:
    """The posts and pages that are named, all if none is, and what stands in the way of others.

    Raises UsageError for a name that is no post's.
    """
    sources, problems = read_sources(site)
    chosen = list(sources)
    if names:
        matches = [(name, _matching(name, site, sources)) for name in names]
        unknown = [
            Problem(
                f"there is no post {name!r}",
                help=nearest(name, [source.path for source in sources]),
                code="C008",
            )
            for name, found in matches
            if not found
        ]
        if unknown:
            raise UsageError(unknown)
        wanted = {source.path for _, found in matches for source in found}
        chosen = [source for source in sources if source.path in wanted]
    return chosen, problems


def _matching(name: str, site: Site, sources: Sequence[Source]) -> list[Source]:
    """The posts that a name on the command line means: a path, a pattern, or a bare name."""
    here = Path(name).absolute()
    own = here.relative_to(site.root).as_posix() if here.is_relative_to(site.root) else ""
    return [source for source in sources if source.path == own or is_chosen(source.path, [name])]
