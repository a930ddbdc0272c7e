"""What moved between two runs of a post: outputs, figures, values, claims.

In: a pair of them. Out: a Move, or None if both are the same. Promise: what says that it is
volatile is never said to have moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from site_builder.evidence.curves import drift_of_figures
from site_builder.evidence.drift import Drift, NumberMove, drift_of_numbers, drift_of_texts
from site_builder.evidence.lines import proof
from site_builder.evidence.published import (
    PublishedCell,
    PublishedClaim,
    PublishedOutput,
    PublishedValue,
)

Kind = Literal["output", "figure", "value", "claim"]
Standing = Literal["moved", "within", "volatile"]
_RANKS: dict[Standing, int] = {"moved": 0, "within": 1, "volatile": 2}


@dataclass(frozen=True, slots=True)
class Move:
    """An output, figure, value or claim that is not the same on both sides."""

    post: str
    line: int
    """Line of the post's file on the new side: of the cell's code, or of the value or claim."""
    cell: int
    """Number of its cell on the new side; for values and claims of the one before it."""
    kind: Kind
    name: str
    """The kind of an output, the expression of a value, the sentence of a claim."""
    standing: Standing
    """`within` the precision displayed or a tolerance, or `moved`, unless it is `volatile`."""
    change: float | None
    """The largest relative change of its numbers, negative for a fall, infinite from zero and for a
    claim that turned; None if no number tells."""
    numbers: tuple[NumberMove, ...]
    """Those that differ: beyond tolerance first, then by their change."""
    compared: int
    """How many numbers were compared."""
    why: str = ""
    """What differs beside numbers, in words."""
    old: str = ""
    """What was shown, where it is short or no number tells."""
    new: str = ""

    @property
    def rank(self) -> tuple[int, float, str, int, str]:
        """Sorts moves: what is beyond tolerance first, then by change, then by place."""
        change = -1.0 if self.change is None else abs(self.change)
        return _RANKS[self.standing], -change, self.post, self.line, self.name


def output_move(
    post: str,
    cells: tuple[PublishedCell, PublishedCell],
    outputs: tuple[PublishedOutput, PublishedOutput],
    texts: tuple[str | None, str | None],
    tolerance: float | None,
) -> Move | None:
    """Compare two outputs of a pair of cells; `texts` are theirs, None where they are not known.

    `tolerance` goes before that of the cells.
    """
    old, new = outputs
    if old.digest == new.digest:
        return None
    allowed = _first(tolerance, cells[1].tolerance, cells[0].tolerance)
    if new.kind == "figure":
        drift = drift_of_figures(old.series, new.series, allowed)
    elif texts[0] is not None and texts[1] is not None:
        drift = drift_of_texts(texts[0], texts[1], allowed)
    else:
        same_words = bool(old.words) and old.words == new.words
        more = old.more or new.more
        drift = drift_of_numbers(old.numbers, new.numbers, same_words, more, allowed)
    return Move(
        post,
        cells[1].line,
        cells[1].number,
        "figure" if new.kind == "figure" else "output",
        new.kind,
        _standing(drift.moved, cells[0].volatile or cells[1].volatile),
        drift.change,
        drift.numbers,
        drift.compared,
        drift.why,
        drift.old,
        drift.new,
    )


def value_move(
    post: str, old: PublishedValue, new: PublishedValue, tolerance: float | None
) -> Move | None:
    """Compare two values; `tolerance` goes before theirs."""
    if old.digest == new.digest:
        return None
    drift = drift_of_texts(old.text, new.text, _first(tolerance, new.tolerance, old.tolerance))
    return Move(
        post,
        new.line,
        new.after,
        "value",
        new.code,
        _standing(drift.moved, old.volatile or new.volatile),
        drift.change,
        drift.numbers,
        drift.compared,
        drift.why,
        old.text,
        new.text,
    )


def claim_move(post: str, old: PublishedClaim, new: PublishedClaim) -> Move | None:
    """Compare two claims. One that is as true as before did not move, whatever its values."""
    if old.holds == new.holds and old.parts == new.parts:
        return None
    now = dict(new.parts)
    drifts = [drift_of_texts(value, now[part], None) for part, value in old.parts if part in now]
    turned = old.holds != new.holds
    numbers = tuple(sorted((n for d in drifts for n in d.numbers), key=lambda n: -abs(n.change)))
    values = Drift(numbers, sum(drift.compared for drift in drifts))
    return Move(
        post,
        new.line,
        new.cell,
        "claim",
        new.sentence or new.code,
        _standing(turned, old.volatile or new.volatile),
        math.inf if turned else values.change,
        values.numbers,
        values.compared,
        "" if turned else f"it is as {str(new.holds).lower()} as it was, of other values",
        proof(old.holds, old.parts),
        proof(new.holds, new.parts),
    )


def _first(*stated: float | None) -> float | None:
    return next((each for each in stated if each is not None), None)


def _standing(moved: bool, volatile: bool) -> Standing:
    return "volatile" if volatile else "moved" if moved else "within"
