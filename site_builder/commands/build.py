"""`site-builder build`: run the posts and write the site.

In: the arguments. Out: what was done, as one line; and an exit code.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from site_builder.commands.arguments import (
    CACHE,
    add_place,
    add_running,
    output_folder,
    say_waiting,
    shown,
)
from site_builder.commands.telling import print_warnings, say
from site_builder.errors import Problem

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
    parser.add_argument("--noindex", action="store_true",
                        help="ask search engines not to list the site")  # fmt: skip
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
    parser.add_argument("--strict", action="store_true",
                        help="fail where there is a warning; nothing is written then")  # fmt: skip
    parser.set_defaults(command=run, writes=True, reports=True)


def run(given: argparse.Namespace) -> int:
    """Build the site; gives the exit code.

    Raises SiteBuilderError if anything is wrong: then nothing is written.
    """
    # Tokens are made by the million and die together: looking for cycles among them is waste.
    gc.set_threshold(50_000)
    # Late: `--help` and `clean` need none of this.
    from site_builder.build import Options, build
    from site_builder.progress import Display
    from site_builder.settings.site import load_site

    site = load_site(given.directory, base_url=given.base_url)
    if given.noindex:
        site = replace(site, settings=replace(site.settings, indexed=False))
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
        strict=given.strict,
    )
    if given.explain:
        from site_builder.commands.explain import explain_all

        explain_all(site, options.cache, on_line=partial(say, given=given))
    with Display(sys.stderr) as display:
        report = build(site, options, on_progress=display.show, on_wait=say_waiting)
    _print_report(report, options, given, ignored=site.settings.ignore)
    return 0


def _print_report(
    report: Report, options: Options, given: argparse.Namespace, *, ignored: Sequence[str]
) -> None:
    """Say what was done, and what is worth a warning."""
    warnings = list(report.warnings)
    if report.cache_trouble and "P005" not in ignored:
        trouble = f"not all could be kept in {CACHE}/ for the next build: {report.cache_trouble}"
        warnings.append(Problem(trouble, code="P005"))
    if warnings or given.output_format == "json":
        print_warnings(warnings, given)
    ran = "none executed"
    if report.executed:
        ran = f"{report.executed} executed in {report.seconds_executing:.1f} s"
    if report.reused:
        ran += f", {report.reused} reused"
    posts = "1 post" if report.posts == 1 else f"{report.posts} posts"
    say(f"{posts}: {ran}; {report.pages} pages → {shown(options.output)}", given)
    if report.hidden:
        # Otherwise a post that is not there would look lost.
        why = "drafts, scheduled or never built" if options.only else "drafts or scheduled"
        say(f"left out, as {why}: {', '.join(report.hidden)}", given)
