"""What commands share: their arguments, and how a folder is shown.

In: parsers and what was given. Out: arguments added, words for the terminal.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path

CACHE = ".cache"  # below the site's folder


def add_place(parser: argparse.ArgumentParser, *, output: bool = True) -> None:
    """Add where the site is and, with `output`, where it is, or is to be, built."""
    parser.add_argument("-C", "--directory", type=Path, default=Path(), metavar="DIR",
                        help="folder of the site (default: this one)")  # fmt: skip
    if output:
        parser.add_argument("-o", "--output", type=Path, default=None, metavar="OUTPUT",
                            help="folder of the built site (default: public)")  # fmt: skip


def add_posts(parser: argparse.ArgumentParser, what: str, *, required: bool = False) -> None:
    """Add the names of posts; `what` ends the help, such as `all if none is named`."""
    parser.add_argument("posts", nargs="+" if required else "*", metavar="POST",
                        help=f"posts: {what}")  # fmt: skip


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add how posts are run."""
    add_jobs(parser)
    parser.add_argument("--no-fork", action="store_true",
                        help="start each post in a process of its own, no fork")  # fmt: skip


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add how many posts run at once."""
    parser.add_argument("-j", "--jobs", type=_count, default=os.cpu_count() or 1, metavar="N",
                        help="how many posts run at once (default: one for each core)")  # fmt: skip


def add_only(parser: argparse.ArgumentParser, what: str) -> None:
    """Add which posts are meant; `what` is done with them."""
    parser.add_argument("--only", action="append", default=[], metavar="GLOB",
                        help=f"{what} posts that match")  # fmt: skip


def add_tolerance(parser: argparse.ArgumentParser) -> None:
    """Add how much numbers may differ, whatever the posts say."""
    parser.add_argument("--tolerance", type=_share, default=None, metavar="X",
                        help="relative difference that is none, such as 0.01")  # fmt: skip


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add that what comes of the command is printed as JSON."""
    parser.add_argument("--json", action="store_true", help="print a JSON document")


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"a number from 0 on, such as 0.01, not {text!r}")
    return number


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a number from 1 on, not {text!r}")
    return number


def output_folder(given: argparse.Namespace) -> Path:
    """Give the folder that the site is written to."""
    # A path on the command line is relative to where the author is, the default to the site.
    path: Path = given.output or given.directory / "public"
    return path.absolute()


def shown(folder: Path) -> str:
    """Give a folder as an author would write it here, with a slash at its end."""
    here = Path.cwd()
    if folder.is_relative_to(here):
        return f"{folder.relative_to(here).as_posix()}/"
    return f"{folder.as_posix()}/"


def shown_file(path: Path) -> str:
    """Give a file as an author would write it here."""
    return shown(path.absolute()).removesuffix("/")


def say_waiting() -> None:
    """Say why nothing happens."""
    print("waiting for another build of the same folder to end", file=sys.stderr)
