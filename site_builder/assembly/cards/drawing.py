"""Social cards: the picture that stands for a page where its address is shared.

In: the words of a card, and perhaps a picture. Out: a PNG of 1200 × 630 pixels. Promise: the same
words give the same bytes; it takes under a thousandth of a second, since a site has as many cards
as pages: sixteen shades, letters drawn once, and only rows with something on them are compressed.
"""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from PIL import Image

from site_builder.assembly.cards.text import Style, draw, drawable, lines, shortened, width

WIDTH, HEIGHT = 1200, 630
MOST = 300_000  # bytes; some sites show no larger ones
# Rows of a PNG begin with a byte that says how they are coded. As two pixels at the left it need
# not be put there afterwards, row by row.
_FILTER = 2
_MARGIN = 84
_BASE = HEIGHT - 74  # base line of the last line

# The theme's colours on light pages: a ramp from the ground to the ink, muted text on it, accents.
_GROUND, _INK, _ACCENT, _RULE = (255, 254, 252), (28, 31, 35), (10, 88, 168), (138, 148, 160)
_SHADES = 14
_FULL, _MUTED = _SHADES - 1, 9
_ACCENTED, _RULED = 14, 15
_TITLES = ((92, 2), (80, 3), (68, 4), (58, 4))
"""Sizes of titles in pixels, and how many lines each may take."""
_NARROW = ((64, 4), (54, 5), (46, 6), (40, 7))
_LEADING = 1.16
_SITE, _SMALL = Style("serif", 38, 0.5), Style("sans", 27)


@dataclass(frozen=True, slots=True)
class Words:
    """What a card says."""

    title: str
    site: str
    """The title of the site."""
    host: str
    details: tuple[str, ...] = ()
    """Author and date."""
    tags: tuple[str, ...] = ()


def words_card(words: Words) -> bytes:
    """A card of words alone."""
    image = Image.new("P", (_FILTER + WIDTH, HEIGHT))
    _draw_words(image, words, WIDTH - 2 * _MARGIN, _TITLES)
    return _png(image)


def figure_card(words: Words, picture: Image.Image) -> bytes:
    """A card of words with a picture beside them."""
    column = 456
    room = (WIDTH - 3 * _MARGIN - column + 44, HEIGHT - 2 * _MARGIN)
    image = Image.new("P", (_FILTER + WIDTH, HEIGHT))
    _draw_words(image, replace(words, tags=()), column, _NARROW)
    image.putpalette([part for colour in _palette() for part in colour])
    whole = image.convert("RGB").crop((_FILTER, 0, _FILTER + WIDTH, HEIGHT))
    shown = _within(picture, room)
    left = WIDTH - _MARGIN + 20 - room[0] + (room[0] - shown.width) // 2
    whole.paste(shown, (left, (HEIGHT - shown.height) // 2))
    return _small_png(whole)


def picture_card(picture: Image.Image, *, photo: bool) -> bytes:
    """A card that is the author's picture: cut to fill it, or whole if that would cut off much.

    A `photo` gives a JPEG.
    """
    shape = picture.width / picture.height
    if 1.4 <= shape <= 2.6 and picture.mode in ("L", "RGB"):
        factor = max(WIDTH / picture.width, HEIGHT / picture.height)
        wide, high = WIDTH / factor, HEIGHT / factor
        left, top = (picture.width - wide) / 2, (picture.height - high) / 2
        whole = picture.convert("RGB").resize(
            (WIDTH, HEIGHT), Image.Resampling.LANCZOS, (left, top, left + wide, top + high)
        )
    else:
        whole = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
        shown = _within(picture, (WIDTH, HEIGHT))
        whole.paste(shown, ((WIDTH - shown.width) // 2, (HEIGHT - shown.height) // 2))
    if not photo:
        return _small_png(whole)
    for quality in (86, 78, 66, 50, 30):
        buffer = io.BytesIO()
        whole.save(buffer, "JPEG", quality=quality, progressive=True, optimize=True)
        if len(buffer.getvalue()) <= MOST:
            break
    return buffer.getvalue()


def _draw_words(
    image: Image.Image, words: Words, column: int, sizes: Sequence[tuple[int, int]]
) -> None:
    edge = _FILTER + _MARGIN
    site = drawable(words.site) or drawable(words.host)
    title = drawable(words.title) or site
    told = filter(None, map(drawable, words.details))  # each by itself, or not at all
    details = shortened(" · ".join(told), _SMALL, column)
    if site and title != site:
        draw(image, (edge, _MARGIN + 22), shortened(site, _SITE, column), _SITE, _FULL)
    style, broken = _fitting(title, column - 40, sizes)
    leading = style.size * _LEADING
    high = leading * len(broken)
    top = (HEIGHT - high) / 2 + 8
    rail = (edge, round(top), edge + 9, round(top + high))
    image.paste(_ACCENTED, rail)
    for number, line in enumerate(broken):
        base = top + leading * (number + 0.5) + style.size * 0.32
        draw(image, (edge + 40, base), line, style, _FULL)
    draw(image, (edge, _BASE), details, _SMALL, _MUTED)
    room = column - width(details, _SMALL) - 60
    tags = _fitting_tags(words.tags, room)
    if tags:
        draw(image, (edge + column - width(tags, _SMALL), _BASE), tags, _SMALL, _MUTED)


def _fitting(title: str, most: float, sizes: Sequence[tuple[int, int]]) -> tuple[Style, list[str]]:
    """The largest letters that a title has room for, and its lines; the rest is cut off."""
    for size, count in sizes:
        style = Style("serif", size, 0.8 if size > 60 else 0.6)
        broken = lines(title, style, most)
        if len(broken) <= count:
            return style, broken
    rest = " ".join(broken[count - 1 :])
    return style, [*broken[: count - 1], shortened(f"{rest} …", style, most)]


def _fitting_tags(tags: Sequence[str], room: float) -> str:
    """As many tags as there is room for."""
    told = ""
    for tag in filter(None, map(drawable, tags)):
        longer = f"{told}  ·  {tag}" if told else tag
        if width(longer, _SMALL) > room:
            break
        told = longer
    return told


def _within(picture: Image.Image, room: tuple[int, int]) -> Image.Image:
    """A picture on the card's ground, no larger than there is room."""
    factor = min(room[0] / picture.width, room[1] / picture.height)
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    shown = picture.convert("RGBA").resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    ground = Image.new("RGBA", size, (*_GROUND, 255))
    return Image.alpha_composite(ground, shown).convert("RGB")


def _small_png(whole: Image.Image) -> bytes:
    """A PNG with as many colours as it may have bytes for."""
    buffer = io.BytesIO()
    for colours in (256, 128, 64, 32, 16):
        buffer = io.BytesIO()
        whole.quantize(colours, Image.Quantize.MEDIANCUT).save(buffer, "PNG", compress_level=9)
        if len(buffer.getvalue()) <= MOST:
            break
    return buffer.getvalue()


@functools.cache
def _palette() -> tuple[Sequence[int], ...]:
    ramp = [
        [round(a + (b - a) * shade / _FULL) for a, b in zip(_GROUND, _INK, strict=True)]
        for shade in range(_SHADES)
    ]
    return (*ramp, _ACCENT, _RULE)


def _png(image: Image.Image) -> bytes:
    """A PNG of an image whose pixels are numbers of colours, two in a byte."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 4, 3, 0, 0, 0)
    palette = bytes(part for colour in _palette() for part in colour)
    data = _compressed(image.tobytes("raw", "P;4"))
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


_SLICE = 10 * (_FILTER + WIDTH) // 2  # bytes of ten rows, or five
_BLANK = bytes(_SLICE)


def _compressed(data: bytes) -> bytes:
    """What zlib makes of it, but that blank rows, which are most, are known beforehand."""
    # Runs of one byte are all that is worth looking for; and every zlib finds the same ones.
    compressing = zlib.compressobj(1, wbits=-15, strategy=zlib.Z_RLE)
    parts = [b"\x78\x01"]
    start = 0
    while start < len(data):
        end = start
        while data[end : end + _SLICE] == _BLANK:
            end += _SLICE
        if end > start:
            parts.append(_blank(end - start))
        start = end
        while end < len(data) and data[end : end + _SLICE] != _BLANK:
            end += _SLICE
        parts.append(compressing.compress(data[start:end]))
        parts.append(compressing.flush(zlib.Z_FULL_FLUSH))
        start = end
    return b"".join((*parts, compressing.flush(), struct.pack(">I", zlib.adler32(data))))


@functools.cache
def _blank(length: int) -> bytes:
    compressing = zlib.compressobj(9, wbits=-15)
    return compressing.compress(bytes(length)) + compressing.flush(zlib.Z_FULL_FLUSH)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
