"""Markdown: what becomes which token, and what an author is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.content.markdown import make_parser
from site_builder.content.parse import parse
from site_builder.content.positions import locate
from site_builder.errors import ContentError
from site_builder.model.post import Post, Source
from site_builder.settings.site import Site
from site_builder.settings.tables import Settings

HEAD = "---\ntitle: T\ndate: 2020-01-01\n---\n"
PIXEL = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><g/></svg>'


def post_of(body: str, root: Path = Path("/nowhere")) -> Post:
    site = Site(root, Settings("T", "https://example.org/"))
    return parse(site, Source("posts/a/index.md", HEAD + body))


def tokens(body: str) -> tuple[Token, ...]:
    return post_of(body).tokens


def inline(body: str) -> list[Token]:
    return [t for token in tokens(body) if token.type == "inline" for t in token.children or ()]


def only(body: str, kind: str) -> Token:
    [token] = [t for t in tokens(body) if t.type == kind]
    return token


def faults(body: str, root: Path = Path("/nowhere")) -> list[tuple[int, int, str, str]]:
    with pytest.raises(ContentError) as caught:
        post_of(body, root)
    return [(p.line, p.column, p.message, p.help) for p in caught.value.problems]


def test_there_is_one_parser() -> None:
    assert make_parser() is make_parser()


def test_lines_of_tokens_are_those_of_the_file() -> None:
    token = only("\nText.\n\n## Head\n", "heading_open")
    assert token.map == [7, 8]
    assert (HEAD + "\nText.\n\n## Head\n").split("\n")[7] == "## Head"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("| a |\n|---|\n| 1 |\n", "table_open"),
        ("Term\n: Meaning\n", "dl_open"),
        ("Text[^1].\n\n[^1]: Note.\n", "footnote_open"),
        ("<p>raw</p>\n", "html_block"),
    ],
)
def test_blocks_beyond_commonmark(body: str, kind: str) -> None:
    assert only(body, kind)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("~~gone~~", "s_open"),
        ("- [ ] to do\n", "html_inline"),
        ("[text]{.small}", "span_open"),
        ("a <b>c</b>", "html_inline"),
    ],
)
def test_spans_beyond_commonmark(body: str, kind: str) -> None:
    assert kind in [token.type for token in inline(body)]


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en-GB", "“a ‘b’ c’s”"),
        ("de", "„a ‚b‘ c’s“"),
        ("fr-CA", "«\u202fa “b” c’s\u202f»"),
        ("xx", "“a ‘b’ c’s”"),
    ],
)
def test_straight_quotes_become_those_of_the_language(language: str, shown: str) -> None:
    site = Site(Path("/nowhere"), Settings("T", "https://example.org/", language="pl"))
    text = f"---\ntitle: A\ndate: 2020-01-01\nlang: {language}\n---\n\n\"a 'b' c's\""
    post = parse(site, Source("posts/a.md", text))
    assert [t.content for token in post.tokens for t in token.children or ()] == [shown]


def test_code_formulas_and_html_keep_their_quotes_and_so_does_a_site_that_says_so() -> None:
    text = '`"a"` $f\'(x)$ <b title="c">'
    assert [t.content for t in inline(text) if t.type != "text"] == [
        '"a"',
        "f'(x)",
        '<b title="c">',
    ]
    site = Site(Path("/nowhere"), Settings("T", "https://example.org/", smart_quotes=False))
    post = parse(site, Source("posts/a.md", HEAD + "\"a\" 'b'"))
    assert [t.content for token in post.tokens for t in token.children or ()] == ["\"a\" 'b'"]


def test_dashes_and_addresses_stay_as_typed() -> None:
    text = "a -- b... (c) https://example.org"
    assert [token.content for token in inline(text)] == [text]


def test_attributes_of_images_links_code_and_blocks() -> None:
    [image] = [t for t in inline("![a](https://e.org/a.png){.wide #i}") if t.type == "image"]
    assert (image.attrs["class"], image.attrs["id"]) == ("wide", "i")
    [code] = inline("`x`{.python}")
    assert (code.content, code.attrs["class"]) == ("x", "python")
    assert only("{.lead}\nText.\n", "paragraph_open").attrs["class"] == "lead"


# Headings.


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ("## One *two* `three`\n", ["one-two-three"]),
        ("## A\n\n## A\n\n## A\n", ["a", "a-2", "a-3"]),
        ("## A\n\n## B {#a}\n", ["a-2", "a"]),
        ("## …\n", ["section"]),
        ("## Data {#sec-data .wide}\n", ["sec-data"]),
        ("(sec-data)=\n## Data\n", ["sec-data"]),
        ("## f(x) = {x}\n", ["f-x-x"]),
    ],
)
def test_headings_have_ids(body: str, ids: list[str]) -> None:
    assert [t.attrs["id"] for t in tokens(body) if t.type == "heading_open"] == ids


def test_attributes_of_a_heading_are_not_its_text() -> None:
    found = tokens("## Data {#sec-data .wide}\n")
    assert found[0].attrs == {"id": "sec-data", "class": "wide"}
    assert plain_text(found[1].children or ()) == "Data"


# References.


@pytest.mark.parametrize(
    ("text", "label", "number_only", "own_text"),
    [
        ("see @fig-loss.", "fig-loss", False, ""),
        ("(@eq-x)", "eq-x", False, ""),
        ("[@tbl-a]", "tbl-a", False, ""),
        ("[-@sec-a]", "sec-a", True, ""),
        ("{numref}`fig-a`", "fig-a", False, ""),
        ("{numref}`Plot %s <fig-a>`", "fig-a", False, "Plot %s"),
        ("{eq}`loss`", "loss", False, ""),
        ("{ref}`the data <sec-data>`", "sec-data", False, "the data"),
    ],
)
def test_references(text: str, label: str, number_only: bool, own_text: str) -> None:
    [token] = [t for t in inline(text) if t.type == "reference"]
    assert token.content == label
    assert token.meta == {"number_only": number_only, "text": own_text}
    assert token.markup in text


@pytest.mark.parametrize(
    "text",
    [
        "me@fig-tree.org",
        "@karpathy",
        "@figure",
        "@fig-",
        "`@fig-a`",
        "\\@fig-a",
        "[see @fig-a](https://e.org/)",
        "{cite:full}`a`",
        "{}",
    ],
)
def test_what_only_looks_like_a_reference_stays_text(text: str) -> None:
    assert "reference" not in [token.type for token in inline(text)]


# Admonitions.


@pytest.mark.parametrize(
    ("body", "kind", "title", "collapsible"),
    [
        (":::{note}\nText.\n:::\n", "note", "", False),
        (":::{tip} A *title*\nText.\n:::\n", "tip", "A title", False),
        (":::{seealso}\n:class: dropdown\nText.\n:::\n", "seealso", "", True),
        (":::{admonition} Own\n:class: danger\nText.\n:::\n", "danger", "Own", False),
        ("::: warning\nText.\n:::\n", "warning", "", False),
        ("::: {.callout-important}\nText.\n:::\n", "important", "", False),
        ("::: {.callout-tip}\n## Head\nText.\n:::\n", "tip", "Head", False),
        ('::: {.callout-tip title="T" collapse="true"}\nText.\n:::\n', "tip", "T", True),
        ("```{hint} T\nText.\n```\n", "hint", "T", False),
        ("> [!CAUTION]\n> Text.\n", "caution", "", False),
        ("> [!note]- T\n> Text.\n", "note", "T", True),
        ("> [!TIP]\n>\n> Text.\n", "tip", "", False),
    ],
)
def test_admonitions(body: str, kind: str, title: str, collapsible: bool) -> None:
    found = tokens(body)
    assert found[0].type == "admonition_open"
    assert found[-1].type == "admonition_close"
    assert found[0].meta["kind"] == kind
    assert plain_text(found[0].meta["title"]) == title
    assert found[0].meta["collapsible"] is collapsible
    assert [t.type for t in found[1:-1]] == ["paragraph_open", "inline", "paragraph_close"]
    assert plain_text(found[2].children or ()) == "Text."
    line = next(n for n, text in enumerate((HEAD + body).split("\n")) if "Text." in text)
    assert (found[2].map or [0])[0] == line


@pytest.mark.parametrize(
    "body",
    [
        "::::{note}\n:::{tip}\nx\n:::\n::::\n",
        ":::{note}\n:::{tip}\nx\n:::\n:::\n",
        "::: {.callout-note}\n```{tip}\nx\n```\n:::\n",
        "````{note}\n:::{tip}\nx\n:::\n````\n",
        "> [!NOTE]\n> :::{tip}\n> x\n> :::\n",
    ],
)
def test_admonitions_nest(body: str) -> None:
    kinds = [t.meta["kind"] for t in tokens(body) if t.type == "admonition_open"]
    assert kinds == ["note", "tip"]
    assert tokens(body)[-1].type == "admonition_close"


def test_colons_in_a_fence_close_nothing() -> None:
    found = tokens(":::{note}\n```\n:::\n```\n:::\n")
    assert [t.type for t in found] == ["admonition_open", "fence", "admonition_close"]


def test_other_containers_keep_their_attributes() -> None:
    token = only("::: {.margin #aside}\nText.\n:::\n", "container_open")
    assert token.attrs == {"class": "margin", "id": "aside"}


def test_titles_and_notes_share_the_posts_links() -> None:
    found = tokens(":::{note} See [this]\n[this]\n:::\n\n[this]: https://example.org/\n")
    links = [t for t in found[0].meta["title"] if t.type == "link_open"]
    assert [t.attrs["href"] for t in links] == ["https://example.org/"]


# Mistakes.


@pytest.mark.parametrize(
    ("body", "line", "column", "message", "help_"),
    [
        (":::{nte}\nx\n:::\n", 5, 1, "unknown directive 'nte'", "did you mean 'note'?"),
        ("::: wraning\nx\n:::\n", 5, 1, "unknown directive 'wraning'", "did you mean 'warning'?"),
        ("```{nte}\nx\n```\n", 5, 5, "unknown directive 'nte'", "did you mean 'note'?"),
        ("::: {.callout-nte}\nx\n:::\n", 5, 1, "unknown callout 'nte'", "did you mean 'note'?"),
        ("> [!NOT]\n> x\n", 5, 0, "unknown alert 'NOT'", "did you mean 'NOTE'?"),
        (":::{note}\n:clas: x\ny\n:::\n", 6, 2, "unknown option 'clas'", "did you mean 'class'?"),
        (":::{note}\nx\n", 5, 1, "this block is never closed", "end it with a line of :::"),
        ("````{note}\nx\n", 5, 1, "this block is never closed", "end it with a line of ````"),
        ("x\n\n:::\n", 7, 1, "this ':::' closes nothing", "delete it"),
        (
            "::: {.a b}\nx\n:::\n",
            5,
            1,
            "cannot read the attributes of this block",
            'write them as {.class #id key="value"}',
        ),
        ("## A {#a}\n\n## B {#a}\n", 7, 0, "the id 'a' is given twice", "rename one"),
        ("x\n\n(sec-x)=\n", 7, 0, "nothing follows the target 'sec-x'", "put it right above"),
        ("x\n\ny [^1]\n", 7, 3, "there is no footnote '1'", "add a line '[^1]: …'"),
        ("x\n\n[^1]: y\n", 7, 1, "the footnote '1' is never used", "write [^1] where it belongs"),
        ("x\n\n<!-- note\n\ny\n", 7, 1, "this '<!--' is never closed", "add -->"),
        ("<pre>\n\ny\n", 5, 1, "this '<pre' is never closed", "add </pre>"),
        (
            "<div>\n```python\nx\n```\n</div>\n",
            6,
            1,
            "this is read as a part of the HTML above it",
            "put a blank line above it",
        ),
    ],
)
def test_each_mistake_is_named_at_its_place(
    body: str, line: int, column: int, message: str, help_: str
) -> None:
    [found] = faults(body)
    assert found[:3] == (line, column, message)
    assert found[3].startswith(help_)


# Formulas: what their rules find is told at the post's line and column.


@pytest.mark.parametrize(
    ("body", "line", "column", "message"),
    [
        ("x\n\n$$\ny\n\nz\n", 7, 1, "$$ is never closed"),
        ("one\ntwo $` `$\n", 6, 0, "the formula is empty"),
        ("> $$a$$ $$b$$\n", 5, 3, "two formulas between $$ on one line"),
        ("```math\nx\n", 5, 1, "this fence is never closed"),
        (":::{math}\nx\n:::\n", 5, 1, "a directive of maths is of backticks, not colons"),
        ("$$\nx\n$$ {#eq-a}\n\n$$\ny\n$$ {#eq-a}\n", 9, 0, "the label 'eq-a' is given twice"),
        ("## A {#eq-a}\n\nx $$y$$ {#eq-a}\n", 7, 0, "the label 'eq-a' is given twice"),
    ],
)
def test_mistakes_in_formulas(body: str, line: int, column: int, message: str) -> None:
    [found] = faults(body)
    assert found[0] == line
    assert found[2] == message
    if column:
        assert found[1] == column


def test_formulas_and_attributes_keep_apart() -> None:
    found = inline("$x_{\\#}$ and $y${.a} and `$z$`")
    assert [t.content for t in found if t.type == "maths_inline"] == ["x_{\\#}", "y"]
    assert only("## The $\\sigma$ of $\\{x\\}$\n", "heading_open").attrs["id"] == "the-sigma-of-x"


def test_a_file_name_without_letters_makes_no_address() -> None:
    site = Site(Path("/nowhere"), Settings("T", "https://example.org/"))
    with pytest.raises(ContentError, match="no address can be made of the file's name"):
        parse(site, Source("posts/!.md", HEAD))


# Files beside the post.


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "site" / "posts" / "a"
    (folder / "images").mkdir(parents=True)
    (folder / "plot.svg").write_bytes(PIXEL)
    (folder / "images" / "big@2x.svg").write_bytes(PIXEL)
    (folder / "zwei ö.svg").write_bytes(PIXEL)
    (folder / "box.svg").write_text('<svg width="100%" viewBox="0 0 40.4, 30"></svg>')
    (folder / "bare.svg").write_text("<svg></svg>")
    (folder / "data.csv").write_text("a\n1\n")
    (folder / "broken.png").write_text("no image")
    (folder / "index.html").write_text("x")
    (folder / "model.py").write_text("x = 1\n")
    (folder.parent / "shared.svg").write_bytes(PIXEL)
    (folder.parent / "other.md").write_text(HEAD)
    (folder.parent / "lib").mkdir()
    (folder.parent / "lib" / "index.md").write_text(HEAD)
    (tmp_path / "secret.svg").write_bytes(PIXEL)
    (folder / "out.svg").symlink_to(tmp_path / "secret.svg")
    (folder / "images" / "elsewhere").symlink_to(tmp_path)
    return tmp_path / "site"


@pytest.mark.parametrize(
    ("text", "address", "path", "name", "size"),
    [
        ("![a](plot.svg)", "plot.svg", "posts/a/plot.svg", "plot.svg", (40, 30)),
        ("![a](./plot.svg?x#y)", "./plot.svg?x#y", "posts/a/plot.svg", "plot.svg", (40, 30)),
        (
            "![a](images/big@2x.svg)",
            "images/big@2x.svg",
            "posts/a/images/big@2x.svg",
            "images/big@2x.svg",
            (20, 15),
        ),
        (
            "![a](<zwei ö.svg>)",
            "zwei%20%C3%B6.svg",
            "posts/a/zwei ö.svg",
            "zwei ö.svg",
            (40, 30),
        ),
        ("![a](../shared.svg)", "../shared.svg", "posts/shared.svg", "shared.svg", (40, 30)),
        ("![a](box.svg)", "box.svg", "posts/a/box.svg", "box.svg", (40, 30)),
        ("![a](bare.svg)", "bare.svg", "posts/a/bare.svg", "bare.svg", (0, 0)),
        ("[a](data.csv)", "data.csv", "posts/a/data.csv", "data.csv", (0, 0)),
        ("[a](model.py)", "model.py", "posts/a/model.py", "model.py", (0, 0)),
        ("[a](index.html)", "index.html", "posts/a/index.html", "index-2.html", (0, 0)),
        ('<img alt="a" src="plot.svg">', "plot.svg", "posts/a/plot.svg", "plot.svg", (40, 30)),
        ('a <img src="plot.svg"> b', "plot.svg", "posts/a/plot.svg", "plot.svg", (40, 30)),
        (
            ":::{note} ![a](plot.svg)\nx\n:::\n",
            "plot.svg",
            "posts/a/plot.svg",
            "plot.svg",
            (40, 30),
        ),
    ],
)
def test_local_files_are_attachments(
    root: Path, text: str, address: str, path: str, name: str, size: tuple[int, int]
) -> None:
    [(found, attachment)] = post_of(text, root).attachments.items()
    assert (found, attachment.path, attachment.name) == (address, path, name)
    assert (attachment.width, attachment.height) == size


@pytest.mark.parametrize(
    "text",
    [
        "[a](https://e.org/a.csv)",
        "![a](https://e.org/a.png)",
        "[a](/other/)",
        "[a](#b)",
        "[](#eq-x)",
        "[a](mailto:a@e.org)",
        "[a](../other.md)",
        "[a](../lib/index.md#x)",
        "[a](../lib/)",
        "[a](../other/)",
    ],
)
def test_other_links_are_not(root: Path, text: str) -> None:
    assert post_of(text, root).attachments == {}


def test_files_of_the_same_name_keep_apart(root: Path) -> None:
    (root / "posts" / "a" / "shared.svg").write_bytes(PIXEL)
    found = post_of("![a](../shared.svg) ![b](shared.svg)", root).attachments
    assert len({attachment.name for attachment in found.values()}) == 2


@pytest.mark.parametrize(
    ("text", "column", "message", "help_"),
    [
        ("a ![b](plott.svg)", 8, "image 'plott.svg' not found", "did you mean 'plot.svg'?"),
        ("![b](nowhere/plot.svg)", 6, "image 'nowhere/plot.svg' not found", "there is no folder"),
        ("[b](dta.csv)", 5, "file 'dta.csv' not found", "did you mean 'data.csv'?"),
        (
            "![b](broken.png)",
            6,
            "image 'broken.png' is damaged, or not an image: its first bytes are of no image",
            "save it again",
        ),
        (
            "![b](../../../secret.svg)",
            6,
            "image '../../../secret.svg' is outside of the site's folder",
            "copy it beside the post",
        ),
        (
            "![b](%2e%2e/../../secret.svg)",
            0,
            "image '../../../secret.svg' is outside of the site's folder",
            "copy it beside the post",
        ),
        (
            "![b](out.svg)",
            6,
            "image 'out.svg' is a link to a file outside of the site's folder",
            "copy the file beside the post",
        ),
        (
            "![b](images/elsewhere/secret.svg)",
            6,
            "image 'images/elsewhere/secret.svg' is a link to a file outside of the site's folder",
            "copy the file beside the post",
        ),
    ],
)
def test_files_that_cannot_be_taken(
    root: Path, text: str, column: int, message: str, help_: str
) -> None:
    [found] = faults(f"x\n\n{text}\n", root)
    assert found[0] == 7
    assert found[2] == message
    assert found[3].startswith(help_)
    if column:
        assert found[1] == column


def test_places_inside_a_block() -> None:
    source = Source("posts/a.md", "one\ntwo x\nthree x x\n")
    found: list[Any] = [locate(source, 2, 3, "x", nth) for nth in range(4)]
    assert found == [(2, 5), (3, 7), (3, 9), (2, 0)]


def test_tex_that_is_no_formula_is_a_mistake() -> None:
    text = "\\begin{theorem}\n$a$\n\\end{theorem}\n\nSee \\cref{eq-a}."
    with pytest.raises(ContentError) as caught:
        post_of(text)
    first, second = caught.value.problems
    assert (first.line, first.column, second.line, second.column) == (5, 1, 9, 5)
    assert "\\begin{theorem}" in first.message
    assert "\\eqref{eq-a}" in second.help
    assert post_of("`\\begin{theorem}` and $\\begin{pmatrix}1\\end{pmatrix}$")
