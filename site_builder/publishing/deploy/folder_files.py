"""Files in a folder that is deployed to: what is there, and changing it one step at a time.

In: places and contents. Out: marks and contents. Promise: a file is the old one or the new one; no
link is followed at its end. What the system refuses comes out as OSError.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from site_builder.publishing.deploy.target import FOLDER, OTHER
from site_builder.publishing.output_folder import remove_empty_above

STAGING = ".deploy-staging-"
"""Begins the names of folders in which files wait; only a deploy that was killed leaves one."""


def is_staging(place: Path) -> bool:
    """Whether this is what a deploy that was killed left behind, and nothing else."""
    if not place.name.startswith(STAGING) or place.is_symlink() or not place.is_dir():
        return False
    return all(re.fullmatch(r"\d+", inside.name) for inside in place.iterdir())


@contextlib.contextmanager
def staging_folder(folder: Path) -> Iterator[Path]:
    """A folder beside the files, for those that wait."""
    place = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def content_of(path: Path) -> bytes | None:
    """What is in a regular file; None if it is not there."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        return path.read_bytes()
    except FileNotFoundError:
        return None


def mark_of(place: Path) -> str:
    """The mark of what is at a place; empty if nothing is."""
    try:
        mode = os.lstat(place).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if stat.S_ISDIR(mode):
        return FOLDER
    if not stat.S_ISREG(mode):
        return OTHER
    try:
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError:
        return OTHER


def move(new: Path, place: Path) -> None:
    """Move a file to its place, where the file that it replaces says who may read it.

    An empty folder there makes way.
    """
    with contextlib.suppress(FileNotFoundError):
        before = os.lstat(place).st_mode
        if stat.S_ISREG(before):
            new.chmod(stat.S_IMODE(before))
        elif stat.S_ISDIR(before):  # left by a removal that broke off
            for home, _, _ in os.walk(place, topdown=False):
                Path(home).rmdir()
    new.replace(place)


def remove_file(folder: Path, path: str) -> None:
    """Remove a file, if it is there, and folders in `folder` that this leaves empty."""
    place = folder / path
    with contextlib.suppress(FileNotFoundError):
        place.unlink()
    remove_empty_above(folder, place)


def make_folders(folder: Path, path: str) -> None:
    """Make the folders above a path that are not there, so that all may look into them."""
    for above in reversed(Path(path).parents):
        with contextlib.suppress(FileExistsError):
            (folder / above).mkdir()
            (folder / above).chmod(0o755)


def stage_file(place: Path, content: bytes) -> None:
    """Write a file that waits, which all may read: it is on the disk before it is moved."""
    place.write_bytes(content)
    place.chmod(0o644)
    _to_disk(place)


def write_file(place: Path, content: bytes) -> None:
    """Replace a file in one step, and make sure that it is on the disk."""
    with staging_folder(place.parent) as staging:
        stage_file(staging / "0", content)
        (staging / "0").replace(place)
    with contextlib.suppress(OSError):  # not every system can, with folders
        _to_disk(place.parent)


def _to_disk(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_new_file(place: Path, content: bytes) -> bool:
    """Make a file in one step; False if one is there."""
    with staging_folder(place.parent) as staging:
        (staging / "0").write_bytes(content)
        try:
            os.link(staging / "0", place)
        except FileExistsError:
            return False
        except OSError:  # no links on this file system
            with contextlib.suppress(FileExistsError), place.open("xb") as file:
                file.write(content)
                return True
            return False
    return True
