"""`site-builder diff`: which numbers, claims and figures moved from one side to another.

In: two sides. Out: a Difference. Promise: every post, cell, value and claim of either side is
accounted for: compared, new, or gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from site_builder.checking.changes import changes
from site_builder.checking.diffing.moves import Move, claim_move, output_move, value_move
from site_builder.checking.diffing.sides import Details, Side, SidePost
from site_builder.errors import Problem
from site_builder.evidence.matching import (
    Pairs,
    matched_cells,
    matched_claims,
    matched_outputs,
    matched_values,
)
from site_builder.evidence.published import (
    PublishedCell,
    PublishedClaim,
    PublishedValue,
)

Result = Literal["moved", "within", "identical"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a post that only one side has."""

    line: int
    name: str
    """Such as `cell 3`, `value acc:.1%`, `claim 'the rows sum to one'`."""


@dataclass(frozen=True, slots=True)
class PostDifference:
    """What differs in a post that is on both sides."""

    post: str
    title: str
    moves: tuple[Move, ...]
    """In the order of the post."""
    new: tuple[Part, ...]
    gone: tuple[Part, ...]
    causes: tuple[str, ...]
    """What its run was made of that differs, if what it gave does: code, files, packages."""

    @property
    def result(self) -> Result:
        """The worst of what is on both sides."""
        standings = {move.standing for move in self.moves}
        return (
            "moved" if "moved" in standings else "within" if "within" in standings else "identical"
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two sides."""

    old: str
    """What the sides are, for readers."""
    new: str
    posts: tuple[PostDifference, ...]
    """Those on both sides, by their files."""
    new_posts: tuple[str, ...]
    gone_posts: tuple[str, ...]
    failed: tuple[tuple[str, Problem], ...]
    """Posts that could not be had: `old` or `new`, and why."""
    frozen: tuple[str, ...]
    """Posts whose outputs are frozen on the new side, whatever it was made with."""

    @property
    def moves(self) -> tuple[Move, ...]:
        """All of them: beyond tolerance first, each kind by the largest relative change."""
        return tuple(sorted((m for p in self.posts for m in p.moves), key=lambda m: m.rank))

    @property
    def moved(self) -> bool:
        """Whether anything moved beyond tolerance, or could not be had."""
        return bool(self.failed) or any(post.result == "moved" for post in self.posts)


def diff(old: Side, new: Side, *, tolerance: float | None = None) -> Difference:
    """Compare two sides; `tolerance`, a relative difference, goes before what posts say."""
    both = sorted({*old.posts} & {*new.posts})
    pairs = [(path, old.posts[path], new.posts[path]) for path in both]
    failed = {problem.file for problem in (*old.failed, *new.failed)}
    # Of a record that cannot be read nobody knows the post, but how its file is called.
    beside = {file.rpartition("/")[2] for file in failed}
    old_alone, new_alone = (
        tuple(sorted(p for p in {*one} - {*other} - failed if one[p].file not in beside))
        for one, other in ((old.posts, new.posts), (new.posts, old.posts))
    )
    return Difference(
        old.name,
        new.name,
        tuple(_post(path, was, now, tolerance) for path, was, now in pairs),
        new_posts=new_alone,
        gone_posts=old_alone,
        failed=(*(("old", p) for p in old.failed), *(("new", p) for p in new.failed)),
        frozen=new.frozen,
    )


def _post(path: str, old: SidePost, new: SidePost, tolerance: float | None) -> PostDifference:
    if old.given == new.given:
        return PostDifference(path, new.title, (), (), (), ())
    was, now = old.record, new.record
    details = old.find_details(was), new.find_details(now)
    codes = details[0].codes, details[1].codes
    cells = matched_cells(was.cells, now.cells, codes)
    values = matched_values(was.values, now.values)
    claims = matched_claims(was.claims, now.claims)
    compared = [
        *_output_moves(path, cells, details, tolerance),
        *(value_move(path, a, b, tolerance) for a, b in values if a and b),
        *(claim_move(path, a, b) for a, b in claims if a and b),
    ]
    alone = [
        *_alone(cells, lambda cell: f"cell {cell.number}"),
        *_outputs_alone(cells),
        *_alone(values, lambda value: f"value `{value.code}`"),
        *_alone(claims, lambda claim: f"claim “{claim.sentence or claim.code}”"),
    ]
    return PostDifference(
        path,
        new.title,
        tuple(sorted((m for m in compared if m), key=lambda move: (move.line, move.cell))),
        new=tuple(part for side, part in alone if side == "new"),
        gone=tuple(part for side, part in alone if side == "gone"),
        causes=(*_changed_cells(cells, codes), *changes(was, now)),
    )


def _output_moves(
    post: str,
    cells: Pairs[PublishedCell],
    details: tuple[Details, Details],
    tolerance: float | None,
) -> Iterator[Move | None]:
    for before, after in cells:
        if before and after:
            for one, other in matched_outputs(before, after):
                if one and other:
                    texts = (
                        _text(details[0], before, before.outputs.index(one)),
                        _text(details[1], after, after.outputs.index(other)),
                    )
                    yield output_move(post, (before, after), (one, other), texts, tolerance)


def _text(details: Details, cell: PublishedCell, place: int) -> str | None:
    texts = details.texts.get(cell.number, ())
    return texts[place] if place < len(texts) else None


T = TypeVar("T", PublishedCell, PublishedValue, PublishedClaim)


def _alone(pairs: Pairs[T], name: Callable[[T], str]) -> Iterator[tuple[str, Part]]:
    """What is on one side only: `new` or `gone`, and the part."""
    for old, new in pairs:
        if old is None and new is not None:
            yield "new", Part(new.line, name(new))
        elif new is None and old is not None:
            yield "gone", Part(old.line, name(old))


def _outputs_alone(cells: Pairs[PublishedCell]) -> Iterator[tuple[str, Part]]:
    for before, after in cells:
        if before and after:
            for old, new in matched_outputs(before, after):
                if old is None and new is not None:
                    yield "new", Part(after.line, f"{new.kind} of cell {after.number}")
                elif new is None and old is not None:
                    yield "gone", Part(before.line, f"{old.kind} of cell {before.number}")


def _changed_cells(
    cells: Pairs[PublishedCell], codes: tuple[Mapping[int, str], Mapping[int, str]]
) -> Iterator[str]:
    for before, after in cells:
        if before and after:
            was, now = codes[0].get(before.number), codes[1].get(after.number)
            if was is not None and now is not None and was.strip() != now.strip():
                yield f"the code of cell {after.number} changed"
