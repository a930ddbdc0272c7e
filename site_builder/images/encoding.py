"""Smaller images of one that is large.

In: the bytes of a picture, and which files are to be made of it. Out: their bytes. Promise: the
same picture gives the same bytes, none has more of them than it, none says more than it shows, and
colours are those of sRGB, which every screen is taken for.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import PIL
from PIL import Image, ImageCms, ImageOps

from site_builder.images.cleaning import DamagedError, cleaned
from site_builder.images.sizes import MOST, ImageFile

MAKER = f"1, Pillow {PIL.__version__}"
"""What makes these bytes: another version may make others."""
_QUALITIES = (82, 70, 55, 40)
Image.MAX_IMAGE_PIXELS = MOST


def encoded(
    content: bytes, files: Sequence[ImageFile], *, drawn: bool
) -> Mapping[ImageFile, bytes]:
    """Make all files of a picture, which is opened once; raises DamagedError.

    `drawn` are pictures that were saved without loss, such as screenshots: so are those made of
    them, where that takes fewer bytes.
    """
    largest = max(files, key=lambda file: file.width)
    try:
        picture = opened(content, (largest.width, largest.height))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DamagedError(str(error) or "it cannot be read") from None
    made = {file: _encoded(picture, file, drawn, len(content)) for file in files}
    for file in files:  # a drawing may take more bytes when it is smaller, having more colours
        if file.format == "png" and len(made[file]) > len(content):
            made[file] = cleaned(content).content
    return made


def opened(content: bytes, least: tuple[int, int] | None = None) -> Image.Image:
    """A picture in sRGB, its right side up; at `least` so large, if pixels can be left unread."""
    with Image.open(io.BytesIO(content)) as image:
        if least and image.format == "JPEG":
            turned = image.getexif().get(0x0112, 1) > 4
            image.draft(None, least[::-1] if turned else least)
        image.load()
        profile = image.info.get("icc_profile")
        # As browsers do, which do not look at what WebP files say of it. In place: a large
        # picture is not in memory twice for nothing.
        if image.format != "WEBP":
            ImageOps.exif_transpose(image, in_place=True)
        return _in_srgb(image, profile)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 bits for each pixel
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    clear = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    if image.mode == "P" or (clear and image.mode != "LA"):
        image = image.convert("RGBA" if clear else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            mode = "RGBA" if image.mode == "RGBA" else "RGB"
            target = ImageCms.createProfile("sRGB")
            made = ImageCms.profileToProfile(image, source, target, outputMode=mode)
            image = made or image
        except (ImageCms.PyCMSError, OSError):
            pass  # a profile that nobody can read, browsers neither
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        image = image.convert("RGB")
    image.info = {}
    return image


def _encoded(picture: Image.Image, file: ImageFile, drawn: bool, most: int) -> bytes:
    size = (file.width, file.height)
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if file.format == "png":
        return _saved(picture, "PNG", compress_level=9)
    if file.format == "jpeg":
        flat = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
        return _fitting(
            lambda q: _saved(flat, "JPEG", quality=q, progressive=True, optimize=True), most
        )
    if picture.mode in ("L", "LA"):
        picture = picture.convert("RGBA" if picture.mode == "LA" else "RGB")
    if file.format == "avif":
        return _fitting(
            lambda q: _saved(picture, "AVIF", quality=q - 15, speed=6, max_threads=1), most
        )
    if drawn:
        lossless = _saved(picture, "WEBP", lossless=True, quality=70, method=4)
        lossy = _saved(picture, "WEBP", quality=90, method=4)
        best = min(lossless, lossy, key=len)
        if len(best) <= most:
            return best
    return _fitting(lambda q: _saved(picture, "WEBP", quality=q, method=4), most)


def _fitting(make: Callable[[int], bytes], most: int) -> bytes:
    """The best that is not larger than the picture that it is made of."""
    made = b""
    for quality in _QUALITIES:
        made = make(quality)
        if len(made) <= most:
            break
    return made


def _saved(picture: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_, **options)
    return buffer.getvalue()
