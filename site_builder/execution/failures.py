"""Why a post did not come to its end, in words.

In: a post, its job and the events of its process. Out: a problem. Whatever ended the process, the
message names the post, the cell's line and the last output.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from site_builder.errors import Problem
from site_builder.execution.child.protocol import Message
from site_builder.execution.lines import first_line, line_in_file, named_cells, placed, text_at
from site_builder.execution.values import at_expression
from site_builder.model.post import Cell, Expression, Post

Step = Cell | Expression
FATAL = "Fatal Python error: "  # how faulthandler begins
LINE = 200  # characters of a line of output in a message
# Colours, and whatever else could move the cursor of the reader's terminal.
CONTROL = re.compile(
    r"\x1b\[[\d;:?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]"
)


def failure(post: Post, job: Message, events: Sequence[Message]) -> Problem | None:
    """Give the problem that kept a post from its end; None if it came to it."""
    failed = next((event for event in events if event["event"] == "failed"), None)
    exited = next((event for event in events if event["event"] == "exited"), None)
    finished = any(event["event"] == "finished" for event in events)
    stopped = exited["stopped"] if exited else ""
    last = _last_output(post, failed, exited)
    if exited and (exited["forked"] or stopped):
        step = _step(post, exited["number"] if stopped else exited["forked"])
        return _stopped(post, job, step, stopped or "fork", last)
    if failed and not failed["number"]:
        return _not_begun(post, job, failed["error"])
    if failed:
        return _raised(post, job, _step(post, failed["number"]), failed["error"], last)
    if finished:
        return None
    if exited is None:
        step = _last_begun(post, events)
        where = f"in {_named(step)}" if step else "before its first cell"
        message = f"the processes of the post were ended from outside, {where}"
        help_ = "the system may have run out of memory"
        return _at(post, step, message, help_, code="X005")
    return _died(post, _step(post, exited["number"]), exited)


def _last_begun(post: Post, events: Sequence[Message]) -> Step | None:
    begun = [event for event in events if event["event"] in ("cell", "expression")]
    if not begun:
        return None
    number: int = begun[-1]["number"]
    return _step(post, number if begun[-1]["event"] == "cell" else -number)


def _step(post: Post, number: int) -> Step | None:
    """The cell of a number, or the expression of minus its number; None for 0."""
    if number < 0:
        return post.expressions[-number - 1]
    return next((cell for cell in post.cells if cell.number == number), None)


def _named(step: Step | None) -> str:
    if isinstance(step, Cell):
        return f"cell {step.number}"
    return f"a {step.kind} in the prose" if step else "the post"


def _last_output(post: Post, failed: Message | None, exited: Message | None) -> tuple[str, ...]:
    """The last lines that the cell printed."""
    text = ""
    if failed:
        text = "".join(entry.get("text", "") for entry in failed["outputs"])
    elif exited:
        text = exited["stdout"] + exited["stderr"].partition(FATAL)[0]
    text = placed(text, post)
    text = CONTROL.sub("", text[-20 * LINE :]).replace("\r\n", "\n")
    lines = [line.rstrip("\r").rpartition("\r")[2][-LINE:] for line in text.rstrip().split("\n")]
    if not any(lines):
        return ()
    return ("last output:\n" + "\n".join(f"| {line}" for line in lines[-5:]),)


def _at(
    post: Post,
    step: Step | None,
    message: str,
    help_: str = "",
    notes: tuple[str, ...] = (),
    *,
    code: str,
) -> Problem:
    """A problem of a whole cell, at its first line of code; or of an expression."""
    if step is None:
        return Problem(message, post.source.path, help=help_, notes=notes, code=code)
    if isinstance(step, Expression):
        return replace(at_expression(post, step, message, help_, code=code), notes=notes)
    return Problem(
        message,
        post.source.path,
        post.source.file_line(step.line),
        excerpt=post.source.line_text(step.line),
        help=help_,
        notes=notes,
        code=code,
    )


def _stopped(
    post: Post, job: Message, step: Step | None, why: str, last: tuple[str, ...]
) -> Problem:
    limits, name, code = job["limits"], _named(step), "X002"
    if why == "time":
        steps = job["expressions" if isinstance(step, Expression) else "cells"]
        timeout = next((s["timeout"] for s in steps if step and s["number"] == step.number), 0)
        own = "`#| timeout: SECONDS` in the cell"
        if isinstance(step, Expression):
            own = "'timeout: SECONDS' in the front matter"
        message = f"{name} took longer than {timeout:g} s and was stopped"
        help_ = f"allow more with {own} or [execution] timeout"
    elif why == "post time":
        message = f"the post took longer than {limits['post_timeout']:g} s; stopped in {name}"
        help_ = "allow more with [execution] post_timeout"
    elif why == "output":
        message = f"{name} put out more than {limits['output'] / 1e6:g} MB and was stopped"
        help_ = "print less, or allow more with [execution] output_limit"
        code = "X003"
    elif why == "fork":
        message = f"{name} forked, and the copy ran on past its end; ended"
        help_ = "end the copy with os._exit, or use subprocess or multiprocessing"
        code = "X006"
    else:
        message, help_, code = f"the build was interrupted in {name}", "", "X017"
    return _at(post, step, message, help_, last, code=code)


def _died(post: Post, step: Step | None, exited: Message) -> Problem:
    last = _last_output(post, None, exited)
    name = _named(step)
    if not exited["signal"]:
        message = f"{name} ended its own process with code {exited['code']}"
        return _at(post, step, message, "a cell must not call os._exit", last, code="X006")
    try:
        sign = signal.Signals(exited["signal"]).name
    except ValueError:
        sign = f"signal {exited['signal']}"
    message = f"{name}: its process was killed by {sign}"
    _, crashed, fault = exited["stderr"].partition(FATAL)
    if not crashed:
        hints = {"SIGKILL": "the system may have run out of memory"}
        return _at(post, step, message, hints.get(sign, ""), last, code="X005")
    what = fault.partition("\n")[0]
    found = first_line(fault, post)
    message, help_ = f"{message} ({what})", "a library crashed in this line"
    problem = _at(post, step, message, help_, last, code="X005")
    if not found:
        return replace(problem, help="a library crashed")
    return replace(problem, line=found[0], excerpt=found[1])


def _not_begun(post: Post, job: Message, error: dict[str, Any]) -> Problem:
    """The problem of a post that ended before its first cell began."""
    if error["name"] == "KernelMissingError":
        message = f"there is no Jupyter kernel {job['kernel']!r}"
        help_ = f"installed are: {error['message']}" if error["message"] else "none is installed"
        return Problem(message, post.source.path, help=help_, code="X007")
    reason = f"{error['name']}: {error['message']}"
    message = f"the post's process could not be made ready: {reason}"
    if error["name"] == "ModuleNotFoundError":
        package = error["message"].rpartition(" ")[2]
        what = f"Jupyter kernel {job['kernel']!r}" if job["kernel"] else "magics (%, !)"
        message = f"{what} need {package}, which is not there"
        help_ = _HELP["ModuleNotFoundError"]
        return Problem(message, post.source.path, help=help_, code="X008")
    notes = tuple(filter(None, (error["text"].rstrip(),)))
    return Problem(message, post.source.path, notes=notes, code="X008")


def _raised(
    post: Post, job: Message, step: Step | None, error: dict[str, Any], last: tuple[str, ...]
) -> Problem:
    """The problem of a cell that raised, at the deepest line of the post in its traceback."""
    name = error["name"]
    if name == "OutputLimitError":
        return _stopped(post, job, step, "output", last)
    told = placed(error["message"], post)
    first = told.partition("\n")[0]  # the traceback below has all of it
    message = f"{name}: {first}" if first else name
    traceback = CONTROL.sub("", placed(error["text"], post)).rstrip()
    notes = (*last, traceback)
    cells = named_cells(post)
    frames = [f for f in error["frames"] if f["file"] in cells and f["line"]]
    help_, code = _HELP.get(name, ""), "X001"
    if name == "SystemExit":
        message, code = f"{_named(step)} called sys.exit({told})", "X006"
    elif "memory" in error:
        message = f"MemoryError: the post needed more than {error['memory'] / 1e9:g} GB"
        code = "X004"
    if not frames:
        return _at(post, step, message, help_, notes, code=code)
    frame = frames[-1]
    there = cells[frame["file"]]
    line = line_in_file(post, there, frame["line"])
    excerpt = text_at(post, there, frame["line"])
    column = (frame["column"] or -there.column) + there.column
    width = max(1, (frame["end"] or 0) - (frame["column"] or 0))
    at = (post.source.path, line, column, width)
    return Problem(message, *at, excerpt, help_, notes, code=code)


_HELP = {
    "EOFError": "a cell cannot wait for input: nobody is there to type",
    "SystemExit": "let the cell end by itself",
    "MemoryError": "allow more with [execution] memory",
    "ModuleNotFoundError": "install it in the Python that runs the posts ([execution] python)",
}
