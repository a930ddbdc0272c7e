"""Links between posts: every way to write one, and what is said of those that lead nowhere."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from made_pages import built, make_page, make_site

from site_builder.errors import ContentError
from site_builder.model.page import Anchor, Page
from site_builder.model.post import Source

XOR = make_page(
    "posts/xor.md",
    title="XOR & more",
    headings=["data", "results"],
    labels={"data": "Data", "results": "Results", "eq-loss": "(3)", "fig-map": "Figure 2"},
    tags=("keras",),
    aliases=("/2019/old-xor/",),
)


def hrefs(html: str) -> list[str]:
    return re.findall(r'<a class="t" href="([^"]*)"', html)


def linking(*targets: str, name: str = "posts/deep/index.md") -> Page:
    body = "".join(f'<a class="t" href="{{{n}}}">{{t{n}}}</a>\n' for n in range(len(targets)))
    return make_page(name, body=body, links=targets, headings=["own"], labels={"own": "Own"})


@pytest.mark.parametrize(
    ("target", "href"),
    [
        ("../xor.md", "/blog/xor/"),
        ("../xor.md#data", "/blog/xor/#data"),
        ("/posts/xor.md", "/blog/xor/"),
        ("/xor/", "/blog/xor/"),
        ("/xor", "/blog/xor/"),
        ("/xor/#eq-loss", "/blog/xor/#eq-loss"),
        ("/xor/?print=1#data", "/blog/xor/?print=1#data"),
        ("/2019/old-xor/", "/blog/xor/"),
        ("/tags/keras/", "/blog/tags/keras/"),
        ("/tags/", "/blog/tags/"),
        ("/archive/", "/blog/archive/"),
        ("/feed.xml", "/blog/feed.xml"),
        ("/", "/blog/"),
        ("#own", "#own"),
        ("#eq-loss", "/blog/xor/#eq-loss"),
        ("#fig%2Dmap", "/blog/xor/#fig-map"),
        ("../two%20words.md", "/blog/two%20words/"),
    ],
)
def test_a_link_becomes_an_address(tmp_path: Path, target: str, href: str) -> None:
    site = make_site(tmp_path, url="https://example.org/blog/")
    files = built(site, [XOR, linking(target), make_page("posts/two words.md")])
    assert hrefs(files["deep/index.html"]) == [href]


def test_in_feeds_and_lists_links_have_no_need_of_the_page(tmp_path: Path) -> None:
    page = linking("#own", "../xor.md")
    summary = f'<a class="t" href="{page.references[0].mark}">x</a>'
    page = dataclasses.replace(page, summary_html=summary)
    files = built(make_site(tmp_path), [XOR, page])
    assert hrefs(files["index.html"]) == ["/deep/#own"]
    feed = files["feed.xml"].replace("&lt;", "<").replace("&gt;", ">")
    assert hrefs(feed) == ["https://example.org/deep/#own", "https://example.org/xor/"]


def test_a_link_without_a_text_is_named_by_its_target(tmp_path: Path) -> None:
    page = linking("../xor.md", "#eq-loss", "#fig-map", "#own", "/tags/keras/")
    files = built(make_site(tmp_path), [XOR, page])
    texts = re.findall(r'<a class="t"[^>]*>(.*)</a>', files["deep/index.html"])
    assert texts == ["XOR &amp; more", "(3)", "Figure 2", "Own", "keras"]


def test_the_words_around_a_number_are_the_authors(tmp_path: Path) -> None:
    page = linking("#fig-map", "#own", "../xor.md")
    figure = Anchor("fig-map", "Figure 2", number="2")
    worded = tuple(dataclasses.replace(x, wording="<Plot> %s!") for x in page.references)
    page = dataclasses.replace(page, references=worded)
    files = built(make_site(tmp_path), [dataclasses.replace(XOR, anchors=(figure,)), page])
    texts = re.findall(r'<a class="t"[^>]*>(.*)</a>', files["deep/index.html"])
    assert texts == [f"&lt;Plot&gt; {shown}!" for shown in ("2", "Own", "XOR &amp; more")]


def test_marks_in_plain_texts_and_headings_are_filled_too(tmp_path: Path) -> None:
    page = linking("#eq-loss")
    text_mark = page.references[0].text_mark
    heading = dataclasses.replace(page.headings[0], html=f"By {text_mark}")
    page = dataclasses.replace(page, headings=(heading,) * 3, summary=f"By {text_mark} & co")
    files = built(make_site(tmp_path), [XOR, page])
    assert "\ue000" not in "".join(files.values())
    assert 'content="By (3) &amp; co"' in files["deep/index.html"]


@pytest.mark.parametrize(
    ("target", "message", "help_"),
    [
        ("../xr.md", "link to '../xr.md': there is no such post", "did you mean '../xor.md'?"),
        (
            "../xor.md#dta",
            "link to '../xor.md#dta': that post has no heading or label 'dta'",
            "did you mean 'data'?",
        ),
        (
            "#eq-los",
            "link to '#eq-los': there is no heading or label 'eq-los'",
            "did you mean 'eq-loss'?",
        ),
        ("/xorr/", "link to '/xorr/': there is no such page", "did you mean '/xor/'?"),
        (
            "#results",
            "link to '#results': there is no heading or label 'results'",
            "known are: eq-loss, fig-map, own",
        ),
        (
            "../later.md",
            "link to '../later.md': that post is a draft, so it is not on the site",
            "remove the link, or publish that post",
        ),
        (
            "/later/",
            "link to '/later/': that post is a draft, so it is not on the site",
            "remove the link, or publish that post",
        ),
    ],
)
def test_a_broken_link_is_reported(tmp_path: Path, target: str, message: str, help_: str) -> None:
    with pytest.raises(ContentError) as caught:
        built(make_site(tmp_path), [XOR, linking(target)], unbuilt={"posts/later.md": "is a draft"})
    (problem,) = caught.value.problems
    assert (problem.message, problem.help) == (message, help_)
    assert (problem.file, problem.line) == ("posts/deep/index.md", 5)
    assert problem.excerpt[problem.column - 1 :][: problem.width] == target


def test_all_broken_links_of_all_posts_are_reported_at_once(tmp_path: Path) -> None:
    pages = [linking("a.md", "b.md"), linking("c.md", name="posts/other.md"), XOR]
    with pytest.raises(ContentError) as caught:
        built(make_site(tmp_path), pages)
    assert [(p.file, p.line) for p in caught.value.problems] == [
        ("posts/deep/index.md", 5),
        ("posts/deep/index.md", 6),
        ("posts/other.md", 5),
    ]


def test_links_to_posts_that_failed_are_not_blamed(tmp_path: Path) -> None:
    page = linking("../broken.md#x", "#eq-there", "/broken/")
    files = built(make_site(tmp_path), [page], unbuilt={"posts/broken.md": "failed"})
    assert "deep/index.html" in files


def test_a_label_of_two_posts_must_be_told_apart(tmp_path: Path) -> None:
    other = make_page("posts/other.md", labels={"eq-loss": "(1)"})
    with pytest.raises(ContentError, match="eq-loss") as caught:
        built(make_site(tmp_path), [XOR, other, linking("#eq-loss")])
    (problem,) = caught.value.problems
    assert "posts/other.md and posts/xor.md have a label" in problem.message
    assert problem.help.endswith("'../other.md#eq-loss'")


def test_a_post_from_a_notebook_is_blamed_at_the_line_of_its_file(tmp_path: Path) -> None:
    page = linking("no.md")
    source = Source("posts/n.ipynb", page.source.text, lines=(10, 20, 30, 40, 50))
    with pytest.raises(ContentError) as caught:
        built(make_site(tmp_path), [dataclasses.replace(page, source=source)])
    assert caught.value.problems[0].line == 50
