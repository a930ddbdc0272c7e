"""Remarks: what an author should look at, though a build would succeed, and how far a run is.

In: the pages of posts, with what is known of their runs. Out: warnings, without the silenced ones;
words on a run.
Promise: nothing is said of a page that stands in for one that fails: its lines are not today's.
"""

from __future__ import annotations

from collections.abc import Container

from site_builder.codes import unsilenced
from site_builder.errors import Problem
from site_builder.execution.live.shown import Shown
from site_builder.making import Made
from site_builder.model.post import Post
from site_builder.settings.site import Site


def remarks(made: Made, site: Site, failed: Container[str]) -> list[Problem]:
    """Give the warnings of all posts but those that failed."""
    found: dict[Problem, None] = {}
    for path, page in made.pages.items():
        if path not in failed:
            found |= dict.fromkeys((*made.known[path].warnings, *page.warnings))
    by_file = {path: page.front_matter.ignore for path, page in made.pages.items()}
    return unsilenced(found, site.settings.ignore, by_file)


def progress(post: Post, shown: Shown | None) -> str:
    """How far the run of a post is, such as `cell 3 of 7`; empty if none is under way."""
    execution = shown.execution if shown is not None and shown.running else None
    if execution is None or not execution.pending:
        return ""
    cells = [cell.number for cell in post.cells if cell.options.eval]
    number = execution.pending[0]
    if number not in cells:
        return "values in the text"
    return f"cell {cells.index(number) + 1} of {len(cells)}"
