"""Numbers as they are displayed: found in a text, and held against each other.

In: text, as a cell printed it or an author wrote it. Out: each number in it with its place and the
precision that it shows. Promise: linear in the length of the text, whatever it holds.

Not numbers but words are digits within names and hashes (`x1`, `float32`, `0x7f`, `COVID-19`),
versions (`3.11.7`), dates (2019-06-02) and times (12:30:05). `nan` and `inf` are numbers, so that a
loss that became one has moved, and not its words. The parts of a complex number are two.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal

MARK = "⌗"
"""What stands in the words of a text in the place of each number."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a text displays it."""

    text: str
    """As displayed, without a percent sign or a unit; read again, it is the same number."""
    value: Decimal
    """NaN or infinite too; not divided by 100 if it is a percentage."""
    unit: Decimal
    """What one step of its last digit is worth: 0.1 for 71.5, 1 for 1200, 10 for 2.50e3."""
    percent: bool
    """Whether a percent sign, or the word, follows."""
    start: int
    """Offset in the text of its first character, which may be a sign."""
    end: int
    """Offset after its last character."""

    @property
    def exact(self) -> bool:
        """Whether it is displayed as a whole number, as counts and labels are (`5`, NumPy's `5.`).

        Whole percentages are rounded, as a rule, so they are not.
        """
        return self.unit == 1 and not self.percent and "e" not in self.text.lower()

    @property
    def share(self) -> Decimal:
        """The value, divided by 100 if it is a percentage."""
        return _ARITHMETIC.scaleb(self.value, -2) if self.percent else self.value


def numbers_in(text: str) -> list[Number]:
    """All numbers of a text, in order."""
    return [number for match in _TOKENS.finditer(text) for number in _read(text, match)]


def words_of(text: str) -> str:
    """The text without its numbers: the same for two texts in which only numbers differ.

    A mark is in the place of each number. Runs of blanks and line ends are one blank, rules such as
    `-----` have one length, and there is no blank within brackets or before commas: all of these
    depend on how wide the numbers are.
    """
    parts, last = [], 0
    for number in numbers_in(text):
        parts += [text[last : number.start].replace(MARK, "#"), MARK]
        last = number.end
    marked = _RULES.sub(r"\1\1\1", "".join([*parts, text[last:].replace(MARK, "#")]))
    return _WITHIN_BRACKETS.sub("", " ".join(marked.split()))


def agrees(old: Number, new: Number, tolerance: float | None) -> bool:
    """Whether two numbers are the same as far as one can tell from what is displayed.

    Without a tolerance they may differ by one in the last digit of the finer of the two, in which
    a value between two roundings flips (beyond the 15th significant digit anything may); whole
    numbers that are no percentages are counts or labels, and must be equal. With a tolerance the
    difference may be that much of the larger one. NaN agrees with NaN, an infinity with itself.
    """
    one, other = old.share, new.share
    if one.is_nan() or other.is_nan():
        return one.is_nan() and other.is_nan()
    if one == other or one.is_infinite() or other.is_infinite():
        return one == other
    difference = _ARITHMETIC.subtract(one, other).copy_abs()
    larger = max(one.copy_abs(), other.copy_abs())
    if tolerance is not None and one and other:
        return difference <= _ARITHMETIC.multiply(Decimal(tolerance), larger)
    if old.exact and new.exact:
        return False
    finer = min(_share_unit(old), _share_unit(new))
    return difference <= max(finer, _ARITHMETIC.scaleb(Decimal(1), larger.adjusted() - _DIGITS))


def relative_change(old: Number, new: Number) -> float:
    """By which share of the old one the new one differs: -0.5 for half.

    Infinite from zero, and from or to what is not finite; 0 if both are the same.
    """
    one, other = old.share, new.share
    if one.is_nan() or other.is_nan():
        return 0.0 if one.is_nan() and other.is_nan() else math.inf
    if one == other:
        return 0.0
    sign = 1.0 if other > one else -1.0
    if not one or one.is_infinite() or other.is_infinite():
        return sign * math.inf
    return float(_ARITHMETIC.divide(_ARITHMETIC.subtract(other, one), one.copy_abs()))


# Another's context must not decide how numbers are compared, nor whether that raises.
_ARITHMETIC = Context(prec=50, traps=[])
_DIGITS = 14  # after the first: what a double always has

# Scripts that are written without blanks glue their words to numbers, so these are no letters here.
_LETTER = r"[^\W\d\u2e80-\U0010ffff]"
_GAP = "\u00a0\u2009\u202f"  # no-break, thin, and narrow no-break space
_GROUP = rf"(?:,|\{{,\}}|\\,|[{_GAP}])"
_UNITS = (
    "s|ms|us|µs|μs|ns|min|h|x|j|k|M|G|B|kB|KB|MB|GB|TB|KiB|MiB|GiB|Hz|kHz|MHz|GHz"
    "|m|cm|mm|µm|μm|nm|km|g|mg|kg|K|V|W|kW|MW|J|kJ|eV"
)
_MINUS = "-−–"
_PLAIN = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹−–", "+-0123456789--")
_TEN = r"10(?:\^\{?\s?[+\-−]?\d{1,3}\s?\}?|\*\*[+\-−]?\d{1,3}|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})(?![\w^])"
_SIGN = r"""
    (?<![\w.)\]}%+\-−–])[+\-−–](?=\.?\d|nan|NaN|[iI]nf)
  | (?<=[\d.])[+\-](?=[\d.e+\-]{1,40}j(?!\w))  # of the imaginary part
"""
_TOKENS = re.compile(
    rf"""
    (?P<word>
        \d{{4}}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{{1,9}})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-])
      | \d{{1,2}}:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?(?![\w:])
      | \d++(?:\.\d++){{2,}}+\w*+
    )
  | (?P<odd>(?:{_SIGN})?(?:nan|NaN|[iI]nf)(?![\w-]))
  | {_LETTER}\w*+(?:[-.]\w++)*+
  | (?P<power>(?:{_SIGN})?{_TEN})
  | (?P<sign>{_SIGN})?
    (?: (?P<whole>\d++(?:{_GROUP}\d++)*+)(?P<fraction>\.(?![.\w]))?(?P<decimals>\.\d++)?
      | (?<![\w.)\]])(?P<bare>\.\d++)
    )
    (?: [eE](?P<exponent>[+\-−]?\d{{1,3}})(?!\w|-\w)
      | \s?(?:×|x|·|\*|\\times|\\cdot)\s?(?P<ten>{_TEN})
    )?
    """,
    re.VERBOSE,
)
_SUFFIX = re.compile(rf"(?:{_UNITS})(?!\w)|(?!{_LETTER}|[_²³])")
_PERCENT = re.compile(rf"[ {_GAP}]?(?:\\?%(?![A-Za-z(])|per[ {_GAP}]?cent\b)")
_RULES = re.compile(r"([-=─━═_])\1{2,}")
_WITHIN_BRACKETS = re.compile(r"(?<=[\[(])\s|\s(?=[\]),])")


def _read(text: str, match: re.Match[str]) -> Iterator[Number]:
    """The numbers of a token: none of a word, several of a row such as `1,2,3`."""
    start, end = match.span()
    if match["odd"]:
        yield _number(text, start, end, Decimal(match[0].translate(_PLAIN)), Decimal(0))
    elif match["power"]:
        unit = Decimal((0, (1,), _power_of_ten(match["power"])))
        yield _number(text, start, end, -unit if match[0][0] in _MINUS else unit, unit)
    elif match["whole"] or match["bare"]:
        groups = _groups(text, match)
        for first, last in groups[:-1]:
            yield _number(text, first, last, Decimal(text[first:last]), Decimal(1))
        if _SUFFIX.match(text, end):
            yield _last_number(text, match, groups[-1][0])


def _groups(text: str, match: re.Match[str]) -> list[tuple[int, int]]:
    """The places of the numbers in a token: one, or those of a row without blanks."""
    start, whole_end = match.start(), match.end("whole")
    if not match["whole"] or match["whole"].isdigit():
        return [(start, match.end())]
    groups = list(re.finditer(r"\d+", match["whole"]))
    within_row = text[start - 1 : start] == "," and text[start - 2 : start - 1].isdigit()
    first = groups[0][0]
    thousands = len(first) <= 3 and first[0] != "0" and all(len(g[0]) == 3 for g in groups[1:])
    if thousands and not within_row:
        return [(start, match.end())]
    offset = whole_end - len(match["whole"])
    places = [(offset + group.start(), offset + group.end()) for group in groups]
    return [(start, places[0][1]), *places[1:]]


def _last_number(text: str, match: re.Match[str], start: int) -> Number:
    """The number at the end of a token, which may have decimals and an exponent."""
    whole = re.sub(r"\D", "", text[start : match.end("whole")]) if match["whole"] else ""
    decimals = (match["decimals"] or match["bare"] or ".")[1:]
    power = _power_of_ten(match["ten"]) if match["ten"] else 0
    power += int((match["exponent"] or "0").translate(_PLAIN))
    sign = "-" if text[start] in _MINUS else ""
    value = Decimal(f"{sign}{whole}.{decimals}E{power}")
    return _number(text, start, match.end(), value, Decimal((0, (1,), power - len(decimals))))


def _power_of_ten(text: str) -> int:
    """The exponent of `10^{-3}`, `10**-3`, `10⁻³`."""
    exponent = text.translate(_PLAIN).partition("10")[2]
    return int(exponent.strip("^*{} "))


def _number(text: str, start: int, end: int, value: Decimal, unit: Decimal) -> Number:
    percent = _PERCENT.match(text, end) is not None
    return Number(text[start:end], value, unit, percent, start, end)


def _share_unit(number: Number) -> Decimal:
    return _ARITHMETIC.scaleb(number.unit, -2) if number.percent else number.unit
