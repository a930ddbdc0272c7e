"""Pages as they are kept: everything but their source, which is read anyway.

In: what rendering gave. Out: bytes to keep, and the page and its HTML of such bytes. Promise: every
page of a site comes from here, whether it was rendered a moment ago or last year.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from site_builder.model.page import Page
from site_builder.model.post import Source
from site_builder.plain import MISFIT, plain, read_plain
from site_builder.store import digest_of

_NOWHERE = Source("", "")


@dataclass(frozen=True, slots=True)
class Html:
    """The HTML of a post, with marks for its references."""

    body: str
    """For its page, and for lists that show it whole."""
    feed: str
    """For feed readers: no styles needed, nothing interactive, figures as PNG."""


def page_bytes(page: Page) -> bytes:
    """A page without its source."""
    return _json(plain(replace(page, source=_NOWHERE, digest="")))


def read_page(content: bytes, source: Source) -> Page | None:
    """The page that was kept, with its source; None if the content is of another format."""
    try:
        page = read_plain(Page, json.loads(content))
    except MISFIT:
        return None
    return replace(page, source=source, digest=digest_of(content))


def html_bytes(html: Html) -> bytes:
    """Both forms of a page's HTML: the length of the first, then both as they are."""
    return f"{len(html.body)}\n{html.body}{html.feed}".encode("utf-8", "surrogatepass")


def read_html(content: bytes) -> Html | None:
    """The HTML that was kept; None if the content is of another format."""
    length, _, text = content.decode("utf-8", "surrogatepass").partition("\n")
    if not length.isdecimal():
        return None
    return Html(text[: int(length)], text[int(length) :])


def _json(data: object) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
