"""Text of a social card: letters as small images, and words as lines.

In: text. Out: what of it can be drawn, its lines, and letters on an image. Promise: fonts come with
installed packages, never from the system, so that a text looks the same everywhere. They have
Latin, Greek, Cyrillic and mathematical letters; scripts that run from right to left or join their
letters are not drawn at all rather than wrong, and nor are emoji.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image, ImageFont

ELLIPSIS = "…"
_FONTS = {
    "serif": ("ziamath", "fonts/STIXTwoMath-Regular.ttf"),
    "sans": ("ziafont", "fonts/DejaVuSans.ttf"),
}
_OTHER = {"serif": "sans", "sans": "serif"}
_LEFT_OUT = "\0"
_BEFORE_A_STOP = re.compile(rf" *{_LEFT_OUT}[{_LEFT_OUT} ]*(?=[.,;:!?…)\]])")
_LEAST = 0.7  # of the letters of a text must be there, or it is not that text


@dataclass(frozen=True, slots=True)
class Style:
    """How a text looks."""

    font: str
    """`serif` or `sans`."""
    size: int
    """In pixels."""
    weight: float = 0
    """Pixels by which strokes are thicker than in the font."""


@dataclass(frozen=True, slots=True)
class _Glyph:
    mask: Any
    """Shades, as Pillow keeps them; None if there is nothing to draw."""
    left: int
    top: int
    wide: int
    high: int
    advance: float


@functools.lru_cache(maxsize=1024)  # cards have their site's title and many tags in common
def drawable(text: str) -> str:
    """What of a text can be drawn, with single blanks; empty if that is too little of it."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    kept = "".join(c if c == " " or _font_with("serif", c) else _LEFT_OUT for c in text)
    kept = _BEFORE_A_STOP.sub("", kept).replace(_LEFT_OUT, "")
    letters = [c for c in text if unicodedata.category(c)[0] in "LN"]
    there = [c for c in kept if unicodedata.category(c)[0] in "LN"]
    if not there or len(there) < _LEAST * len(letters):
        return ""
    return " ".join(kept.split())


def width(text: str, style: Style) -> float:
    """Pixels from the beginning of a line of text to its end."""
    glyphs = _glyphs(style)
    return sum([glyphs[c].advance for c in text])


def lines(text: str, style: Style, most: float) -> list[str]:
    """Break a text into lines of at most `most` pixels, about equally long."""
    widths = [(word, width(word, style)) for word in _words(text, style, most)]
    blank = width(" ", style)
    broken = _greedy(widths, blank, most)
    low, high = 0.0, most
    while high - low > 1:  # the narrowest that takes no line more
        middle = (low + high) / 2
        if max(w for _, w in widths) <= middle and len(_greedy(widths, blank, middle)) <= len(
            broken
        ):
            high = middle
        else:
            low = middle
    return _greedy(widths, blank, high)


def shortened(text: str, style: Style, most: float) -> str:
    """A text cut to one line of at most `most` pixels, with an ellipsis if it had to be."""
    if width(text, style) <= most:
        return text
    while " " in text and width(text + ELLIPSIS, style) > most:
        text = text.rpartition(" ")[0]
    while text and width(text + ELLIPSIS, style) > most:
        text = text[:-1]
    return text.rstrip(" ,;:.·–—-…") + ELLIPSIS if text else ""


def draw(image: Image.Image, place: tuple[float, float], text: str, style: Style, ink: int) -> None:
    """Draw a line of text on an image of shades; `place` is where its base line begins."""
    x, y = place[0], round(place[1])
    glyphs, canvas = _glyphs(style), image.im
    for c in text:
        glyph = glyphs[c]
        if glyph.mask is not None:
            left, top = round(x) + glyph.left, y + glyph.top
            box = (left, top, left + glyph.wide, top + glyph.high)
            canvas.paste(ink, box, glyph.mask)
        x += glyph.advance


@functools.cache
def font_path(font: str) -> Path:
    """The file of a font, `serif` or `sans`."""
    package, file = _FONTS[font]
    spec = find_spec(package)  # which imports nothing of it
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0], file)


def _words(text: str, style: Style, most: float) -> Sequence[str]:
    """Words, cut where one is longer than a line."""
    words: list[str] = []
    for rest in text.split():
        word = rest
        while width(word, style) > most and len(word) > 1:
            end = next(
                n for n in range(len(word), 0, -1) if n == 1 or width(word[:n], style) < most
            )
            words.append(word[:end])
            word = word[end:]
        words.append(word)
    return words


def _greedy(words: Sequence[tuple[str, float]], blank: float, most: float) -> list[str]:
    broken: list[list[str]] = []
    room = 0.0
    for word, wide in words:
        if broken and wide + blank <= room:
            broken[-1].append(word)
            room -= wide + blank
        else:
            broken.append([word])
            room = most - wide
    return [" ".join(line) for line in broken]


class _Glyphs(dict[str, _Glyph]):
    """The letters of a style, each drawn when it is met first."""

    def __init__(self, style: Style) -> None:
        self._style = style

    def __missing__(self, character: str) -> _Glyph:
        self[character] = _glyph(self._style, character)
        return self[character]


_glyphs = functools.cache(_Glyphs)


def _glyph(style: Style, character: str) -> _Glyph:
    font = _font(_font_with(style.font, character) or style.font, style.size)
    core, (left, top) = font.getmask2(
        character, "L", anchor="ls", stroke_width=style.weight, stroke_filled=True
    )
    wide, high = core.size
    mask = Image.frombytes("L", core.size, bytes(core)).im if wide and high else None
    return _Glyph(mask, left, top, wide, high, font.getlength(character))


@functools.cache
def _font_with(preferred: str, character: str) -> str:
    """The font that draws a character; empty if none does it right."""
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Mc"):
        return ""
    if unicodedata.bidirectional(character) in ("R", "AL", "AN"):
        return ""
    for font in (preferred, _OTHER[preferred]):
        if ord(character) in _characters(font):
            return font
    return ""


@functools.cache
def _characters(font: str) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(font_path(font), lazy=True) as file:
        return frozenset(file.getBestCmap())


@functools.cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    # Neither shaping nor kerning by libraries of the system, which differ from one to the other.
    return ImageFont.truetype(str(font_path(name)), size, layout_engine=ImageFont.Layout.BASIC)
