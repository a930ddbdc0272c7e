"""Judge: what a new run says of what was published.

In: a published record with what else was read of its page, and the same of a run made now. Out: a
finding for each output, value and claim. Promise: what excuses a difference (volatile, a tolerance,
inputs that nobody sees) is told by the post that is here and its run, never by what is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from site_builder.checking.verifying.figures import is_picture, judged_picture, with_drift
from site_builder.checking.verifying.verification import (
    Finding,
    claim_name,
    output_name,
    value_name,
)
from site_builder.evidence.drift import (
    NumberMove,
    drift_of_numbers,
    drift_of_texts,
    line_at,
)
from site_builder.evidence.lines import proof
from site_builder.evidence.matching import matched_outputs
from site_builder.evidence.numbers import numbers_in
from site_builder.evidence.pieces import BODY
from site_builder.evidence.published import (
    PublishedCell,
    PublishedClaim,
    PublishedOutput,
    PublishedRecord,
    PublishedValue,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A record, and what is beside it: published, or made now."""

    record: PublishedRecord
    pieces: Mapping[str, str]
    """What the page shows, piece by piece; empty if there is no page."""
    read: Callable[[str], bytes]
    """The content of a file beside the page; raises FetchError."""
    texts: Mapping[int, Sequence[str]]
    """The texts of the outputs of cells by their numbers, as far as they are known."""


def judge(old: Shown, new: Shown, tolerance: float | None) -> Iterator[Finding]:
    """Compare what was published with what a run gives now.

    `tolerance` stands in for those of the post's cells and values, if given.
    """
    for found in _judged(old, new, tolerance):
        unseen = _unseen(new.record, found.cell) if found.standing == "diverged" else ""
        yield replace(found, standing="not checkable", why=unseen) if unseen else found


def _judged(old: Shown, new: Shown, tolerance: float | None) -> Iterator[Finding]:
    keys = {cell.key: cell for cell in new.record.cells}
    pairs = {cell.number: (cell, keys.get(cell.key)) for cell in old.record.cells}
    for before, now in pairs.values():
        if now is None:
            for place, output in enumerate(before.outputs, start=1):
                yield _changed(output_name(before.number, place, output.kind), before.number)
        else:
            yield from _outputs((before, now), old, new, tolerance)
    after = {number: now.number if now else None for number, (_, now) in pairs.items()} | {0: 0}
    yield from _values(old, new, after, tolerance)
    yield from _claims(old, new, after)


def unchecked(record: PublishedRecord, why: str) -> Iterator[Finding]:
    """A finding for everything that a record claims, of which nothing can be said."""
    for cell in record.cells:
        for place, output in enumerate(cell.outputs, start=1):
            what = output_name(cell.number, place, output.kind)
            yield Finding("not checkable", what, cell=cell.number, why=why)
    for value in record.values:
        yield Finding("not checkable", value_name(value), why=why)
    for claim in record.claims:
        yield Finding("not checkable", claim_name(claim), cell=claim.cell, why=why)


def _outputs(
    cells: tuple[PublishedCell, PublishedCell], old: Shown, new: Shown, tolerance: float | None
) -> Iterator[Finding]:
    before, now = cells
    excuse = "it is volatile" if now.volatile else ""
    allowed = now.tolerance if tolerance is None else tolerance
    place = 0
    for one, other in matched_outputs(before, now):
        place += other is not None
        shown = one or other
        assert shown is not None
        found = Finding(
            "reproduced", output_name(now.number, place or 1, shown.kind), now.line, now.number
        )
        if excuse:
            found = replace(found, standing="not checkable", why=excuse)
        elif one is None or other is None:
            why = "nothing of the kind was published" if one is None else "it is not there any more"
            found = replace(found, standing="diverged", why=why)
        else:
            text = _text(new, now.number, place)
            found = _output(found, (one, other), (old, new), text, allowed)
        yield found


def _unseen(record: PublishedRecord, cell: int) -> str:
    """Why something of a cell may differ because of inputs that nobody sees; empty if not."""
    for each in record.cells:
        if each.impure and each.number <= cell:
            return f"it differs, but cell {each.number} {', '.join(each.impure)}"
    return ""


def _output(
    found: Finding,
    outputs: tuple[PublishedOutput, PublishedOutput],
    shown: tuple[Shown, Shown],
    text: str,
    tolerance: float | None,
) -> Finding:
    one, other = outputs
    if one.digest == other.digest:
        if (one.numbers, one.words) == (other.numbers, other.words):
            return found
        why = "the record contradicts itself: its numbers are not those of its digest"
        return replace(found, standing="tampered", why=why)
    if is_picture(one) and is_picture(other):
        return judged_picture(found, outputs, (shown[0].read, shown[1].read), tolerance)
    same_words = one.words == other.words
    drift = drift_of_numbers(one.numbers, other.numbers, same_words, False, tolerance)
    found = with_drift(found, replace(drift, numbers=_with_lines(drift.numbers, text)))
    if found.standing != "diverged" and (one.more or other.more):
        why = "it differs; of its many numbers the record holds the first, and these agree"
        return replace(found, standing="not checkable", why=why)
    if found.standing == "diverged" and _is_of_record(found, shown):
        return replace(found, standing="tampered", why=_OTHERWISE)
    return found


_OTHERWISE = "the record says otherwise than its page, which is as it should be"


def _is_of_record(found: Finding, shown: tuple[Shown, Shown]) -> bool:
    """Whether the page shows what the run gives, and it is the record that says otherwise."""
    old, new = (each.pieces.get(f"cell-{found.cell}") for each in shown)
    if not old or old != new or not found.numbers:
        return False
    on_page = {number.text for number in numbers_in(old)}
    return all(move.new.removesuffix(" %") in on_page for move in found.numbers)


def _shows_all_of(old: Shown, new: Shown) -> bool:
    """Whether all that the run would show stands on the page: then the record is wrong."""
    return new.pieces.get(BODY, "\0") in old.pieces.get(BODY, "")


def _values(
    old: Shown, new: Shown, after: Mapping[int, int | None], tolerance: float | None
) -> Iterator[Finding]:
    left = list(new.record.values)
    for value in old.record.values:
        found = Finding("reproduced", value_name(value), cell=value.after)
        place = after.get(value.after)
        if place is None:
            yield _changed(found.what, value.after)
            continue
        now = next((v for v in left if (v.code, v.after) == (value.code, place)), None)
        if now is None:
            yield replace(found, standing="not checkable", why="it is not in the post any more")
            continue
        left.remove(now)
        found = replace(found, line=now.line, cell=now.after)
        allowed = now.tolerance if tolerance is None else tolerance
        yield _value(found, (value, now), (old, new), allowed)


def _value(
    found: Finding,
    values: tuple[PublishedValue, PublishedValue],
    shown: tuple[Shown, Shown],
    tolerance: float | None,
) -> Finding:
    one, other = values
    if other.volatile:
        return replace(found, standing="not checkable", why="it is volatile")
    if one.digest == other.digest:
        if one.text == other.text:
            return found
        why = "the record contradicts itself: its text is not that of its digest"
        return replace(found, standing="tampered", why=why, old=one.text, new=other.text)
    found = with_drift(found, drift_of_texts(one.text, other.text, tolerance))
    found = replace(found, old=one.text, new=other.text)
    pieces = (
        shown[0].pieces.get(f"value-{one.number}"),
        shown[1].pieces.get(f"value-{other.number}"),
    )
    if found.standing == "diverged" and pieces[0] and pieces[0] == pieces[1]:
        return replace(found, standing="tampered", why=_OTHERWISE)
    return found


def _claims(old: Shown, new: Shown, after: Mapping[int, int | None]) -> Iterator[Finding]:
    left = list(new.record.claims)
    for claim in old.record.claims:
        found = Finding("reproduced", claim_name(claim), cell=claim.cell)
        place = after.get(claim.cell)
        if place is None:
            yield _changed(found.what, claim.cell)
            continue
        same = (claim.code, claim.sentence, place, bool(claim.expression))
        now = next(
            (c for c in left if (c.code, c.sentence, c.cell, bool(c.expression)) == same), None
        )
        if now is None:
            yield replace(found, standing="not checkable", why="it is not in the post any more")
            continue
        left.remove(now)
        yield _claim(replace(found, line=now.line, cell=now.cell), (claim, now), (old, new))
    for now in left:  # such as that of a call, which is told only when it fails
        if not (now.holds or now.expression or now.volatile) and now.cell in after.values():
            told, why = proof(now.holds, now.parts), "it is false now"
            yield Finding("diverged", claim_name(now), now.line, now.cell, why=why, new=told)


def _claim(
    found: Finding, claims: tuple[PublishedClaim, PublishedClaim], shown: tuple[Shown, Shown]
) -> Finding:
    """A claim that is as true as it was is kept, whatever the values that prove it."""
    one, other = claims
    if other.volatile:
        return replace(found, standing="not checkable", why="it is volatile")
    if one.holds == other.holds and one.parts == other.parts:
        return found
    found = replace(found, old=proof(one.holds, one.parts), new=proof(other.holds, other.parts))
    if one.holds == other.holds:
        why = f"it is as {str(other.holds).lower()} as it was, of other values"
        return replace(found, standing="within tolerance", why=why)
    if _shows_all_of(*shown):
        return replace(found, standing="tampered", why=_OTHERWISE)
    return replace(
        found, standing="diverged", why="it is false now" if one.holds else "it is true now"
    )


def _with_lines(moves: tuple[NumberMove, ...], text: str) -> tuple[NumberMove, ...]:
    """The moves of numbers, each with the line of a text in which it stands now."""
    numbers = numbers_in(text) if moves else []
    return tuple(
        replace(move, line=line_at(text, numbers[move.place - 1].start))
        if move.place <= len(numbers)
        and numbers[move.place - 1].text == move.new.removesuffix(" %")
        else move
        for move in moves
    )


def _text(shown: Shown, cell: int, place: int) -> str:
    texts = shown.texts.get(cell, ())
    return texts[place - 1] if 0 < place <= len(texts) else ""


def _changed(what: str, cell: int) -> Finding:
    return Finding("not checkable", what, cell=cell, why="its code changed since")
