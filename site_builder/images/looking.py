"""What a post must know of an image that it shows: its size, and whether readers can see it.

In: a name and bytes. Out: the size in CSS pixels, and what can be made of its pixels. Promise: a
header is believed only if the file is whole as far as its parts tell; pixels are not looked at.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from site_builder.images.boxes import picture_size
from site_builder.images.cleaning import DamagedError, cleaned
from site_builder.images.sizes import MOST
from site_builder.images.svg import cleaned_svg
from site_builder.model.post import Raster

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
        return _drawing(content, _scale(name))
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
    scale = _scale(name)
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


def _scale(name: str) -> int:
    return 2 if PurePosixPath(name).stem.endswith("@2x") else 1


def _drawing(content: bytes, scale: int) -> Looked:
    clean = cleaned_svg(content)
    width, height = _drawn_size(clean.root)
    return Looked(*_whole(width / scale, height / scale), removed=clean.removed)


def _drawn_size(root: Mapping[str, str]) -> tuple[float, float]:
    """The size of an SVG by the attributes of its root; zeros if they do not tell.

    Of one that leaves width and height to the page the proportions are told, by its view box.
    """
    width, height = _pixels(root.get("width", "")), _pixels(root.get("height", ""))
    if width and height:
        return width, height
    across, down = _view_box(root.get("viewBox", ""))
    if not across or not down:
        return 0, 0
    if width or height:
        scale = width / across if width else height / down
        return across * scale, down * scale
    return across, down


def _pixels(length: str) -> float:
    """A length in CSS pixels; 0 for one of a unit that depends on what is around it."""
    found = _LENGTH.fullmatch(length.strip())
    return float(found[1]) * _UNITS[found[2].lower()] if found else 0


def _view_box(written: str) -> tuple[float, float]:
    numbers = re.split(r"[\s,]+", written.strip())
    try:
        _, _, width, height = map(float, numbers)
    except ValueError:
        return 0, 0
    return (width, height) if width > 0 and height > 0 else (0, 0)


_LENGTH = re.compile(r"\+?(\d+\.?\d*|\.\d+)(|px|pt|pc|mm|cm|in|q)", re.IGNORECASE)
_UNITS = dict(
    zip(
        ("", "px", "pt", "pc", "mm", "cm", "in", "q"),
        (1, 1, 96 / 72, 16, 96 / 25.4, 96 / 2.54, 96, 96 / 101.6),
        strict=True,
    )
)


def _whole(width: float, height: float) -> tuple[int, int]:
    """A size in whole pixels, as HTML wants it."""
    if not (0 < width < _HUGE and 0 < height < _HUGE):
        return 0, 0
    return max(1, round(width)), max(1, round(height))


_HUGE = 1e6
