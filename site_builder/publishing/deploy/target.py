"""What a deploy needs of a target: the seam between the core and the kinds of targets.

In: a file of the built site, a manifest, a lease, each as bytes. Out: what is at the target.
Promise of every kind: a file there is the old or the new one, never half of one; what it is not
told to put or to remove it leaves alone; no secret is in any message.

The core decides what is ours, what may be overwritten and in which order; a target only does it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from site_builder.errors import Problem
from site_builder.publishing.deploy.retries import Retries, TargetError

MANIFEST = ".deploy-manifest.json"
"""Says at the target which files are ours. No `marks`, `paths`, `put` or `remove` names it."""
LEASE = ".deploy-lease.json"
"""Says at the target who deploys to it just now. Neither is it named by these."""

FOLDER = "folder"
"""The mark of a folder."""
OTHER = "other"
"""The mark of what is neither a regular file nor a folder, such as a link, or cannot be read."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the built site."""

    path: str
    """Relative to the output folder, and to the target, with forward slashes."""
    sha256: str
    """Of its content, 64 hexadecimal digits."""
    size: int
    """In bytes."""
    source: Path
    """Where it is on this machine."""

    def read(self) -> bytes:
        """The content; raises TargetError if it is not what was planned any more."""
        try:
            content = self.source.read_bytes()
        except OSError:
            content = b""
        if len(content) != self.size or hashlib.sha256(content).hexdigest() != self.sha256:
            message = f"{self.path} changed in the output folder while it was deployed"
            raise TargetError(Problem(message, help="build again, then deploy again", code="D020"))
        return content


def overtaken(shown: str) -> TargetError:
    """What `begin` and `finish` raise if the manifest is another than the one that was seen."""
    message = f"another deploy to {shown} came between"
    return TargetError(
        Problem(message, help="wait until it has ended, then deploy again", code="D021")
    )


OnDone = Callable[[str], None]
"""Told of each path that is done, by one thread at a time; what it raises ends the work."""


class Session(Protocol):
    """A target that is reached, for the time of one command.

    Every method raises TargetError for what is refused or fails in the end, in words that say what
    to do. Network errors that pass are tried again within (`Around.retries`).
    """

    @property
    def shown(self) -> str:
        """The target for messages, such as `host:/srv/www`; without any secret."""

    @property
    def atomic(self) -> bool:
        """Whether nothing is seen of a deploy until `finish`, and all of it from then on.

        If so `begin` is not called.
        """

    def manifest(self) -> bytes | None:
        """The manifest that is there; None if there is none.

        Always asked for first; then come `extras`, `mark`, `marks`, perhaps `paths`, `lease`,
        `take`, `begin`, `put` for each stage, `remove`, `finish`, `drop`; a `take` now and then.
        """

    def extras(self) -> Sequence[File]:
        """Files that the target needs beside the site, such as `.nojekyll`, in a temporary folder.

        They are planned, put and remembered like those of the site, one of which wins at its path.
        """

    def marks(self, paths: Collection[str]) -> Mapping[str, str]:
        """What is at these paths, as far as something is.

        A regular file has the mark that `mark` gives for a file of the same content, a folder
        FOLDER, all else OTHER. Paths may be names of folders; links are not followed, and what is
        behind a link to a folder is not there. Where folders do not exist they are left out.
        """

    def paths(self) -> Iterable[str]:
        """All files at the target but manifest and lease, foreign ones too, links as themselves."""

    def mark(self, file: File) -> str:
        """What `marks` would tell of this file: a digest that the target can tell cheaply.

        Called once for each file of the site; equal for equal contents, unequal for others. For
        example the SHA-256, or what an S3 listing gives as ETag, or the id of a blob.
        """

    def lease(self) -> bytes | None:
        """The lease that is there; None if there is none, or the target needs none."""

    def take(self, lease: bytes, instead_of: bytes | None) -> bool:
        """Put a lease where `instead_of` is (None: none is); False if that is not what is there.

        In one step, as far as the target is able to. True at once if the target needs none.
        """

    def drop(self, lease: bytes) -> None:
        """Remove the lease if it is this one."""

    def begin(self, journal: bytes) -> None:
        """Replace the manifest by one that also names what will be put.

        Raises TargetError (code D021) if the manifest is not any more what `manifest` gave.
        """

    def put(self, files: Sequence[File], on_done: OnDone) -> None:
        """Put these files there, in any order; all are there when it returns.

        Nothing foreign is in their way but empty folders, which go. Folders are made as needed,
        through no link.
        """

    def remove(self, paths: Sequence[str], on_done: OnDone) -> None:
        """Remove these files, if there, and folders that this leaves empty."""

    def finish(self, manifest: bytes) -> None:
        """Replace the manifest. With `atomic`: let all that was put and removed be seen.

        Raises TargetError (code D021) if the manifest is not any more what was last given or put.
        """


@dataclass(frozen=True, slots=True)
class Around:
    """What a target may know of where it is used."""

    root: Path
    """The site's folder, absolute."""
    output: Path
    """The folder of the built site, absolute: all files are in it at their paths."""
    environment: Mapping[str, str]
    """The only source of secrets."""
    address: str
    """Of the home page that the site was built for."""
    tell: Callable[[str], None]
    """Takes a sentence for the author on what is no failure, such as a store without leases."""
    retries: Retries = field(default_factory=Retries)
    width: int = 8
    """How many requests may run at once."""


Connect = Callable[[object, Around], AbstractContextManager[Session]]
"""What each kind's module has as `connect`: reaches the target of a table `[deploy.NAME]`.

The first argument is the table as read, such as a `targets.Folder`. Leaving the context
cleans up temporary files and connections, also after an exception; it does not drop the lease.
Raises TargetError, or UsageError for what is wrong with the table or is not installed.
"""
