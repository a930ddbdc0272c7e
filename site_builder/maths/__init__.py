"""TeX in, MathML out. Knows nothing of posts or files.

In: an author's TeX and macros. Out: MathML Core that needs no script and no inline style, the HTML
around it, and the font that draws it. What cannot be drawn right is a MathsError at its offset.
"""

from site_builder.maths.display import Display, Row, render_display, render_inline
from site_builder.maths.faults import MathsError
from site_builder.maths.font import subset_font
from site_builder.maths.pages import characters, display_html, feed_html, without_annotations
from site_builder.maths.words import reference_mark

__all__ = [
    "Display",
    "MathsError",
    "Row",
    "characters",
    "display_html",
    "feed_html",
    "reference_mark",
    "render_display",
    "render_inline",
    "subset_font",
    "without_annotations",
]
