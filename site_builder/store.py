"""The store: files named by the digest of their content, below `.cache/`.

In: bytes. Out: their digest, and for a digest the bytes or nothing. Promise: what comes out is what
went in; damage, truncation and an older format are the same as never stored. Files are written by
rename and never changed, so any number of processes and machines can share a store.

    v1/objects/ab/cdef…          the content whose SHA-256 is abcdef…
    v1/keys/runs/ab/abcd…/1234…  empty: under key abcd… of the runs, object 1234… is remembered
    v1/last/builds/abcd…         the digest that was pointed to last, and the one before: hints,
                                 never trusted

What cannot be written there, as on a full disk, goes to a temporary folder for as long as the build
lasts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import Problem, UsageError

FORMAT = "v1"
FOLDER = ".cache"
DAY = 86_400  # seconds; how exactly it is known when something was last used
KEPT_PER_KEY = 8
_DIGEST = re.compile(r"[0-9a-f]{64}")
_TEMPORARY_AGE = 3600  # seconds after which a file that was never renamed is nobody's


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a store holds."""

    objects: int
    size: int
    """Bytes of all objects."""


class Store:
    """Content by digest; a context manager that removes what was only temporary."""

    def __init__(self, folder: Path | None, *, keep: bool = True) -> None:
        """Use `folder`, which need not exist; with None keep nothing beyond the build.

        Without `keep` what the folder holds is found, and nothing is put there.
        """
        self._home = folder / FORMAT if folder else None
        self._keep = keep
        self._spare = Path(tempfile.gettempdir()) / f"site-builder-{os.getpid()}-{time.time_ns()}"
        self._owner = os.getpid()
        self._number = 0
        self._made: set[str] = set()
        self.trouble = ""
        """Why something could not be kept in the folder; empty if all went well."""
        self.written = 0
        """How many objects this process wrote to the folder."""

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        if os.getpid() == self._owner:
            shutil.rmtree(self._spare, ignore_errors=True)

    def put(self, content: bytes) -> str:
        """Keep `content`; gives its digest. Raises UsageError if there is no place for it."""
        digest = digest_of(content)
        self._place(f"objects/{digest[:2]}/{digest[2:]}", content)
        return digest

    def get(self, digest: str) -> bytes | None:
        """The content, or None if it is not there or not what it was."""
        if not _DIGEST.fullmatch(digest):
            return None
        for home in self._homes():
            path = f"{home}/objects/{digest[:2]}/{digest[2:]}"
            with contextlib.suppress(OSError):
                content = _read(path)
                if digest_of(content) == digest:
                    _touch(path)
                    return content
                os.unlink(path)  # noqa: PTH108 - or it would stand in the way for ever
        return None

    def remember(self, kind: str, key: str, digest: str) -> None:
        """Remember an object under a key, in addition to what is there."""
        self._place(f"keys/{kind}/{key[:2]}/{key}/{digest}", b"")

    def remembered(self, kind: str, key: str) -> tuple[str, ...]:
        """Digests of what was remembered under a key, newest first."""
        found: dict[str, float] = {}
        for home in self._homes():
            folder = home / "keys" / kind / key[:2] / key
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                found |= {
                    entry.name: entry.stat().st_mtime
                    for entry in entries
                    if _DIGEST.fullmatch(entry.name)
                }
        digests = sorted(found, key=lambda digest: (-found[digest], digest))
        if self._home is not None and self._keep:
            for digest in digests[KEPT_PER_KEY:]:
                with contextlib.suppress(OSError):
                    (self._home / "keys" / kind / key[:2] / key / digest).unlink()
        return tuple(digests[:KEPT_PER_KEY])

    def point(self, kind: str, name: str, digest: str) -> None:
        """Let `name` point to an object, in place of what it pointed to."""
        last = self.pointed(kind, name)
        if last != digest:
            path = f"last/{kind}/{digest_of(name.encode())}"
            self._place(path, f"{digest} {name}\n{last}".encode(), anew=True)

    def pointed(self, kind: str, name: str) -> str:
        """The digest that `name` points to, empty if none: a hint, it may lead nowhere."""
        return self._pointed(kind, name)[0]

    def pointed_before(self, kind: str, name: str) -> str:
        """The digest that `name` pointed to before that, empty if none: a hint as well."""
        return self._pointed(kind, name)[1]

    def _pointed(self, kind: str, name: str) -> tuple[str, str]:
        for home in self._homes():
            with contextlib.suppress(OSError, ValueError):
                text = (home / "last" / kind / digest_of(name.encode())).read_text("utf-8")
                digest, before = text.partition(" ")[0], text.partition("\n")[2]
                if _DIGEST.fullmatch(digest):
                    return digest, before if _DIGEST.fullmatch(before) else ""
        return "", ""

    def pointers(self, kind: str) -> list[str]:
        """The names that point to something, sorted."""
        names = set()
        for home in self._homes():
            for path in (home / "last" / kind).glob("*"):
                with contextlib.suppress(OSError, ValueError):
                    line = path.read_text("utf-8").partition("\n")[0]
                    names.add(line.partition(" ")[2])
        return sorted(names)

    def usage(self) -> Usage:
        """Count what the folder holds."""
        sizes = [entry.stat().st_size for entry in self._objects()]
        return Usage(len(sizes), sum(sizes))

    def trim(self, limit: int) -> int:
        """Remove what was used least recently until at most `limit` bytes are left.

        Gives the number of objects removed. Files of older formats go first.
        """
        if self._home is None:
            return 0
        _remove_leftovers(self._home)
        entries = [(entry.stat(), entry.path) for entry in self._objects()]
        excess = sum(stat.st_size for stat, _ in entries) - limit
        removed = 0
        for stat, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
            if excess <= 0:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)  # noqa: PTH108
                excess -= stat.st_size
                removed += 1
        return removed

    def _homes(self) -> Iterator[Path]:
        if self._home is not None:
            yield self._home
        yield self._spare

    def _objects(self) -> Iterator[os.DirEntry[str]]:
        if self._home is None:
            return
        for folder in (self._home / "objects").glob("*"):
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                yield from entries

    def _place(self, path: str, content: bytes, *, anew: bool = False) -> None:
        """Write a file that is not there yet, or is not the same, to the first home that can."""
        for home in self._homes():
            if home == self._home and not self._keep:
                continue
            target = f"{home}/{path}"
            try:
                if not anew and _read(target) == content:
                    _touch(target)
                    return
            except OSError:
                pass
            try:
                self._write(home, target, content)
                return
            except OSError as error:
                reason = error.strerror or str(error)
                if home == self._spare:
                    message = f"there is no place for intermediate results: {home}: {reason}"
                    help_ = "free some space"
                    raise UsageError(Problem(message, help=help_, code="C021")) from None
                self.trouble = self.trouble or reason

    def _write(self, home: Path, target: str, content: bytes) -> None:
        self._number += 1
        temporary = f"{home}/tmp/{os.getpid()}-{self._number}-{time.time_ns()}"
        try:
            self._write_by_rename(home, temporary, target, content)
        except FileNotFoundError:  # another process removed the store
            self._made.clear()
            self._write_by_rename(home, temporary, target, content)
        if home == self._home:
            self.written += 1

    def _write_by_rename(self, home: Path, temporary: str, target: str, content: bytes) -> None:
        for folder in (temporary.rpartition("/")[0], target.rpartition("/")[0]):
            if folder not in self._made:
                Path(folder).mkdir(parents=True, exist_ok=True)
                self._made.add(folder)
        if home == self._home and str(home) not in self._made:
            self._made.add(str(home))
            _describe(home.parent)
        try:
            Path(temporary).write_bytes(content)
            os.replace(temporary, target)  # noqa: PTH105
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
            raise


def remove(folder: Path) -> int:
    """Remove a store; gives the number of its objects. Files that are not ours stay.

    Raises UsageError if they cannot be removed.
    """
    count = Store(folder).usage().objects
    try:
        for name in _formats(folder):
            shutil.rmtree(folder / name)
        for name in _DESCRIPTION:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        message = f"{folder.name}/ cannot be removed: {error.strerror}"
        help_ = "make the folder writable"
        raise UsageError(Problem(message, help=help_, code="C021")) from error
    with contextlib.suppress(OSError):
        folder.rmdir()
    return count


# https://bford.info/cachedir/ tells backups to leave the folder out, the other tells git.
_DESCRIPTION = {
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# Made by site-builder.\n",
    ".gitignore": "*\n",
}


def _describe(folder: Path) -> None:
    for name, text in _DESCRIPTION.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="ascii")


def _formats(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if re.fullmatch(r"v\d+", path.name))


def _remove_leftovers(home: Path) -> None:
    """Remove older formats, and what processes that were killed did not come to rename."""
    for name in _formats(home.parent):
        if int(name[1:]) < int(FORMAT[1:]):
            shutil.rmtree(home.parent / name, ignore_errors=True)
    now = time.time()
    for path in (home / "tmp").glob("*"):
        with contextlib.suppress(OSError):
            if abs(now - path.stat().st_mtime) > _TEMPORARY_AGE:
                path.unlink()


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - many are read, and quickly
        return file.readall()


def _touch(path: str) -> None:
    """Note that a file is in use, at most once a day: reading is not to write."""
    with contextlib.suppress(OSError):
        if abs(time.time() - os.stat(path).st_mtime) > DAY:  # noqa: PTH116
            os.utime(path)
