"""Names of people in a `.bib` file, as BibTeX reads them.

In: the value of a field such as `author`. Out: names taken apart, and what is wrong with them.

    van der Berg, Jan and Knuth, Donald E. and {OpenAI} and others
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from site_builder.content.citations.text import tex_text
from site_builder.model.citations import Name, Names, words_of


def read_names(value: str) -> tuple[Names, tuple[str, ...]]:
    """The names of a field, and what is wrong with those that are not in order."""
    people: list[Name] = []
    faults: list[str] = []
    others = False
    written = _split(value, re.compile(r"\s+and(?=\s|\Z)", re.IGNORECASE))
    for place, each in enumerate(written):
        name = each.strip()
        if name.lower() == "others" and place:
            others = True
        elif not name:
            if value.strip():
                faults.append("there is no name beside an 'and'")
        else:
            person, fault = _name(name)
            faults += [fault] if fault else []
            people += [person] if person.family else []
    return Names(tuple(people), others), tuple(faults)


def _name(written: str) -> tuple[Name, str]:
    """A name, and what is wrong with it."""
    parts = [part.strip() for part in _split(written, re.compile(","))]
    if len(parts) > 3:
        fault = f"the name {' '.join(written.split())!r} has too many commas"
        return Name(_shown(parts[0]), _shown(" ".join(parts[1:]))), fault
    if len(parts) == 1:
        return _spoken(_words(parts[0])), ""
    fault = "" if parts[0] and parts[-1] else f"a name beside a comma is missing in {written!r}"
    words = _words(parts[0])
    last = max((n for n, word in enumerate(words[:-1]) if _is_lower(word)), default=-1) + 1
    return Name(
        _joined(words[last:]),
        _shown(parts[-1]),
        _joined(words[:last]),
        _shown(parts[1]) if len(parts) == 3 else "",
    ), fault


def _spoken(words: Sequence[str]) -> Name:
    """A name in the order in which it is spoken: given names, particle, family."""
    lower = [n for n, word in enumerate(words[:-1]) if _is_lower(word)]
    if not lower:
        return Name(_joined(words[-1:]), _joined(words[:-1]))
    first, last = lower[0], lower[-1] + 1
    return Name(_joined(words[last:]), _joined(words[:first]), _joined(words[first:last]))


def _words(text: str) -> list[str]:
    return [word for word in _split(text, re.compile(r"[\s~]+")) if word]


def _is_lower(word: str) -> bool:
    """Whether a word is a particle: its first letter outside of braces is a small one."""
    if word.startswith("{") and not word.startswith("{\\"):
        return False
    letter = next((c for c in words_of(tex_text(word)[0]) if c.isalpha()), "")
    return letter.islower()


def _joined(words: Sequence[str]) -> str:
    return _shown(" ".join(words))


def _shown(written: str) -> str:
    return words_of(tex_text(written)[0]).strip()


def _split(text: str, between: re.Pattern[str]) -> list[str]:
    """The parts of a text between what is in no braces."""
    parts, start, depth, place = [], 0, 0, 0
    while place < len(text):
        character = text[place]
        found = between.match(text, place) if not depth else None
        if found and found.end() > place:
            parts.append(text[start:place])
            place = start = found.end()
            continue
        place += 2 if character == "\\" else 1
        depth += {"{": 1, "}": -1}.get(character, 0)
    return [*parts, text[start:]]
