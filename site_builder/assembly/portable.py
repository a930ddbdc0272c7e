"""HTML of a post as it can stand elsewhere: in a feed, or whole in a list.

In: HTML of a post, and the page it belongs to. Out: the same without relative addresses and without
ids that another post could have too; for feeds also without what readers drop or cannot work.
Promise: no text that the author wrote for readers is lost.
"""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import urljoin

_TAG = re.compile(r"""<[A-Za-z](?:[^"'<>]|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(
    r"""(\s([a-z:-]+)\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""", re.IGNORECASE
)
_ADDRESSES = frozenset(
    ("href", "src", "poster", "cite", "data", "action", "formaction", "longdesc", "background")
)
_SETS = frozenset(("srcset", "imagesrcset"))
_IDS = frozenset({"id", "for", "headers", "list", "form", "popovertarget"}) | frozenset(
    f"aria-{name}"
    for name in ("labelledby", "describedby", "controls", "details", "owns", "flowto")
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DRAWING = re.compile(r"(<svg\b.*?</svg\s*>)", re.IGNORECASE | re.DOTALL)
_WITHIN = re.compile(r"""\burl\((\s*(?:["']|&quot;)?)#""", re.IGNORECASE)


def portable(html: str, *, base: str, prefix: str) -> str:
    """Make relative addresses relative to nothing but `base`, and put `prefix` before ids.

    `base` is the page's address, absolute or relative to the host. A link to `#note` leads to
    that place of the page; what a drawing refers to by an id stays inside of it.
    """
    if "<svg" not in html.lower():
        return _moved(html, base, prefix)
    parts = _DRAWING.split(html)
    for place, part in enumerate(parts):
        moved = _moved(part, base, prefix, drawing=bool(place % 2))
        parts[place] = _WITHIN.sub(rf"url(\1#{prefix}", moved) if place % 2 else moved
    return "".join(parts)


def _moved(html: str, base: str, prefix: str, *, drawing: bool = False) -> str:
    def attribute(found: re.Match[str]) -> str:
        name = found[2].lower()
        quote, value = (
            ("'", found[4]) if found[4] is not None else ('"', found[3] or found[5] or "")
        )
        if name in _ADDRESSES:
            value = _joined(base, value)
        elif name in _SETS and "data:" not in value:
            value = ", ".join(_candidate(base, part) for part in value.split(",") if part.strip())
        elif name in _IDS:
            value = " ".join(prefix + id_ for id_ in value.split())
        return f"{found[1]}{quote}{value}{quote}"

    def part_of_drawing(found: re.Match[str]) -> str:
        name, value = found[2].lower(), found[3] or found[4] or found[5] or ""
        if name not in ("href", "xlink:href"):
            return attribute(found)
        value = f"#{prefix}{value[1:]}" if value.startswith("#") else _joined(base, value)
        return f'{found[1]}"{value}"'

    def tag(found: re.Match[str]) -> str:
        inner = drawing and not found[0].lower().startswith(("<a ", "<a\n"))
        return _ATTRIBUTE.sub(part_of_drawing if inner else attribute, found[0])

    return _TAG.sub(tag, html)


def _joined(base: str, value: str) -> str:
    if _ABSOLUTE.match(value):
        return value
    try:
        return escape(urljoin(base, unescape(value)))
    except ValueError:  # not an address, such as `//[`
        return value


def _candidate(base: str, part: str) -> str:
    address, *descriptor = part.split()
    return " ".join([_joined(base, address), *descriptor])


def without_controls(html: str) -> str:
    """HTML for feed readers: nothing that runs, that is worked by hand, or that styles.

    What folds is open, a frame becomes a link to what it shows, and a box is ticked in text.
    """
    small = html.lower()
    if not (any(word in small for word in _SIGNS) or _HANDLED.search(small)):
        return html
    html = _GONE.sub("", html)
    html = _FRAME.sub(_frame_link, html)
    return _TAG_OR_END.sub(_plain_tag, html)


# A quick look: most posts have none of all this, and then it takes no time.
_DROPPED = ("link", "meta", "base", "noscript", "form", "dialog", "frame", "option")
_WITH_CONTENT = ("script", "style", "template", "iframe", "object", "embed", "button", "select")
_OTHERS = (*_WITH_CONTENT, "textarea", "input", "details", "!--")
_ATTRIBUTES = ("tabindex", " popover", " contenteditable", " draggable", " autofocus", " inert")
_SIGNS = (*(f"<{name}" for name in (*_DROPPED, *_OTHERS)), *_ATTRIBUTES)
# Not the `displaystyle` of formulas.
_HANDLED = re.compile(r"\s(?:on[a-z]+|style)\s*=")
_GONE = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template|button|select|textarea)\b.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_FRAME = re.compile(
    r"<(iframe|object|embed)\b((?:[^\"'<>]|\"[^\"]*\"|'[^']*')*)>(?:(.*?)</\1\s*>)?",
    re.IGNORECASE | re.DOTALL,
)
# Tags that have attributes, or may have to go.
_TAG_OR_END = re.compile(
    rf"""</?(?:(?:{"|".join(_DROPPED)}|input|details)\b|[a-z][a-z0-9:-]*(?=[\s/]))"""
    r"""(?:[^"'<>]|"[^"]*"|'[^']*')*>""",
    re.IGNORECASE,
)
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9-]*)")
_WORKED = re.compile(
    r"\s(?:on[a-z]+|style|tabindex|popover[a-z]*|contenteditable|draggable|autofocus|inert)"
    r"""(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+)|(?=[\s/>]))""",
    re.IGNORECASE,
)


def _frame_link(found: re.Match[str]) -> str:
    attributes = {a[2].lower(): a[3] or a[4] or a[5] or "" for a in _ATTRIBUTE.finditer(found[2])}
    address = attributes.get("src") or attributes.get("data") or ""
    text = attributes.get("title") or attributes.get("aria-label") or address
    inside = "" if found[1].lower() == "iframe" else found[3] or ""
    return inside or (f'<p><a href="{address}">{text}</a></p>' if address else "")


def _plain_tag(found: re.Match[str]) -> str:
    tag = found[0]
    named = _NAME.match(tag)
    name = named[1].lower() if named else ""
    if name in _DROPPED:
        return ""
    if name == "input":
        box = re.search(r"""\btype\s*=\s*["']?checkbox""", tag, re.IGNORECASE)
        return ("\u2611" if re.search(r"\schecked\b", tag) else "\u2610") if box else ""
    tag = _WORKED.sub("", tag)
    if name == "details" and not tag.startswith("</") and not re.search(r"\sopen\b", tag):
        return tag[:-1] + " open>"
    return tag
