"""Line numbers of the post in outputs: kept relative to their cell, shown as they are today.

In: an output as a cell put it out, or as it was recorded. Out: the other. Promise: prose that grows
above a cell changes no record; where that cannot be had, `tells_lines` says so and the lines of the
cells become a part of what the run observed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from site_builder.model import Cell, Output, Post

MARK = "\x00"  # no output that readers see can hold it
_MARKED = re.compile(f"{MARK}(\\d+)\\+(\\d+){MARK}")
# Code that can learn its own line, and do with it what it likes.
_CURIOUS = re.compile(
    r"lineno|__code__|__traceback__|exc_info|_getframe|currentframe|settrace|setprofile"
    r"|formatwarning|showwarning|\b(?:dis|inspect|traceback)\b"
)


class UnplacedLineError(Exception):
    """An output names a line of the post that is not a cell's."""


def tells_lines(post: Post, modules: Iterable[str]) -> bool:
    """Whether a post can print line numbers of its own that nobody would recognise as such.

    `modules` are the sources of the local modules that it imports.
    """
    codes = [cell.code for cell in ran(post)]
    own_name = any(post.source.path in code for code in codes)
    return own_name or any(_CURIOUS.search(code) for code in (*codes, *modules))


def with_relative_lines(outputs: Sequence[Output], post: Post) -> tuple[Output, ...]:
    """Mark line numbers in errors and warnings; raises UnplacedLineError if one cannot be marked,
    or stands where a cell must have put it by itself."""
    spans = [
        (index, post.source.file_line(cell.line), max(1, cell.code.count("\n")))
        for index, cell in enumerate(ran(post))
    ]
    name = re.escape(post.source.path)
    told = re.compile(rf'(?<![\w/])({name}:|File "{name}", line )(\d+)')

    def mark(found: re.Match[str]) -> str:
        line = int(found[2])
        for index, first, count in spans:
            if first <= line < first + count:
                return f"{found[1]}{MARK}{index}+{line - first}{MARK}"
        raise UnplacedLineError(line)

    def change(text: str) -> str:
        if MARK in text:
            raise UnplacedLineError(0)
        return told.sub(mark, text) if post.source.path in text else text

    def refuse(text: str) -> str:
        if MARK in text or told.search(text):
            raise UnplacedLineError(0)
        return text

    expected = ("error", "stderr")
    return tuple(_changed(x, change if x.kind in expected else refuse) for x in outputs)


def with_lines(outputs: Sequence[Output], post: Post) -> tuple[Output, ...]:
    """Put today's line numbers in the place of the marks."""
    first = [post.source.file_line(cell.line) for cell in ran(post)]

    def change(text: str) -> str:
        if MARK not in text:
            return text
        return _MARKED.sub(lambda found: str(first[int(found[1])] + int(found[2])), text)

    return tuple(_changed(output, change) for output in outputs)


def ran(post: Post) -> list[Cell]:
    """The cells of a post that run."""
    return [cell for cell in post.cells if cell.options.eval]


def _changed(output: Output, change: Callable[[str], str]) -> Output:
    data = {
        mime: change(value) if isinstance(value, str) and mime.startswith("text/") else value
        for mime, value in output.data.items()
    }
    metadata: dict[str, Any] = {
        name: change(value) if isinstance(value, str) else value
        for name, value in output.metadata.items()
    }
    return replace(output, text=change(output.text), data=data, metadata=metadata)
