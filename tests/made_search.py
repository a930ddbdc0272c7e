"""Made-up sites for tests of search: pages with terms, and folders of what their search needs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from pathlib import Path
from typing import Any

from made_pages import make_page, recipes

from site_builder.model.page import Page
from site_builder.rendering.search_terms import Texts, page_terms
from site_builder.settings.site import Site
from site_builder.store import digest_of

CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwxyz", "aeiou"


def found_page(name: str, texts: Texts, **front: Any) -> Page:
    """A page that search finds by these texts."""
    terms = page_terms(texts)
    summary = texts.prose[0][:200] if texts.prose else ""
    page = make_page(name, title=texts.title, summary=summary, tags=texts.tags, **front)
    page = dataclasses.replace(page, terms=terms)
    return dataclasses.replace(page, digest=digest_of(repr(page).encode()))


def made_pages(count: int, *, words: int = 300, seed: int = 0) -> list[Page]:
    """Pages of at least six words, which are as often as in a language: most hardly ever."""
    draw = random.Random(seed)
    known = [_word(draw) for _ in range(60_000)]
    weights = [1 / (rank + 3) for rank in range(len(known))]
    drawn = draw.choices(known, weights, k=count * words)
    pages = []
    for number in range(count):
        prose = drawn[number * words : (number + 1) * words]
        code = [f"def {prose[0]}_{prose[1]}(x):\n    return np.{prose[2]}(x)\n"]
        title = f"{prose[3]} and {prose[4]}, {number}"
        texts = Texts(title, (prose[5],), prose=[" ".join(prose)], code=code)
        date = dt.date(2000, 1, 1) + dt.timedelta(days=number // 2)
        pages.append(found_page(f"posts/p{number:05}.md", texts, date=date))
    return pages


def _word(draw: random.Random) -> str:
    length = draw.choice((4, 5, 6, 7, 8, 9, 10))
    return "".join(draw.choice((CONSONANTS, VOWELS)[at % 2]) for at in range(length))


def write_search(site: Site, pages: list[Page], folder: Path) -> None:
    """Write the search page, the index and the theme's assets of a site of these pages."""
    for recipe in recipes(site, pages):
        if recipe.path.startswith(("search/", "assets/")):
            path = folder / recipe.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(recipe.make())
