"""`site-builder freeze`: write the outputs of posts beside them.

In: the arguments. Out: the folders written, a line each.
"""

from __future__ import annotations

import argparse
import sys

from site_builder.commands.arguments import CACHE, add_place, add_posts, add_running, shown


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "freeze", help="write the outputs of posts beside them", allow_abbrev=False
    )
    add_place(parser, output=False)
    add_posts(parser, "by file, pattern or name", required=True)
    add_running(parser)
    parser.set_defaults(command=run, writes=True)


def run(given: argparse.Namespace) -> int:
    """Freeze posts; gives the exit code."""
    from site_builder.build import read_day
    from site_builder.progress import Display
    from site_builder.selected import freeze_posts
    from site_builder.settings.site import load_site
    from site_builder.store import Store

    site = load_site(given.directory)
    with Store(site.root / CACHE) as store, Display(sys.stderr) as display:
        folders = freeze_posts(
            site,
            given.posts,
            store,
            today=read_day(),
            jobs=given.jobs,
            fork=not given.no_fork,
            on_progress=display.show,
        )
    for folder in folders:
        print(f"written: {shown(folder)}")
    return 0
