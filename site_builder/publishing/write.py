"""Write: the output folder becomes the site, and keeps what is not ours.

In: the files of the site, in the order in which they should appear. Out: what changed. Promise:
until every new file is on the disk nothing of the old site changes, nothing that we did not write
is overwritten or deleted, and what a crash leaves behind the next build puts right.

New files are written to a staging folder and moved from there. A manifest in the output folder
says which files are ours; before the first move it names old and new ones, after the last removal
the new ones.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.model import SiteFile
from site_builder.publishing.lock import locked
from site_builder.publishing.output_folder import (
    check_content,
    check_place,
    is_inside,
    is_same,
    link_above,
    shown_path,
)

MANIFEST = ".site-builder.json"


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What a write did: paths relative to the output folder."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def write(
    output: Path,
    files: Iterable[SiteFile],
    *,
    site_root: Path,
    on_wait: Callable[[], None] = lambda: None,
) -> WriteReport:
    """Make the folder `output` hold `files`; files that did not change are not touched.

    `on_wait` is called if another build of the same folder has to end first.
    Raises UsageError if the folder cannot be ours, holds files that are not ours where ours must
    go, or cannot be written.
    """
    folder = output.resolve()
    shown = shown_path(folder, site_root)
    check_place(folder, shown, site_root.resolve())
    new = {file.path: file.content for file in files}
    with _reported(shown), locked(folder, on_wait):
        old = _read_manifest(folder)
        digests = {path: hashlib.sha256(new[path]).hexdigest() for path in new}
        _remove_staging(folder)
        check_content(folder, shown, new, old)
        changed = [path for path in new if not is_same(folder / path, new[path])]
        stale = sorted(path for path in (old or {}) if path not in new)
        if changed or stale or old != digests:
            _replace(folder, new, old or {}, digests, changed, stale)
    same = set(new).difference(changed)
    removed = tuple(path for path in stale if not os.path.lexists(folder / path))
    return WriteReport(tuple(changed), tuple(path for path in new if path in same), removed)


def check_output(output: Path, *, site_root: Path) -> None:
    """Refuse, before any work is done, a folder that cannot be ours; raises UsageError."""
    folder = output.resolve()
    check_place(folder, shown_path(folder, site_root), site_root.resolve())


def clean(output: Path, *, on_wait: Callable[[], None] = lambda: None) -> int:
    """Remove the files that we wrote to `output`, and the folders that this leaves empty.

    Returns how many files there were. Raises UsageError if one cannot be removed.
    """
    folder = output.resolve()
    if not folder.is_dir():
        return 0
    with _reported(output.as_posix()), locked(folder, on_wait):
        paths = sorted(_read_manifest(folder) or {})
        count = sum(_remove(folder, path) for path in paths)
        (folder / MANIFEST).unlink(missing_ok=True)
        _remove_staging(folder)
    with contextlib.suppress(OSError):
        folder.rmdir()
    return count


@contextlib.contextmanager
def _reported(shown: str) -> Iterator[None]:
    """Say in words what the operating system refuses."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        place = str(error.filename2 or error.filename or shown)
        where = f" ({place})" if Path(place).name != Path(shown).name else ""
        help_ = _HELP.get(error.errno or 0, "")
        message = f"cannot write the site to {shown}: {reason}{where}"
        raise UsageError(Problem(message, help=help_)) from None


_HELP = {
    errno.ENOSPC: "free some space and build again",
    errno.EDQUOT: "free some space and build again",
    errno.EACCES: "make the folder writable, or choose another with --output",
    errno.EPERM: "make the folder writable, or choose another with --output",
    errno.EROFS: "choose another folder with --output",
}


def _read_manifest(folder: Path) -> dict[str, str] | None:
    """The digests of our files by path; None if there is no manifest that can be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        files = manifest["files"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(files, dict) or not all(is_inside(path) for path in files):
        return None
    return {path: str(digest) for path, digest in files.items()}


def _manifest_bytes(digests: Mapping[str, str]) -> bytes:
    data = {"version": 1, "files": dict(sorted(digests.items()))}
    return (json.dumps(data, indent=0, ensure_ascii=False) + "\n").encode()


def _replace(
    folder: Path,
    new: Mapping[str, bytes],
    old: Mapping[str, str],
    digests: Mapping[str, str],
    changed: list[str],
    stale: list[str],
) -> None:
    """Stage all changed files, then move them; up to the first move every failure is undone."""
    staging = _make_staging(folder)
    made: list[Path] = []
    try:
        for number, path in enumerate(changed):
            (staging / str(number)).write_bytes(new[path])
        (staging / "pending").write_bytes(_manifest_bytes({**old, **digests}))
        (staging / "manifest").write_bytes(_manifest_bytes(digests))
        _make_folders(folder, changed, made)
        _check_writable(folder, changed, stale)
        with _to_the_end():
            (staging / "pending").replace(folder / MANIFEST)
            made.clear()
            _clear_the_way(folder, changed, stale)
            for number, path in enumerate(changed):
                (staging / str(number)).replace(folder / path)
            for path in stale:
                _remove(folder, path)
            (staging / "manifest").replace(folder / MANIFEST)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        for place in reversed(made):
            with contextlib.suppress(OSError):
                place.rmdir()


@contextlib.contextmanager
def _to_the_end() -> Iterator[None]:
    """Ctrl-C comes too late here: the moves take a moment, and without the last a site is torn."""
    if threading.current_thread() is not threading.main_thread():
        yield  # where no signal is delivered
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


_STOPS = (signal.SIGINT, signal.SIGTERM)


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


def _remove_staging(folder: Path) -> None:
    # Whoever made it is dead: staging folders are made and removed under the lock.
    prefix = _staging_prefix(folder)
    for home in (folder.parent, folder):
        with contextlib.suppress(OSError):
            for left in [x for x in home.iterdir() if x.name.startswith(prefix)]:
                shutil.rmtree(left, ignore_errors=True)


def _make_folders(folder: Path, paths: Iterable[str], made: list[Path]) -> None:
    """Make the folders of `paths`, but those where a file of ours still stands in the way."""
    there = {""}
    for parent in sorted({path.rpartition("/")[0] for path in paths}):
        parts = parent.split("/")
        for above in ("/".join(parts[: count + 1]) for count in range(len(parts))):
            if above in there:
                continue
            place = folder / above
            try:
                place.mkdir()
                made.append(place)
            except FileExistsError:
                if not place.is_dir():
                    break
            there.add(above)


def _check_writable(folder: Path, changed: list[str], stale: list[str]) -> None:
    for parent in sorted({path.rpartition("/")[0] for path in (*changed, *stale)}):
        place = folder / parent
        if place.is_dir() and not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


def _clear_the_way(folder: Path, changed: list[str], stale: list[str]) -> None:
    """Remove files of ours where a folder must be, and folders of ours where a file must be."""
    taken = set(stale)
    waiting: list[str] = []
    for path in changed:
        above = path
        while above := above.rpartition("/")[0]:
            if above in taken:
                _remove(folder, above)
                waiting.append(path)
        if (folder / path).is_dir() and not (folder / path).is_symlink():
            for inside in (x for x in stale if x.startswith(path + "/")):
                _remove(folder, inside)
            _remove_empty(folder / path)
            waiting.append(path)
    _make_folders(folder, waiting, [])


def _remove_empty(place: Path) -> None:
    """Remove a folder of ours that only holds empty folders."""
    for home, _, _ in os.walk(place, topdown=False):
        Path(home).rmdir()


def _remove(folder: Path, path: str) -> bool:
    """Remove a file of ours, and the folders that this leaves empty; never through a link."""
    place = folder / path
    if link_above(folder, path) or (place.is_dir() and not place.is_symlink()):
        return False
    try:
        place.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    for parent in place.parents:
        if parent == folder:
            break
        try:
            parent.rmdir()
        except OSError:
            break
    return True
