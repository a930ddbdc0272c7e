"""What is told of an import: lines for the terminal, or a JSON document.

In: posts that were written, and comparisons of their outputs. Out: text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from site_builder.errors import Problem
from site_builder.evidence.documents import document, number_fields
from site_builder.evidence.drift import in_words
from site_builder.evidence.lines import clipped, plain
from site_builder.importing.comparing import STANDINGS, Comparison
from site_builder.importing.post import Imported

FEW = 3  # numbers of a cell that are listed


@dataclass(frozen=True, slots=True)
class Told:
    """A file, and what became of it."""

    imported: Imported
    comparisons: tuple[Comparison, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the post builds and gives what was saved."""
        bad = {"differs", "did not run"}
        return not self.imported.problems and not any(c.standing in bad for c in self.comparisons)


def lines_of(told: Told) -> Iterator[str]:
    """What became of a file, for the terminal."""
    imported = told.imported
    yield f"{imported.file} → {imported.files[0]}"
    yield from (f"  with {name}" for name in imported.files[1:])
    width = max((len(c.standing) for c in told.comparisons), default=0)
    for found in told.comparisons:
        why = f"  {found.why}" if found.why else ""
        place = f"line {found.line:>4}, cell {found.cell:>2}"
        yield f"  {place}: {found.standing:<{width}}{why}".rstrip()
        if found.old or found.new:
            yield f"      was {plain(clipped(found.old))}"
            yield f"      is  {plain(clipped(found.new))}"
        beyond = [move for move in found.numbers if not move.within] or found.numbers
        yield from (f"      {plain(in_words(move))}" for move in beyond[:FEW])
        if len(beyond) > FEW:
            yield f"      and {len(beyond) - FEW} more"
    if told.comparisons:
        yield f"  {_counted(told.comparisons)}"


def _counted(comparisons: Sequence[Comparison]) -> str:
    counts = {name: sum(c.standing == name for c in comparisons) for name in STANDINGS}
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def json_of(all_told: Sequence[Told], problems: Sequence[Problem]) -> str:
    """The same as a JSON document, with the files that could not be imported."""
    return document(
        "import",
        imported=[_file(told) for told in all_told],
        failed=[_problem(problem) for problem in problems],
    )


def _file(told: Told) -> dict[str, Any]:
    imported = told.imported
    return {
        "file": imported.file,
        "post": imported.files[0],
        "files": list(imported.files[1:]),
        "remarks": [_problem(problem) for problem in imported.remarks],
        "problems": [_problem(problem) for problem in imported.problems],
        "cells": [_comparison(found) for found in told.comparisons],
    }


def _problem(problem: Problem) -> dict[str, Any]:
    found = {"file": problem.file, "line": problem.line, "message": problem.message}
    return {**found, "help": problem.help, "code": problem.code}


def _comparison(found: Comparison) -> dict[str, Any]:
    return {
        "cell": found.cell,
        "line": found.line,
        "standing": found.standing,
        "why": found.why,
        "old": found.old,
        "new": found.new,
        "numbers": [number_fields(move) for move in found.numbers],
    }
