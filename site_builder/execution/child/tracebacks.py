"""What a cell raised, in terms of the post: cells and lines, none of ours, no machine's paths.

In: an exception and the job. Out: name, message, traceback text and frames, all of it JSON.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from site_builder.execution.child.display import clean
from site_builder.execution.child.kernel import KernelCellError
from site_builder.execution.child.protocol import Message

ENGINE = __file__.rpartition(os.sep)[0]
LIBRARIES = ("site-packages" + os.sep, f"python3.{sys.version_info[1]}" + os.sep)

# In messages of the compiler, such as `'(' does not match … on line 3` and `detected at line 3`.
BARE_LINE = re.compile(r"\b(?:on|at) line \d+")


def describe(error: BaseException, job: Message) -> dict[str, Any]:
    """Describe what was raised; frames are those of the traceback, the deepest one last."""
    if isinstance(error, KernelCellError):
        frame = {"file": error.cell, "line": error.line, "column": 0, "end": 0}
        told = {"name": error.name, "message": clean(error.message), "text": clean(error.text)}
        return {**told, "frames": [frame]}
    cells = frozenset(each["name"] for each in (*job["cells"], *job["expressions"]))
    if isinstance(error, SyntaxError) and error.filename in cells:
        name = error.filename
        error.msg = BARE_LINE.sub(lambda found: f"{found[0]} of {name}", error.msg)
    described = traceback.TracebackException.from_exception(error)
    _tidy(described, cells, job)
    frames = [
        {"file": f.filename, "line": f.lineno, "column": _column(f), "end": _column(f, end=True)}
        for f in described.stack
    ]
    if isinstance(error, SyntaxError):
        column = error.offset or 0
        end = error.end_offset if error.end_lineno == error.lineno else None
        place = {"file": error.filename, "line": error.lineno, "column": column}
        frames.append({**place, "end": end or column + 1})
    return {
        "name": type(error).__name__,
        "message": clean(_message(error)),
        "text": clean("".join(described.format())),
        "frames": frames,
    }


@contextlib.contextmanager
def more_memory() -> Iterator[None]:
    """Lift the limit of memory: what an error holds is still there, and its report needs more."""
    try:
        import resource
    except ImportError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _message(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return str(error.msg)
    try:
        return str(error)
    except Exception:
        return "<its message cannot be made>"


def short_name(file: str, job: Message) -> str:
    """A file's name as it is on every machine: relative to the site, or to where libraries are."""
    for marker in LIBRARIES:
        file = file.rpartition(marker)[2]
    root = job["root"] + os.sep
    return file[len(root) :].replace(os.sep, "/") if file.startswith(root) else file


def _tidy(described: traceback.TracebackException, cells: frozenset[str], job: Message) -> None:
    """Leave out what is not the author's: our frames, and all that led to the post's first."""
    waiting = [described]
    while waiting:
        one = waiting.pop()
        frames = [f for f in one.stack if not f.filename.startswith(ENGINE)]
        places = [place for place, f in enumerate(frames) if f.filename in cells]
        if places:
            frames = frames[places[0] :]
        for frame in frames:
            frame.line  # noqa: B018 - read the source line while the name is still the file's
            frame.filename = short_name(frame.filename, job)
        one.stack[:] = frames
        waiting += [e for e in (one.__cause__, one.__context__) if e is not None]
        waiting += getattr(one, "exceptions", None) or []


def _column(frame: traceback.FrameSummary, *, end: bool = False) -> int:
    """Column from 1 in characters; Python counts bytes from 0."""
    offset = frame.end_colno if end else frame.colno
    if offset is None or (end and frame.end_lineno != frame.lineno):
        return 0
    line = linecache.getline(frame.filename, frame.lineno or 0)
    return len(line.encode()[:offset].decode(errors="replace")) + 1
