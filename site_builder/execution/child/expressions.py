"""The expressions of a post's prose: their values, and their claims.

In: an expression of the job and the post's program. Out: an event with the value as it is shown,
its richer forms, or why it has none. What an expression prints is not shown, and nothing to count
on: it is an error.
"""

from __future__ import annotations

import ast
import numbers
import re
from collections.abc import Callable
from typing import Any

from site_builder.execution.child.claims import NOTE, Noted, noting, truth
from site_builder.execution.child.display import METHODS, clean, mime_bundle, without_address
from site_builder.execution.child.program import Program
from site_builder.execution.child.protocol import Message
from site_builder.execution.child.streams import Capture
from site_builder.execution.child.tracebacks import describe, more_memory

RICH = ("text/markdown", "text/latex", "text/html")
LONGEST = 10_000  # characters of a value's text: more is no part of a sentence
_CONVERSIONS: dict[str, Callable[[object], str]] = {"r": repr, "s": str, "a": ascii}


class FaultError(Exception):
    """An expression gave what cannot be shown; its text goes on from `the value`."""

    name = "fault"

    def __init__(self, message: str, help_: str = "") -> None:
        self.help = help_
        super().__init__(message)


class FormatError(FaultError):
    """A format does not fit the value."""

    name = "format"


def evaluate(
    expression: Message,
    program: Program,
    capture: Capture,
    show_figures: Callable[[], None],
    job: Message,
) -> Message:
    """Evaluate an expression; gives the event of its value, or of its error.

    `show_figures` lets the capture have what was drawn and not closed.
    """
    event = {"event": "value", "number": expression["number"]}
    try:
        value = _claimed if expression["kind"] == "claim" else _shown
        shown = value(expression, program, job)
        show_figures()
        printed = [e for e in capture.take() if e["kind"] != "stderr"]
        if printed:
            text = str(printed[0].get("text", "")).strip().partition("\n")[0]
            told = f"prints {text[:40]!r}" if text else "shows something by itself"
            raise FaultError(told, "print in a cell; here its value alone is shown")
        if shown["value"] is None:
            raise FaultError("is None: there is nothing to show", "name what the cell above made")
        del shown["value"]
        return {**event, **shown}
    except FaultError as fault:
        error = {"name": fault.name, "message": str(fault), "help": fault.help}
        return {**event, "error": error}
    except KeyboardInterrupt:
        raise  # the time is over
    except BaseException as raised:
        with more_memory():
            return {**event, "error": _described(raised, job)}
    finally:
        show_figures()
        capture.take()


def _shown(expression: Message, program: Program, _: Message) -> dict[str, Any]:
    value = program.evaluate(expression["code"], expression["name"])
    text = _text(value, expression["conversion"], expression["format"])
    data: dict[str, str] = {}
    plain = isinstance(value, str | numbers.Number) or expression["conversion"]
    if not plain and not expression["format"]:
        data = _rich(value)
    if type(value).__name__ == "Figure" and type(value).__module__.startswith("matplotlib"):
        raise FaultError("is a figure, which does not fit into a sentence", "show it with a cell")
    if len(text) > LONGEST and not data:
        told = f"is a text of {len(text)} characters, which does not fit into a sentence"
        raise FaultError(told, "show it with a cell")
    return {"value": value, "text": text, "data": data, "holds": True, "parts": []}


def _text(value: object, conversion: str, format_: str) -> str:
    converted: Any = _CONVERSIONS[conversion](value) if conversion else value
    try:
        text = format(converted, format_)
    except (ValueError, TypeError) as error:
        if format_:
            shown = without_address(repr(converted))[:40]
            raise FormatError(f"{error} (it is {shown})") from None
        raise
    text = _COLOURS.sub("", _LINE_ENDS.sub(" ", text))
    # No file of text can hold the others, and no reader can see them.
    text = _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return without_address(clean(text))


_LINE_ENDS = re.compile(r"\r\n|[\r\n]")
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def _rich(value: object) -> dict[str, str]:
    """The forms of a value that say more than its text."""
    if not any(hasattr(value, name) for name in (*METHODS, "_repr_mimebundle_")):
        return {}
    data, _ = mime_bundle(value)
    return {mime: data[mime] for mime in RICH if isinstance(data.get(mime), str)}


def _claimed(expression: Message, program: Program, job: Message) -> dict[str, Any]:
    code, noted = expression["code"], Noted(job["root"])
    tree = ast.parse(code, mode="eval")
    tree.body = noting(tree.body, code)
    ast.fix_missing_locations(tree)
    value = program.evaluate(tree, expression["name"], {NOTE: noted.note})
    try:
        holds = truth(value)
    except ValueError as error:
        raise FaultError(str(error), _HELP) from None
    return {"value": holds, "text": "", "data": {}, "holds": holds, "parts": noted.take()}


_HELP = 'such as {claim="abs(S.sum() - 1) < 1e-12"} or {claim="np.all(S > 0)"}'


def _described(error: BaseException, job: Message) -> dict[str, Any]:
    described = describe(error, job)
    if isinstance(error, NameError) and error.name:
        described["missing"] = error.name
    if isinstance(error, MemoryError):
        described["memory"] = job["limits"]["memory"]
    return described
