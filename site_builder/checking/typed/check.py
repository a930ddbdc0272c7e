"""Check: what in posts is in order for a build and should be looked at all the same.

In: a site, the posts as named on the command line, a store. Out: findings, in the order of files
and lines. Promise: posts are run as a build would run them, and nothing is written but the store.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from site_builder.checking.documents import document
from site_builder.checking.typed.typed import typed_numbers
from site_builder.config import Site
from site_builder.errors import Problem, in_order
from site_builder.execution.engine import execute
from site_builder.execution.running import OnProgress
from site_builder.selected import parsed_posts
from site_builder.store import Store


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to."""

    posts: int
    """How many posts were looked at: those with something to run."""
    findings: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    """Why nothing can be said of other posts."""


def check_posts(
    site: Site,
    names: Sequence[str],
    store: Store,
    *,
    jobs: int,
    fork: bool,
    on_progress: OnProgress,
) -> Checked:
    """Look through posts, all that have cells if none is named, running those that must run.

    Raises UsageError for a name that is no post's.
    """
    posts, problems = parsed_posts(site, names)
    outcomes = execute(posts, site, store=store, jobs=jobs, fork=fork, on_progress=on_progress)
    problems += (problem for outcome in outcomes.values() for problem in outcome.problems)
    language = site.settings.language
    findings: list[Problem] = []
    for post in posts:
        execution = outcomes[post.source.path].execution
        findings += typed_numbers(post, execution, language=language) if execution else ()
    return Checked(len(posts), tuple(in_order(findings)), tuple(in_order(problems)))


def checked_json(checked: Checked) -> str:
    """All of it as a JSON document; README names its fields."""
    return document(
        "check",
        posts=checked.posts,
        findings=[dataclasses.asdict(finding) for finding in checked.findings],
        failed=[dataclasses.asdict(problem) for problem in checked.problems],
    )
