"""`site-builder notebook`: write a post as a notebook, with its outputs.

In: the arguments. Out: an `.ipynb` file, or its text.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from site_builder.commands.arguments import CACHE, add_place, add_running, shown_file


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "notebook", help="write a post as a notebook, with its outputs", allow_abbrev=False
    )
    parser.add_argument("post", metavar="POST", help="post: by file or name")
    add_place(parser, output=False)
    parser.add_argument("-o", "--output", default="", metavar="FILE",
                        help="file to write, - for standard output "
                             "(default: NAME.ipynb in this folder)")  # fmt: skip
    parser.add_argument("--no-outputs", action="store_true",
                        help="leave the outputs out, and run nothing")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="overwrite the file")
    add_running(parser)
    parser.set_defaults(command=run, writes=True)


def run(given: argparse.Namespace) -> int:
    """Write a notebook; gives the exit code. Raises UsageError if it cannot be written."""
    from site_builder.authoring.notebook import notebook_text
    from site_builder.authoring.notebook_file import (
        check_place,
        execution_of_post,
        post_named,
        write_notebook,
    )
    from site_builder.progress import Display
    from site_builder.settings.site import load_site
    from site_builder.store import Store

    site = load_site(given.directory)
    post = post_named(site, given.post)
    path = None if given.output == "-" else Path(given.output or f"{post.slug}.ipynb").absolute()
    if path:
        check_place(site, path, force=given.force)
    execution = None
    if post.runs and not given.no_outputs:
        with Store(site.root / CACHE) as store, Display(sys.stderr) as display:
            execution = execution_of_post(
                site, post, store, fork=not given.no_fork, on_progress=display.show
            )
    text = notebook_text(post, execution)
    if path is None:
        sys.stdout.write(text)
    else:
        write_notebook(path, text)
        print(f"written: {shown_file(path)}")
    return 0
