"""How others cite a post: the box at its end, its BibTeX read back by others, metadata."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import bibtexparser
import pytest
from bibtexparser.middlewares import LatexDecodingMiddleware
from broken_sites import Blog, post
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from site_builder.content.citations.bibliography import read_bibliography
from site_builder.content.citations.text import tex_text
from site_builder.content.citations.works import read_work
from site_builder.content.citations.writing import bibtex_entry, bibtex_text
from site_builder.model.citations import words_of

TOML = 'title = "Notes & Queries"\nurl = "https://example.org/blog/"\nauthor = "Ada van Lovelace"\n'
FRONT = "title: {}\ndate: 2019-06-02\n"


def page_of(root: Path, front: str, toml: str = TOML, name: str = "softmax") -> LexborHTMLParser:
    """The page of a post."""
    blog = Blog(root, {"site.toml": toml, f"posts/{name}.md": post("Text.\n", front)})
    told = blog.build("-j", "1")
    assert told.code == 0, told.err
    html = blog.public / name / "index.html"
    return LexborHTMLParser(html.read_text(encoding="utf-8"))


def bibtex_of(tree: LexborHTMLParser) -> str:
    code = tree.css_first("details.cite pre code")
    assert code is not None
    return code.text()


def test_a_post_says_how_to_cite_it(tmp_path: Path) -> None:
    front = FRONT.format(r'"Nets & ""nerves"" of $\\sigma_i$: 100% #1"'.replace('""', "'"))
    tree = page_of(tmp_path, front + "updated: 2019-07-05\nauthors: [Jo Roe, ACME and Sons]\n")
    words = tree.css_first("details.cite p")
    assert words is not None
    assert words.text() == (
        r"Jo Roe & ACME and Sons (2019-06-02). Nets & ‘nerves’ of \sigma_i: 100% #1. "
        "Notes & Queries. https://example.org/blog/softmax/"
    )
    assert bibtex_of(tree) == "\n".join(
        (
            "@online{roe2019softmax,",
            r"  title        = {{Nets \& ‘nerves’ of $\sigma_i$: 100\% \#1}},",
            "  author       = {Jo Roe and {ACME and Sons}},",
            r"  organization = {Notes \& Queries},",
            "  date         = {2019-06-02},",
            "  url          = {https://example.org/blog/softmax/},",
            "  note         = {Updated 2019-07-05},",
            "}",
        )
    )


def test_the_text_can_be_copied_without_what_hides_it(tmp_path: Path) -> None:
    tree = page_of(tmp_path, FRONT.format("T"))
    buttons = tree.css("details.cite button.copy")
    assert len(buttons) == 2
    for button in buttons:  # what the theme's script copies stands before it
        before = button.prev
        assert before is not None
        assert before.tag in ("p", "pre")
        assert "hidden" in button.attributes
        assert button.attributes["aria-label"]


@pytest.mark.parametrize(
    ("front", "toml", "shown"),
    [
        (FRONT.format("T"), TOML, True),
        (FRONT.format("T") + "citation: false\n", TOML, False),
        (FRONT.format("T"), TOML + "[citations]\nbox = false\n", False),
        (FRONT.format("T") + "citation: true\n", TOML + "[citations]\nbox = false\n", True),
        ("date: 2019-06-02\nkind: aside\n", TOML, False),
        ("date: 2019-06-02\nkind: aside\ncitation: true\n", TOML, True),
    ],
)
def test_posts_have_a_box_unless_it_is_not_wanted(
    tmp_path: Path, front: str, toml: str, shown: bool
) -> None:
    assert bool(page_of(tmp_path, front, toml).css("details.cite")) == shown


def test_a_page_has_one_if_it_asks_for_it(tmp_path: Path) -> None:
    text = post("Text.\n", "title: About\ncitation: true\n")
    blog = Blog(tmp_path, {"site.toml": TOML, "pages/about.md": text})
    blog.put({"pages/more.md": post("Text.\n", "title: More\n")})
    assert blog.build("-j", "1").code == 0
    html = (blog.public / "about/index.html").read_text(encoding="utf-8")
    assert "@online{lovelaceabout," in html
    assert "date " not in bibtex_of(LexborHTMLParser(html))
    assert "<details" not in (blog.public / "more/index.html").read_text(encoding="utf-8")


def test_a_site_without_an_author_is_one_itself(tmp_path: Path) -> None:
    tree = page_of(tmp_path, FRONT.format("T"), TOML.partition("author")[0])
    assert "author = {{Notes \\& Queries}}," in re.sub(" +", " ", bibtex_of(tree))
    assert "organization" not in bibtex_of(tree)


def test_a_slug_in_another_script_makes_a_key_all_the_same(tmp_path: Path) -> None:
    front = FRONT.format("Сети") + "authors: [Иван Петров]\nslug: сети\n"
    tree = page_of(tmp_path, front, name="сети")
    key = re.match(r"@online\{([^,]*),", bibtex_of(tree))
    assert key is not None
    assert re.fullmatch(r"[!-~]+", key[1])
    assert re.search(r"url += \{https://example\.org/blog/[!-~]+/\}", bibtex_of(tree))


# What others read back

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")))


def plain(text: str) -> str:
    """A text with what typography and blanks do to it undone."""
    text = text.replace("’", "'").replace("‘", "'").replace("\u00a0", " ")
    return " ".join(text.split())


@given(WORDS)
@example(r"\ { } $ & % # _ ~ ^ \" ` ' -- --- '' `` {{ }} \} @x, = \o{} \\")
@example('"""')
@example("100% {sure} of a_b^c")
@settings(max_examples=300, deadline=None)
def test_what_is_written_our_own_reader_reads_back(text: str) -> None:
    runs, unknown = tex_text(bibtex_text(text))
    assert unknown == ()
    assert plain(words_of(runs)) == plain(text)


@given(WORDS, WORDS)
@example(r"\{ } {{ %", 'a "quoted" @misc{x, = y}')
@settings(max_examples=200, deadline=None)
def test_what_is_written_every_program_reads_back(title: str, author: str) -> None:
    fields = {"title": f"{{{bibtex_text(title)}}}", "author": f"{{{bibtex_text(author)}}}"}
    entry = bibtex_entry("online", "key2019", fields | {"date": "2019-06-02"})
    library = bibtexparser.parse_string(entry, append_middleware=[LatexDecodingMiddleware()])
    assert not library.failed_blocks
    (found,) = library.entries
    assert (found.entry_type, found.key) == ("online", "key2019")
    assert found.fields_dict["date"].value == "2019-06-02"
    for name, text in (("title", title), ("author", author)):
        # pylatexenc takes the braces for text where they hold no command.
        value = found.fields_dict[name].value.removeprefix("{").removesuffix("}")
        assert alike(value) == alike(text)
    own = read_bibliography(entry)
    assert own.faults == ()
    work, _ = read_work(own.entries["key2019"], own.entries)
    assert plain(words_of(work.title)) == plain(title)


def alike(text: str) -> str:
    """A text without signs, of which programs of TeX have their own opinions."""
    return "".join(c for c in unescape(text) if c.isalnum() and c not in "ˆ˜")


# Metadata


def test_highwire_metadata_is_there_if_it_is_wanted(tmp_path: Path) -> None:
    front = FRONT.format("\"A & 'B'\"") + "tags: [maths]\nbibliography: works.bib\n"
    works = (
        "@article{a, author = {Doe, J and Roe, R}, title = {T; U}, journal = {J}, year = 2001}\n"
    )
    text = post("See [@a].\n", front)
    files = {"site.toml": TOML, "posts/works.bib": works, "posts/softmax.md": text}
    blog = Blog(tmp_path, files)
    assert blog.build("-j", "1").code == 0
    page = blog.public / "softmax/index.html"
    assert "citation_" not in page.read_text(encoding="utf-8")
    blog.put({"site.toml": TOML + "[citations]\nhighwire = true\n"})
    assert blog.build("-j", "1").code == 0
    tree = LexborHTMLParser(page.read_text(encoding="utf-8"))
    pairs = [
        (node.attributes["name"], node.attributes["content"])
        for node in tree.css("meta[name^=citation_]")
    ]
    assert pairs == [
        ("citation_title", "A & ‘B’"),
        ("citation_author", "Ada van Lovelace"),
        ("citation_publication_date", "2019/06/02"),
        ("citation_online_date", "2019/06/02"),
        ("citation_journal_title", "Notes & Queries"),
        ("citation_language", "en"),
        ("citation_public_url", "https://example.org/blog/softmax/"),
        ("citation_fulltext_html_url", "https://example.org/blog/softmax/"),
        ("citation_keywords", "maths"),
        (
            "citation_reference",
            "citation_title=T, U; citation_author=J Doe; citation_author=R Roe; "
            "citation_publication_date=2001; citation_journal_title=J;",
        ),
    ]
