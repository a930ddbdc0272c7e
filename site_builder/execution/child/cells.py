"""What runs a cell, and evaluates an expression: Python in this process, or a Jupyter kernel.

In: a job and a capture. Out: two functions. Every line number that a cell can see, in tracebacks,
warnings and `inspect`, is one within its cell.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
import types
from collections.abc import Callable

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
from site_builder.execution.child.streams import Capture
from site_builder.execution.child.tracebacks import ENGINE, describe, short_name

RunCell = Callable[[Message], None]
Evaluate = Callable[[Message], Message]


def python_runner(
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


def kernel_runner(
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
