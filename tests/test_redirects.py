"""Old addresses: aliases of posts and the redirects of the settings, on any host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_pages import built, make_page, make_site

from site_builder.errors import ContentError, Problem, UsageError
from site_builder.model.files import SiteFile
from site_builder.settings.site import parse_settings


def problems_of(root: Path, pages: list, **settings: object) -> tuple[Problem, ...]:  # type: ignore[type-arg]
    with pytest.raises(ContentError) as caught:
        built(make_site(root, **settings), pages)
    return caught.value.problems


def leads_to(page: str) -> str:
    """Where a page of a redirect leads, which it says three times."""
    refresh = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page)
    assert refresh
    assert f'<a href="{refresh[1]}">' in page
    canonical = re.search(r'<link rel="canonical" href="([^"]*)">', page)
    assert canonical
    assert canonical[1].endswith(refresh[1])
    assert '<meta name="robots" content="noindex">' in page
    return refresh[1]


def test_an_alias_is_a_page_and_a_line(tmp_path: Path) -> None:
    page = make_page("posts/xor.md", aliases=("/2019/06/old", "/old.html"), title="<XOR>")
    files = built(make_site(tmp_path, url="https://example.org/blog/"), [page])
    assert leads_to(files["2019/06/old/index.html"]) == "/blog/xor/"
    assert leads_to(files["old.html"]) == "/blog/xor/"
    assert "&lt;XOR&gt;" in files["old.html"]
    assert files["_redirects"] == (
        "/blog/2019/06/old/ /blog/xor/ 301\n/blog/old.html /blog/xor/ 301\n"
    )


def test_addresses_in_another_script_and_with_marks(tmp_path: Path) -> None:
    page = make_page("posts/сети.md", slug="сети", aliases=("/старое имя/", "/a*b:c/"))
    files = built(make_site(tmp_path), [page])
    assert leads_to(files["старое имя/index.html"]) == "/%D1%81%D0%B5%D1%82%D0%B8/"
    lines = files["_redirects"].splitlines()
    assert all(line.isascii() and len(line.split()) == 3 for line in lines)
    assert lines[1].startswith("/a%2Ab%3Ac/ ")  # a star or a colon would be a pattern


def test_the_author_s_own_lines_come_first(tmp_path: Path) -> None:
    own = SiteFile("_redirects", b"/x/* /y/:splat 302")
    page = make_page("posts/a.md", aliases=("/old/",))
    files = built(make_site(tmp_path), [page], static=[own])
    assert files["_redirects"] == "/x/* /y/:splat 302\n/old/ /a/ 301\n"


def test_without_old_addresses_there_is_no_file(tmp_path: Path) -> None:
    assert "_redirects" not in built(make_site(tmp_path), [make_page("posts/a.md")])


def test_two_aliases_that_collide_name_both_files(tmp_path: Path) -> None:
    text = "---\ntitle: x\naliases: [/old/]\n---\n"
    pages = [make_page(f"posts/{name}.md", aliases=("/old/",), text=text) for name in "ab"]
    (problem,) = problems_of(tmp_path, pages)
    assert "posts/a.md" in problem.message
    assert "posts/b.md" in problem.message
    assert (problem.line, problem.column, problem.code) == (3, 11, "F017")


def test_an_alias_that_is_a_page(tmp_path: Path) -> None:
    pages = [make_page("posts/a.md"), make_page("posts/b.md", aliases=("/a/",))]
    (problem,) = problems_of(tmp_path, pages)
    assert (problem.file, problem.code) == ("posts/b.md", "F017")
    assert problem.help == "remove the alias, or change it"


@pytest.mark.parametrize(
    "alias", ["/?p=12", "/a/#b", "https://e.org/", "/", "../x", "/a//b", "\\a"]
)
def test_what_is_no_alias(tmp_path: Path, alias: str) -> None:
    (problem,) = problems_of(tmp_path, [make_page("posts/a.md", aliases=(alias,))])
    assert problem.code == "F018"
    assert ("static/_redirects" in problem.help) == ("?" in alias)


# Redirects of the settings


def test_redirects_to_pages_files_and_other_sites(tmp_path: Path) -> None:
    redirects = {
        "/a/": "/xor/#training",
        "/b": "https://elsewhere.example/x?y=1&z=2",
        "/c.pdf": "/paper.pdf",
        "/d/": "https://example.org/xor/",
    }
    static = [SiteFile("paper.pdf", b"")]
    files = built(
        make_site(tmp_path, redirects=redirects), [make_page("posts/xor.md")], static=static
    )
    assert leads_to(files["a/index.html"]) == "/xor/#training"
    assert leads_to(files["b/index.html"]) == "https://elsewhere.example/x?y=1&amp;z=2"
    assert files["_redirects"] == (
        "/a/ /xor/#training 301\n"
        "/b/ https://elsewhere.example/x?y=1&z=2 301\n"
        "/c.pdf /paper.pdf 301\n"
        "/d/ https://example.org/xor/ 301\n"
    )


def test_addresses_begin_at_the_home_page_or_at_the_root_of_the_host(tmp_path: Path) -> None:
    redirects = {
        "/a/": "/xor/",
        "/blog/b/": "/blog/xor/#x",
        "/c/": "/blog",
        "/d/": "https://example.org/other/",
    }
    pages = [make_page("posts/xor.md", aliases=("/blog/2019/xor/", "/blogs/"))]
    files = built(make_site(tmp_path, url="https://example.org/blog/", redirects=redirects), pages)
    assert files["_redirects"].splitlines() == [
        "/blog/2019/xor/ /blog/xor/ 301",
        "/blog/blogs/ /blog/xor/ 301",
        "/blog/a/ /blog/xor/ 301",
        "/blog/b/ /blog/xor/#x 301",
        "/blog/c/ /blog/ 301",
        "/blog/d/ https://example.org/other/ 301",
    ]
    redirects = {"/a/": "/nowhere/"}
    (problem,) = problems_of(tmp_path, pages, url="https://example.org/blog/", redirects=redirects)
    assert problem.code == "F111"


def test_chains_lead_to_their_end_in_one_step(tmp_path: Path) -> None:
    redirects = {"/a/": "/b/", "/b/": "/c", "/c/": "/old/"}
    files = built(
        make_site(tmp_path, redirects=redirects), [make_page("posts/x.md", aliases=("/old/",))]
    )
    assert {leads_to(files[f"{name}/index.html"]) for name in ("a", "b", "c", "old")} == {"/x/"}


def test_circles_and_redirects_to_nothing(tmp_path: Path) -> None:
    redirects = {"/a/": "/b/", "/b/": "/a/", "/c/": "/c/", "/d/": "/nothing/"}
    problems = problems_of(tmp_path, [], redirects=redirects)
    assert {problem.code for problem in problems} == {"F111"}
    assert {problem.file for problem in problems} == {"site.toml"}
    assert [problem.message for problem in problems] == [
        "the redirect from '/a/' leads round in a circle",
        "the redirect from '/b/' leads round in a circle",
        "the redirect from '/c/' leads round in a circle",
        "the redirect from '/d/' leads to '/nothing/', where there is nothing",
    ]


def test_a_redirect_from_where_a_page_is(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, [make_page("posts/a.md")], redirects={"/a/": "/"})
    assert (problem.file, problem.code) == ("site.toml", "F017")
    assert "posts/a.md" in problem.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("old/", "/"),
        ("/", "/x/"),
        ("/?p=1", "/"),
        ("/a/../b", "/"),
        ("/a/*", "/"),
        ("/a b/", "/"),
        ("/a/", "new/"),
        ("/a/", "//e.org/"),
        ("/a/", "javascript:x"),
        ("/a/", "/x y/"),
    ],
)
def test_what_is_no_redirect(old: str, new: str) -> None:
    text = f'title = "x"\nurl = "https://e.org/"\n[redirects]\n"/good/" = "/"\n"{old}" = "{new}"\n'
    with pytest.raises(UsageError) as caught:
        parse_settings(text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.code) == ("site.toml", 5, "C006")
