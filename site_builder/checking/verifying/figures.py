"""Figures, held against each other.

In: two outputs that are shown as pictures, and what reads them. Out: a finding: the same, within
tolerance to the eye and in the data behind the axes, or diverged and by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from site_builder.checking.verifying.pixels import TOLERANCE, PictureError, difference
from site_builder.checking.verifying.verification import Finding, Standing
from site_builder.evidence.curves import drift_of_figures
from site_builder.evidence.drift import Drift
from site_builder.evidence.fetch import FetchError, is_beside
from site_builder.evidence.published import PublishedOutput

Read = Callable[[str], bytes]
PICTURES = (".svg", ".png", ".jpg", ".jpeg")


def judged_picture(
    found: Finding,
    outputs: tuple[PublishedOutput, PublishedOutput],
    read: tuple[Read, Read],
    tolerance: float | None,
) -> Finding:
    """The finding of two pictures, by their pixels and by the data behind their axes.

    `read` gives the contents of the files beside the old page and of the new one.
    """
    one, other = outputs
    try:
        share = _share(one.files, other.files, read)
    except FetchError as error:
        return replace(found, standing="not checkable", why=f"its picture cannot be had: {error}")
    except PictureError as error:
        return replace(found, standing="diverged", why=f"its picture is another one; {error}")
    drift = Drift((), 0)
    if one.series and other.series:
        drift = drift_of_figures(one.series, other.series, tolerance)
    if share > TOLERANCE:
        moved = drift.moved or bool(drift.numbers)
        data = ", the data of its axes are the same" if one.series and not moved else ""
        why = f"{_percent(share)} of its pixels differ{data}"
        return replace(with_drift(found, drift), standing="diverged", why=why)
    if drift.moved:
        return with_drift(found, replace(drift, why=drift.why or "the data of its axes differ"))
    if share == 0 and not drift.numbers:
        return found  # other metadata, the same picture
    why = f"{_percent(share)} of its pixels differ"
    return replace(with_drift(found, drift), standing="within tolerance", why=why)


def is_picture(output: PublishedOutput) -> bool:
    """Whether an output is shown as a picture."""
    return any(name.lower().endswith(PICTURES) for name in output.files)


def with_drift(found: Finding, drift: Drift) -> Finding:
    """The finding of a comparison: diverged if it is beyond tolerance."""
    standing: Standing = "diverged" if drift.moved else "within tolerance"
    return replace(
        found,
        standing=standing,
        why=drift.why,
        numbers=drift.numbers,
        old=drift.old,
        new=drift.new,
    )


def _share(old: Sequence[str], new: Sequence[str], read: tuple[Read, Read]) -> float:
    """The share of pixels in which two pictures differ."""
    names = _shown(old), _shown(new)
    if not is_beside(names[0]):
        raise FetchError(f"{names[0]!r} is not beside the page")
    return difference(read[0](names[0]), read[1](names[1]))


def _shown(names: Sequence[str]) -> str:
    """What pages show of the files of a picture."""
    pictures = (name for name in names if name.lower().endswith(PICTURES))
    return min(pictures, key=lambda name: PICTURES.index("." + name.lower().rpartition(".")[2]))


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share else "none"
