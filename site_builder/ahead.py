"""Ahead: what takes long is made before anything is written, on all cores.

In: recipes, and what was written last. Out: every problem of making them. Promise: what a recipe
makes now is kept, so that to make it again takes no time; nothing is made that is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from site_builder.errors import ContentError, Problem

if TYPE_CHECKING:
    from site_builder.model.files import Recipe
    from site_builder.publishing.write import Written


def make_ahead(recipes: Iterable[Recipe], last: Mapping[str, Written], jobs: int) -> list[Problem]:
    """Make one recipe of each batch; gives what is wrong with what they are made of."""
    waiting: dict[str, Recipe] = {}
    for recipe in recipes:
        if recipe.batch and recipe.batch not in waiting:
            before = last.get(recipe.path)
            if before is None or before.made_of != recipe.made_of:
                waiting[recipe.batch] = recipe
    if not waiting:
        return []
    # Late, and threads: Pillow works without Python's lock, and few sites have a picture to make.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=max(1, jobs)) as threads:
        return [x for problems in threads.map(_problems, waiting.values()) for x in problems]


def _problems(recipe: Recipe) -> tuple[Problem, ...]:
    try:
        recipe.make()
    except ContentError as error:
        return error.problems
    return ()
