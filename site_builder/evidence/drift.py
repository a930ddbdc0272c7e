"""How far two texts have drifted apart.

In: texts, or numbers as records hold them. Out: a Drift. Promise: numbers are compared in the place
of each other only where the words around them are the same.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from site_builder.evidence.lines import LINE, clipped
from site_builder.evidence.matching import common_ends
from site_builder.evidence.numbers import Number, agrees, numbers_in, relative_change, words_of

MOST = 10_000_000  # pairs of lines among which the best are looked for
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NumberMove:
    """A number that is another one now."""

    place: int
    """Place among the numbers that were compared, from 1."""
    old: str
    new: str
    change: float
    """Relative change, negative where it fell; infinite from zero, or to what is no number."""
    within: bool
    """Whether it agrees to the precision displayed, or to the tolerance."""
    line: str = ""
    """The line of text that it stands in now, if that is known; of a figure, which number it is."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What a comparison comes to."""

    numbers: tuple[NumberMove, ...]
    """Those that differ: beyond tolerance first, then by their change."""
    compared: int
    """How many were compared."""
    why: str = ""
    """What differs beside numbers, in words."""
    beyond: bool = False
    """Whether what differs beside numbers is beyond any tolerance."""
    old: str = ""
    """The first line that differs, if `beyond` and known."""
    new: str = ""

    @property
    def moved(self) -> bool:
        """Whether anything is beyond tolerance."""
        return self.beyond or any(not move.within for move in self.numbers)

    @property
    def change(self) -> float | None:
        """The relative change that is largest; None if no number tells."""
        return max((move.change for move in self.numbers), key=abs, default=None)


def drift_of_texts(old: str, new: str, tolerance: float | None) -> Drift:
    """Compare all numbers if only numbers differ, else those in lines with the same words."""
    if words_of(old) == words_of(new):
        pairs = list(zip(numbers_in(old), numbers_in(new), strict=True))
        lines = [line_at(new, number.start) for _, number in pairs]
        moves = _number_moves(pairs, tolerance, lines)
        return Drift(moves, len(pairs), "" if moves else "its text is the same, its form differs")
    split = old.splitlines(), new.splitlines()
    same, first = _same_lines(*([words_of(line) for line in lines] for lines in split))
    pairs, lines = [], []
    for one, other in same:
        found = list(zip(numbers_in(split[0][one]), numbers_in(split[1][other]), strict=True))
        pairs += found
        lines += [clipped(split[1][other])] * len(found)
    before, after = (clipped("".join(x[i:j][:1])) for x, (i, j) in zip(split, first, strict=True))
    moves = _number_moves(pairs, tolerance, lines)
    return Drift(moves, len(pairs), "its text differs", beyond=True, old=before, new=after)


def drift_of_numbers(
    old: Sequence[str], new: Sequence[str], same_words: bool, more: bool, tolerance: float | None
) -> Drift:
    """The same where only the numbers of two texts are known, and whether their words agree.

    With `more` there are others, of which nothing is known.
    """
    if not same_words or len(old) != len(new):
        return Drift((), 0, "it differs in more than numbers", beyond=True)
    read = [(numbers_in(one), numbers_in(other)) for one, other in zip(old, new, strict=True)]
    pairs = [(one[0], other[0]) for one, other in read if one and other]
    moves = _number_moves(pairs, tolerance, [""] * len(pairs))
    if more:
        return Drift(moves, len(pairs), "it has more numbers than its record", beyond=True)
    return Drift(moves, len(pairs), "" if moves else "its numbers are the same, its form differs")


def in_words(move: NumberMove) -> str:
    """A move in a line, such as `0.913 → 0.887  −2.8 %  in: accuracy 0.887`."""
    line = f"  in: {move.line}" if move.line else ""
    return f"{move.old} → {move.new}  {percentage(move.change)}{line}"


def percentage(change: float | None) -> str:
    """A relative change for readers, such as `+2.8 %`; empty if there is none."""
    if change is None:
        return ""
    sign = "−" if change < 0 else "+"
    if math.isinf(change):
        return f"{sign}∞"
    size = 100 * abs(change)
    return f"{sign}{size:.0f} %" if 10 <= size < 1e6 else f"{sign}{size:.2g} %"


def line_at(text: str, offset: int) -> str:
    """As much of the line around an offset as is shown."""
    start = text.rfind("\n", 0, offset) + 1
    return clipped(text[start : start + 10 * LINE].partition("\n")[0])


def most_first(moves: Sequence[NumberMove]) -> tuple[NumberMove, ...]:
    """Moves beyond tolerance before others, each kind by the size of its change."""
    return tuple(sorted(moves, key=lambda move: (move.within, -abs(move.change), move.place)))


def _number_moves(
    pairs: Sequence[tuple[Number, Number]], tolerance: float | None, lines: Sequence[str]
) -> tuple[NumberMove, ...]:
    moves = []
    for place, ((old, new), line) in enumerate(zip(pairs, lines, strict=True), start=1):
        if change := relative_change(old, new):  # 0.5 and 0.50 are one number
            within = agrees(old, new, tolerance)
            moves.append(NumberMove(place, _shown(old), _shown(new), change, within, line))
    return most_first(moves)


def _shown(number: Number) -> str:
    return f"{number.text} %" if number.percent else number.text


def _same_lines(
    old: Sequence[str], new: Sequence[str]
) -> tuple[list[tuple[int, int]], tuple[Range, Range]]:
    """Places of lines with the same words in both texts, and of the first that have others.

    Lines at the start and at the end are held against each other first: in a log all lines have the
    same words, and the longest run of them is seldom the right one.
    """
    start, end = common_ends(old, new, operator.eq)
    lasts = len(old) - end, len(new) - end
    middle = old[start : lasts[0]], new[start : lasts[1]]
    same = [(place, place) for place in range(start)]
    first = (start, lasts[0]), (start, lasts[1])
    if len(middle[0]) * len(middle[1]) <= MOST:
        matcher = SequenceMatcher(None, *middle, autojunk=False)
        for one, other, size in matcher.get_matching_blocks():
            same += [(start + one + i, start + other + i) for i in range(size)]
        codes = (code[1:] for code in matcher.get_opcodes() if code[0] != "equal")
        i, j, k, m = next(codes, (0, 0, 0, 0))
        first = (start + i, start + j), (start + k, start + m)
    return [*same, *((lasts[0] + i, lasts[1] + i) for i in range(end))], first
