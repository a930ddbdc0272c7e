"""SVG files without what could act: a reader who opens one runs it on the site's own address.

In: the bytes of an SVG. Out: the same without scripts, handlers of events, frames and forms, and
without what it would load from elsewhere; and what that was. Promise: all else stays byte for byte;
what is no XML, or hides what it is in entities, is a DamagedError.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from site_builder.images.cleaning import DamagedError


@dataclass(frozen=True, slots=True)
class CleanedSvg:
    """An SVG that only shows something."""

    content: bytes
    removed: tuple[str, ...] = ()
    """What it had: such as `a script`, `the attribute onclick`."""
    root: Mapping[str, str] = field(default_factory=dict)
    """The attributes of its root element."""


def cleaned_svg(content: bytes) -> CleanedSvg:
    """Clean an SVG; raises DamagedError if it is none."""
    reading = _Reading(_in_bytes(content))
    reading.read()
    if not reading.cuts:
        return CleanedSvg(content, root=reading.root)
    content = reading.content
    pieces, place = [], 0
    for start, end, instead in sorted(reading.cuts):
        if start >= place:
            pieces += [content[place:start], instead]
            place = end
    pieces.append(content[place:])
    return CleanedSvg(b"".join(pieces), tuple(dict.fromkeys(reading.removed)), reading.root)


def _in_bytes(content: bytes) -> bytes:
    """The SVG in a code in which its markup is ASCII."""
    if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content
    text = content.decode("utf-16", "replace")
    return re.sub(r"\A\s*<\?xml[^>]*\?>", "", text).encode()


# Elements that act, load, or ask the reader for something, whatever their namespace.
_ACTING = frozenset(
    (
        *("script", "handler", "listener", "iframe", "frame", "frameset", "object", "embed"),
        *("applet", "link", "meta", "base", "audio", "video", "source", "track", "form", "input"),
        *("button", "select", "textarea", "portal", "template", "slot"),
    )
)
_ANIMATION = frozenset(("set", "animate", "animatemotion", "animatetransform", "discard"))
_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG_END = re.compile(rb"""(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_LINK = re.compile(r"(?:https?:|mailto:|[^:]*(?:[/?#]|\Z))", re.IGNORECASE)
_DATA = re.compile(r"data:(?:image/(?!svg)|font/|application/(?:x-)?font)", re.IGNORECASE)
_LOADS = re.compile(r"""url\(\s*["']?\s*(?!["']?\s*(?:#|data:(?:image|font|application)))""", re.I)
_IN_STYLE = re.compile(
    rb"""@import[^;]*;?|url\(\s*["']?(?!\s*(?:#|data:(?:image|font|application)))[^)]*\)""",
    re.IGNORECASE,
)


@dataclass
class _Reading:
    """One pass over an SVG, which finds what is to be cut."""

    content: bytes
    cuts: list[tuple[int, int, bytes]] = field(default_factory=list)
    """Where each begins and ends, and what takes its place."""
    removed: list[str] = field(default_factory=list)
    root: Mapping[str, str] = field(default_factory=dict)
    _open: list[int] = field(default_factory=list)
    """Where each element begins that is open."""
    _inside: int = 0
    """How many of them are inside of one that is cut, and that one."""
    _style: int = -1
    """Where the text of a style began."""

    def read(self) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, given: self._start(parser, name, given)
        parser.EndElementHandler = lambda _: self._end(parser)
        parser.ProcessingInstructionHandler = lambda *_: self._instruction(parser)
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(self.content, True)
        except expat.ExpatError as error:
            words = expat.errors.messages[error.code]
            raise DamagedError(f"{words} in line {error.lineno}") from None

    def _start(self, parser: Any, name: str, given: Mapping[str, str]) -> None:
        start = parser.CurrentByteIndex
        if not self._open:
            if name.rpartition(":")[2] != "svg":
                raise DamagedError(f"it is <{name}>, not <svg>")
            self.root = given
        self._open.append(start)
        if self._inside:
            self._inside += 1
            return
        local = name.rpartition(":")[2].lower()
        if what := _acting(local, given):
            self.removed.append(what)
            self._inside = 1
            return
        wrong = {x: what for x, value in given.items() if (what := _wrong(local, x, value))}
        tag = _TAG_END.match(self.content, start)
        assert tag
        if wrong:
            self.removed += wrong.values()
            for found in _ATTRIBUTE.finditer(tag[0]):
                if found[1].decode("utf-8", "replace") in wrong:
                    self.cuts.append((start + found.start(), start + found.end(), b""))
        if local == "style":
            self._style = tag.end()

    def _end(self, parser: Any) -> None:
        start, end = self._open.pop(), parser.CurrentByteIndex
        if self._inside:
            self._inside -= 1
            if not self._inside:
                tag = _TAG_END.match(self.content, start)
                assert tag
                if not tag[0].endswith(b"/>"):
                    tag = _TAG_END.match(self.content, end)
                    assert tag
                self.cuts.append((start, tag.end(), b""))
        elif self._style >= 0:
            for found in _IN_STYLE.finditer(self.content, self._style, max(end, self._style)):
                imported = found[0].startswith(b"@")
                self.cuts.append((found.start(), found.end(), b"" if imported else b"none"))
                self.removed.append("a style from elsewhere" if imported else _ELSEWHERE)
            self._style = -1

    def _instruction(self, parser: Any) -> None:
        start = parser.CurrentByteIndex
        if not self._inside:
            end = self.content.find(b"?>", start) + 2
            self.cuts.append((start, end, b""))
            self.removed.append("a processing instruction")

    def _entity(self, *told: Any) -> None:
        _, parameter, value, _, system, *_ = told
        if parameter or system is not None or value is None or "<" in value or "&" in value:
            raise DamagedError("it declares entities that stand for more than text")


_ELSEWHERE = "something from elsewhere"


def _acting(local: str, given: Mapping[str, str]) -> str:
    """What an element is, if it has to go."""
    if local in _ACTING:
        return f"a {local}" if local[0] not in "aeiou" else f"an {local}"
    target = next((v for k, v in given.items() if k.lower() == "attributename"), "").lower()
    if local in _ANIMATION and (target.endswith("href") or target.startswith("on")):
        return "an animation of a link"
    return ""


def _wrong(element: str, name: str, value: str) -> str:
    """What an attribute is, if it has to go."""
    local = name.rpartition(":")[2].lower()
    if local.startswith("on") or name.lower() in ("xml:base", "srcdoc", "formaction", "action"):
        return f"the attribute {name}"
    if local in ("href", "src", "srcset", "data", "poster"):
        address = re.sub(r"[\x00-\x20]", "", value)
        if element == "a":
            return "" if _LINK.match(address) else f"a link to {address.partition(':')[0]}:"
        if address.startswith("#") or _DATA.match(address):
            return ""
        return _ELSEWHERE
    return _ELSEWHERE if _LOADS.search(value) else ""
