"""Where formulas begin and end in Markdown: what is one, what is money, what is a mistake."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from site_builder.content.maths_syntax import maths_plugin


def formulas(text: str) -> list[Token]:
    """All tokens of maths, in order."""
    md = MarkdownIt("commonmark").enable("table")
    maths_plugin(md)
    found = []

    def collect(tokens: list[Token]) -> None:
        for token in tokens:
            if token.type.startswith("maths_"):
                found.append(token)
            collect(token.children or [])

    collect(md.parse(text))
    assert md.render(text)
    return found


def inline(text: str) -> list[tuple[str, bool]]:
    """Content of the formulas within lines, and whether each is a display."""
    return [
        (token.content, token.meta["display"])
        for token in formulas(text)
        if token.type == "maths_inline"
    ]


def block(text: str) -> Token:
    """The one formula on lines of its own."""
    (token,) = formulas(text)
    assert token.type == "maths_block"
    return token


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x$ and $y_1 * z_2*$", [("x", False), ("y_1 * z_2*", False)]),
        (r"\(x_1\) and \[y\]", [("x_1", False), ("y", True)]),
        ("a $$x$$ b", [("x", True)]),
        ("$`a_b`$ as GitHub has it", [("a_b", False)]),
        (r"$f = \text{if $x$}$", [(r"f = \text{if $x$}", False)]),
        (r"$\$5$", [(r"\$5", False)]),
        (r"\$5 and $x$", [("x", False)]),
        ("*$a$* **$b$**", [("a", False), ("b", False)]),
        ("# $x$ in a heading", [("x", False)]),
        ("| $a$ | b |\n|---|---|\n| c | $d$ |", [("a", False), ("d", False)]),
        ("[$x$](address)", [("x", False)]),
        ("the $n$th", [("n", False)]),
        ("$$x$$.", [("x", True)]),
        ("$x\n= y$", [("x\n= y", False)]),
    ],
)
def test_formulas_within_lines(text: str, expected: list[tuple[str, bool]]) -> None:
    assert inline(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "$5–$10, or US$5/CA$7",
        "a $ x $ b",
        "$",
        "$$",
        r"\$x\$",
        "`$x$`",
        "```\n$x$\n```",
        "    $$x$$",
        "$5 for `a$`",
        r"an \\(escaped\\) backslash",
        r"\(never closed",
    ],
)
def test_what_is_not_a_formula(text: str) -> None:
    assert [token for token in formulas(text) if "error" not in token.meta] == []


@pytest.mark.parametrize(
    ("text", "tex", "label"),
    [
        ("$$ x $$", "x", ""),
        ("$$\nx\n$$", "x", ""),
        ("$$x\n+ y$$", "x\n+ y", ""),
        ("$$ x $$ {#eq-a}", "x", "eq-a"),
        ("$$\nx\n$$ (eq:a)", "x", "eq:a"),
        ("$$\nx\n\n+ y\n\n$$", "x\n\n+ y", ""),
        ("text\n$$\nx\n$$\nmore", "x", ""),
        ("\\[\nx\n\\] {#eq-b}", "x", "eq-b"),
        ("\\[ x \\]", "x", ""),
        ("\\begin{align}\na &= b\n\\end{align}", "\\begin{align}\na &= b\n\\end{align}", ""),
        ("\\begin{equation*}x\\end{equation*}", "\\begin{equation*}x\\end{equation*}", ""),
        ("\\begin{gather}\nx\n\\end{gather} {#g}", "\\begin{gather}\nx\n\\end{gather}", "g"),
        ("```math\nx\n```", "x", ""),
        ("~~~ math\nx\n~~~", "x", ""),
        ("```{math}\n:label: eq-q\n:enumerated: false\n\nx\n+ y\n```", "x\n+ y", "eq-q"),
        ("```{math} x = 1\n```", "x = 1", ""),
        ("> $$\n> x\n>   y\n> $$", "x\n  y", ""),
        ("- item\n\n  $$\n  x\n  $$\n- next", "x", ""),
        ("1. \\begin{align}\n   a\n   \\end{align}", "\\begin{align}\na\n\\end{align}", ""),
    ],
)
def test_formulas_on_lines_of_their_own(text: str, tex: str, label: str) -> None:
    token = block(text)
    assert (token.content, token.meta["label"]) == (tex, label)
    assert "error" not in token.meta


@pytest.mark.parametrize(
    "text",
    [
        "$$ x $$",
        "   $$\n   x\n     y\n   $$",
        "> > $$\n> > x\n> > $$",
        "- a\n\n  \\[\n  x\n\n  \\]",
        "```{math}\n:label: a\n\n  x\n y\n```",
        "* ```math\n  x\n  ```",
        "a\n\n$$\n\n\n x + y\n$$ {#b}",
        "```{math} x\ny\n```",
    ],
)
def test_a_block_knows_where_each_of_its_lines_is_in_the_post(text: str) -> None:
    token = block(text)
    assert token.map
    line, column = token.meta["offset"]
    assert column == token.meta["columns"][0]
    lines = text.split("\n")[token.map[0] + line :]
    for tex, place, source in zip(
        token.content.split("\n"), token.meta["columns"], lines, strict=False
    ):
        assert tex == source[place : place + len(tex)]
    assert len(token.meta["columns"]) == token.content.count("\n") + 1


def test_a_formula_in_a_line_knows_its_place_in_the_paragraph() -> None:
    text = "one\ntwo $x$ and $$ y $$\nthree \\eqref{eq}"
    first, second, third = formulas(text)
    lines = text.split("\n")
    for token, start in ((first, "x"), (second, "y"), (third, "\\eqref{eq}")):
        line, column = token.meta["offset"]
        assert lines[line][column:].startswith(start)


def test_references_in_prose() -> None:
    first, second = formulas("see \\eqref{eq:a} and \\ref{eq-b}")
    assert (first.type, first.content, first.meta["kind"]) == ("maths_reference", "eq:a", "eqref")
    assert (second.content, second.meta["kind"]) == ("eq-b", "ref")


def test_a_display_within_a_paragraph_may_have_a_label() -> None:
    (token,) = formulas("so $$x$$ {#eq-x} follows")
    assert (token.content, token.meta["label"]) == ("x", "eq-x")


@pytest.mark.parametrize(
    ("text", "error", "lines"),
    [
        ("$$x$$ and $$y$$", "two formulas between $$ on one line", [0, 1]),
        ("$$\nx\n\nprose\n", "$$ is never closed", [0, 2]),
        ("$$\nx\n\n## Heading\n\n$$\ny\n$$", "$$ is never closed", [0, 2]),
        ("\\begin{align}\na\n\nprose", "\\begin{align} is never closed", [0, 2]),
        ("\\begin{align}\na\n\\end{align}, so", "text after the end of a formula: , so", [0, 3]),
        ("$$\nx\n$$ so", "text after the end of a formula: so", [0, 3]),
        ("$$\n$$", "the formula is empty", [0, 2]),
        ("```math\n```", "the formula is empty", [0, 2]),
    ],
)
def test_mistakes_are_named(text: str, error: str, lines: list[int]) -> None:
    token = next(token for token in formulas(text) if "error" in token.meta)
    assert (token.meta["error"], token.map) == (error, lines)
    assert token.meta["help"]


def test_what_follows_a_forgotten_closing_is_still_read() -> None:
    broken, good = formulas("$$\nx\n\n## Heading\n\n$$\ny\n$$")
    assert "error" in broken.meta
    assert (good.content, good.map) == ("y", [5, 8])


def test_a_formula_is_shown_as_tex_without_a_renderer_of_ours() -> None:
    md = MarkdownIt("commonmark")
    maths_plugin(md)
    assert md.render("$a<b$") == '<p><code class="maths">a&lt;b</code></p>\n'
