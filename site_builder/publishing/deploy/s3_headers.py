"""What a store tells browsers of a file: type, how long to keep it, where to go instead.

In: a file of the site and its content. Out: arguments of a `PutObject`; what caches must forget.
Promise: they depend on the file and the site's address alone.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from site_builder.publishing.deploy.order import is_hashed
from site_builder.publishing.deploy.target import File
from site_builder.publishing.media_types import content_type

FOREVER = "public, max-age=31536000, immutable"
ASK = "public, max-age=0, must-revalidate"
A_WHILE = "public, max-age=3600"
FETCHED = (".html", ".htm", ".xml", ".json", ".txt")
"""What is at the same address in another form after each deploy: pages, feeds, the site map."""

_TYPES = {"feed.json": "application/feed+json; charset=utf-8"}
"""As `_headers` says to hosts that read it."""


def md5_of(content: bytes) -> str:
    """The digest that a store tells as ETag of what it was sent in one piece."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def headers(file: File, content: bytes, address: str, *, redirects: bool) -> Mapping[str, object]:
    """The arguments; `redirects` if the store itself can send readers elsewhere."""
    md5 = md5_of(content)
    found: dict[str, object] = {
        "ContentType": _TYPES.get(file.path.rpartition("/")[2]) or content_type(file.path),
        "CacheControl": _cache_control(file.path),
        "ContentMD5": base64.b64encode(bytes.fromhex(md5)).decode(),  # so that it compares
        "Metadata": {"sha256": file.sha256, "md5": md5},
    }
    if redirects and (place := _redirected(file.path, content, address)):
        found["WebsiteRedirectLocation"] = place
    return found


def _cache_control(path: str) -> str:
    if is_hashed(path):
        return FOREVER
    return ASK if path.endswith(FETCHED) or "." not in path.rpartition("/")[2] else A_WHILE


def _redirected(path: str, content: bytes, address: str) -> str:
    """Where a page of an alias leads to; empty if it is none."""
    if not path.endswith(".html") or len(content) > _LARGEST:
        return ""
    found = _REFRESH.search(content.decode(errors="replace"))
    place = html.unescape(found[1].strip()) if found else ""
    there, home = urlsplit(place), urlsplit(address)
    if there.netloc and (there.scheme, there.netloc) == (home.scheme, home.netloc):
        place = there._replace(scheme="", netloc="").geturl()
    is_good = place.isascii() and place.startswith(("/", "http://", "https://"))
    return place if is_good and not place.startswith("//") else ""


_LARGEST = 4_000  # bytes; a page that only leads elsewhere is smaller
_REFRESH = re.compile(
    r"""<meta\s+http-equiv=["']?refresh["']?\s+content=["']?0;\s*url=([^"'>\s]+)""", re.IGNORECASE
)


def changed_paths(touched: Iterable[str], address: str, *, everything: bool) -> list[str]:
    """What readers of the site at `address` may have old versions of, as CloudFront wants it.

    `touched` are the paths of files; `everything` if it is not known what else changed.
    """
    base = quote(urlsplit(address).path.rstrip("/") + "/")
    changed = [quote(path) for path in sorted(touched) if not is_hashed(path)]
    # A home page is asked for by its folder, or by its name, as whoever set it up chose.
    folders = [x.removesuffix("index.html") for x in changed if f"/{x}".endswith("/index.html")]
    paths = sorted(base + path for path in (*changed, *folders))
    return [f"{base}*"] if everything or len(paths) > _MOST_PATHS or not paths else paths


_MOST_PATHS = 30  # beyond, a pattern for all costs less than a path for each
