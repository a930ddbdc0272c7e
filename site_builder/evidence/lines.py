"""Texts of others in a line, as messages quote them.

In: a text, whatever is in it. Out: one line. Promise: nothing in it moves a cursor, changes colours
or the direction of writing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LINE = 100  # characters of a line that are shown


def plain(text: str) -> str:
    """A text in one line, without what a terminal would obey."""
    return OBEYED.sub("", _BREAKS.sub(" ", _SEQUENCE.sub("", text)))


def plain_lines(text: str) -> str:
    """The same of a text of several lines, which may have tabs."""
    lines = (map(plain, line.split("\t")) for line in text.split("\n"))
    return "\n".join("\t".join(parts) for parts in lines)


OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Characters that a terminal obeys, but for the end of a line."""
_BREAKS = re.compile(r"[\t\r\n\x85\u2028\u2029]+")
_SEQUENCE = re.compile(r"\x1b\[[\d;:?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def clipped(text: str) -> str:
    """As much of a text as is shown, with single blanks."""
    line = " ".join(text.split())
    return line if len(line) <= LINE else line[: LINE - 1] + "…"


def proof(holds: bool, parts: Iterable[tuple[str, str]]) -> str:
    """Whether a claim is true, and of which values: `true (x = 2, y = 3)`."""
    told = ", ".join(f"{source} = {value}" for source, value in parts)
    return f"{'true' if holds else 'false'}{f' ({told})' if told else ''}"
