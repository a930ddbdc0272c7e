"""What is deployed where, and what about the site itself forbids it.

In: what was given on the command line. Out: a target; the problems of the built site, and those of
the posts that it should be made of. Promise: the target is not asked, and nothing is written.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from site_builder.commands.arguments import CACHE
from site_builder.errors import Problem, UsageError, nearest

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.publishing.deploy.built import BuiltSite
    from site_builder.publishing.deploy.guards import Wishes
    from site_builder.settings.site import Site
    from site_builder.settings.targets import Target


@dataclass(frozen=True, slots=True)
class Deploy:
    """What is deployed where."""

    site: Site
    name: str
    target: Target
    built: BuiltSite
    wishes: Wishes

    @property
    def address(self) -> str:
        """Where readers find the site."""
        return self.target.url or self.site.address


def chosen_target(site: Site, name: str) -> tuple[str, Target]:
    """The target of that name, or the only one; raises UsageError."""
    targets = site.settings.deploy
    if not targets:
        message = "site.toml does not say where to deploy to"
        help_ = 'such as: deploy.live = { kind = "rsync", to = "me@host:/srv/www" }'
        raise UsageError(Problem(message, help=help_, code="D001"))
    if not name and len(targets) > 1:
        message = "there are several targets, and none is named"
        raise UsageError(Problem(message, help=f"one of {', '.join(targets)}", code="D001"))
    name = name or next(iter(targets))
    if name not in targets:
        message = f"there is no target {name!r}"
        raise UsageError(Problem(message, help=nearest(name, targets), code="D001"))
    return name, targets[name]


def site_problems(deploy: Deploy, given: argparse.Namespace) -> list[Problem]:
    """What about the site itself forbids to deploy it."""
    from site_builder.build import read_day
    from site_builder.publishing.deploy.guards import built_problems

    settings, today = deploy.site.settings, read_day()
    problems = list(
        built_problems(
            deploy.built.built,
            site=settings.url,
            indexed=settings.indexed,
            target=deploy.target.url,
            name=deploy.name,
            today=today,
        )
    )
    return problems if given.as_built else problems + _of_the_posts(deploy, given)


def _of_the_posts(deploy: Deploy, given: argparse.Namespace) -> list[Problem]:
    """Whether the site is that of today's posts, and what there is to mend about these."""
    from site_builder.build import read_day
    from site_builder.checking.site.check import Wish, check_site
    from site_builder.outdated import changes_since
    from site_builder.store import Store

    site, built = deploy.site, deploy.built
    with Store(site.root / CACHE) as store:
        today = read_day()
        changes: tuple[str, ...] = ()
        if not given.build:  # which made it a moment ago
            changes = changes_since(site, built.folder, built.built, store, today=today)
        if changes:
            more = f", and {len(changes) - 5} more" if len(changes) > 5 else ""
            message = f"the built site is not that of today: {', '.join(changes[:5])}{more}"
            help_ = "build again, or add --build; --as-built deploys it as it is"
            return [Problem(message, help=help_, code="D008")]
        if given.no_check:
            return []
        wish = Wish(jobs=given.jobs, fork=not given.no_fork, environment=os.environ)
        checked = check_site(site, wish, store, today=today, now=time.time())
    found = [*checked.problems, *checked.findings]
    if not found:
        return []
    message = f"check finds {len(found)} thing{'s' * (len(found) != 1)} to look at"
    help_ = "mend or silence them: site-builder check; --no-check deploys all the same"
    return [*found, Problem(message, help=help_, code="D009")]
