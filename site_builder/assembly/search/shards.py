"""The terms of all pages, put together by how they begin.

In: the terms of each page as rendering kept them. Out: the text of a file of the index. Promise: a
text depends on nothing but the parts of the pages' terms that its name is made of.

A line of a shard is a term and then, for each weight from the greatest, the weight as one digit in
base 36 and the numbers of its pages, each of so many digits in base 36: `softmax r03 204090b`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from site_builder.rendering.search_terms import PARTS, bucket
from site_builder.store import digest_of

COMMON = 512
"""How many pages are listed for a term at most: those of the greatest weight. One that is found on
so many pages tells none of them from the others."""
WORDS = range(4, 25)
"""Lengths of the words that are found although they are spelt wrong."""
RARE = 500
"""In a site of more pages than this a word on a single page is not looked for in what is spelt
wrong, unless it is a title's."""
_IN_TITLE = 14

Postings = dict[str, dict[int, list[int]]]
"""Term to weight to the numbers of the pages."""


class Corpus:
    """The terms of all pages, part by part."""

    def __init__(self, terms: Sequence[str], *, recent: int) -> None:
        """`terms` are those of each page, in the order of their numbers; `recent` is how many parts
        are kept in memory as postings."""
        self._pages = len(terms)
        self._parts = _parts(terms)
        # A page at the end that has nothing of a part does not change it.
        self.digests = [digest_of(part.rstrip("\n").encode()) for part in self._parts]
        """Of each part of all pages."""
        self.postings = lru_cache(maxsize=recent)(self._postings)

    def __len__(self) -> int:
        return self._pages

    def _postings(self, part: int) -> Postings:
        """All terms of a part."""
        found: dict[str, list[int]] = {}
        for number, terms in enumerate(self._parts[part].split("\n")):
            for term in terms.split():
                if term in found:
                    found[term].append(number)
                else:
                    found[term] = [number]
        postings: Postings = {}
        for term, numbers in found.items():
            postings.setdefault(term[:-1], {})[int(term[-1], 36)] = numbers
        return postings


def _parts(terms: Sequence[str]) -> list[str]:
    """Each part of all pages: a line for each page."""
    parts: list[list[str]] = [[] for _ in range(PARTS)]
    # Some pages at a time: the lines of ten thousand would fill the memory.
    for first in range(0, len(terms), _TOGETHER):
        pages = [(x or _NONE).split("\n") for x in terms[first : first + _TOGETHER]]
        for part, lines in zip(parts, zip(*pages, strict=True), strict=True):
            part.append("\n".join(lines))
    return ["\n".join(part) for part in parts]


_NONE = "\n" * (PARTS - 1)
_TOGETHER = 256


def shard_text(corpus: Corpus, number: int, count: int) -> str:
    """The text of shard `number` of `count`."""
    digits = digits_for(len(corpus))
    lines = []
    for part in parts_of(number, count):
        for term, weights in corpus.postings(part).items():
            if count <= PARTS or bucket(term[:3]) % count == number:
                lines.append(term + _listed(weights, digits))
    return "\n".join(sorted(lines))


def vocabulary_text(corpus: Corpus, number: int, count: int) -> str:
    """The words of vocabulary `number` of `count`, a line for each."""
    words = [
        term
        for part in parts_of(number, count)
        for term, weights in corpus.postings(part).items()
        if len(term) in WORDS
        and (
            len(corpus) <= RARE or sum(map(len, weights.values())) > 1 or max(weights) >= _IN_TITLE
        )
    ]
    return "\n".join(sorted(words))


def parts_of(number: int, count: int) -> range:
    """The parts that a file is made of, of `count` files; a file may be a share of one part."""
    return range(number % PARTS, PARTS, min(count, PARTS))


def digits_for(pages: int) -> int:
    """How many digits in base 36 the number of a page has."""
    digits = 1
    while 36**digits < pages:
        digits += 1
    return digits


def _listed(weights: dict[int, list[int]], digits: int) -> str:
    left, groups = COMMON, []
    for weight in sorted(weights, reverse=True):
        numbers = weights[weight][: -left - 1 : -1]  # the newest, and these first
        groups.append(f" {_DIGITS[weight]}{''.join([_code(n, digits) for n in numbers])}")
        left -= len(numbers)
        if not left:
            break
    return "".join(groups)


@lru_cache(maxsize=65_536)
def _code(number: int, digits: int) -> str:
    code = ""
    for _ in range(digits):
        number, digit = divmod(number, 36)
        code = _DIGITS[digit] + code
    return code


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
