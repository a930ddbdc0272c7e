"""Related posts: by tags and words, or as the author names them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from made_pages import built, make_page, make_site

from site_builder.assembly.related import related_places
from site_builder.errors import ContentError, Problem
from site_builder.model.page import Page


def post(name: str, *keywords: str, day: int = 0, **front: Any) -> Page:
    date = dt.date(2020, 1, 1) + dt.timedelta(days=day)
    page = make_page(f"posts/{name}.md", date=date, **front)
    return dataclasses.replace(page, keywords=keywords)


def spaced(*posts: Page) -> list[Page]:
    """Posts in this order, with one about nothing around each, so that none are neighbours."""
    pages = []
    for number, each in enumerate(posts):
        pages.append(post(f"nothing-{number}", day=2 * number))
        date = dt.date(2020, 1, 1) + dt.timedelta(days=2 * number + 1)
        front = dataclasses.replace(each.front_matter, date=date)
        pages.append(dataclasses.replace(each, front_matter=front))
    return pages


def related(pages: Sequence[Page], name: str, most: int = 3) -> list[str]:
    """The names of the posts that are related to one, by their order."""
    places = related_places("en", pages, most, lambda _, make: make())
    place = [page.slug for page in pages].index(name)
    return [pages[other].slug for other in places[place]]


def shown(html: str) -> list[tuple[str, str]]:
    """Addresses and summaries of the related posts of a page."""
    section = html.partition('class="related"')[2].partition("</section>")[0]
    return re.findall(r'<a href="([^"]*)">.*?(?:<p>(.*?)</p>)?</li>', section)


def problems_of(tmp_path: Path, pages: Sequence[Page], **arguments: Any) -> list[Problem]:
    with pytest.raises(ContentError) as caught:
        built(make_site(tmp_path), pages, **arguments)
    return list(caught.value.problems)


def test_what_shares_a_tag_is_related() -> None:
    pages = spaced(
        post("a", tags=("keras",)), post("b", tags=("maths",)), post("c", tags=("keras",))
    )
    assert related(pages, "a") == ["c"]
    assert related(pages, "c") == ["a"]
    assert related(pages, "b") == []


def test_what_shares_words_is_related() -> None:
    words = ("softmax", "jacobian", "logit", "vector")
    pages = spaced(post("a", *words), post("b", "jury", "court"), post("c", *words, "loss"))
    assert related(pages, "a") == ["c"]
    assert related(pages, "b") == []


def test_one_common_word_is_not_enough() -> None:
    pages = spaced(*(post(name, "model") for name in "abcd"), *(post(x) for x in "efgh"))
    assert related(pages, "a") == []


def test_a_tag_and_words_beat_a_tag() -> None:
    pages = spaced(
        post("a", "layer", "weight", tags=("keras",)),
        post("b", tags=("keras",)),
        post("c", "layer", "weight", tags=("keras",)),
        post("d", tags=("keras",)),
    )
    assert related(pages, "a") == ["c", "d", "b"]
    assert related(pages, "a", most=1) == ["c"]


def test_what_few_share_counts_more_than_what_many_share() -> None:
    common = [post(f"x{number}", tags=("essays",)) for number in range(20)]
    rare = [post("a", tags=("essays", "chess")), post("b", tags=("essays", "chess"))]
    assert related(spaced(rare[0], *common, rare[1]), "a")[0] == "b"


def test_the_posts_before_and_after_are_linked_anyway() -> None:
    pages = [post(name, tags=("t",), day=day) for day, name in enumerate("abcde")]
    assert related(pages, "c") == ["e", "a"]
    assert related(pages, "a") == ["e", "d", "c"]
    assert related(pages, "e") == ["c", "b", "a"]


def test_so_are_the_parts_of_the_series() -> None:
    pages = spaced(
        post("one", tags=("t",), series="S"),
        post("two", tags=("t",), series="S"),
        post("other", tags=("t",)),
    )
    assert related(pages, "one") == ["other"]
    assert related(pages, "other") == ["two", "one"]


def test_asides_and_posts_in_other_languages_are_not() -> None:
    pages = spaced(
        post("a", tags=("t",)),
        post("aside", tags=("t",), kind="aside"),
        post("b", tags=("t",), lang="de"),
        post("c", tags=("t",), lang="de-AT"),
        post("d", tags=("t",), lang="en-GB"),
    )
    assert related(pages, "a") == ["d"]
    assert related(pages, "b") == ["c"]
    assert related(pages, "aside") == []


def test_any_number_of_posts_is_compared_as_a_plain_sum_would_be() -> None:
    """The sums, made for all posts at once, are those that one would make for each."""
    draw = random.Random(5)
    names = [f"w{number}" for number in range(60)]
    pages = [
        post(
            f"p{n}",
            *draw.sample(names, draw.randrange(12)),
            day=n,
            tags=tuple(draw.sample("abcdef", 2)),
        )
        for n in range(150)
    ]
    places = related_places("en", pages, 4, lambda _, make: make())

    def terms(page: Page) -> set[str]:
        return {*page.keywords, *("#" + tag for tag in page.front_matter.tags)}

    def counts(term: str) -> int:
        share = sum(term in terms(page) for page in pages) / len(pages)
        return 1 << (share <= 1 / 4) + (share <= 1 / 32) + 2 * term.startswith("#")

    weights = {term: counts(term) for page in pages for term in terms(page)}
    for place, page in enumerate(pages):
        sums = {
            other: sum(weights[term] for term in terms(page) & terms(pages[other]))
            for other in range(len(pages))
            if abs(other - place) > 1
        }
        best = sorted((-total, -other) for other, total in sums.items() if total >= 4)[:4]
        assert list(places[place]) == [-other for _, other in best]


def test_they_are_shown_below_the_post(tmp_path: Path) -> None:
    pages = spaced(
        post("a", tags=("t",)),
        post("b", tags=("t",), title_html="<em>B</em>", summary="What b says."),
    )
    files = built(make_site(tmp_path), pages)
    assert shown(files["a/index.html"]) == [("/b/", "What b says.")]
    assert "<em>B</em></a>" in files["a/index.html"].partition('class="related"')[2]
    assert "related" not in files["nothing-0/index.html"]


def test_a_page_changes_only_if_its_own_related_posts_do(tmp_path: Path) -> None:
    pages = spaced(
        post("a", tags=("t",)), post("b", tags=("u",)), post("c", tags=("t",)), post("d")
    )
    before = built(make_site(tmp_path), pages)
    d = next(page for page in pages if page.slug == "d")
    front = dataclasses.replace(d.front_matter, tags=("u",))
    others = [page for page in pages if page is not d]
    after = built(make_site(tmp_path), [*others, dataclasses.replace(d, front_matter=front)])
    posts = [f"{page.slug}/index.html" for page in pages]
    assert [path for path in posts if before[path] != after[path]] == [
        "b/index.html",
        "d/index.html",
    ]


def test_a_site_can_do_without(tmp_path: Path) -> None:
    pages = spaced(post("a", tags=("t",)), post("b", tags=("t",)))
    assert shown(built(make_site(tmp_path), pages)["a/index.html"])
    assert not shown(built(make_site(tmp_path, related_posts=0), pages)["a/index.html"])


def test_a_post_can_do_without(tmp_path: Path) -> None:
    pages = spaced(post("a", tags=("t",), related=()), post("b", tags=("t",)))
    files = built(make_site(tmp_path), pages)
    assert not shown(files["a/index.html"])
    assert shown(files["b/index.html"])


def test_an_author_can_name_them(tmp_path: Path) -> None:
    names = ("c.md", "/pages/about.md", "folder", "a-note.md")
    pages = [
        post("a", related=names),
        post("b", tags=("t",)),
        post("c"),
        make_page("posts/folder/index.md", date=dt.date(2020, 1, 1)),
        make_page("pages/about.md"),
        post("a-note", kind="aside"),
    ]
    files = built(make_site(tmp_path), pages)
    assert [url for url, _ in shown(files["a/index.html"])] == [
        "/c/",
        "/about/",
        "/folder/",
        "/a-note/",
    ]


@pytest.mark.parametrize(
    ("name", "message", "help_"),
    [
        ("xro.md", "the related post 'xro.md' is no post", "did you mean 'xor.md'?"),
        ("a.md", "the related post 'a.md' is this post itself", "delete it"),
        (
            "later.md",
            "the related post 'later.md' is a draft, so it is not on the site",
            "delete it, or publish that post",
        ),
    ],
)
def test_what_is_named_must_be_there(tmp_path: Path, name: str, message: str, help_: str) -> None:
    text = f"---\ntitle: x\nrelated: [{name}]\n---\n"
    pages = [post("a", related=(name,), text=text), post("xor")]
    (problem,) = problems_of(tmp_path, pages, unbuilt={"posts/later.md": "is a draft"})
    assert str(problem) == f"posts/a.md:3:11: {message}\n  help: {help_}"
    assert problem.code == "F120"


def test_unlisted_posts_are_not_related_to_any(tmp_path: Path) -> None:
    pages = spaced(post("a", tags=("t",)), post("b", tags=("t",), unlisted=True))
    files = built(make_site(tmp_path), pages)
    assert not shown(files["a/index.html"])
    named = [post("a", related=("b.md",)), post("b", unlisted=True)]
    (problem,) = problems_of(tmp_path, named)
    assert problem.message == "the related post 'b.md' is unlisted"


def test_what_is_named_twice_is_told(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, [post("a", related=("xor.md", "xor.md")), post("xor")])
    assert problem.message == "the related post 'xor.md' is named twice"


def test_a_post_that_failed_is_told_of_once(tmp_path: Path) -> None:
    pages = [post("a", related=("b.md",)), post("c", related=("gone.md",))]
    problems = problems_of(tmp_path, pages, unbuilt={"posts/b.md": "failed"})
    assert [problem.file for problem in problems] == ["posts/c.md"]


def test_what_was_compared_before_is_not_compared_again() -> None:
    pages = spaced(post("a", tags=("t",)), post("b", tags=("t",)))
    kept: dict[str, bytes] = {}
    made = []

    def memo(text: str, make: Any) -> bytes:
        if text not in kept:
            made.append(text)
            kept[text] = make()
        return kept[text]

    first = related_places("en", pages, 3, memo)
    assert related_places("en", pages, 3, memo) == first
    assert len(made) == 1
    assert related_places("en", pages, 1, memo) == first
    other = [*pages[:-1], dataclasses.replace(pages[-1], keywords=("new",))]
    related_places("en", other, 3, memo)
    assert len(made) == 3
