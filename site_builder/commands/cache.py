"""`site-builder cache`: show what is kept between builds.

In: the arguments. Out: how much is kept, and of which posts. Nothing is changed.
"""

from __future__ import annotations

import argparse

from site_builder.commands.arguments import CACHE, add_place, shown


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "cache", help="show what is kept between builds", allow_abbrev=False
    )
    add_place(parser, output=False)
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Show what is kept; gives the exit code."""
    from site_builder.settings.site import load_site
    from site_builder.store import Store

    site = load_site(given.directory)
    folder = site.root / CACHE
    with Store(folder) as store:
        usage = store.usage()
        limit = site.settings.cache.limit
        print(f"{shown(folder)}: {usage.size / 1e6:.1f} MB of {1000 * limit:g} MB allowed")
        print(f"{usage.objects} objects; last runs are kept of:")
        for path in store.pointers("runs"):
            print(f"  {path}")
    return 0
