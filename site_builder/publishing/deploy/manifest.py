"""The manifest at a target: what we put there, and what a deploy was about to put.

In: bytes from the target. Out: a Manifest, and back. Promise: a manifest that is damaged, or that
names anything outside the target, is refused; it never makes a file ours that we did not put.

Before the first file is put the manifest is replaced by a journal: the same, with `pending`, the
files that will be put. What a broken deploy left behind is known by it: a file is ours if its path
is there with the mark that one of the two lists says.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from site_builder import __version__
from site_builder.errors import ContentError, Problem
from site_builder.publishing.deploy.target import LEASE, MANIFEST, File
from site_builder.publishing.output_folder import is_inside

FORMAT = "site-builder deploy manifest"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Placed:
    """A file as we put it."""

    sha256: str
    size: int
    """In bytes."""
    mark: str
    """What the target's `marks` tells of it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is ours at a target."""

    site: str
    """The address of the site there, when it was last deployed."""
    files: Mapping[str, Placed] = field(default_factory=dict)
    """By their paths."""
    pending: Mapping[str, Placed] = field(default_factory=dict)
    """What a deploy was about to put when it began; empty once it has ended."""


def placed(file: File, mark: str) -> Placed:
    """A file of the site as it will be at the target."""
    return Placed(file.sha256, file.size, mark)


def manifest_bytes(manifest: Manifest) -> bytes:
    """The text of a manifest: the same bytes for the same content."""
    data: dict[str, object] = {
        "format": FORMAT,
        "version": VERSION,
        "tool": f"site-builder {__version__}",
        "site": manifest.site,
        "files": _rows(manifest.files),
    }
    if manifest.pending:
        data["pending"] = _rows(manifest.pending)
    return (json.dumps(data, indent=0, ensure_ascii=False) + "\n").encode()


def read_manifest(content: bytes, shown: str) -> Manifest:
    """The manifest of these bytes, found at the target `shown`; raises ContentError."""
    try:
        data = json.loads(content)
        version = data["version"]
        if data["format"] != FORMAT or not isinstance(version, int) or version < 1:
            raise ValueError
        if version > VERSION:
            message = f"{shown} was last deployed to by a newer site-builder"
            raise ContentError(Problem(message, help="update this one", code="D010"))
        files, pending = _read_rows(data["files"]), _read_rows(data.get("pending", {}))
        return Manifest(str(data["site"]), files, pending)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        message = f"{MANIFEST} at {shown} is damaged, so it is not known what is ours there"
        help_ = "restore it from a backup; or remove it, and deploy with --adopt"
        raise ContentError(Problem(message, help=help_, code="D010")) from None


def manifest_if_read(content: bytes | None) -> Manifest:
    """The manifest of these bytes; one that names nothing if there is none, or it is damaged."""
    with contextlib.suppress(ContentError):
        return Manifest("") if content is None else read_manifest(content, "")
    return Manifest("")


def _rows(files: Mapping[str, Placed]) -> dict[str, list[object]]:
    return {
        path: [x.sha256, x.size, *([x.mark] if x.mark != x.sha256 else [])]
        for path, x in sorted(files.items())
    }


def _read_rows(rows: Mapping[str, list[object]]) -> dict[str, Placed]:
    found = {}
    for path, (sha256, size, *mark) in rows.items():
        if not is_inside(path) or path in (MANIFEST, LEASE) or not isinstance(size, int):
            raise ValueError
        path.encode()  # raises ValueError for what is half a character
        found[path] = Placed(str(sha256), size, str(mark[0] if mark else sha256))
    return found
