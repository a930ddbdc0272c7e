"""Assets: the theme's files as the site has them, with the maths font and the one style sheet.

In: the theme, the pages. Out: files by the names that templates know them by. Promise: the name of
each file on the site changes with its content.
"""

from __future__ import annotations

from collections.abc import Sequence

from site_builder.assembly.outputs import Contents
from site_builder.assembly.theme.style import font_face
from site_builder.assembly.theme.theme import Theme, hashed_path
from site_builder.assembly.theme.wording import style_words
from site_builder.model.files import SiteFile
from site_builder.model.page import Page
from site_builder.settings.site import Site

FONT = "maths.woff2"
STYLE = "style.css"
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
    languages = {page.front_matter.lang or site.settings.language for page in pages}
    style += style_words(site, {site.settings.language, *languages}, style)
    content = style.encode()
    assets[STYLE] = SiteFile(hashed_path(STYLE, content), content)
    return assets
