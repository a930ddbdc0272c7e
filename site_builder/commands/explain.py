"""`site-builder explain`: say of each cell why it would run or need not.

In: the arguments. Out: a line for each post and each of its cells. Nothing runs.
"""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from site_builder.commands.arguments import CACHE, add_place, add_posts
from site_builder.errors import ContentError

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.config import Site
    from site_builder.execution.explain import Explanation


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "explain", help="say of each cell why it would run or need not", allow_abbrev=False
    )
    add_place(parser, output=False)
    add_posts(parser, "all that have cells if none is named")
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Say why each cell would run or need not; gives the exit code."""
    from site_builder import config
    from site_builder.selected import explain_posts
    from site_builder.store import Store

    site = config.load(given.directory)
    with Store(site.root / CACHE) as store:
        for explanation in explain_posts(site, given.posts, store):
            _print_explanation(explanation)
    return 0


def explain_all(site: Site, cache: Path | None) -> None:
    """Before a build: what it will do with the cells of each post."""
    from site_builder.selected import explain_posts
    from site_builder.store import Store

    # What is wrong with a post the build will say.
    with contextlib.suppress(ContentError), Store(cache) as store:
        for explanation in explain_posts(site, [], store):
            _print_explanation(explanation)


def _print_explanation(explanation: Explanation) -> None:
    print(f"{explanation.post}: {_fate(explanation.reused)}: {explanation.why}")
    for cell in explanation.cells:
        print(f"  line {cell.line}, cell {cell.number}: {_fate(cell.reused)}: {cell.why}")


def _fate(reused: bool) -> str:
    return "reused" if reused else "runs"
