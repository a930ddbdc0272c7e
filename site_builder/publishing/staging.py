"""The staging folder, where new files wait to be moved, and the manifest, which says what is ours.

In: the output folder and new files. Out: a folder on the same file system that holds them; the
digests of our files by path. Promise: what is not moved in the end is removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from site_builder.publishing.output_folder import is_inside

MANIFEST = ".site-builder.json"


@dataclass(frozen=True, slots=True)
class Built:
    """What a site that was built is to be known by before it is put online."""

    url: str
    """Address of the home page that it was built for, as it was given."""
    indexed: bool = True
    """Whether search engines may list it."""
    drafts: tuple[str, ...] = ()
    """Files of the drafts in it."""
    scheduled: Mapping[str, str] = field(default_factory=dict)
    """Dates of the posts in it that are not due on the day of the build, by their files."""


class Staging:
    """New files, waiting in a folder of their own to be moved; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place: Path | None = None
        self.changed: list[str] = []
        """Where the files go that wait, in their order."""

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)

    @property
    def place(self) -> Path:
        """The folder, made when it is needed."""
        if self._place is None:
            self._place = _make_staging(self._folder)
        return self._place

    def add(self, path: str, content: bytes) -> None:
        """Let a file wait."""
        (self.place / str(len(self.changed))).write_bytes(content)
        self.changed.append(path)


def _make_staging(folder: Path) -> Path:
    """A folder on the same file system: beside the output if possible, else in it."""
    for home in (folder.parent, folder):
        staging = home / f"{_staging_prefix(folder)}{os.getpid()}"
        try:
            if home.stat().st_dev != folder.stat().st_dev:
                continue
            staging.mkdir()
        except PermissionError:
            if home == folder:
                raise
            continue
        return staging
    raise AssertionError("a folder is on its own file system")


def _staging_prefix(folder: Path) -> str:
    return f".{folder.name}.staging-"


def remove_staging(folder: Path) -> None:
    """Remove what builds that were killed left behind."""
    # Whoever made it is dead: staging folders are made and removed under the lock.
    for left in staging_folders(folder):
        shutil.rmtree(left, ignore_errors=True)


def staging_folders(folder: Path) -> list[Path]:
    """The staging folders of an output folder: at any time there is at most one in use."""
    prefix = _staging_prefix(folder)
    found: list[Path] = []
    for home in (folder.parent, folder):
        with contextlib.suppress(OSError):
            found += [x for x in home.iterdir() if x.name.startswith(prefix)]
    return found


def read_manifest(folder: Path) -> dict[str, str] | None:
    """The digests of our files by path; None if there is no manifest that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        files = manifest["files"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(files, dict) or not all(is_inside(path) for path in files):
        return None
    return {path: str(digest) for path, digest in files.items()}


def has_manifest(folder: Path, digests: Mapping[str, str], built: Built | None = None) -> bool:
    """Whether the manifest is, to the byte, that of files with these digests."""
    try:
        return (folder / MANIFEST).read_bytes() == manifest_bytes(digests, built)
    except OSError:
        return False


def manifest_bytes(digests: Mapping[str, str], built: Built | None = None) -> bytes:
    """The manifest of files with these digests; `built` is None while they come and go."""
    data: dict[str, object] = {"version": 1, "files": dict(sorted(digests.items()))}
    if built is not None:
        data["built"] = dataclasses.asdict(built)
    return (json.dumps(data, indent=0, ensure_ascii=False) + "\n").encode()


def read_built(folder: Path) -> Built | None:
    """What is known of the site in an output folder; None if it is not whole, or nothing is."""
    try:
        built = json.loads((folder / MANIFEST).read_bytes())["built"]
        url, scheduled, drafts = str(built["url"]), built["scheduled"], tuple(built["drafts"])
        return Built(url, built["indexed"] is True, drafts, dict(scheduled))
    except (OSError, ValueError, KeyError, TypeError):
        return None
