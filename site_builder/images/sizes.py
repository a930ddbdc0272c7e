"""Which files are made of an author's picture: small ones to show, a large one to look at closely.

In: what is known of the picture from its header. Out: the files, by names and sizes. Promise: no
file is larger than the picture, and what is small already stays one file.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from site_builder.model.post import Raster

WIDTHS = (800, 1600)
"""Pixels across: of the widest column, and of it on screens that have two for one."""
CLOSE = 1.1  # times as wide as the one before: what is not, is not worth a file
SMALL = 40_000  # bytes that are not worth making fewer
LARGEST = 9_000_000  # pixels of the file to look at closely: the screen of a large monitor
MOST = 200_000_000  # pixels of a picture that is opened at all
_TALLEST = 16_383  # pixels that a WebP may be high
_ALSO = dict.fromkeys(("jpeg", "png", "gif", "bmp", "webp"), "webp") | {"avif": "avif"}
_SUFFIX = {"jpeg": "jpg"}


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file made of a picture: pixels are computed anew."""

    suffix: str
    """What follows the name of the picture's own file, such as `.800w.webp`; empty for itself."""
    format: str
    width: int
    """In pixels."""
    height: int


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """All that are made of one picture."""

    own: ImageFile | None
    """What takes the place of the author's file; None if that stays, but for what it tells."""
    shown: ImageFile | None
    """What is shown where the choice below is not understood; None for its own."""
    choice: tuple[ImageFile, ...]
    """What browsers choose from, narrowest first; empty if there is only the one file."""

    @property
    def made(self) -> tuple[ImageFile, ...]:
        """Those that have to be computed."""
        files = (self.own, self.shown, *self.choice)
        return tuple(dict.fromkeys(file for file in files if file))


ALONE = ImageFiles(None, None, ())


def image_files(raster: Raster | None, *, whole: bool) -> ImageFiles:
    """The files of a picture; if it is to be had `whole`, no pixel of its own file is lost."""
    if raster is None or raster.moves or raster.format not in _ALSO:
        return ALONE
    width, height = raster.width, raster.height
    if width <= WIDTHS[-1] and raster.size <= SMALL:
        return ALONE
    own = shown = None
    if raster.format in ("jpeg", "png", "webp", "avif"):
        area = width * height
        if area > LARGEST and not whole:
            factor = sqrt(LARGEST / area)
            size = max(1, round(width * factor)), max(1, round(height * factor))
            own = ImageFile("", raster.format, *size)
        if width > WIDTHS[-1]:
            suffix = f".{WIDTHS[-1]}w.{_SUFFIX.get(raster.format, raster.format)}"
            shown = _scaled(raster, WIDTHS[-1], suffix, raster.format)
    widths = [each for each in WIDTHS if each * CLOSE <= width]
    if width < WIDTHS[-1] * CLOSE and (not widths or width >= widths[-1] * CLOSE):
        widths.append(min(width, WIDTHS[-1]))
    also = _ALSO[raster.format]
    if also == raster.format:  # its own kind, and the whole of it, is its own file
        widths = [each for each in widths if each < width]
    choice = [_scaled(raster, each, f".{each}w.{also}", also) for each in widths]
    return ImageFiles(own, shown, tuple(x for x in choice if x.height <= _TALLEST))


def _scaled(raster: Raster, width: int, suffix: str, format_: str) -> ImageFile:
    height = max(1, round(raster.height * width / raster.width))
    return ImageFile(suffix, format_, width, height)
