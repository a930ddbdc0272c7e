"""Assets: the theme's files as the site has them, with the maths font and the one style sheet.

In: the theme, the pages. Out: files by the names that templates know them by. Promise: the name of
each file on the site changes with its content.
"""

from __future__ import annotations

from collections.abc import Sequence

from site_builder.assembly.outputs import Contents
from site_builder.assembly.theme.style import font_face
from site_builder.assembly.theme.theme import ICON, Theme, hashed_path
from site_builder.assembly.theme.wording import style_words
from site_builder.model.files import SiteFile
from site_builder.model.page import Page
from site_builder.settings.site import Site
from site_builder.store import digest_of
from site_builder.words.words import direction

FONT = "maths.woff2"
STYLE = "style.css"
RTL = "rtl.css"  # a theme's rules for sites with a language written from right to left
TOUCH_ICON = "touch-icon.png"  # made of the icon if the theme has none, for home screens
_PIXELS = 180
_GROUND = "#fffefc"
MATHS = "maths.css"  # a theme's own style sheet for pages with formulas, if it has one


def site_assets(
    site: Site, theme: Theme, pages: Sequence[Page], contents: Contents
) -> dict[str, SiteFile]:
    """The theme's assets by name, with the maths font if there is maths, and the style sheet."""
    assets = dict(theme.assets)
    style = theme.style
    characters = "".join(sorted(set().union(*(page.maths_characters for page in pages))))
    if characters:
        font = contents.font(characters)
        assets[FONT] = SiteFile(hashed_path(FONT, font), font)
        face = font_face(assets[FONT].path.rpartition("/")[2])
        if MATHS in assets:
            content = face.encode() + assets[MATHS].content
            assets[MATHS] = SiteFile(hashed_path(MATHS, content), content)
        else:
            style = face + style
    if ICON in assets and TOUCH_ICON not in assets:
        icon = assets[ICON].content
        made = contents.memo(f"touch icon {digest_of(icon)}", lambda: _touch_icon(icon))
        if made:
            assets[TOUCH_ICON] = SiteFile(hashed_path(TOUCH_ICON, made), made)
    rules = assets.pop(RTL, None)
    languages = {page.front_matter.lang or site.settings.language for page in pages}
    languages.add(site.settings.language)
    style += style_words(site, languages, style)
    if rules and any(direction(language) == "rtl" for language in languages):
        style += rules.content.decode()
    content = style.encode()
    assets[STYLE] = SiteFile(hashed_path(STYLE, content), content)
    return assets


def _touch_icon(icon: bytes) -> bytes:
    """The icon on a light ground, as phones want it; nothing if it cannot be drawn."""
    import resvg_py  # late: made once and kept

    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=icon.decode(),
            width=_PIXELS,
            height=_PIXELS,
            background=_GROUND,
            skip_system_fonts=True,  # the same on each machine: an icon has no text
        )
    except ValueError:
        return b""
    return bytes(drawn)
