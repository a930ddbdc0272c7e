"""The files that an author put beside a post, as they are published.

In: an attachment and what gives its content. Out: recipes. Promise: a file of data is published
byte for byte; an image without what it says beside its picture; what acts in an SVG not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from site_builder.content.positions import problem_at
from site_builder.errors import ContentError
from site_builder.images.sizes import ALONE, ImageFile, image_files
from site_builder.model.files import Recipe
from site_builder.model.post import Attachment, Source
from site_builder.store import digest_of

if TYPE_CHECKING:
    from site_builder.assembly.outputs import Contents

_IMAGES = frozenset(
    (".apng", ".avif", ".gif", ".heic", ".heif", ".jfif", ".jpeg", ".jpg", ".png", ".svg", ".webp")
)
_CLEANED = "cleaned 1 "


def suffixes(attachment: Attachment) -> tuple[str, ...]:
    """What follows an attachment's address in those of the files made of it beside its own."""
    if attachment.raster is None:
        return ()
    files = image_files(attachment.raster, whole=attachment.linked)
    return tuple(dict.fromkeys(file.suffix for file in files.made if file.suffix))


def attachment_recipes(
    path: str, source: Source, attachment: Attachment, digest: str, contents: Contents
) -> Iterator[Recipe]:
    """Recipes of an attachment at a path of the site, and of the files made of it.

    `digest` is that of the author's file, `source` the post that shows it.
    """
    read = partial(contents.read, attachment.path)
    raster = attachment.raster
    files = image_files(raster, whole=attachment.linked) if raster else ALONE
    if files.own is None and PurePosixPath(attachment.path).suffix.lower() in _IMAGES:
        made_of = digest_of((_CLEANED + digest).encode())
        yield Recipe(path, made_of, lambda: _cleaned(attachment.path, read()))
    elif files.own is None:
        yield Recipe(path, digest, read)
    if raster is None or not files.made:
        return
    # Late: it imports Pillow.
    from site_builder.images.keeping import image_key

    for file in files.made:
        made_of = image_key(digest, file, raster)
        batch = image_key(digest, files.made[0], raster)
        make = partial(_made, source, attachment, file, contents)
        yield Recipe(path + file.suffix, made_of, make, batch)


def _cleaned(path: str, content: bytes) -> bytes:
    # Late: half of all posts have no image of their own.
    from site_builder.images.cleaning import DamagedError, cleaned
    from site_builder.images.svg import cleaned_svg

    try:
        if path.lower().endswith(".svg"):
            return cleaned_svg(content).content
        return cleaned(content).content
    except DamagedError:  # a file that the post only links to
        return content


def _made(source: Source, attachment: Attachment, file: ImageFile, contents: Contents) -> bytes:
    from site_builder.images.cleaning import DamagedError

    try:
        return contents.image(attachment, file)
    except DamagedError as error:
        message = f"image {attachment.path!r} is damaged: {error}"
        problem = problem_at(source, attachment.line, message, "save it again", code="I004")
        raise ContentError(problem) from None
