"""A folder as a target: on this machine, or mounted.

In: the table of the target. Out: a session. Promise: a file is written beside the others first and
moved to its place in one step; no link is followed; only what is named is removed.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.publishing.deploy.folder_files import (
    content_of,
    is_staging,
    make_folders,
    mark_of,
    move,
    remove_file,
    stage_file,
    staging_folder,
    write_file,
    write_new_file,
)
from site_builder.publishing.deploy.retries import TargetError
from site_builder.publishing.deploy.target import (
    FOLDER,
    LEASE,
    MANIFEST,
    Around,
    File,
    OnDone,
    overtaken,
)
from site_builder.publishing.lock import locked
from site_builder.publishing.output_folder import SOURCES, LinkFinder
from site_builder.settings.targets import Folder


@contextlib.contextmanager
def connect(target: Folder, around: Around) -> Iterator[FolderSession]:
    """Reach the folder. Raises UsageError if it cannot be a target, and TargetError."""
    folder = place_of(target.path, around)
    with _reported(target.path):
        check_place(folder, target.path, around)
    yield FolderSession(folder, target.path, around)


def place_of(path: str, around: Around) -> Path:
    """Where a path of the settings is: relative to the site's folder, or absolute, or from `~`."""
    home = around.environment.get("HOME", "")
    if path == "~" or path.startswith("~/"):
        path = (home or "~") + path[1:]
    return (around.root / Path(path).expanduser()).resolve()


def check_place(folder: Path, shown: str, around: Around) -> None:
    """Refuse a folder that is part of the site, or is nowhere; raises UsageError."""
    root, output = around.root.resolve(), around.output.resolve()
    help_ = "choose a folder that only the site is put in"
    sources = [name for name in SOURCES if folder.is_relative_to(root / name)]
    why = ""
    if root.is_relative_to(folder):
        why = "is the folder of the site itself" if root == folder else "holds the site itself"
    elif sources:
        why = f"is in {sources[0]}, a folder of the site's sources"
    elif folder.is_relative_to(output) or output.is_relative_to(folder):
        why = "is where the site is built" if output == folder else "and the built site overlap"
    elif folder.exists() and not folder.is_dir():
        why = "is no folder"
    if why:
        raise UsageError(Problem(f"the target {shown} {why}", help=help_, code="D016"))
    if not folder.parent.is_dir():
        message = f"the target {shown} is not there, nor the folder that it would be in"
        help_ = f"make the folder {folder.parent}; if it is a disk, is it mounted?"
        raise UsageError(Problem(message, help=help_, code="D016"))


class FolderSession:
    """A folder that is deployed to."""

    atomic = False

    def __init__(self, folder: Path, shown: str, around: Around) -> None:
        self.shown = shown
        self._folder = folder
        self._retries = around.retries
        self._manifest: bytes | None = None
        self._marks: Mapping[str, str] = {}

    def manifest(self) -> bytes | None:
        """The manifest that is there."""
        with _reported(self.shown):
            self._manifest = content_of(self._folder / MANIFEST)
            return self._manifest

    def extras(self) -> Sequence[File]:
        """None: a folder needs nothing."""
        return ()

    def mark(self, file: File) -> str:
        """The SHA-256."""
        return file.sha256

    def marks(self, paths: Collection[str]) -> Mapping[str, str]:
        """What is at these paths."""
        with _reported(self.shown):
            link_above = LinkFinder(self._folder)
            found = {
                path: mark_of(self._folder / path) for path in sorted(paths) if not link_above(path)
            }
            self._marks = {path: mark for path, mark in found.items() if mark}
            return self._marks

    def paths(self) -> Iterator[str]:
        """All files that are there."""
        with _reported(self.shown):
            for home, folders, names in os.walk(self._folder):
                here = Path(home).relative_to(self._folder)
                links = [name for name in folders if (Path(home) / name).is_symlink()]
                if here == Path():
                    folders[:] = [name for name in folders if not is_staging(self._folder / name)]
                for path in sorted((here / name).as_posix() for name in (*names, *links)):
                    if path not in (MANIFEST, LEASE):
                        yield path

    def lease(self) -> bytes | None:
        """The lease that is there."""
        with _reported(self.shown):
            return content_of(self._folder / LEASE)

    def take(self, lease: bytes, instead_of: bytes | None) -> bool:
        """Put a lease in the place of another: in one step where the system can lock or link."""
        with _reported(self.shown):
            make_folders(self._folder, LEASE)
            with locked(self._folder, lambda: None):
                if content_of(self._folder / LEASE) != instead_of:
                    return False
                if instead_of is not None:
                    write_file(self._folder / LEASE, lease)
                    return True
                return write_new_file(self._folder / LEASE, lease)

    def drop(self, lease: bytes) -> None:
        """Remove the lease if it is this one."""
        with _reported(self.shown), contextlib.suppress(FileNotFoundError):
            if content_of(self._folder / LEASE) == lease:
                (self._folder / LEASE).unlink()

    def begin(self, journal: bytes) -> None:
        """Replace the manifest, and remove what a deploy that was killed left behind."""
        self._replace_manifest(journal)
        with _reported(self.shown):
            for left in self._folder.iterdir():
                if is_staging(left):
                    shutil.rmtree(left, ignore_errors=True)

    def put(self, files: Sequence[File], on_done: OnDone) -> None:
        """Write all files beside the others, then move each to its place."""
        with _reported(self.shown), staging_folder(self._folder) as staging:
            for number, file in enumerate(files):
                stage_file(staging / str(number), file.read())
            link_above = LinkFinder(self._folder)
            for number, file in enumerate(files):
                if link := link_above(file.path):
                    raise OSError(errno.ELOOP, "a link is in the way", str(self._folder / link))
                self._check(file.path)
                make_folders(self._folder, file.path)
                place = self._folder / file.path
                self._retried(functools.partial(move, staging / str(number), place))
                on_done(file.path)

    def remove(self, paths: Sequence[str], on_done: OnDone) -> None:
        """Remove these files, and the folders that this leaves empty."""
        with _reported(self.shown):
            link_above = LinkFinder(self._folder)
            for path in paths:
                if not link_above(path):
                    self._check(path)
                    self._retried(functools.partial(remove_file, self._folder, path))
                on_done(path)

    def finish(self, manifest: bytes) -> None:
        """Replace the manifest, and make sure that it is on the disk."""
        self._replace_manifest(manifest)

    def _check(self, path: str) -> None:
        """See that what is at a path is what the plan was made of; raises TargetError."""
        if mark_of(self._folder / path) not in ("", FOLDER, self._marks.get(path)):
            message = f"{path} at {self.shown} was changed by somebody else just now"
            raise TargetError(Problem(message, help="deploy again", code="D021"))

    def _replace_manifest(self, content: bytes) -> None:
        with _reported(self.shown):
            if content_of(self._folder / MANIFEST) != self._manifest:
                raise overtaken(self.shown)
            write_file(self._folder / MANIFEST, content)
            self._manifest = content

    def _retried(self, act: Callable[[], None]) -> None:
        def request() -> None:
            try:
                act()
            except OSError as error:
                if error.errno not in _PASSING:
                    raise
                raise _told(error, self.shown, passing=True) from None

        self._retries(request)


_PASSING = (errno.EBUSY, errno.EAGAIN, errno.ETIMEDOUT, getattr(errno, "ESTALE", errno.EBUSY))


@contextlib.contextmanager
def _reported(shown: str) -> Iterator[None]:
    """Say in words what the operating system refuses."""
    try:
        yield
    except OSError as error:
        raise _told(error, shown) from None


def _told(error: OSError, shown: str, *, passing: bool = False) -> TargetError:
    reason = error.strerror or str(error)
    place = error.filename2 or error.filename
    where = f" ({place})" if place else ""
    help_ = _HELP.get(error.errno or 0, "see to it, then deploy again")
    message = f"cannot deploy to {shown}: {reason}{where}"
    return TargetError(Problem(message, help=help_, code="D030"), passing=passing)


_HELP = {
    errno.ENOSPC: "free some space there, then deploy again",
    errno.EDQUOT: "free some space there, then deploy again",
    errno.EACCES: "make the folder and what is ours in it writable, then deploy again",
    errno.EPERM: "make the folder and what is ours in it writable, then deploy again",
    errno.EROFS: "the disk is mounted for reading only",
}
