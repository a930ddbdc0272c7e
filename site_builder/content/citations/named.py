"""What cited works are called in a sentence, and the order in which they are listed.

In: works. Out: the same with names, years that tell them apart, and ids, sorted as references are:
by names, year and title.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

from site_builder.content.slugs import slugify
from site_builder.model.citations import Cited, Names, Work, words_of

NO_DATE = "n.d."
_TITLE_WORDS = 5


def named_works(works: Sequence[Work], ids: set[str]) -> tuple[Cited, ...]:
    """Sort works and name them. `ids` are those that the page has; those of the works are added."""
    ordered = sorted(works, key=_order)
    labels = [(names_of(work), work.year or NO_DATE) for work in ordered]
    count, given = Counter(labels), Counter[tuple[str, str]]()
    named = []
    for work, label in zip(ordered, labels, strict=True):
        names, year = label
        if count[label] > 1:
            year += ("" if year[-1].isdigit() else "-") + _letters(given[label])
            given[label] += 1
        named.append(Cited(work, _id(work.key, ids), names, year))
    return tuple(named)


def names_of(work: Work) -> str:
    """What a sentence calls a work: one name, two, or the first of more; else its title."""
    names = people_of(work)
    if names:
        surnames = [name.surname for name in names.people]
        if names.others or len(surnames) > 2:
            return f"{surnames[0]} et al."
        return " & ".join(surnames)
    if organization := words_of(work.text("organization")):
        return organization
    words = words_of(work.text("shorttitle") or work.title).split()
    if not words:
        return work.key
    return f"“{' '.join(words[:_TITLE_WORDS])}{'…' if len(words) > _TITLE_WORDS else ''}”"


def people_of(work: Work) -> Names:
    """Who made a work: its authors, or else its editors."""
    return work.authors or work.editors


def _order(work: Work) -> tuple[Any, ...]:
    people = [(name.surname, name.given) for name in people_of(work).people]
    first = people or [(names_of(work).strip("“”"), "")]
    names = tuple(_plain(part) for name in first for part in name)
    return (names, work.date or work.year, _plain(words_of(work.title)), work.key)


def _plain(text: str) -> str:
    """A text for sorting: accents, case and signs do not count."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in letters if c.isalnum() or c.isspace()).strip()


def _letters(number: int) -> str:
    """`a` to `z`, then `aa`."""
    higher, letter = divmod(number, 26)
    return (_letters(higher - 1) if higher else "") + chr(ord("a") + letter)


def _id(key: str, ids: set[str]) -> str:
    base = f"ref-{slugify(key) or 'work'}"
    id_, number = base, 1
    while id_ in ids:
        number += 1
        id_ = f"{base}-{number}"
    ids.add(id_)
    return id_
