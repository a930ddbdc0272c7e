"""`site-builder clean`: remove the built site, or what is kept between builds.

In: the arguments. Out: how many files were removed. Files that are not ours stay.
"""

from __future__ import annotations

import argparse

from site_builder.commands.arguments import CACHE, add_place, output_folder, say_waiting, shown


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "clean", help="remove the built site; files not ours stay", allow_abbrev=False
    )
    add_place(parser)
    parser.add_argument("--cache", action="store_true",
                        help="remove what is kept between builds, not the site")  # fmt: skip
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Remove what was built; gives the exit code."""
    from site_builder.publishing.write import clean
    from site_builder.settings.site import load_site

    site = load_site(given.directory)  # `clean` in a folder that is no site is a slip
    if given.cache:
        from site_builder.store import remove

        objects = remove(site.root / CACHE)
        print(f"{objects} objects removed from {shown(site.root / CACHE)}")
        return 0
    output = output_folder(given)
    count = clean(output, on_wait=say_waiting)
    files = "1 file" if count == 1 else f"{count} files"
    print(f"{files} removed from {shown(output)}")
    return 0
