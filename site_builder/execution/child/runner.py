"""Runs the cells of one post, in order, in this process.

In: a job (cells with their lines, folder, seed, settings) and a capture. Out: events. Every line
number that a cell can see, in tracebacks, warnings and `inspect`, is the post's own.
"""

from __future__ import annotations

import ast
import asyncio
import builtins
import inspect
import linecache
import os
import sys
import time
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from site_builder.execution.child import seeds
from site_builder.execution.child.display import Displayer, display_entry, mime_bundle
from site_builder.execution.child.figures import Figures
from site_builder.execution.child.kernel import KernelCellError, run_kernel_cell, start_kernel
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.streams import Capture, OutputLimitError

ENGINE = str(Path(__file__).parent)


def run_post(
    job: Message,
    capture: Capture,
    emit: Callable[[Message], None],
    enter_cell: Callable[[int, float], None],
    leave_cell: Callable[[], None],
) -> None:
    """Run the job's cells until one fails; `emit` gets the events.

    `enter_cell(number, timeout in seconds)` and `leave_cell` tell the supervisor whose time runs.
    """
    capture.install()
    try:
        run_cell = _kernel_runner(job, capture) if job["kernel"] else _python_runner(job, capture)
    except Exception as failure:
        emit({"event": "failed", "number": 0, "outputs": [], "error": _described(failure)})
        return
    for cell in job["cells"]:
        emit({"event": "cell", "number": cell["number"]})
        began = time.perf_counter()
        enter_cell(cell["number"], cell["timeout"])
        error = _guarded(run_cell, cell, job["limits"])
        leave_cell()
        outputs = capture.take()
        event = {"number": cell["number"], "seconds": time.perf_counter() - began}
        if error is not None and not (cell["options"]["error"] and error["catchable"]):
            emit({"event": "failed", **event, "outputs": outputs, "error": error})
            return
        if error is not None:
            outputs.append(_error_entry(error))
        emit({"event": "done", **event, "outputs": outputs})
    emit({"event": "finished", **_environment(job)})


def _guarded(
    run_cell: Callable[[Message], None], cell: Message, limits: Message
) -> dict[str, Any] | None:
    """Run a cell; what it raised in terms of the post, or None."""
    try:
        run_cell(cell)
    except OutputLimitError:
        return {"name": "OutputLimitError", "catchable": False}
    except SystemExit as error:
        return {**_described(error), "catchable": False}
    except KeyboardInterrupt as error:
        return {**_described(error), "catchable": False}
    except MemoryError as error:
        return {**_described(error), "catchable": False, "memory": limits["memory"]}
    except BaseException as error:
        return {**_described(error), "catchable": True}
    return None


def _python_runner(job: Message, capture: Capture) -> Callable[[Message], None]:
    """The function that runs a Python cell."""
    module = types.ModuleType("__main__")
    module.__file__ = job["file"]
    sys.modules["__main__"] = module
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    sys.argv = [job["name"]]
    sys.stdin = _NoInput()
    linecache.cache[job["name"]] = (0, None, job["lines"], job["name"])
    figures = Figures(capture, job["figures"])
    displayer = Displayer(capture, figures.show_if_figure)
    ours = {"display": displayer.display, "clear_output": displayer.clear_output}
    seeds.after_import(
        {
            **seeds.seed_everything(job["seed"]),
            "matplotlib.pyplot": figures.prepare,
            "IPython.core.display_functions": lambda loaded: loaded.__dict__.update(ours),
        }
    )
    builtins.__dict__.update(ours)
    translate: Callable[[str], str] = str
    if job["magics"]:
        from site_builder.execution.child.magics import start_shell

        translate = start_shell(module, displayer.display)
    loop: list[asyncio.Runner] = []

    def run_cell(cell: Message) -> None:
        figures.begin(cell["options"])
        value = _execute(cell, job["name"], module.__dict__, translate, loop)
        if value is not None and not figures.show_if_figure(value):
            if not figures.is_drawing(value):
                capture.display(display_entry(*mime_bundle(value)))
            builtins._ = value  # type: ignore[attr-defined]
        figures.show_open()

    return run_cell


def _execute(
    cell: Message,
    name: str,
    namespace: dict[str, Any],
    translate: Callable[[str], str],
    loop: list[asyncio.Runner],
) -> object:
    """Run a cell's statements; the value of its last expression unless a semicolon follows."""
    code = translate(cell["code"])
    tree = ast.parse("\n" * (cell["line"] - 1) + code, name)
    last: ast.expr | None = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        statement = tree.body.pop()
        assert isinstance(statement, ast.Expr)
        last = statement.value
    hushed = code.rstrip().endswith(";")
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    _run(compile(tree, name, "exec", flags=flags), namespace, loop)
    if last is None:
        return None
    value = _run(compile(ast.Expression(last), name, "eval", flags=flags), namespace, loop)
    return None if hushed else value


def _run(code: types.CodeType, namespace: dict[str, Any], loop: list[asyncio.Runner]) -> object:
    if not code.co_flags & inspect.CO_COROUTINE:
        return eval(code, namespace)
    if not loop:
        loop.append(asyncio.Runner())
    coroutine = eval(code, namespace)

    async def await_it() -> object:
        return await coroutine

    return loop[0].run(await_it())


class _NoInput:
    """Standard input of a post: there is none, and asking for it says so."""

    encoding = "utf-8"
    errors = "strict"

    def readline(self, *_: object) -> str:
        raise EOFError("a post has no standard input: nobody is there to type")

    read = readline

    def isatty(self) -> bool:
        return False


def _described(error: BaseException) -> dict[str, Any]:
    """What was raised: name, message, traceback text, and the frames in the post."""
    if isinstance(error, KernelCellError):
        return {"name": error.name, "message": error.message, "text": error.text, "frames": []}
    described = traceback.TracebackException.from_exception(error)
    _drop_engine(described)
    frames = [
        {"file": f.filename, "line": f.lineno, "column": _column(f), "end": _column(f, end=True)}
        for f in described.stack
    ]
    if isinstance(error, SyntaxError):
        column = error.offset or 0
        end = error.end_offset if error.end_lineno == error.lineno else None
        place = {"file": error.filename, "line": error.lineno, "column": column}
        frames.append({**place, "end": end or column + 1})
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    text = "".join(described.format())
    return {"name": type(error).__name__, "message": message, "text": text, "frames": frames}


def _drop_engine(described: traceback.TracebackException) -> None:
    """Leave our own frames out, and shorten the paths of libraries."""
    seen: list[traceback.TracebackException] = [described]
    while seen:
        one = seen.pop()
        frames = [f for f in one.stack if not f.filename.startswith(ENGINE)]
        if issubclass(one.exc_type or Exception, SyntaxError):
            frames = [f for f in frames if f.filename != ast.__file__]
        for frame in frames:
            frame.line  # noqa: B018 - read the source line while the name is still the file's
            for marker in ("site-packages" + os.sep, f"python3.{sys.version_info[1]}" + os.sep):
                frame.filename = frame.filename.rpartition(marker)[2]
        one.stack[:] = frames
        seen += [e for e in (one.__cause__, one.__context__) if e is not None]
        seen += getattr(one, "exceptions", None) or []


def _column(frame: traceback.FrameSummary, *, end: bool = False) -> int:
    """Column from 1 in characters; Python counts bytes from 0."""
    offset = frame.end_colno if end else frame.colno
    if offset is None or (end and frame.end_lineno != frame.lineno):
        return 0
    line = linecache.getline(frame.filename, frame.lineno or 0)
    return len(line.encode()[:offset].decode(errors="replace")) + 1


def _error_entry(error: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": error["name"], "message": error["message"]}
    return {"kind": "error", "text": error["text"], "metadata": metadata}


def _environment(job: Message) -> Message:
    """Python's version and those of the distributions that the post names in its imports."""
    names = set(job["imports"]) - set(sys.stdlib_module_names)
    if "keras" in names and "keras" in sys.modules:
        names.add(sys.modules["keras"].backend.backend())
    packages = {}
    if names:
        from importlib import metadata

        for name in sorted(names):
            try:
                packages[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
    return {"python": ".".join(map(str, sys.version_info[:3])), "packages": packages}


def _kernel_runner(job: Message, capture: Capture) -> Callable[[Message], None]:
    """The function that runs a cell through a Jupyter kernel."""
    client = start_kernel(job["kernel"])

    def run_cell(cell: Message) -> None:
        for entry in run_kernel_cell(client, cell["code"]):
            if "text" in entry:
                capture.write(0 if entry["kind"] == "stdout" else 1, entry["text"].encode())
            else:
                capture.display(entry)

    return run_cell
