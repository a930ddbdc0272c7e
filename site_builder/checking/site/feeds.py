"""Feeds: what the specifications of Atom and JSON Feed ask for, and the site map's.

In: a made site. Out: flaws. Promise: files that claim to be a feed are held against all that their
specification requires of ours; others are left alone.

Sources: RFC 4287 (Atom), https://www.jsonfeed.org/version/1.1/, https://www.sitemaps.org/
"""

from __future__ import annotations

import datetime as dt
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from site_builder.checking.site.flaws import Flaw
from site_builder.checking.site.links import Targets
from site_builder.checking.site.made import MadeSite

ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
JSON_FEED = "https://jsonfeed.org/version/1"


def feed_flaws(made: MadeSite, targets: Targets) -> Iterator[Flaw]:
    """Look at every feed and site map, also at those among the static files."""
    for path in feeds_of(made):
        content = made.files[path].make()
        faults = _json_faults(content, targets) if path.endswith(".json") else ()
        if path.endswith(".xml"):
            faults = _xml_faults(content, targets)
        for message, written in dict.fromkeys(faults):
            yield Flaw("M101", message, path, (written,))


def feeds_of(made: MadeSite) -> list[str]:
    """The paths of files that may be feeds."""
    return [path for path in made.files if path.endswith((".xml", "feed.json"))]


Fault = tuple[str, str]
"""What is wrong, and the text that is at fault."""


def _xml_faults(content: bytes, targets: Targets) -> Iterator[Fault]:
    if b"<!ENTITY" in content:  # none of ours; to expand them may take for ever
        return
    try:
        root = ET.fromstring(content)
    except ET.ParseError as error:
        yield f"it is not well-formed XML: {error}", ""
        return
    if root.tag == f"{ATOM}feed":
        yield from _atom_faults(root, targets)
    elif root.tag == f"{SITEMAP}urlset":
        for place in root.iter(f"{SITEMAP}loc"):
            yield from _address_faults(place.text, "a <loc>", targets)


def _atom_faults(feed: ET.Element, targets: Targets) -> Iterator[Fault]:
    yield from _one_of_each(feed, ("id", "title", "updated"), "the feed")
    yield from _link_faults(feed, "the feed", targets)
    entries = feed.findall(f"{ATOM}entry")
    if feed.find(f"{ATOM}author") is None and any(e.find(f"{ATOM}author") is None for e in entries):
        yield "neither the feed nor each of its entries has an <author>", ""
    for entry in entries:
        title = (entry.findtext(f"{ATOM}title") or "").strip()
        what = f"the entry {title!r}"
        yield from _one_of_each(entry, ("id", "title", "updated"), what, ("published", "content"))
        yield from _link_faults(entry, what, targets)
        content = entry.find(f"{ATOM}content")
        leads_on = any(x.get("rel", "alternate") == "alternate" for x in entry.iter(f"{ATOM}link"))
        if content is None and not leads_on:
            yield f"{what} has neither <content> nor a link to its page", title
        if content is not None and content.get("type") == "html":
            yield from _relative_faults(content.text or "", what)
    ids = Counter(entry.findtext(f"{ATOM}id") for entry in entries)
    yield from ((f"two entries have the id {id_!r}", "") for id_, n in ids.items() if n > 1)
    for person in feed.iter(f"{ATOM}author"):
        if not (person.findtext(f"{ATOM}name") or "").strip():
            yield "an <author> has no <name>", ""


def _one_of_each(
    element: ET.Element, required: Sequence[str], what: str, at_most: Sequence[str] = ()
) -> Iterator[Fault]:
    for name in (*required, *at_most):
        found = element.findall(ATOM + name)
        if len(found) > 1 or (not found and name in required):
            yield f"{what} has {len(found) or 'no'} <{name}>", ""
        for each in found:
            text = (each.text or "").strip()
            if name in ("updated", "published") and not is_rfc_3339(text):
                yield (
                    f"{what} has the <{name}> {text!r}, which is no date and time (RFC 3339)",
                    text,
                )
            elif name == "id" and not urlsplit(text).scheme:
                yield f"{what} has the <id> {text!r}, which is no absolute address", text


def _link_faults(element: ET.Element, what: str, targets: Targets) -> Iterator[Fault]:
    kinds: Counter[tuple[str | None, ...]] = Counter()
    for link in element.findall(f"{ATOM}link"):
        if "href" not in link.attrib:
            yield f"{what} has a <link> without href", ""
            continue
        yield from _address_faults(link.get("href"), f"{what} has a <link>", targets)
        if link.get("rel", "alternate") == "alternate":
            kinds[link.get("type"), link.get("hreflang")] += 1
    if any(count > 1 for count in kinds.values()):
        yield f"{what} has two <link>s to a page of the same type and language", ""


def _address_faults(address: str | None, what: str, targets: Targets) -> Iterator[Fault]:
    address = (address or "").strip()
    parts = urlsplit(address)
    if not parts.scheme or not parts.netloc:
        yield f"{what} leads to {address!r}, which is no absolute address", address
        return
    inside = targets.inside(address, targets.made.site.address)
    if inside is not None and inside.path not in targets.made.files:
        yield f"{what} leads to {address!r}, which is not on the site", address


_RELATIVE = re.compile(
    r"""<[a-z][^<>]*?\s(?:href|src)=["'](?![a-z][a-z0-9+.-]*:|#|//)([^"']*)""", re.I
)


def _relative_faults(html: str, what: str) -> Iterator[Fault]:
    for found in _RELATIVE.finditer(html):
        yield f"{what} has the relative address {found[1]!r}", found[1]


def _json_faults(content: bytes, targets: Targets) -> Iterator[Fault]:
    try:
        feed: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        yield f"it is not valid JSON: {error}", ""
        return
    if not isinstance(feed, dict) or not str(feed.get("version", "")).startswith(JSON_FEED):
        yield f"its version is not {JSON_FEED}.1", ""
        return
    yield from _texts(feed, ("title",), ("description", "language"), "the feed")
    for key in ("home_page_url", "feed_url"):
        if key in feed:
            yield from _address_faults(str(feed[key]), f"{key} of the feed", targets)
    items = feed.get("items")
    if not isinstance(items, list):
        yield "it has no list of items", ""
        return
    for item in items:
        if isinstance(item, dict):
            yield from _item_faults(item, targets)
        else:
            yield f"the item {item!r} is no object", ""
    ids = Counter(item.get("id") for item in items if isinstance(item, dict) and "id" in item)
    yield from ((f"two items have the id {id_!r}", "") for id_, n in ids.items() if n > 1)


def _item_faults(item: dict[str, Any], targets: Targets) -> Iterator[Fault]:
    title = str(item.get("title", item.get("id", "")))
    what = f"the item {title!r}"
    yield from _texts(item, ("id",), ("title", "summary", "language", "content_html"), what)
    if "content_html" not in item and "content_text" not in item:
        yield f"{what} has neither content_html nor content_text", title
    yield from _relative_faults(str(item.get("content_html", "")), what)
    if "url" in item:
        yield from _address_faults(str(item["url"]), f"{what} has a url that", targets)
    for key in ("date_published", "date_modified"):
        if key in item and not is_rfc_3339(str(item[key])):
            yield f"{key} of {what} is {item[key]!r}, which is no date and time (RFC 3339)", title
    tags = item.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield f"the tags of {what} are no list of texts", title


def _texts(
    values: dict[str, Any], required: Sequence[str], others: Sequence[str], what: str
) -> Iterator[Fault]:
    for key in required:
        if key not in values:
            yield f"{what} has no {key}", ""
    for key in (*required, *others):
        if key in values and (not isinstance(values[key], str) or not values[key]):
            yield f"{key} of {what} is no text", ""


_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)


def is_rfc_3339(text: str) -> bool:
    """Whether a text is a date and time as feeds have them."""
    if not _RFC_3339.fullmatch(text):
        return False
    try:
        dt.datetime.fromisoformat(text[:19].upper().replace(":60", ":59"))
    except ValueError:
        return False
    return True
