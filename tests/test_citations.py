"""Citations, from what an author writes to the page, its feed and its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from broken_sites import Blog, Told, heads, post
from selectolax.lexbor import LexborHTMLParser

from site_builder.content.citations.syntax import cites_in, name_cites
from site_builder.content.headings import plain_text
from site_builder.content.markdown import make_parser

WORKS = r"""
@article{marcus2018, author = {Marcus, Gary}, title = {Deep Learning: A Critical Appraisal},
  year = 2018, eprint = {1801.00631}, archivePrefix = {arXiv}}
@article{lecun2015, author = {LeCun, Yann and Bengio, Yoshua and Hinton, Geoffrey},
  title = {Deep learning}, journal = {Nature}, volume = 521, year = 2015, pages = {436--444},
  doi = {10.1038/nature14539}}
@online{a1, author = {{OpenAI}}, title = {First}, date = {2019-02-14}, url = {https://a.example/}}
@online{a2, author = {{OpenAI}}, title = {On $O(n^2)$}, date = {2019-11-05}}
@book{never, author = {Nobody, N}, title = {Never Cited}, year = 2000}
"""
LABELS = {"a": ("Ann", "2001"), "b": ("Bob & Cy", "2002a"), "b2": ("Bob & Cy", "2002b")}
BIB = "title: A\ndate: 2020-05-17\nbibliography: works.bib\n"


# What is written


def shown(text: str, *, cites: bool = True) -> str:
    """A sentence in plain words, its citations named."""
    (inline,) = make_parser().parseInline(text, {"cites": cites})
    tokens = inline.children or []
    name_cites(tokens, LABELS.get)
    return plain_text(tokens)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("So [@a].", "So (Ann, 2001)."),
        ("So [@a; @b].", "So (Ann, 2001; Bob & Cy, 2002a)."),
        ("[see @a, pp. 3-5; or @b, *x*]", "(see Ann, 2001, pp. 3–5; or Bob & Cy, 2002a, x)"),
        ("[@b; @b2]", "(Bob & Cy, 2002a, 2002b)"),
        ("Ann [-@a, p. 3]", "Ann (2001, p. 3)"),
        ("Ann -@a", "Ann (2001)"),
        ("@a says", "Ann (2001) says"),
        ("@a [p. 3] says", "Ann (2001, p. 3) says"),
        ("@a[p. 3-4]", "Ann (2001, p. 3–4)"),
        ("@a, @b.", "Ann (2001), Bob & Cy (2002a)."),
        ("@{a}s", "Ann (2001)s"),
        ("@a [@b]", "Ann (2001) (Bob & Cy, 2002a)"),
        ("@a [there](b.md)", "Ann (2001) there"),
        ("[@a on [this] point]", "(Ann, 2001 on [this] point)"),
        ("[@a, $x^2$; `@b`]", "(Ann, 2001, x^2; @b)"),
        ("{cite}`a`, {cite:p}`a, b`", "(Ann, 2001), (Ann, 2001; Bob & Cy, 2002a)"),
        ("{cite:t}`a;b` {cite:year}`a`", "Ann (2001), Bob & Cy (2002a) (2001)"),
        ("{cite:author}`b`", "Bob & Cy"),
        ("in **bold [@a]**", "in bold (Ann, 2001)"),
        ("[@a\nand more]", "(Ann, 2001 and more)"),
    ],
)  # fmt: skip
def test_citations_are_written_as_in_pandoc_and_myst(written: str, words: str) -> None:
    assert shown(written) == words


@pytest.mark.parametrize(
    "text",
    [
        "mail me@example.org or [me@example.org]",
        "`@a` and `[@a]`",
        r"\@a and [\@a]",
        "v1.2@a x_@a",
        "{cite:full}`a`",
        "[see also; perhaps]",
    ],
)
def test_what_only_looks_like_a_citation_is_text(text: str) -> None:
    (inline,) = make_parser().parseInline(text, {"cites": True})
    assert list(cites_in([inline])) == []


@pytest.mark.parametrize("label", ["fig-x", "tbl-x", "eq-x", "sec-x", "lst-x"])
def test_references_within_the_site_are_no_citations(label: str) -> None:
    (inline,) = make_parser().parseInline(f"@{label} [@{label}] [-@{label}]", {"cites": True})
    assert [t.type for t in inline.children or () if t.type != "text"] == ["reference"] * 3


def test_without_a_bibliography_a_name_after_an_at_is_text() -> None:
    assert shown("Follow @a!", cites=False) == "Follow @a!"


def test_links_that_begin_with_an_at_are_links() -> None:
    (inline,) = make_parser().parseInline("[@a](https://a.example) and [@b][1]", {"cites": False})
    assert list(cites_in([inline])) == []


# What is shown


def built(root: Path, files: Mapping[str, str], **more: str) -> tuple[Blog, Told]:
    blog = Blog(root, {"posts/a/works.bib": WORKS, **files, **more})
    told = blog.build("-j", "1")
    assert told.code == 0, told.err
    return blog, told


def body(blog: Blog, path: str = "a/index.html") -> LexborHTMLParser:
    html = (blog.public / path).read_text(encoding="utf-8")
    return LexborHTMLParser(html)


def text_of(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    assert node is not None, selector
    return node.text()


def texts(tree: LexborHTMLParser, selector: str) -> list[str]:
    return [" ".join(node.text().split()) for node in tree.css(selector)]


def test_what_is_cited_is_listed_and_nothing_else(tmp_path: Path) -> None:
    text = post(
        "As [@marcus2018] and @lecun2015 [p. 3], again [-@marcus2018].[^1]\n\n[^1]: @a1.\n", BIB
    )
    blog, _ = built(tmp_path, {"posts/a/index.md": text})
    tree = body(blog)
    assert texts(tree, ".body .citation") == [
        "(Marcus, 2018)", "LeCun et al. (2015, p. 3)", "(2018)", "OpenAI (2019)"
    ]  # fmt: skip
    assert texts(tree, ".body > h2") == ["References #"]
    listed = [item.split(" ↩")[0] for item in texts(tree, "[role=doc-bibliography] li")]
    assert listed == [
        "LeCun, Y., Bengio, Y., & Hinton, G. (2015). Deep learning. Nature, 521, 436–444. "
        "https://doi.org/10.1038/nature14539",
        "Marcus, G. (2018). Deep Learning: A Critical Appraisal. arXiv:1801.00631",
        "OpenAI (2019, 14 February). First. https://a.example/",
    ]


def test_links_lead_there_and_back(tmp_path: Path) -> None:
    text = post("As [@marcus2018] and @lecun2015, again [-@marcus2018].\n", BIB)
    tree = body(built(tmp_path, {"posts/a/index.md": text})[0])
    ids = {node.attributes["id"] for node in tree.css("[id]")}
    for role in ("doc-biblioref", "doc-backlink"):
        for link in tree.css(f"a[role={role}]"):
            assert (link.attributes["href"] or "").removeprefix("#") in ids
    back = {
        str(item.attributes["id"]): [a.attributes["href"] for a in item.css("[role=doc-backlink]")]
        for item in tree.css("[role=doc-bibliography] li")
    }
    assert back == {
        "ref-lecun2015": ["#cite-lecun2015-1"],
        "ref-marcus2018": ["#cite-marcus2018-1", "#cite-marcus2018-2"],
    }
    names = [a.attributes["aria-label"] for a in tree.css("[role=doc-backlink]")]
    assert len(set(names)) == len(names) == 3


EVERYWHERE = """
# A part with [@marcus2018]

| a |
|---|
| [@lecun2015] |

> [!NOTE] Title [@a1]
> Text [@a1].

- A list [@a2]

[It is so [see @marcus2018]]{claim="1 + 1 == 2"}.

![A figure after [@lecun2015]](plot.png){#fig-a fig-alt="Dots"}

```python
#| claim: Two is two, as @a1 says.
assert 1 + 1 == 2
```

```python
#| output: asis
print("Printed [@lecun2015].")
```
"""


def test_citations_stand_wherever_prose_does(tmp_path: Path) -> None:
    front = BIB.replace("title: A", 'title: "On @marcus2018"\nsummary: As @lecun2015 says.')
    png = (Path(__file__).parents[1] / "themes/default/preview.png").read_bytes()
    blog = Blog(tmp_path, {"posts/a/works.bib": WORKS, "posts/a/plot.png": png})
    blog.put({"posts/a/index.md": post(EVERYWHERE, front)})
    told = blog.build("-j", "1")
    assert told.code == 0, told.err
    tree = body(blog)
    assert "@" not in text_of(tree, ".body").replace("[@lecun2015].", "", 1)
    assert texts(tree, "h1") == ["On Marcus (2018)"]
    assert texts(tree, ".toc li a, .body > h2")[0].startswith("A part with (Marcus, 2018)")
    assert "(LeCun et al., 2015)" in text_of(tree, "figcaption")
    home = body(blog, "index.html")
    assert "As LeCun et al. (2015) says." in text_of(home, "body")
    assert not home.css("[role=doc-biblioref]")
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    checked = blog.run("check", "-C", str(blog.root))
    assert checked.code == 0, checked.out


@pytest.mark.parametrize(
    ("text", "headings", "last"),
    [
        ("Text [@a1].\n\n## More\n\nEnd.\n", ["More #", "References #"], "section"),
        ("Text [@a1].\n\n## Sources\n", ["Sources #"], "section"),
        ("Text [@a1].[^1]\n\n## Sources\n\n[^1]: Note.\n", ["Sources #"], "section"),
        ("Text [@a1].\n\n## Works\n\n::: {#refs}\n:::\n\nEnd.\n", ["Works #"], "p"),
        ("Text [@a1].\n\n```{bibliography}\n```\n\nEnd.\n", [], "p"),
        ("Text [@a1].\n\n## References\n\nNone.\n", ["References #", "References #"], "section"),
    ],
)
def test_references_stand_where_the_author_wants_them(
    tmp_path: Path, text: str, headings: list[str], last: str
) -> None:
    tree = body(built(tmp_path, {"posts/a/index.md": post(text, BIB)})[0])
    assert texts(tree, ".body > h2") == headings
    elements = [node for node in tree.css(".body > *") if node.tag != "aside"]
    assert elements[-1].tag == last
    (section,) = tree.css("[role=doc-bibliography]")
    named = section.attributes.get("aria-labelledby")
    assert section.attributes.get("aria-label") or tree.css(f"h2#{named}")


def test_works_can_be_listed_without_being_cited(tmp_path: Path) -> None:
    front = BIB + "nocite: |\n  @a1, @never\n"
    tree = body(built(tmp_path, {"posts/a/index.md": post("Text.\n", front)})[0])
    assert [li.attributes["id"] for li in tree.css("[role=doc-bibliography] li")] == [
        "ref-never", "ref-a1"
    ]  # fmt: skip
    assert not tree.css("[role=doc-backlink]")
    all_ = BIB + 'nocite: "@*"\n'
    tree = body(built(tmp_path / "all", {"posts/a/index.md": post("Text.\n", all_)})[0])
    assert len(tree.css("[role=doc-bibliography] li")) == 5


def test_nothing_is_shown_where_nothing_is_cited(tmp_path: Path) -> None:
    blog, _ = built(tmp_path, {"posts/a/index.md": post("Text.\n", BIB)})
    assert "references" not in (blog.public / "a/index.html").read_text(encoding="utf-8").lower()


def test_a_cell_s_citation_that_nothing_knows_is_reported(tmp_path: Path) -> None:
    text = post('Text [@a1].\n\n```python\n#| output: asis\nprint("[@never]")\n```\n', BIB)
    blog = Blog(tmp_path, {"posts/a/works.bib": WORKS, "posts/a/index.md": text})
    assert heads(blog.build("-j", "1").err) == [
        "posts/a/index.md:9: a cell cites 'never', which is none of the post's works"
    ]
    blog.put({"posts/a/index.md": text.replace("---\n\nText", 'nocite: ["@never"]\n---\n\nText')})
    assert blog.build("-j", "1").code == 0
    assert "(Nobody, 2000)" in text_of(body(blog), ".body")


def test_an_aside_on_the_home_page_leads_to_its_own_page(tmp_path: Path) -> None:
    front = "date: 2020-05-17\nkind: aside\nbibliography: works.bib\n"
    blog, _ = built(tmp_path, {"posts/a/index.md": post("A thought [@a1].\n", front)})
    home = body(blog, "index.html")
    links = [a.attributes["href"] for a in home.css("a[role=doc-biblioref]")]
    assert links == ["/a/#ref-a1"]
    assert all("a-" in str(node.attributes["id"]) for node in home.css(".references [id]"))
    assert not home.css("h2, h3, [role=doc-bibliography]")
    assert home.css(".references[role=group][aria-label]")


def test_feeds_have_the_references_with_absolute_links(tmp_path: Path) -> None:
    text = post("As [@marcus2018; @a2].\n", BIB)
    blog, _ = built(tmp_path, {"posts/a/index.md": text})
    (item,) = json.loads((blog.public / "feed.json").read_text(encoding="utf-8"))["items"]
    tree = LexborHTMLParser(item["content_html"])
    assert "Marcus, G. (2018)" in text_of(tree, "ul")
    assert not tree.css("[role], ul [id], section")
    hrefs = [a.attributes["href"] or "" for a in tree.css("a")]
    assert "https://example.org/a/#ref-marcus2018" in hrefs
    assert all(href.startswith("https://") for href in hrefs)


def test_a_download_keeps_the_keys(tmp_path: Path) -> None:
    text = post("As [@marcus2018].\n\n```python\n1 + 1\n```\n", BIB)
    blog, _ = built(tmp_path, {"posts/a/index.md": text})
    assert "As [@marcus2018]." in (blog.public / "a/a.ipynb").read_text(encoding="utf-8")
    verified = blog.run("verify", "-C", str(blog.root))
    assert verified.code == 0, verified.out


def test_structured_data_has_the_works(tmp_path: Path) -> None:
    blog, _ = built(tmp_path, {"posts/a/index.md": post("As [@lecun2015; @a1].\n", BIB)})
    data = json.loads(text_of(body(blog), "script[type='application/ld+json']"))
    (posting,) = [each for each in data["@graph"] if each["@type"] == "BlogPosting"]
    assert posting["citation"] == [
        {
            "@type": "ScholarlyArticle",
            "name": "Deep learning",
            "author": [
                {"@type": "Person", "name": name}
                for name in ("Yann LeCun", "Yoshua Bengio", "Geoffrey Hinton")
            ],
            "datePublished": "2015",
            "isPartOf": {"@type": "Periodical", "name": "Nature"},
            "sameAs": "https://doi.org/10.1038/nature14539",
            "url": "https://doi.org/10.1038/nature14539",
        },
        {
            "@type": "WebPage",
            "name": "First",
            "author": [{"@type": "Person", "name": "OpenAI"}],
            "datePublished": "2019-02-14",
            "url": "https://a.example/",
        },
    ]


# Bibliographies and builds


def test_the_site_s_bibliography_is_for_all_posts(tmp_path: Path) -> None:
    toml = 'title = "T"\nurl = "https://example.org/"\nbibliography = "lib/works.bib"\n'
    own = "@misc{marcus2018, author = {Own, O}, title = {Own}, year = 1999}\n"
    blog = Blog(tmp_path, {"site.toml": toml, "lib/works.bib": WORKS, "posts/own.bib": own})
    front = "title: B\ndate: 2020-05-17\nbibliography: /posts/own.bib\n"
    blog.put({"posts/a.md": post("@marcus2018\n"), "posts/b.md": post("@marcus2018 @a1\n", front)})
    assert blog.build("-j", "1").code == 0
    assert texts(body(blog), ".citation") == ["Marcus (2018)"]
    assert texts(body(blog, "b/index.html"), ".citation") == ["Own (1999)", "OpenAI (2019)"]


def test_what_is_odd_about_cited_works_is_a_warning_told_once(tmp_path: Path) -> None:
    works = r"@artcle{a, title = {\foo{T}}}" + "\n@article{never}\n"
    blog = Blog(tmp_path, {"posts/works.bib": works})
    for name in "ab":
        front = f"title: {name}\ndate: 2020-05-17\nbibliography: works.bib\n"
        blog.put({f"posts/{name}.md": post("See [@a].\n", front)})
    told = blog.build("-j", "1")
    assert told.code == 0
    assert heads(told.err, "warning") == [
        "posts/works.bib:1:1: 'artcle' is no known type of entry: it is shown as 'misc'",
        "posts/works.bib:1:9: the entry 'a' has no author and no year",
        r"posts/works.bib:1:21: the command \foo is not known here: "
        "what follows it is shown as text",
    ]
    assert "did you mean 'article'?" in told.err
    assert texts(body(blog), ".citation") == ["(“T”, n.d.)"]


def pages(blog: Blog) -> dict[str, bytes]:
    found = sorted(path for path in blog.public.rglob("*") if path.is_file())
    return {path.relative_to(blog.public).as_posix(): path.read_bytes() for path in found}


def test_a_change_of_the_bibliography_makes_its_posts_anew(tmp_path: Path) -> None:
    files = {
        "posts/works.bib": WORKS,
        "posts/cites.md": post("See [@marcus2018].\n", BIB),
        "posts/names.md": post("See nothing.\n", BIB.replace("A", "B", 1)),
        "posts/other.md": post("Text.\n"),
    }
    blog = Blog(tmp_path, files)
    assert blog.build("-j", "1").code == 0
    before = pages(blog)
    blog.put({"posts/works.bib": WORKS.replace("Marcus, Gary", "Marcuse, G")})
    assert blog.build("-j", "1").code == 0
    after = pages(blog)
    assert "(Marcuse, 2018)" in text_of(body(blog, "cites/index.html"), ".body")
    changed = {path for path in after if before.get(path) != after[path]}
    assert not {path for path in changed if path.startswith(("names/", "other/"))}
    clean = Blog(tmp_path / "clean", files)
    clean.put({"posts/works.bib": WORKS.replace("Marcus, Gary", "Marcuse, G")})
    assert clean.build("-j", "2").code == 0
    assert pages(clean) == after
    blog.put({"posts/works.bib": WORKS.replace("marcus2018", "gone")})
    assert heads(blog.build("-j", "1").err) == [
        "posts/cites.md:7:6: there is no entry 'marcus2018' in the bibliography"
    ]
    assert pages(blog) == after
    blog.put({"posts/works.bib": WORKS})
    assert blog.build("-j", "1").code == 0
    assert pages(blog) == before


def test_an_import_takes_the_bibliography_along(tmp_path: Path) -> None:
    front = 'title: Q\ndate: 2020-01-01\nbibliography: ["my refs.bib", none.bib]\n'
    text = post("See [@marcus2018] and {cite:t}`a1`.\n\n```{bibliography}\n:all:\n```\n", front)
    blog = Blog(tmp_path / "site")
    old = Blog(tmp_path / "old", {"q.qmd": text, "my refs.bib": WORKS})
    told = blog.run("import", "-C", str(blog.root), str(old.root / "q.qmd"))
    assert told.code == 0, told.err
    assert "the bibliography 'none.bib' is not there: it was not copied" in told.err
    assert (blog.root / "posts/q/my-refs.bib").read_text(encoding="utf-8") == WORKS
    assert blog.build("-j", "1").code == 0
    tree = body(blog, "q/index.html")
    assert len(tree.css("#refs li")) == 2


def test_a_mistake_in_front_matter_takes_no_bibliography_away(tmp_path: Path) -> None:
    """What it names is not known, so nothing is said of what the post cites from it."""
    blog = Blog(tmp_path, {"posts/works.bib": WORKS})
    blog.put({"posts/a.md": post("See [@marcus2018] and [@nobody].\n", f"{BIB}pined: true\n")})
    assert heads(blog.build().err) == ["posts/a.md:5:1: unknown front matter key 'pined'"]
    blog.put({"posts/a.md": post("See [@marcus2018] and [@nobody].\n", BIB)})
    assert heads(blog.build().err) == [
        "posts/a.md:7:24: there is no entry 'nobody' in the bibliography"
    ]
