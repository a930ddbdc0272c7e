"""Places in a post: from what a parser knows to a line and a column that an author can find.

In: a source, a line or a block of it, and what to look for. Out: positions counted from 1, and
problems that show the line at fault. Only called when something is wrong, so never for speed.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

from markdown_it.token import Token

from site_builder.errors import Problem
from site_builder.model.post import Source


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake that a Markdown rule met: the rule knows the text's line, not the file."""

    line: int
    """Line of the text, from 1."""
    message: str
    help: str = ""
    column: int = 0
    width: int = 1
    code: str = field(kw_only=True)


def locate(
    source: Source, start_line: int, end_line: int, needle: str, nth: int = 0
) -> tuple[int, int]:
    """Line and column of the `nth` (from 0) `needle` between two lines of the text, both included.

    The first line and column 0 if it is not there, as when an escape hides it.
    """
    block = "\n".join(source.text.split("\n")[start_line - 1 : end_line])
    at = -1
    for _ in range(nth + 1):
        at = block.find(needle, at + 1)
        if at < 0:
            return start_line, 0
    before = block[:at]
    return start_line + before.count("\n"), at - (before.rfind("\n") + 1) + 1


def inline_place(source: Source, inline: Token, offset: tuple[int, int]) -> tuple[int, int]:
    """Line and column of what stands `offset` (line, column, from 0) into an inline token.

    Column 0 if the line cannot be found, as in a table with an escaped bar.
    """
    line = (inline.map[0] if inline.map else 0) + offset[0] + 1
    written = inline.content.split("\n")[offset[0]]
    at = source.line_text(line).find(written)
    return line, at + offset[1] + 1 if at >= 0 else 0


def problem_at(
    source: Source,
    line: int,
    message: str,
    help_: str = "",
    *,
    code: str,
    column: int = 0,
    width: int = 1,
) -> Problem:
    """The problem at a line of the source's text, with that line shown."""
    excerpt = source.line_text(line)
    if column:
        width = max(1, min(width, len(excerpt) - column + 1))
    place = (source.path, source.file_line(line), column, width)
    return Problem(message, *place, excerpt, help_, code=code)


def report(env: MutableMapping[str, Any], fault: Fault) -> None:
    """Note a fault in the parser's environment, where `parse` looks for them."""
    env.setdefault("faults", []).append(fault)
