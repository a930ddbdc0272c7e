"""Lists of posts: pages of the home page, pinned posts, the archive, tags and series."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from made_pages import built, make_page, make_site, recipes

from site_builder.assembly.posts import reading_minutes
from site_builder.build import Options, build
from site_builder.errors import ContentError, UsageError
from site_builder.model.page import Page
from site_builder.settings.site import load_site, parse_settings


def days(names: Sequence[str], **front: Any) -> list[Page]:
    """Posts of consecutive days, oldest first."""
    first = dt.date(2020, 1, 1)
    return [
        make_page(f"posts/{name}.md", date=first + dt.timedelta(days=n), **front)
        for n, name in enumerate(names)
    ]


def main_of(html: str) -> str:
    return html.partition("<main")[2].partition("</main>")[0]


def urls(html: str) -> list[str]:
    """The addresses of the posts of a list."""
    return re.findall(r'<h2><a href="([^"]*)"', main_of(html))


def around(html: str) -> list[tuple[str, str]]:
    """What `nav.pages` leads to."""
    nav = html.partition("around pages")[2].partition("</nav>")[0]
    return re.findall(r'href="([^"]*)" rel="(\w+)"', nav)


def in_head(html: str) -> list[tuple[str, str]]:
    """The same as the head says it."""
    return re.findall(r'<link rel="(prev|next|canonical)" href="([^"]*)">', html)


def test_the_home_page_goes_on_for_as_long_as_there_are_posts(tmp_path: Path) -> None:
    files = built(make_site(tmp_path, home_posts=2), days("abcde"))
    paths = ["index.html", "page/2/index.html", "page/3/index.html"]
    assert [urls(files[path]) for path in paths] == [["/e/", "/d/"], ["/c/", "/b/"], ["/a/"]]
    assert "page/4/index.html" not in files
    assert [around(files[path]) for path in paths] == [
        [("/page/2/", "next")],
        [("/page/3/", "next"), ("/", "prev")],
        [("/page/2/", "prev")],
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_fits_on_one_page_is_on_one_page(tmp_path: Path, count: int) -> None:
    files = built(make_site(tmp_path, home_posts=2), days("ab"[:count]))
    assert not [path for path in files if path.startswith("page/")]
    assert around(files["index.html"]) == []
    assert [rel for rel, _ in in_head(files["index.html"])] == ["canonical"]


def test_each_page_says_where_it_is(tmp_path: Path) -> None:
    site = make_site(tmp_path, home_posts=2, url="https://example.org/blog/")
    html = built(site, days("abcde"))["page/2/index.html"]
    assert in_head(html) == [
        ("canonical", "https://example.org/blog/page/2/"),
        ("prev", "/blog/"),
        ("next", "/blog/page/3/"),
    ]
    assert "<title>Page 2 of 3 — Notes</title>" in html
    assert re.findall("<h1.*?>(.*?)</h1>", html) == ["Page 2 of 3"]


def test_pinned_posts_come_first_and_are_not_repeated(tmp_path: Path) -> None:
    first, *others = days("abcde")
    front = dataclasses.replace(first.front_matter, pinned=True)
    pages = [dataclasses.replace(first, front_matter=front), *others]
    files = built(make_site(tmp_path, home_posts=2), pages)
    assert urls(files["index.html"]) == ["/a/", "/e/", "/d/"]
    assert urls(files["page/2/index.html"]) == ["/c/", "/b/"]
    assert "page/3/index.html" not in files
    assert "Pinned" in files["index.html"]
    assert "Pinned" not in files["page/2/index.html"]
    assert "/a/" in files["archive/index.html"]


def test_a_page_of_the_author_cannot_take_the_place_of_one_of_ours(tmp_path: Path) -> None:
    pages = [*days("abc"), make_page("pages/p.md", aliases=("/page/2/",))]
    with pytest.raises(ContentError) as caught:
        built(make_site(tmp_path, home_posts=2), pages)
    (problem,) = caught.value.problems
    assert "page 2 of the home page" in problem.message
    assert built(make_site(tmp_path, home_posts=3), pages)


def test_an_edit_changes_the_page_that_the_post_is_on(tmp_path: Path) -> None:
    site = make_site(tmp_path, home_posts=2)
    pages = days("abcdefgh")
    before = {x.path: x.made_of for x in recipes(site, pages) if "index.html" in x.path}
    edited = dataclasses.replace(pages[2], digest="other", summary="New.", summary_html="New.")
    pages = [*pages[:2], edited, *pages[3:]]
    after = {x.path: x.made_of for x in recipes(site, pages) if "index.html" in x.path}
    changed = {path for path in after if after[path] != before[path]}
    assert changed - {"search/index.html"} == {
        "c/index.html",
        "page/3/index.html",
        "archive/index.html",
    }


def test_what_was_updated_later_says_so_in_the_list(tmp_path: Path) -> None:
    pages = [
        *days("a", updated=dt.date(2020, 3, 1)),
        make_page("posts/b.md", date=dt.date(2020, 5, 1), updated=dt.date(2020, 5, 1)),
    ]
    html = built(make_site(tmp_path), pages)["index.html"]
    assert re.findall(r'Updated <time datetime="(.*?)">(.*?)</time>', html) == [
        ("2020-03-01", "1 March 2020")
    ]


def test_years_of_the_archive_are_counted(tmp_path: Path) -> None:
    pages = [
        *days("abc"),
        make_page("posts/z.md", date=dt.date(2019, 5, 1)),
    ]
    html = built(make_site(tmp_path), pages)["archive/index.html"]
    counts = re.findall(r'<h2 id="y(\d+)">.*?class="count">(.*?)<', html)
    assert counts == [("2020", "3 posts"), ("2019", "1 post")]


def test_a_tag_and_a_series_can_be_described(tmp_path: Path) -> None:
    site = make_site(tmp_path, tags={"c & d": "All <of> it."}, series={"Nets": "From one to many."})
    files = built(site, days("ab", tags=("c & d", "e"), series="Nets"))
    tag, series = files["tags/c-d/index.html"], files["series/nets/index.html"]
    assert '<p class="lead">All &lt;of&gt; it.</p>' in tag
    assert '<meta name="description" content="All &lt;of&gt; it.">' in tag
    assert "<p>All &lt;of&gt; it.</p>" in files["tags/index.html"]
    assert '<p class="lead">From one to many.</p>' in series
    assert '<meta name="description" content="From one to many.">' in series
    assert "lead" not in main_of(files["tags/e/index.html"])


def test_the_parts_of_a_series_lead_to_each_other(tmp_path: Path) -> None:
    pages = days("abc", series="Nets")
    pages.insert(1, make_page("posts/x.md", date=dt.date(2020, 1, 1)))
    files = built(make_site(tmp_path), pages)
    found = {}
    for name in "abc":
        nav = files[f"{name}/index.html"].partition("around parts")[2].partition("</nav>")[0]
        found[name] = re.findall(r'href="/(\w)/" rel="(\w+)"', nav)
    assert found == {
        "a": [("b", "next")],
        "b": [("a", "prev"), ("c", "next")],
        "c": [("b", "prev")],
    }
    assert "around parts" not in files["x/index.html"]


def test_neighbours_that_are_the_parts_around_are_told_once(tmp_path: Path) -> None:
    pages = days("abc", series="Nets")
    pages.append(make_page("posts/x.md", date=dt.date(2022, 1, 1)))
    files = built(make_site(tmp_path), pages)
    both = {name for name in "abcx" if '<nav class="around" ' in files[f"{name}/index.html"]}
    assert both == {"c", "x"}  # only there a neighbour is no part


def test_a_series_of_one_leads_nowhere(tmp_path: Path) -> None:
    files = built(make_site(tmp_path), days("a", series="Nets"))
    assert "around parts" not in files["a/index.html"]


def test_the_parts_of_a_series_say_how_long_they_take(tmp_path: Path) -> None:
    html = built(make_site(tmp_path), days("a", series="Nets"))["series/nets/index.html"]
    assert "2 min read" in html
    assert "A summary." in html


def test_reading_takes_as_long_as_words_figures_and_code_do() -> None:
    page = dataclasses.replace(make_page("posts/a.md"), words=2200)
    assert reading_minutes(page) == 10
    assert reading_minutes(dataclasses.replace(page, figures=10)) == 12
    assert reading_minutes(dataclasses.replace(page, code_lines=44)) == 11


POSTS = {
    f"posts/{name}.md": f"---\ntitle: {name}\ndate: 2020-01-0{n}\ntags: [{tags}]\n---\n\n{text}\n"
    for n, (name, tags, text) in enumerate(
        (
            ("a", "nets", "Layer on layer, weight on weight."),
            ("b", "essays", "A court and its judges, and a court."),
            ("c", "nets, maths", "A layer has weights, a layer has weights."),
            ("d", "essays", "A judge in a court, a judge."),
            ("e", "maths", "Vectors and vectors."),
        ),
        1,
    )
}
TOML = 'title = "T"\nurl = "https://example.org/"\nhome_posts = 2\n'
EDITS: dict[str, dict[str, str]] = {
    "another tag": {"posts/e.md": POSTS["posts/e.md"].replace("maths", "nets")},
    "other words": {"posts/e.md": POSTS["posts/e.md"].replace("Vectors", "Layers")},
    "one is pinned": {"posts/a.md": POSTS["posts/a.md"].replace("tags", "pinned: true\ntags")},
    "one is named": {"posts/a.md": POSTS["posts/a.md"].replace("tags", "related: [e.md]\ntags")},
    "none is wanted": {"posts/a.md": POSTS["posts/a.md"].replace("tags", "related: false\ntags")},
    "a post more": {"posts/f.md": POSTS["posts/e.md"].replace("title: e", "title: f")},
    "a post less": {"posts/c.md": ""},
    "a sentence on a tag": {"site.toml": TOML + '[tags]\nnets = "All of them."\n'},
    "another language": {"site.toml": TOML + 'language = "de"\n'},
    "other words of the site": {"words/en.toml": 'older = "Earlier"\n'},
}


@pytest.mark.parametrize("name", EDITS)
def test_after_an_edit_the_site_is_that_of_a_first_build(tmp_path: Path, name: str) -> None:
    edited, new = tmp_path / "edited", tmp_path / "new"
    lay({"site.toml": TOML, **POSTS}, edited)
    before = made(edited)
    lay(EDITS[name], edited)
    lay({"site.toml": TOML, **POSTS, **EDITS[name]}, new)
    after = made(edited)
    assert after == made(new)
    assert after != before


def lay(files: dict[str, str], root: Path) -> None:
    """Write files; one without text goes."""
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        if not text:
            place.unlink()


def made(root: Path) -> dict[str, bytes]:
    """The files of a site, built."""
    output = root / "public"
    build(load_site(root), Options(output=output, cache=root / ".cache", jobs=1))
    files = (path for path in output.rglob("*") if path.is_file())
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("related_posts = -1", "setting 'related_posts' should be 0 or more, not -1"),
        ("tags = [1]", "setting 'tags' should be a table of texts, not a list"),
        (
            '[tags]\nkeras = ["a"]',
            "setting 'tags' should be a table of texts, but 'keras' is a list",
        ),
    ],
)
def test_settings_of_lists_are_checked(line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_settings(f'title = "T"\nurl = "https://example.org/"\n{line}\n')
    assert [problem.message for problem in caught.value.problems] == [message]
