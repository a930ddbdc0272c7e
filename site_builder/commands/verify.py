"""`site-builder verify`: run the posts anew, and compare with what is published.

In: the arguments. Out: a table, or JSON; and an exit code: 1 if anything diverged or was tampered
with.
"""

from __future__ import annotations

import argparse
import gc
import sys

from site_builder.commands.arguments import (
    add_json,
    add_only,
    add_place,
    add_running,
    add_tolerance,
)
from site_builder.commands.telling import print_document

MANY = 200  # posts and pages


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "verify", help="run the posts anew and compare with a published site", allow_abbrev=False
    )
    parser.add_argument("published", nargs="?", default="", metavar="FOLDER|URL",
                        help="the published site (default: public in the site's)")  # fmt: skip
    add_place(parser, output=False)
    add_running(parser)
    add_only(parser, "verify")
    add_tolerance(parser)
    add_json(parser)
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Verify the site; gives the exit code. Raises UsageError if nothing is there to verify."""
    gc.set_threshold(50_000)  # as in a build
    # Late: `--help` needs none of this.
    from site_builder.checking.verifying.report import (
        heading_line,
        post_lines,
        summary_line,
        verification_json,
    )
    from site_builder.checking.verifying.verification import PostVerification
    from site_builder.checking.verifying.verify import Wanted, verify
    from site_builder.evidence.fetch import open_published
    from site_builder.progress import Display
    from site_builder.settings.site import load_site

    site = load_site(given.directory)
    published = open_published(given.published or str(given.directory / "public"))
    wanted = Wanted(given.jobs, not given.no_fork, tuple(given.only), given.tolerance)

    heading = iter([heading_line()])  # once there is a row

    def show(post: PostVerification) -> None:
        if not given.json:
            for line in (*heading, *post_lines(post)):
                print(line)

    with Display(sys.stderr) as display:
        verification = verify(
            site,
            published,
            wanted,
            on_progress=display.show,
            on_post=show,
            on_pages=_show_pages,
        )
    if given.json:
        print_document(verification_json(verification))
    else:
        print(summary_line(verification))
    return 0 if verification.sound else 1


def _show_pages(done: int, all_: int) -> None:
    """Say how far it is, if one has to wait for it."""
    if all_ > MANY:
        print(f"looked at {done} of {all_} posts and pages", file=sys.stderr)
