"""Pictures that cells made, as files: one SVG for light and dark pages, a PNG for feeds.

In: SVG or base64 data. Out: site files whose names change with their content.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from site_builder.model.files import SiteFile, named_by_content

INK = "#dcdfe4"  # the theme's text colour on dark pages
PAPER = "#14161a"  # and its ground

# The names are given in execution.child.figures. A page shows the file by <img>, so the reader's
# preference is all that reaches it. The first rule is for the ground of a figure that is opened by
# itself; as an image it has none. The last rule is for ticks: they are copies of a marker, `m…`,
# and what is copied no longer stands inside of the artist that it belongs to.
_DARK_STYLE = f"""<style>@media (prefers-color-scheme: dark) {{
:root {{ color-scheme: dark; }}
[id^="paper-"] [style*="fill: #"] {{ fill: {PAPER} !important; fill-opacity: 0 !important; }}
[id^="paper-"] [style*="stroke: #0"], [id^="line-"] [style*="stroke: #0"] {{ stroke: {INK} !important; }}
[id^="ink-"] {{ fill: {INK}; }}
[id^="ink-"] [style*="stroke: #"] {{ stroke: {INK} !important; }}
[id^="ink-"] [style*="fill: #"] {{ fill: {INK} !important; }}
path[id^="m"][style*="stroke: #000000"] {{ stroke: {INK} !important; }}
}}</style>"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as files of the page."""

    file: SiteFile
    portable: SiteFile
    """What feeds show: the PNG that came with an SVG, or the same file."""
    raster: bool
    removed: tuple[str, ...] = ()
    """What an SVG had that acts."""
    damage: str = ""
    """Why an SVG is none."""


def picture(name: str, data: Mapping[str, str], *, dark: bool) -> Picture:
    """Make the files of a picture.

    `name` is the beginning of their names; `data` has SVG text and base64 by mime type; `dark` lets
    black ink turn light on dark pages.
    """
    rasters = [_raster(name, mime, data[mime]) for mime in RASTERS if mime in data]
    if "image/svg+xml" not in data:
        return Picture(rasters[0], rasters[0], raster=True)
    svg, removed, damage = _cleaned(data["image/svg+xml"])
    shown = (_adapted(svg) if dark else svg).encode()
    file = SiteFile(named_by_content(f"{name}.svg", shown), shown)
    return Picture(file, rasters[0] if rasters else file, not dark, removed, damage)


@lru_cache(maxsize=32)  # under `serve` a post is rendered at each save, with the same figures
def _cleaned(svg: str) -> tuple[str, tuple[str, ...], str]:
    """An SVG without what acts, what that was, and what is wrong if it is none."""
    # Late: most posts show no picture of a cell's.
    from site_builder.images.cleaning import DamagedError
    from site_builder.images.svg import cleaned_svg

    try:
        cleaned = cleaned_svg(svg.encode("utf-8", "surrogatepass"))
    except DamagedError as error:
        return "", (), str(error)
    return cleaned.content.decode(), cleaned.removed, ""


RASTERS = {"image/png": "png", "image/jpeg": "jpg"}


def _raster(name: str, mime: str, data: str) -> SiteFile:
    content = base64.b64decode(data)
    return SiteFile(named_by_content(f"{name}.{RASTERS[mime]}", content), content)


# The ground of a figure is the first that matplotlib draws of it.
_GROUND = re.compile(r'<g id="figure_\d+">\s*<g id="([^"]*)">\s*<path([^>]*)>')


def _adapted(svg: str) -> str:
    """The SVG with a style for dark pages as its first child, unless its ground is coloured."""
    ground = _GROUND.search(svg)
    if ground and not ground[1].startswith("paper-") and "fill: none" not in ground[2]:
        return svg  # ink that turned light would not be seen on it
    return re.sub(r"(<svg\b[^>]*>)", lambda tag: tag[1] + "\n" + _DARK_STYLE, svg, count=1)
