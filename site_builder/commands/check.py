"""`site-builder check`: what on a site should be looked at, though it does not stop a build.

In: the arguments. Out: each finding and how many there are, in words or as JSON. Exit code 1 if
there is any, or a post fails.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import TYPE_CHECKING

from site_builder.commands.arguments import CACHE, add_json, add_place, add_posts, add_running
from site_builder.commands.telling import print_document, print_each, say, tell

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.checking.site.asking import Answer
    from site_builder.checking.site.check import Checked


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "check", help="find what on the site should be looked at", allow_abbrev=False
    )
    add_place(parser, output=False)
    add_posts(parser, "all if none is named")
    parser.add_argument("--external", action="store_true",
                        help="ask other sites for what is linked to")  # fmt: skip
    parser.add_argument("--html", action="store_true",
                        help="let the Nu HTML checker read the pages")  # fmt: skip
    parser.add_argument("--a11y", action="store_true",
                        help="look at the pages with axe-core, in Chromium")  # fmt: skip
    add_running(parser)
    add_json(parser)
    parser.set_defaults(command=run, reports=True)


def run(given: argparse.Namespace) -> int:
    """Look through the site; gives the exit code."""
    from site_builder.build import read_day
    from site_builder.checking.site.check import Wish, check_site, checked_json
    from site_builder.progress import Display
    from site_builder.settings.site import load_site
    from site_builder.store import Store

    site = load_site(given.directory)
    wish = Wish(
        tuple(given.posts),
        given.external,
        given.html,
        given.a11y,
        given.jobs,
        not given.no_fork,
        environment=os.environ,
    )
    with Store(site.root / CACHE) as store, Display(sys.stderr) as display:
        checked = check_site(
            site,
            wish,
            store,
            today=read_day(),
            now=time.time(),
            on_progress=display.show,
            on_answer=_show_answer,
            on_page=_show_page,
        )
    if given.json:
        given.reports = False  # standard output is for one document
        print_each(checked.problems, given)
        print_document(checked_json(checked))
    else:
        _print_findings(checked, given)
    return 1 if checked.findings or checked.problems else 0


def _show_answer(address: str, answer: Answer) -> None:
    if answer.kind not in ("there", "moved"):
        print(f"{address}: {answer.why}", file=sys.stderr)


def _show_page(page: str) -> None:
    print(f"looking at {page}", file=sys.stderr)


def _print_findings(checked: Checked, given: argparse.Namespace) -> None:
    from site_builder.diagnostics.formats import errors, warnings

    tell([*errors(checked.problems), *warnings(checked.findings)], given)
    for note in checked.notes:
        place = ":".join(str(part) for part in (note.file, note.line, note.column) if part)
        help_ = f"; {note.help}" if note.help else ""
        say(f"note: {place}: {note.message}{help_}", given)
    if checked.external is not None:
        counts = ", ".join(f"{n} {kind}" for kind, n in sorted(checked.external.counts.items()))
        say(f"other sites: {counts or 'no links'}", given)
    looked_at = ", ".join(_count(n, thing) for thing, n in checked.looked_at.items() if n)
    found = "nothing found"
    if checked.findings:
        kinds = ", ".join(f"{kind} {n}" for kind, n in checked.kinds.items())
        found = f"{_count(len(checked.findings), 'finding')} ({kinds})"
    say(f"{looked_at} checked: {found}", given)
    if checked.problems:
        say(f"{_count(len(checked.problems), 'problem')} in the way of looking at more", given)


def _count(number: int, thing: str) -> str:
    """`1 link`, `1,000 links`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"
