"""Pictures that cells made, as files: one SVG for light and dark pages, a PNG for feeds.

In: SVG or base64 data. Out: site files whose names change with their content.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from site_builder.model import SiteFile

INK = "#dcdfe4"  # the theme's text colour on dark pages
PAPER = "#14161a"  # and its ground

# The names are given in execution.child.figures. A page shows the file by <img>, so the reader's
# preference is all that reaches it.
_DARK_STYLE = f"""<style>@media (prefers-color-scheme: dark) {{
[id^="paper-"] [style*="fill: #"] {{ fill: {PAPER} !important; fill-opacity: 0 !important; }}
[id^="paper-"] [style*="stroke: #0"], [id^="line-"] [style*="stroke: #0"] {{ stroke: {INK} !important; }}
[id^="ink-"] {{ fill: {INK}; }}
[id^="ink-"] [style*="stroke: #"] {{ stroke: {INK} !important; }}
[id^="ink-"] [style*="fill: #"] {{ fill: {INK} !important; }}
}}</style>"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a file of the page."""

    file: SiteFile
    feed_name: str
    """Name of the file that feeds show: the same, or a PNG that `png` draws from the SVG."""
    svg: str
    """The SVG as the cell made it; empty for others."""
    raster: bool


def picture(name: str, mime: str, data: str, *, dark: bool) -> Picture:
    """Make the file of a picture.

    `name` is the beginning of its name; `data` is SVG text or base64; `dark` lets black ink turn
    light on dark pages.
    """
    if mime == "image/svg+xml":
        shown = _adapted(data) if dark else data
        file = SiteFile(_named(name, shown.encode(), "svg"), shown.encode())
        return Picture(file, file.path.removesuffix("svg") + "png", data, raster=not dark)
    content = base64.b64decode(data)
    kind = "jpg" if mime == "image/jpeg" else mime.removeprefix("image/")
    file = SiteFile(_named(name, content, kind), content)
    return Picture(file, file.path, "", raster=True)


def png(svg: str) -> bytes:
    """Draw an SVG at twice the screen's resolution, on white."""
    import resvg_py

    drawn = resvg_py.svg_to_bytes(svg_string=svg, zoom=2, dpi=96, background="white")
    return bytes(drawn)


def _named(name: str, content: bytes, kind: str) -> str:
    return f"{name}.{hashlib.sha256(content).hexdigest()[:10]}.{kind}"


def _adapted(svg: str) -> str:
    """The SVG with a style for dark pages as its first child."""
    return re.sub(r"(<svg\b[^>]*>)", lambda tag: tag[1] + "\n" + _DARK_STYLE, svg, count=1)
