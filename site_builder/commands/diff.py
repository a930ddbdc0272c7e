"""`site-builder diff`: say which numbers, claims and figures moved from one side to another.

In: the arguments. Out: a report in words or as JSON, and a page if one is wanted. Exit code 1 if
something moved beyond tolerance or a post could not be had, else 0.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

from site_builder.commands.arguments import (
    CACHE,
    add_json,
    add_only,
    add_place,
    add_running,
    add_tolerance,
)
from site_builder.commands.telling import print_document, print_each
from site_builder.errors import Problem, UsageError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "diff",
        help="say which numbers moved between two sites, revisions or sets of packages",
        description="OLD and NEW are folders or addresses of built sites, or git revisions. "
        "Without NEW it is the posts as they are now; without both, the last two runs of each.",
        allow_abbrev=False,
    )
    parser.add_argument("old", nargs="?", default="", metavar="OLD", help="the side before")
    parser.add_argument("new", nargs="?", default="", metavar="NEW", help="the side after")
    add_place(parser, output=False)
    add_running(parser)
    parser.add_argument("--with", action="append", default=[], metavar="PACKAGE", dest="packages",
                        help="run NEW with other packages, such as 'numpy==2.3.0'")  # fmt: skip
    add_only(parser, "compare")
    parser.add_argument("--drafts", action="store_true", help="compare drafts too")
    parser.add_argument("--no-cache", action="store_true", help="run all posts of both sides anew")
    add_tolerance(parser)
    add_json(parser)
    parser.add_argument("--html", type=Path, default=None, metavar="FILE",
                        help="write a page, too")  # fmt: skip
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Compare two sides; gives the exit code."""
    from site_builder.checking.diffing.compared import Wanted, compared
    from site_builder.checking.diffing.made import Running
    from site_builder.checking.diffing.page import difference_page
    from site_builder.checking.diffing.report import difference_json, report_lines
    from site_builder.progress import Display
    from site_builder.settings.site import load_site

    if given.html is not None and not given.html.absolute().parent.is_dir():
        message = f"there is no folder for the page {given.html}"
        raise UsageError(Problem(message, code="C009"))
    site = load_site(given.directory)
    wanted = Wanted(given.old, given.new, tuple(given.packages), given.tolerance)
    with _ended_in_order(), Display(sys.stderr) as display:
        running = Running(
            cache=None if given.no_cache else site.root / CACHE,
            jobs=given.jobs,
            fork=not given.no_fork,
            drafts=given.drafts,
            only=tuple(given.only),
            on_progress=display.show,
        )
        difference = compared(site, wanted, running, here=Path.cwd(), on_say=_say)
    for side, problem in difference.failed:
        print_each([replace(problem, message=f"{side}: {problem.message}")], given)
    if given.html is not None:
        _write(given.html, difference_page(difference))
    if given.json:
        print_document(difference_json(difference))
    else:
        for line in report_lines(difference):
            print(line)
    return 1 if difference.moved else 0


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Who ends us meanwhile leaves nothing behind: folders and environments that were made go."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        message = f"the page cannot be written to {path}: {error.strerror}"
        raise UsageError(Problem(message, code="C012")) from None
