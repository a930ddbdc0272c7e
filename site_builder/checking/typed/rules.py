"""What tells a result from the other numbers of prose.

In: a number with what stands around it. Out: two tables of rules, each of which says of a number
that it is no result: NEVER, whatever the code gave; UNMATCHED, unless it equals something that the
code gave. Promise: a rule sees the number and its passage, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from site_builder.checking.typed.prose import Passage
from site_builder.checking.typed.results import Match
from site_builder.checking.typed.stated import is_stated, numbers_of_code
from site_builder.evidence.numbers import Number


@dataclass(frozen=True, slots=True)
class Typed:
    """A number in prose, and all that tells whether it is a result."""

    number: Number
    shown: str
    """As typed, with its percent sign."""
    passage: Passage
    before: str
    """What stands before it in its passage, and after it."""
    after: str
    stated: bool
    """Whether the code states it: an input, or what an assertion holds a result against."""
    of: bool
    """Whether it is a number of a pair such as `3 of 12` that an output has, too."""

    @property
    def digits(self) -> int:
        """How many digits count: without zeros at the start, or at the end of whole numbers."""
        text = self.number.value.as_tuple()
        plain = "".join(map(str, text.digits)).lstrip("0")
        return len(plain.rstrip("0") if self.whole else plain)

    @property
    def whole(self) -> bool:
        """Whether it is displayed without decimals."""
        return self.number.unit >= 1

    @property
    def size(self) -> Decimal:
        """Its value without sign."""
        return abs(self.number.value)

    @property
    def count(self) -> bool:
        """Whether it is a whole number and no percentage."""
        return self.whole and not self.number.percent


def is_by_chance(typed: Typed, match: Match) -> bool:
    """Whether a number that equals a result more likely is something else."""
    if _is_year(typed) and _YEAR_BEFORE.search(typed.before[-12:]):
        return True
    smallish = typed.count and typed.size <= _SMALLISH and not typed.of
    if (smallish or (typed.digits == 1 and not match.exact)) and not match.result.binding:
        return True
    return not match.exact and (_is_name(typed) or _is_sourced(typed) or _is_familiar(typed))


_LABELS = (
    "section sections sec chapter chapters ch figure figures fig equation equations eq table",
    "tables tab part parts step steps page pages p pp volume vol number no nr line lines row rows",
    "column columns cell cells example exercise question theorem lemma definition version v",
    "versions release level appendix note case item rule day week grade class classes digit seed",
    "index issue bug type phase stage round option channel port room gate highway route model",
    "aged age python numpy scipy pandas matplotlib keras jax torch sklearn",
)
_AND = r"(?:[\d.,]+(?:\s?[–-]\s?|,? (?:and|or|to) |, ))*\Z"
_LABELLED = re.compile(
    rf"(?:\b(?:{'|'.join(' '.join(_LABELS).split())})\.?|[§#№]|[a-z]/)\s?{_AND}", re.IGNORECASE
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?"
)
_DATE_BEFORE = re.compile(rf"{_MONTH}\s(?:\d+\s?[–-]\s?)?\Z")
_DATE_AFTER = re.compile(rf"\s(?:of\s)?{_MONTH}|[–-]\d+\s{_MONTH}")
_TIME_AFTER = re.compile(r"\s?(?:[ap]\.?m\b|o[’']clock|hrs\b)", re.IGNORECASE)
_AGE_AFTER = re.compile(r"[\s-](?:years?|months?)[\s-](?:old|olds)\b|\syears of age\b")
_COMPOUND = re.compile(r"[-‑–](?=[^\W\d])")
_JOINED_BEFORE = re.compile(r"\d\s?[×x/:]\s?\Z|\d by \Z|\^\{?\Z")
_JOINED_AFTER = re.compile(r"\s?[×x/:]\s?\d| by \d")
_NAME_BEFORE = re.compile(rf"(?:[^\s.!?:“”\"]\s+|\()[A-Z][\w.’+-]*\s{_AND}")
_MONEY_BEFORE = re.compile(r"[$€£¥₹]\s?\Z|\b(?:USD|EUR|GBP|CHF)\s\Z")
_MONEY_AFTER = re.compile(
    r"\s?(?:[€£¥₹]|(?:USD|EUR|GBP|CHF|dollars?|euros?|pounds?|pence|cents?|(?:m|b)illion)\b)"
)
_YEAR_BEFORE = re.compile(
    r"\b(?:in|of|since|from|until|till|to|before|after|around|circa|about|by|during|early|late|mid"
    r"|year|spring|summer|autumn|fall|winter|and|or|the)\s\Z|[(–-]\Z",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?]\s|\n\n")
# Everybody knows these; that they are in prose says nothing of the code.
_FAMILIAR_SHARES = ("25", "75", "90", "95", "99", "99.9", "33.3", "66.7")
_FAMILIAR_COUNTS = frozenset(map(Decimal, (365, 366, 360, 180, 3600, 1440)))
# Counts below the first are choices (`2 hidden units`) more often than results; up to the second
# they are results if they equal one that can be bound.
_SMALL, _SMALLISH = 10, 20


def _is_silent(typed: Typed) -> bool:
    """Marked as typed by the author, in a quotation, in a title."""
    start, silence = len(typed.before), typed.passage.silence
    return (
        silence.all
        or typed.size in silence.numbers
        or any(first <= start < last for first, last in typed.passage.silent)
    )


def _is_claimed(typed: Typed) -> bool:
    """In the sentence of a claim whose expression states it."""
    start = len(typed.before)
    return any(
        first <= start < last and is_stated(typed.number, numbers_of_code(code))
        for (first, last), code in typed.passage.claims
    )


def _is_round(typed: Typed) -> bool:
    """Zero, or a power of ten, as `100 %`, `10,000` and `0.01` are."""
    digits = "".join(map(str, typed.number.value.as_tuple().digits)).lstrip("0")
    return not digits or (digits.rstrip("0") == "1" and (typed.whole or digits == "1"))


def _is_small_count(typed: Typed) -> bool:
    return typed.count and typed.size < _SMALL and not typed.of


def _is_label(typed: Typed) -> bool:
    """What a thing is called by: `section 3.2`, `version 2.10`, `HTTP/1.1`, `## 2.1 Method`."""
    short = typed.count or (typed.digits <= 3 and not typed.number.percent)
    first = typed.passage.heading and not typed.before.strip()
    return short and (first or _LABELLED.search(typed.before[-60:]) is not None)


def _is_date_or_age(typed: Typed) -> bool:
    if _TIME_AFTER.match(typed.after):
        return True  # also `11.30 pm`
    return typed.count and bool(
        _DATE_BEFORE.search(typed.before[-20:])
        or _DATE_AFTER.match(typed.after)
        or _AGE_AFTER.match(typed.after)
    )


def _is_part(typed: Typed) -> bool:
    """Part of a word or a size: `64-bit`, `28 × 28`, `24/7`."""
    return typed.count and bool(
        _JOINED_BEFORE.search(typed.before[-8:])
        or _JOINED_AFTER.match(typed.after)
        or _COMPOUND.match(typed.after)
    )


def _is_name(typed: Typed) -> bool:
    """Behind a capital within a sentence, as in `HAL 9000` and `Python 3.12`."""
    short = typed.count or typed.number.unit >= Decimal("0.01")
    return short and not typed.number.percent and bool(_NAME_BEFORE.search(typed.before[-40:]))


def _is_year(typed: Typed) -> bool:
    return typed.count and typed.number.text.isdigit() and 1500 <= typed.size <= 2100


def _is_price(typed: Typed) -> bool:
    return bool(_MONEY_BEFORE.search(typed.before[-6:]) or _MONEY_AFTER.match(typed.after))


def _is_sourced(typed: Typed) -> bool:
    """In a sentence with a footnote, or with a link to another site."""
    start = len(typed.before)
    ends = [match.end() for match in _SENTENCE_END.finditer(typed.passage.text)]
    first = max((end for end in ends if end <= start), default=0)
    last = min((end for end in ends if end > start), default=len(typed.passage.text))
    return any(first <= source <= last for source in typed.passage.sources)


def _is_familiar(typed: Typed) -> bool:
    if typed.number.percent:
        return typed.number.text in _FAMILIAR_SHARES
    power_of_two = typed.whole and typed.size > 0 and int(typed.size).bit_count() == 1
    return typed.count and (power_of_two or typed.size in _FAMILIAR_COUNTS)


def _is_coarse(typed: Typed) -> bool:
    """Too few digits for a result that nothing gave: `0.3`, `30 %`, `34 people`."""
    if "e" in typed.number.text.lower():
        return False
    return typed.digits < (3 if typed.count and not typed.of else 2)


NEVER: tuple[Callable[[Typed], bool], ...] = (
    lambda typed: typed.stated and not typed.of,
    _is_silent,
    _is_claimed,
    _is_round,
    _is_small_count,
    _is_label,
    _is_date_or_age,
    _is_part,
)
UNMATCHED: tuple[Callable[[Typed], bool], ...] = (
    _is_coarse,
    _is_year,
    _is_name,
    _is_price,
    _is_sourced,
    _is_familiar,
)
