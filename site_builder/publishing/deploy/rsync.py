"""A folder that rsync reaches, on another machine over ssh or on this one.

In: the table of the target. Out: a session. Promise: only files that are named are put or removed,
each stage of them at once; rsync is never told to make the folders equal.

Two deploys at the same moment: rsync cannot compare and replace in one step. A lease is written
and read back, and the manifest is compared right before it is replaced. Of two deploys that begin
within the same second one is stopped, at its next look at the lease at the latest.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from site_builder.publishing.deploy.folder import check_place, place_of
from site_builder.publishing.deploy.manifest import manifest_if_read
from site_builder.publishing.deploy.retries import TargetError
from site_builder.publishing.deploy.rsync_program import (
    Rsync,
    check_program,
    one_connection,
)
from site_builder.publishing.deploy.target import (
    FOLDER,
    LEASE,
    MANIFEST,
    OTHER,
    Around,
    File,
    OnDone,
    overtaken,
)
from site_builder.settings.targets import Rsync as Table

_REMOTE = re.compile(r"(?:[^/:@]+@)?(?:\[[^\]/]+\]|[^/:\[\]]+):(?P<daemon>:?)")
_WAITING = ".~tmp~"
"""Where rsync keeps files that wait (`--delay-updates`); one that was killed leaves them."""


@contextlib.contextmanager
def connect(target: Table, around: Around) -> Iterator[RsyncSession]:
    """Reach the folder. Raises UsageError, also if there is no rsync; and TargetError."""
    check_program(around.environment, around.root)
    place, host = target.to, ""
    remote = _REMOTE.match(target.to)
    if remote is None:
        folder = place_of(target.to, around)
        check_place(folder, target.to, around)
        place = str(folder)
    elif not (remote["daemon"] or target.to.startswith("rsync://")):
        host = remote[0].removesuffix(":").replace("[", "").replace("]", "")
    with (
        tempfile.TemporaryDirectory(prefix="deploy-") as own,
        one_connection(target.ssh, host, around.root, around.environment) as ssh,
    ):
        program = Rsync(
            place.rstrip("/") + "/",
            target.to,
            host,
            tuple(ssh),
            around.root,
            around.environment,
            around.retries,
        )
        yield RsyncSession(program, Path(own))


class RsyncSession:
    """A folder that is deployed to through rsync."""

    atomic = False

    def __init__(self, program: Rsync, own: Path) -> None:
        self.shown = program.shown
        self._rsync = program
        self._own = own
        """A temporary folder."""
        self._empty = own / "empty"
        self._empty.mkdir()
        self._manifest: bytes | None = None
        self._there: dict[str, str] = {}
        self._just_seen: dict[str, bytes | None] = {}
        """Manifest and lease, if nothing else was asked or done since they were fetched."""

    def manifest(self) -> bytes | None:
        """The manifest that is there."""
        self._manifest = self._fetch()[MANIFEST]
        return self._manifest

    def extras(self) -> Sequence[File]:
        """None: a folder needs nothing."""
        return ()

    def mark(self, file: File) -> str:
        """The MD5, which every rsync knows."""
        return hashlib.md5(file.read(), usedforsecurity=False).hexdigest()

    def marks(self, paths: Collection[str]) -> Mapping[str, str]:
        """What is at these paths: one call lists all names, another sums up the files asked for."""
        self._there = self._listed()
        asked = {path: self._there[path] for path in paths if path in self._there}
        files = [path for path, mark in asked.items() if not mark]
        sums: dict[str, str] = {}
        if files:
            options = ["-n", "-lptD", "--dirs", "--checksum", "--checksum-choice=md5"]
            options += ["--no-implied-dirs", "--ignore-missing-args", "--from0"]
            options += [f"--files-from={self._list(files)}", "--out-format=%i %C %n"]
            for line in self._run(options, self._rsync.place, f"{self._empty}/"):
                if found := re.match(r">f\S* ([0-9a-f]{32}) ", line):
                    sums[_name(line[found.end() :])] = found[1]
        return {path: mark or sums.get(path, OTHER) for path, mark in asked.items()}

    def paths(self) -> Iterable[str]:
        """All files that are there."""
        there = self._there or self._listed()
        own = {MANIFEST, LEASE, *self._left_behind()}
        return sorted(path for path, mark in there.items() if mark != FOLDER and path not in own)

    def lease(self) -> bytes | None:
        """The lease that is there."""
        return self._fetch()[LEASE]

    def take(self, lease: bytes, instead_of: bytes | None) -> bool:
        """Put a lease in the place of another, and see whether it is there."""
        seen = self._just_seen or self._fetch()
        if seen[LEASE] != instead_of:
            return False
        self._store(LEASE, lease)
        return self._fetch()[LEASE] == lease

    def drop(self, lease: bytes) -> None:
        """Remove the lease if it is this one."""
        if self._fetch()[LEASE] == lease:
            self._delete([LEASE])

    def begin(self, journal: bytes) -> None:
        """Replace the manifest, and remove what an rsync that was killed left of our files."""
        left = self._left_behind()
        self._replace_manifest(journal)
        if left:
            self._delete(left)
            self._delete_folders(left)

    def put(self, files: Sequence[File], on_done: OnDone) -> None:
        """Transfer files; all of them take their places together, at the end."""
        waiting = {file.path for file in files}
        for file in files:
            file.read()  # is it what was planned?

        def on_line(line: str) -> None:
            path = _name(line.partition(" ")[2])
            if path in waiting:
                waiting.discard(path)
                on_done(path)

        if empty := [file.path for file in files if self._there.get(file.path) == FOLDER]:
            inside = [x for x in self._there for above in empty if x.startswith(f"{above}/")]
            self._delete_folders([*(f"{each}/x" for each in inside), *(f"{x}/x" for x in empty)])
        for folder, paths in _by_folder(files).items():
            options = ["-lptz", "--omit-dir-times", "--no-implied-dirs", "--chmod=F644"]
            options += ["--checksum", "--delay-updates", "--from0"]
            options += [f"--files-from={self._list(paths)}", "--out-format=%i %n"]
            self._run(options, f"{folder}/", self._rsync.place, on_line=on_line)
        for path in sorted(waiting):  # those that were there
            on_done(path)

    def remove(self, paths: Sequence[str], on_done: OnDone) -> None:
        """Remove these files, and the folders that this leaves empty."""
        self._delete(paths)
        for path in paths:
            on_done(path)
        self._delete_folders(paths)

    def finish(self, manifest: bytes) -> None:
        """Replace the manifest."""
        self._replace_manifest(manifest)

    def _left_behind(self) -> list[str]:
        """Files of ours that still wait there, from a deploy that broke off."""
        waiting = (_delayed(path) for path in sorted(manifest_if_read(self._manifest).pending))
        return [path for path in waiting if path in self._there]

    def _replace_manifest(self, content: bytes) -> None:
        seen = self._just_seen or self._fetch()
        if seen[MANIFEST] != self._manifest:
            raise overtaken(self.shown)
        self._store(MANIFEST, content)
        self._manifest = content

    def _listed(self) -> dict[str, str]:
        """All that is there: FOLDER, OTHER, or empty for a file."""
        options = ["-n", "-rlD", "--out-format=%i %n"]
        found = {}
        for line in self._pulled(options, self._empty):
            kind, _, name = line.partition(" ")
            path = _name(name).rstrip("/")
            if kind[1:2] in ("f", "d", "L", "D", "S") and path not in ("", "."):
                found[path] = {"f": "", "d": FOLDER}.get(kind[1], OTHER)
        return found

    def _fetch(self) -> dict[str, bytes | None]:
        """The contents of manifest and lease; None for what is not there."""
        names = (MANIFEST, LEASE)
        with tempfile.TemporaryDirectory(dir=self._own) as place:
            wanted = [f"--include=/{name}" for name in names]
            self._pulled(["-pr", *wanted, "--exclude=*"], Path(place))
            files = {name: Path(place) / name for name in names}
            self._just_seen = {
                name: file.read_bytes() if file.is_file() else None for name, file in files.items()
            }
        return self._just_seen

    def _pulled(self, options: Sequence[str], to: Path) -> list[str]:
        """What rsync prints of a pull; nothing if the folder is not there."""
        try:
            return self._run(options, self._rsync.place, f"{to}/")
        except TargetError as error:
            told = "\n".join(note for problem in error.problems for note in problem.notes)
            if re.search(r"(?:change_dir|link_stat|chdir)\b[^\n]* failed: [^\n]*\(2\)", told):
                return []
            raise

    def _store(self, name: str, content: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=self._own) as place:
            (Path(place) / name).write_bytes(content)
            options = ["-pt", "--ignore-times", "--chmod=F644"]
            self._run(options, f"{place}/{name}", self._rsync.place)

    def _run(
        self,
        options: Sequence[str],
        *places: str,
        on_line: Callable[[str], None] = lambda _: None,
    ) -> list[str]:
        self._just_seen = {}
        return self._rsync.run(options, *places, on_line=on_line)

    def _delete(self, paths: Iterable[str]) -> None:
        """Remove what is named, in the one way that rsync knows: it is missing here."""
        options = ["--delete-missing-args", "--dirs", "--no-implied-dirs", "--from0"]
        options += [f"--files-from={self._list(paths)}"]
        self._run(options, f"{self._empty}/", self._rsync.place)

    def _delete_folders(self, paths: Iterable[str]) -> None:
        """Remove the folders above these paths that are empty, innermost first."""
        gone = set(paths)
        self._there = {path: mark for path, mark in self._there.items() if path not in gone}
        files = [path for path, mark in self._there.items() if mark != FOLDER]
        kept = {str(each) for path in files for each in Path(path).parents}
        above = {str(each) for path in gone for each in Path(path).parents} - {".", *kept}
        for depth in sorted({path.count("/") for path in above}, reverse=True):
            self._delete(sorted(path for path in above if path.count("/") == depth))

    def _list(self, paths: Iterable[str]) -> Path:
        """A file that names these paths."""
        # A name that begins with `#` would be a comment, and one with `-` an option.
        named = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
        place = self._own / "list"
        place.write_bytes(named)
        return place


def _delayed(path: str) -> str:
    above, _, name = path.rpartition("/")
    return f"{above}/{_WAITING}/{name}".lstrip("/")


def _by_folder(files: Sequence[File]) -> dict[Path, list[str]]:
    """Paths by the folder that they are relative to on this machine."""
    found: dict[Path, list[str]] = {}
    for file in files:
        folder = file.source.parents[file.path.count("/")]
        found.setdefault(folder, []).append(file.path)
    return found


def _name(told: str) -> str:
    """A name as rsync prints it: `\\#012` is a line end."""
    return re.sub(r"\\#([0-7]{3})", lambda found: chr(int(found[1], 8)), told)
