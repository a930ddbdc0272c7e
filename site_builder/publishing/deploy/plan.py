"""The plan of a deploy: what is put, replaced, removed and left, and what stands in the way.

In: the files of the site, the manifest, and what is at the target. Out: a plan. Promise: nothing
that we did not put, or that somebody changed since, is put over or removed; nothing is done here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Literal

from site_builder.publishing.deploy.manifest import Manifest, Placed, placed
from site_builder.publishing.deploy.target import FOLDER, OTHER, File

Action = Literal["new", "changed", "removed", "same"]
Obstacle = Literal["foreign", "alike", "altered", "folder", "other"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one file."""

    path: str
    action: Action
    size: int
    """In bytes; of what is removed, that of the old file."""
    file: File | None
    """None of what is removed."""
    was_altered: bool = False
    """Whether somebody changed the file at the target since it was put."""
    was_gone: bool = False
    """Whether somebody removed it there."""
    is_adopted: bool = False
    """Whether it is taken over: it was there, with this content, and not from us."""


@dataclass(frozen=True, slots=True)
class InTheWay:
    """What is at the target and stops the deploy."""

    path: str
    what: Obstacle
    """`foreign`: not ours; `alike`: neither, but as ours would be; `altered`: ours, and changed
    since; `folder`: a folder; `other`: a link, or something else that is no file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deploy is to do."""

    steps: tuple[Step, ...]
    """In order of their paths."""
    in_the_way: tuple[InTheWay, ...]
    present: Mapping[str, Placed]
    """Our files as they are at the target now."""
    goal: Mapping[str, Placed]
    """Our files as they will be."""
    is_recorded: bool
    """Whether the manifest says just that."""

    def having(self, *actions: Action) -> list[Step]:
        """The steps of these kinds."""
        return [step for step in self.steps if step.action in actions]

    @property
    def is_nothing(self) -> bool:
        """Whether all is as it should be."""
        return self.is_recorded and not self.having("new", "changed", "removed")


def asked_paths(files: Iterable[File], manifest: Manifest) -> set[str]:
    """What has to be known of a target: our paths, old and new, and the folders above them."""
    paths = {file.path for file in files} | manifest.files.keys() | manifest.pending.keys()
    return paths | {above for path in paths for above in _above(path)}


def make_plan(
    files: Mapping[File, str],
    manifest: Manifest,
    found: Mapping[str, str],
    *,
    everything: Collection[str] = (),
    adopt: bool = False,
    overwrite: bool = False,
) -> Plan:
    """Hold the site against the target.

    `files` have the marks that they will have there; `found` are the marks of what is there, for
    `asked_paths`; `everything` are all paths there, if `needs_everything`. `adopt` takes over what
    is there already and just as ours would be; `overwrite` allows what is ours and was altered to
    be replaced or removed.
    """
    goal = {file.path: placed(file, mark) for file, mark in files.items()}
    ours = _present(manifest, goal, found)
    in_the_way = list(_in_the_way(goal, found, ours, everything))
    if adopt:
        in_the_way = [x for x in in_the_way if x.what != "alike"]
    if overwrite:
        in_the_way = [x for x in in_the_way if x.what != "altered"]
    steps = [
        *_puts(files, manifest, found, ours),
        *_removals(goal, manifest, found, ours),
    ]
    return Plan(
        tuple(sorted(steps, key=lambda step: step.path)),
        tuple(sorted(in_the_way, key=lambda x: x.path)),
        # What was altered stays known as altered if the deploy breaks off.
        {path: known or manifest.files[path] for path, known in ours.items()},
        goal,
        not manifest.pending and manifest.files == goal,
    )


def needs_everything(files: Iterable[File], found: Mapping[str, str]) -> bool:
    """Whether a plan needs to know all that is at the target: where a folder becomes a file."""
    return any(found.get(file.path) == FOLDER for file in files)


def _present(
    manifest: Manifest, goal: Mapping[str, Placed], found: Mapping[str, str]
) -> dict[str, Placed | None]:
    """What of ours is there, as it is; None for what somebody altered."""
    present: dict[str, Placed | None] = {}
    for path in manifest.files.keys() | manifest.pending.keys():
        mark = found.get(path, "")
        if not mark or mark in (FOLDER, OTHER):
            continue
        known = [manifest.files.get(path), manifest.pending.get(path)]
        if path in manifest.files:
            known.append(goal.get(path))  # altered, but to what we want
        as_known = [each for each in known if each is not None and each.mark == mark]
        if as_known or path in manifest.files:
            present[path] = as_known[0] if as_known else None
    return present


def _puts(
    files: Mapping[File, str],
    manifest: Manifest,
    found: Mapping[str, str],
    ours: Mapping[str, Placed | None],
) -> Iterator[Step]:
    for file, mark in files.items():
        path, size = file.path, file.size
        there = found.get(path)
        if there == mark:
            yield Step(path, "same", size, file, is_adopted=path not in ours)
        elif there is None or there in (FOLDER, OTHER):
            gone = there is None and path in manifest.files
            yield Step(path, "new", size, file, was_gone=gone)
        else:
            altered = path in ours and ours[path] is None
            yield Step(path, "changed", size, file, was_altered=altered)


def _removals(
    goal: Mapping[str, Placed],
    manifest: Manifest,
    found: Mapping[str, str],
    ours: Mapping[str, Placed | None],
) -> Iterator[Step]:
    for path, known in ours.items():
        if path not in goal:
            size = (known or manifest.files[path]).size
            yield Step(path, "removed", size, None, was_altered=known is None)


def _in_the_way(
    goal: Mapping[str, Placed],
    found: Mapping[str, str],
    ours: Mapping[str, Placed | None],
    everything: Collection[str],
) -> Iterator[InTheWay]:
    removed = ours.keys() - goal.keys()
    yield from (InTheWay(path, "altered") for path, known in ours.items() if known is None)
    for path in goal.keys() & found.keys():
        mark = found[path]
        if mark == FOLDER:
            # One that holds nothing but old files of ours goes with them, as one without any.
            inside = {each for each in everything if each.startswith(f"{path}/")}
            if inside - removed:
                yield InTheWay(path, "folder")
        elif mark == OTHER:
            yield InTheWay(path, "other")
        elif path not in ours:
            yield InTheWay(path, "alike" if mark == goal[path].mark else "foreign")
    folders = {above for path in (*goal, *removed) for above in _above(path)}
    for folder in folders - removed:
        mark = found.get(folder, FOLDER)
        if mark != FOLDER:
            yield InTheWay(folder, "other" if mark == OTHER else "foreign")


def blocking(paths: Iterable[str], removed: Set[str]) -> list[str]:
    """Those of our old files that must go before these paths can be put: folders become files."""
    wanted = set(paths)
    above = {folder for path in wanted for folder in _above(path)}
    inside = {path for path in removed if not wanted.isdisjoint(_above(path))}
    return sorted((above & removed) | inside)


def _above(path: str) -> Iterator[str]:
    """The folders above a path, the outermost first."""
    parts = path.split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts)))
