"""How much two pictures differ to the eye."""

from __future__ import annotations

import base64
import struct
import zlib

import pytest
import resvg_py

from site_builder.checking.verifying.pixels import TOLERANCE, PictureError, difference


def svg(content: str, width: str = "200", height: str = "100") -> bytes:
    size = f'width="{width}" height="{height}" viewBox="0 0 200 100"'
    document = '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n'
    return f'{document}<svg xmlns="http://www.w3.org/2000/svg" {size}>{content}</svg>'.encode()


def curve(shift: float) -> bytes:
    points = f"M10 {20 + shift} L90 {70 + shift} L190 {40 + shift}"
    return svg(f'<path d="{points}" fill="none" stroke="#1f77b4" stroke-width="1.5"/>')


def rectangle(width: int, colour: str = "#000") -> bytes:
    return svg(f'<rect width="{width}" height="50" fill="{colour}"/>')


def png(picture: bytes) -> bytes:
    return resvg_py.svg_to_bytes(svg_string=picture.decode(), background="#fff")


def test_the_same_picture_does_not_differ() -> None:
    assert difference(curve(0), curve(0)) == 0


def test_pictures_that_are_written_otherwise_may_look_the_same() -> None:
    assert difference(rectangle(40), rectangle(40, "#000001")) == 0
    assert difference(rectangle(40), svg('<path d="M0 0H40V50H0Z"/>')) == 0


@pytest.mark.parametrize("form", [bytes, png])
def test_the_share_is_that_of_the_area(form: object) -> None:
    assert callable(form)
    old, new = form(rectangle(40)), form(rectangle(60))
    assert difference(old, new) == pytest.approx(20 * 50 / (200 * 100))
    assert difference(new, old) == difference(old, new)


@pytest.mark.parametrize("colour", ["#f00", "#0f0", "#00f", "#888"])
def test_every_colour_counts(colour: str) -> None:
    assert difference(rectangle(40), rectangle(40, colour)) == pytest.approx(0.1)


def test_a_shade_that_nobody_sees_does_not_count() -> None:
    assert difference(rectangle(40), rectangle(40, "#080808")) == 0
    assert difference(rectangle(40), rectangle(40, "#090909")) == pytest.approx(0.1)


def test_a_curve_that_moved_a_hair_is_within_tolerance_and_one_that_moved_a_pixel_is_not() -> None:
    assert difference(curve(0), curve(0.001)) <= TOLERANCE
    assert difference(curve(0), curve(1)) > TOLERANCE


def test_pictures_of_other_sizes_differ_everywhere() -> None:
    assert difference(svg(""), svg("", width="201")) == 1
    assert difference(svg("", "200pt", "100pt"), svg(" ", "200pt", "100pt")) == 0


def test_texts_are_compared_though_there_may_be_no_fonts_to_draw_them() -> None:
    old, new = (svg(f'<text x="5" y="50">{text}</text>') for text in ("71.5", "72.5"))
    assert difference(old, new) == 1


def test_a_huge_picture_is_compared_in_a_bounded_size() -> None:
    old, new = (svg(f'<rect width="{w}" height="50"/>', "90000", "45000") for w in (40, 60))
    assert difference(old, new) == pytest.approx(0.05, abs=0.001)


def test_what_a_picture_names_is_not_fetched(tmp_path: object) -> None:
    image = '<image href="{}" width="200" height="100"/>'
    dark = f"{tmp_path}/dark.png"
    with open(dark, "wb") as file:
        file.write(png(rectangle(200)))
    assert difference(svg(image.format(dark)), svg(" ")) == 0


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"GIF89a",
        b"<svg",
        svg("<rect"),
        svg("", width="0"),
        png(svg(""))[:-30],
        b"<p>Moved</p>",
    ],
    ids=["empty", "gif", "cut off", "no xml", "no width", "cut off png", "html"],
)
def test_what_is_no_picture_is_never_taken_for_the_same(damaged: bytes) -> None:
    for pair in ((damaged, svg("")), (svg(""), damaged), (damaged, png(svg("")))):
        try:
            assert difference(*pair) == 1
        except PictureError as error:
            assert str(error).startswith("it ")


def _vast(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it has many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n"
    for kind, content in parts:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        png += struct.pack(">I", len(content)) + kind + content + checksum
    return png


def _holding(picture: bytes, kind: str = "png") -> bytes:
    data = base64.b64encode(picture).decode()
    return svg(f'<image width="9" height="9" href="data:image/{kind};base64,\n{data}"/>')


@pytest.mark.parametrize(
    "picture",
    [
        _vast(60_000, 60_000),
        _vast(0, 1),
        _holding(_vast(60_000, 60_000)),
        _holding(_vast(2, 2), "jpeg"),
        _holding(svg("<g/>"), "svg+xml"),
    ],
)
def test_what_a_picture_may_take_is_bounded(picture: bytes) -> None:
    with pytest.raises(PictureError):
        difference(picture, picture + b" ")


def test_a_png_with_a_wrong_checksum_is_told() -> None:
    content = bytearray(png(curve(0)))
    content[60] ^= 255
    with pytest.raises(PictureError, match="a damaged PNG"):
        difference(bytes(content), png(curve(1)))


@pytest.mark.parametrize("filter_", range(5))
def test_rows_of_every_filter_are_read(filter_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mask comes as a PNG, whose encoder is free to choose."""
    mask = _png_of_filter(filter_, [[0, 0, 255, 0], [0, 255, 255, 0], [0, 0, 0, 0]])
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **_: mask)
    four_by_three = b'<svg width="4" height="3">%s</svg>'
    assert difference(four_by_three % b"a", four_by_three % b"b") == pytest.approx(3 / 12)


def _png_of_filter(filter_: int, rows: list[list[int]]) -> bytes:
    """An RGBA picture of grey levels in which each row goes through the same filter."""
    before = [0] * 16
    data = b""
    for levels in rows:
        row = [value for level in levels for value in (level, level, level, 255)]
        left = [0] * 4 + row[:-4]
        corner = [0] * 4 + before[:-4]
        guesses = {
            0: [0] * 16,
            1: left,
            2: before,
            3: [(a + b) // 2 for a, b in zip(left, before, strict=True)],
            4: [_paeth(*three) for three in zip(left, before, corner, strict=True)],
        }[filter_]
        data += bytes([filter_, *((v - g) % 256 for v, g in zip(row, guesses, strict=True))])
        before = row
    header = struct.pack(">IIBBBBB", 4, 3, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _paeth(left: int, up: int, corner: int) -> int:
    return min((left, up, corner), key=lambda each: abs(left + up - corner - each))
