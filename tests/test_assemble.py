"""Assemble: from pages to the files of a site."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from made_pages import CONTENTS, assembled, built, kept_file, make_page, make_site

from site_builder.assembly.machines.redirects import REDIRECTS
from site_builder.assembly.posts import reading_minutes, shortened
from site_builder.errors import ContentError, Problem
from site_builder.model.files import SiteFile
from site_builder.model.page import Heading, Page
from site_builder.model.post import Attachment, Environment


def problems_of(tmp_path: Path, pages: list[Page], **arguments: object) -> tuple[Problem, ...]:
    with pytest.raises(ContentError) as caught:
        built(make_site(tmp_path), pages, **arguments)
    return caught.value.problems


def urls(html: str) -> list[str]:
    """The addresses of a list's posts."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return re.findall(r'<h2><a href="([^"]*)"', main)


def days(*names: str, **front: Any) -> list[Page]:
    """Posts of consecutive days."""
    return [
        make_page(f"posts/{name}.md", date=dt.date(2019, 12, 30) + dt.timedelta(days=n), **front)
        for n, name in enumerate(names)
    ]


def test_a_small_site_has_these_files(tmp_path: Path) -> None:
    pages = [
        make_page("posts/xor.md", tags=("keras",), series="Nets", aliases=("/old/", "/a.html")),
        make_page("pages/about.md"),
    ]
    files = assembled(make_site(tmp_path), pages)
    paths = [re.sub(r"\.[0-9a-f]{10}\.", ".#.", file.path) for file in files]
    assert paths == [
        "assets/feed.#.css",
        "assets/icon.#.svg",
        "assets/maths.#.css",
        "assets/search.#.css",
        "assets/search.#.js",
        "assets/touch-icon.#.png",
        "assets/style.#.css",
        "about/card.#.png",
        "xor/card.#.png",
        "assets/card.#.png",
        "about/index.html",
        "xor/index.html",
        "assets/search/t0.#.js",
        "assets/search/v0.#.js",
        "assets/search/d0.#.js",
        "tags/keras/index.html",
        "tags/index.html",
        "series/nets/index.html",
        "archive/index.html",
        "index.html",
        "404.html",
        "search/index.html",
        "tags/keras/feed.xml",
        "feed.xml",
        "feed.json",
        "old/index.html",
        "a.html",
        "_redirects",
        "_headers",
        "sitemap.xml",
        "robots.txt",
    ]


def test_the_same_pages_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    pages = [*days("a", "b", "c", tags=("x", "y")), make_page("pages/p.md")]
    site = make_site(tmp_path)
    assert assembled(site, pages) == assembled(site, pages[::-1])


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/{slug}/", "xor/index.html"),
        ("/posts/{slug}", "posts/xor/index.html"),
        ("/{year}/{month}/{day}/{slug}/", "2020/05/07/xor/index.html"),
    ],
)
def test_permalinks(tmp_path: Path, pattern: str, path: str) -> None:
    site = make_site(tmp_path, permalink=pattern, url="https://example.org/blog/")
    pages = [make_page("posts/xor.md", date=dt.date(2020, 5, 7)), make_page("pages/about.md")]
    files = built(site, pages)
    assert "about/index.html" in files
    address = "https://example.org/blog/" + path.removesuffix("index.html")
    assert f'<link rel="canonical" href="{address}">' in files[path]


def test_home_shows_the_newest_posts_and_asides(tmp_path: Path) -> None:
    pages = days("a", "b", "c")
    files = built(make_site(tmp_path, home_posts=2), [*pages, make_page("pages/p.md")])
    assert urls(files["index.html"]) == ["/c/", "/b/"]


def test_the_archive_has_all_posts_by_year(tmp_path: Path) -> None:
    html = built(make_site(tmp_path), days("a", "b", "c", "d"))["archive/index.html"]
    main = html.partition("<main")[2]
    found = re.findall(r'<h2 id="y(\d+)|<a href="/(\w)/"', main)
    assert ["".join(x) for x in found] == ["2020", "d", "c", "2019", "b", "a"]


def test_posts_know_the_older_and_the_newer_one(tmp_path: Path) -> None:
    files = built(make_site(tmp_path), days("a", "b", "c"))
    around = {
        name: re.findall(r'href="(/\w/)" rel="(\w+)"', files[f"{name}/index.html"])
        for name in "abc"
    }
    assert around == {
        "a": [("/b/", "next")],
        "b": [("/a/", "prev"), ("/c/", "next")],
        "c": [("/b/", "prev")],
    }


def test_tags(tmp_path: Path) -> None:
    pages = [*days("a", "b", tags=("Keras", "Keras", "C")), *days("c", tags=("C++",))]
    files = built(make_site(tmp_path), pages)
    assert urls(files["tags/keras/index.html"]) == ["/b/", "/a/"]
    assert urls(files["tags/cpp/index.html"]) == ["/c/"]
    counts = re.findall(r'"/tags/(\w+)/">.*?count">(\d+)<', files["tags/index.html"])
    assert counts == [("c", "2"), ("cpp", "1"), ("keras", "2")]


def test_two_spellings_of_a_tag_are_reported(tmp_path: Path) -> None:
    text = "---\ntitle: x\ntags: [keras]\n---\n"
    odd = make_page("posts/odd.md", tags=("keras",), text=text)
    (problem,) = problems_of(tmp_path, [*days("a", "b", tags=("Keras",)), odd])
    assert str(problem) == (
        "posts/odd.md:3:8: the tag 'keras' has the same address as 'Keras' of "
        "posts/a.md, posts/b.md\n"
        "  help: write 'Keras' in all of them, or rename one"
    )


def test_a_series_is_in_order_of_date(tmp_path: Path) -> None:
    pages = [*days("b", "a", series="Nets & co"), make_page("posts/other.md")]
    files = built(make_site(tmp_path), pages)
    assert re.findall(r'<li><a href="(/\w/)"', files["series/nets-co/index.html"]) == [
        "/b/",
        "/a/",
    ]
    assert "Part 2 of 2 in Nets &amp; co" in files["a/index.html"]
    assert "Part " not in files["other/index.html"]


def test_an_aside_is_shown_whole_and_fits_any_page(tmp_path: Path) -> None:
    body = '<p id="n">Rain. <a href="#n">up</a> <img src="cat.png" alt="A cat"></p>\n'
    aside = make_page("posts/rain.md", kind="aside", body=body)
    files = built(make_site(tmp_path, url="https://example.org/blog/"), [aside])
    shown = (
        '<p id="rain-n">Rain. <a href="/blog/rain/#n">up</a> '
        '<img src="/blog/rain/cat.png" alt="A cat"></p>'
    )
    assert shown in files["index.html"]
    assert body in files["rain/index.html"]
    title = '<h1><time datetime="2020-05-17">17 May 2020</time></h1>'
    assert title in files["rain/index.html"]


def test_two_posts_of_one_address(tmp_path: Path) -> None:
    text = "---\ntitle: B\nslug: a\n---\n"
    (problem,) = problems_of(
        tmp_path, [make_page("posts/a.md"), make_page("posts/b.md", slug="a", text=text)]
    )
    assert str(problem) == (
        "posts/b.md:3:7: posts/a.md and posts/b.md have the same address '/a/'\n"
        "  help: give one of them another `slug:` in its front matter"
    )


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (
            make_page("posts/tags.md"),
            "the list of tags and posts/tags.md have the same address '/tags/'",
        ),
        (
            make_page("pages/archive.md"),
            "the archive and pages/archive.md have the same address '/archive/'",
        ),
        (
            make_page("posts/feed.xml.md"),
            "posts/feed.xml.md and the Atom feed have the same address '/feed.xml'",
        ),
        (
            make_page("posts/a.md", aliases=("/b/",)),
            "posts/b.md and the alias '/b/' of posts/a.md have the same address '/b/'",
        ),
        (
            make_page("posts/a.md", aliases=("/?p=12",)),
            "an alias is an address of this site such as '/2019/06/name/', not '/?p=12'",
        ),
        (
            make_page("posts/a.md", aliases=("/../b/",)),
            "an alias is an address of this site such as '/2019/06/name/', not '/../b/'",
        ),
    ],
)
def test_addresses_that_are_taken(tmp_path: Path, page: Page, message: str) -> None:
    (problem,) = problems_of(tmp_path, [page, make_page("posts/b.md")])
    assert problem.message == message
    assert problem.file == page.source.path


def test_a_file_where_a_post_needs_a_folder(tmp_path: Path) -> None:
    static = [SiteFile("a", b"")]
    (problem,) = problems_of(tmp_path, [make_page("posts/a.md")], static=static)
    assert problem.message == "posts/a.md and static/a have the same address '/a'"
    assert problem.file == "posts/a.md"


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    pages = [
        make_page("posts/b.md", body="{0}", links=["no.md"]),
        make_page("posts/tags.md", tags=("a", "A")),
        make_page("posts/z.md", aliases=("/x?y",)),
    ]
    assert [problem.file for problem in problems_of(tmp_path, pages)] == [
        "posts/b.md",
        "posts/tags.md",
        "posts/tags.md",
        "posts/z.md",
    ]


def test_old_addresses_lead_to_the_post(tmp_path: Path) -> None:
    page = make_page("posts/xor.md", title="A <b>", aliases=("/2019/06/old", "/ö.html"))
    static = [SiteFile(REDIRECTS, b"/mine /there 302")]
    files = built(make_site(tmp_path, url="https://example.org/blog/"), [page], static=static)
    assert '<meta http-equiv="refresh" content="0; url=/blog/xor/">' in files["ö.html"]
    assert '<link rel="canonical" href="https://example.org/blog/xor/">' in files["ö.html"]
    assert '<a href="/blog/xor/">A &lt;b&gt;</a>' in files["2019/06/old/index.html"]
    assert files[REDIRECTS].splitlines() == [
        "/mine /there 302",
        "/blog/2019/06/old/ /blog/xor/ 301",
        "/blog/%C3%B6.html /blog/xor/ 301",
    ]


def test_figures_and_attachments_go_to_the_folder_of_the_page(tmp_path: Path) -> None:
    data = Attachment("posts/my data.csv", "my%20data.csv")
    shared = Attachment("posts/logo.png", "../logo.png")
    figure = kept_file("fig-1.svg", b"<svg/>")
    pages = [
        dataclasses.replace(page, attachments=(data, shared), files=(figure,))
        for page in days("a", "b")
    ]
    files = built(make_site(tmp_path), pages)
    assert files["a/my data.csv"] == files["b/my data.csv"] == "posts/my data.csv"
    assert files["logo.png"] == "posts/logo.png"
    assert files["b/fig-1.svg"] == "<svg/>"


def test_attachments_that_cannot_be_published(tmp_path: Path) -> None:
    def digest(path: str) -> str:
        raise PermissionError(13, "Permission denied", path)

    contents = dataclasses.replace(CONTENTS, digest=digest)
    outside = Attachment("posts/x.csv", "../../x.csv")
    unreadable = Attachment("posts/y.csv", "y.csv")
    page = dataclasses.replace(make_page("posts/a.md"), attachments=(outside, unreadable))
    said = [p.message for p in problems_of(tmp_path, [page], contents=contents)]
    assert said == [
        "the address '../../x.csv' of posts/x.csv leads out of the site",
        "cannot read posts/y.csv: Permission denied",
    ]


def test_static_files_are_copied_and_replace_robots_only(tmp_path: Path) -> None:
    static = [SiteFile("robots.txt", b"mine"), SiteFile("CNAME", b"example.org")]
    files = built(make_site(tmp_path), [], static=static)
    assert (files["robots.txt"], files["CNAME"]) == ("mine", "example.org")
    (problem,) = problems_of(tmp_path, [], static=[SiteFile("index.html", b"mine")])
    assert problem.message == "the home page and static/index.html have the same address '/'"


def test_search_engines_are_told_what_there_is(tmp_path: Path) -> None:
    pages = [
        make_page("posts/a.md", updated=dt.date(2020, 8, 1), tags=("t",)),
        make_page("posts/ö.md", date=dt.date(2020, 6, 1)),
        make_page("pages/about.md"),
    ]
    files = built(make_site(tmp_path), pages)
    root = ElementTree.fromstring(files["sitemap.xml"])
    rows = ["|".join(cell.text or "" for cell in row) for row in root]
    assert rows == [
        "https://example.org/|2020-08-01",
        "https://example.org/archive/|2020-08-01",
        "https://example.org/about/",
        "https://example.org/a/|2020-08-01",
        "https://example.org/%C3%B6/|2020-06-01",
    ]
    assert "Sitemap: https://example.org/sitemap.xml" in files["robots.txt"]


def test_an_address_with_an_ampersand_is_escaped_in_the_sitemap(tmp_path: Path) -> None:
    site = make_site(tmp_path, url="https://example.org/you&me/")
    root = ElementTree.fromstring(built(site, [])["sitemap.xml"])
    assert root[0][0].text == "https://example.org/you&me/"


def test_a_small_picture_is_no_preview(tmp_path: Path) -> None:
    body = '<img src="s.png" alt="Icon" width="199"><img src="fig.png" alt="Plot" width="200">'
    html = built(make_site(tmp_path), [make_page("posts/a.md", feed_body=body, card=False)])[
        "a/index.html"
    ]
    assert '<meta property="og:image" content="https://example.org/a/fig.png">' in html


def test_structured_data_cannot_end_its_script(tmp_path: Path) -> None:
    page = make_page(
        "posts/a.md",
        title="</script><b>",
        title_html="&lt;/script&gt;",
        summary="A & B " * 60,
        feed_body='<img src="x.svg" alt="no"><img src="fig.png" alt="A &amp; B" width="640">',
        tags=("keras",),
        card=False,
    )
    html = built(make_site(tmp_path), [page])["a/index.html"]
    script = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    assert not re.search("[<>&]", script[0])
    data = json.loads(script[0])
    posting, crumbs = data["@graph"]
    assert len(posting.pop("description")) <= 160
    assert posting == {
        "@type": "BlogPosting",
        "headline": "</script><b>",
        "url": "https://example.org/a/",
        "mainEntityOfPage": {"@type": "WebPage", "@id": "https://example.org/a/"},
        "inLanguage": "en",
        "wordCount": 440,
        "isPartOf": {"@type": "Blog", "name": "Notes", "url": "https://example.org/"},
        "publisher": {"@type": "Person", "name": "Ada"},
        "datePublished": "2020-05-17",
        "dateModified": "2020-05-17",
        "author": [{"@type": "Person", "name": "Ada"}],
        "keywords": ["keras"],
        "image": "https://example.org/a/fig.png",
    }
    items = [(item["position"], item["name"]) for item in crumbs["itemListElement"]]
    assert items == [(1, "Notes"), (2, "</script><b>")]
    assert '<meta property="og:image:alt" content="A &amp; B">' in html


def test_the_maths_font_has_what_all_pages_need(tmp_path: Path) -> None:
    plain = make_page("posts/plain.md")
    page = dataclasses.replace(make_page("posts/maths.md"), maths_characters="xΣ")
    site = make_site(tmp_path)
    assert not [path for path in built(site, [plain]) if path.endswith(".woff2")]
    files = {file.path: file.content for file in assembled(site, [page, plain])}
    (font,) = [path for path in files if path.endswith(".woff2")]
    assert files[font].startswith(b"wOF2")
    (style,) = [path for path in files if re.search(r"/maths\.[^/]*\.css$", path)]
    assert files[style].decode().startswith("@font-face{")
    assert font.removeprefix("assets/") in files[style].decode()
    for name, has in (("maths", True), ("plain", False)):
        sheet = f'<link rel="stylesheet" href="/{style}">'
        assert (sheet in files[f"{name}/index.html"].decode()) == has
    preload = f'<link rel="preload" href="/{font}"'
    assert preload in files["maths/index.html"].decode()
    assert preload not in files["plain/index.html"].decode()


def test_how_a_post_was_built(tmp_path: Path) -> None:
    page = dataclasses.replace(
        make_page("posts/a.md"),
        environment=Environment("3.12.1", (("numpy", "2.3"),), 7),
        frozen=dt.date(2020, 9, 9),
        files=(kept_file("a.ipynb", b"{}"), kept_file("a.py", b"")),
    )
    html = built(make_site(tmp_path), [page, make_page("posts/b.md")])
    assert "3.12.1" in html["a/index.html"]
    assert "frozen on" in html["a/index.html"]
    assert "9 September 2020" in html["a/index.html"]
    assert 'href="/a/a.ipynb"' in html["a/index.html"]
    assert 'href="/a/a.py"' in html["a/index.html"]
    assert "How this was built" not in html["b/index.html"]


@pytest.mark.parametrize(("count", "wanted", "shown"), [(3, True, 3), (2, True, 0), (3, False, 0)])
def test_the_table_of_contents(tmp_path: Path, count: int, wanted: bool, shown: int) -> None:
    headings = tuple(Heading(2 + n % 2, f"h{n}", f"<em>H</em> {n}") for n in range(count))
    page = dataclasses.replace(make_page("posts/a.md", toc=wanted), headings=headings)
    html = built(make_site(tmp_path), [page])["a/index.html"]
    assert len(re.findall(r'<a href="#h\d"><em>H</em>', html)) == shown


def test_drafts_and_scheduled_posts_are_marked(tmp_path: Path) -> None:
    pages = [make_page("posts/a.md", draft=True), make_page("posts/b.md")]
    files = built(make_site(tmp_path), pages, now=dt.date(2020, 5, 16))
    assert "Draft" in files["a/index.html"]
    assert "Scheduled for 17 May 2020" in files["b/index.html"]
    assert "Scheduled" not in built(make_site(tmp_path), pages)["b/index.html"]


def test_reading_time() -> None:
    page = make_page("posts/a.md")
    assert reading_minutes(page) == 2
    assert reading_minutes(dataclasses.replace(page, figures=1)) == 3
    assert reading_minutes(dataclasses.replace(page, code_lines=45)) == 4
    assert reading_minutes(dataclasses.replace(page, words=0)) == 1


def test_texts_are_cut_at_words() -> None:
    assert shortened("one  two\nthree", 20) == "one two three"
    assert shortened("one two, three four", 10) == "one two…"
    assert shortened("a" * 30, 10) == "a" * 9 + "…"
