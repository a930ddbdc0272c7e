"""Pages that were kept come back as they were."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest
from gallery import write_gallery
from made_pages import kept_file, make_page

from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.errors import Problem
from site_builder.execution.engine import nothing_to_run
from site_builder.model.citations import Reference as CitedWork
from site_builder.model.page import CardSource, Page, Picture
from site_builder.model.post import Attachment, Environment, ExecutedPost, Raster, Source
from site_builder.plain import MISFIT, plain, read_plain
from site_builder.rendering.page_json import Html, html_bytes, page_bytes, read_html, read_page
from site_builder.rendering.render import render
from site_builder.settings.site import load_site

ROOT = Path(__file__).parents[1]
FULL = dataclasses.replace(
    make_page(
        "posts/a.md",
        links=["b.md"],
        labels={"eq": "(1)"},
        headings=["h"],
        tags=("x", "y"),
        updated=dt.date(2021, 2, 3),
        macros={r"\R": r"\mathbb{R}"},
        seed=0,
        timeout=1.5,
        text="Tëxt \ud800 \ue000.",
    ),
    body="0" * 64,
    title_html="<b>A</b>",
    summary="S",
    summary_html="<i>S</i>",
    maths_characters="xy",
    words=1,
    code_lines=2,
    figures=3,
    attachments=(
        Attachment("posts/a.png", "a.png", 3, 2, Raster("png", 3, 2, 9), True, ("a",), 4),
    ),
    files=(kept_file("a.svg", b"<svg/>"),),
    picture=Picture("a.png", "A \ue0000\ue001"),
    card=CardSource("figure", digest="0" * 64, text="A"),
    environment=Environment("3.13", (("numpy", "2.0"),), 7),
    frozen=dt.date(2022, 1, 1),
    keywords=("loss", "weight"),
    terms="1" * 64,
    title_tex=r"\emph{A}",
    cited=(CitedWork("book", "T", ("A", "B"), "2001", *"cvnflpdax"),),
    warnings=(Problem("careful", "posts/a.md", 3, 1, 2, "x", "do", ("a", "b")),),
)


def pages_of(root: Path) -> list[Page]:
    site = load_site(root)
    posts = [parse(site, source) for source in read_sources(site)[0]]
    return [render(site, ExecutedPost(post, nothing_to_run(post))).page for post in posts]


def returned(page: Page) -> Page:
    back = read_page(page_bytes(page), page.source)
    assert back is not None
    return back


def test_every_field_comes_back() -> None:
    assert dataclasses.replace(returned(FULL), digest=FULL.digest) == FULL
    plain_page = make_page("posts/b.md")
    for field in dataclasses.fields(Page):
        # One that is as in any page would prove nothing.
        assert getattr(FULL, field.name) != getattr(plain_page, field.name), field.name


def test_the_blog_and_the_gallery_come_back(tmp_path: Path) -> None:
    write_gallery(tmp_path)
    pages = [*pages_of(ROOT), *pages_of(tmp_path)]
    assert len(pages) > 15
    for page in pages:
        back = returned(page)
        assert back.digest
        assert dataclasses.replace(back, digest="") == page


def test_the_digest_is_that_of_everything_but_the_source() -> None:
    one = returned(FULL)
    assert one == returned(dataclasses.replace(one, digest="x"))
    other = returned(dataclasses.replace(FULL, words=441))
    moved = read_page(page_bytes(FULL), Source("posts/z.md", "z"))
    assert moved is not None
    assert one.digest != other.digest
    assert (one.digest, moved.source.path) == (moved.digest, "posts/z.md")


@pytest.mark.parametrize(
    "html", [Html("", ""), Html("<p>é\n\ue0001\ue001\0", "12\nx"), Html("9\n", "\ud800")]
)
def test_html_comes_back(html: Html) -> None:
    assert read_html(html_bytes(html)) == html


@pytest.mark.parametrize("content", ["", "{}", "[]", "[1]", "null", "x", '["a", "b"]'])
def test_another_format_is_none(content: str) -> None:
    assert read_page(content.encode(), FULL.source) is None
    assert read_html(content.encode()) is None


@dataclasses.dataclass(frozen=True)
class Sample:
    texts: tuple[str, ...]
    pairs: tuple[tuple[str, int], ...]
    date: dt.date | None
    by_name: dict[str, tuple[float, ...]]
    inner: tuple[Picture, ...] = ()


@pytest.mark.parametrize(
    "value",
    [
        Sample((), (), None, {}),
        Sample(("a", ""), (("x", 1),), dt.date(1, 1, 1), {"é": (0.1, 1e300)}, (Picture("a", "b"),)),
    ],
)
def test_values_come_back(value: Sample) -> None:
    assert read_plain(Sample, json.loads(json.dumps(plain(value)))) == value


def test_a_value_of_another_shape_is_a_misfit() -> None:
    with pytest.raises(MISFIT):
        read_plain(Sample, [[], [], "soon", {}, []])
    with pytest.raises(MISFIT):
        read_plain(Sample, [[], [], None, {}])
