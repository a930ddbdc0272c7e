"""The font that draws formulas, cut down to what a site's formulas need.

In: characters. Out: the bytes of a WOFF2 file: STIX Two Math, which its makers give under the SIL
Open Font License. The same characters give the same bytes, whatever the clock.

Without a font for maths, phones draw brackets and roots that do not fit what they enclose.
"""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

FAMILY = "Site Maths"
"""The family's name in style sheets."""

_FEATURES = ["ccmp", "dtls", "flac", "kern", "locl", "mark", "mkmk", "ssty"]
_ALWAYS = "0123456789+-=()[]{}|−′√"


def subset_font(characters: str) -> bytes:
    """STIX Two Math with the glyphs for these characters, as WOFF2.

    The table of mathematical constants stays, and with each glyph its larger forms and the parts
    that still larger ones are put together from.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = _FEATURES
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    options.glyph_names = False
    font = TTFont(_file(), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(sorted(set(characters) | set(_ALWAYS))))
    cutter.subset(font)
    font["head"].modified = font["head"].created
    font.flavor = "woff2"
    written = io.BytesIO()
    font.save(written, reorderTables=True)
    return written.getvalue()


def _file() -> Path:
    """The font's file, found without importing the library that brings it."""
    found = importlib.util.find_spec("ziamath")
    if found is None or found.origin is None:
        raise FileNotFoundError("ziamath, which brings the font for formulas, is not installed")
    return Path(found.origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
