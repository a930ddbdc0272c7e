"""Feeds: valid, whole, and without a date or an address that is not the posts' own."""

from __future__ import annotations

import datetime as dt
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import feedparser
from made_pages import built, make_page, make_site

from site_builder.assembly.portable import portable

BODY = (
    '<p id="intro">A &lt; B <a href="#intro">up</a> <a href="data.csv">data</a></p>\n'
    '<img src="fig-1.png" alt="see href=\'x\'" width="640" height="400">\n'
    '<img src="/logo.png" srcset="a.png 1x, b.png 2x" alt="">\n'
    "<pre>\x1b[31mred\x00</pre>"
)


def parsed(text: str) -> Any:
    feed = feedparser.parse(text.encode())
    assert feed.bozo == 0, feed.get("bozo_exception")
    return feed


def test_atom_holds_the_newest_posts_in_full(tmp_path: Path) -> None:
    site = make_site(tmp_path, url="https://example.org/blog/", feed_posts=2, description="On x")
    pages = [
        make_page("posts/old.md", date=dt.date(2018, 1, 1)),
        make_page("posts/xor.md", date=dt.date(2019, 6, 2), tags=("keras", "c & c"), body=BODY),
        make_page(
            "posts/new.md",
            date=dt.date(2020, 1, 1),
            updated=dt.date(2020, 3, 4),
            lang="de",
            authors=("Bo",),
        ),
    ]
    feed = parsed(built(site, pages)["feed.xml"])
    assert [entry.title for entry in feed.entries] == ["New", "Xor"]
    new, xor = feed.entries
    assert feed.feed.title == "Notes"
    assert feed.feed.subtitle == "On x"
    assert feed.feed.updated == "2020-03-04T00:00:00Z"
    assert (new.author, new.content[0].language) == ("Bo", "de")
    assert (xor.link, xor.author) == ("https://example.org/blog/xor/", "Ada")
    assert xor.id == "tag:example.org,2019-06-02:xor"
    assert (xor.published, xor.updated) == ("2019-06-02T00:00:00Z",) * 2
    assert [tag.term for tag in xor.tags] == ["keras", "c & c"]


def test_the_content_of_entries_stands_alone(tmp_path: Path) -> None:
    site = make_site(tmp_path, url="https://example.org/blog/")
    files = built(site, [make_page("posts/xor.md", body=BODY)])
    root = ElementTree.fromstring(files["feed.xml"])
    content = root.findtext(".//{http://www.w3.org/2005/Atom}content") or ""
    assert re.findall(r'\s(?:href|src|srcset)="([^"]*)"', content) == [
        "https://example.org/blog/xor/#intro",
        "https://example.org/blog/xor/data.csv",
        "https://example.org/blog/xor/fig-1.png",
        "https://example.org/logo.png",
        "https://example.org/blog/xor/a.png 1x, https://example.org/blog/xor/b.png 2x",
        "https://example.org/blog/xor/",
    ]
    assert 'id="xor-intro"' in content
    assert "alt=\"see href='x'\"" in content
    assert "<pre>\ufffd[31mred\ufffd</pre>" in content
    assert content.endswith('<p><a href="https://example.org/blog/xor/">Read on the site</a></p>')
    (item,) = json.loads(files["feed.json"])["items"]
    assert item["content_html"] == content


def test_json_feed(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    files = built(site, [make_page("posts/xor.md", tags=("keras",), updated=dt.date(2020, 6, 1))])
    feed = json.loads(files["feed.json"])
    items = feed.pop("items")
    assert feed == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Notes",
        "home_page_url": "https://example.org/",
        "feed_url": "https://example.org/feed.json",
        "language": "en",
        "authors": [{"name": "Ada"}],
    }
    assert items[0] | {"content_html": ""} == {
        "id": "tag:example.org,2020-05-17:xor",
        "url": "https://example.org/xor/",
        "title": "Xor",
        "content_html": "",
        "summary": "A summary.",
        "date_published": "2020-05-17T00:00:00Z",
        "date_modified": "2020-06-01T00:00:00Z",
        "authors": [{"name": "Ada"}],
        "tags": ["keras"],
        "language": "en",
    }


def test_an_aside_has_a_title_made_of_its_first_words(tmp_path: Path) -> None:
    aside = make_page("posts/a.md", kind="aside", summary="It rains. " * 20)
    feed = parsed(built(make_site(tmp_path), [aside])["feed.xml"])
    assert re.fullmatch(r"(It rains\. )+It( rains)?…", feed.entries[0].title)
    silent = make_page("posts/b.md", kind="aside", summary="")
    feed = parsed(built(make_site(tmp_path), [silent])["feed.xml"])
    assert feed.entries[0].title == "17 May 2020"


def test_each_tag_has_a_feed_of_its_posts(tmp_path: Path) -> None:
    pages = [
        make_page("posts/a.md", tags=("Сети", "maths")),
        make_page("posts/b.md", tags=("maths",), date=dt.date(2020, 5, 18)),
    ]
    files = built(make_site(tmp_path), pages)
    feed = parsed(files["tags/сети/feed.xml"])
    assert [entry.title for entry in feed.entries] == ["A"]
    assert feed.feed.title == "Notes: Сети"
    assert feed.feed.id == feed.feed.link == "https://example.org/tags/%D1%81%D0%B5%D1%82%D0%B8/"
    assert [x.title for x in parsed(files["tags/maths/feed.xml"]).entries] == ["B", "A"]


def test_feeds_hold_as_many_posts_as_the_site_says(tmp_path: Path) -> None:
    pages = [
        make_page(f"posts/{name}.md", tags=("maths",), date=dt.date(2020, 5, day))
        for day, name in enumerate("abc", 1)
    ]
    files = built(make_site(tmp_path, feed_posts=2), pages)
    for path in ("feed.xml", "tags/maths/feed.xml"):
        assert [entry.title for entry in parsed(files[path]).entries] == ["C", "B"]
    assert [item["title"] for item in json.loads(files["feed.json"])["items"]] == ["C", "B"]


def test_a_site_without_posts_has_feeds(tmp_path: Path) -> None:
    files = built(make_site(tmp_path), [])
    assert parsed(files["feed.xml"]).entries == []
    assert json.loads(files["feed.json"])["items"] == []


def test_pages_are_in_no_feed(tmp_path: Path) -> None:
    files = built(make_site(tmp_path), [make_page("pages/about.md")])
    assert parsed(files["feed.xml"]).entries == []


def test_portable_changes_attributes_only() -> None:
    html = '<p title="a &gt; b" aria-labelledby="x y">id="x" <a href=\'z\'>z</a> <a href="//[">'
    assert portable(html, base="/p/", prefix="p-") == (
        '<p title="a &gt; b" aria-labelledby="p-x p-y">id="x" <a href=\'/p/z\'>z</a> <a href="//[">'
    )
