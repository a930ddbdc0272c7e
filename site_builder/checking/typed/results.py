"""What a post's code gave, and what it was given: numbers that prose can be held against.

In: a post and its execution. Out: each number that the code put out, with where, and with an
expression that gives it if that can be told; Promise: finding
the results that equal a number takes no longer for a million of them.
"""

from __future__ import annotations

import bisect
import html
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from site_builder.checking.typed.bindings import (
    Printed,
    asserted_once,
    assigned_names,
    binding_of,
    printed_by,
)
from site_builder.checking.typed.stated import size_of
from site_builder.evidence.numbers import Number, numbers_in
from site_builder.model.post import Cell, Execution, Output, Post


@dataclass(frozen=True, slots=True)
class Result:
    """A number that the code gave."""

    number: Number
    where: str
    """What gave it, such as `the output of cell 3`."""
    line: int
    """Line of the post's text where that begins."""
    context: str
    """The line of output that it stands in."""
    binding: str = ""
    """An expression that gives it, if that can be told."""


@dataclass(frozen=True, slots=True)
class Match:
    """A result that a number equals."""

    result: Result
    scaled: bool
    """Whether one of them is a percentage and the other the share."""
    exact: bool
    """Whether they are equal, and not merely when rounded."""


class Results:
    """All the numbers that the code of a post gave."""

    def __init__(self, post: Post, execution: Execution) -> None:
        self._results = list(_results(post, execution))
        entries = [(size_of(r.number.value), i) for i, r in enumerate(self._results)]
        # `71.5 %` in an output is 0.715 in prose, too.
        entries += [
            (size_of(r.number.share), i) for i, r in enumerate(self._results) if r.number.percent
        ]
        self._entries = sorted(entries)

    def equal_to(self, typed: Number, line: int) -> Match | None:
        """The result that a typed number equals, to the precision typed; signs do not count.

        The best of several: exact, of the same form, one that can be bound, near the line.
        """
        found: dict[tuple[bool, bool, bool, int, int], Match] = {}
        for size, unit, scaled in _readings(typed):
            for entry, index in self._near(size, unit):
                result = self._results[index]
                number = result.number
                as_share = number.percent and entry != size_of(number.value)
                if number.percent and scaled and not as_share:
                    continue  # a share against a percentage's digits
                step = number.unit.scaleb(-2) if as_share else number.unit
                same_sign = number.value.is_signed() == typed.value.is_signed()
                cut = same_sign and not typed.exact
                if not _equal(size, unit, entry, step, whole=typed.exact, cut=cut):
                    continue
                match = Match(result, scaled or as_share, entry == size)
                key = (not match.exact, match.scaled, not result.binding, abs(result.line - line))
                found.setdefault((*key, index), match)
        return found[min(found)] if found else None

    def lines_with(self, *numbers: Number) -> bool:
        """Whether a line of output has all of these numbers."""
        values = {number.value for number in numbers}
        return any(
            values <= {each.value for each in numbers_in(context)}
            for context in {self._results[i].context for _, i in self._near(numbers[0].value)}
        )

    def _near(self, size: Decimal, unit: Decimal = Decimal(0)) -> list[tuple[Decimal, int]]:
        for reach in (Decimal(0), unit):
            first = bisect.bisect_left(self._entries, (size - reach, -1))
            last = bisect.bisect_right(self._entries, (size + reach, len(self._results)))
            if first < last:
                break
        return self._entries[first : min(last, first + _ENOUGH)]


_ENOUGH = 10_000  # results near a number that are looked at


def _readings(typed: Number) -> Iterator[tuple[Decimal, Decimal, bool]]:
    """Size and unit of a typed number as it stands, and as a share if it is a percentage."""
    yield size_of(typed.value), typed.unit, False
    if typed.percent:
        yield size_of(typed.share), typed.unit.scaleb(-2), True


def _equal(
    size: Decimal, unit: Decimal, entry: Decimal, step: Decimal, *, whole: bool, cut: bool
) -> bool:
    """Whether a typed size is that of an entry, rounded or `cut` off after the digits typed."""
    if size == entry:
        return True
    if whole and size < 100:
        return False  # small whole numbers are too many to be told from others by rounding
    if step >= unit:
        return False
    difference = abs(size - entry)
    return 2 * difference <= unit + step or (cut and size < entry and difference < unit)


def _results(post: Post, execution: Execution) -> Iterator[Result]:
    names = assigned_names(post.cells)
    for cell, outputs in zip(post.cells, execution.outputs, strict=True):
        printed = tuple(printed_by(cell)) if outputs else ()
        for output in outputs:
            yield from _of_output(cell, output, printed, names)
    for expression, value in zip(post.expressions, execution.values, strict=False):
        line = expression.line
        if expression.kind == "value":
            for number in numbers_in(value.text):
                where = f"the value `{expression.code}`"
                yield Result(number, where, line, value.text, expression.code)
        for source, shown in value.parts:
            yield from _of_part("a part of a claim", source, shown, line)


def _of_output(
    cell: Cell, output: Output, printed: Collection[Printed], names: set[str]
) -> Iterator[Result]:
    where = f"the output of cell {cell.number}"
    if output.kind == "assertion":
        once = output.text in asserted_once(cell)
        for source, shown in output.metadata.get("parts", ()):
            yield from _of_part(where, source if once else "", shown, cell.line)
    elif output.kind in ("stdout", "display"):
        texts = [output.text, *(_plain(kind, text) for kind, text in output.data.items())]
        for text in dict.fromkeys(filter(None, texts)):
            for line in text.split("\n"):
                for number in numbers_in(line):
                    binding = binding_of(line, number, printed, names)
                    yield Result(number, where, cell.line, line, binding)


def _of_part(where: str, source: str, shown: str, line: int) -> Iterator[Result]:
    numbers = numbers_in(shown)
    for number in numbers:
        binding = source if len(numbers) == 1 else ""
        yield Result(number, where, line, shown, binding)


_UNSEEN = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL | re.IGNORECASE)


def _plain(kind: str, text: object) -> str:
    """The text of a form of an output, for those that are read."""
    if kind == "text/html":
        return html.unescape(re.sub(r"<[^>]*>", " ", _UNSEEN.sub(" ", str(text))))
    return str(text) if kind in ("text/plain", "text/markdown", "text/latex") else ""
