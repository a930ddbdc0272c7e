"""Texts that drifted apart: numbers are held against those of the same line."""

from __future__ import annotations

import math

import pytest

from site_builder.evidence.curves import drift_of_figures
from site_builder.evidence.drift import drift_of_texts

LOG = [f"epoch {number} loss {1 / number:.4f}" for number in range(1, 41)]


@pytest.mark.parametrize(
    ("new", "old_line", "new_line"),
    [
        (["started", *LOG], "", "started"),
        ([*LOG, "stopped"], "", "stopped"),
        ([*LOG[:7], "warm 8", *LOG[8:]], LOG[7], "warm 8"),
    ],
)
def test_lines_of_a_log_that_are_the_same_did_not_move(
    new: list[str], old_line: str, new_line: str
) -> None:
    drift = drift_of_texts("\n".join(LOG), "\n".join(new), None)
    assert drift.beyond
    assert drift.numbers == ()
    assert (drift.old, drift.new) == (old_line, new_line)


def test_a_long_log_is_compared_in_a_moment() -> None:
    """Of which minutes went into which of its lines, all with the same words, is which."""
    old = [f"epoch {number} loss 0.5" for number in range(50_000)]
    new = ["started", *old, "stopped"]
    assert drift_of_texts("\n".join(old), "\n".join(new), None).new == "started"


def test_the_mark_of_a_number_is_none() -> None:
    assert drift_of_texts("a ⌗ b", "a 5 b", None).moved


def test_what_is_no_number_on_an_axis_moved_without_end() -> None:
    def series(last: str) -> list[dict[str, object]]:
        told = {"least": "0", "greatest": "2", "last": last}
        return [{"axes": 1, "kind": "line", "label": "", "count": 3, "y": told}]

    (move,) = drift_of_figures(series("1"), series("nan"), None).numbers
    assert (move.change, move.within) == (math.inf, False)
