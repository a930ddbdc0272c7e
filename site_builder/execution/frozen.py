"""Frozen records: the outputs of a post in a folder beside it, to be kept in version control.

In: a record. Out: `posts/<name>.frozen/record.json` and a file for each picture and long text,
named by content; or the record that such a folder holds. Promise: a folder that cannot be read is
told, never passed over.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

from site_builder.errors import ContentError, Problem, UsageError
from site_builder.execution.documents import read_record, record_bytes
from site_builder.execution.record import Record
from site_builder.store import digest_of

SUFFIX = ".frozen"
DOCUMENT = "record.json"
_SUFFIXES = {
    "image/svg+xml": ".svg",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/html": ".html",
    "text/plain": ".txt",
}


def frozen_folder(root: Path, post: str) -> Path:
    """Where the frozen record of a post is, whether or not there is one."""
    return (root / post).with_suffix(SUFFIX)


def read_frozen(root: Path, post: str) -> Record | None:
    """The frozen record of a post; None if it has none. Raises ContentError if it is damaged."""
    folder = frozen_folder(root, post)
    try:
        content = (folder / DOCUMENT).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ContentError(_damaged(root, folder, error.strerror or str(error))) from None
    missing: list[str] = []

    def get(digest: str, mime: str) -> bytes | None:
        name = _blob_name(digest, mime)
        with contextlib.suppress(OSError):
            blob = (folder / name).read_bytes()
            if digest_of(blob) == digest:
                return blob
        missing.append(name)
        return None

    record = read_record(content, get)
    if record is None or not (record.cells or record.values) or not record.frozen:
        raise ContentError(_damaged(root, folder, _fault(content, missing)))
    return record


def write_frozen(root: Path, record: Record) -> Path:
    """Write the record of a post beside it, in place of an older one; gives the folder.

    Raises UsageError if that cannot be written.
    """
    folder = frozen_folder(root, record.post)
    blobs: dict[str, bytes] = {}

    def put(content: bytes, mime: str) -> str:
        digest = digest_of(content)
        blobs[_blob_name(digest, mime)] = content
        return digest

    document = record_bytes(record, put)
    # Complete beside the old one before that goes: an interrupted freeze loses nothing.
    new = folder.with_name(folder.name + ".new")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for name, content in {**blobs, DOCUMENT: document}.items():
            (new / name).write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        new.replace(folder)
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        shown = folder.relative_to(root).as_posix()
        message = f"cannot write {shown}: {error.strerror or error}"
        raise UsageError(Problem(message, code="C012")) from None
    return folder


def _blob_name(digest: str, mime: str) -> str:
    return digest[:16] + _SUFFIXES.get(mime, ".bin")


def _fault(content: bytes, missing: list[str]) -> str:
    if b"\n<<<<<<<" in content or content.startswith(b"<<<<<<<"):
        return f"{DOCUMENT} holds the marks of a merge conflict"
    if missing:
        return f"{missing[0]} is missing or damaged"
    try:
        json.loads(content)
    except ValueError as error:
        return f"{DOCUMENT} is no JSON ({error})"
    return f"{DOCUMENT} is not of the format that this version writes"


def _damaged(root: Path, folder: Path, why: str) -> Problem:
    shown = folder.relative_to(root).as_posix()
    help_ = "write it anew with 'site-builder freeze', or delete the folder"
    message = f"cannot read the frozen record: {why}"
    return Problem(message, shown, help=help_, code="X011")
