"""The index of a site: how many files it has, what they are called, how they are made.

In: the pages that can be found, oldest first. Out: recipes, and what the search page's script has
to know. Promise: a file's name changes if and only if something does that it is made of.

There are three kinds of files, each a script that calls one function with a text, because a script
also loads from a disk and under a strict policy:

    t17.….js   terms by how they begin, each with the pages that have it
    v3.….js    words by their first letter, for what is spelt wrong
    d0.….js    titles, addresses and summaries of pages, some together
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from site_builder.assembly.addresses import Located
from site_builder.assembly.search.documents import documents
from site_builder.assembly.search.shards import (
    COMMON,
    RARE,
    Corpus,
    digits_for,
    parts_of,
    shard_text,
    vocabulary_text,
)
from site_builder.model.files import Recipe
from site_builder.rendering.search_terms import FIRSTS, LETTERS, PARTS, SPACELESS
from site_builder.settings.site import Site
from site_builder.store import digest_of

FOLDER = "assets/search/"
HOME = "../"
"""The home page, relative to the search page."""
FORMAT = 1
"""Of all files; another one whenever the same pages give other files, as names must change."""
MOST_SHARDS = 256
_PAGES_PER_SHARD = 32  # so that a file is of some 10 kB as it is sent
_PAGES_PER_VOCABULARY = 256
_NAME = 10  # characters of a digest in the name of a file


@dataclass(frozen=True, slots=True)
class Index:
    """The files of the index, and what the script has to know of them."""

    files: tuple[Recipe, ...] = ()
    table: str = ""
    """JSON: where everything is, what terms are made with, a pattern for the number of a page,
    from how many pages on a term is common, and for each kind of files their digests; if there are
    more shards than digests, they begin again."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How many there are of what; all but the pages are powers of two."""

    pages: int
    shards: int
    vocabularies: int


def search_index(site: Site, pages: Sequence[Located]) -> Index:
    """Say how the index of these pages is made; there is none of a site without search."""
    if not site.settings.search:
        return Index()
    count = len(pages)
    plan = _Plan(
        pages=count,
        shards=_power_of_two(count / _PAGES_PER_SHARD, MOST_SHARDS),
        vocabularies=_power_of_two(count / _PAGES_PER_VOCABULARY, FIRSTS),
    )
    # Files that are made of the same parts come one after the other.
    corpus = Corpus([x.page.terms for x in pages], recent=PARTS // plan.vocabularies)
    shards = _names(corpus.digests, plan, plan.shards)
    vocabularies = _names(corpus.digests, plan, plan.vocabularies)
    texts = documents(site, pages)
    blocks = [digest_of(text.encode("utf-8", "replace")) for text in texts]

    def terms() -> Iterator[Recipe]:
        for first in range(plan.vocabularies):
            for number in _in_order(plan, first):
                text = partial(shard_text, corpus, number, plan.shards)
                yield _file("t", number, shards[number % PARTS], text)
            text = partial(vocabulary_text, corpus, first, plan.vocabularies)
            yield _file("v", first, vocabularies[first], text)

    rows = (
        _file("d", number, blocks[number], partial(str, text)) for number, text in enumerate(texts)
    )
    table = {
        "home": HOME,
        "folder": HOME + FOLDER,
        "runs": SPACELESS,
        "letters": LETTERS.split(),
        "pages": count,
        "page": "." * digits_for(count),
        "many": COMMON,
        "shards": plan.shards,
        "t": _ends(shards),
        "v": _ends(vocabularies),
        "d": _ends(blocks),
    }
    return Index((*terms(), *rows), json.dumps(table, separators=(",", ":")))


def _power_of_two(wanted: float, most: int) -> int:
    number = 1
    while number < min(wanted, most):
        number *= 2
    return number


def _names(parts: Sequence[str], plan: _Plan, count: int) -> list[str]:
    """The digests that name `count` files; if there are more files than parts, those of parts."""
    about = (FORMAT, count, digits_for(plan.pages), plan.pages > RARE)
    return [
        digest_of(repr((about, [parts[part] for part in parts_of(number, count)])).encode())
        for number in range(min(count, PARTS))
    ]


def _in_order(plan: _Plan, first: int) -> list[int]:
    """The shards that are made of the same parts as a vocabulary."""
    numbers = range(first, plan.shards, plan.vocabularies)
    return sorted(numbers, key=lambda number: (number % PARTS, number))


def _file(kind: str, number: int, digest: str, text: Callable[[], str]) -> Recipe:
    path = f"{FOLDER}{kind}{number}.{digest[:_NAME]}.js"
    return Recipe(path, digest, lambda: script(text()))


def script(text: str) -> bytes:
    """A file of the index: a script that gives its text to the search page's."""
    content = json.dumps(text, ensure_ascii=False)
    return f"searchPart({content})\n".encode("utf-8", "replace")


def _ends(digests: Sequence[str]) -> list[str]:
    return [digest[:_NAME] for digest in digests]
