"""The index of a site: how many files, what is in them, and what becomes of them after an edit."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from made_pages import built, make_page, make_site
from made_search import found_page, made_pages

from site_builder.assembly.addresses import locate
from site_builder.assembly.search.index import FORMAT, Index, search_index
from site_builder.assembly.search.shards import COMMON
from site_builder.assembly.theme.script import tightened
from site_builder.errors import ContentError
from site_builder.model.page import Page
from site_builder.rendering.search_terms import Texts, bucket, page_terms
from site_builder.settings.site import Site

SCRIPT = Path(__file__).parents[1] / "themes/default/assets/search.js"


def index_of(site: Site, pages: list[Page]) -> Index:
    return search_index(site, [locate(page, site) for page in pages])


def files_of(index: Index) -> dict[str, str]:
    """The texts that the files of an index give to the script, by their names."""
    return {x.path.rpartition("/")[2]: given(x.make()) for x in index.files}


def given(file: bytes) -> str:
    text = file.decode().removeprefix("searchPart(").removesuffix(")\n")
    return str(json.loads(text))


def with_words(page: Page, *prose: str, title: str = "Title") -> Page:
    found = page_terms(Texts(title, (), prose=[*prose]))
    return dataclasses.replace(page, terms=found)


def a_page(name: str, *prose: str, **front: Any) -> Page:
    return found_page(f"posts/{name}.md", Texts(name.title(), (), prose=[*prose]), **front)


def test_a_small_site_has_one_file_of_each_kind(tmp_path: Path) -> None:
    pages = [a_page("one", "alpha beta"), a_page("two", "alpha gamma")]
    index = index_of(make_site(tmp_path), pages)
    files = files_of(index)
    assert [name[0] for name in files] == ["t", "v", "d"]
    shard, words, rows = files.values()
    lines = dict(line.split(" ", 1) for line in shard.split("\n"))
    assert lines.keys() == {"alpha", "beta", "gamma", "one", "two"}
    assert lines["alpha"][1:] == "10"  # both pages with one weight, the newest first
    assert lines["one"][1:] == "0"
    assert words.split("\n") == ["alpha", "beta", "gamma"]
    assert [json.loads(row)[:4] for row in rows.split("\n")] == [
        ["one/", "2020-05-17", "en", "One"],
        ["two/", "2020-05-17", "en", "Two"],
    ]


def test_names_are_those_that_the_script_makes(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    for count in (0, 1, 33, 300):
        index = index_of(site, made_pages(count, words=20))
        table, names = json.loads(index.table), set(files_of(index))
        expected = set()
        counts = {"t": table["shards"], "v": len(table["v"]), "d": len(table["d"])}
        for kind, number in counts.items():
            expected |= {f"{kind}{n}.{table[kind][n % len(table[kind])]}.js" for n in range(number)}
        assert names == expected
        assert len(names) == len(index.files)


def test_a_term_is_in_the_shard_that_its_beginning_says(tmp_path: Path) -> None:
    index = index_of(make_site(tmp_path), made_pages(2100, words=6))
    count = json.loads(index.table)["shards"]
    assert count == 128
    seen = 0
    for name, text in files_of(index).items():
        if name[0] == "t":
            for term in (line.split(" ")[0] for line in text.split("\n") if line):
                assert bucket(term[:3]) % count == int(name[1:].partition(".")[0])
                seen += 1
    assert seen > 3000


def test_what_does_not_change_keeps_its_name(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    pages = made_pages(300, words=30)
    before = {x.path for x in index_of(site, pages).files}
    pages[7] = with_words(pages[7], "zebra")
    edited = {x.path for x in index_of(site, pages).files}
    assert edited != before
    more = [*pages, a_page("last", "quagga", date=dt.date(2030, 1, 1))]
    longer = {x.path for x in index_of(site, more).files}
    changed = {path.rpartition("/")[2].partition(".")[0] for path in longer - edited}
    kinds = {kind: sum(name[0] == kind for name in changed) for kind in "tvd"}
    shards = json.loads(index_of(site, more).table)["shards"]
    assert 1 <= kinds["t"] <= 2 < shards  # of `quagga` and of `last`
    assert kinds["d"] == 1


def test_an_edit_makes_the_index_that_there_would_be_without_it(tmp_path: Path) -> None:
    """Names tell of what is in the files: of the same name is the same text, else another."""
    site = make_site(tmp_path)
    pages = made_pages(120, words=40)
    known: dict[str, str] = {}
    for number in (3, 50, 119, 3):
        pages[number] = with_words(pages[number], f"edit{number}", title=f"Title {number}")
        for name, text in files_of(index_of(site, pages)).items():
            assert known.setdefault(name, text) == text


def test_a_term_of_nearly_all_pages_is_listed_for_the_best_of_them(tmp_path: Path) -> None:
    pages = [a_page(f"p{number}", "common") for number in range(COMMON + 100)]
    pages[5] = with_words(pages[5], "common " * 50, title="common")
    files = files_of(index_of(make_site(tmp_path), pages))
    (line,) = (
        line for text in files.values() for line in text.split("\n") if line.startswith("common ")
    )
    best, rest = line.split(" ")[1:]
    assert best[1:] == "05"
    assert len(rest[1:]) == 2 * (COMMON - 1)
    assert rest[1:3] == "gz"  # the newest, 611


def test_the_format_is_that_of_its_number(tmp_path: Path) -> None:
    """Files are kept for ever by their names: another format needs another number."""
    index = index_of(make_site(tmp_path), made_pages(70, words=30))
    content = b"".join(x.path.encode() + x.make() for x in index.files) + index.table.encode()
    assert (FORMAT, hashlib.sha256(content).hexdigest()[:12]) == (1, "cca98efc15de")


def test_the_page_its_link_and_its_files_go_together(tmp_path: Path) -> None:
    pages = [a_page("one", "alpha"), make_page("posts/two.md", unlisted=True)]
    site = built(make_site(tmp_path), pages)
    assert "search/index.html" in site
    assert 'href="/search/">Search<' in site["one/index.html"]
    assert 'action="/search/"' in site["404.html"]
    assert '<meta name="robots" content="noindex">' in site["search/index.html"]
    assert "search" not in site["sitemap.xml"]
    rows = next(text for path, text in site.items() if path.startswith("assets/search/d"))
    assert len(given(rows.encode()).split("\n")) == 1  # nobody finds what is not listed
    without = built(make_site(tmp_path, search=False), pages)
    assert not [path for path in without if path.startswith(("search", "assets/search/"))]
    assert "search/" not in without["one/index.html"] + without["404.html"]


def test_everything_on_the_search_page_is_relative_to_it(tmp_path: Path) -> None:
    site = make_site(tmp_path, url="https://example.org/blog/")
    page = built(site, [a_page("one", "alpha")])["search/index.html"]
    assert '"/blog/' not in page
    assert 'aria-current="page">Search<' in page


def test_a_page_of_the_author_may_not_take_its_place(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"pages/search\.md and the search page have"):
        built(make_site(tmp_path), [make_page("pages/search.md")])
    assert built(make_site(tmp_path, search=False), [make_page("pages/search.md")])


def test_the_script_has_at_most_4_kb() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert len(tightened(script).encode()) <= 4000
    assert "innerHTML" not in script


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("// a\nlet a = 1; // b\n\n/* c\n d */ let b = a + 2;\n", "let a=1;let b=a+2;"),
        ("x = \"a  //  b\" + 'c , d'", "x=\"a  //  b\"+'c , d'"),
        ("x = `a ${ b } // c`", "x=`a ${ b } // c`"),
        ("x = y.match(/[ /] , \\/ +/g)", "x=y.match(/[ /] , \\/ +/g)"),
        ("x = a / b / c", "x=a/b/c"),
        ("x = a + +b - -c", "x=a + +b - -c"),
        ("a\n  .b()\n  ?? c", "a.b()??c"),
        ("if (a)\n  b()\nelse c()", "if(a)\nb()\nelse c()"),
        ("x = {}\n(y)", "x={}\n(y)"),
        ("return x\n[1]", "return x\n[1]"),
    ],
)
def test_a_script_is_tightened_and_does_the_same(script: str, expected: str) -> None:
    assert tightened(script) == expected
