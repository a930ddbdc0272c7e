"""Runs the cells of one post, in order, in this process.

In: a job (cells with their names, folder, seed, settings) and a capture. Out: events. Every line
number that a cell can see, in tracebacks, warnings and `inspect`, is one within its cell.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from site_builder.execution.child import seeds
from site_builder.execution.child.claims import Assertions
from site_builder.execution.child.display import Displayer, DisplayHandle
from site_builder.execution.child.expressions import evaluate as evaluated
from site_builder.execution.child.figures import Figures
from site_builder.execution.child.kernel import (
    KernelCellError,
    run_kernel_cell,
    start_kernel,
    stop_kernel,
)
from site_builder.execution.child.observe import Observer
from site_builder.execution.child.program import Program
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.sources import Sources
from site_builder.execution.child.streams import Capture, Entry, OutputLimitError
from site_builder.execution.child.trace import make_trace
from site_builder.execution.child.tracebacks import (
    ENGINE,
    describe,
    more_memory,
    short_name,
)

RunCell = Callable[[Message], None]
Evaluate = Callable[[Message], Message]


def run_post(
    job: Message,
    capture: Capture,
    emit: Callable[[Message], None],
    enter_cell: Callable[[int, float], None],
    leave_cell: Callable[[], None],
    observer: Observer,
) -> None:
    """Run the job's cells until one fails; `emit` gets the events.

    `enter_cell(number, timeout in seconds)` and `leave_cell` tell the supervisor whose time runs:
    a cell's, or an expression's, whose number is told as minus it.
    What `observer` has seen goes with the event `finished`.
    """
    capture.install()
    with contextlib.ExitStack() as ending:
        try:
            start = _kernel_runner if job["kernel"] else _python_runner
            run_cell, evaluate = start(job, capture, ending, observer)
        except Exception as failure:
            error = describe(failure, job)
            emit({"event": "failed", "number": 0, "outputs": capture.take(), "error": error})
            return

        def evaluate_after(number: int) -> None:
            for each in job["expressions"]:
                if each["after"] == number:
                    emit({"event": "expression", "number": each["number"]})
                    enter_cell(-each["number"], each["timeout"])
                    event = evaluate(each)
                    leave_cell()
                    emit(event)

        evaluate_after(0)
        for cell in job["cells"]:
            emit({"event": "cell", "number": cell["number"]})
            began = time.perf_counter()
            enter_cell(cell["number"], cell["timeout"])
            raised = _guarded(run_cell, cell, job, capture, ending)
            leave_cell()
            event = _end_of_cell(cell, raised, capture.take())
            emit({**event, "seconds": time.perf_counter() - began})
            if event["event"] == "failed":
                return
            evaluate_after(cell["number"])
        trace = make_trace(observer, job)
        emit({"event": "finished", **_environment(job), "trace": trace})


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


def _python_runner(
    job: Message, capture: Capture, _: contextlib.ExitStack, observer: Observer
) -> tuple[RunCell, Evaluate]:
    """The functions that run a Python cell, and evaluate an expression of the prose."""
    module = _main_module(job)
    sources = Sources(job)
    figures = Figures(capture, job["figures"])
    displayer = Displayer(capture, figures.entry_of)
    generators = seeds.Seeds(job["seed"])
    ours = _import_actions(job, figures, displayer, sources)
    seeds.after_import({**generators.actions(), **ours, **observer.actions()}, generators)
    builtins.__dict__.update(display=displayer.display)
    translate: Callable[[str], tuple[str, bool]] = lambda code: (code, False)  # noqa: E731
    if job["magics"]:
        from site_builder.execution.child.magics import start_shell

        translate = start_shell(module, displayer)
    program = Program(module.__dict__)

    def run_cell(cell: Message) -> None:
        figures.begin(cell["options"])
        sources.begin(cell)
        assertions = Assertions(job["root"]) if cell["options"]["claim"] else None
        false = None
        try:
            code, timed = translate(cell["code"])
            run = program.run_timed if timed else program.run
            value = run(code, cell["name"], assertions.watch if assertions else None)
            if value is not None:
                builtins._ = value  # type: ignore[attr-defined]
                if not isinstance(value, DisplayHandle) and not figures.is_drawing(value):
                    displayer.display(value)
        except AssertionError as error:
            if assertions is None:
                raise
            false = describe(error, job)  # no failure: the builder decides what becomes of it
        finally:
            figures.show_open()
        for entry in assertions.entries(false) if assertions else ():
            capture.display(entry)

    def evaluate(expression: Message) -> Message:
        figures.begin({})
        sources.begin(expression)
        return evaluated(expression, program, capture, figures.show_open, job)

    return run_cell, evaluate


def _main_module(job: Message) -> types.ModuleType:
    """The module that the post is, as a script that was started in its folder."""
    module = types.ModuleType("__main__")
    module.__file__ = job["file"]
    sys.modules["__main__"] = module
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    sys.argv = [job["name"]]
    sys.stdin = _NoInput()
    return module


def _import_actions(
    job: Message, figures: Figures, displayer: Displayer, sources: Sources
) -> dict[str, seeds.Action]:
    """What to do once libraries are imported: seeds, and our displays in place of theirs."""
    ours = {
        "display": displayer.display,
        "update_display": displayer.update,
        "clear_output": displayer.clear_output,
    }

    def replace(module: types.ModuleType) -> None:
        module.__dict__.update(ours)

    def shorten(warnings: types.ModuleType) -> None:
        original = warnings.formatwarning

        def formatwarning(
            message: object, category: object, filename: str, lineno: int, line: str | None = None
        ) -> str:
            if filename.startswith(ENGINE):  # nobody's line, such as that of a collected coroutine
                return f"{job['name']}: {getattr(category, '__name__', '')}: {message}\n"
            text: str = original(message, category, filename, lineno, line)
            return text.replace(filename, short_name(filename, job), 1)

        warnings.__dict__["formatwarning"] = formatwarning

    def fork_processes(multiprocessing: types.ModuleType) -> None:
        # Other ways begin with importing the file of `__main__`, which is no Python here.
        if sys.platform == "linux":
            multiprocessing.set_start_method("fork", force=True)

    return {
        "matplotlib.pyplot": figures.prepare,
        "IPython.core.display_functions": replace,
        "IPython.display": replace,
        "inspect": sources.prepare,
        "warnings": shorten,
        "multiprocessing": fork_processes,
    }


class _NoInput(io.TextIOBase):
    """Standard input of a post: there is none, and asking for it says so."""

    encoding = "utf-8"
    errors = "strict"

    def readable(self) -> bool:
        return True

    def readline(self, *_: object) -> str:  # type: ignore[override]
        raise EOFError("a post has no standard input: nobody is there to type")

    read = readline
    __next__ = readline  # type: ignore[assignment]


def _error_entry(error: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": error["name"], "message": error["message"]}
    return {"kind": "error", "text": error["text"], "metadata": metadata}


def _environment(job: Message) -> Message:
    """Python's version and the modules that readers of the post should know the versions of."""
    names = set(job["imports"]) & sys.modules.keys()
    if "keras" in names:
        names.add(sys.modules["keras"].backend.backend())
    return {"python": ".".join(map(str, sys.version_info[:3])), "imports": sorted(names)}


def _kernel_runner(
    job: Message, capture: Capture, ending: contextlib.ExitStack, _: Observer
) -> tuple[RunCell, Evaluate]:
    """The function that runs a cell through a Jupyter kernel; there are no expressions then."""
    client = start_kernel(job["kernel"])
    ending.callback(stop_kernel, client)
    names: list[str] = []

    def run_cell(cell: Message) -> None:
        names.append(cell["name"])
        try:
            for entry in run_kernel_cell(client, cell["code"]):
                if "text" in entry:
                    capture.write(0 if entry["kind"] == "stdout" else 1, entry["text"].encode())
                else:
                    capture.display(entry)
        except KernelCellError as error:
            error.find_line(names)
            raise

    return run_cell, _no_expressions


def _no_expressions(_: Message) -> Message:
    raise NotImplementedError("a post that runs through a kernel has no expressions")
