"""`site-builder serve`: show the site while it is written.

In: the arguments. Out: a site on this machine's own address that follows every save, and a line for
each in the terminal. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from site_builder.codes import WARNINGS
from site_builder.commands.arguments import add_place, add_running
from site_builder.commands.telling import print_each, print_warnings, say

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.errors import Problem
    from site_builder.preview.loop import Told

PORT = 8000
LAST_PORT = 65535
FEW = 3  # files that are named of those that were saved at once
EDITOR = "vscode://file/{file}:{line}:{column}"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "serve", help="show the site while it is written", allow_abbrev=False
    )
    add_place(parser, output=False)
    add_running(parser)
    parser.add_argument("-p", "--port", type=_port, default=PORT, metavar="N",
                        help=f"port to listen on (default: {PORT}; 0: any free one)")  # fmt: skip
    parser.add_argument("--open", action="store_true", help="open the site in the browser")
    parser.add_argument("--no-exec", action="store_true", help="run nothing; show what is known")
    parser.add_argument("--editor", default=EDITOR, metavar="TEMPLATE",
                        help="address that opens a file in the editor (default: Visual Studio "
                             "Code's), with {file}, {line} and {column}")  # fmt: skip
    parser.set_defaults(command=run)


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"a number from 0 to {LAST_PORT}, not {text!r}")
    return number


def run(given: argparse.Namespace) -> int:
    """Serve the site until it is interrupted; gives the exit code.

    Raises UsageError if the settings or the port are no good.
    """
    gc.set_threshold(50_000)
    from site_builder.preview.loop import Wish, serve

    wish = Wish(
        root=given.directory.resolve(),
        port=given.port,
        execute=not given.no_exec,
        fork=not given.no_fork,
        jobs=given.jobs,
        editor=given.editor,
    )
    stop = threading.Event()
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    report = _Report(given)

    opened: list[str] = []

    def ready(url: str) -> None:
        print(f"serving at {url} (Ctrl-C to stop)", flush=True)
        if given.open and not opened:  # pages that are open go to another address by themselves
            import webbrowser

            webbrowser.open_new_tab(url)
        opened.append(url)

    try:
        serve(wish, on_ready=ready, on_told=report.tell, stop=stop)
    except KeyboardInterrupt:
        print("stopped")
    return 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


class _Report:
    """What is printed of previews: each problem once, until it is mended."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._told: set[Problem] = set()
        # Whether it is still to be said how many problems there are, and whether some are new.
        self._is_open = self._is_new = False
        self._runs: dict[str, tuple[tuple[int, ...], float]] = {}

    def tell(self, told: Told) -> None:
        """Print what is new."""
        if told.saved:
            shown = ", ".join(told.saved[:FEW])
            more = len(told.saved) - FEW
            shown += f" and {more} more" if more > 0 else ""
            print(f"{shown}: shown in {told.seconds * 1000:.0f} ms", flush=True)
        for path, over in told.over.items():
            run = over.ran, over.seconds
            if over.ran and self._runs.get(path) != run:
                count = "1 cell" if len(over.ran) == 1 else f"{len(over.ran)} cells"
                print(f"{path}: {count} ran in {over.seconds:.2f} s", flush=True)
            self._runs[path] = run
        self._tell_problems(told)
        sys.stdout.flush()

    def _tell_problems(self, told: Told) -> None:
        problems = told.preview.problems
        essences = {_essence(problem) for problem in problems}
        self._is_open |= bool(told.saved)
        if new := [problem for problem in problems if _essence(problem) not in self._told]:
            print_each([x for x in new if x.code not in WARNINGS], self._given)
            print_warnings([x for x in new if x.code in WARNINGS], self._given)
        # As long as something runs it may be that the same comes again.
        if told.preview.busy:
            self._told |= essences
            self._is_new |= bool(new)
            return
        if self._told and not problems:
            say("all is in order again", self._given)
        elif problems and (new or self._is_new):
            say(_counted(problems), self._given)
        elif problems and self._is_open:
            say(f"{_counted(problems)} left", self._given)
        self._told = essences
        self._is_open = self._is_new = False


def _essence(problem: Problem) -> Problem:
    """A problem without its place: what stays while lines are written above it."""
    return replace(problem, line=0, column=0, notes=())


def _counted(problems: Iterable[Problem]) -> str:
    """How much there is to mend, such as `2 problems, 1 warning`."""
    codes = [problem.code for problem in problems]
    warnings = sum(code in WARNINGS for code in codes)
    counts = {"problem": len(codes) - warnings, "warning": warnings}
    told = [f"{count} {what}{'s' * (count > 1)}" for what, count in counts.items() if count]
    return ", ".join(told)
