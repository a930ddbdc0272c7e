"""What an address of the preview leads to.

In: the path of a request, as it was sent. Out: a file of the site, an address to go to instead, or
why there is neither. Promise: this is a look-up in the site's files; no path can leave them.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, unquote

INDEX = "index.html"
LONGEST = 2_048  # characters of a path
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class Place:
    """What an address leads to."""

    status: HTTPStatus
    path: str = ""
    """The file's path below the site's base, if the status is 200."""
    location: str = ""
    """The address to go to instead, if the status is 302."""


def place_of(files: Container[str], base: str, address: str) -> Place:
    """Look up the path of a request, still percent-encoded and without its query, in `files`.

    `base` is the path that the site is below, such as `/` or `/blog/`.
    """
    path = _decoded(address)
    if path is None:
        return Place(HTTPStatus.BAD_REQUEST)
    if path in ("/", base.rstrip("/")) and path != base:
        return Place(HTTPStatus.FOUND, location=quote(base))
    if not path.startswith(base):
        return Place(HTTPStatus.NOT_FOUND)
    below = path.removeprefix(base)
    if not below or below.endswith("/"):
        below += INDEX
    if below in files:
        return Place(HTTPStatus.OK, path=below)
    if f"{below}/{INDEX}" in files:
        return Place(HTTPStatus.FOUND, location=quote(f"{base}{below}/"))
    return Place(HTTPStatus.NOT_FOUND)


def _decoded(address: str) -> str | None:
    """The path that an address says; None if no browser would ask for it."""
    if not address.startswith("/") or len(address) > LONGEST or "%2f" in address.lower():
        return None
    try:
        path = unquote(address, errors="strict")
    except UnicodeDecodeError:
        return None
    dots = any(segment in (".", "..") for segment in path.split("/"))
    return None if dots or _UNSAFE.search(path) else path
