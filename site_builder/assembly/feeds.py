"""Feeds: Atom and JSON Feed with the full text of the newest posts.

In: entries, newest first. Out: a recipe of each feed. Promise: no relative address, no character
that XML forbids, and no date but those of the posts.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from site_builder.assembly.frame import Frame, made_of
from site_builder.assembly.portable import portable
from site_builder.assembly.posts import Entry
from site_builder.config import Site
from site_builder.files import Recipe

ATOM = "feed.xml"
JSON = "feed.json"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_EPOCH = dt.date(1970, 1, 1)
MakeFeed = Callable[["list[FeedItem]"], bytes]


@dataclass(frozen=True, slots=True)
class TagFeed:
    """What the feed of a tag is about."""

    title: str
    home: str
    """Address of the tag's page, below the home page."""
    newest: Sequence[Entry]


def feed_recipes(
    site: Site, frame: Frame, newest: Sequence[Entry], tags: Sequence[TagFeed]
) -> Iterator[Recipe]:
    """The feeds of tags, then those of the site; the `newest` of all posts come first in each."""
    limit = site.settings.feed_posts
    items: dict[str, FeedItem] = {}

    def item(entry: Entry) -> FeedItem:
        path = entry.page.source.path
        if path not in items:
            items[path] = feed_item(site, entry)
        return items[path]

    def recipe(path: str, entries: Sequence[Entry], make: MakeFeed, *about: str) -> Recipe:
        name = made_of(frame.digest, path, about, [entry.made_of for entry in entries])
        return Recipe(path, name, lambda: make([item(entry) for entry in entries]))

    for tag in tags:
        make = functools.partial(
            atom_feed, site, title=tag.title, below=tag.home + ATOM, home=tag.home
        )
        yield recipe(unquote(tag.home) + ATOM, tag.newest[:limit], make, tag.title, tag.home)
    make = functools.partial(atom_feed, site, title=site.settings.title, below=ATOM, home="")
    yield recipe(ATOM, newest[:limit], make)
    yield recipe(JSON, newest[:limit], functools.partial(json_feed, site))


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A post ready for any feed: rendered once, whatever number of feeds it is in."""

    id: str
    updated: dt.date
    content: str
    """HTML with absolute addresses."""
    entry: Entry
    xml: str
    """The post as an `entry` of Atom."""


def feed_item(site: Site, entry: Entry) -> FeedItem:
    """Prepare a post or an aside for feeds."""
    context = entry.context
    published = context.date or _EPOCH
    updated = max(published, context.updated or published)
    id_ = _tag_uri(site, published, entry.page.slug)
    body = portable(str(entry.feed), base=context.address, prefix=entry.page.slug + "-")
    body = _FORBIDDEN.sub("\ufffd", body).rstrip("\n")
    link = f'<p><a href="{escape(context.address)}">Read on the site</a></p>'
    content = f"{body}\n{link}"
    xml = _atom_entry(site, entry, id_, published, updated, content)
    return FeedItem(id_, updated, content, entry, xml)


def atom_feed(site: Site, items: Sequence[FeedItem], *, title: str, below: str, home: str) -> bytes:
    """Make an Atom feed.

    `below` and `home` are the addresses of the feed and of its page, below the home page.
    """
    settings = site.settings
    updated = max((item.updated for item in items), default=_EPOCH)
    author = settings.author or settings.title
    subtitle = settings.description if not home else ""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{_xml(settings.language)}">',
        f"<title>{_xml(title)}</title>",
        *([f"<subtitle>{_xml(subtitle)}</subtitle>"] if subtitle else []),
        f'<link rel="alternate" type="text/html" href="{_xml(site.address + home)}"/>',
        f'<link rel="self" type="application/atom+xml" href="{_xml(site.address + below)}"/>',
        f"<id>{_xml(site.address + home)}</id>",
        f"<updated>{_time(updated)}</updated>",
        f"<author><name>{_xml(author)}</name></author>",
        *(item.xml for item in items),
        "</feed>",
    ]
    return ("\n".join(lines) + "\n").encode()


def json_feed(site: Site, items: Sequence[FeedItem]) -> bytes:
    """Make a JSON Feed, version 1.1, of the site."""
    settings = site.settings
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": settings.title,
        "home_page_url": site.address,
        "feed_url": site.address + JSON,
        "description": settings.description,
        "language": settings.language,
        "authors": [{"name": settings.author}] if settings.author else [],
        "items": [_json_item(item) for item in items],
    }
    text = json.dumps(_without_empty(feed), ensure_ascii=False, indent=1)
    return (_FORBIDDEN.sub("\ufffd", text) + "\n").encode()


def _tag_uri(site: Site, published: dt.date, slug: str) -> str:
    # Neither a new permalink pattern nor a new folder of the site makes readers see a post twice.
    host = urlsplit(site.address).hostname or ""
    return f"tag:{host},{published.isoformat()}:{quote(slug)}"


def _atom_entry(
    site: Site, entry: Entry, id_: str, published: dt.date, updated: dt.date, content: str
) -> str:
    context = entry.context
    other_language = context.language != site.settings.language
    language = f' xml:lang="{_xml(context.language)}"' if other_language else ""
    address = _xml(context.address)
    lines = [
        f"<entry{language}>",
        f"<title>{_xml(entry.label)}</title>",
        f'<link rel="alternate" type="text/html" href="{address}"/>',
        f"<id>{_xml(id_)}</id>",
        f"<published>{_time(published)}</published>",
        f"<updated>{_time(updated)}</updated>",
        *(f"<author><name>{_xml(name)}</name></author>" for name in context.authors),
        *(f'<category term="{_xml(tag)}"/>' for tag in entry.page.front_matter.tags),
    ]
    if entry.page.summary and context.kind != "aside":
        lines.append(f"<summary>{_xml(entry.page.summary)}</summary>")
    lines.append(f'<content type="html">{escape(content, quote=False)}</content>')
    lines.append("</entry>")
    return "\n".join(lines)


def _json_item(item: FeedItem) -> dict[str, Any]:
    entry, context = item.entry, item.entry.context
    published = context.date or _EPOCH
    return _without_empty(
        {
            "id": item.id,
            "url": context.address,
            "title": entry.label,
            "content_html": item.content,
            "summary": entry.page.summary if context.kind != "aside" else "",
            "date_published": _time(published),
            "date_modified": _time(item.updated),
            "authors": [{"name": name} for name in context.authors],
            "tags": list(entry.page.front_matter.tags),
            "language": context.language,
        }
    )


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value or key == "items"}


def _xml(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _time(date: dt.date) -> str:
    return f"{date.isoformat()}T00:00:00Z"
