"""The picture of a page in link previews: the first picture that says what it shows.

In: the body for feeds, whose figures are PNG files. Out: the picture, or nothing.
"""

from __future__ import annotations

import re
from html import unescape

from site_builder.model.page import Picture

_IMAGE = re.compile(r"""<img\b(?:[^"'<>]|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r"""\s([a-z-]+)="([^"]*)\"""")
_RASTER = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_SMALLEST = 200  # pixels; formulas and icons are smaller, and no site shows a preview of them


def preview_picture(feed_body: str) -> Picture | None:
    """The picture of a page, if it has one.

    Pictures without an alternative text, SVG files (which no preview shows) and pictures narrower
    than 200 pixels are passed over.
    """
    if "<img" not in feed_body:
        return None
    for tag in _IMAGE.finditer(feed_body):
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(tag[0])}
        source, text = attributes.get("src", ""), attributes.get("alt", "")
        width = attributes.get("width", "")
        wide = not width.isdecimal() or int(width) >= _SMALLEST
        if attributes.get("class") == "formula":
            continue
        if text and wide and source.lower().endswith(_RASTER):
            return Picture(source, text)
    return None
