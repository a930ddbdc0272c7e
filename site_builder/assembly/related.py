"""Related posts: what a reader of one post may want to read next.

In: posts, oldest first. Out: for each the places of a few others: those that its author names, else
those that share most tags and keywords with it. Promise: the same posts give the same places, and
what a post shares with many counts less than what it shares with few.

That is a comparison of each post with all others. It takes microseconds, since a keyword is a
number whose bits are the posts that have it: to add up what all posts share with one, such numbers
are added like the digits of a column, all posts at once.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from site_builder.assembly.addresses import Located, front_matter_problem
from site_builder.errors import Problem, nearest
from site_builder.model.page import Page
from site_builder.settings.site import Site

Memo = Callable[[str, Callable[[], bytes]], bytes]
"""Gives what was made of the same text before, or makes it."""
Places = tuple[tuple[int, ...], ...]
_COMMON = 0.5  # a keyword of more than this share of the posts says nothing
_RARE, _RARER = 1 / 4, 1 / 32  # one of at most this share counts twice, and four times as much
_TAG = 2  # as does, once more, a tag, which its author has chosen
_LEAST = 4  # what counts as related: to have a common tag, or several keywords


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a post is about."""

    terms: tuple[str, ...]
    """Its tags with `#` before them, and its keywords."""
    language: str
    group: str
    """Its series; what is no part of any is alone."""
    listed: bool
    """Whether it can be related to others: asides are too short."""


def related_posts(
    site: Site, linked: Sequence[Located], unbuilt: Mapping[str, str], memo: Memo
) -> tuple[list[list[Located]], list[Problem]]:
    """The posts that are related to each listed post or aside of `linked`, which are oldest first.

    `unbuilt` says of posts that are not on the site why, or `failed`. Also returns what is wrong
    with what authors name.
    """
    shown = [x for x in linked if not x.page.front_matter.unlisted]
    posts = [x for x in shown if x.page.front_matter.kind != "page"]
    pages, most = [x.page for x in posts], site.settings.related_posts
    found = related_places(site.settings.language, pages, most, memo)
    by_source = {x.page.source.path: x for x in linked if not x.page.front_matter.unlisted}
    unlisted = {x.page.source.path for x in linked}.difference(by_source)
    related: list[list[Located]] = []
    problems: list[Problem] = []
    for located, places in zip(posts, found, strict=True):
        if located.page.front_matter.related is None:
            related.append([posts[place] for place in places])
        else:
            named, wrong = _named_posts(located, by_source, unbuilt, unlisted)
            related.append(named)
            problems += wrong
    return related, problems


def related_places(site_language: str, posts: Sequence[Page], most: int, memo: Memo) -> Places:
    """For each post, oldest first, the places of at most so many others, most related first.

    The parts of its own series and the posts before and after it are not among them: their links
    are on its page anyway.
    """
    if not most:
        return ((),) * len(posts)
    subjects = [_subject(site_language, page) for page in posts]

    def make() -> bytes:
        return json.dumps(_compared(subjects, most)).encode()

    named = [(x.language, x.group, x.listed, x.terms) for x in subjects]
    return tuple(map(tuple, json.loads(memo(json.dumps([most, named]), make))))


def _subject(site_language: str, page: Page) -> _Subject:
    front = page.front_matter
    tags = tuple("#" + tag for tag in dict.fromkeys(front.tags))
    language = (front.lang or site_language).partition("-")[0].lower()
    return _Subject(tags + page.keywords, language, front.series, front.kind == "post")


def _compared(subjects: Sequence[_Subject], most: int) -> list[list[int]]:
    having = _having(subjects)
    languages = _bits_of(subject.language for subject in subjects)
    groups = _bits_of(subject.group for subject in subjects)
    listed = _bits_of(subject.listed for subject in subjects).get(True, 0)
    found = []
    for place, subject in enumerate(subjects):
        around = (1 << place + 1) | (1 << place) | (1 << place >> 1)
        excluded = around | (groups[subject.group] if subject.group else 0)
        allowed = languages[subject.language] & listed & ~excluded
        shared = [having[term] for term in subject.terms if term in having]
        found.append(_highest(_sums(shared), allowed, most) if subject.listed else [])
    return found


def _bits_of(values: Iterator[object]) -> dict[object, int]:
    """For each value a number whose bits are the places that have it."""
    places: dict[object, list[int]] = {}
    for place, value in enumerate(values):
        places.setdefault(value, []).append(place)
    return {value: _number(places[value]) for value in places}


def _number(places: Sequence[int]) -> int:
    """The number with these bits, in ascending order."""
    octets = bytearray(places[-1] // 8 + 1)
    for place in places:
        octets[place // 8] |= 1 << place % 8
    return int.from_bytes(octets, "little")


def _having(subjects: Sequence[_Subject]) -> dict[str, tuple[int, int]]:
    """For each term that says something: the posts that have it as bits, and how much it counts.

    That is a power of two, of which this is the exponent.
    """
    places: dict[str, list[int]] = {}
    for place, subject in enumerate(subjects):
        for term in subject.terms:
            places.setdefault(term, []).append(place)
    having = {}
    for term, where in places.items():
        tag = term.startswith("#")
        share = len(where) / len(subjects)
        if len(where) > 1 and (tag or share <= _COMMON or len(where) == 2):
            weight = (share <= _RARE) + (share <= _RARER)
            having[term] = (_number(where), weight + _TAG if tag else weight)
    return having


def _sums(terms: Sequence[tuple[int, int]]) -> list[int]:
    """Add up, for all posts at once, how much those of the terms count that each has.

    The bits of post n in the numbers that come out are its sum, the lowest bit first.
    """
    digits = [0] * sum(1 << weight for _, weight in terms).bit_length()
    for bits, weight in terms:
        carry, place = bits, weight
        while carry:
            digit = digits[place]
            digits[place] = digit ^ carry
            carry &= digit
            place += 1
    return digits


def _highest(digits: Sequence[int], allowed: int, most: int) -> list[int]:
    """The posts with the highest sums, of equals the newest first."""
    found: list[int] = []
    while allowed and len(found) < most:
        best, total = allowed, 0
        for place in range(len(digits) - 1, -1, -1):
            if higher := best & digits[place]:
                best, total = higher, total + (1 << place)
        if total < _LEAST:
            break
        newest = best.bit_length() - 1
        found.append(newest)
        allowed &= ~(1 << newest)
    return found


def _named_posts(
    located: Located,
    by_source: Mapping[str, Located],
    unbuilt: Mapping[str, str],
    unlisted: Container[str],
) -> tuple[list[Located], list[Problem]]:
    """The posts that an author names as related, and what is wrong with the names."""
    source = located.page.source
    found: list[Located] = []
    problems: list[Problem] = []
    for name in located.page.front_matter.related or ():
        path = name.partition("#")[0]
        file = path.lstrip("/") if path.startswith("/") else posixpath.join(source.folder, path)
        file = posixpath.normpath(file)
        other = by_source.get(file) or by_source.get(f"{file}/index.md")
        missing = unbuilt.get(file) or unbuilt.get(f"{file}/index.md")
        if other is located:
            problems.append(_problem(located, name, "is this post itself", "delete it"))
        elif other is not None and other in found:
            problems.append(_problem(located, name, "is named twice", "delete one"))
        elif other is not None:
            found.append(other)
        elif missing is None and file in unlisted:
            problems.append(_problem(located, name, "is unlisted", "delete it, or list that post"))
        elif missing is None:
            known = [posixpath.relpath(x, source.folder or ".") for x in by_source]
            help_ = nearest(name, known) or "name the file of a post, such as 'xor-keras.md'"
            problems.append(_problem(located, name, "is no post", help_))
        elif missing != "failed":
            help_ = "delete it, or publish that post"
            problems.append(_problem(located, name, f"{missing}, so it is not on the site", help_))
    return found, problems


def _problem(located: Located, name: str, what: str, help_: str) -> Problem:
    source, message = located.page.source, f"the related post {name!r} {what}"
    return front_matter_problem(source, "related", name, message, help_, code="F120")
