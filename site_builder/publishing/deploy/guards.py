"""Guards: why a deploy is refused, however much it is wanted.

In: the built site, the plan, the manifest and the author's wishes. Out: Problems, all of them, each
with the way out. Promise: nothing is asked of the target here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from site_builder.errors import Problem
from site_builder.publishing.deploy.manifest import Manifest
from site_builder.publishing.deploy.plan import Plan
from site_builder.publishing.staging import Built

FREE_REMOVALS = 20
FREE_SHARE = 0.1
"""How many files, or which share of all, may be removed without being asked for."""
EXAMPLES = 5
"""How many paths a problem names."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the author allows."""

    adopt: bool = False
    """Whether what is at the target already, and just as ours, is taken over."""
    overwrite: bool = False
    """Whether what is ours and was altered at the target is replaced or removed."""
    max_removals: int | None = None
    """How many files may be removed; None for what is usual."""
    moved_from: str = ""
    """The address that the site had when it was last deployed there."""
    break_lease: bool = False
    """Whether a lease that another deploy holds is taken from it."""


def built_problems(
    built: Built, *, site: str, indexed: bool, target: str, name: str, today: dt.date
) -> Iterator[Problem]:
    """What about the built site forbids to put it online.

    `site` and `indexed` are settings, `target` is the `url` of the target `name` if it has one.
    """
    for file in built.drafts:
        message = "the built site has this draft"
        yield Problem(message, file, help="build again without --drafts", code="D006")
    for file, date in built.scheduled.items():
        if date > today.isoformat():
            message = f"the built site has this post, which is scheduled for {date}"
            yield Problem(message, file, help="build again without --future", code="D006")
    wanted = target or site
    if built.url.rstrip("/") != wanted.rstrip("/"):
        message = f"the site was built for {built.url}, and is to be deployed to {wanted}"
        help_ = f"add --build; or say the address that it has there: [deploy.{name}] url"
        yield Problem(message, help=help_, code="D007")
    elif not target and (why := _not_public(built.url)):
        message = f"the site was built for {built.url}, {why}"
        help_ = f"set url in site.toml; if it is meant, say it: [deploy.{name}] url"
        yield Problem(message, help=help_, code="D007")
    if indexed and not built.indexed and wanted.rstrip("/") == site.rstrip("/"):
        message = "the built site asks search engines not to list it"
        yield Problem(message, help="build again without --noindex", code="D006")


def _not_public(url: str) -> str:
    """Why an address is not one where readers find a site; empty if it may be."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    last = host.rpartition(".")[2]
    if host in ("0.0.0.0", "::1", "::") or last == "localhost" or host.startswith("127."):
        return "an address of this machine only"
    # Source: https://www.iana.org/assignments/special-use-domain-names/
    owned = ".".join(host.split(".")[-2:])
    if owned in ("example.org", "example.com", "example.net") or last in _EXAMPLES:
        return "an address for examples, which nobody has"
    return "an address of a local network" if last == "local" else ""


_EXAMPLES = ("example", "test", "invalid")


def plan_problems(
    plan: Plan,
    manifest: Manifest | None,
    foreign: Collection[str],
    wishes: Wishes,
    *,
    shown: str,
    site: str,
) -> Iterator[Problem]:
    """What at the target forbids the plan.

    `manifest` is None on a first deploy; `foreign` are then the files that are at the target.
    """
    if manifest is None and foreign and not wishes.adopt:
        message = f"{shown} is not empty, and was never deployed to: it holds {_some(foreign)}"
        help_ = (
            "empty it, choose another target, or add --adopt: files that are just as ours are "
            "taken over then, all others stay"
        )
        yield Problem(message, help=help_, code="D011")
        return
    known = {address.rstrip("/") for address in (site, wishes.moved_from or site)}
    if manifest is not None and manifest.site.rstrip("/") not in known:
        message = f"another site lives at {shown}: that of {manifest.site or 'an unknown address'}"
        help_ = f"choose another target; if this site moved: --moved-from {manifest.site}"
        yield Problem(message, help=help_, code="D012")
        return
    for kinds, message, help_ in _OBSTACLES:
        if paths := [each.path for each in plan.in_the_way if each.what in kinds]:
            code = "D014" if kinds == ("altered",) else "D013"
            yield Problem(message.format(shown, _some(paths)), help=help_, code=code)
    removed = len(plan.having("removed"))
    usual = max(FREE_REMOVALS, int(FREE_SHARE * len(plan.present)))
    if removed > (usual if wishes.max_removals is None else wishes.max_removals):
        message = f"{removed} of {len(plan.present)} files would be removed from {shown}"
        help_ = f"see with --dry-run which; if it is meant: --max-deletes {removed}"
        yield Problem(message, help=help_, code="D015")


_OBSTACLES: Sequence[tuple[tuple[str, ...], str, str]] = (
    (
        ("foreign", "folder", "other"),
        "the site has files where {} holds what is not ours: {}",
        "move it away there; what is not ours is never overwritten",
    ),
    (
        ("alike",),
        "{} holds files just as the site's, but not from a deploy: {}",
        "--adopt takes them over",
    ),
    (
        ("altered",),
        "somebody changed files of ours at {}: {}",
        "take over what is wanted into the site; --overwrite replaces or removes them",
    ),
)


def _some(paths: Collection[str]) -> str:
    named = sorted(paths)[:EXAMPLES]
    more = len(paths) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
