"""Why a post runs, cell by cell, or why it need not.

In: a post and what is known of its runs. Out: for each cell a reason that names the file, package,
option or line that changed. Promise: explaining runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from site_builder.errors import Problem
from site_builder.execution.job import code_of, conditions_of, options_of
from site_builder.execution.lines import ran
from site_builder.execution.proof import Change, declared_files
from site_builder.execution.record import Conditions, Record, RecordedCell
from site_builder.execution.reuse import Runs, kept_conditions
from site_builder.execution.values import at_expression, recorded_false_claims
from site_builder.model.post import Cell, Post

SHOWN = 60  # characters of a line of code in a reason


@dataclass(frozen=True, slots=True)
class CellReason:
    """What becomes of a cell, and why."""

    number: int
    """Number of the cell in its post, from 1."""
    line: int
    """Its first line in the post's file."""
    reused: bool
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of a post's cells, and why."""

    post: str
    reused: bool
    why: str
    """The first reason, in a line."""
    cells: tuple[CellReason, ...]


def explain(post: Post, runs: Runs) -> Explanation:
    """Say what a build would do with each cell of a post.

    Raises ContentError for a damaged frozen record.
    """
    cells, path = ran(post), post.source.path
    record, _ = runs.proven(post) or (None, "")
    if record is None:
        changes = _changes(post, runs, runs.frozen(post))
    elif recorded_false_claims(post, record):  # kept when that was allowed
        changes = [Change("a claim was false in its last run", 0)]
    else:
        why = "everything that its run observed is the same"
        if record.frozen:
            why = f"frozen on {record.frozen.isoformat()}, and its code and files are the same"
        reasons = tuple(_reason(post, cell, why, reused=True) for cell in cells)
        return Explanation(path, reused=True, why=why, cells=reasons)
    first = min(change.cell for change in changes)
    reasons = tuple(
        _reason(post, cell, _why(place, cell, cells, changes), reused=False)
        for place, cell in enumerate(cells, start=1)
    )
    why = next(change.what for change in changes if change.cell == first)
    return Explanation(path, reused=False, why=why, cells=reasons)


def must_run(post: Post, runs: Runs) -> Problem:
    """The problem of a post that would have to run where nothing may."""
    explanation = explain(post, runs)
    lines = [cell.line for cell in explanation.cells if explanation.why in cell.why]
    lines += [cell.line for cell in explanation.cells]
    message = f"the post would have to run: {explanation.why}"
    help_ = "build without --frozen, or write its outputs with 'site-builder freeze'"
    line = lines[0] if lines else 0
    return Problem(message, post.source.path, line, help=help_, code="X009")


def no_frozen(post: Post, runs: Runs) -> Problem:
    """The problem of a post that says `execute: frozen` and has no frozen record that holds.

    Raises ContentError for a damaged one.
    """
    frozen = runs.frozen(post)
    message = "the post says 'execute: frozen', and has no frozen record"
    if frozen is not None:
        message = f"the post says 'execute: frozen': {_changes(post, runs, frozen)[0].what}"
    help_ = "write one with 'site-builder freeze' where the post can run, or let it run"
    return Problem(message, post.source.path, help=help_, code="X010")


def runs_each_time(
    post: Post, record: Record, changed: Sequence[str], root: Path
) -> tuple[Problem, ...]:
    """Why the run of a post can never be reused, in one line; nothing if it can.

    `changed` are files that changed while the post ran that had read them, `root` is the site's
    folder.
    """
    cells, path = ran(post), post.source.path
    folder = (root / path).parent
    for seen in record.trace.declared:
        if seen.pattern and not declared_files(folder, seen.pattern):
            cell = cells[seen.cell - 1]
            message = f"runs in every build: 'reads: {seen.pattern}' names no file"
            help_ = "correct it; '#| reads: []' says that nothing can change"
            line = post.source.file_line(cell.line)
            return (Problem(message, path, line, help=help_, code="X014"),)
    for impure in record.trace.unseen():
        if impure.value:
            message = f"runs in every build: a value in the prose {impure.what}"
            help_ = "do that in a cell with '#| reads: …', and name what comes of it here"
            expression = post.expressions[impure.value - 1]
            return (at_expression(post, expression, message, help_, code="X014"),)
        cell = cells[max(impure.cell, 1) - 1]
        message = f"runs in every build: cell {cell.number} {impure.what}"
        help_ = "declare what it reads with '#| reads: …' ([] for nothing that can change)"
        line = post.source.file_line(cell.line)
        return (Problem(message, path, line, help=help_, code="X014"),)
    if changed:
        message = f"runs in every build: {changed[0]} changed while the post ran that had read it"
        help_ = "let no post change what it reads"
        return (Problem(message, path, help=help_, code="X014"),)
    return ()


def stale_frozen(post: Post, record: Record, runs: Runs) -> tuple[Problem, ...]:
    """A warning if a post has a frozen record and `record` had to be taken in its place."""
    frozen = runs.frozen(post)
    if frozen is None or record.frozen:
        return ()
    message = f"its frozen record is out of date: {_changes(post, runs, frozen)[0].what}"
    help_ = "write it anew with 'site-builder freeze', or delete its folder"
    return (Problem(message, post.source.path, help=help_, code="X012"),)


def _reason(post: Post, cell: Cell, why: str, *, reused: bool) -> CellReason:
    return CellReason(cell.number, post.source.file_line(cell.line), reused, why)


def _changes(post: Post, runs: Runs, frozen: Record | None) -> list[Change]:
    """Everything that keeps a post from being reused; at least one thing."""
    known = [record for record, _ in runs.known(post)]
    record = (frozen,) if frozen else (*known, runs.latest(post.source.path))
    last = next((each for each in record if each is not None), None)
    if last is None:
        return [Change("no run of it is kept", 0)]
    today = conditions_of(post, runs.site)
    conditions = kept_conditions(today, last) if last.frozen else today
    changes = [*_conditions_changes(last.conditions, conditions), *_code_changes(post, last)]
    observed = [] if changes and last.frozen else list(runs.prover.changes(last))
    changes += observed
    if last.frozen:
        changes = [Change(f"{each.what} since it was frozen", each.cell) for each in changes]
    return changes or [Change("its last run is not kept", 0)]


def _why(place: int, cell: Cell, cells: Sequence[Cell], changes: Sequence[Change]) -> str:
    """Why the cell at a place, from 1, runs."""
    own = [change.what for change in changes if change.cell == place]
    general = [change.what for change in changes if not change.cell]
    if place == 1:
        own = general + own
    if own:
        return "; ".join(dict.fromkeys(own))
    first = min((change.cell for change in changes if change.cell), default=1)
    if general or place > first:
        return f"after cell {cells[(1 if general else first) - 1].number}"
    return f"for the state in which cell {cells[first - 1].number} begins"


def _conditions_changes(old: Conditions, new: Conditions) -> Iterator[Change]:
    for name in dict.fromkeys((*new, *old)):
        if old.get(name) != new.get(name):
            yield Change(f"{name} is {new.get(name)!r}, was {old.get(name)!r}", 0)


def _code_changes(post: Post, last: Record) -> Iterator[Change]:
    """How cells and expressions differ from those that ran."""
    yield from _cell_changes(post, last)
    places = {0: 0} | {cell.number: place for place, cell in enumerate(ran(post), start=1)}
    today = [(tuple(code_of(each)), places[each.after]) for each in post.expressions]
    then = [(each.code, each.after) for each in last.values]
    for index, (new, old) in enumerate(zip_longest(today, then)):
        if new == old:
            continue
        if old and (new is None or (old not in today[index:] and new in then[index:])):
            yield Change(f"the value of {_expression(old[0])!r} is shown no more", old[1])
        elif new:
            line = post.source.file_line(post.expressions[index].line)
            what = f"line {line} shows {_expression(new[0])!r}, which is new"
            yield Change(what, new[1])
        return


def _expression(code: Sequence[str]) -> str:
    """An expression as an author writes it."""
    _, expression, conversion, format_ = code
    written = expression + (f"!{conversion}" if conversion else "")
    return (written + (f":{format_}" if format_ else ""))[:SHOWN]


def _cell_changes(post: Post, last: Record) -> Iterator[Change]:
    """How the cells differ from those that ran, up to the first one that does."""
    cells = ran(post)
    for place, (cell, old) in enumerate(zip_longest(cells, last.cells), start=1):
        if cell is None:
            yield Change(f"{len(last.cells) - len(cells)} cell(s) less than in its last run", 0)
            return
        if old is None:
            yield Change("the cell is new", place)
            return
        if (cell.code, options_of(cell)) == (old.code, old.options):
            continue
        following = last.cells[place] if place < len(last.cells) else None
        after = cells[place] if place < len(cells) else None
        if after is not None and after.code == old.code:
            yield Change("the cell is new", place)
        elif following is not None and following.code == cell.code:
            yield Change("a cell before it was removed", place)
        else:
            yield Change(_difference(post, cell, old), place)
        return


def _difference(post: Post, cell: Cell, old: RecordedCell) -> str:
    """The first option or line of a cell that changed."""
    for name, value in options_of(cell).items():
        if old.options.get(name) != value:
            word = name.replace("_", "-")
            return f"the option {word} is {value}, was {old.options.get(name)}"
    lines = zip_longest(cell.code.splitlines(), old.code.splitlines())
    for below, (new_line, old_line) in enumerate(lines):
        if new_line != old_line:
            where = post.source.file_line(cell.line + below)
            was = f"was {old_line[:SHOWN]!r}" if old_line is not None else "is new"
            return f"line {where} changed: {(new_line or '')[:SHOWN]!r}, {was}"
    return "its code changed"
