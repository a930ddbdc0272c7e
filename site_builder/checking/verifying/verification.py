"""What verifying a published site comes to.

In: findings. Out: a Verification of posts, with counts and with what is to be said of all that was
not reproduced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from site_builder.evidence.drift import NumberMove
from site_builder.evidence.lines import clipped
from site_builder.evidence.published import PublishedClaim, PublishedValue

Standing = Literal["reproduced", "within tolerance", "diverged", "tampered", "not checkable"]
STANDINGS: tuple[Standing, ...] = (
    "reproduced",
    "within tolerance",
    "diverged",
    "tampered",
    "not checkable",
)
BAD: tuple[Standing, ...] = ("diverged", "tampered")
"""What nobody should publish, or believe."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of one output, value, claim, or file."""

    standing: Standing
    what: str
    """Such as ``the value `acc:.1%` `` or `output 2 of cell 3 (stdout)`."""
    line: int = 0
    """Line of the post's file here: of the cell's code, or of the value or claim; 0 if unknown."""
    cell: int = 0
    """Number of the cell, 0 if it is of none."""
    why: str = ""
    """What differs beside numbers, or why nothing can be said."""
    numbers: tuple[NumberMove, ...] = ()
    """Those that differ, beyond tolerance first."""
    old: str = ""
    """What was published, where it is short."""
    new: str = ""


@dataclass(frozen=True, slots=True)
class PostVerification:
    """What was found of a post."""

    post: str
    """Its file, relative to the site's folder; as the record says if there is no such post here."""
    page: str
    """The folder of its page below the home page; empty for the home page."""
    counts: Mapping[Standing, int]
    findings: tuple[Finding, ...]
    """All but what was reproduced."""
    changes: tuple[str, ...] = ()
    """What it runs with now and did not then, such as `numpy 2.3.0 → 2.4.6`."""
    source_changed: bool = False
    """Whether the post's text is another one now."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of a site."""

    published: str
    """Its folder or address."""
    posts: tuple[PostVerification, ...]
    without: int
    """How many posts and pages have nothing to run: there is nothing to verify."""
    counts: Mapping[Standing, int] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing diverged and nothing was tampered with."""
        return not any(self.counts.get(standing) for standing in BAD)


def post_verification(
    post: str,
    page: str,
    findings: Iterable[Finding],
    *,
    changes: tuple[str, ...] = (),
    source_changed: bool = False,
) -> PostVerification:
    """Count the findings of a post, and keep those that tell something."""
    found = list(findings)
    told = (f for f in found if f.standing != "reproduced")
    ordered = sorted(told, key=lambda f: (STANDINGS.index(f.standing) not in (2, 3), f.line))
    counts = count(finding.standing for finding in found)
    return PostVerification(post, page, counts, tuple(ordered), changes, source_changed)


def output_name(cell: int, place: int, kind: str) -> str:
    """An output in words."""
    return f"output {place} of cell {cell} ({kind})"


def value_name(value: PublishedValue) -> str:
    """A value in words."""
    return f"the value `{value.code}`"


def claim_name(claim: PublishedClaim) -> str:
    """A claim in words."""
    return f"the claim {clipped(claim.sentence)!r}"


def count(standings: Iterable[Standing]) -> Mapping[Standing, int]:
    """How often each standing occurs, in their order."""
    counter = Counter(standings)
    return {standing: counter[standing] for standing in STANDINGS}


def together(posts: Iterable[PostVerification]) -> Mapping[Standing, int]:
    """The counts of posts, added up."""
    total: Counter[Standing] = Counter()
    for post in posts:
        total.update(post.counts)
    return {standing: total[standing] for standing in STANDINGS}


def in_groups(findings: Iterable[Finding]) -> Iterator[tuple[Finding, int]]:
    """Findings that need not be told one by one: the first of those with the same reason only, and
    how many they are.
    """
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        alike = finding.standing == "not checkable"
        groups.setdefault((finding.standing, finding.why) if alike else number, []).append(finding)
    for group in groups.values():
        yield group[0], len(group)
