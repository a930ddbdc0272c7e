"""A verification in words, and as a JSON document.

In: a Verification. Out: lines for a terminal, the same as JSON. Promise: a post that is reproduced
takes one line; of all else is said what, where, and how far it is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from site_builder.checking.verifying.verification import (
    STANDINGS,
    Finding,
    PostVerification,
    Standing,
    Verification,
    in_groups,
)
from site_builder.evidence.documents import document, number_fields
from site_builder.evidence.drift import in_words
from site_builder.evidence.lines import plain

FEW = 5  # numbers of a finding that are named
HEADINGS: Mapping[Standing, str] = {
    "reproduced": "reproduced",
    "within tolerance": "within",
    "diverged": "diverged",
    "tampered": "tampered",
    "not checkable": "uncheckable",
}


def heading_line() -> str:
    """The head of the table."""
    return "  ".join([*HEADINGS.values(), "post"])


def post_lines(post: PostVerification) -> Iterator[str]:
    """The row of a post, and below it what there is to say of it."""
    yield from map(plain, _lines(post))


def _lines(post: PostVerification) -> Iterator[str]:
    counts = [str(post.counts.get(standing) or "·") for standing in HEADINGS]
    cells = [f"{text:>{len(name)}}" for text, name in zip(counts, HEADINGS.values(), strict=True)]
    yield "  ".join([*cells, _name(post)])
    for finding, number in in_groups(post.findings):
        yield from _finding_lines(post, finding, number)
    told = [*post.changes, *(["its text changed"] if post.source_changed else [])]
    if told and post.findings:
        yield f"    since it was published: {', '.join(told)}"


def summary_line(verification: Verification) -> str:
    """What it comes to."""
    posts, without = len(verification.posts), verification.without
    counts = ", ".join(f"{verification.counts.get(s, 0)} {s}" for s in STANDINGS)
    what = "1 post" if posts == 1 else f"{posts} posts"
    rest = f" ({without} without code)" if without else ""
    return plain(f"{verification.published}: {what}{rest}: {counts}")


def verification_json(verification: Verification) -> str:
    """All of it as a JSON document; README names its fields."""
    return document(
        "verification",
        published=verification.published,
        sound=verification.sound,
        counts=dict(verification.counts),
        without_code=verification.without,
        posts=[_post_fields(post) for post in verification.posts],
    )


def _name(post: PostVerification) -> str:
    return post.post or f"/{post.page}/".replace("//", "/")


def _finding_lines(post: PostVerification, finding: Finding, number: int) -> Iterator[str]:
    place = f"{_name(post)}:{finding.line}" if finding.line else _name(post)
    what = finding.what if number == 1 else f"{finding.what} and {number - 1} more"
    why = f": {finding.why}" if finding.why else ""
    yield f"  {place}: {finding.standing}: {what}{why}"
    for move in finding.numbers[:FEW]:
        yield f"    {in_words(move)}"
    if len(finding.numbers) > FEW:
        yield f"    and {len(finding.numbers) - FEW} more numbers"
    if not finding.numbers and (finding.old or finding.new):
        yield f"    was {finding.old or 'nothing'}"
        yield f"    is  {finding.new or 'nothing'}"


def _post_fields(post: PostVerification) -> dict[str, Any]:
    return {
        "post": post.post,
        "page": f"{post.page}/".removeprefix("/"),
        "counts": dict(post.counts),
        "changes": list(post.changes),
        "source_changed": post.source_changed,
        "findings": [_finding_fields(finding) for finding in post.findings],
    }


def _finding_fields(finding: Finding) -> dict[str, Any]:
    return {
        "standing": finding.standing,
        "what": finding.what,
        "line": finding.line,
        "cell": finding.cell,
        "why": finding.why,
        "old": finding.old,
        "new": finding.new,
        "numbers": [number_fields(move) for move in finding.numbers],
    }
