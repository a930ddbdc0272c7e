"""Look: what a page holds that can be checked.

In: the HTML of a page, whoever wrote it. Out: its links, pictures, headings and ids, in the order
of the page. Promise: any bytes are a page, as they are for browsers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode


@dataclass(frozen=True, slots=True)
class Link:
    """An address on a page."""

    element: str
    """Name of the element that has it."""
    address: str
    """As the page has it."""
    loads: bool
    """Whether the browser fetches it for this page, as it does pictures and style sheets."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An `img` of a page."""

    address: str
    alt: str | None
    """Its text for those who cannot see it; None if there is no such attribute."""
    width: int
    """In CSS pixels as the page says; 0 if it does not."""
    decoration: bool
    """Whether the page says that it has nothing to tell."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a page."""

    level: int
    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a page holds."""

    links: tuple[Link, ...]
    pictures: tuple[Picture, ...]
    headings: tuple[Heading, ...]
    ids: tuple[str, ...]
    """As often as they are given."""
    names: tuple[str, ...]
    """Other names that links can lead to."""
    base: str
    """The address that those of its links are relative to; empty if that is its own."""
    moved_to: str
    """The address that it sends its readers on to; empty if it keeps them."""


def look_at(content: bytes) -> Look:
    """Look at a page."""
    tree = LexborHTMLParser(content.decode("utf-8-sig", "replace"))
    elements = tree.css("[id],a[name]")
    base = next((_value(node, "href") for node in tree.css("base[href]")), "")
    return Look(
        links=tuple(_links(tree)),
        pictures=tuple(_picture(node) for node in tree.css("img")),
        headings=tuple(_heading(node) for node in tree.css("h1,h2,h3,h4,h5,h6")),
        ids=tuple(id_ for node in elements if (id_ := node.attributes.get("id"))),
        names=tuple(name for node in elements if (name := node.attributes.get("name"))),
        base=base,
        moved_to=next(_moved(tree), ""),
    )


_LEADING = {"a": "href", "area": "href"}
_LOADED = {
    "img": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "track": "src",
    "embed": "src",
    "iframe": "src",
    "script": "src",
    "object": "data",
    "image": "href",
    "use": "href",
}
_FETCHED = frozenset(("stylesheet", "icon", "preload", "modulepreload", "manifest"))
_SELECTOR = ",".join(
    [
        *(f"{name}[{key}]" for name, key in (*_LEADING.items(), *_LOADED.items())),
        *("link[href]", "[srcset]", "[poster]"),
    ]
)
_HINTS = frozenset(("preconnect", "dns-prefetch"))


def _links(tree: LexborHTMLParser) -> Iterator[Link]:
    for node in tree.css(_SELECTOR):
        name = node.tag or ""
        if name in _LEADING:
            yield Link(name, _value(node, "href"), loads=False)
        elif name == "link":
            kinds = _value(node, "rel").lower().split()
            if _HINTS.isdisjoint(kinds):
                loads = not _FETCHED.isdisjoint(kinds)
                yield Link(name, _value(node, "href"), loads)
        else:
            yield from _loaded(node, name)


def _loaded(node: LexborNode, name: str) -> Iterator[Link]:
    for key in (_LOADED.get(name, ""), "poster"):
        if key and key in node.attributes:
            yield Link(name, _value(node, key), loads=True)
    for candidate in _CANDIDATES.findall(_value(node, "srcset")):
        yield Link(name, candidate, loads=True)


_CANDIDATES = re.compile(r"(?:\A|,)\s*([^\s,](?:\S*[^\s,])?)")


def _picture(node: LexborNode) -> Picture:
    attributes = node.attributes
    hidden = attributes.get("role") in ("presentation", "none")
    alt = (attributes["alt"] or "") if "alt" in attributes else None
    width = _value(node, "width").removesuffix("px")
    return Picture(
        _value(node, "src"),
        alt,
        int(width) if width.isascii() and width.isdecimal() else 0,
        hidden or attributes.get("aria-hidden") == "true",
    )


_SIGNS = frozenset(("#", "¶", "§", "🔗", "⚓"))


def _heading(node: LexborNode) -> Heading:
    text = node.text()
    for link in node.css("a"):
        if link.text().strip() in _SIGNS:  # it leads to the heading itself
            text = text.replace(link.text(), "", 1) if text.count(link.text()) == 1 else text
            text = text.strip().removesuffix(link.text().strip())
    pictures = " ".join(_value(image, "alt") for image in node.css("img"))
    words = " ".join(f"{text} {pictures}".split())
    return Heading(int((node.tag or "h1")[1]), words, _value(node, "id"))


def _moved(tree: LexborHTMLParser) -> Iterator[str]:
    for node in tree.css("meta[http-equiv]"):
        if _value(node, "http-equiv").lower() == "refresh":
            target = _value(node, "content").partition(";")[2].strip()
            yield re.sub(r"\A(?i:url)\s*=\s*", "", target).strip("'\"")


def _value(node: LexborNode, key: str) -> str:
    return (node.attributes.get(key) or "").strip()
