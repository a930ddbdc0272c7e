"""Tags and series: posts that share a name, and the address of that name.

In: posts. Out: a Group for each name. Promise: two spellings of one name are reported, since they
would have one address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from site_builder.assembly.addresses import Located, front_matter_problem
from site_builder.content.slugs import slugify_name
from site_builder.errors import Problem
from site_builder.model.page import Page


@dataclass(frozen=True, slots=True)
class Group:
    """Posts that share a tag or a series."""

    name: str
    slug: str
    members: tuple[Located, ...]
    """In the order in which they were given."""


def tag_names(page: Page) -> tuple[str, ...]:
    """The tags of a page, each once."""
    return tuple(dict.fromkeys(page.front_matter.tags))


def series_names(page: Page) -> tuple[str, ...]:
    """The series of a page, if any."""
    return (page.front_matter.series,) if page.front_matter.series else ()


def groups(
    pages: Sequence[Located], names: Callable[[Page], tuple[str, ...]], key: str
) -> tuple[dict[str, Group], list[Problem]]:
    """Group pages by `names`, which come from the front matter's `key`; by name, sorted."""
    members: dict[str, list[Located]] = {}
    for located in pages:
        for name in names(located.page):
            members.setdefault(name, []).append(located)
    problems: list[Problem] = []
    by_slug: dict[str, Group] = {}
    found: dict[str, Group] = {}
    for name in sorted(members, key=lambda name: (name.casefold(), name)):
        group = Group(name, slugify_name(name), tuple(members[name]))
        first = by_slug.setdefault(group.slug, group)
        if first is not group:
            problems.append(_two_spellings(first, group, key))
        found[name] = group
    return found, problems


_WORDS = {"tags": "tag", "series": "series"}


def _two_spellings(first: Group, second: Group, key: str) -> Problem:
    common, rare = sorted((first, second), key=lambda group: -len(group.members))
    files = ", ".join(located.page.source.path for located in common.members[:3])
    more = len(common.members) - 3
    files += f" and {more} more" if more > 0 else ""
    word = _WORDS[key]
    message = f"the {word} {rare.name!r} has the same address as {common.name!r} of {files}"
    help_ = f"write {common.name!r} in all of them, or rename one"
    source = rare.members[0].page.source
    return front_matter_problem(source, key, rare.name, message, help_, code="F016")
