"""How far two texts have drifted apart.

In: texts, or numbers as records hold them. Out: a Drift. Promise: numbers are compared in the place
of each other only where the words around them are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from site_builder.evidence.numbers import Number, agrees, numbers_in, relative_change, words_of

LINE = 100  # characters of a line that are shown


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
        lines = [_line_at(new, number.start) for _, number in pairs]
        moves = _number_moves(pairs, tolerance, lines)
        return Drift(moves, len(pairs), "" if moves else "its text is the same, its form differs")
    split = old.splitlines(), new.splitlines()
    words = [[words_of(line) for line in lines] for lines in split]
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    pairs, lines = [], []
    for first, second, size in matcher.get_matching_blocks():
        for place in range(size):
            line = split[1][second + place]
            found = zip(numbers_in(split[0][first + place]), numbers_in(line), strict=True)
            pairs += found
            lines += [clipped(line)] * (len(pairs) - len(lines))
    before, after = _first_difference(matcher, *split)
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


def clipped(line: str) -> str:
    """As much of a line as is shown, with single blanks."""
    line = " ".join(line.split())
    return line if len(line) <= LINE else line[: LINE - 1] + "…"


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


def _line_at(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return clipped(text[start : end if end >= 0 else len(text)])


def _first_difference(
    matcher: SequenceMatcher[str], old: Sequence[str], new: Sequence[str]
) -> tuple[str, str]:
    for tag, first, last, start, end in matcher.get_opcodes():
        if tag != "equal":
            return clipped("".join(old[first:last][:1])), clipped("".join(new[start:end][:1]))
    return "", ""
