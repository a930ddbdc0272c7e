"""Problems: what is wrong, where, and what to do about it.

In: facts about a mistake of the author. Out: values that the command line prints.
A stage collects its problems and raises them together, so that one build reports all of them.

    SiteBuilderError      everything that this package raises on purpose
      ContentError        posts, pages, data or images are wrong           exit code 1
      UsageError          command line, site.toml, theme, output folder    exit code 2
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at one place."""

    message: str
    """What is wrong, in one sentence without a full stop."""
    file: str = ""
    """Path relative to the site's folder, with forward slashes; empty if no file is at fault."""
    line: int = 0
    """First line at fault, counted from 1; 0 if the whole file is."""
    column: int = 0
    """First column at fault, counted from 1 in characters; 0 if the whole line is."""
    width: int = 1
    """How many characters from `column` on are at fault."""
    excerpt: str = ""
    """The text of that line, without its line end."""
    help: str = ""
    """What to do about it; empty if that is obvious."""
    notes: tuple[str, ...] = ()
    """More to show below: a traceback, the last output. Each may have several lines."""
    code: str = ""
    """What kind of mistake it is, such as `F003`; `site-builder explain F003` tells of it."""

    def __str__(self) -> str:
        """A short form for logs; what authors see is made in `diagnostics`."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        lines = [f"{place}: {self.message}" if place else self.message]
        lines += [f"    {line}".rstrip() for note in self.notes for line in note.splitlines()]
        return "\n".join([*lines, *([f"  help: {self.help}"] if self.help else [])])


class SiteBuilderError(Exception):
    """Carries the problems that stopped a stage."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n\n".join(str(problem) for problem in self.problems)


class ContentError(SiteBuilderError):
    """Something in the author's posts, pages, data or images is wrong."""


class UsageError(SiteBuilderError):
    """The command line, site.toml, the theme or the output folder is wrong."""

    exit_code = 2


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by file and line."""
    return sorted(problems, key=lambda p: (p.file, p.line, p.column))


def nearest(word: str, known: Iterable[str]) -> str:
    """The sentence that helps with a misspelt `word`: the nearest known one, or all if few."""
    choices = sorted(known)
    close = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return "known are: " + ", ".join(choices) if len(choices) <= _FEW else ""


_FEW = 60  # words that can be looked through


def encoding_problem(file: str, error: UnicodeDecodeError, *, code: str) -> Problem:
    """The problem of a file that is not UTF-8, at its first wrong character."""
    before, rest = error.object[: error.start], error.object[error.start :]
    start = before[before.rfind(b"\n") + 1 :].decode("utf-8-sig")
    excerpt = start + rest.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    line, help_ = before.count(b"\n") + 1, "save it as UTF-8"
    if "\0" in excerpt:  # UTF-16, of which nothing can be shown
        return Problem("the file is not UTF-8", file, line, help=help_, code=code)
    at = (line, len(start) + 1, 1)
    return Problem("the file is not UTF-8", file, *at, excerpt, help_, code=code)
