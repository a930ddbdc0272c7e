"""Write: the output folder becomes the site, and keeps what is not ours.

In: recipes of the site's files, in the order in which they should appear, and what was written
last. Out: what changed. Promise: until every new file is on the disk nothing of the old site
changes, nothing that we did not write is overwritten or deleted, and what a crash leaves behind the
next build puts right.

A file is made only if it was made of something else last time, or is not what it was then: the
content in the folder is always looked at. New files are written to a staging folder, one after the
other so that they need no memory, and moved from there. A manifest in the output folder
says which files are ours; before the first move it names old and new ones, after the last removal
the new ones.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.model.files import Recipe
from site_builder.publishing.lock import locked
from site_builder.publishing.output_folder import (
    LinkFinder,
    check_content,
    check_place,
    digest_at,
    remove_empty_above,
    shown_path,
)
from site_builder.publishing.staging import (
    MANIFEST,
    Built,
    Staging,
    has_manifest,
    manifest_bytes,
    read_manifest,
    remove_staging,
    staging_folders,
)
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What a write did: paths relative to the output folder."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was written."""

    digest: str
    """Of its content."""
    made_of: str
    """What its recipe said that it is made of."""


def write(
    output: Path,
    files: Iterable[Recipe],
    *,
    site_root: Path,
    last: Mapping[str, Written] | None = None,
    built: Built | None = None,
    on_wait: Callable[[], None] = lambda: None,
) -> tuple[WriteReport, dict[str, Written]]:
    """Make the folder `output` hold `files`; files that did not change are not touched.

    `last` are the files as the last build wrote them, by path; those of this one are returned.
    `built` is kept with them, for who puts them online.
    `on_wait` is called if another build of the same folder has to end first.
    Raises UsageError if the folder cannot be ours, holds files that are not ours where ours must
    go, or cannot be written; and what making a file raises.
    """
    folder = output.resolve()
    shown = shown_path(folder, site_root)
    check_place(folder, shown, site_root.resolve())
    new = {file.path: file for file in files}
    with _reported(shown), locked(folder, on_wait):
        old = read_manifest(folder)
        remove_staging(folder)
        check_content(folder, shown, new, old)
        with Staging(folder) as staging:
            written = {path: _made(folder, new[path], last or {}, staging) for path in new}
            digests = {path: file.digest for path, file in written.items()}
            stale = sorted(path for path in (old or {}) if path not in new)
            if staging.changed or stale or not has_manifest(folder, digests, built):
                manifest = manifest_bytes(digests, built)
                _replace(folder, staging, {**(old or {}), **digests}, manifest, stale)
    changed = set(staging.changed)
    removed = tuple(path for path in stale if not os.path.lexists(folder / path))
    same = tuple(path for path in new if path not in changed)
    return WriteReport(tuple(staging.changed), same, removed), written


def is_written(output: Path, files: Mapping[str, Written], built: Built | None = None) -> bool:
    """Whether the folder holds these files as they were written, and no others of ours."""
    folder = output.resolve()
    if not has_manifest(folder, {path: file.digest for path, file in files.items()}, built):
        return False
    link_above, home = LinkFinder(folder), f"{folder}/"
    return not staging_folders(folder) and all(
        digest_at(home + path) == file.digest and not link_above(path)
        for path, file in files.items()
    )


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
        paths = sorted(read_manifest(folder) or {})
        count = sum(_remove(folder, path) for path in paths)
        (folder / MANIFEST).unlink(missing_ok=True)
        remove_staging(folder)
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
        raise UsageError(Problem(message, help=help_, code="P004")) from None


_HELP = {
    errno.ENOSPC: "free some space and build again",
    errno.EDQUOT: "free some space and build again",
    errno.EACCES: "make the folder writable, or choose another with --output",
    errno.EPERM: "make the folder writable, or choose another with --output",
    errno.EROFS: "choose another folder with --output",
}


def _made(folder: Path, recipe: Recipe, last: Mapping[str, Written], staging: Staging) -> Written:
    """Make a file, unless it is there and made of the same."""
    path = recipe.path
    there = digest_at(f"{folder}/{path}")
    before = last.get(path)
    if before is not None and before.made_of == recipe.made_of and before.digest == there:
        return before
    content = recipe.make()
    digest = digest_of(content)
    if digest != there:
        staging.add(path, content)
    return Written(digest, recipe.made_of)


def _replace(
    folder: Path,
    staging: Staging,
    both: Mapping[str, str],
    manifest: bytes,
    stale: list[str],
) -> None:
    """Move what is staged to its place; up to the first move every failure is undone.

    `both` are the digests of old and new files.
    """
    changed, place = staging.changed, staging.place
    made: list[Path] = []
    try:
        (place / "pending").write_bytes(manifest_bytes(both))
        (place / "manifest").write_bytes(manifest)
        _make_folders(folder, changed, made)
        _check_writable(folder, changed, stale)
        with _to_the_end():
            (place / "pending").replace(folder / MANIFEST)
            made.clear()
            _clear_the_way(folder, changed, stale)
            for number, path in enumerate(changed):
                (place / str(number)).replace(folder / path)
            for path in stale:
                _remove(folder, path)
            (place / "manifest").replace(folder / MANIFEST)
    finally:
        for empty in reversed(made):
            with contextlib.suppress(OSError):
                empty.rmdir()


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
    if LinkFinder(folder)(path) or (place.is_dir() and not place.is_symlink()):
        return False
    try:
        place.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    remove_empty_above(folder, place)
    return True
