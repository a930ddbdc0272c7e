"""Feeds as machines take them: valid, whole, nothing relative, whatever a post holds."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import jsonschema
import pytest
from conftest import Served
from feed_schemas import ATOM, JSON_FEED
from lxml import etree
from made_pages import built, make_page, make_site

from site_builder.assembly.portable import portable, without_controls
from site_builder.errors import ContentError
from site_builder.settings.machines import Feeds

NAME = "{http://www.w3.org/2005/Atom}"
ODD = (
    "<b>not bold</b>",
    "\"quotes\" & 'apostrophes' <",
    "🧠 and \u200f\u05e9\u05dc\u05d5\u05dd\u200e",
    "]]> and --> and </script>",
    "tab\there \x0c\x01\x1f \ufffe \U0010ffff",
    "नमस्ते",
)


def atom_faults(feed: bytes) -> list[str]:
    schema = etree.RelaxNG(etree.fromstring(ATOM.encode()))
    schema.validate(etree.fromstring(feed))
    return [error.message for error in schema.error_log]


def json_faults(feed: str) -> list[str]:
    validator = jsonschema.Draft202012Validator(JSON_FEED)
    return [error.message for error in validator.iter_errors(json.loads(feed))]


def contents(files: dict[str, str], path: str = "feed.xml") -> list[str]:
    root = etree.fromstring(files[path].encode())
    return [x.text or "" for x in root.iter(f"{NAME}content")]


class Addresses(HTMLParser):
    """Every address of some HTML: in attributes, in sets of pictures, in styles."""

    KINDS = frozenset(
        "href src poster cite data action formaction longdesc background ping xlink:href".split()
    )

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in self.KINDS:
                self.found.append(value or "")
            elif name in ("srcset", "imagesrcset"):
                self.found += [part.split()[0] for part in (value or "").split(",")]
            elif value and "url(" in value:
                self.found += re.findall(r"url\(\s*[\"']?([^\"')]+)", value)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


def relative(html: str) -> list[str]:
    """Addresses that mean another thing elsewhere; those inside of a drawing do not."""
    own = re.findall(r"<svg\b.*?</svg>", html, re.DOTALL)
    inside = {f"#{id_}" for svg in own for id_ in re.findall(r'\bid="([^"]+)"', svg)}
    return [x for x in Addresses(html).found if x not in inside and not urlsplit(x).scheme]


def feeds(site: Served) -> Iterator[Path]:
    yield from site.folder.rglob("feed.xml")


@pytest.mark.parametrize("name", ["blog", "gallery"])
def test_the_feeds_of_real_sites_are_valid(name: str, request: pytest.FixtureRequest) -> None:
    site: Served = request.getfixturevalue(name)
    paths = list(feeds(site))
    assert len(paths) > 1
    for path in paths:
        assert atom_faults(path.read_bytes()) == [], path
        parsed: Any = feedparser.parse(path.read_bytes())
        assert parsed.bozo == 0
        assert parsed.entries
    assert json_faults(site.text("feed.json")) == []


@pytest.mark.parametrize("name", ["blog", "gallery"])
def test_nothing_in_them_is_relative_or_to_be_worked(
    name: str, request: pytest.FixtureRequest
) -> None:
    site: Served = request.getfixturevalue(name)
    seen = 0
    for path in feeds(site):
        for html in contents({"feed.xml": path.read_text(encoding="utf-8")}):
            seen += len(Addresses(html).found)
            assert relative(html) == []
            for bad in ("<script", "<style", "<button", "<iframe", "tabindex", " style=", "<svg"):
                assert bad not in html
            assert "<annotation" not in html
            assert len(re.findall("<math ", html)) == len(re.findall("<math xmlns=", html))
            for block in re.findall(r'(.{0,80})<math [^>]*display="block"', html, re.DOTALL):
                assert re.search(r"<(?:p|span)[^>]*>$", block)
            for image in re.findall("<img[^>]*>", html):
                assert re.search(r' width="\d+" height="\d+"', image), image
                assert " alt=" in image
                assert not re.search(r'src="[^"]*\.svg"', image)
    assert seen > 5


def test_these_checks_can_fail() -> None:
    feed = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title></feed>'
    assert atom_faults(feed)
    good = built_feed()
    assert atom_faults(good) == []
    for cut in (b"<id>tag:", b"<updated>2020", b"<name>Ada"):
        assert atom_faults(good.replace(cut, b"<x/>" + cut)), cut
    assert atom_faults(good.replace(b"T00:00:00Z", b""))
    assert json_faults('{"version": "https://jsonfeed.org/version/1.1", "title": "x"}')
    html = '<a href="x"><img srcset="https://e.org/a 1x, b 2x"><use xlink:href="#a"/>'
    assert relative(html) == ["x", "b", "#a"]


def built_feed() -> bytes:
    return built(make_site(Path()), [make_page("posts/a.md")])["feed.xml"].encode()


@pytest.mark.parametrize("odd", ODD)
def test_titles_tags_and_authors_of_any_kind(tmp_path: Path, odd: str) -> None:
    site = make_site(tmp_path, title=odd, author=odd, description=odd)
    page = make_page(
        "posts/a.md", title=odd, tags=("a/b", "Сети"), authors=(odd,), summary=odd, body=f"<p>{odd}"
    )
    files = built(site, [page])
    for path in ("feed.xml", "tags/a-b/feed.xml", "tags/сети/feed.xml"):
        assert atom_faults(files[path].encode()) == []
        parsed: Any = feedparser.parse(files[path].encode())
        assert parsed.bozo == 0
    etree.fromstring(files["sitemap.xml"].encode())
    assert json_faults(files["feed.json"]) == []
    shown = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", odd)
    root = etree.fromstring(files["feed.xml"].encode())
    assert root.findtext(f"{NAME}entry/{NAME}title") == shown
    assert json.loads(files["feed.json"])["items"][0]["title"] == shown


def test_addresses_in_another_script_are_encoded(tmp_path: Path) -> None:
    files = built(make_site(tmp_path), [make_page("posts/нейросети.md", slug="нейросети")])
    address = "https://example.org/%D0%BD%D0%B5%D0%B9%D1%80%D0%BE%D1%81%D0%B5%D1%82%D0%B8/"
    root = etree.fromstring(files["feed.xml"].encode())
    (entry,) = root.iter(f"{NAME}entry")
    assert entry.find(f"{NAME}link").get("href") == address
    assert (entry.findtext(f"{NAME}id") or "").isascii()
    assert json.loads(files["feed.json"])["items"][0]["url"] == address
    assert f"<loc>{address}</loc>" in files["sitemap.xml"]
    page = files["нейросети/index.html"]
    assert f'<link rel="canonical" href="{address}">' in page
    assert f'"@id":"{address}"' in page


@pytest.mark.parametrize(
    ("html", "fed"),
    [
        ("<p>plain</p>", "<p>plain</p>"),
        ("<details><summary>More</summary>x</details>",
         "<details open><summary>More</summary>x</details>"),
        ("<details open>x</details>", "<details open>x</details>"),
        ("<p style='color: red' onclick=x() TabIndex=0 id=a>x</p>", "<p id=a>x</p>"),
        ("<p>a<script>b</script><style>c</style><button>d</button>e", "<p>ae"),
        ("<!-- a --><p>b", "<p>b"),
        ('<iframe src="https://e.org/v" title="A film"></iframe>',
         '<p><a href="https://e.org/v">A film</a></p>'),
        ('<object data="a.pdf"><p>A <em>paper</em></p></object>', "<p>A <em>paper</em></p>"),
        ('<li><input type="checkbox" checked disabled> a<li><input type=checkbox> b',
         "<li>☑ a<li>☐ b"),
        ('<form><input name="q">text</form>', "text"),
        ('<link rel="stylesheet" href="x.css"><p>b', "<p>b"),
        ('<p title="a > b" hidden popover>x', '<p title="a > b" hidden>x'),
        ("<pre>&lt;script&gt; style=</pre>", "<pre>&lt;script&gt; style=</pre>"),
    ],
)  # fmt: skip
def test_what_a_reader_cannot_work_is_made_plain(html: str, fed: str) -> None:
    assert without_controls(html) == fed


def test_drawings_keep_what_they_refer_to() -> None:
    svg = (
        '<svg><defs><path id="a"/></defs><use href="#a"/><use xlink:href="#a"/>'
        '<rect fill="url(#a)"/><a href="#top"><image href="b.png"/></a></svg>'
    )
    moved = portable(svg, base="https://e.org/x/", prefix="x-")
    assert moved == (
        '<svg><defs><path id="x-a"/></defs><use href="#x-a"/><use xlink:href="#x-a"/>'
        '<rect fill="url(#x-a)"/><a href="https://e.org/x/#top">'
        '<image href="https://e.org/x/b.png"/></a></svg>'
    )
    assert relative(moved) == []


def test_addresses_without_quotation_marks() -> None:
    html = "<a href=b.html>x</a><img srcset='c.png 2x' src=d.png>"
    assert relative(portable(html, base="https://e.org/", prefix="p-")) == []


# Ids


def ids(files: dict[str, str]) -> list[str]:
    root = etree.fromstring(files["feed.xml"].encode())
    return [x.text or "" for x in root.iter(f"{NAME}id")]


def test_ids_stay_when_a_site_moves(tmp_path: Path) -> None:
    page = make_page("posts/a.md")
    before = ids(built(make_site(tmp_path, url="https://old.example/"), [page]))
    assert before == ["https://old.example/", "tag:old.example,2020-05-17:a"]
    moved = make_site(tmp_path, url="https://new.example/", feeds=Feeds(id_host="old.example"))
    assert ids(built(moved, [page])) == before


def test_a_post_may_bring_its_id(tmp_path: Path) -> None:
    page = make_page("posts/a.md", guid="https://old.example/?p=12")
    files = built(make_site(tmp_path), [page])
    assert ids(files)[1] == "https://old.example/?p=12"
    assert json.loads(files["feed.json"])["items"][0]["id"] == "https://old.example/?p=12"


def test_ids_that_are_none_and_ids_given_twice(tmp_path: Path) -> None:
    text = "---\ntitle: x\nguid: {}\n---\n"
    pages = [
        make_page("posts/a.md", guid="twelve", text=text.format("twelve")),
        make_page("posts/b.md", guid="tag:e.org,2020:1", text=text.format("tag:e.org,2020:1")),
        make_page("posts/c.md", guid="tag:e.org,2020:1", text=text.format("tag:e.org,2020:1")),
    ]
    with pytest.raises(ContentError) as caught:
        built(make_site(tmp_path), pages)
    assert [(p.file, p.line, p.column, p.code) for p in caught.value.problems] == [
        ("posts/a.md", 3, 7, "F112"),
        ("posts/c.md", 3, 7, "F113"),
    ]


def test_a_change_that_readers_need_not_know_of_dates_nothing_anew(tmp_path: Path) -> None:
    def dates(**front: Any) -> str:
        files = built(make_site(tmp_path), [make_page("posts/a.md", **front)])
        found = etree.fromstring(files["feed.xml"].encode()).findall(f".//{NAME}updated")
        return " ".join(x.text or "" for x in found)

    first = "2020-05-17T00:00:00Z 2020-05-17T00:00:00Z"
    assert dates(body="<p>old") == dates(body="<p>new") == first
    assert dates(updated=dt.date(2020, 6, 1)) == "2020-06-01T00:00:00Z 2020-06-01T00:00:00Z"


# For people who open a feed


def test_a_feed_has_a_style_sheet_of_the_theme(tmp_path: Path) -> None:
    files = built(make_site(tmp_path), [make_page("posts/a.md", tags=("x",))])
    found = re.search(r'<\?xml-stylesheet type="text/css" href="/([^"]+)"\?>', files["feed.xml"])
    assert found
    assert found[1] in files
    assert found[1] in files["tags/x/feed.xml"]
