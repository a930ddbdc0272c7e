"""Runs the cells of one post, in order, in this process.

In: a job (cells with their names, folder, seed, settings) and a capture. Out: events. A job that is
given whole, and one whose steps come one by one, run the same.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from site_builder.execution.child.cells import Evaluate, RunCell, kernel_runner, python_runner
from site_builder.execution.child.observe import Observer
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.streams import Capture, Entry, OutputLimitError
from site_builder.execution.child.trace import make_trace
from site_builder.execution.child.tracebacks import describe, more_memory

Emit = Callable[[Message], None]
EnterCell = Callable[[int, float], None]
LeaveCell = Callable[[], None]


def run_post(
    job: Message,
    capture: Capture,
    emit: Emit,
    enter_cell: EnterCell,
    leave_cell: LeaveCell,
    observer: Observer,
) -> None:
    """Run the job's cells until one fails; `emit` gets the events.

    `enter_cell(number, timeout in seconds)` and `leave_cell` tell the supervisor whose time runs:
    a cell's, or an expression's, whose number is told as minus it.
    What `observer` has seen goes with the event `finished`.
    """
    with begun(job, capture, emit, enter_cell, leave_cell, observer) as steps:
        if steps is None:
            return
        for step in _in_order(job):
            if not steps.run(step):  # as deep in calls as in a run of one by one
                return
        emit(steps.finished())


@contextlib.contextmanager
def begun(
    job: Message,
    capture: Capture,
    emit: Emit,
    enter_cell: EnterCell,
    leave_cell: LeaveCell,
    observer: Observer,
) -> Iterator[Steps | None]:
    """What runs the steps of a post, one by one; None, and an event, if that cannot begin."""
    capture.install()
    with contextlib.ExitStack() as ending:
        try:
            start = kernel_runner if job["kernel"] else python_runner
            run_cell, evaluate = start(job, capture, ending, observer)
        except Exception as failure:
            error = describe(failure, job)
            emit({"event": "failed", "number": 0, "outputs": capture.take(), "error": error})
            yield None
            return
        telling = emit, enter_cell, leave_cell
        yield Steps(job, capture, observer, ending, telling, (run_cell, evaluate))


class Steps:
    """The steps of a post, run in the order in which they are given."""

    def __init__(
        self,
        job: Message,
        capture: Capture,
        observer: Observer,
        ending: contextlib.ExitStack,
        telling: tuple[Emit, EnterCell, LeaveCell],
        running: tuple[RunCell, Evaluate],
    ) -> None:
        self._job, self._capture, self._observer, self._ending = job, capture, observer, ending
        self._emit, self._enter_cell, self._leave_cell = telling
        self._run_cell, self._given_evaluate = running

    def run(self, step: Message) -> bool:
        """Run a cell, `{"cell": …}`, or an expression; whether the post can go on."""
        if "expression" in step:
            self._evaluate(step["expression"])
            return True
        return self._run(step["cell"])

    def finished(self) -> Message:
        """The event that says that all steps are through; the observer is closed by it."""
        trace = make_trace(self._observer, self._job)
        return {"event": "finished", **_environment(self._job), "trace": trace}

    def _evaluate(self, expression: Message) -> None:
        self._emit({"event": "expression", "number": expression["number"]})
        self._enter_cell(-expression["number"], expression["timeout"])
        event = self._given_evaluate(expression)
        self._leave_cell()
        self._emit(event)

    def _run(self, cell: Message) -> bool:
        self._emit({"event": "cell", "number": cell["number"]})
        began = time.perf_counter()
        self._enter_cell(cell["number"], cell["timeout"])
        raised = _guarded(self._run_cell, cell, self._job, self._capture, self._ending)
        self._leave_cell()
        event = _end_of_cell(cell, raised, self._capture.take())
        self._emit({**event, "seconds": time.perf_counter() - began})
        return bool(event["event"] == "done")


def _in_order(job: Message) -> Iterator[Message]:
    """The steps of a job: the expressions before its first cell, each cell and those after it."""
    for number, cell in [(0, None), *((cell["number"], cell) for cell in job["cells"])]:
        if cell is not None:
            yield {"cell": cell}
        yield from ({"expression": e} for e in job["expressions"] if e["after"] == number)


def _end_of_cell(cell: Message, raised: Message | None, outputs: list[Entry]) -> Message:
    """The event that says what came of a cell, which may be meant to raise."""
    number = cell["number"]
    if raised is None:
        return {"event": "done", "number": number, "outputs": outputs}
    if not (cell["options"]["error"] and raised["catchable"]):
        return {"event": "failed", "number": number, "outputs": outputs, "error": raised}
    return {"event": "done", "number": number, "outputs": [*outputs, _error_entry(raised)]}


def _guarded(
    run_cell: RunCell,
    cell: Message,
    job: Message,
    capture: Capture,
    ending: contextlib.ExitStack,
) -> Message | None:
    """Run a cell; what it raised in terms of the post, or None."""
    raised = None
    try:
        run_cell(cell)
    except OutputLimitError:
        pass
    except (SystemExit, KeyboardInterrupt) as error:
        raised = {**describe(error, job), "catchable": False}
    except MemoryError as error:
        ending.enter_context(more_memory())  # for the report: what the cell holds is still there
        limit = job["limits"]["memory"]
        raised = {**describe(error, job), "catchable": False, "memory": limit}
    except BaseException as error:
        raised = {**describe(error, job), "catchable": True}
    if capture.overflowed:
        return {"name": "OutputLimitError", "catchable": False}
    return raised


def _error_entry(error: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": error["name"], "message": error["message"]}
    return {"kind": "error", "text": error["text"], "metadata": metadata}


def _environment(job: Message) -> Message:
    """Python's version and the modules that readers of the post should know the versions of."""
    names = set(job["imports"]) & sys.modules.keys()
    if "keras" in names:
        names.add(sys.modules["keras"].backend.backend())
    return {"python": ".".join(map(str, sys.version_info[:3])), "imports": sorted(names)}
