"""Figures as SVG, as pixels, or with one drawing as both at once: half the work of two.

In: a figure and what it covers. Out: SVG text and pixels, and pixels as PNG. Promise: the SVG is
what `savefig` gives; what cannot be drawn as both at once (pictures, meshes, TeX) gives no pixels.
"""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.transforms import Affine2D, Bbox, TransformedPath

POINTS = 72  # to the inch: the unit of SVG and of what artists hand to its renderer
SETTINGS = {
    # Set here, as a style sheet of the post may have taken it back: without it ids are random.
    "svg.hashsalt": "site-builder",
    # The SVG's letters are paths and never hinted; those of the PNG are the same, and sooner drawn.
    "text.hinting": "no_hinting",
}
OPAQUE = 255


def draw_both(figure: Any, bounds: Any, *, dpi: float) -> tuple[str, Any]:
    """Draw what `bounds` (in inches) holds of a figure as SVG and as pixels, `dpi` to the inch.

    Instead of pixels None if something in the figure cannot be drawn as both at once.
    """
    target = io.StringIO()
    with rc_context(SETTINGS), _canvas(figure, partial(_BothCanvas, dpi=dpi)) as canvas:
        figure.savefig(
            target, format="svg", bbox_inches=bounds, metadata={"Date": None, "Creator": None}
        )
    return target.getvalue(), canvas.both.pixels() if canvas.both.complete else None


def draw_pixels(figure: Any, bounds: Any, *, dpi: float) -> Any:
    """Draw what `bounds` (in inches) holds of a figure as pixels, `dpi` to the inch."""
    with _canvas(figure, _PixelCanvas) as canvas:
        figure.savefig(io.BytesIO(), format="png", dpi=dpi, bbox_inches=bounds)
    return canvas.pixels


def encode(pixels: Any, *, quickly: bool) -> bytes:
    """Pixels (rows, columns, red-green-blue-alpha) as PNG.

    Each line is told by its difference from the one above. In plots most are the same, and to look
    for runs of zeros alone is done `quickly`; of pictures inside it makes files that are larger.
    """
    height, width, channels = pixels.shape
    if (pixels[:, :, 3] == OPAQUE).all():
        pixels, channels = pixels[:, :, :3], 3
    lines = np.ascontiguousarray(pixels).reshape(height, width * channels)
    filtered = np.empty((height, 1 + width * channels), np.uint8)
    filtered[:, 0] = 2  # the number of this filter in the format
    filtered[0, 1:] = lines[0]
    np.subtract(lines[1:], lines[:-1], out=filtered[1:, 1:])
    deflate = zlib.compressobj(strategy=zlib.Z_RLE if quickly else zlib.Z_DEFAULT_STRATEGY)
    data = deflate.compress(filtered) + deflate.flush()
    kind = 2 if channels == 3 else 6  # true colour, without and with alpha
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


@contextlib.contextmanager
def _canvas(figure: Any, kind: Callable[[Any], Any]) -> Iterator[Any]:
    """Another canvas for a moment: afterwards the figure is its author's, who may save it."""
    before = figure.canvas
    try:
        yield kind(figure)
    finally:
        figure.set_canvas(before)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


class _PixelCanvas(FigureCanvasAgg):  # type: ignore[misc]
    """A canvas that keeps what is drawn when `savefig` asks for a PNG."""

    def print_png(self, *_: object, **__: object) -> None:
        """What `savefig` calls for PNG."""
        self.draw()
        self.pixels = np.asarray(self.buffer_rgba())


class _BothCanvas(FigureCanvasSVG):  # type: ignore[misc]
    """A canvas whose SVG renderer has a shadow in pixels."""

    def __init__(self, figure: Any, dpi: float) -> None:
        super().__init__(figure)
        self._dpi = dpi
        self.both: Any = None

    def print_svg(
        self, filename: Any, *, bbox_inches_restore: Any = None, metadata: Any = None, **_: object
    ) -> None:
        """What `savefig` calls for SVG."""
        # Layout engines ask for a renderer only, and give a file of bytes that nobody reads.
        target = filename if isinstance(filename, io.StringIO) else io.StringIO()
        figure, image_dpi = self.figure, self.figure.dpi
        figure.dpi = POINTS
        width, height = figure.get_size_inches()
        size = (width * POINTS, height * POINTS)
        renderer = RendererSVG(*size, target, image_dpi=image_dpi, metadata=metadata)
        # Whole pixels, as in `savefig`; 805.9999 are 806.
        sides = [round(side * self._dpi, 3) for side in (width, height)]
        shadow = RendererAgg(*sides, self._dpi)
        self.both = _Both(renderer, shadow, self._dpi / POINTS)
        mixed = MixedModeRenderer(
            figure, width, height, image_dpi, self.both, bbox_inches_restore=bbox_inches_restore
        )
        figure.draw(mixed)
        mixed.finalize()


class _Both:
    """A renderer of SVG that draws the same in pixels, as far as it can."""

    def __init__(self, vector: Any, raster: Any, factor: float) -> None:
        """`factor` is the number of pixels of `raster` to a unit of `vector`."""
        self._vector, self._raster, self._factor = vector, raster, factor
        self._scale = Affine2D().scale(factor).frozen()
        self.complete = True
        """Whether all that was drawn is in the pixels, too."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("draw_"):
            self.complete = False
        return getattr(self._vector, name)

    def draw_path(self, gc: Any, path: Any, transform: Any, face: Any = None) -> None:
        self._vector.draw_path(gc, path, transform, face)
        if self.complete:
            self._raster.draw_path(self._scaled(gc), path, transform + self._scale, face)

    def draw_markers(
        self, gc: Any, marker: Any, marker_transform: Any, path: Any, transform: Any,
        face: Any = None,
    ) -> None:  # fmt: skip
        self._vector.draw_markers(gc, marker, marker_transform, path, transform, face)
        if self.complete:
            marker_transform, transform = self._in_pixels(marker_transform, transform)
            self._raster.draw_markers(
                self._scaled(gc), marker, marker_transform, path, transform, face
            )

    def draw_path_collection(
        self, gc: Any, transform: Any, paths: Any, transforms: Any, offsets: Any,
        offset_transform: Any, *more: Any, **named: Any,
    ) -> None:  # fmt: skip
        self._vector.draw_path_collection(
            gc, transform, paths, transforms, offsets, offset_transform, *more, **named
        )
        if self.complete:
            transform, offset_transform = self._in_pixels(transform, offset_transform)
            self._raster.draw_path_collection(
                self._scaled(gc), transform, paths, transforms, offsets, offset_transform,
                *more, **named,
            )  # fmt: skip

    def draw_text(self, gc: Any, x: float, y: float, *more: Any, **named: Any) -> None:
        self._vector.draw_text(gc, x, y, *more, **named)
        if self.complete:
            x, y = x * self._factor, y * self._factor
            self._raster.draw_text(self._scaled(gc), x, y, *more, **named)

    def pixels(self) -> Any:
        """What was drawn: rows, columns, red-green-blue-alpha."""
        return np.asarray(self._raster.buffer_rgba())

    def _in_pixels(self, *transforms: Any) -> list[Any]:
        return [transform + self._scale for transform in transforms]

    def _scaled(self, gc: Any) -> Any:
        """The graphics context in pixels: widths are in points, but clips are where they are."""
        scaled = self._raster.new_gc()
        scaled.copy_properties(gc)
        if (box := gc.get_clip_rectangle()) is not None:
            scaled.set_clip_rectangle(Bbox(np.asarray(box.get_points()) * self._factor))
        path, transform = gc.get_clip_path()
        if path is not None:
            scaled.set_clip_path(TransformedPath(path, transform + self._scale))
        return scaled
