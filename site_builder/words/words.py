"""Words: what pages and feeds say by themselves, in the language of each.

In: a language, and the site's own words. Out: its Words; what is missing in it is English.
Promise: a language has the words of English or fewer, never others.

words_for({}, "de").counted("posts", 3)    "3 Beiträge"
"""

from __future__ import annotations

import datetime as dt
import functools
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from site_builder.words.own import FOLDER, OwnWords, read_own_words

ENGLISH = "en"
_RIGHT_TO_LEFT = frozenset(
    ("ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi")
)
_FOLDER = Path(__file__).parent


def words_for(own: OwnWords, language: str) -> Words:
    """The words of a language such as `de` or `de-AT`, with `own`, those of the site."""
    # Most sites have none, and ask for every post.
    return _put_together(own, language) if own else _without_own(language)


@functools.cache
def _without_own(language: str) -> Words:
    return _put_together({}, language)


def _put_together(own: OwnWords, language: str) -> Words:
    texts: dict[str, Any] = {}
    for name in (ENGLISH, *_names(language)):
        texts |= built_in(name) or {}
        texts |= own.get(name, {})
    return Words(language, texts)


def site_words(root: Path) -> OwnWords:
    """The own words of the site in `root`; raises UsageError with all that is wrong with them."""
    # Most sites have none: then not even English is read.
    return read_own_words(root, built_in(ENGLISH) or {}) if (root / FOLDER).is_dir() else {}


def has_words(own: OwnWords, language: str) -> bool:
    """Whether there are any words of a language, or of the one that it is a form of."""
    return any(name in own or built_in(name) is not None for name in _names(language))


def _names(language: str) -> list[str]:
    """The names that a language's words can have, general ones first: `pt`, `pt-br`."""
    parts = language.lower().split("-")
    return ["-".join(parts[: count + 1]) for count in range(len(parts))]


@functools.cache
def direction(language: str) -> str:
    """`rtl` if a language is written from right to left, else `ltr`."""
    parts = language.lower().split("-")
    if "latn" in parts:
        return "ltr"
    return "rtl" if parts[0] in _RIGHT_TO_LEFT or {"arab", "hebr"} & {*parts} else "ltr"


@functools.cache
def built_in(name: str) -> Mapping[str, Any] | None:
    """The words that come with this program, by the name of their language in small letters."""
    try:
        return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


class Words:
    """The words of one language: `words.older`, or filled in, `words.figure(number=2)`."""

    def __init__(
        self, language: str, texts: Mapping[str, Any], safe: Callable[[str], str] = str
    ) -> None:
        """`safe` is what makes a text fit for where it is to stand, such as HTML."""
        self.language, self._texts, self._safe = language, texts, safe
        self._dates: dict[tuple[str, dt.date], str] = {}

    def __getattr__(self, name: str) -> str:
        """A word, which is made fit once and is an attribute from then on."""
        if name.startswith("_") or not isinstance(text := self._texts.get(name), str):
            raise AttributeError(f"there is no word {name!r}")
        self.__dict__[name] = text = self._safe(text)
        return text

    def within(self, safe: Callable[[str], str]) -> Words:
        """The same words, made fit for another place."""
        return Words(self.language, self._texts, safe)

    def counted(self, name: str, count: int) -> str:
        """A word that goes with a number, in the singular or the plural."""
        one = str(count) in self._texts["singular"]
        text: str = getattr(self, f"one_{name}" if one else name)
        return text.format(n=count)

    def date(self, date: dt.date) -> str:
        """A date in words, such as `2 June 2019`."""
        return self.day_and_month(date, "date")

    def day_and_month(self, date: dt.date, pattern: str = "day_and_month") -> str:
        """A date without its year, such as `2 June`."""
        text = self._dates.get((pattern, date))
        if text is None:
            day = self._texts["first_day"] if date.day == 1 else str(date.day)
            month = self._texts["months"][date.month - 1]
            text = self._texts[pattern].format(day=day, month=month, year=date.year)
            self._dates[pattern, date] = text = self._safe(text)
        return text

    def month(self, number: int) -> str:
        """The name of a month, from 1."""
        return self._safe(self._texts["months"][number - 1])

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return direction(self.language)
