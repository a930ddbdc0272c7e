"""Feeds: Atom and JSON Feed with the full text of the newest posts.

In: entries, newest first. Out: a recipe of each feed. Promise: no relative address, no character
that XML forbids, and no date but those of the posts.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from site_builder.assembly.addresses import Located, front_matter_problem
from site_builder.assembly.frame import Frame, made_of
from site_builder.assembly.portable import portable, without_controls
from site_builder.assembly.posts import Entry
from site_builder.errors import Problem
from site_builder.model.files import Recipe
from site_builder.settings.site import Site
from site_builder.words.words import words_for

ATOM = "feed.xml"
JSON = "feed.json"
STYLE = "feed.css"
"""The asset of the theme that browsers show feeds with."""
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
    atom = functools.partial(atom_feed, site, look=_look(site, frame))
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
        make = functools.partial(atom, title=tag.title, below=tag.home + ATOM, home=tag.home)
        yield recipe(unquote(tag.home) + ATOM, tag.newest[:limit], make, tag.title, tag.home)
    title = site.settings.title
    make = functools.partial(atom, title=title, below=ATOM, home="")
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
    id_ = entry.page.front_matter.guid or _tag_uri(site, published, entry.page.slug)
    body = without_controls(str(entry.feed))
    body = portable(body, base=context.address, prefix=entry.page.slug + "-")
    body = _FORBIDDEN.sub("\ufffd", body).rstrip("\n")
    words = escape(words_for(site.words, context.language).read_on_site)
    link = f'<p><a href="{escape(context.address)}">{words}</a></p>'
    content = f"{body}\n{link}"
    xml = _atom_entry(site, entry, id_, published, updated, content)
    return FeedItem(id_, updated, content, entry, xml)


def atom_feed(
    site: Site, items: Sequence[FeedItem], *, look: str, title: str, below: str, home: str
) -> bytes:
    """Make an Atom feed.

    `below` and `home` are the addresses of the feed and of its page, below the home page; `look`
    is the address of a style sheet for people who open the feed, empty if there is none.
    """
    settings = site.settings
    updated = max((item.updated for item in items), default=_EPOCH)
    author = settings.author or settings.title
    subtitle = settings.description if not home else ""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        *([f'<?xml-stylesheet type="text/css" href="{_xml(look)}"?>'] if look else []),
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:h="{_XHTML}"'
        f' xml:lang="{_xml(settings.language)}">',
        f"<title>{_xml(title)}</title>",
        *([f"<subtitle>{_xml(subtitle)}</subtitle>"] if subtitle else []),
        *(_for_people(site, home) if look else []),
        f'<link rel="alternate" type="text/html" href="{_xml(site.address + home)}"/>',
        f'<link rel="self" type="application/atom+xml" href="{_xml(site.address + below)}"/>',
        f"<id>{_xml(_feed_id(site, home))}</id>",
        f"<updated>{_time(updated)}</updated>",
        _person(author, settings.author_url),
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
        "authors": _json_people(site, [settings.author] if settings.author else []),
        "items": [_json_item(site, item) for item in items],
    }
    text = json.dumps(_cleaned(_without_empty(feed)), ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def _cleaned(value: Any) -> Any:
    """What XML forbids is not for readers of JSON either."""
    if isinstance(value, dict):
        return {key: _cleaned(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return _FORBIDDEN.sub("\ufffd", value)


def guid_problems(posts: Iterable[Located]) -> Iterator[Problem]:
    """What is wrong with the names that authors gave to posts for feed readers."""
    owners: dict[str, str] = {}
    for located in posts:
        source, guid = located.page.source, located.page.front_matter.guid
        if not guid:
            continue
        if not _IRI.fullmatch(guid):
            message = f"'guid' should be an address such as 'https://…' or 'tag:…', not {guid!r}"
            yield front_matter_problem(source, "guid", guid, message, code="F112")
        elif owners.setdefault(guid, source.path) != source.path:
            message = f"{owners[guid]} has the same guid {guid!r}"
            help_ = "feed readers would take the two for one post; change one of them"
            yield front_matter_problem(source, "guid", guid, message, help_, code="F113")


_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def _look(site: Site, frame: Frame) -> str:
    asset = frame.theme.assets.get(STYLE)
    return site.base + quote(asset.path) if asset else ""


def _for_people(site: Site, home: str) -> Iterator[str]:
    """What a browser shows above the posts: readers of feeds pass over what is not Atom."""
    address = _xml(site.address + home)
    yield '<h:meta name="viewport" content="width=device-width, initial-scale=1"/>'
    words = _xml(words_for(site.words, site.settings.language).this_is_a_feed)
    home_page = f'<h:a href="{address}">{_xml(site.settings.title)}</h:a>'
    yield f"<h:p>{words.format(site=home_page)}</h:p>"


_XHTML = "http://www.w3.org/1999/xhtml"


def _feed_id(site: Site, home: str) -> str:
    address = urlsplit(site.address + home)
    return address._replace(netloc=site.settings.feeds.id_host or address.netloc).geturl()


def _tag_uri(site: Site, published: dt.date, slug: str) -> str:
    # Neither a new permalink pattern nor a new folder of the site makes readers see a post twice.
    host = site.settings.feeds.id_host or urlsplit(site.address).hostname or ""
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
        f'<h:a href="{address}">{_xml(entry.label)}</h:a>',
        f"<id>{_xml(id_)}</id>",
        f"<published>{_time(published)}</published>",
        f"<updated>{_time(updated)}</updated>",
        *(_person(name, _page_of(site, name)) for name in context.authors),
        *(f'<category term="{_xml(tag)}"/>' for tag in entry.page.front_matter.tags),
    ]
    if entry.page.summary and context.kind != "aside":
        lines.append(f"<summary>{_xml(entry.page.summary)}</summary>")
    lines.append(f'<content type="html">{escape(content, quote=False)}</content>')
    lines.append("</entry>")
    return "\n".join(lines)


def _person(name: str, address: str) -> str:
    uri = f"<uri>{_xml(address)}</uri>" if address else ""
    return f"<author><name>{_xml(name)}</name>{uri}</author>"


def _page_of(site: Site, name: str) -> str:
    """The address of an author's page, known of the site's own only."""
    return site.settings.author_url if name == site.settings.author else ""


def _json_people(site: Site, names: Sequence[str]) -> list[dict[str, str]]:
    return [_without_empty({"name": name, "url": _page_of(site, name)}) for name in names]


def _json_item(site: Site, item: FeedItem) -> dict[str, Any]:
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
            "authors": _json_people(site, context.authors),
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
