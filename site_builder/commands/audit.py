"""`site-builder audit`: run posts again with one thing changed at a time.

In: the arguments. Out: for each post where its runs differ and why that may be, in words or as
JSON. Exit code 1 if one differs, else 0.
"""

from __future__ import annotations

import argparse
import sys

from site_builder.commands.arguments import add_jobs, add_json, add_place, add_posts
from site_builder.commands.telling import print_document


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "audit",
        help="run posts again with one thing changed at a time, and say what differs",
        allow_abbrev=False,
    )
    add_place(parser, output=False)
    add_posts(parser, "all that have cells if none is named")
    add_jobs(parser)
    add_json(parser)
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Audit posts; gives the exit code."""
    from site_builder.checking.auditing.audit import audit
    from site_builder.checking.auditing.report import audit_json, report_lines
    from site_builder.progress import Display
    from site_builder.settings.site import load_site

    site = load_site(given.directory)
    with Display(sys.stderr) as display:
        audited = audit(site, given.posts, jobs=given.jobs, on_progress=display.show)
    if given.json:
        print_document(audit_json(audited))
    else:
        for line in report_lines(audited):
            print(line)
    return 1 if any(each.findings for each in audited) else 0
