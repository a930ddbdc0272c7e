"""What an image file says beside its picture is left out; the picture stays as it is.

In: the bytes of an image. Out: the same picture, to the bit, without where and when it was taken,
with what, by whom, and without the previews and pictures that cameras hide in it; what kind of file
it is. Promise: a file that says nothing else comes out byte for byte; one that is cut off or torn
is a DamagedError.

What a browser needs stays: colour profile, transparency, resolution, animation, which side is up.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from site_builder.images.boxes import without_items


class DamagedError(Exception):
    """The file is not the image that its first bytes promise; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An image file that tells nothing but its picture."""

    format: str
    """`jpeg`, `png`, `gif`, `webp`, `avif`, `heic`, `tiff`, `bmp`; empty for what is no image."""
    content: bytes
    moves: bool = False
    """Whether it has several pictures."""
    lossless: bool = False
    """Whether it was saved without loss, as drawings are."""
    sideways: bool = False
    """Whether it is shown turned by a quarter: the file has width and height the other way."""


def cleaned(content: bytes) -> Cleaned:
    """Clean an image of what is not to be published; raises DamagedError."""
    kind = kind_of(content)
    try:
        if kind == "jpeg":
            return _jpeg(content)
        if kind == "png":
            return _png(content)
        if kind == "gif":
            return _gif(content)
        if kind == "webp":
            return _webp(content)
        if kind in ("avif", "heic"):
            moves = content[8:12] in (b"avis", b"hevc", b"msf1")
            return Cleaned(kind, without_items(content), moves)
    except (IndexError, struct.error):
        raise DamagedError("it is cut off") from None
    return Cleaned(kind, content, lossless=kind == "bmp")


def kind_of(content: bytes) -> str:
    """What kind of image a file is, by its first bytes; empty if it is none."""
    for start, kind in _SIGNATURES:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "webp"
    if content[4:8] == b"ftyp":
        brands = content[8 : int.from_bytes(content[:4], "big")]
        if b"avif" in brands or b"avis" in brands:
            return "avif"
        if any(brand in brands for brand in (b"heic", b"heix", b"mif1", b"msf1", b"hevc")):
            return "heic"
    return ""


_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"BM", "bmp"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
)


def _jpeg(content: bytes) -> Cleaned:
    """Segments that a decoder needs, up to the end of the picture: nothing that is appended."""
    kept = [b"\xff\xd8"]
    turned = 1
    place = 2
    while True:
        marker, place = _marker(content, place)
        if marker == _END:
            break
        if marker in _BARE:
            continue
        length = int.from_bytes(_taken(content, place, 2), "big")
        segment = _taken(content, place, length)
        body, place = segment[2:], place + length
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            turned = _orientation(body[6:])
        if marker in _NEEDED or (marker == 0xE2 and body.startswith(b"ICC_PROFILE\0")):
            kept += [bytes((0xFF, marker)), segment]
        if marker == _SCAN:
            end = _end_of_scan(content, place)
            kept.append(content[place:end])
            place = end
    kept.append(b"\xff\xd9")
    if turned != 1:  # which side is up is the one thing of these that readers see
        after = 3 if len(kept) > 2 and kept[1] == b"\xff\xe0" else 1
        body = b"Exif\0\0" + _turned(turned)
        kept.insert(after, b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    return Cleaned("jpeg", b"".join(kept), sideways=turned > 4)


_END, _SCAN = 0xD9, 0xDA
_BARE = (0x01, *range(0xD0, 0xD8))
# Frames, tables, scans, restart intervals, number of lines; JFIF; Adobe's transform of colours.
_NEEDED = frozenset((*range(0xC0, 0xD0), *range(0xDA, 0xE0), 0xE0, 0xEE))
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")


def _marker(content: bytes, place: int) -> tuple[int, int]:
    """The marker at a place, and the place behind it."""
    if content[place] != 0xFF:
        raise DamagedError("it is torn")
    while content[place] == 0xFF:
        place += 1
    return content[place], place + 1


def _end_of_scan(content: bytes, place: int) -> int:
    """Where the data of a scan end: at the first marker in them."""
    end = content.find(b"\xff\xd9", place)
    if end < 0:
        raise DamagedError("it is cut off")
    # In data 0xff is never before these: a quick look for what may stand between two scans.
    if all(content.find(marker, place, end) < 0 for marker in _BETWEEN):
        return end
    found = _NEXT_MARKER.search(content, place)
    assert found
    return found.start()


_BETWEEN = tuple(bytes((0xFF, last)) for last in (0xC4, 0xDA, 0xDB, 0xDC, 0xDD, 0xE1, 0xED, 0xFE))


def _png(content: bytes) -> Cleaned:
    kept = [content[:8]]
    turned, moves = 1, False
    for kind, chunk in _chunks(content):
        if kind == b"eXIf":
            turned = _orientation(chunk[8:-4])
            if turned != 1:
                body = kind + _turned(turned)
                kept.append(struct.pack(">I", len(body) - 4) + body + struct.pack(">I", _crc(body)))
        elif kind in _DRAWN:
            kept.append(chunk)
        moves = moves or kind == b"acTL"
    return Cleaned("png", b"".join(kept), moves, lossless=True, sideways=turned > 4)


_DRAWN = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD pHYs acTL fcTL fdAT"
    b"".split()
)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG up to its end."""
    place = 8
    kind = b""
    while kind != b"IEND":
        length = int.from_bytes(_taken(content, place, 4), "big")
        chunk = _taken(content, place, length + 12)
        kind = chunk[4:8]
        if _crc(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            raise DamagedError("it is torn")
        yield kind, chunk
        place += length + 12


_crc = zlib.crc32


def _gif(content: bytes) -> Cleaned:
    place = 13 + _colours(content[10])
    kept = [_taken(content, 0, place)]
    pictures = 0
    while (kind := content[place]) != 0x3B:
        start = place
        if kind == 0x2C:
            pictures += 1
            place += 10
            place += _colours(content[place - 1]) + 1
        elif kind == 0x21:
            place += 2
        else:
            raise DamagedError("it is torn")
        name = content[place + 1 : place + 12]
        while content[place]:
            place += content[place] + 1
        place += 1
        spoken = kind == 0x21 and content[start + 1] in (0xFE, 0xFF)
        if not spoken or name in (b"NETSCAPE2.0", b"ANIMEXTS1.0"):
            kept.append(content[start:place])
    return Cleaned("gif", b"".join([*kept, b"\x3b"]), pictures > 1, lossless=True)


def _colours(flags: int) -> int:
    """The size of a GIF's table of colours."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(content: bytes) -> Cleaned:
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise DamagedError("it is cut off")
    kept: list[bytes] = []
    place = 12
    while place + 8 <= end:
        kind = content[place : place + 4]
        length = int.from_bytes(content[place + 4 : place + 8], "little")
        chunk = _taken(content, place, 8 + length + length % 2)
        place += len(chunk)
        if kind in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"):
            kept.append(chunk)
    if not kept:
        raise DamagedError("it holds no picture")
    if kept[0].startswith(b"VP8X"):
        # Without Exif and XMP data. Which side is up is left out, too: no browser looks.
        kept[0] = kept[0][:8] + bytes((kept[0][8] & ~0x0C,)) + kept[0][9:]
    body = b"WEBP" + b"".join(kept)
    kinds = {chunk[:4] for chunk in kept}
    content = b"RIFF" + struct.pack("<I", len(body)) + body
    moves, lossless = b"ANIM" in kinds, b"VP8L" in kinds
    return Cleaned("webp", content, moves, lossless)


def _orientation(exif: bytes) -> int:
    """Which way a picture is turned, 1 to 8, as its Exif data say; 1 if they do not."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (place,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, place)
        for entry in range(min(count, 200)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, place + 2 + 12 * entry)
            if tag == 0x0112 and kind == 3:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _turned(orientation: int) -> bytes:
    """Exif data that say nothing else."""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def _taken(content: bytes, place: int, length: int) -> bytes:
    taken = content[place : place + length]
    if len(taken) < length:
        raise DamagedError("it is cut off")
    return taken
