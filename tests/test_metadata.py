"""What the head of a page tells machines: previews, structured data, who wrote it."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import Served
from made_pages import built, make_page, make_site

ODD = "<b>\"A\" & 'B'</b> 🧠 \u202e\u05e9\u202c ]]> </script><!-- \x0c"


class Head(HTMLParser):
    """Meta and link elements of a page, and its data blocks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.meta: dict[str, list[str]] = {}
        self.links: dict[str, list[str]] = {}
        self.data: list[Any] = []
        self._in_data = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta" and (name := given.get("name") or given.get("property")):
            self.meta.setdefault(name, []).append(given["content"])
        if tag == "link":
            self.links.setdefault(given["rel"], []).append(given["href"])
        self._in_data = tag == "script" and given.get("type") == "application/ld+json"

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(json.loads(data))
            self._in_data = False

    def one(self, name: str) -> str:
        (value,) = self.meta[name]
        return value

    def graph(self) -> dict[str, dict[str, Any]]:
        (data,) = self.data
        assert data["@context"] == "https://schema.org"
        return {node["@type"]: node for node in data["@graph"]}


def head(root: Path, *, settings: dict[str, Any] | None = None, **front: Any) -> Head:
    files = built(make_site(root, **(settings or {})), [make_page("posts/a.md", **front)])
    return Head(files["a/index.html"])


DATE = re.compile(r"\d{4}-\d\d-\d\d")


def assert_whole(posting: dict[str, Any]) -> None:
    """Everything that search engines ask of a post is there, of its kind and absolute."""
    wanted = {
        *("@type", "headline", "datePublished", "dateModified", "author", "mainEntityOfPage"),
        *("publisher", "wordCount", "inLanguage", "isPartOf", "url"),
    }
    assert wanted <= posting.keys()
    assert posting["headline"]
    assert DATE.fullmatch(posting["datePublished"])
    assert posting["datePublished"] <= posting["dateModified"]
    for person in [*posting["author"], posting["publisher"]]:
        assert person["@type"] in ("Person", "Organization")
        assert person["name"]
    assert isinstance(posting["wordCount"], int)
    for address in (posting["url"], posting["mainEntityOfPage"]["@id"], posting["isPartOf"]["url"]):
        assert address.startswith("https://")


def assert_crumbs(crumbs: dict[str, Any]) -> None:
    items = crumbs["itemListElement"]
    assert [item["position"] for item in items] == list(range(1, len(items) + 1))
    for item in items:
        assert item["@type"] == "ListItem"
        assert item["name"]
        assert item["item"].startswith("https://")


def test_all_posts_of_a_real_site_have_whole_data(blog: Served) -> None:
    postings = 0
    for path in blog.folder.rglob("index.html"):
        page = Head(path.read_text(encoding="utf-8"))
        for node in (node for data in page.data for node in data["@graph"]):
            if node["@type"] == "BlogPosting":
                postings += 1
                if node.get("author"):
                    assert_whole(node)
                    assert page.one("og:title") == node["headline"]
                    assert page.links["canonical"] == [node["url"]]
            elif node["@type"] == "BreadcrumbList":
                assert_crumbs(node)
    assert postings == 10


def test_a_post_for_previews_and_search_engines(tmp_path: Path) -> None:
    page = head(
        tmp_path,
        title="Xor",
        tags=("keras", "maths"),
        updated=dt.date(2020, 6, 1),
        lang="pt-BR",
        summary="On nets.",
    )
    told = {name: page.one(f"og:{name}") for name in ("type", "title", "url", "description")}
    assert told == {
        "type": "article",
        "title": "Xor",
        "url": "https://example.org/a/",
        "description": "On nets.",
    }
    assert page.one("og:site_name") == "Notes"
    assert page.one("og:locale") == "pt_BR"
    assert page.one("article:published_time") == "2020-05-17"
    assert page.one("article:modified_time") == "2020-06-01"
    assert page.meta["article:tag"] == ["keras", "maths"]
    assert page.links["canonical"] == ["https://example.org/a/"]
    assert "generator" not in page.meta
    assert "keywords" not in page.meta
    graph = page.graph()
    assert_whole(graph["BlogPosting"])
    assert graph["BlogPosting"]["keywords"] == ["keras", "maths"]
    assert graph["BlogPosting"]["inLanguage"] == "pt-BR"
    assert_crumbs(graph["BreadcrumbList"])


def test_who_the_author_is(tmp_path: Path) -> None:
    profiles = ("https://mathstodon.xyz/@ada", "https://orcid.org/0")
    settings = {
        "author_url": "https://example.org/about/",
        "author_profiles": profiles,
        "author_fediverse": "@ada@mathstodon.xyz",
    }
    page = head(tmp_path, settings=settings)
    assert page.links["author"] == ["https://example.org/about/"]
    assert page.links["me"] == list(profiles)
    assert page.one("fediverse:creator") == "@ada@mathstodon.xyz"
    ada = {
        "@type": "Person",
        "name": "Ada",
        "url": "https://example.org/about/",
        "sameAs": list(profiles),
    }
    posting = page.graph()["BlogPosting"]
    assert posting["author"] == [ada]
    assert posting["publisher"] == ada
    guest = head(tmp_path, settings=settings, authors=("Bo", "Ada")).graph()["BlogPosting"]
    assert guest["author"] == [{"@type": "Person", "name": "Bo"}, ada]


def test_without_an_author_the_site_publishes(tmp_path: Path) -> None:
    page = head(tmp_path, settings={"author": ""})
    assert page.graph()["BlogPosting"]["publisher"] == {
        "@type": "Organization",
        "name": "Notes",
        "url": "https://example.org/",
    }
    assert not {"author", "me"} & page.links.keys()
    assert "fediverse:creator" not in page.meta


def test_a_title_of_any_kind(tmp_path: Path) -> None:
    page = head(tmp_path, title=ODD, summary=ODD, tags=("a/b",), settings={"title": ODD})
    assert page.one("og:title") == ODD
    assert page.one("og:site_name") == ODD
    assert page.one("article:tag") == "a/b"
    graph = page.graph()
    assert graph["BlogPosting"]["headline"] == ODD
    assert graph["BreadcrumbList"]["itemListElement"][0]["name"] == ODD


def test_the_page_for_lost_readers_says_where_nothing_is(tmp_path: Path) -> None:
    site = make_site(tmp_path, url="https://example.org/blog/")
    text = built(site, [])["404.html"]
    page = Head(text)
    assert page.one("robots") == "noindex"
    assert "canonical" not in page.links
    assert not any(name.startswith("og:") for name in page.meta)
    # It is shown at any depth, so that no address of it may be relative.
    found = re.findall(r'\s(?:href|src|srcset|action)="([^"]*)"', text)
    assert len(found) > 5
    assert [x for x in found if not x.startswith(("/blog/", "https://", "#"))] == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("author_url", "/about/"),
        ("author_url", "https://e.org/ a"),
        ("author_fediverse", "ada@e.org"),
        ("author_fediverse", "@ada"),
        ("feeds.id_host", "https://e.org"),
        ("feeds.id_host", "e.org/x"),
    ],
)
def test_settings_that_are_none(setting: str, value: str) -> None:
    from site_builder.errors import UsageError
    from site_builder.settings.site import parse_settings

    with pytest.raises(UsageError) as caught:
        parse_settings(f'title = "x"\nurl = "https://e.org/"\n{setting} = "{value}"\n')
    (problem,) = caught.value.problems
    assert (problem.line, problem.code) == (3, "C006")
    assert setting in problem.message
