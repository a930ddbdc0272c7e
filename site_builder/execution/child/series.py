"""The data behind the axes of a figure, in a few numbers.

In: a matplotlib figure. Out: for each line, cloud of points, set of bars and image of its axes what
kind it is, its label, how many values it has, and for each direction the first, last, least,
greatest and mean of them, to six digits: enough to say that a curve moved, and by how much.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

DIGITS = 6
MOST = 50  # series of a figure that are told

Series = dict[str, Any]


def series_of(figure: Any) -> list[Series]:
    """The series of a figure, axes by axes; what cannot be told is left out."""
    found: list[Series] = []
    for place, axes in enumerate(figure.axes, start=1):
        # What artists of other libraries answer is theirs: a figure is shown all the same.
        with contextlib.suppress(Exception):
            found += ({"axes": place, **one} for one in _of_axes(axes))
    return found[:MOST]


def _of_axes(axes: Any) -> Iterator[Series]:
    for line in axes.lines:
        points = line.get_xydata()
        yield _series("line", line.get_label(), x=points[:, 0], y=points[:, 1])
    for collection in axes.collections:
        values = collection.get_array()
        if type(collection).__name__ == "PathCollection":
            points = collection.get_offsets()
            colours = {} if values is None else {"value": values}
            yield _series(
                "points", collection.get_label(), x=points[:, 0], y=points[:, 1], **colours
            )
        elif values is not None:
            yield _series("mesh", collection.get_label(), value=values)
    for image in axes.images:
        yield _series("image", image.get_label(), value=image.get_array())
    bars = [p for p in axes.patches if type(p).__name__ == "Rectangle"]
    if bars:
        heights = [bar.get_height() for bar in bars]
        yield _series("bars", "", x=[bar.get_x() for bar in bars], y=heights)


def _series(kind: str, label: object, **directions: Any) -> Series:
    shown = str(label)
    series: Series = {"kind": kind, "label": "" if shown.startswith("_") else shown}
    for name, values in directions.items():
        told = _told(values)
        series["count"] = told.pop("count", 0)
        series[name] = told
    return series


def _told(values: Any) -> dict[str, Any]:
    numpy = sys.modules["numpy"]
    try:
        array = numpy.ma.masked_invalid(numpy.ma.asarray(values, dtype=float).ravel()).compressed()
    except (TypeError, ValueError):  # no numbers
        return {"count": len(values)}
    if not array.size:
        return {"count": 0}
    numbers = {
        "first": array[0],
        "last": array[-1],
        "least": array.min(),
        "greatest": array.max(),
        "mean": array.mean(),
    }
    return {
        "count": int(array.size),
        **{k: f"{float(v) + 0.0:.{DIGITS}g}" for k, v in numbers.items()},
    }
