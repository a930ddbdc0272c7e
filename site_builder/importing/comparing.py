"""What cells put out when they were saved, held against what they put out today.

In: cells as they were saved, a post made of them, and a run of it. Out: a Comparison for each cell
that was saved, and for others that fail. Promise: numbers are compared as `verify` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from site_builder.evidence.drift import Drift, NumberMove, drift_of_texts
from site_builder.evidence.lines import clipped, plain
from site_builder.evidence.matching import aligned
from site_builder.execution.engine import execute
from site_builder.execution.failures import CONTROL
from site_builder.execution.running import OnProgress
from site_builder.importing.draft import StoredCell
from site_builder.model.post import Cell, Execution, Output, Post
from site_builder.settings.site import Site
from site_builder.store import Store

Standing = Literal["reproduced", "within precision", "differs", "cannot be compared", "did not run"]
STANDINGS: tuple[Standing, ...] = (
    "reproduced",
    "within precision",
    "cannot be compared",
    "differs",
    "did not run",
)
LONGEST = 200_000  # characters of an output that are compared


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the outputs of a cell."""

    cell: int
    """Number of the cell in the post."""
    line: int
    """Line of the post on which its code begins."""
    standing: Standing
    why: str = ""
    old: str = ""
    """The first line that differs, as it was saved."""
    new: str = ""
    numbers: tuple[NumberMove, ...] = ()


def run_of(
    site: Site, post: Post, store: Store, *, fork: bool, on_progress: OnProgress
) -> tuple[Execution | None, str]:
    """Run a post, past cells that fail; gives what came of it, or why nothing did."""
    for tried in (post, _lenient(post)):
        outcome = execute(
            [tried], site, store=store, jobs=1, fork=fork, thaw=True, on_progress=on_progress
        )[post.source.path]
        if outcome.execution is not None and not outcome.problems:
            return outcome.execution, ""
    return None, outcome.problems[0].message if outcome.problems else "it gave nothing"


def compare(
    post: Post, stored: Sequence[StoredCell], execution: Execution | None, why: str
) -> Iterator[Comparison]:
    """Judge each cell of a post; `why` tells why there is no execution."""
    cells = [cell for cell in post.cells if cell.options.eval]
    saved = [(_plain_code(each.code), place) for place, each in enumerate(stored)]
    now = [(_plain_code(each.code), place) for place, each in enumerate(cells)]
    for old, new in aligned(saved, now, lambda one, other: float(one[0] == other[0])):
        if new is None:
            continue  # it is shown only
        cell = cells[new[1]]
        found = Comparison(cell.number, post.source.file_line(cell.line), "reproduced")
        if execution is None:
            yield replace(found, standing="did not run", why=why)
            continue
        was = stored[old[1]].outputs if old else ()
        found = _judged(found, cell, was, execution.outputs[cell.number - 1])
        if old or found.standing == "did not run":  # documents hold no outputs
            yield found


def _lenient(post: Post) -> Post:
    """The post with cells that may raise, so that those below them run."""
    cells = tuple(replace(cell, options=replace(cell.options, error=True)) for cell in post.cells)
    return replace(post, cells=cells)


def _plain_code(code: str) -> str:
    """Code without option lines and blank lines around it."""
    return "\n".join(x for x in code.split("\n") if not x.startswith("#|")).strip()


def _judged(
    found: Comparison, cell: Cell, old: Sequence[Output], new: Sequence[Output]
) -> Comparison:
    errors = [output for output in new if output.kind == "error"]
    if errors and not any(output.kind == "error" for output in old):
        told = errors[0].metadata
        why = plain(f"it raises {told.get('name')}: {told.get('message')}")
        return replace(found, standing="did not run", why=clipped(why))
    if not old:
        shows = any(output.kind != "assertion" for output in new)
        why = "it was saved without outputs" if shows else ""
        return replace(found, standing="cannot be compared" if shows else "reproduced", why=why)
    if cell.options.volatile:
        return replace(found, standing="cannot be compared", why="it is volatile")
    outputs = [[each for each in side if _is_shown(each)] for side in (old, new)]
    pairs = aligned(outputs[0], outputs[1], _likeness)
    judged = [_output(found, one, other) for one, other in pairs]
    return max(judged, key=lambda each: STANDINGS.index(each.standing), default=found)


def _is_shown(output: Output) -> bool:
    """Whether an output counts: not what only Jupyter shows, such as `<Axes: >` of a plot."""
    if output.kind == "assertion":
        return False
    text = str(output.data.get("text/plain", ""))
    return not (
        output.kind == "display" and set(output.data) == {"text/plain"} and _PLOT.match(text)
    )


_PLOT = re.compile(r"\s*(?:\[|\()?<(?:matplotlib|Axes|Figure|BarContainer|seaborn)\b|Text\(")


def _likeness(one: Output, other: Output) -> float:
    if one.kind != other.kind:
        return 0.0
    return 1.0 if _text(one) == _text(other) else 0.6


def _text(output: Output) -> str:
    """The text of an output, without colours and places in memory."""
    data = output.data
    text = output.text if not data else str(data.get("text/plain") or data.get("text/html") or "")
    if output.kind == "error":
        text = f"{output.metadata.get('name')}: {output.metadata.get('message')}"
    return re.sub(r"\b0x[0-9a-f]{6,}", "0x…", CONTROL.sub("", text)).strip()


def _output(found: Comparison, one: Output | None, other: Output | None) -> Comparison:
    if one is None or other is None:
        shown = one or other
        assert shown is not None
        what = {"figure": "a figure", "display": "a result"}.get(shown.kind, shown.kind)
        why = f"{what} was not there" if one is None else f"{what} is not there any more"
        return replace(found, standing="differs", why=why)
    if one.kind == "figure":
        pictures = [value for key, value in one.data.items() if key.startswith("image/")]
        same = any(value in other.data.values() for value in pictures)
        return found if same else replace(found, standing="cannot be compared", why="a figure")
    texts = _text(one), _text(other)
    if texts[0] == texts[1]:
        return found
    if not all(texts) or max(map(len, texts)) > LONGEST:
        why = "it is too long" if all(texts) else "it is not text"
        return replace(found, standing="cannot be compared", why=why)
    return _of_drift(found, drift_of_texts(texts[0], texts[1], None))


def _of_drift(found: Comparison, drift: Drift) -> Comparison:
    if not drift.moved:
        return replace(found, standing="within precision", why=drift.why, numbers=drift.numbers)
    return replace(
        found,
        standing="differs",
        why=drift.why,
        old=drift.old,
        new=drift.new,
        numbers=drift.numbers,
    )
