"""Files of the built site: as content, as what is in the store, as how they are made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of the built site."""

    path: str
    """Relative to the output folder, with forward slashes."""
    content: bytes


class LostError(Exception):
    """Something that a page names by its digest is not in the store any more."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file whose content is in the store."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """A file of the built site that is made when it is needed."""

    path: str
    """Relative to the output folder, with forward slashes."""
    made_of: str
    """Digest of everything that it is made of: what is made of the same is the same."""
    make: Callable[[], bytes]
    batch: str = ""
    """Names what it is made together with and kept, if that takes long; else empty."""


def named_by_content(name: str, content: bytes) -> str:
    """A name that changes with the content, so that caches may keep the file for ever.

    `icon.svg` becomes `icon.<hash>.svg`.
    """
    stem, dot, suffix = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:10]
    return f"{stem}.{digest}.{suffix}" if dot else f"{name}.{digest}"
