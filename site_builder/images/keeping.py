"""Images that are made once: all of one picture together, and then kept.

In: a picture by its digest, and the file that is wanted. Out: its bytes, from the store or made
now. Promise: what is found is what would be made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from site_builder.images.sizes import ImageFile, ImageFiles
from site_builder.model.post import Raster
from site_builder.store import Store, digest_of

IMAGES = "images"
_LARGE = 40_000_000  # pixels; only one picture of that size is in memory at a time
_one_large = threading.Lock()
_one_store = threading.Lock()


def image_key(digest: str, file: ImageFile, raster: Raster) -> str:
    """The digest of all that an image is made of; that of the picture is `digest`."""
    # Late: it imports Pillow, which posts without pictures do not need.
    from site_builder.images.encoding import MAKER

    made_of = (MAKER, digest, file.format, file.width, file.height, raster.lossless)
    return digest_of(repr(made_of).encode())


def kept_image(
    store: Store,
    digest: str,
    read: Callable[[], bytes],
    wanted: ImageFile,
    files: ImageFiles,
    raster: Raster,
) -> bytes:
    """One of the files of a picture that `read` gives; raises DamagedError."""
    found = _found(store, image_key(digest, wanted, raster))
    if found is not None:
        return found
    from site_builder.images.encoding import encoded

    content = read()
    if raster.width * raster.height > _LARGE:
        with _one_large:
            made = encoded(content, files.made, drawn=raster.lossless)
    else:
        made = encoded(content, files.made, drawn=raster.lossless)
    with _one_store:
        for file, image in made.items():
            store.remember(IMAGES, image_key(digest, file, raster), store.put(image))
    return made[wanted]


def _found(store: Store, key: str) -> bytes | None:
    known = (store.get(digest) for digest in store.remembered(IMAGES, key))
    return next((content for content in known if content is not None), None)
