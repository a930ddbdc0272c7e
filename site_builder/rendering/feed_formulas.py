"""Formulas in feeds, as the settings want them: MathML, TeX, or pictures.

In: HTML with formulas as MathML, which hold their TeX. Out: the same for feeds. Promise: what a
reader that draws no formulas shows of a picture is its TeX.
"""

from __future__ import annotations

import functools
import re
import struct
import warnings
from html import escape, unescape

from site_builder.maths import without_annotations
from site_builder.model.files import SiteFile, named_by_content
from site_builder.rendering.draft import Draft

# The columns of a row that the page would align stand side by side.
_BETWEEN = re.compile(r"</math><math\b[^>]*>")
_LINE = re.compile(r"(?:<math\b.*?</math>)+", re.DOTALL)
_TEX = re.compile(r"<annotation\b[^>]*>(.*?)</annotation>", re.DOTALL)
_BLOCK = re.compile(r'<math\b[^>]*(?:display="block"|displaystyle="true")')
# They choose between forms of a letter, of which the drawn font has one.
_SELECTORS = dict.fromkeys(range(0xFE00, 0xFE10))
_REFERENCE = "\ue000"  # begins what a number of another formula will stand for
_SIZE = 18.0  # CSS pixels: the size of the text around it
_SCALE = 2  # pixels for a CSS pixel


def formulas_for_feeds(draft: Draft, html: str) -> str:
    """Formulas for feeds, in the HTML of a sentence or of a display."""
    if draft.feed_maths == "tex":
        return _LINE.sub(lambda found: _tex(found[0]), html)
    if draft.feed_maths == "image":
        html = _LINE.sub(lambda found: _image(draft, found[0]), html)
    return without_annotations(html)


def _tex(formulas: str) -> str:
    written = " ".join(_TEX.findall(formulas))
    return rf"\[{written}\]" if _BLOCK.match(formulas) else rf"\({written}\)"


def _image(draft: Draft, formulas: str) -> str:
    if _REFERENCE in formulas:
        return formulas
    try:
        bare = _BETWEEN.sub("", without_annotations(formulas))
        content, width, height = _drawn(bare.translate(_SELECTORS))
    except _NOT_DRAWN:
        return formulas
    file = SiteFile(named_by_content("formula.png", content), content)
    draft.files[file.path] = file
    tex = escape(unescape(" ".join(_TEX.findall(formulas))))
    return f'<img class="formula" src="{file.path}" width="{width}" height="{height}" alt="{tex}">'


# What is not to be drawn stays MathML: a rare element must not fail a build.
_NOT_DRAWN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, SyntaxError)


@functools.lru_cache(maxsize=4096)
def _drawn(mathml: str) -> tuple[bytes, int, int]:
    """A formula as PNG, on white; its width and height in CSS pixels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of how it finds its own font
        # Late: few sites want this, and it takes a tenth of a second.
        import resvg_py
        import ziamath

        drawing = ziamath.Math(mathml, size=_SIZE)
    content = bytes(
        resvg_py.svg_to_bytes(
            svg_string=drawing.svg(), zoom=_SCALE, background="white", skip_system_fonts=True
        )
    )
    width, height = struct.unpack(">II", content[16:24])
    return content, round(width / _SCALE), round(height / _SCALE)
