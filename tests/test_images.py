"""Images beside posts: what readers get of them, and what they say beside their picture."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from site_builder.build import Options, build
from site_builder.errors import ContentError
from site_builder.images.cleaning import DamagedError, cleaned, kind_of
from site_builder.images.encoding import encoded
from site_builder.images.looking import UnfitError, look
from site_builder.images.sizes import LARGEST, SMALL, ImageFile, image_files
from site_builder.images.svg import cleaned_svg
from site_builder.model.post import Raster
from site_builder.settings.site import load_site

SECRET = b"52.5200 N, at home"


def photo(width: int, height: int) -> Image.Image:
    """A picture with as many details as a photograph."""
    noise = Image.effect_noise((max(1, width // 8), max(1, height // 8)), 90)
    grey = noise.resize((width, height), Image.Resampling.BICUBIC)
    ramp = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (grey, ramp, ramp.transpose(Image.Transpose.ROTATE_180)))


def screenshot(width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), "white")
    for place in range(0, width, 40):
        image.paste((place % 256, 40, 90), (place, place % height, place + 21, place % height + 9))
    return image


def exif(orientation: int = 1) -> bytes:
    data = Image.Exif()
    data[0x010E] = SECRET.decode()
    data[0x0112] = orientation
    return data.tobytes()


def saved(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def raster_of(content: bytes, name: str = "a.jpg") -> Raster:
    raster = look(name, content).raster
    assert raster
    return raster


# What an image says beside its picture.

SMALL_PHOTO = photo(96, 64)
SPEAKING: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: saved(SMALL_PHOTO, "JPEG", exif=exif(), comment=SECRET),
    "progressive": lambda: saved(SMALL_PHOTO, "JPEG", exif=exif(), progressive=True),
    "png": lambda: saved(SMALL_PHOTO, "PNG", exif=exif(), pnginfo=_note()),
    "webp": lambda: saved(SMALL_PHOTO, "WEBP", exif=exif(), xmp=SECRET),
    "lossless": lambda: saved(SMALL_PHOTO, "WEBP", exif=exif(), lossless=True),
    "avif": lambda: saved(SMALL_PHOTO, "AVIF", exif=exif(), xmp=SECRET),
    "gif": lambda: saved(SMALL_PHOTO, "GIF", comment=SECRET),
}


def _note() -> PngInfo:
    note = PngInfo()
    note.add_text("Author", SECRET.decode())
    note.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    return note


@pytest.mark.parametrize("name", SPEAKING)
def test_what_an_image_says_is_left_out_and_its_pixels_are_not(name: str) -> None:
    content = SPEAKING[name]()
    assert SECRET in content
    clean = cleaned(content).content
    assert SECRET not in clean
    assert opened(clean).tobytes() == opened(content).tobytes()
    assert cleaned(clean).content == clean


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_an_image_that_says_nothing_stays_byte_for_byte(format_: str) -> None:
    content = saved(SMALL_PHOTO, format_)
    assert cleaned(content).content == content


def test_what_is_hidden_behind_the_end_of_a_picture_is_left_out() -> None:
    for format_ in ("JPEG", "PNG", "WEBP", "GIF"):
        content = saved(SMALL_PHOTO, format_)
        assert cleaned(content + SECRET).content == content, format_


def test_a_turned_photograph_stays_turned() -> None:
    for format_ in ("JPEG", "PNG"):
        content = saved(SMALL_PHOTO, format_, exif=exif(6))
        clean = opened(cleaned(content).content)
        assert dict(clean.getexif()) == {0x0112: 6}
        assert look(f"a.{format_.lower()}", content).width == 64


def test_a_colour_profile_stays() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for format_ in ("JPEG", "PNG", "WEBP"):
        content = saved(SMALL_PHOTO, format_, icc_profile=profile, exif=exif())
        assert opened(cleaned(content).content).info["icc_profile"] == profile, format_


def test_an_animation_still_moves() -> None:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue", "white")]
    for format_ in ("GIF", "PNG", "WEBP"):
        content = saved(frames[0], format_, save_all=True, append_images=frames[1:])
        clean = cleaned(content)
        assert clean.moves
        assert opened(clean.content).n_frames == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["jpeg", "progressive", "png", "webp", "avif", "gif"])
def test_a_file_that_is_cut_off_is_damaged(name: str) -> None:
    content = SPEAKING[name]()
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(DamagedError):
            cleaned(content[: int(len(content) * share)])


def test_a_torn_png_is_damaged() -> None:
    content = bytearray(saved(SMALL_PHOTO, "PNG"))
    content[len(content) // 2] ^= 1
    with pytest.raises(DamagedError, match="torn"):
        cleaned(bytes(content))


def test_any_bytes_are_an_image_or_damaged_or_neither() -> None:
    for name, make in SPEAKING.items():
        content = make()
        for place in range(0, min(len(content), 400), 3):
            for value in (0, 255):
                changed = content[:place] + bytes((value,)) + content[place + 1 :]
                try:
                    cleaned(changed)
                except DamagedError as error:
                    assert str(error), name


def test_a_file_is_what_its_first_bytes_say() -> None:
    assert kind_of(saved(SMALL_PHOTO, "AVIF")) == "avif"
    assert kind_of(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1") == "heic"
    assert kind_of(b"<svg") == ""


# Which files are made.


def test_a_small_image_stays_one_file() -> None:
    assert image_files(Raster("png", 1500, 900, SMALL), whole=False).made == ()
    assert image_files(Raster("gif", 1500, 900, 9 * SMALL, moves=True), whole=False).made == ()


@pytest.mark.parametrize("width", [300, 801, 900, 1300, 1599, 1700, 4000])
def test_no_file_is_larger_than_the_picture(width: int) -> None:
    files = image_files(Raster("jpeg", width, width, 10_000_000), whole=False)
    assert files.choice
    assert all(file.width <= width for file in files.made)
    assert [x.width for x in files.choice] == sorted({x.width for x in files.choice})
    assert files.choice[-1].width == min(width, 1600)


def test_a_picture_that_is_linked_to_keeps_its_pixels() -> None:
    huge = Raster("jpeg", 10_000, 10_000, 20_000_000)
    assert image_files(huge, whole=True).own is None
    own = image_files(huge, whole=False).own
    assert own
    assert own.width * own.height <= LARGEST


def test_files_of_different_kinds_have_different_names() -> None:
    for format_ in ("jpeg", "png", "webp", "avif"):
        files = image_files(Raster(format_, 3000, 2000, 9_000_000), whole=False)
        suffixes = [file.suffix for file in files.made]
        assert len(set(suffixes)) == len(suffixes)


# How they are made.


def made(content: bytes, name: str = "a.jpg") -> dict[ImageFile, bytes]:
    raster = raster_of(content, name)
    files = image_files(raster, whole=False).made
    return dict(encoded(content, files, drawn=raster.lossless))


def test_files_are_as_large_as_they_say_and_say_nothing_else() -> None:
    content = saved(photo(2400, 1800), "JPEG", quality=95, exif=exif(6))
    files = made(content)
    assert {file.suffix for file in files} == {".1600w.jpg", ".800w.webp", ".1600w.webp"}
    for file, image in files.items():
        assert opened(image).size == (file.width, file.height)
        assert SECRET not in image
        assert not dict(opened(image).getexif())
        assert len(image) < len(content)


def test_files_of_a_screenshot_are_not_larger_than_it() -> None:
    content = saved(screenshot(2000, 1200), "PNG", optimize=True) + bytes(SMALL)
    files = made(content, "a.png")
    assert all(len(image) <= len(content) for image in files.values())


def test_a_drawing_that_is_kept_whole_loses_nothing() -> None:
    picture = screenshot(700, 500)
    content = saved(picture, "BMP")
    (image,) = made(content, "a.bmp").values()
    assert opened(image).convert("RGB").tobytes() == picture.tobytes()
    assert len(image) < len(content) / 20


def test_colours_become_those_of_every_screen() -> None:
    lab = ImageCms.createProfile("XYZ")
    profile = ImageCms.ImageCmsProfile(lab).tobytes()
    content = saved(photo(1000, 700), "JPEG", quality=95, icc_profile=profile)
    for image in made(content).values():
        assert "icc_profile" not in opened(image).info


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_every_mode_of_pixels_can_be_shown(mode: str) -> None:
    picture = photo(1000, 600)
    if mode == "I;16":
        grey = picture.convert("L")
        wide = b"".join(bytes((0, value)) for value in grey.tobytes())
        picture = Image.frombytes("I;16", grey.size, wide)
    else:
        picture = picture.convert(mode)
    format_ = "JPEG" if mode == "CMYK" else "PNG"
    content = saved(picture, format_) + (bytes(SMALL) if mode == "1" else b"")
    for image in made(content, f"a.{format_.lower()}").values():
        grey = opened(image).convert("L")
        low, high = grey.getextrema()
        assert high - low > 100  # type: ignore[operator]


def test_the_same_picture_gives_the_same_bytes() -> None:
    content = saved(photo(1200, 900), "JPEG", quality=95)
    assert made(content) == made(content)


def test_a_picture_whose_pixels_are_damaged_is_told() -> None:
    with pytest.raises(DamagedError):
        made(torn_within(photo(1200, 900)), "a.png")


def test_what_browsers_do_not_show_is_told() -> None:
    for format_ in ("TIFF",):
        with pytest.raises(UnfitError, match=format_):
            look("a.png", saved(SMALL_PHOTO, format_))


def test_a_picture_of_too_many_pixels_is_never_opened() -> None:
    head = bytearray(saved(Image.new("1", (8, 8)), "PNG"))
    head[16:24] = (60_000).to_bytes(4, "big") * 2
    head[29:33] = zlib.crc32(head[12:29]).to_bytes(4, "big")
    with pytest.raises(UnfitError, match="200 millions"):
        look("bomb.png", bytes(head))


# SVG.

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def drawing(inside: str, attributes: str = "") -> bytes:
    return f"<svg {NAMESPACE}{attributes}><path d='M0 0h9'/>{inside}</svg>".encode()


@pytest.mark.parametrize(
    "acting",
    [
        "<script>alert(1)</script>",
        "<script href='x.js'/>",
        "<x:script xmlns:x='http://www.w3.org/2000/svg'>1</x:script>",
        "<a href='javascript:alert(1)'><text>a</text></a>",
        "<a xlink:href='&#106;ava&#10;script:alert(1)'><text>a</text></a>",
        "<a href='data:text/html,x'><text>a</text></a>",
        "<path onclick='alert(1)' d='M0 0'/>",
        "<set attributeName='xlink:href' to='javascript:alert(1)'/>",
        "<animate attributeName='onload' values='alert(1)'/>",
        "<use href='https://example.com/a.svg#b'/>",
        "<image href='//example.com/a.png'/>",
        "<image href='data:image/svg+xml,x'/>",
        "<style>@import url(https://example.com/a.css);</style>",
        "<style>path { fill: url('https://example.com/a.svg#b') }</style>",
        "<path style='fill: url(https://example.com/#a)' d='M0 0'/>",
        "<foreignObject><iframe xmlns='http://www.w3.org/1999/xhtml' src='x'/></foreignObject>",
        "<foreignObject><b xmlns='http://www.w3.org/1999/xhtml' onclick='x'>b</b></foreignObject>",
        "<?xml-stylesheet href='https://example.com/a.css'?>",
    ],
)
def test_what_acts_in_an_svg_is_left_out(acting: str) -> None:
    clean = cleaned_svg(drawing(acting))
    assert clean.removed
    for word in (b"alert", b"example.com", b"script", b"iframe", b"data:", b"onclick", b"@import"):
        assert word not in clean.content
    assert b"<path d='M0 0h9'/>" in clean.content
    assert cleaned_svg(clean.content).removed == ()


@pytest.mark.parametrize(
    "harmless",
    [
        "<a href='https://example.com/'><text>a &lt; b</text></a>",
        "<use href='#a'/><use xlink:href='#b'/>",
        "<image href='data:image/png;base64,AAAA'/>",
        "<style>path { fill: url(#g); font: 1px x } /* > */</style>",
        "<animate attributeName='x' values='1;2'/>",
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>Words</p></foreignObject>",
        "<text>javascript: onclick='no'</text><!-- <script> --><![CDATA[<script>]]>",
    ],
)
def test_what_is_harmless_in_an_svg_stays_byte_for_byte(harmless: str) -> None:
    content = b"<?xml version='1.0'?>\n<!-- made by hand -->\n" + drawing(harmless)
    assert cleaned_svg(content).content == content


def test_an_svg_in_another_code_is_cleaned_too() -> None:
    text = f'<?xml version="1.0" encoding="utf-16"?><svg {NAMESPACE}><script>1</script></svg>'
    clean = cleaned_svg(text.encode("utf-16"))
    assert clean.removed == ("a script",)
    assert b"script" not in clean.content


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ('width="100" height="50.4px"', (100, 50)),
        ('width="10mm" height=".5in"', (38, 48)),
        ('viewBox="0 0 600 400"', (600, 400)),
        ('width="100%" height="100%" viewBox="-9,-9,60.4,40"', (60, 40)),
        ('width="50" viewBox="0 0 100 200"', (50, 100)),
        ('height="1em" width="2em" viewBox="0 0 4 2"', (4, 2)),
        ('width="0.3" height="0.2"', (1, 1)),
        ("", (0, 0)),
        ('width="nan" height="5"', (0, 0)),
        ('width="1e400" height="2"', (0, 0)),
        ('width="-3" height="4"', (0, 0)),
        ('viewBox="0 0 -4 -5"', (0, 0)),
        ('viewBox="0 0 nan 5"', (0, 0)),
    ],
)
def test_a_drawing_has_the_size_of_its_root_and_not_of_what_is_in_it(
    root: str, size: tuple[int, int]
) -> None:
    inside = '<rect width="9" height="8"/>'
    content = f"<?xml version='1.0'?><!-- width='7' --><svg {NAMESPACE} {root}>{inside}</svg>"
    seen = look("x.svg", content.encode())
    assert (seen.width, seen.height) == size
    assert all(isinstance(x, int) for x in (seen.width, seen.height))


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"<svg>",
        b"<html></html>",
        b"\x89PNG",
        b'<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
        b'<!DOCTYPE svg [<!ENTITY a "&#60;script>1&#60;/script>">]><svg>&a;</svg>',
        b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>',
    ],
)
def test_what_is_no_svg_or_a_bomb_is_refused(broken: bytes) -> None:
    with pytest.raises(DamagedError):
        cleaned_svg(broken)


# Whole sites.


class Blog:
    """A site whose posts show images."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        (folder / "posts" / "a").mkdir(parents=True)
        self.write("site.toml", b'title = "T"\nurl = "https://example.org/b/"\nsearch = false\n')

    def write(self, path: str, content: bytes) -> None:
        (self.root / path).write_bytes(content)

    def post(self, body: str, name: str = "a/index", front: str = "") -> None:
        text = f"---\ntitle: A\ndate: 2026-01-01\n{front}---\n\n{body}\n"
        self.write(f"posts/{name}.md", text.encode())

    def build(self) -> tuple[str, ...]:
        """The files that were written anew."""
        options = Options(self.root / "public", 2, cache=self.root / ".cache")
        return build(load_site(self.root), options).written.written

    def published(self, path: str) -> bytes:
        return (self.root / "public" / path).read_bytes()

    def page(self, path: str = "a") -> str:
        return self.published(f"{path}/index.html").decode()


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path)


def test_readers_get_small_files_of_a_large_photograph(blog: Blog) -> None:
    content = saved(photo(3000, 2000), "JPEG", quality=95, exif=exif())
    blog.write("posts/a/me.jpg", content)
    blog.post("![Me at home](me.jpg){#fig-me}")
    blog.build()
    page = blog.page()
    (choice,) = re.findall(r'srcset="([^"]*)"', page)
    assert choice == "me.jpg.800w.webp 800w, me.jpg.1600w.webp 1600w"
    assert '<a href="me.jpg"><img src="me.jpg.1600w.jpg" alt="Me at home" width="3000"' in page
    assert "sizes=" in page
    for path in (blog.root / "public" / "a").glob("me.jpg*"):
        assert SECRET not in path.read_bytes()
    assert opened(blog.published("a/me.jpg")).size == (3000, 2000)
    feed = blog.published("feed.xml").decode()
    assert "https://example.org/b/a/me.jpg.1600w.jpg" in feed
    assert "srcset" not in feed


def test_a_photograph_that_is_only_linked_to_tells_nothing_either(blog: Blog) -> None:
    content = saved(SMALL_PHOTO, "JPEG", exif=exif())
    blog.write("posts/a/me.jpg", content)
    blog.write("posts/a/data.csv", SECRET)
    blog.post("[Me](me.jpg) and [data](data.csv).")
    blog.build()
    assert SECRET not in blog.published("a/me.jpg")
    assert blog.published("a/data.csv") == SECRET


def test_images_are_made_once(blog: Blog) -> None:
    blog.write("posts/a/me.jpg", saved(photo(1700, 900), "JPEG", quality=95))
    blog.post("![Me](me.jpg)")
    blog.post("![Me](a/me.jpg)", "other")
    assert "other/a/me.jpg.800w.webp" in blog.build()
    assert blog.published("a/me.jpg.800w.webp") == blog.published("other/a/me.jpg.800w.webp")
    blog.post("![Me](me.jpg) again")
    assert not [path for path in blog.build() if "me.jpg" in path]
    blog.write("posts/a/me.jpg", saved(photo(1700, 800), "JPEG", quality=95))
    assert "a/me.jpg.800w.webp" in blog.build()


def torn_within(picture: Image.Image) -> bytes:
    """A PNG that is whole as far as its parts tell, and whose pixels cannot be had."""
    content = bytearray(saved(picture, "PNG"))
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start], "big")
    content[start + 4 : start + 4 + length] = bytes(length)
    crc = zlib.crc32(bytes(content[start : start + 4 + length]))
    content[start + 4 + length : start + 8 + length] = crc.to_bytes(4, "big")
    return bytes(content)


def test_every_image_that_cannot_be_read_is_told_with_its_line(blog: Blog) -> None:
    blog.write("posts/a/one.png", torn_within(photo(1200, 900)))
    blog.write("posts/a/two.png", torn_within(photo(1000, 900)))
    blog.post("Words.\n\n![One](one.png)")
    blog.post("![Two](a/two.png)", "b")
    with pytest.raises(ContentError) as raised:
        blog.build()
    assert [(p.file, p.line, p.code) for p in raised.value.problems] == [
        ("posts/a/index.md", 8, "I004"),
        ("posts/b.md", 6, "I004"),
    ]
    assert not (blog.root / "public" / "index.html").exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0", "I004"),
        ("a.tiff", b"II*\0\x08\0\0\0", "I007"),
        ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "I007"),
        ("a.svg", b"<svg>", "I004"),
    ],
)
def test_an_image_that_cannot_be_shown_is_told(
    blog: Blog, name: str, content: bytes, code: str
) -> None:
    blog.write(f"posts/a/{name}", content)
    blog.post(f"Text.\n\n![What](<{name}>)")
    with pytest.raises(ContentError) as raised:
        blog.build()
    assert [(p.line, p.code) for p in raised.value.problems] == [(8, code)]


def test_a_drawing_with_a_script_is_published_without_and_told(blog: Blog) -> None:
    blog.write("posts/a/x.svg", drawing("<script>alert(1)</script>"))
    blog.post("![What](x.svg)")
    options = Options(blog.root / "public", 1, cache=blog.root / ".cache")
    report = build(load_site(blog.root), options)
    assert blog.published("a/x.svg") == drawing("")
    assert [(w.line, w.code) for w in report.warnings] == [(6, "I106")]


def test_the_author_s_own_img_gets_what_markdown_gets(blog: Blog) -> None:
    blog.write("posts/a/x.jpg", saved(photo(1700, 850), "JPEG", quality=95))
    blog.post('<img src="x.jpg" alt="X">\n\n<img width="200" src=\'x.jpg\' alt="Y">')
    blog.build()
    first, second = re.findall(r"<img[^>]*>", blog.page())
    assert 'width="1700" height="850"' in first
    assert 'src="x.jpg.1600w.jpg"' in first
    assert 'srcset="x.jpg.800w.webp 800w' in first
    assert "height" not in second
    assert "200px" in second


def test_two_pictures_of_one_name_do_not_collide(blog: Blog) -> None:
    blog.write("posts/a/x.jpg", saved(photo(900, 500), "JPEG", quality=95))
    blog.write("posts/a/x.png", saved(photo(900, 500), "PNG"))
    blog.post("![X](x.jpg) ![Y](x.png)")
    assert {"a/x.jpg.900w.webp", "a/x.png.900w.webp"} <= set(blog.build())
