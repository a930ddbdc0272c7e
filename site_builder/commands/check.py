"""`site-builder check`: what in posts should be looked at, though it does not stop a build.

In: the arguments. Out: each finding and how many there are, in words or as JSON. Exit code 1 if
there is any, or a post fails.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from site_builder.commands.arguments import (
    CACHE,
    add_json,
    add_place,
    add_posts,
    add_running,
    print_problems,
)

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.checking.typed.check import Checked


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "check", help="find results that are typed into the prose", allow_abbrev=False
    )
    add_place(parser, output=False)
    add_posts(parser, "all that have cells if none is named")
    add_running(parser)
    add_json(parser)
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Look through posts; gives the exit code."""
    from site_builder import config
    from site_builder.checking.typed.check import check_posts, checked_json
    from site_builder.progress import Display
    from site_builder.store import Store

    site = config.load(given.directory)
    with Store(site.root / CACHE) as store, Display(sys.stderr) as display:
        checked = check_posts(
            site,
            given.posts,
            store,
            jobs=given.jobs,
            fork=not given.no_fork,
            on_progress=display.show,
        )
    if checked.problems:
        print_problems(checked.problems)
    if given.json:
        print(checked_json(checked), end="")
    else:
        _print_findings(checked)
    return 1 if checked.findings or checked.problems else 0


def _print_findings(checked: Checked) -> None:
    for finding in checked.findings:
        print(f"warning: {finding}", file=sys.stderr)
    posts = "1 post" if checked.posts == 1 else f"{checked.posts} posts"
    count = len(checked.findings)
    found = "nothing found" if not count else "1 finding" if count == 1 else f"{count} findings"
    print(f"{posts} checked: {found}")
