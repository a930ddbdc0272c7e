"""Pixels: how much two pictures differ to the eye.

In: two pictures, SVG or PNG. Out: the share of their pixels that differ visibly. Promise: pictures
are drawn, nothing in them is run or fetched, and their size is bounded.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib
from itertools import accumulate
from typing import Any

VISIBLE = 8  # of 255, by which a colour channel has to differ to count
TOLERANCE = 0.001  # share of pixels that may differ
LARGEST = 2_000  # pixels of a side when compared
_PNG = b"\x89PNG\r\n\x1a\n"
_CSS_PIXELS = 96  # to the inch
_CHANNELS = 4
_EIGHT_BIT_RGBA = b"\x08\x06\0\0\0"
_OUTSIDE = re.compile(
    r"""\bhref\s*=\s*(?:"(?!\#|data:)[^"]*"|'(?!\#|data:)[^']*')""", re.IGNORECASE
)
_HELD = re.compile(
    r"""\bhref\s*=\s*["']data:(?:image/png;base64,\s*([A-Za-z0-9+/]{32}))?""", re.IGNORECASE
)
_MOST = 100_000_000  # bytes of a picture's pixels


class PictureError(Exception):
    """A picture that cannot be drawn; its text says why."""


def difference(old: bytes, new: bytes) -> float:
    """The share of pixels, from 0 to 1, that differ visibly on white ground.

    Pictures of different sizes differ everywhere, and so do SVGs whose texts differ. Raises
    PictureError for what is neither SVG nor PNG.
    """
    if old == new:
        return 0.0
    sizes = _size(old), _size(new)
    if sizes[0] != sizes[1] or _texts(old) != _texts(new):
        return 1.0
    width, height = sizes[0]
    scale = min(1.0, LARGEST / max(width, height))
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    # What cannot be drawn would be left out in silence: so each is drawn by itself first.
    rasters = [_raster(picture, width, height) for picture in (old, new)]
    mask = _drawn(_difference_svg(rasters[0], rasters[1], width, height))
    return _marked(mask, width, height) / (width * height)


def _size(picture: bytes) -> tuple[float, float]:
    """Width and height: of a PNG in pixels, of an SVG as it says."""
    if picture.startswith(_PNG) and len(picture) > 24:
        return _png_size(picture)
    root = re.search(rb"<svg\b[^>]*>", picture[:10_000])
    if not root:
        raise PictureError("it is neither SVG nor PNG")
    found = [re.search(rb"\b%s=[\"'](\d{1,6}(?:\.\d+)?)" % side, root[0]) for side in _SIDES]
    if found[0] and found[1]:
        size = float(found[0][1]), float(found[1][1])
    else:
        box = re.search(rb"\bviewBox=[\"']([\d.eE+\s,-]+)[\"']", root[0])
        numbers = [float(x) for x in re.split(rb"[\s,]+", box[1].strip())] if box else []
        size = (numbers[2], numbers[3]) if len(numbers) == 4 else (0.0, 0.0)
    if not (0 < size[0] < 1e6 and 0 < size[1] < 1e6):
        raise PictureError("it does not say how large it is")
    return size


_SIDES = (b"width", b"height")


def _png_size(png: bytes) -> tuple[float, float]:
    width, height = struct.unpack(">II", png[16:24])
    if not 0 < width * height * _CHANNELS <= _MOST:
        raise PictureError(f"it has {width} × {height} pixels")
    return float(width), float(height)


def _texts(picture: bytes) -> list[bytes]:
    """Texts that are drawn with fonts, which may not be here: without them nobody sees them."""
    if picture.startswith(_PNG):
        return []
    return re.findall(rb"<text\b(?:.*?</text>|.*)", picture, re.DOTALL)


def _raster(picture: bytes, width: int, height: int) -> bytes:
    """A picture as a PNG that is in order."""
    if picture.startswith(_PNG):
        _image_data(picture)
        return picture
    text = _OUTSIDE.sub('href=""', picture.decode("utf-8", "replace"))
    for held in _HELD.finditer(text):
        if not held[1]:
            raise PictureError("it holds a picture that is no PNG")
        _png_size(base64.b64decode(held[1]))
    return _drawn(text, width=width, height=height, background="#ffffff")


def _difference_svg(old: bytes, new: bytes, width: int, height: int) -> str:
    """A picture that is white where two PNGs differ visibly, and black elsewhere."""
    table = " ".join("0" if level <= VISIBLE else "1" for level in range(256))
    steps = "".join(f'<feFunc{c} type="discrete" tableValues="{table}"/>' for c in "RGB")
    area = f'x="0" y="0" width="{width}" height="{height}"'
    ground = f'<rect {area} fill="#fff"/>'
    fit = 'preserveAspectRatio="none"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<filter id="visible" {area} filterUnits="userSpaceOnUse" '
        f'color-interpolation-filters="sRGB">'
        f"<feComponentTransfer>{steps}</feComponentTransfer></filter>"
        f'<g filter="url(#visible)">{ground}<image {area} {fit} href="{_data(old)}"/>'
        f'<g style="mix-blend-mode:difference;isolation:isolate">{ground}'
        f'<image {area} {fit} href="{_data(new)}"/></g></g></svg>'
    )


def _data(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _drawn(svg: str, **options: Any) -> bytes:
    import resvg_py  # late: most figures are the same to the byte

    try:
        return resvg_py.svg_to_bytes(
            svg_string=svg, dpi=_CSS_PIXELS, skip_system_fonts=True, **options
        )
    except ValueError as error:
        raise PictureError(f"it cannot be drawn: {error}") from None


def _marked(png: bytes, width: int, height: int) -> int:
    """How many pixels of a PNG are not black."""
    row_size = width * _CHANNELS
    if png[24:29] != _EIGHT_BIT_RGBA:
        raise PictureError("it is drawn in an unknown form")
    rows = _image_data(png)
    count = 0
    before = bytes(row_size)
    for start in range(0, height * (row_size + 1), row_size + 1):
        row = _unfiltered(rows[start], rows[start + 1 : start + 1 + row_size], before)
        if row != before or start == 0:
            channels = [int.from_bytes(row[channel::_CHANNELS]) for channel in range(3)]
            together = (channels[0] | channels[1] | channels[2]).to_bytes(width)
            here = width - together.count(0)
        count += here
        before = row
    return count


def _image_data(png: bytes) -> bytes:
    """The filtered rows of a PNG. Raises PictureError if it is damaged."""
    parts, place = [], len(_PNG)
    while place + 12 <= len(png):
        size, kind = struct.unpack(">I4s", png[place : place + 8])
        content = png[place + 8 : place + 8 + size]
        if png[place + 8 + size :][:4] != struct.pack(">I", zlib.crc32(kind + content)):
            raise PictureError("it is a damaged PNG")
        if kind == b"IDAT":
            parts.append(content)
        place += size + 12
    try:
        return zlib.decompressobj().decompress(b"".join(parts), _MOST)
    except zlib.error:
        raise PictureError("it is a damaged PNG") from None


def _unfiltered(kind: int, row: bytes, above: bytes) -> bytes:
    """A row of a PNG as it was before its filter. Source: https://www.w3.org/TR/png-3/#9Filters"""
    if kind == 0:
        return row
    if kind == 1:
        out = bytearray(len(row))
        for channel in range(_CHANNELS):
            sums = accumulate(row[channel::_CHANNELS])
            out[channel::_CHANNELS] = bytes(each & 255 for each in sums)
        return bytes(out)
    if kind == 2:
        if not any(row):
            return above
        return bytes((one + other) & 255 for one, other in zip(row, above, strict=True))
    out = bytearray(row)
    for place, value in enumerate(row):
        left = out[place - _CHANNELS] if place >= _CHANNELS else 0
        corner = above[place - _CHANNELS] if place >= _CHANNELS else 0
        average = (left + above[place]) // 2
        guess = average if kind == 3 else _paeth(left, above[place], corner)
        out[place] = (value + guess) & 255
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    estimate = left + up - corner
    distances = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
    return (left, up, corner)[distances.index(min(distances))]
