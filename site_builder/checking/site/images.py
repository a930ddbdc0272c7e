"""Images: those that tell nothing to who cannot see them, and those that are a burden.

In: a made site. Out: flaws. Promise: images that are not there are told of as links are; those that
Markdown and cells show without a text, a build warns of.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote

from site_builder.checking.site.flaws import Flaw
from site_builder.checking.site.links import Targets
from site_builder.checking.site.look import Picture
from site_builder.checking.site.made import MadeSite
from site_builder.words.words import words_for

HEAVY = 1_000_000  # bytes
WASTED = 300_000  # bytes of an image that is worth making smaller
SHARP = 2.5  # pixels of an image for each of the page, beyond which nobody sees more
WIDEST = 1200  # CSS pixels of the widest column of text and figures


def image_flaws(made: MadeSite, targets: Targets) -> Iterator[Flaw]:
    """Look at the images of every page."""
    sizes = _Sizes(made)
    languages = {located.page.front_matter.lang for located in made.posts.values()}
    own, default = made.site.words, made.site.settings.language
    untold = {words_for(own, language or default).unnamed_figure for language in languages}
    for path, look in made.looks.items():
        page = made.url(path)
        for picture in look.pictures:
            try:
                inside = targets.inside(picture.address, page)
            except ValueError:
                inside = None
            file = inside.path if inside is not None else ""
            # Nobody wrote the text of such a figure: a build warns of its cell.
            if picture.alt not in untold or not sizes.is_drawn(file):
                yield from _of_text(path, picture)
            if file:
                yield from _of_size(path, picture, *sizes.of(file))


def _of_text(page: str, picture: Picture) -> Iterator[Flaw]:
    if picture.decoration:
        return
    named = f"the image {_clipped(picture.address)!r}"
    if picture.alt is None:
        message = f"{named} has no text for those who cannot see it"
        help_ = 'say what it shows in alt="…"; alt="" marks a decoration'
        yield Flaw("I102", message, page, _written(picture), help=help_)
    elif is_silly(picture.alt, picture.address):
        message = f"{named} is described as {picture.alt!r}, which tells nothing"
        help_ = "say what it shows to those who cannot see it"
        yield Flaw("I103", message, page, (picture.alt, *_written(picture)), help=help_)


_FILE = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|avif|bmp|tiff?)", re.IGNORECASE)
_CAMERA = re.compile(
    r"(?:IMG|DSC|DSCN|PXL|screenshot|image|figure|photo)[-_ ]?[\d_-]+", re.IGNORECASE
)
_EMPTY_WORDS = frozenset(
    [
        "image",
        "picture",
        "photo",
        "photograph",
        "figure",
        "screenshot",
        "graph",
        "plot",
        "chart",
        "diagram",
        "drawing",
        "img",
        "pic",
        "alt",
        "untitled",
        "todo",
        "tbd",
        "bild",
        "foto",
        "grafik",
        "abbildung",
        "imagen",
        "figura",
        "immagine",
    ]
)


def is_silly(alt: str, address: str) -> bool:
    """Whether the text of an image is the name of a file, or names nothing but the kind."""
    text = alt.strip().strip(".:!").casefold()
    stem = PurePosixPath(unquote(address)).name.partition(".")[0].casefold()
    words = re.sub(r"\A(?:an?|the|this|my) ", "", text)
    return (
        words in _EMPTY_WORDS
        or _FILE.fullmatch(alt.strip()) is not None
        or _CAMERA.fullmatch(text) is not None
        # A name of several words that are joined is a file's, not a description.
        or (text == stem and bool(re.search(r"[-_\d]", text)))
    )


class _Sizes:
    """The sizes of the author's images: bytes, and pixels from side to side."""

    def __init__(self, made: MadeSite) -> None:
        self._made = made
        self._attachments = made.attachments()
        self._known: dict[str, tuple[int, int]] = {}

    def is_drawn(self, path: str) -> bool:
        """Whether a cell made the image of this path."""
        made = self._made
        return path in made.files and path not in self._attachments and path not in made.static

    def of(self, path: str) -> tuple[int, int]:
        """Zeros for what is not the author's, or not known."""
        if path not in self._known:
            self._known[path] = self._look(path)
        return self._known[path]

    def _look(self, path: str) -> tuple[int, int]:
        # Late: half of all sites have no image.
        import imagesize

        try:
            if attachment := self._attachments.get(path):
                if attachment.raster and not attachment.raster.moves:
                    return 0, 0  # the site has smaller ones of it
                file = self._made.site.root / attachment.path
                return file.stat().st_size, imagesize.get(str(file))[0]
            if content := self._made.static.get(path):
                return len(content), imagesize.get(io.BytesIO(content))[0]
        except (OSError, ValueError):
            pass
        return 0, 0


def _of_size(page: str, picture: Picture, size: int, width: int) -> Iterator[Flaw]:
    named = f"the image {_clipped(picture.address)!r}"
    shown = min(picture.width or width, WIDEST)
    is_drawing = picture.address.partition("?")[0].endswith(".svg")
    if size > WASTED and shown and width > SHARP * shown and not is_drawing:
        message = f"{named} is {width} pixels wide and {shown} at most on the page"
        help_ = f"make it {2 * shown} pixels wide: it has {size / 1e6:.1f} MB"
        yield Flaw("I105", message, page, _written(picture), help=help_)
    elif size > HEAVY:
        message = f"{named} has {size / 1e6:.1f} MB, which readers have to wait for"
        help_ = "save it smaller, or as WebP or AVIF"
        yield Flaw("I104", message, page, _written(picture), help=help_)


def _written(picture: Picture) -> tuple[str, ...]:
    name = unquote(picture.address.rpartition("/")[2])
    return tuple(filter(None, (picture.address, name, name.partition(".")[0])))


def _clipped(address: str) -> str:
    return address if len(address) <= _LONGEST else address[:_LONGEST] + "…"


_LONGEST = 60
