"""Which cell, output, value or claim of one run is which of another.

In: two sequences and how alike two of their members are. Out: pairs, in order. Promise: what is the
same on both sides is paired, order is kept, and each member is in one pair.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import TypeVar

from site_builder.evidence.published import (
    PublishedCell,
    PublishedClaim,
    PublishedOutput,
    PublishedValue,
)

MOST = 1_000_000  # pairs of which the best are looked for
LEAST = 0.5  # how alike two have to be to be taken for the same
T = TypeVar("T")
Pairs = list[tuple[T | None, T | None]]
"""The old and the new one; None where there is no other."""


def matched_cells(
    old: Sequence[PublishedCell],
    new: Sequence[PublishedCell],
    codes: tuple[Mapping[int, str], Mapping[int, str]],
) -> Pairs[PublishedCell]:
    """Pair cells: by their keys and code, else by the words of their outputs.

    `codes` are those of the old and the new cells by their numbers, as far as they are known.
    """

    def likeness(one: PublishedCell, other: PublishedCell) -> float:
        if one.key == other.key:
            return 1.0
        shown = _alike_outputs(one, other)
        was, now = codes[0].get(one.number), codes[1].get(other.number)
        if was is None or now is None:
            return max(shown, LEAST if one.number == other.number else 0.0)
        return max(_alike_codes(was, now), 0.9 * shown)

    return aligned(old, new, likeness)


def matched_outputs(old: PublishedCell, new: PublishedCell) -> Pairs[PublishedOutput]:
    """Pair the outputs of two cells: by kind, and by their words or pictures."""

    def likeness(one: PublishedOutput, other: PublishedOutput) -> float:
        if one.kind != other.kind:
            return 0.0
        same = one.digest == other.digest or (one.words and one.words == other.words)
        return 1.0 if same else 0.6

    return aligned(old.outputs, new.outputs, likeness)


def matched_values(
    old: Sequence[PublishedValue], new: Sequence[PublishedValue]
) -> Pairs[PublishedValue]:
    """Pair values: by the expression and its format, as written."""
    return aligned(old, new, lambda one, other: float(one.code == other.code))


def matched_claims(
    old: Sequence[PublishedClaim], new: Sequence[PublishedClaim]
) -> Pairs[PublishedClaim]:
    """Pair claims: by what they say, else by what is checked."""

    def likeness(one: PublishedClaim, other: PublishedClaim) -> float:
        said, checked = one.sentence == other.sentence, one.code == other.code
        return {(True, True): 1.0, (True, False): 0.8, (False, True): 0.6}.get((said, checked), 0.0)

    return aligned(old, new, likeness)


def aligned(old: Sequence[T], new: Sequence[T], likeness: Callable[[T, T], float]) -> Pairs[T]:
    """Pair members in order, so that the pairs are most alike together.

    `likeness` is from 0 to 1; below LEAST two are not paired.
    """
    start, end = common_ends(old, new, lambda one, other: likeness(one, other) == 1.0)
    rests = old[start : len(old) - end], new[start : len(new) - end]
    in_order = len(rests[0]) * len(rests[1]) > MOST
    middle = (_in_order if in_order else _aligned)(*rests, likeness)
    same = list(zip(old[:start], new[:start], strict=True))
    rest = list(zip(old[len(old) - end :], new[len(new) - end :], strict=True))
    return [*same, *middle, *rest]


def common_ends(
    old: Sequence[T], new: Sequence[T], is_same: Callable[[T, T], bool]
) -> tuple[int, int]:
    """How many members at the start, and of the others at the end, are the same."""
    shorter = min(len(old), len(new))
    start = 0
    while start < shorter and is_same(old[start], new[start]):
        start += 1
    end = 0
    while end < shorter - start and is_same(old[-1 - end], new[-1 - end]):
        end += 1
    return start, end


def _in_order(old: Sequence[T], new: Sequence[T], likeness: Callable[[T, T], float]) -> Pairs[T]:
    """The same for very many, by their places alone."""
    pairs: Pairs[T] = []
    for one, other in zip_longest(old, new):
        if one is None or other is None or likeness(one, other) >= LEAST:
            pairs.append((one, other))
        else:
            pairs += [(one, None), (None, other)]
    return pairs


def _aligned(old: Sequence[T], new: Sequence[T], likeness: Callable[[T, T], float]) -> Pairs[T]:
    """The same by dynamic programming: best[i][j] is of what is left from i and j on."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[likeness(one, other) for other in new] for one in old]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = alike[i][j] + best[i + 1][j + 1] if alike[i][j] >= LEAST else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    pairs: Pairs[T] = []
    i = j = 0
    while i < len(old) and j < len(new):
        if alike[i][j] >= LEAST and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            pairs.append((old[i], None))
            i += 1
        else:
            pairs.append((None, new[j]))
            j += 1
    return [*pairs, *((one, None) for one in old[i:]), *((None, other) for other in new[j:])]


def _alike_codes(one: str, other: str) -> float:
    """The share of words and signs that two codes have in common."""
    counts = [Counter(re.findall(r"\w+|[^\w\s]", code)) for code in (one, other)]
    total = counts[0].total() + counts[1].total()
    common = (counts[0] & counts[1]).total()
    return 2 * common / total if total else 1.0


def _alike_outputs(one: PublishedCell, other: PublishedCell) -> float:
    """The share of outputs of the same kind and words; 0 if there is none."""
    counts = [Counter((o.kind, o.words) for o in cell.outputs) for cell in (one, other)]
    total = counts[0].total() + counts[1].total()
    return 2 * (counts[0] & counts[1]).total() / total if total else 0.0
