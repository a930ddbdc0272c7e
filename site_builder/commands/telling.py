"""How commands tell of problems: the options for that, and where they are printed.

In: what was given, and problems. Out: text on a stream. Promise: what a program reads as JSON is
alone on its stream, as long as nothing that is not ours writes there.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from site_builder.errors import Problem, nearest

if TYPE_CHECKING:  # only where something is told is the rest needed
    from site_builder.diagnostics.formats import Diagnostic

FORMATS = ("full", "concise", "json", "github")
COLOURS = ("auto", "always", "never")
VARIABLE = "SITE_BUILDER_OUTPUT_FORMAT"


def add_telling(parser: argparse.ArgumentParser) -> None:
    """Add how problems are told."""
    parser.add_argument("--output-format", type=_format, choices=FORMATS,
                        default=os.environ.get(VARIABLE) or "full", metavar="FORMAT",
                        help=f"how problems are told: {', '.join(FORMATS)}")  # fmt: skip
    parser.add_argument("--full-tracebacks", action="store_true",
                        help="show all frames of libraries, too")  # fmt: skip
    parser.add_argument("--color", choices=COLOURS, default="auto", metavar="WHEN",
                        help=f"colours in what is told: {', '.join(COLOURS)}")  # fmt: skip


def print_problems(
    problems: Sequence[Problem], given: argparse.Namespace, in_vain: str = ""
) -> None:
    """Say what is wrong, and `in_vain` what therefore was not done."""
    from site_builder.diagnostics.formats import errors

    tell(errors(problems), given)
    count = len(problems)
    if given.output_format != "json":
        print(("1 problem" if count == 1 else f"{count} problems") + in_vain, file=sys.stderr)


def print_each(problems: Iterable[Problem], given: argparse.Namespace) -> None:
    """Say what is wrong, if anything is."""
    from site_builder.diagnostics.formats import errors

    if told := errors(problems):
        tell(told, given)


def print_warnings(problems: Iterable[Problem], given: argparse.Namespace) -> None:
    """Say what should be looked at; as JSON of a command that reports, also that nothing should."""
    from site_builder.diagnostics.formats import warnings

    tell(warnings(problems), given)


def tell(diagnostics: Sequence[Diagnostic], given: argparse.Namespace) -> None:
    """Print problems in the form that was asked for.

    As JSON they are what a command that is marked with `reports` gives, on standard output;
    otherwise they go to standard error.
    """
    from site_builder.diagnostics.formats import told

    stream = sys.stdout if given.reports and given.output_format == "json" else sys.stderr
    folder = given.directory.as_posix() if "directory" in given else "."
    text = told(
        diagnostics,
        given.output_format,
        colour=_is_coloured(given.color, stream),
        all_frames=given.full_tracebacks,
        base="" if folder == "." else f"{folder}/",
    )
    stream.write(text)


def say(text: str, given: argparse.Namespace) -> None:
    """Print a line for people: on standard output, unless that is for the JSON of problems."""
    apart = given.reports and given.output_format == "json"
    print(text, file=sys.stderr if apart else sys.stdout)


def print_document(text: str) -> None:
    """Print a JSON document, which stays one where the terminal cannot show its characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        import json

        text = _FOREIGN.sub(lambda found: json.dumps(found[0])[1:-1], text)
    sys.stdout.write(text)


_FOREIGN = re.compile(r"[^\x00-\x7f]+")


def _format(text: str) -> str:
    if text not in FORMATS:
        where = f" (of {VARIABLE})" if text == os.environ.get(VARIABLE) else ""
        message = f"there is no form {text!r}{where}; {nearest(text, FORMATS)}"
        raise argparse.ArgumentTypeError(message)
    return text


def _is_coloured(when: str, stream: TextIO) -> bool:
    """Whether to use colours. Sources: https://no-color.org, https://force-color.org"""
    if when != "auto":
        return when == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
