"""What a post must know of an image that it shows: its size, and whether readers can see it.

In: a name and bytes. Out: the size in CSS pixels, and what can be made of its pixels. Promise: a
header is believed only if the file is whole as far as its parts tell; pixels are not looked at.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from site_builder.images.boxes import picture_size
from site_builder.images.cleaning import DamagedError, cleaned
from site_builder.images.sizes import MOST
from site_builder.images.svg import cleaned_svg
from site_builder.model import Raster

IMAGES = frozenset(
    (".apng", ".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".tif", ".tiff", ".webp")
)


class UnfitError(Exception):
    """The image is in order, but not for a page: what is wrong, and what to do about it."""

    def __init__(self, message: str, help_: str, code: str) -> None:
        self.message, self.help, self.code = message, help_, code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Looked:
    """An image as it will be shown."""

    width: int = 0
    """In CSS pixels; 0 if it is not known."""
    height: int = 0
    raster: Raster | None = None
    removed: tuple[str, ...] = ()
    """What an SVG has that acts."""


def look(name: str, content: bytes) -> Looked:
    """Look at an image; raises DamagedError or UnfitError."""
    if len(content) < _LARGE:
        return _look(name, content)
    # Posts are read anew with each save: to name a large file is quicker than to go through it.
    key = (name, hashlib.sha256(content).digest())
    if key not in _known:
        if len(_known) > _MANY:
            _known.clear()
        _known[key] = _look(name, content)
    return _known[key]


_LARGE, _MANY = 500_000, 1_000
_known: dict[tuple[str, bytes], Looked] = {}


def _look(name: str, content: bytes) -> Looked:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix == ".svg":
        return _drawing(content)
    image = cleaned(content)
    if image.format in _UNSEEN:
        shown = _UNSEEN[image.format]
        raise UnfitError(f"is a {shown} image, which browsers do not show", _SAVE, "I007")
    if not image.format:
        if suffix in IMAGES:
            raise DamagedError("its first bytes are of no image")
        return Looked()  # of a kind that is not known here
    width, height = picture_size(content) if image.format == "avif" else _size(content)
    if min(width, height) <= 0:
        raise DamagedError("its size cannot be told")
    if image.sideways:
        width, height = height, width
    if width * height > MOST:
        message = f"has {width} × {height} pixels, over {MOST // 1_000_000} millions"
        raise UnfitError(message, "save it smaller", "I008")
    raster = Raster(image.format, width, height, len(content), image.moves, image.lossless)
    scale = 2 if PurePosixPath(name).stem.endswith("@2x") else 1
    return Looked(round(width / scale), round(height / scale), raster)


_UNSEEN = {"tiff": "TIFF", "heic": "HEIC"}
_SAVE = "save it as JPEG, PNG, WebP or AVIF"


def _size(content: bytes) -> tuple[int, int]:
    # Late: half of all posts have no image of their own.
    import imagesize

    try:
        width, height = imagesize.get(io.BytesIO(content), exif_rotation=False)
    except (OSError, ValueError) as error:
        raise DamagedError(str(error)) from None
    return width, height


def _drawing(content: bytes) -> Looked:
    import imagesize

    removed = cleaned_svg(content).removed
    try:
        width, height = imagesize.get(io.BytesIO(content))
    except (OSError, ValueError):
        width = height = 0
    if min(width, height) <= 0:
        width, height = _view_box(content)
    return Looked(width, height, removed=removed)


def _view_box(content: bytes) -> tuple[int, int]:
    """The size of an SVG that leaves its width to the page: only its proportions matter."""
    head = content[:4096].decode("utf-8", "replace")
    box = re.search(r"""<svg\b[^>]*\sviewBox\s*=\s*["']([^"']*)["']""", head)
    numbers = re.split(r"[\s,]+", box[1].strip()) if box else []
    try:
        _, _, width, height = map(float, numbers)
        return round(width), round(height)
    except (ValueError, OverflowError):
        return 0, 0
