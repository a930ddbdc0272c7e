"""What search engines are told: the sitemap, robots, and what they should not list."""

from __future__ import annotations

import dataclasses
import datetime as dt
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from made_pages import CONTENTS, NOW, built, make_page, make_site

from site_builder.assembly.addresses import locate
from site_builder.assembly.machines.sitemap import LIMIT, sitemap_files, sitemap_names
from site_builder.assembly.posts import Entry, page_entry
from site_builder.cli import main

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def rows(xml: str, each: str = "url") -> list[tuple[str, str]]:
    return [
        (x.findtext(f"{SPACE}loc") or "", x.findtext(f"{SPACE}lastmod") or "")
        for x in ElementTree.fromstring(xml).findall(f"{SPACE}{each}")
    ]


def test_posts_and_pages_with_the_day_of_their_last_change(tmp_path: Path) -> None:
    pages = [
        make_page("posts/a.md", tags=("x",), updated=dt.date(2020, 7, 1)),
        make_page("posts/b.md"),
        make_page("pages/about.md"),
    ]
    assert rows(built(make_site(tmp_path), pages)["sitemap.xml"]) == [
        ("https://example.org/", "2020-07-01"),
        ("https://example.org/archive/", "2020-07-01"),
        ("https://example.org/about/", ""),
        ("https://example.org/a/", "2020-07-01"),
        ("https://example.org/b/", "2020-05-17"),
    ]


def test_what_asks_not_to_be_listed_is_not_in_it(tmp_path: Path) -> None:
    pages = [make_page(f"posts/{name}.md", draft=name == "draft") for name in ("a", "draft")]
    files = built(make_site(tmp_path), pages)
    assert "draft" not in files["sitemap.xml"]
    assert '<meta name="robots" content="noindex">' in files["draft/index.html"]
    assert "noindex" not in files["a/index.html"]
    assert '<meta name="robots" content="noindex">' in files["404.html"]


def test_robots_may_see_all_and_find_the_sitemap(tmp_path: Path) -> None:
    site = make_site(tmp_path, url="https://example.org/blog/")
    assert built(site, [])["robots.txt"] == (
        "User-agent: *\nAllow: /\nSitemap: https://example.org/blog/sitemap.xml\n"
    )


def test_a_site_that_is_not_to_be_listed(tmp_path: Path) -> None:
    pages = [make_page("posts/a.md", tags=("x",))]
    files = built(make_site(tmp_path, indexed=False), pages)
    assert "sitemap.xml" not in files
    # Who may not read a page does not see that it asks not to be listed.
    assert files["robots.txt"] == "User-agent: *\nAllow: /\n"
    html = [text for path, text in files.items() if path.endswith(".html")]
    assert len(html) > 4
    assert all('<meta name="robots" content="noindex">' in text for text in html)


def test_unlisted_posts_have_their_page_and_nothing_else(tmp_path: Path) -> None:
    pages = [
        make_page("posts/a.md", date=dt.date(2020, 1, 1), tags=("x",), series="S"),
        make_page(
            "posts/quiet.md",
            date=dt.date(2020, 1, 2),
            tags=("x", "secret"),
            series="S",
            unlisted=True,
            aliases=("/hush/",),
        ),
        make_page("posts/c.md", date=dt.date(2020, 1, 3), tags=("x",), series="S"),
        make_page("pages/hidden.md", unlisted=True),
    ]
    files = built(make_site(tmp_path), pages)
    naming = {path for path, text in files.items() if "quiet" in text or "Quiet" in text}
    assert naming == {"quiet/index.html", "hush/index.html", "_redirects"}
    assert {path for path, text in files.items() if "/hidden/" in text} == {"hidden/index.html"}
    assert '<meta name="robots" content="noindex">' in files["quiet/index.html"]
    assert not any("secret" in path for path in files)
    # Its neighbours are each other's.
    assert 'href="/c/" rel="next"' in files["a/index.html"]


def test_a_link_to_an_unlisted_post_works(tmp_path: Path) -> None:
    pages = [
        make_page("posts/a.md", body='<p><a href="{0}">x</a></p>', links=["quiet.md"]),
        make_page("posts/quiet.md", unlisted=True),
    ]
    assert 'href="/quiet/"' in built(make_site(tmp_path), pages)["a/index.html"]


# More addresses than a sitemap may have


def entries(tmp_path: Path, count: int) -> list[Entry]:
    site = make_site(tmp_path)
    page = make_page("posts/p.md")
    one = page_entry(site, locate(page, site), now=NOW, read_html=CONTENTS.html)
    return [
        dataclasses.replace(
            one, context=dataclasses.replace(one.context, address=f"https://example.org/p{n}/")
        )
        for n in range(count)
    ]


def test_too_many_addresses_are_in_several_files(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    files = {
        file.path: file.content.decode()
        for file in sitemap_files(site, entries(tmp_path, 5), [], limit=3)
    }
    assert list(files) == ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml", "sitemap-3.xml"]
    assert rows(files["sitemap.xml"], "sitemap") == [
        (f"https://example.org/sitemap-{n}.xml", "2020-05-17") for n in (1, 2, 3)
    ]
    parts = [rows(files[f"sitemap-{n}.xml"]) for n in (1, 2, 3)]
    assert [len(part) for part in parts] == [3, 3, 1]
    (whole,) = sitemap_files(site, entries(tmp_path, 5), [], limit=7)
    assert [row for part in parts for row in part] == rows(whole.content.decode())


def test_the_names_of_a_sitemap() -> None:
    assert sitemap_names(LIMIT) == ["sitemap.xml"]
    assert sitemap_names(LIMIT + 1) == ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml"]
    assert sitemap_names(1) == sitemap_names(0) == ["sitemap.xml"]


def test_a_build_for_a_preview_asks_not_to_be_listed(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('title = "T"\nurl = "https://example.org/"\n')
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text("---\ntitle: A\ndate: 2020-01-01\n---\nText.\n")
    (tmp_path / "static/.well-known").mkdir(parents=True)
    (tmp_path / "static/.well-known/security.txt").write_text("Contact: mailto:a@example.org\n")
    public = tmp_path / "public"
    for given, listed in ((["--noindex"], False), ([], True), (["--noindex"], False)):
        assert main(["build", "-C", str(tmp_path), *given]) == 0
        assert (public / "sitemap.xml").is_file() == listed
        assert ("noindex" in (public / "a/index.html").read_text()) != listed
        assert ("X-Robots-Tag: noindex" in (public / "_headers").read_text()) != listed
    assert (public / ".well-known/security.txt").is_file()
