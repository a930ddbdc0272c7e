"""HTML of a post as it can stand elsewhere: in a feed, or whole in a list.

In: HTML that this program wrote, and the page it belongs to. Out: the same without relative
addresses and without ids that another post could have too. Promise: only attributes change.
"""

from __future__ import annotations

import re
from html import escape, unescape
from urllib.parse import urljoin

_TAG = re.compile(r"""<[A-Za-z](?:[^"'<>]|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r"""(\s([a-z-]+)\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ADDRESSES = frozenset({"href", "src", "poster", "cite", "data", "action"})
_IDS = frozenset({"id", "for", "headers", "list", "form", "popovertarget"}) | frozenset(
    f"aria-{name}"
    for name in ("labelledby", "describedby", "controls", "details", "owns", "flowto")
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def portable(html: str, *, base: str, prefix: str) -> str:
    """Make relative addresses relative to nothing but `base`, and put `prefix` before ids.

    `base` is the page's address, absolute or relative to the host. A link to `#note` leads to
    that place of the page.
    """

    def attribute(found: re.Match[str]) -> str:
        name = found[2].lower()
        quote, value = ('"', found[3]) if found[3] is not None else ("'", found[4])
        if name in _ADDRESSES:
            value = _joined(base, value)
        elif name == "srcset" and "data:" not in value:
            value = ", ".join(_candidate(base, part) for part in value.split(",") if part.strip())
        elif name in _IDS:
            value = " ".join(prefix + id_ for id_ in value.split())
        return f"{found[1]}{quote}{value}{quote}"

    return _TAG.sub(lambda tag: _ATTRIBUTE.sub(attribute, tag[0]), html)


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
