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
HTML = "text/html; charset=utf-8"
LONGEST = 2_048  # characters of a path
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")
_BINARY = "application/octet-stream"
_TYPES = {
    "html": HTML,
    "htm": HTML,
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "json": "application/json",
    "map": "application/json",
    "webmanifest": "application/manifest+json",
    "ipynb": "application/x-ipynb+json",
    "xml": "application/xml; charset=utf-8",
    "xsl": "application/xslt+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "qmd": "text/markdown; charset=utf-8",
    "py": "text/x-python; charset=utf-8",
    "r": "text/plain; charset=utf-8",
    "jl": "text/plain; charset=utf-8",
    "toml": "application/toml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "bib": "text/x-bibtex; charset=utf-8",
    "tex": "text/x-tex; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "jxl": "image/jxl",
    "ico": "image/x-icon",
    "woff": "font/woff",
    "woff2": "font/woff2",
    "ttf": "font/ttf",
    "otf": "font/otf",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "wasm": "application/wasm",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "gz": "application/gzip",
}


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


def content_type(path: str) -> str:
    """The media type of a file by its name, with the encoding if it is text."""
    name = path.rpartition("/")[2]
    # Files without an ending, such as `_redirects` or `CNAME`, are texts for hosts.
    ending = name.rpartition(".")[2].lower() if "." in name else "txt"
    return _TYPES.get(ending, _BINARY)
