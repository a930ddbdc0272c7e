"""From the events of a run to what came of it: an Execution, or problems in words.

In: a post, its job and the events of its process. Out: an Outcome. Whatever ended the process, the
message names the post, the cell's line and the last output.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from site_builder.errors import Problem
from site_builder.execution.child.protocol import Message
from site_builder.model import Cell, Environment, Execution, Output, Post


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of running a post: an execution, or problems, and warnings either way."""

    execution: Execution | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def report(post: Post, job: Message, events: Sequence[Message]) -> Outcome:
    """Make the outcome of a post's events."""
    by_kind = {event["event"]: event for event in events}
    exited = by_kind.get("exited")
    warnings = _warnings(post, exited)
    problem = _problem(post, job, events)
    if problem is not None:
        return Outcome(problems=(problem,), warnings=warnings)
    outputs: dict[int, tuple[Output, ...]] = {}
    seconds = 0.0
    for event in events:
        if event["event"] == "done":
            outputs[event["number"]] = tuple(_output(entry) for entry in event["outputs"])
            seconds += event["seconds"]
    finished = by_kind["finished"]
    environment = Environment(
        python=job["kernel"] or finished["python"],
        packages=tuple(sorted(finished["packages"].items())),
        seed=job["seed"],
    )
    shown = tuple(outputs.get(cell.number, ()) for cell in post.cells)
    return Outcome(Execution(shown, seconds, environment), warnings=warnings)


def _output(entry: dict[str, Any]) -> Output:
    return Output(
        kind=entry["kind"],
        text=entry.get("text", ""),
        data=entry.get("data", {}),
        metadata=entry.get("metadata", {}),
    )


def _warnings(post: Post, exited: Message | None) -> tuple[Problem, ...]:
    kernel = bool(post.front_matter.kernel)  # a kernel is ours to end
    if exited is None or not exited["leftovers"] or exited["stopped"] or kernel:
        return ()
    count = exited["leftovers"]
    what = "a process" if count == 1 else f"{count} processes"
    message = f"the post left {what} running; ended"
    return (Problem(message, post.source.path, help="wait for what a cell starts"),)


def _problem(post: Post, job: Message, events: Sequence[Message]) -> Problem | None:
    """Why the post did not come to its end, or None."""
    failed = next((event for event in events if event["event"] == "failed"), None)
    exited = next((event for event in events if event["event"] == "exited"), None)
    finished = any(event["event"] == "finished" for event in events)
    if exited is None and not finished:
        return Problem(
            "the process that should run the post did not start, or was ended from outside",
            post.source.path,
            help="does the Python of [execution] start at all?",
        )
    number = failed["number"] if failed else (exited or {}).get("number", 0)
    cell = next((c for c in post.cells if c.number == number), None)
    stopped = exited["stopped"] if exited else ""
    last = _last_output(failed, exited)
    if exited and exited["forked"] and not stopped:
        cell = next((c for c in post.cells if c.number == exited["forked"]), None)
        return _stopped(post, job, cell, "fork", last)
    if stopped:
        return _stopped(post, job, cell, stopped, last)
    if failed:
        return _raised(post, job, cell, failed["error"], last)
    if not finished:
        assert exited is not None
        return _died(post, cell, exited, last)
    return None


def _last_output(failed: Message | None, exited: Message | None) -> tuple[str, ...]:
    """The last lines that the cell printed."""
    text = ""
    if failed:
        text = "".join(entry.get("text", "") for entry in failed["outputs"])
    elif exited:
        text = exited["stdout"] + exited["stderr"]
    lines = [line.rsplit("\r", 1)[-1][:200] for line in text[-2000:].rstrip().split("\n")[-5:]]
    if not any(lines):
        return ()
    return ("last output:\n" + "\n".join(f"| {line}" for line in lines),)


def _at(
    post: Post,
    cell: Cell | None,
    message: str,
    help_: str = "",
    notes: tuple[str, ...] = (),
) -> Problem:
    """A problem of a whole cell, at its first line of code."""
    if cell is None:
        return Problem(message, post.source.path, help=help_, notes=notes)
    return Problem(
        message,
        post.source.path,
        post.source.file_line(cell.line),
        excerpt=post.source.line_text(cell.line),
        help=help_,
        notes=notes,
    )


def _stopped(
    post: Post, job: Message, cell: Cell | None, why: str, last: tuple[str, ...]
) -> Problem:
    limits = job["limits"]
    number = f"cell {cell.number}" if cell else "the post"
    if why == "time":
        timeout = next(c["timeout"] for c in job["cells"] if cell and c["number"] == cell.number)
        message = f"{number} took longer than {timeout:g} s and was stopped"
        help_ = "allow more with `#| timeout: SECONDS` in the cell or [execution] timeout"
    elif why == "post time":
        message = f"the post took longer than {limits['post_timeout']:g} s; stopped in {number}"
        help_ = "allow more with [execution] post_timeout"
    elif why == "output":
        message = f"{number} put out more than {limits['output'] / 1e6:g} MB and was stopped"
        help_ = "print less, or allow more with [execution] output_limit"
    elif why == "fork":
        message = f"{number} forked, and the copy ran on past the end of the cell; ended"
        help_ = "end the copy with os._exit, or use subprocess or multiprocessing"
    else:
        message, help_ = f"the build was interrupted in {number}", ""
    return _at(post, cell, message, help_, last)


def _died(post: Post, cell: Cell | None, exited: Message, last: tuple[str, ...]) -> Problem:
    number = f"cell {cell.number}" if cell else "the post"
    if exited["signal"]:
        name = signal.Signals(exited["signal"]).name
        message = f"{number}: its process was killed by {name}"
        hints = {
            "SIGKILL": "the system may have run out of memory",
            "SIGSEGV": "a library crashed; the last output shows where",
        }
        return _at(post, cell, message, hints.get(name, ""), last)
    message = f"{number} ended its own process with code {exited['code']}"
    return _at(post, cell, message, "a cell must not call os._exit", last)


def _raised(
    post: Post, job: Message, cell: Cell | None, error: dict[str, Any], last: tuple[str, ...]
) -> Problem:
    """The problem of a cell that raised, at the deepest line of the post in its traceback."""
    name = error["name"]
    if name == "OutputLimitError":
        return _stopped(post, job, cell, "output", last)
    if name == "KernelMissingError":
        message = f"there is no Jupyter kernel {job['kernel']!r}"
        return Problem(message, post.source.path, help=f"installed are: {error['message']}")
    message = f"{name}: {error['message']}" if error["message"] else name
    traceback = re.sub(r"\x1b\[[\d;]*m", "", error["text"]).rstrip()
    notes = (*last, traceback)
    frames = [f for f in error["frames"] if f["file"] == post.source.path and f["line"]]
    help_ = _HELP.get(name, "")
    if name == "SystemExit":
        message = f"cell {cell.number if cell else '?'} called sys.exit({error['message']})"
    elif "memory" in error:
        message = f"MemoryError: the post needed more than {error['memory'] / 1e9:g} GB"
    if not frames:
        return _at(post, cell, message, help_, notes)
    frame = frames[-1]
    column = frame["column"] or 0
    return Problem(
        message,
        post.source.path,
        frame["line"],
        column,
        max(1, (frame["end"] or 0) - column),
        _line(job, frame["line"]),
        help_,
        notes,
    )


def _line(job: Message, number: int) -> str:
    lines: list[str] = job["lines"]
    return lines[number - 1].rstrip("\n") if 0 < number <= len(lines) else ""


_HELP = {
    "EOFError": "a cell cannot wait for input: nobody is there to type",
    "SystemExit": "let the cell end by itself",
    "MemoryError": "allow more with [execution] memory",
    "ModuleNotFoundError": "install it in the Python that runs the posts ([execution] python)",
}
