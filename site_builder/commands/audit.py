"""`site-builder audit`: run posts again with one thing changed at a time.

In: the arguments. Out: for each post where its runs differ and why that may be, in words or as
JSON. Exit code 1 if one differs, else 0.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from site_builder.commands.arguments import add_jobs, add_place, add_posts

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.checking.auditing.audit import Audited, Run
    from site_builder.checking.auditing.findings import Finding


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
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Audit posts; gives the exit code."""
    from site_builder import config
    from site_builder.checking.auditing.audit import audit
    from site_builder.progress import Display

    site = config.load(given.directory)
    with Display(sys.stderr) as display:
        audited = audit(site, given.posts, jobs=given.jobs, on_progress=display.show)
    if given.json:
        import dataclasses
        import json

        document = {"posts": [dataclasses.asdict(each) for each in audited]}
        print(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for line in _report(audited):
            print(line)
    return 1 if any(each.findings for each in audited) else 0


def _report(audited: list[Audited]) -> Iterator[str]:
    for each in audited:
        if not each.findings:
            yield f"{each.post}: the same in {_count(each.runs)} more runs"
            continue
        yield f"{each.post}: differs"
        width = max(len(one.variant) for one in each.runs)
        yield from (f"  {one.variant:{width}}  {_fate(one)}" for one in each.runs)
        for finding in each.findings:
            yield from _told(finding, _count(each.runs))
    untried = {one.variant: one.untried for each in audited for one in each.runs if one.untried}
    yield from (f"not tried: {name}: {why}" for name, why in untried.items())
    differing = sum(bool(each.findings) for each in audited)
    posts = "1 post" if len(audited) == 1 else f"{len(audited)} posts"
    yield f"{posts} audited: {len(audited) - differing} the same in every run, {differing} not"


def _count(runs: Sequence[Run]) -> int:
    return sum(not run.untried for run in runs)


def _fate(run: Run) -> str:
    if run.untried:
        return "not tried"
    if run.first is None:
        return "the same"
    return f"{'fails' if run.failure else 'differs'} at {run.first}"


def _told(finding: Finding, runs: int) -> Iterator[str]:
    where = ", ".join(finding.variants)
    yield f"  {finding.place}: {'every run' if len(finding.variants) == runs else where}"
    if finding.failure:
        yield f"    fails: {finding.failure}"
    else:
        yield f"    was {finding.was}"
        yield f"    is  {finding.now}"
    yield f"    perhaps {finding.cause.what}"
    yield f"    help: {finding.cause.help}"
