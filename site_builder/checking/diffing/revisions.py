"""A site as it was at a revision of its git repository, in a temporary folder.

In: the site's folder and a revision as git names it. Out: a folder with every file of that commit.
Promise: nothing in the author's checkout, index or repository changes, and the folder always goes.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import Problem, UsageError

# What a hook is given to find its repository by: the site's folder decides here.
_LOCATION = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
# Whatever else could write to the repository, or leave files out.
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.sparseCheckout=false",
)


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that a name stands for."""

    name: str
    """As the author named it."""
    commit: str
    """Its full hash."""
    repository: Path
    """The top folder of the checkout."""
    prefix: str
    """The site's folder in it; empty if it is the top folder."""


def revision_of(root: Path, name: str) -> Revision | None:
    """The commit that `name` stands for in the repository of the site in `root`.

    None if the site is in no repository, or nothing there has that name.
    Raises UsageError if there is no git, or it refuses the repository.
    """
    if name.startswith("-"):
        return None
    inside = _git(root, "rev-parse", "--is-inside-work-tree")
    if inside.returncode:
        complaint = _last_line(inside)
        if "dubious ownership" in inside.stderr:
            message = f"git refuses the repository of the site: {complaint}"
            raise UsageError(Problem(message, code="C015"))
        return None
    found = _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if found.returncode:
        return None
    top = _git(root, "rev-parse", "--show-toplevel").stdout.rstrip("\n")
    prefix = _git(root, "rev-parse", "--show-prefix").stdout.rstrip("\n")
    return Revision(name, found.stdout.strip(), Path(top), prefix.rstrip("/"))


@contextlib.contextmanager
def checked_out(revision: Revision) -> Iterator[Path]:
    """The site's folder as it was at a revision; it goes when the context is left.

    All of the commit is there, also above the site's folder and what is not for archives.
    Submodules are empty folders. Raises UsageError if git cannot write the files.
    """
    with tempfile.TemporaryDirectory(
        prefix="site-builder-revision-", ignore_cleanup_errors=True
    ) as folder:
        # An index of its own: the author's is neither read nor written.
        index, tree = Path(folder, "index"), Path(folder, "tree").resolve()
        steps = (
            ("read-tree", revision.commit),
            ("checkout-index", "--all", "--force", f"--prefix={tree.as_posix()}/"),
        )
        for step in steps:
            done = _git(revision.repository, *step, index=index)
            if done.returncode:
                message = f"git cannot give the files of {revision.name!r}: {_last_line(done)}"
                raise UsageError(Problem(message, code="C015"))
        root = tree / revision.prefix
        root.mkdir(parents=True, exist_ok=True)  # where there was no site yet, the settings miss
        yield root


def _git(
    folder: Path, *arguments: str, index: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run git in a folder; raises UsageError if it is not there."""
    environment = {name: value for name, value in os.environ.items() if name not in _LOCATION}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    try:
        return subprocess.run(
            ["git", *settings, "-C", str(folder), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        message = f"git does not start: {error.strerror}"
        help_ = "install git, or give a folder or an address"
        raise UsageError(Problem(message, help=help_, code="C015")) from None


def _last_line(done: subprocess.CompletedProcess[str]) -> str:
    text = done.stderr.encode(errors="replace").decode(errors="replace").strip()
    return text.rpartition("\n")[2] or f"it ended with code {done.returncode}"
