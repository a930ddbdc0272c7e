"""matplotlib's figures: every one that is open at the end of a cell, the same bytes in each run.

SVG by default, with a PNG for feeds and notebooks; only PNG, at twice the screen's resolution, if
that is asked for or the SVG is too large.
Artists are named by what they are (`paper`, `ink`), so that a dark page can redraw black on white
as light on nothing without touching the colours of the data.
"""

from __future__ import annotations

import base64
import contextlib
import re
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from site_builder.execution.child.series import Series, series_of
from site_builder.execution.child.streams import Capture, Entry

CSS_PIXELS = 96  # to the inch
POINTS = 72  # to the inch
PAGE_DENSITY = 2.0  # pixels of a PNG on a page to a CSS pixel
FEED_DENSITY = 1.5  # the same for the PNG that feeds show in place of an SVG
MARGIN = 0.1  # inches
DARK, LIGHT = 0.35, 0.9  # luminance up to which a colour is ink, from which it is paper


class Figures:
    """The figures of one post."""

    def __init__(self, capture: Capture, settings: Mapping[str, Any]) -> None:
        """`settings` are those of `[figures]`: format, width and height in inches, svg_limit."""
        self._capture = capture
        self._settings = settings
        self._options: Mapping[str, Any] = {}

    def prepare(self, pyplot: ModuleType) -> None:
        """Set matplotlib up; to be called when pyplot is there."""
        if pyplot not in _PREPARED:
            _set_defaults(pyplot)
        pyplot.show = lambda *_, **__: self.show_open()  # type: ignore[attr-defined]
        sys.modules["matplotlib.figure"].Figure.show = lambda figure, *_, **__: self._show(figure)
        self._set_size(pyplot)

    def begin(self, options: Mapping[str, Any]) -> None:
        """A cell with these options (`fig_width`, `fig_height` in inches) begins."""
        self._options = options
        if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
            self._set_size(pyplot)

    def show_open(self) -> None:
        """Show and close every open figure, in the order of their numbers."""
        if (pyplot := sys.modules.get("matplotlib.pyplot")) is None:
            return
        try:
            for number in pyplot.get_fignums():
                figure = pyplot.figure(number)
                if figure.axes or figure.texts or figure.patches or figure.lines or figure.images:
                    self._capture.display(self._entry(figure))
        finally:
            pyplot.close("all")

    def entry_of(self, value: object) -> Entry | None:
        """The entry of a figure, which is not shown again at the cell's end; None of others."""
        module = sys.modules.get("matplotlib.figure")
        if module is None or not isinstance(value, module.Figure):
            return None
        entry = self._entry(value)
        if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
            pyplot.close(value)
        return entry

    def is_drawing(self, value: object) -> bool:
        """Whether a cell's last value is only what a plotting call returns (axes, lines, texts)."""
        figure = sys.modules.get("matplotlib.figure")
        if figure is None or isinstance(value, figure.Figure):
            return False
        if isinstance(value, dict):  # of `boxplot`
            return self.is_drawing(list(value.values()))
        if isinstance(value, list | tuple) and value:
            return all(self._is_drawn(item) or _is_plain(item) for item in value) and any(
                self._is_drawn(item) for item in value
            )
        if type(value).__name__ == "ndarray" and value.dtype == object:  # type: ignore[attr-defined]
            return bool(value.size) and self.is_drawing(list(value.flat))  # type: ignore[attr-defined]
        return any(
            isinstance(value, getattr(sys.modules.get(f"matplotlib.{name}"), kind, ()))
            for name, kind in _DRAWINGS
        )

    def _is_drawn(self, value: object) -> bool:
        figure = sys.modules["matplotlib.figure"]
        return isinstance(value, figure.Figure) or self.is_drawing(value)

    def _show(self, figure: object) -> None:
        if entry := self.entry_of(figure):
            self._capture.display(entry)

    def _set_size(self, pyplot: ModuleType) -> None:
        width = self._options.get("fig_width") or self._settings["width"]
        height = self._options.get("fig_height") or self._settings["height"]
        pyplot.rcParams["figure.figsize"] = (width, height)

    def _entry(self, figure: Any) -> Entry:
        # Late: these need matplotlib, which posts need not have.
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        from site_builder.execution.child.drawing import draw_both, draw_pixels, encode

        FigureCanvasAgg(figure)  # a figure that was closed, or never open, cannot draw
        width, height = self._options.get("fig_width"), self._options.get("fig_height")
        if width or height:
            # The option is the author's last word, over a `figsize` in the code.
            size = figure.get_size_inches()
            figure.set_size_inches(width or size[0], height or size[1])
        bounds, series = _bounds(figure), series_of(figure)
        if self._settings["format"] == "svg":
            with _named_artists(figure):
                svg, pixels = draw_both(figure, bounds, dpi=FEED_DENSITY * CSS_PIXELS)
            if len(svg) <= self._settings["svg_limit"]:
                found = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
                points = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
                size = [round(p * CSS_PIXELS / POINTS) for p in points]
                quickly = pixels is not None
                if pixels is None:
                    pixels = draw_pixels(figure, bounds, dpi=FEED_DENSITY * CSS_PIXELS)
                png = encode(pixels, quickly=quickly)
                return _figure_entry({"image/svg+xml": svg, "image/png": _text(png)}, size, series)
        pixels = draw_pixels(figure, bounds, dpi=PAGE_DENSITY * CSS_PIXELS)
        height, width, _ = pixels.shape
        data = {"image/png": _text(encode(pixels, quickly=False))}
        size = [round(width / PAGE_DENSITY), round(height / PAGE_DENSITY)]
        return _figure_entry(data, size, series)


# What plotting calls return that is no value to show, by module.
_DRAWINGS = (
    ("artist", "Artist"),
    ("container", "Container"),
    ("colorbar", "Colorbar"),
    ("animation", "Animation"),
)


def draw_once() -> None:
    """Draw a figure as all are drawn, so that fonts and renderers are at hand for the next."""
    from matplotlib import pyplot

    from site_builder.execution.child.drawing import draw_both, encode

    _set_defaults(pyplot)
    figure, axes = pyplot.subplots()
    axes.plot([0, 1], label="$x$")
    axes.set_title("Warm-up")
    axes.legend()
    with _named_artists(figure):
        _, pixels = draw_both(figure, _bounds(figure), dpi=FEED_DENSITY * CSS_PIXELS)
    encode(pixels, quickly=True)
    pyplot.close("all")
    _PREPARED.add(pyplot)


# Where a zygote has set pyplot up for the posts that are forked from it.
_PREPARED: set[ModuleType] = set()


def _set_defaults(pyplot: ModuleType) -> None:
    """What a `matplotlibrc` of this machine says is no part of a post."""
    pyplot.rcdefaults()
    pyplot.switch_backend("agg")


def _is_plain(value: object) -> bool:
    """What `hist` and `pie` return beside their artists."""
    return type(value).__name__ in ("ndarray", "list", "tuple")


def _figure_entry(data: dict[str, str], size: list[int], series: list[Series]) -> Entry:
    metadata = {"width": size[0], "height": size[1], "series": series}
    return {"kind": "figure", "data": data, "metadata": metadata}


def _text(png: bytes) -> str:
    return base64.b64encode(png).decode()


def _bounds(figure: Any) -> Any:
    """What the figure covers, in inches, with a margin: found once, used for each format."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()  # only drawing makes the engine move things
    bounds = figure.get_tightbbox(figure.canvas.get_renderer())
    return bounds.padded(MARGIN)


@contextlib.contextmanager
def _named_artists(figure: Any) -> Iterator[None]:
    """Give the artists that a dark page redraws an id that starts with their kind.

    Only for a moment: when the figure is shown again, they may have other colours.
    """
    named: dict[str, list[Any]] = {"paper": [], "ink": [], "line": []}
    for artist in figure.findobj():
        kind = _kind(artist, figure)
        if kind and artist.get_gid() is None:
            named[kind].append(artist)
            artist.set_gid(f"{kind}-{len(named[kind])}")
    try:
        yield
    finally:
        for artists in named.values():
            for artist in artists:
                artist.set_gid(None)


def _kind(artist: Any, figure: Any) -> str:
    """What an artist is on a dark page; empty if it stays as it is.

    `paper` has a white face; `ink` is black; `line` has a black edge around a colour of its own.
    """
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.text import Text

    if isinstance(artist, Text):
        return "ink" if _is_ink(artist.get_color()) and not _on_colour(artist, figure) else ""
    if isinstance(artist, Line2D):
        return "ink" if _is_ink(artist.get_color()) else ""
    if isinstance(artist, Patch):
        if _is_paper(artist.get_facecolor()):
            return "paper"
        if _is_ink(artist.get_edgecolor()):
            return "ink" if _is_bare(artist) else "line"
    elif isinstance(artist, Collection):
        faces, edges = artist.get_facecolor(), artist.get_edgecolor()
        if len(faces) == 1 and _is_ink(faces[0]):
            return "ink"
        if len(edges) == 1 and _is_ink(edges[0]):
            return "line" if len(faces) else "ink"
    return ""


def _luminance(colour: Any) -> tuple[float, float, float]:
    """Luminance, spread between the channels, and opacity."""
    from matplotlib.colors import to_rgba

    try:
        red, green, blue, alpha = to_rgba(colour)
    except (ValueError, TypeError):
        return 0.5, 1.0, 0.0
    spread = max(red, green, blue) - min(red, green, blue)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue, spread, alpha


def _is_ink(colour: Any) -> bool:
    luminance, spread, alpha = _luminance(colour)
    return luminance <= DARK and spread < 0.1 and alpha > 0


def _is_paper(colour: Any) -> bool:
    luminance, spread, alpha = _luminance(colour)
    return luminance >= LIGHT and spread < 0.1 and alpha > 0


def _is_bare(patch: Any) -> bool:
    """Whether a shape has no colour of its own inside."""
    face = patch.get_facecolor()
    return not patch.get_fill() or _luminance(face)[2] == 0 or _is_ink(face)


def _on_colour(text: Any, figure: Any) -> bool:
    """Whether a text stands on a picture or on a filled shape, whose colour stays."""
    box = text.get_bbox_patch()
    if box is not None and box.get_fill() and not _is_paper(box.get_facecolor()):
        return True
    axes = text.axes
    if axes is None or text not in axes.texts:
        return False
    if axes.images or any(type(c).__name__ == "QuadMesh" for c in axes.collections):
        return True
    point = text.get_transform().transform(text.get_unitless_position())
    return any(
        patch.get_fill()
        and not _is_paper(patch.get_facecolor())
        and _luminance(patch.get_facecolor())[2] > 0.3
        and patch.contains_point(point)
        for patch in axes.patches
    )
