"""`site-builder deploy`: put the built site online.

In: the arguments. Out: the plan, and what was done. Exit code 0 if the target is the site, or with
`--dry-run` could be made so; 1 if something forbids it, or the target fails, when the same command
goes on from there; 2 for what is wrong in usage and settings.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from site_builder.commands.arguments import (
    CACHE,
    add_json,
    add_place,
    add_running,
    output_folder,
    say_waiting,
    shown,
)
from site_builder.commands.deployable import Deploy, chosen_target, site_problems
from site_builder.commands.telling import print_document, print_problems, print_warnings
from site_builder.errors import ContentError, Problem, SiteBuilderError, UsageError

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.publishing.deploy.deploy import Progress, Survey
    from site_builder.publishing.deploy.plan import Plan
    from site_builder.publishing.deploy.target import Session
    from site_builder.settings.site import Site
    from site_builder.settings.targets import Target

INTERRUPTED = 130


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "deploy", help="put the built site online, as site.toml says", allow_abbrev=False
    )
    parser.add_argument("target", nargs="?", default="", metavar="TARGET",
                        help="its name in site.toml (default: the only one)")  # fmt: skip
    add_place(parser)
    for name, help_ in (
        ("--dry-run", "show what would be done, and do nothing"),
        ("--yes", "do not ask"),
        ("--build", "build first"),
        ("--no-check", "do not look first for what check finds"),
        ("--as-built", "deploy the site as it is, whatever changed since; no check"),
        ("--adopt", "take over files there that are just as ours"),
        ("--overwrite", "replace files of ours that somebody changed there"),
        ("--break-lease", "take the target from a deploy that crashed"),
    ):
        parser.add_argument(name, action="store_true", help=help_)
    parser.add_argument("--max-deletes", type=_number, default=None, metavar="N",
                        help="how many files may be removed (default: 20, or a tenth)")  # fmt: skip
    parser.add_argument("--moved-from", default="", metavar="URL",
                        help="address of the site when it was last deployed")  # fmt: skip
    add_running(parser)
    add_json(parser)
    parser.set_defaults(command=run)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"a number from 0 on, not {text!r}")
    return int(text)


def run(given: argparse.Namespace) -> int:
    """Deploy the site; gives the exit code.

    Raises SiteBuilderError for all that stands in the way.
    """
    from site_builder.publishing.deploy.built import read_built_site
    from site_builder.publishing.deploy.guards import Wishes
    from site_builder.publishing.lock import locked
    from site_builder.settings.site import load_site

    site = load_site(given.directory)
    name, target = chosen_target(site, given.target)
    if not (given.yes or given.dry_run or sys.stdin.isatty()):
        message = "there is nobody to ask whether to deploy"
        raise UsageError(Problem(message, help="add --yes, or --dry-run", code="D017"))
    output = output_folder(given)
    if given.build:
        _build(site, target, output, given)
    if not output.is_dir():
        message = f"there is no built site: no folder {shown(output)}"
        raise ContentError(Problem(message, help="build first, or add --build", code="D004"))
    with locked(output, say_waiting):
        built = read_built_site(output, shown(output).removesuffix("/"))
        wishes = Wishes(
            given.adopt, given.overwrite, given.max_deletes, given.moved_from, given.break_lease
        )
        return _deploy(Deploy(site, name, target, built, wishes), given)


def _build(site: Site, target: Target, output: Path, given: argparse.Namespace) -> None:
    """Build for this target."""
    from site_builder.build import Options, build
    from site_builder.progress import Display

    if target.url:
        site = replace(site, settings=replace(site.settings, url=target.url))
    options = Options(output, given.jobs, fork=not given.no_fork, cache=site.root / CACHE)
    with Display(sys.stderr) as display:
        report = build(site, options, on_progress=display.show, on_wait=say_waiting)
    if report.warnings and (given.no_check or given.as_built):  # else check tells them
        print_warnings(report.warnings, given)


def _deploy(deploy: Deploy, given: argparse.Namespace) -> int:
    from site_builder.publishing.deploy.kinds import connect
    from site_builder.publishing.deploy.target import Around

    around = Around(
        root=deploy.site.root,
        output=deploy.built.folder,
        environment=os.environ,
        address=deploy.address,
        tell=lambda text: print(f"note: {text}", file=sys.stderr),
    )
    problems = site_problems(deploy, given)
    try:
        with connect(deploy.target, around) as session:
            return _deploy_to(session, deploy, problems, given)
    except SiteBuilderError as error:
        if not problems:
            raise
        raise ContentError((*problems, *error.problems)) from None


def _deploy_to(
    session: Session, deploy: Deploy, problems: list[Problem], given: argparse.Namespace
) -> int:
    from site_builder.publishing.deploy.deploy import survey
    from site_builder.publishing.deploy.report import plan_lines, summary

    found = survey(session, deploy.built, deploy.wishes, url=deploy.address)
    problems = [*problems, *found.problems]
    words = not given.json
    if given.dry_run and words:
        for line in plan_lines(found.plan):
            print(line)
    if words and (given.dry_run or not (problems or found.plan.is_nothing)):
        print(f"{deploy.name} ({session.shown}): {summary(found.plan)}")
    deployed = False
    if not (problems or given.dry_run):
        asked = not given.yes and not found.plan.is_nothing
        if asked and not _is_wanted(session.shown):
            print("nothing was deployed", file=sys.stderr)
            return 1
        _carry_out(session, found.plan, deploy, asked=asked)
        deployed = True
    if given.json:
        _print_json(session, found, problems, deploy, deployed)
    if problems:
        print_problems(problems, given, "; nothing was deployed" if not given.dry_run else "")
        return 1
    if words and deployed:
        done = "is as it should be, nothing to do" if found.plan.is_nothing else "deployed"
        print(f"{deploy.name}: {done} → {deploy.address}")
    return 0


def _is_wanted(place: str) -> bool:
    print(f"Deploy to {place}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _carry_out(session: Session, plan: Plan, deploy: Deploy, *, asked: bool) -> None:
    """Do it, and say how far it is."""
    from site_builder.publishing.deploy.deploy import carry_out, survey
    from site_builder.publishing.deploy.retries import TargetError

    url, last = deploy.address, [None]  # type: tuple[str, list[Progress | None]]

    def on_progress(progress: Progress) -> None:
        before, last[0] = last[0], progress
        if before is None or before.stage != progress.stage or progress.done == progress.of:
            count = f"{progress.done} of {progress.of} files"
            print(f"{count}: {progress.stage}", file=sys.stderr, flush=True)

    def again() -> Plan:
        return survey(session, deploy.built, deploy.wishes, url=url).plan

    try:
        carry_out(
            session,
            plan,
            url=url,
            break_lease=deploy.wishes.break_lease,
            again=again if asked else None,
            on_progress=on_progress,
        )
    except (TargetError, KeyboardInterrupt) as error:
        state = _state(session, last[0])
        if isinstance(error, TargetError):
            (problem,) = error.problems
            told = replace(problem, notes=(*problem.notes, state))
            raise TargetError(told, passing=error.passing) from None
        print(f"\n{state}", file=sys.stderr)
        raise


def _state(session: Session, progress: Progress | None) -> str:
    """How a target is left by a deploy that broke off."""
    if progress is None or session.atomic:
        return "nothing of the new site is to be seen there"
    return (
        f"{progress.done} of {progress.of} files are done; every page there has what it shows, and "
        "the next deploy goes on from there"
    )


def _print_json(
    session: Session, found: Survey, problems: list[Problem], deploy: Deploy, deployed: bool
) -> None:
    from site_builder.publishing.deploy.report import document

    print_document(
        document(
            found.plan,
            problems,
            target=deploy.name,
            kind=deploy.target.kind,
            place=session.shown,
            address=deploy.address,
            deployed=deployed,
        )
    )
