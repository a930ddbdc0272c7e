"""Figures drawn once for both formats: the same as drawn twice, or not at all."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import Normal, withStroke
from PIL import Image

from site_builder.execution.child.drawing import draw_both, draw_pixels, encode

DPI = 144
TOLERANCE = 90  # of 255: strokes may begin between two pixels
DRAW = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    with mpl.rc_context():
        plt.switch_backend("agg")
        yield
        plt.close("all")


def lines() -> None:
    plt.plot([1, 3, 2], "--o", label=r"$\sqrt{x}$")
    plt.title("Title")
    plt.xlabel("somewhat longer")
    plt.grid(alpha=0.3)
    plt.legend(bbox_to_anchor=(1.02, 1))


def bars() -> None:
    plt.bar([1, 2, 3], [3, 2, 5], hatch="//", edgecolor="k", color="w")
    plt.ylim(0, 4)  # the last is cut


def dots() -> None:
    sizes, colours = DRAW.uniform(9, 200, 30), DRAW.uniform(size=30)
    plt.scatter(DRAW.normal(size=30), DRAW.normal(size=30), s=sizes, c=colours, alpha=0.5)
    plt.fill_between([-2, 2], [0, 1], alpha=0.3)


def clipped() -> None:
    axes = plt.gca()
    (line,) = axes.plot([0, 1], [0, 1], linewidth=30)
    line.set_clip_path(Circle((0.5, 0.5), 0.3, transform=axes.transData))


def effects() -> None:
    plt.text(0.1, 0.5, "outlined", fontsize=40, rotation=20,
             path_effects=[withStroke(linewidth=4, foreground="c"), Normal()])  # fmt: skip
    plt.annotate("here", (0.2, 0.2), (0.7, 0.8), arrowprops={"arrowstyle": "->"})


def round_axes() -> None:
    plt.subplot(projection="polar").plot(np.linspace(0, 6, 50), np.linspace(0, 1, 50))


def surface() -> None:
    x, y = np.mgrid[-2:2:9j, -2:2:9j]
    plt.figure().add_subplot(projection="3d").plot_surface(x, y, x * y)


def laid_out() -> None:
    _, axes = plt.subplots(2, 2, layout="constrained")
    for each in axes.flat:
        each.set_ylabel("label")


def see_through() -> None:
    plt.figure(facecolor="none")
    plt.gca().set_facecolor("none")
    plt.plot([1, 2])


def alone(figure: Figure, bounds: Any) -> str:
    """What matplotlib itself makes of it as SVG."""
    target = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "site-builder"}):
        figure.savefig(target, format="svg", bbox_inches=bounds,
                       metadata={"Date": None, "Creator": None})  # fmt: skip
    return target.getvalue()


def bounds_of(figure: Any) -> Any:
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
    return figure.get_tightbbox(figure.canvas.get_renderer()).padded(0.1)


@pytest.mark.parametrize(
    "drawn", [lines, bars, dots, clipped, effects, round_axes, surface, laid_out, see_through]
)
def test_what_is_drawn_once_looks_like_what_is_drawn_twice(drawn: Callable[[], None]) -> None:
    drawn()
    figure = plt.gcf()
    bounds = bounds_of(figure)
    twice = alone(figure, bounds), draw_pixels(figure, bounds, dpi=DPI)
    svg, pixels = draw_both(figure, bounds, dpi=DPI)
    assert svg == twice[0]
    assert pixels.shape == twice[1].shape
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 10
    assert strangers(pixels, twice[1]) == strangers(twice[1], pixels) == 0


def strangers(pixels: Any, others: Any, reach: int = 3) -> int:
    """How many pixels have a colour that is not near them in the others, nor between such.

    Letters may be placed a little differently; what is missing, or in another place, is seen.
    """
    sides = range(2 * reach + 1)
    padded = np.pad(others.astype(int), ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    height, width = pixels.shape[:2]
    around = [padded[y : y + height, x : x + width] for y in sides for x in sides]
    low, high = np.min(around, axis=0), np.max(around, axis=0)
    return int(((pixels < low - TOLERANCE) | (pixels > high + TOLERANCE)).any(axis=2).sum())


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: plt.imshow([[1, 2]]),
        lambda: plt.pcolormesh([[1, 2], [3, 4]]),
        lambda: plt.plot([1, 2], rasterized=True),
        lambda: plt.tripcolor([0, 1, 0], [0, 0, 1], [0, 1, 2], shading="gouraud"),
    ],
    ids=["picture", "mesh", "raster", "shading"],
)
def test_what_cannot_be_drawn_as_both_at_once_gives_the_svg_alone(
    drawn: Callable[[], object],
) -> None:
    drawn()
    figure = plt.gcf()
    bounds = bounds_of(figure)
    svg, pixels = draw_both(figure, bounds, dpi=DPI)
    assert svg == alone(figure, bounds)
    assert pixels is None


def test_the_figure_is_its_author_s_again() -> None:
    lines()
    figure = plt.gcf()
    canvas, dpi = figure.canvas, figure.dpi
    draw_both(figure, bounds_of(figure), dpi=DPI)
    draw_pixels(figure, bounds_of(figure), dpi=DPI)
    assert (figure.canvas, figure.dpi) == (canvas, dpi)
    target = io.BytesIO()
    figure.savefig(target)
    assert target.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize("quickly", [True, False])
@pytest.mark.parametrize("opaque", [True, False])
def test_a_png_holds_the_pixels_that_went_in(quickly: bool, opaque: bool) -> None:
    pixels = DRAW.integers(0, 256, (40, 30, 4), dtype=np.uint8)
    pixels[:, :, 3] |= 255 if opaque else 0
    png = encode(pixels, quickly=quickly)
    picture = Image.open(io.BytesIO(png))
    assert picture.mode == ("RGB" if opaque else "RGBA")
    assert np.array_equal(np.asarray(picture.convert("RGBA")), pixels)
    assert png == encode(pixels, quickly=quickly)
