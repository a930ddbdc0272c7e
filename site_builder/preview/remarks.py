"""Remarks: what an author should look at, though a build would succeed.

In: the pages of posts, with what is known of their runs. Out: warnings, without the silenced ones.
Promise: nothing is said of a page that stands in for one that fails: its lines are not today's.
"""

from __future__ import annotations

from collections.abc import Container

from site_builder.codes import unsilenced
from site_builder.config import Site
from site_builder.errors import Problem
from site_builder.making import Made


def remarks(made: Made, site: Site, failed: Container[str]) -> list[Problem]:
    """Give the warnings of all posts but those that failed."""
    found: dict[Problem, None] = {}
    for path, page in made.pages.items():
        if path not in failed:
            found |= dict.fromkeys((*made.known[path].warnings, *page.warnings))
    by_file = {path: page.front_matter.ignore for path, page in made.pages.items()}
    return unsilenced(found, site.settings.ignore, by_file)
