"""AVIF and HEIC files: boxes in boxes, whose metadata are items with a place in the file.

In: such a file. Out: its size; the same with nothing in the place of Exif and XMP data.
Promise: no byte moves, so the picture is what it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def without_items(content: bytes) -> bytes:
    """The file with its metadata overwritten; raises IndexError if it is cut off."""
    boxes = {kind: (start, end) for kind, start, end in _boxes(content, 0, len(content))}
    if b"meta" not in boxes:
        return content
    start, end = boxes[b"meta"]
    inner = {kind: place for kind, *place in _boxes(content, start + 4, end)}
    if b"iinf" not in inner or b"iloc" not in inner:
        return content
    told = {number for number, kind in _items(content, *inner[b"iinf"]) if kind in _METADATA}
    data = inner.get(b"idat", (0, 0))[0]
    wiped = bytearray(content)
    for number, places in _extents(content, *inner[b"iloc"], data=data).items():
        for offset, length in places if number in told else ():
            if offset + length > len(content):
                raise IndexError
            # Readers of Exif data expect at least a table, if one without entries.
            wiped[offset : offset + length] = _EMPTY[:length].ljust(length, b"\0")
    return bytes(wiped)


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height of the largest picture, the right side up; zeros if there is none."""
    place: tuple[int, int] = (0, len(content))
    for wanted in (b"meta", b"iprp", b"ipco"):
        boxes = {kind: (start, end) for kind, start, end in _boxes(content, *place)}
        if wanted not in boxes:
            return 0, 0
        start, end = boxes[wanted]
        place = (start + 4 if wanted == b"meta" else start, end)
    properties = list(_boxes(content, *place))
    sizes = [
        (_number(content, start + 4, 4), _number(content, start + 8, 4))
        for kind, start, _ in properties
        if kind == b"ispe"
    ]
    width, height = max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
    turned = any(kind == b"irot" and content[start] & 1 for kind, start, _ in properties)
    return (height, width) if turned else (width, height)


_EMPTY = b"\0\0\0\0MM\0*\0\0\0\x08"
_METADATA = (b"Exif", b"mime", b"uri ")


def _boxes(content: bytes, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each box, and where what it holds begins and ends."""
    while place + 8 <= end:
        size, kind = _number(content, place, 4), content[place + 4 : place + 8]
        start = place + 8
        if size == 1:
            size, start = _number(content, start, 8), start + 8
        size = size or end - place
        if size < start - place or place + size > end:
            raise IndexError
        yield kind, start, place + size
        place += size


def _items(content: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Number and kind of each item."""
    wide = content[start] > 0
    for kind, place, _ in _boxes(content, start + (8 if wide else 6), end):
        if kind == b"infe" and content[place] >= 2:
            width = 2 if content[place] == 2 else 4
            number = _number(content, place + 4, width)
            name = place + 6 + width
            yield number, content[name : name + 4]


def _extents(
    content: bytes, start: int, end: int, *, data: int
) -> Mapping[int, list[tuple[int, int]]]:
    """For each item where its parts are: offset in the file, and length."""
    version = content[start]
    sizes = content[start + 4], content[start + 5]
    offset, length, base = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index = sizes[1] & 15 if version else 0
    width = 2 if version < 2 else 4
    count, place = _number(content, start + 6, width), start + 6 + width
    found: dict[int, list[tuple[int, int]]] = {}
    for _ in range(count):
        if place >= end:
            raise IndexError
        item, place = _number(content, place, width), place + width
        method = 0
        if version:
            method, place = _number(content, place, 2) & 15, place + 2
        first, place = _number(content, place + 2, base), place + 2 + base
        parts, place = _number(content, place, 2), place + 2
        first += data if method == 1 else 0
        for _ in range(parts):
            place += index
            at, place = _number(content, place, offset), place + offset
            size, place = _number(content, place, length), place + length
            if method < 2:
                found.setdefault(item, []).append((first + at, size))
    return found


def _number(content: bytes, place: int, size: int) -> int:
    if place + size > len(content):
        raise IndexError
    return int.from_bytes(content[place : place + size], "big")
