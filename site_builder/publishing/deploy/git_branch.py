"""A branch of a git repository as a target, such as GitHub Pages serves.

In: a table `[deploy.NAME]` of kind `git`. Out: a session whose deploy is one commit, pushed.
Promise: the author's working tree, index, HEAD and branches stay as they are; the commit is pushed
only onto the one that was planned against, so whoever was faster is never overwritten.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from site_builder.errors import Problem
from site_builder.publishing.deploy.git_branch_program import Git, failure, find_git
from site_builder.publishing.deploy.git_branch_repository import Repository, open_repository
from site_builder.publishing.deploy.retries import TargetError
from site_builder.publishing.deploy.target import (
    FOLDER,
    LEASE,
    MANIFEST,
    OTHER,
    Around,
    File,
    OnDone,
)
from site_builder.settings import targets

NOBODY = ("site-builder", "site-builder@localhost")
"""Who commits where neither environment nor configuration name anybody."""


@contextlib.contextmanager
def connect(table: targets.Git, around: Around) -> Iterator[Branch]:
    """Reach the branch; raises UsageError if there is no git, or no such remote."""
    with tempfile.TemporaryDirectory(prefix="site-builder-git-") as name:
        private = Path(name)
        (private / "hooks").mkdir()
        git = find_git(around.root, private, around.environment)
        repository = open_repository(git, table.remote, around.root)
        yield Branch(repository, table, around)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a tree has at a path."""

    mode: str
    kind: str
    name: str

    @property
    def mark(self) -> str:
        if self.kind == "tree":
            return FOLDER
        return self.name if self.mode in ("100644", "100755") else OTHER


@dataclass(slots=True)
class Branch:
    """A session: what the branch has, and what is to become of it."""

    _repository: Repository
    _table: targets.Git
    _around: Around
    _old: str = ""
    """The commit that the plan is made against; empty if there is no branch."""
    _there: dict[str, _Entry] = field(default_factory=dict)
    _marks: dict[str, str] = field(default_factory=dict)
    _changes: dict[str, str] = field(default_factory=dict)
    """The blob that each path gets; empty for what goes."""
    atomic: bool = True

    @property
    def shown(self) -> str:
        """The branch and its repository, without any secret."""
        return f"{self._table.branch} of {self._repository.git.shown}"

    @property
    def _ref(self) -> str:
        return f"refs/heads/{self._table.branch}"

    def manifest(self) -> bytes | None:
        """The manifest on the branch, whose newest commit is fetched if need be."""
        git, remote = self._repository.git, self._repository.remote
        for _ in range(_CHASES):  # somebody may push in between
            self._old = self._newest()
            if not self._old or not git.run("cat-file", "-e", f"{self._old}^{{tree}}").returncode:
                break
            shallow = ["--depth=1"] if self._may_be_shallow() else []
            options = ("--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", *shallow)
            fetch = ("fetch", *options, "--no-write-fetch-head", "--", remote, self._ref)
            self._around.retries(partial(git, *fetch))
        self._there = self._tree()
        entry = self._there.get(MANIFEST)
        if entry is None or entry.kind != "blob":
            return None
        return git("cat-file", "blob", entry.name).encode("utf-8", "surrogateescape")

    def _newest(self) -> str:
        """The newest commit of the branch; empty if there is no branch."""
        git, remote = self._repository.git, self._repository.remote
        told = self._around.retries(lambda: git("ls-remote", "--", remote, self._ref))
        refs = (line.split("\t") for line in told.splitlines())
        return next((commit for commit, name in refs if name == self._ref), "")

    def _may_be_shallow(self) -> bool:
        """Whether history may be cut off: never in a repository of the author that has it all."""
        asked = self._repository.git.asked("rev-parse", "--is-shallow-repository")
        return self._repository.is_mine or asked == "true"

    def _tree(self) -> dict[str, _Entry]:
        if not self._old:
            return {}
        listing = self._repository.git("ls-tree", "-r", "-t", "-z", "--full-tree", self._old)
        entries = {}
        for line in listing.split("\0")[:-1]:
            facts, _, path = line.partition("\t")
            entries[path] = _Entry(*facts.split(" "))
        return entries

    def extras(self) -> Sequence[File]:
        """`.nojekyll`, so that GitHub takes the files as they are, and `CNAME`."""
        wanted = {".nojekyll": b""}
        if self._table.cname:
            wanted["CNAME"] = f"{self._table.cname}\n".encode()
        files = []
        for path, content in wanted.items():
            source = self._repository.git.private / path
            source.write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            files.append(File(path, digest, len(content), source))
        return files

    def marks(self, paths: Collection[str]) -> Mapping[str, str]:
        """The blobs at these paths."""
        return {path: self._there[path].mark for path in paths if path in self._there}

    def paths(self) -> Iterable[str]:
        """All files of the branch."""
        files = (path for path, entry in self._there.items() if entry.kind != "tree")
        return [path for path in files if path not in (MANIFEST, LEASE)]

    def mark(self, file: File) -> str:
        """The name that git gives to a blob of this content."""
        make = hashlib.sha256 if self._repository.is_sha256 else hashlib.sha1
        content = file.read()
        name = make(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        self._marks[file.path] = name
        return name

    # Nobody else sees anything before the push, which itself compares: there is no lease to take.

    def lease(self) -> bytes | None:
        """None."""
        return None

    def take(self, lease: bytes, instead_of: bytes | None) -> bool:
        """True."""
        del lease, instead_of
        return True

    def drop(self, lease: bytes) -> None:
        """Nothing."""

    def begin(self, journal: bytes) -> None:
        """Nothing."""

    def put(self, files: Sequence[File], on_done: OnDone) -> None:
        """Write blobs; they become part of the branch in the end."""
        git = self._repository.git
        for start in range(0, len(files), _AT_ONCE):
            some = files[start : start + _AT_ONCE]
            lines = "".join(f"{_on_a_line(file, git.private)}\n" for file in some)
            given = lines.encode("utf-8", "surrogateescape")
            try:
                told = git("hash-object", "-w", "--no-filters", "--stdin-paths", given=given)
            except TargetError:
                for file in some:
                    file.read()  # tells it better if a file is gone
                raise
            for file, name in zip(some, told.split(), strict=True):
                if name != (self._marks.get(file.path) or self.mark(file)):
                    file.read()
                self._changes[file.path] = name
                on_done(file.path)

    def remove(self, paths: Sequence[str], on_done: OnDone) -> None:
        """Leave these out of the commit."""
        for path in paths:
            self._changes[path] = ""
            on_done(path)

    def finish(self, manifest: bytes) -> None:
        """Commit and push; no commit if the branch has all that already."""
        git = self._repository.git
        self._changes[MANIFEST] = git("hash-object", "-w", "--stdin", given=manifest).strip()
        git("read-tree", *([self._old] if self._old else ["--empty"]))
        git("update-index", "-z", "--index-info", given=self._index_lines())
        tree = git("write-tree").strip()
        if self._old and tree == git("rev-parse", f"{self._old}^{{tree}}").strip():
            return
        self._push(self._commit(tree))

    def _index_lines(self) -> bytes:
        """What goes first, so that a file may stand where a folder was, and the other way round."""
        nothing = "0" * (64 if self._repository.is_sha256 else 40)
        gone = [f"0 {nothing}\t{x}\0" for x, name in self._changes.items() if not name]
        put = [f"100644 {name}\t{x}\0" for x, name in self._changes.items() if name]
        return "".join([*gone, *put]).encode("utf-8", "surrogateescape")

    def _commit(self, tree: str) -> str:
        git = self._repository.git
        people = dict(_people(git))
        parents = ["-p", self._old] if self._old else []
        committer = replace(git, environment={**git.environment, **people})
        message = f"Site for {self._around.address}\n{_source(git, self._around.root)}"
        return committer("commit-tree", tree, *parents, "-F", "-", given=message.encode()).strip()

    def _push(self, new: str) -> None:
        git, remote = self._repository.git, self._repository.remote
        options = ("--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        lease = f"--force-with-lease={self._ref}:{self._old}"
        push = ("push", *options, lease, "--", remote, f"{new}:{self._ref}")

        def once() -> None:
            done = git.run(*push)
            if done.returncode == 0:
                return
            told = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
            if not re.search(r"stale info|fetch first|cannot lock ref|non-fast-forward", told):
                raise failure(told, "push", self.shown)
            # It may be ours, of which the line broke before we were told.
            if self._newest() != new:
                message = f"{self.shown} has newer commits than those that this was planned against"
                help_ = "somebody else pushed meanwhile, and nothing was changed: deploy again"
                raise TargetError(Problem(message, help=help_, code="D021"))

        self._around.retries(once)


_CHASES = 3  # how often the newest commit is looked for
_AT_ONCE = 500  # files in one run of git, so that progress is seen


def _on_a_line(file: File, private: Path) -> str:
    """Where the content is, in a path without a line break."""
    path = file.source.absolute().as_posix()
    if "\n" not in path and not path.startswith('"'):
        return path
    copy = private / f"{file.sha256}.content"
    copy.write_bytes(file.read())
    return copy.as_posix()


def _people(git: Git) -> Iterator[tuple[str, str]]:
    """Variables that say who commits."""
    for role in ("author", "committer"):
        for key, default in zip(("name", "email"), NOBODY, strict=True):
            variable = f"GIT_{role}_{key}".upper()
            known = git.environment.get(variable) or git.asked("config", f"{role}.{key}")
            yield variable, known or git.asked("config", f"user.{key}") or default


def _source(git: Git, root: Path) -> str:
    """A line on the commit of the author that the site was built from, if there is one."""
    commit = git.asked("-C", root.as_posix(), "rev-parse", "--verify", "--quiet", "HEAD")
    return f"\nBuilt at {commit}\n" if commit else ""
