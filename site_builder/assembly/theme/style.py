"""The one style sheet of a site.

In: the CSS files of a theme by name. Out: their text as one, without comments, and the rule that
brings in the maths font. Promise: nothing inside a quoted text changes.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from site_builder.maths.font import FAMILY

_TOKEN = re.compile(
    r"""/\*.*?(?:\*/|\Z)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
    r"""|url\(\s*(?P<address>[^"'()\s]+|"[^"\n]*"|'[^'\n]*')\s*\)""",
    re.DOTALL,
)


def style_text(sheets: Mapping[str, str], address: Callable[[str], str]) -> str:
    """Join style sheets in the order of their names.

    `address` gives the address of an asset (`paper.svg`) as the style sheet writes it, empty if
    there is no such asset; the sheets, in `css/`, write `url(../paper.svg)`.
    """

    def token(found: re.Match[str]) -> str:
        if found[0].startswith("/*"):
            return ""
        if found["address"]:
            name = posixpath.normpath("css/" + found["address"].strip("\"'"))
            new = address(name)
            return f'url("{new}")' if new else found[0]
        return found[0]

    joined = "\n".join(sheets[name] for name in sorted(sheets))
    return _squeezed(_TOKEN.sub(token, joined)) + "\n"


def squeezed_style(css: str) -> str:
    """One style sheet of its own, which some pages have besides, without what means nothing."""
    return _squeezed(_TOKEN.sub(lambda found: "" if found[0].startswith("/*") else found[0], css))


_TEXT_OR_SPACE = re.compile(
    r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\s*([{};,]|>(?!=))\s*|(:)\s+|\s+""", re.DOTALL
)


def _squeezed(css: str) -> str:
    """The style sheet without the white space that means nothing, outside of quoted texts."""
    short = _TEXT_OR_SPACE.sub(lambda found: found[1] or found[2] or found[3] or " ", css)
    return short.replace(";}", "}").strip()


def font_face(font: str) -> str:
    """The rule for the maths font at the address `font`, relative to the style sheet."""
    return (
        f'@font-face{{font-family:"{FAMILY}";src:url("{font}") format("woff2");'
        "font-display:swap}\n"
    )
