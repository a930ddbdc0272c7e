"""`site-builder build`: run the posts and write the site.

In: the arguments. Out: what was done, as one line; and an exit code.
"""

from __future__ import annotations

import argparse
import gc
import sys
from typing import TYPE_CHECKING

from site_builder.commands.arguments import (
    CACHE,
    add_place,
    add_running,
    output_folder,
    say_waiting,
    shown,
)

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.build import Options, Report


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "build", help="run the posts and write the site", allow_abbrev=False
    )
    add_place(parser)
    add_running(parser)
    parser.add_argument("--base-url", default="", metavar="URL",
                        help="address of the home page, in place of the setting url")  # fmt: skip
    parser.add_argument("--drafts", action="store_true", help="build drafts too")
    parser.add_argument("--future", action="store_true",
                        help="build posts whose date is in the future too")  # fmt: skip
    parser.add_argument("--only", action="append", default=[], metavar="GLOB",
                        help="build posts that match anew, take others as last built")  # fmt: skip
    parser.add_argument("--frozen", action="store_true",
                        help="run nothing; fail if a post would have to run")  # fmt: skip
    parser.add_argument("--no-cache", action="store_true",
                        help="do everything anew, and keep nothing for the next build")  # fmt: skip
    parser.add_argument("--allow-false-claims", action="store_true",
                        help="mark false claims on their pages instead of failing")  # fmt: skip
    parser.add_argument("--explain", action="store_true",
                        help="say of each post first why it runs or need not")  # fmt: skip
    parser.set_defaults(command=run, writes=True)


def run(given: argparse.Namespace) -> int:
    """Build the site; gives the exit code.

    Raises SiteBuilderError if anything is wrong: then nothing is written.
    """
    # Tokens are made by the million and die together: looking for cycles among them is waste.
    gc.set_threshold(50_000)
    # Late: `--help` and `clean` need none of this.
    from site_builder import config
    from site_builder.build import Options, build
    from site_builder.progress import Display

    site = config.load(given.directory, base_url=given.base_url)
    options = Options(
        output=output_folder(given),
        jobs=given.jobs,
        drafts=given.drafts,
        future=given.future,
        fork=not given.no_fork,
        cache=None if given.no_cache else site.root / CACHE,
        only=tuple(given.only),
        frozen=given.frozen,
        allow_false_claims=given.allow_false_claims,
    )
    if given.explain:
        from site_builder.commands.explain import explain_all

        explain_all(site, options.cache)
    with Display(sys.stderr) as display:
        report = build(site, options, on_progress=display.show, on_wait=say_waiting)
    _print_report(report, options)
    return 0


def _print_report(report: Report, options: Options) -> None:
    """Say what was done, and what is worth a warning."""
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if report.cache_trouble:
        trouble = f"not all could be kept in {CACHE}/ for the next build: {report.cache_trouble}"
        print(f"warning: {trouble}", file=sys.stderr)
    ran = "none executed"
    if report.executed:
        ran = f"{report.executed} executed in {report.seconds_executing:.1f} s"
    if report.reused:
        ran += f", {report.reused} reused"
    posts = "1 post" if report.posts == 1 else f"{report.posts} posts"
    print(f"{posts}: {ran}; {report.pages} pages → {shown(options.output)}")
    if report.hidden:
        # Otherwise a post that is not there would look lost.
        why = "drafts, scheduled or never built" if options.only else "drafts or scheduled"
        print(f"left out, as {why}: {', '.join(report.hidden)}")
