"""The built site as it is put online: what the last build wrote, and nothing else.

In: the output folder. Out: its files with their digests, and what they were built for. Promise: a
site that is not whole, or that somebody edited, is refused; only files that the build says it
wrote are in it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import ContentError, Problem
from site_builder.publishing.deploy.target import LEASE, MANIFEST, File
from site_builder.publishing.output_folder import LinkFinder
from site_builder.publishing.staging import Built, read_built, read_manifest, staging_folders
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class BuiltSite:
    """A whole site that was built."""

    folder: Path
    files: tuple[File, ...]
    """In order of their paths."""
    built: Built


def read_built_site(output: Path, shown: str) -> BuiltSite:
    """Read the site in an output folder, of which no build may be running.

    Raises ContentError if there is none, or it is not as it was written.
    """
    folder = output.resolve()
    digests = read_manifest(folder)
    if digests is None:
        message = f"there is no built site in {shown}"
        raise ContentError(Problem(message, help="build first, or add --build", code="D004"))
    built = read_built(folder)
    if built is None or staging_folders(folder):
        message = f"the site in {shown} is not whole: a build of it was broken off, or is old"
        raise ContentError(Problem(message, help="build again, or add --build", code="D004"))
    files = [File(path, digest, _size(folder / path), folder / path) for path, digest in
             sorted(digests.items())]  # fmt: skip
    problems = list(_problems(folder, files, shown))
    if problems:
        raise ContentError(problems)
    return BuiltSite(folder, tuple(files), built)


def _size(path: Path) -> int:
    """The size of a regular file; -1 if there is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


def _problems(folder: Path, files: list[File], shown: str) -> Iterator[Problem]:
    paths = {file.path for file in files}
    if not paths:
        message = f"the site in {shown} is empty"
        yield Problem(message, help="build again, or add --build", code="D004")
    elif "index.html" not in paths:
        message = f"the site in {shown} has no home page"
        yield Problem(message, help="build again, or add --build", code="D004")
    for name in (MANIFEST, LEASE):
        if name in paths:
            message = f"a file of the site is called {name}, which deploys need for themselves"
            yield Problem(message, help="take it out of static/", code="D004")
    link_above = LinkFinder(folder)
    for file in files:
        if file.size < 0:
            message = f"{shown}/{file.path} is not there any more, or is no file"
        elif link_above(file.path) or digest_of(file.source.read_bytes()) != file.sha256:
            message = f"{shown}/{file.path} is not as it was written: somebody changed it"
        else:
            continue
        help_ = "build again, which writes it anew; what you change by hand belongs into static/"
        yield Problem(message, help=help_, code="D005")
