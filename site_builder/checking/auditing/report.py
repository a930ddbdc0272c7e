"""What came of an audit in words, and as a JSON document.

In: audited posts. Out: lines for a terminal, the same as JSON.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from site_builder.checking.auditing.audit import Audited, Run
from site_builder.checking.auditing.findings import Finding
from site_builder.evidence.documents import document
from site_builder.evidence.lines import plain


def report_lines(audited: Sequence[Audited]) -> Iterator[str]:
    """What came of posts, in words; a post that is the same in every run takes one line."""
    yield from map(plain, _lines(audited))


def audit_json(audited: Sequence[Audited]) -> str:
    """All of it as a JSON document; README names its fields."""
    return document("audit", posts=[dataclasses.asdict(each) for each in audited])


def _lines(audited: Sequence[Audited]) -> Iterator[str]:
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
