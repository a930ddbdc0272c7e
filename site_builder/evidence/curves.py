"""How far what two figures show has drifted apart.

In: the series behind their axes, as the process of the post told them. Out: a Drift. Promise: a
change is relative to the range that its axes show, as it is for whoever looks at the figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from site_builder.evidence.drift import Drift, NumberMove, most_first

VISIBLE = 1e-3  # of the range of the axes: less is less than a pixel
DIRECTIONS = ("x", "y", "value")
Series = Mapping[str, Any]


def drift_of_figures(
    old: Sequence[Series], new: Sequence[Series], tolerance: float | None
) -> Drift:
    """Compare what the axes of two figures show."""
    unknown = Drift((), 0, "it looks different; the data of its axes are not known", beyond=True)
    if not old or not new:
        return unknown
    try:
        return _drift(old, new, VISIBLE if tolerance is None else tolerance)
    except (KeyError, TypeError, ValueError, AttributeError):
        return unknown  # a record that somebody else has written


def _drift(old: Sequence[Series], new: Sequence[Series], tolerance: float) -> Drift:
    kinds = [[(each["axes"], each["kind"]) for each in side] for side in (old, new)]
    if kinds[0] != kinds[1]:
        return Drift((), 0, "it shows other series", beyond=True)
    counts = next((p for p in zip(old, new, strict=True) if p[0]["count"] != p[1]["count"]), None)
    if counts is not None:
        why = f"a series has {counts[1]['count']} values in place of {counts[0]['count']}"
        return Drift((), 0, why, beyond=True)
    ranges = _ranges([*old, *new])
    moves, compared = [], 0
    for one, other in zip(old, new, strict=True):
        for name, was, now, extent in _numbers(one, other, ranges):
            compared += 1
            if was != now:
                change = (float(now) - float(was)) / extent if extent else math.inf
                change = math.inf if math.isnan(change) else change
                within = abs(change) <= tolerance
                moves.append(NumberMove(compared, was, now, change, within, name))
    labels = [(a["label"], b["label"]) for a, b in zip(old, new, strict=True)]
    before, after = next((pair for pair in labels if pair[0] != pair[1]), ("", ""))
    relabelled = before != after
    why = "its labels differ" if relabelled else "" if moves else "its data are the same"
    return Drift(most_first(moves), compared, why, relabelled, str(before), str(after))


def _ranges(series: Sequence[Series]) -> dict[tuple[int, str], float]:
    """How far the values of all series of an axes reach, in each direction."""
    limits: dict[tuple[int, str], list[float]] = {}
    for each in series:
        for direction in DIRECTIONS:
            told = each.get(direction, {})
            limits.setdefault((each["axes"], direction), []).extend(
                float(told[name]) for name in ("least", "greatest") if name in told
            )
    return {
        # What is the same everywhere is measured by itself.
        place: max(values) - min(values) or abs(max(values))
        for place, values in limits.items()
        if values
    }


def _numbers(
    old: Series, new: Series, ranges: Mapping[tuple[int, str], float]
) -> Iterator[tuple[str, str, str, float]]:
    """Each number of a series: its name for readers, old, new, and the range of its axes."""
    label = f" “{new['label']}”" if new["label"] else ""
    for direction in DIRECTIONS:
        was, now = old.get(direction, {}), new.get(direction, {})
        for name in was:
            if name in now:
                shown = f"{name} {direction} of the {new['kind']}{label}"
                extent = ranges[new["axes"], direction]
                yield shown, str(was[name]), str(now[name]), extent
