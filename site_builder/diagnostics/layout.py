"""A problem as people read it: what is wrong, the line at fault with marks below it, the way out.

In: a problem. Out: lines such as

    error[F003]: unknown front matter key 'titel'
      --> posts/x.md:3:1
       |
     3 | titel: X
       | ^^^^^
       = help: did you mean 'title'?

Promise: the marks stand below what is at fault, also where characters are wide, narrow or tabs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from site_builder.diagnostics.folding import folded
from site_builder.errors import Problem
from site_builder.evidence.lines import OBEYED, plain_lines

LONGEST = 110  # characters of a line that are shown
LEAD = 60  # of these at the most before the column
_COLOURS = {"error": "1;31", "warning": "1;33", "bold": "1", "gutter": "1;34", "help": "1;36"}


def full_text(
    problem: Problem, severity: str, *, colour: bool = False, all_frames: bool = False
) -> str:
    """Give the lines of a problem, without the last line end.

    With `all_frames` tracebacks have also what is in libraries.
    """

    def paint(text: str, role: str) -> str:
        return f"\x1b[{_COLOURS[role]}m{text}\x1b[0m" if colour and text else text

    gutter = " " * (len(str(problem.line)) + 1 if problem.line else 1)
    code = f"[{problem.code}]" if problem.code else ""
    first, *more = plain_lines(problem.message).split("\n")
    lines = [paint(severity + code, severity) + paint(f": {first}", "bold")]
    lines += [f"{gutter}   {line}" for line in more]
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part)
    if place:
        lines.append(f"{gutter}{paint('-->', 'gutter')} {plain_lines(place)}")
    if problem.excerpt and problem.line:
        bar = paint("|", "gutter")
        text, marks = _marked(problem)
        lines.append(f"{gutter} {bar}")
        lines.append(f"{paint(f' {problem.line} ', 'gutter')}{bar} {text}".rstrip())
        if marks:
            carets = marks.lstrip()
            lead = marks[: len(marks) - len(carets)]
            lines.append(f"{gutter} {bar} {lead}{paint(carets, severity)}")
    sign = f"{gutter} {paint('=', 'gutter')} "
    for note in problem.notes if all_frames else folded(problem):
        lines += _block(sign, len(gutter), "note", paint("note", "bold"), note)
    if problem.help:
        lines += _block(sign, len(gutter), "help", paint("help", "help"), problem.help)
    return "\n".join(lines)


def _block(sign: str, gutter: int, word: str, painted: str, text: str) -> Iterator[str]:
    """A note, its further lines below the first."""
    first, *more = plain_lines(text).split("\n")
    yield f"{sign}{painted}: {first}".rstrip()
    indent = " " * (gutter + len(f" = {word}: "))
    for line in more:
        yield f"{indent}{line}".rstrip()


def _marked(problem: Problem) -> tuple[str, str]:
    """The line at fault as it is shown, and the marks below it."""
    # One for one, so that columns stay.
    excerpt = "".join("\ufffd" if c != "\t" and OBEYED.match(c) else c for c in problem.excerpt)
    text, start = _clipped(excerpt, max(0, problem.column - 1))
    if not problem.column:
        return text, ""
    lead = "".join(c if c == "\t" else " " * _cells(c) for c in text[:start])
    return text, lead + "^" * max(1, _cells(text[start : start + problem.width].rstrip("…")))


def _clipped(line: str, start: int) -> tuple[str, int]:
    """The part of a long line, such as a paragraph, around the character at `start`; its place."""
    if len(line) <= LONGEST:
        return line, start
    first = max(0, min(start - LEAD, len(line) - LONGEST))
    text = line[first : first + LONGEST] + ("…" if first + LONGEST < len(line) else "")
    return ("…" + text, start - first + 1) if first else (text, start)


def _cells(text: str) -> int:
    """How many cells of a terminal a text takes: two for 你, none for an accent of its own."""
    shown = [c for c in text if unicodedata.category(c) not in ("Mn", "Me", "Cf")]
    return len(shown) + sum(unicodedata.east_asian_width(c) in "WF" for c in shown)
