"""The forms in which problems are told: for people, for editors, for programs, for GitHub.

In: problems, each an error or a warning. Out: the text to print. Promise: nothing in it moves a
cursor or changes colours but what `colour` asks for; a document of JSON is one, whatever is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from site_builder.diagnostics.layout import full_text
from site_builder.errors import Problem, in_order
from site_builder.evidence.lines import plain, plain_lines

Severity = Literal["error", "warning"]
FORMATS = ("full", "concise", "json", "github")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem, and how bad it is."""

    problem: Problem
    severity: Severity = "error"


def errors(problems: Iterable[Problem]) -> list[Diagnostic]:
    """Problems that stop something, in the order of files and lines."""
    return [Diagnostic(problem) for problem in in_order(problems)]


def warnings(problems: Iterable[Problem]) -> list[Diagnostic]:
    """Problems that stop nothing, in the order of files and lines."""
    return [Diagnostic(problem, "warning") for problem in in_order(problems)]


def told(
    diagnostics: Sequence[Diagnostic],
    form: str = "full",
    *,
    colour: bool = False,
    all_frames: bool = False,
    base: str = "",
) -> str:
    """Give the text of one of FORMATS, with line ends; empty for nothing, but for JSON.

    With `all_frames` tracebacks have also what is in libraries, as those for programs always do.
    `base` is the path of the site's folder from where GitHub looks for files, such as `blog/`.
    """
    if form == "json":
        return _json(diagnostics)
    if form == "full":
        texts = (
            full_text(d.problem, d.severity, colour=colour, all_frames=all_frames)
            for d in diagnostics
        )
        return "".join(f"{text}\n\n" for text in texts)
    if form == "github":
        return "".join(_github(d, base) + "\n" for d in diagnostics)
    return "".join(concise_line(d) + "\n" for d in diagnostics)


def concise_line(diagnostic: Diagnostic) -> str:
    """One line: `posts/x.md:3:1: error[F003] unknown front matter key 'titel'`."""
    problem = diagnostic.problem
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    code = f"[{problem.code}]" if problem.code else ""
    return plain(f"{place}{': ' if place else ''}{diagnostic.severity}{code} {problem.message}")


def _json(diagnostics: Sequence[Diagnostic]) -> str:
    rows = []
    for diagnostic in diagnostics:
        problem = diagnostic.problem
        end = problem.column + problem.width if problem.column else None
        rows.append(
            {
                "severity": diagnostic.severity,
                "code": problem.code,
                "message": problem.message,
                "file": problem.file or None,
                "line": problem.line or None,
                "column": problem.column or None,
                "end_column": end,
                "excerpt": problem.excerpt,
                "help": problem.help,
                "notes": list(problem.notes),
            }
        )
    # ASCII only: what a terminal would obey is escaped, whatever the encoding of the stream is.
    return json.dumps(rows, indent=1) + "\n"


def _github(diagnostic: Diagnostic, base: str) -> str:
    problem = diagnostic.problem
    properties = {
        "file": base + problem.file if problem.file else "",
        "line": str(problem.line or ""),
        "col": str(problem.column or ""),
        "endColumn": str(problem.column + problem.width if problem.column else ""),
        "title": problem.code,
    }
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    text = "\n".join(
        [problem.message, *problem.notes, *([f"help: {problem.help}"] if problem.help else [])]
    )
    return f"::{diagnostic.severity} {given}::{_data(plain_lines(text))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return re.sub("[:,]", lambda found: f"%{ord(found[0]):02X}", _data(plain(text)))
