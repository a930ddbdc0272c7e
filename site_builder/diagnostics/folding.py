"""Tracebacks as an author wants them: the post's own frames, and of libraries where it ended.

In: the text of a traceback that names posts by their paths. Out: the same with runs of frames in
libraries in one line, or nothing where it says no more than the problem itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from site_builder.errors import Problem

MOST = 2  # frames of libraries in a row that are shown
NAMED = 3  # packages that are named
_FRAME = re.compile(r'^( +)File "([^"]+)", line (\d+)')
_REPEATED = "[Previous line repeated "
_OWN = ("posts/", "pages/", "<")  # what stands for a post's code and modules beside it


def folded(problem: Problem) -> tuple[str, ...]:
    """Give the notes of a problem, with their tracebacks folded."""
    return tuple(_fold(note) for note in problem.notes if not _is_told(problem, note))


def _is_told(problem: Problem, note: str) -> bool:
    """Whether a traceback has one frame, the line that the problem shows, and its message."""
    lines = note.rstrip().removeprefix("Traceback (most recent call last):\n").split("\n")
    if len(lines) < 2:
        return False
    found = _FRAME.match(lines[0])
    if not found or found[2] != problem.file or found[3] != str(problem.line):
        return False
    return all(line.startswith("    ") for line in lines[1:-1]) and lines[-1] == problem.message


@dataclass(frozen=True, slots=True)
class _Part:
    """A frame, or a line that is of none."""

    lines: tuple[str, ...]
    indent: str = ""
    file: str = ""

    @property
    def is_foreign(self) -> bool:
        return bool(self.file) and not self.file.startswith(_OWN)


def _fold(text: str) -> str:
    lines: list[str] = []
    foreign: list[_Part] = []
    for part in [*_parts(text.split("\n")), _Part(())]:
        if part.is_foreign:
            foreign.append(part)
            continue
        lines += _shown(foreign)
        foreign = []
        lines += part.lines
    return "\n".join(lines)


def _parts(lines: Sequence[str]) -> Iterator[_Part]:
    at = 0
    while at < len(lines):
        frame = _FRAME.match(lines[at])
        end = at + 1
        if frame:
            while end < len(lines) and _belongs(lines[end], frame[1]):
                end += 1
            yield _Part(tuple(lines[at:end]), frame[1], frame[2])
        else:
            yield _Part((lines[at],))
        at = end


def _belongs(line: str, indent: str) -> bool:
    return line.startswith((indent + "  ", indent + _REPEATED))


def _shown(frames: Sequence[_Part]) -> list[str]:
    """Frames of libraries that follow one another: all if they are few, else the last of them."""
    if len(frames) <= MOST:
        return [line for frame in frames for line in frame.lines]
    names = list(dict.fromkeys(_package(frame.file) for frame in frames[:-1]))
    told = ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")
    return [f"{frames[0].indent}… {len(frames) - 1} frames in {told} …", *frames[-1].lines]


def _package(file: str) -> str:
    return re.split(r"[/\\]", file)[0].removesuffix(".py")
