"""The repository that a deploy to a branch writes its objects to, and the remote that it goes to.

In: git, the remote of a table `[deploy.NAME]`, the site's folder. Out: a Repository.
Promise: a name is looked up in the author's repository only, a path begins at the site's folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from site_builder.errors import Problem, UsageError, nearest
from site_builder.publishing.deploy.git_branch_program import Git, failure
from site_builder.publishing.deploy.redaction import redacted


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that objects are written to, and where they go."""

    git: Git
    remote: str
    """As git takes it: a name, an address or an absolute path."""
    is_mine: bool
    """Whether it is a temporary one, for a site that is in none."""
    is_sha256: bool


def open_repository(git: Git, remote: str, root: Path) -> Repository:
    """The author's repository if the site in `root` is in one, so that its configuration holds.

    Else a temporary one. Raises UsageError if there is no such remote.
    """
    found = git.run("rev-parse", "--show-toplevel", "--show-object-format")
    if found.returncode == 0:
        top, kind = found.stdout.decode("utf-8", "surrogateescape").rstrip("\n").split("\n")
        git = replace(git, folder=Path(top))
        place, shown = _remote(git, remote, root)
        return Repository(replace(git, shown=shown), place, False, kind == "sha256")
    told = found.stderr.decode(errors="replace")
    if "dubious ownership" in told:
        raise failure(told, "rev-parse", root.as_posix())
    place, shown = _remote(None, remote, root)
    git = replace(git, folder=git.private, shown=shown)
    # Names of 64 digits are those of a repository of SHA-256, which takes no others.
    is_long = re.match(r"[0-9a-f]{64}\b", git.asked("ls-remote", "--", place)) is not None
    kind = "sha256" if is_long else "sha1"
    git("init", "--quiet", "--bare", f"--object-format={kind}", "repository.git")
    git = replace(git, folder=git.private / "repository.git")
    return Repository(git, place, True, is_long)


def _remote(git: Git | None, remote: str, root: Path) -> tuple[str, str]:
    """A remote as git takes it, and for messages; raises UsageError if there is none."""
    known = git("remote").split() if git else []
    if git and remote in known:
        address = git.asked("remote", "get-url", "--push", remote)
        return remote, redacted(address) or remote
    if "://" in remote or re.match(r"[^/]+:", remote) or "::" in remote:
        return remote, redacted(remote)
    path = Path(remote).expanduser()
    if path.is_absolute() or remote.startswith(".") or "/" in remote:
        return (root / path).as_posix(), remote
    if git is None:
        message = f"the site is in no git repository, so that there is no remote {remote!r}"
        help_ = "set `remote` to the address of a repository, or make one of the site with git init"
    else:
        message = f"the repository of the site has no remote {remote!r}"
        help_ = f"git remote add {remote} ADDRESS"
        help_ += f"; {near}" if known and (near := nearest(remote, known)) else ""
    raise UsageError(Problem(message, help=help_, code="D041"))
