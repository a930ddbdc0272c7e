"""Formulas: what authors write becomes MathML that browsers draw, or an error at its place."""

from __future__ import annotations

import io
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from site_builder.maths import (
    MathsError,
    characters,
    display_html,
    reference_mark,
    render_display,
    render_inline,
    subset_font,
    without_annotations,
)
from site_builder.maths.commands import KNOWN

FORMULAS = Path(__file__).parent / "formulas"
STYLE_SHEET = Path(__file__).parent.parent / "themes/default/assets/maths.css"
MACROS = {r"\R": r"\mathbb{R}", r"\norm": r"\left\lVert #1 \right\rVert", r"\E[2][X]": r"E_{#1}#2"}
VALID = [
    line
    for line in (FORMULAS / "valid.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
]
BROKEN = tomllib.loads((FORMULAS / "broken.toml").read_text("utf-8"))["broken"]


DEEP = [
    "{" * 20_000,
    "{" * 20_000 + "x" + "}" * 20_000,
    r"\text{" * 2_000 + "x" + "}" * 2_000,
    r"\left(" * 20_000 + "x" + r"\right)" * 20_000,
    r"\begin{matrix}" * 20_000 + "x" + r"\end{matrix}" * 20_000,
    r"\sqrt" * 20_000 + " x",
    r"\a" * 40 + " x",
]


@pytest.mark.parametrize("tex", DEEP, ids=[tex[:8] for tex in DEEP])
@pytest.mark.parametrize("render", [render_inline, render_display])
def test_a_formula_that_is_too_deep_does_not_end_the_build(
    render: Callable[[str, Mapping[str, str]], object], tex: str
) -> None:
    with pytest.raises(MathsError, match=r"^the formula (is nested|has) more than \d+ "):
        render(tex, {r"\a": r"\sqrt" * 100})
    assert render(r"\sqrt{" * 90 + "x" + "}" * 90, {})


def display(tex: str, *, label: str = "") -> str:
    """A display as HTML, its automatic numbers counted from 1."""
    rendered = render_display(tex, MACROS, label=label)
    numbers = []
    count = 0
    for row in rendered.rows:
        count += row.numbered
        numbers.append(row.tag or (str(count) if row.numbered else ""))
    return display_html(rendered, numbers, name="Equation")


def parsed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<body>{markup}</body>")


def grid(element: ElementTree.Element, row: str = "mtr") -> list[int]:
    """How many cells each row of the first table has."""
    table = next(element.iter({"mtr": "mtable", "tr": "table"}[row]))
    return [len(list(line)) for line in table.findall(row)]


def drawn(markup: str) -> str:
    """The characters of a formula without white space."""
    return re.sub(r"\s", "", "".join(parsed(without_annotations(markup)).itertext()))


def test_corpus_is_large_enough_to_mean_something() -> None:
    assert len(VALID) >= 150
    assert len(BROKEN) >= 17
    assert len(set(VALID)) == len(VALID)


@pytest.mark.parametrize("tex", VALID)
def test_every_valid_formula_becomes_clean_markup(tex: str) -> None:
    markup = display(tex)
    body = parsed(markup)
    formula = without_annotations(markup)
    assert next(body.iter("math")) is not None
    assert "merror" not in formula
    assert " style=" not in formula
    assert not re.search(r"\\[A-Za-z]", formula)
    assert not re.search("[\ue002-\ue00f]", formula)
    assert "<annotation" not in formula
    assert [tag for tag in ("img", "script", "b", "iframe") if list(body.iter(tag))] in ([], ["b"])


@pytest.mark.parametrize("case", BROKEN, ids=[case["tex"] for case in BROKEN])
def test_every_broken_formula_is_reported_at_its_place(case: dict[str, str | int]) -> None:
    with pytest.raises(MathsError) as caught:
        render_display(str(case["tex"]), MACROS)
    error = caught.value
    assert (error.message, error.offset) == (case["message"], case["offset"])
    assert error.width == case.get("width", 1)
    assert error.help == case.get("help", error.help)


def test_every_class_that_is_written_is_styled() -> None:
    css = STYLE_SHEET.read_text("utf-8")
    written = set()
    for tex in [*VALID, r"x\!y\mathrel{R}z\mathbin{B}\mathop{M}\mathord{O}"]:
        for names in re.findall(r' class="([^"]*)"', display(tex)):
            written.update(names.split())
    assert {"flush-right", "number", "prime", "smallmatrix", "back-3"} <= written
    # Serif is what a font for maths is anyway; the menclose classes have a rule for all of them.
    unstyled = {name for name in written if f".{name}" not in css} - {"serif"}
    assert unstyled == set()
    assert "style=" not in css


@pytest.mark.parametrize("steps", [1, 3, 8, 9, 10, 17, 18, 35, 53, 54])
def test_spaces_go_back_as_far_as_they_say(steps: int) -> None:
    css = STYLE_SHEET.read_text("utf-8")
    [names] = re.findall(r'<mspace class="([^"]*)"', display(rf"x\mkern-{steps}mu y"))
    pattern = r"mspace\.{} {{ margin-(left|right): -([\d.]+)em; }}"
    found = [re.findall(pattern.format(name), css)[0] for name in names.split()]
    assert len({side for side, _ in found}) == len(found)  # one would undo the other
    assert sum(float(size) for _, size in found) == pytest.approx(steps / 18, abs=1e-4)


def test_a_display_is_marked_and_a_formula_in_a_line_is_not() -> None:
    assert '<math display="block">' in display("x")
    assert render_inline("x", {}).startswith("<math><semantics>")


def test_a_formula_in_a_line_can_be_scrolled_by_keyboard_if_it_is_wide() -> None:
    assert "tabindex" not in render_inline(r"\frac{\partial L}{\partial z_i} = p_i - y_i", {})
    assert 'tabindex="0"' in render_inline("+".join(["abcdef"] * 6), {})


def test_the_author_finds_the_source_in_the_page_but_not_in_feeds() -> None:
    markup = render_inline("a<b & c".replace("& ", ""), {})
    assert '<annotation encoding="application/x-tex">a&lt;b c</annotation>' in markup
    feed = without_annotations(f"<p>{markup}</p>")
    assert "semantics" not in feed
    assert feed.startswith('<p><math xmlns="http://www.w3.org/1998/Math/MathML"><mrow>')
    assert without_annotations("<p>none</p>") == "<p>none</p>"


def test_cases_have_two_rows_of_two_cells() -> None:
    body = parsed(display(r"\begin{cases} p(1-p) & i = j \\ -pq & \text{if $i \ne j$} \end{cases}"))
    assert grid(body) == [2, 2]
    assert drawn(display(r"\begin{cases} 1 & \text{if $i$} \\ 0 & b \\ \end{cases}"))[0] == "{"


def test_a_row_break_before_the_end_begins_no_row() -> None:
    assert grid(parsed(display(r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \\ \end{bmatrix}"))) == [2, 2]


def test_aligned_columns_are_right_and_left() -> None:
    body = parsed(display(r"\begin{aligned} a &= b \\ &= c \end{aligned}"))
    assert [cell.get("columnalign") for cell in body.iter("mtd")] == ["right", "left"] * 2


def test_a_sign_at_the_start_of_the_right_side_stands_between_terms() -> None:
    body = parsed(display(r"\begin{aligned} a &= b \\ &+ c \end{aligned}"))
    last = list(body.iter("mtd"))[-1]
    assert [child.tag for child in last][:2] == ["mrow", "mo"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\begin{split} a &= b \\ c \end{split}", r"\begin{aligned} a &= b \\ c \end{aligned}"),
        (r"\begin{aligned}[t] a &= b \end{aligned}", r"\begin{aligned} a &= b \end{aligned}"),
        (r"a \dotsc b \dotsb c", r"a \ldots b \cdots c"),
        (r"\pmb{x}", r"\boldsymbol{x}"),
        (r"\left< x \right>", r"\left\langle x \right\rangle"),
        (r"\operatorname{\mathrm{d}} x", r"\operatorname{d} x"),
        (r"\mathop{\rm argmax}_x f", r"\operatorname*{argmax}_x f"),
        (r"\DeclareMathOperator{\tr}{tr} \tr A", r"\operatorname{tr} A"),
        (r"\DeclareMathOperator*{\am}{arg\,max} \am_x f", r"\operatorname*{arg\,max}_x f"),
        (r"\require{cancel} x", "x"),
        (r"\newcommand{\f}[2][a]{#1 + #2} \f{b} \f[c]{d}", "a + b c + d"),
        (r"\def\f#1{\mathbf{#1}} \f x \f{y}", r"\mathbf{x} \mathbf{y}"),
        (r"\let\to\leftarrow a \to b", r"a \leftarrow b"),
        (r"\renewcommand\vec[1]{\mathbf #1} \vec x", r"\mathbf x"),
        (r"\dv{f}{x}", r"\frac{\mathrm{d} f}{\mathrm{d} x}"),
        (r"\dv[2]{f}{x}", r"\frac{\mathrm{d}^{2} f}{\mathrm{d} x^{2}}"),
        (r"\pdv{f}{x}{y}", r"\frac{\partial^{2} f}{\partial x\partial y}"),
        (r"\R^n", r"\mathbb{R}^n"),
        (r"\E{z}", r"E_{X}z"),
        (r"\E[Y]{z}", r"E_{Y}z"),
        (r"\text{a & b_c}", r"\text{a \& b\_c}"),
        (r"\text{50\% of}", "\\text{50\\%{} of}"),
        (r"x % why", "x"),
        (r"\begin{eqnarray*} a &=& b \end{eqnarray*}", r"\begin{align*} a &= b \end{align*}"),
        (r"\begin{array}{@{}l@{\,}r@{}} a & b \end{array}", r"\begin{array}{lr} a & b \end{array}"),
        (r"\begin{array}{*{2}{c|}c} a & b \end{array}", r"\begin{array}{c|c|c} a & b \end{array}"),
        (r"\substack{a \\ b}", r"\begin{subarray}{c} a \\ b \end{subarray}"),
        (r"\hspace*{1em} x", r"\hspace{1em} x"),
    ],
)  # fmt: skip
def test_what_the_converter_refuses_is_said_in_other_words(written: str, meant: str) -> None:
    assert without_annotations(display(written)) == without_annotations(display(meant))


def test_text_and_maths_alternate_within_text() -> None:
    body = parsed(without_annotations(display(r"\text{if $x>0$ and $y$ hold}")))
    texts = [child.text or "" for child in body.iter() if child.tag.endswith("mtext")]
    assert drawn(display(r"\text{if $x>0$ and $y$ hold}")) == "ifx>0andyhold"
    # Spaces at the edges must not collapse.
    assert [text.replace("\xa0", " ") for text in texts] == ["if ", " and ", " hold"]


def test_smallmatrix_and_starred_matrices_keep_their_looks() -> None:
    small = next(parsed(display(r"\begin{smallmatrix} a & b \end{smallmatrix}")).iter("mtable"))
    assert (small.get("class"), small.get("scriptlevel")) == ("smallmatrix", "1")
    starred = next(parsed(display(r"\begin{pmatrix*}[r] -1 \\ 2 \end{pmatrix*}")).iter("mtable"))
    assert starred.get("columnalign") == "right"


def test_space_below_a_row_is_space_and_not_brackets() -> None:
    markup = without_annotations(display(r"\begin{bmatrix} a \\[1em] b \\ [c] \end{bmatrix}"))
    assert 'depth="1.3em"' in markup
    assert drawn(markup) == "[ab[c]]"


def test_a_line_below_the_last_row_crosses_all_columns() -> None:
    body = parsed(display(r"\begin{array}{cc} a & b \\ \hline \end{array}"))
    below = next(row for row in body.iter("mtr") if row.get("class") == "bottom-line")
    assert [cell.get("class") for cell in below] == ["line-above", "line-above"]


def test_boxes_colours_sizes_and_strokes() -> None:
    markup = display(
        r"\colorbox{yellow}{a}\textcolor[rgb]{1,0.5,0}{b}\textcolor{red}{c}{\large d}\sout{e}"
        r"\smash{f}\rule{1em}{2pt}\color[HTML]{00AAFF} g"
    )
    for attribute in (
        'mathbackground="#ffff00"', 'mathcolor="#ff8000"', 'mathcolor="#ff0000"',
        'mathsize="120%"', 'notation="horizontalstrike"', 'height="0" depth="0"',
        'width="1em" height="0.2em"', 'mathcolor="#00aaff"',
    ):  # fmt: skip
        assert attribute in markup


def test_links_lead_to_safe_addresses_only() -> None:
    links = [
        link.get("href")
        for link in parsed(
            display(
                r"\href{https://example.org/?a=1&b=%20}{x} \url{mailto:a@example.org}"
                r" \href{../other/#top}{y}"
            )
        ).iter("a")
    ]
    assert links == ["https://example.org/?a=1&b=%20", "mailto:a@example.org", "../other/#top"]
    for address in ("javascript:x", "JavaScript:x", "vbscript:x", "data:x", " javascript:x"):
        with pytest.raises(MathsError):
            render_inline(rf"\href{{{address}}}{{x}}", {})


def test_a_link_in_a_numbered_line_stays_whole() -> None:
    tex = r"\begin{align} \href{https://example.org}{a} &= b \\ c &= d \end{align}"
    assert grid(parsed(display(tex)), "tr") == [4, 4]


def test_what_looks_like_markup_is_text() -> None:
    for tex in (
        r"\text{<img src=x onerror=alert(1)>}",
        "a<b>c",
        r'\tag{<i>"} x',
        r"\href{?\"<}{x}",
    ):
        markup = display(tex)
        assert "<img" not in markup
        assert "<i>" not in markup
        assert list(parsed(markup).iter("math"))


def test_a_number_stands_beside_the_formula() -> None:
    markup = display(r"\begin{equation} x \label{eq:x} \end{equation}")
    assert markup.startswith('<div class="equation" id="eq:x">')
    assert 'aria-label="Equation 1"' in markup
    assert markup.endswith('<span class="number">(1)</span></div>')
    assert "(1)" not in drawn(re.search("<math.*</math>", markup)[0])  # type: ignore[index]


def test_a_display_without_a_number_has_none() -> None:
    markup = display("x")
    assert 'aria-label="Formula"' in markup
    assert "number" not in markup
    assert "id=" not in markup


def test_a_display_within_a_paragraph_is_made_of_spans() -> None:
    rendered = render_display("x", {}, label="eq-x")
    markup = display_html(rendered, ["4"], name="Equation", inline=True)
    assert "<div" not in markup
    assert '<span class="equation" id="eq-x">' in markup


def test_lines_with_numbers_are_aligned_by_the_page() -> None:
    tex = (
        r"\begin{align} a &= b \label{q} \\ c &= d \notag \\"
        r" e &= f \tag{A.1} \\ g &= h \tag*{!} \end{align}"
    )
    rows = render_display(tex, {}).rows
    assert [(row.label, row.tag, row.numbered, row.bare) for row in rows] == [
        ("q", "", True, False),
        ("", "", False, False),
        ("", "A.1", False, False),
        ("", "!", False, True),
    ]
    body = parsed(display(tex))
    assert grid(body, "tr") == [4] * 4
    assert [row.get("id") for row in body.iter("tr")] == ["q", None, None, None]
    assert [span.text for span in body.iter("span")] == ["(1)", "(A.1)", "!"]
    sources = [annotation.text for annotation in body.iter("annotation")]
    assert sources == ["a", "= b", "c", "= d", "e", "= f", "g", "= h"]


@pytest.mark.parametrize(
    ("tex", "rows", "numbers"),
    [
        (r"\begin{align} a \\ b \end{align}", 2, 2),
        (r"\begin{align*} a \\ b \end{align*}", 1, 0),
        (r"\begin{gather} a \\ b \\ c \end{gather}", 3, 3),
        (r"\begin{multline} a \\ b \\ c \end{multline}", 1, 1),
        (r"\begin{equation} \begin{split} a \\ b \end{split} \end{equation}", 1, 1),
        (r"\begin{eqnarray} a &=& b \\ c &=& d \end{eqnarray}", 2, 2),
        (r"\begin{alignat}{2} a &= b & c &= d \\ e &= f & g &= h \end{alignat}", 2, 2),
        (r"\begin{align} a \nonumber \\ b \nonumber \end{align}", 1, 0),
        (r"\begin{align} a \\ \end{align}", 1, 1),
        (r"\begin{align} \begin{pmatrix} a \\ b \end{pmatrix} \\ \{c\} \end{align}", 2, 2),
        (r"a \\ b", 1, 0),
        ("a", 1, 0),
    ],
)
def test_each_line_takes_the_number_it_should(tex: str, rows: int, numbers: int) -> None:
    rendered = render_display(tex, {})
    assert (len(rendered.rows), sum(row.numbered for row in rendered.rows)) == (rows, numbers)


def test_a_label_from_outside_makes_a_display_numbered() -> None:
    (row,) = render_display("x", {}, label="eq-x").rows
    assert (row.label, row.numbered) == ("eq-x", True)
    (starred,) = render_display(r"\begin{align*} a \\ b \end{align*}", {}, label="eq-y").rows
    assert (starred.label, starred.numbered) == ("eq-y", True)
    first, second = render_display(r"\begin{align} a \\ b \end{align}", {}, label="eq-z").rows
    assert (first.label, second.label) == ("eq-z", "")
    with pytest.raises(MathsError, match="two labels"):
        render_display(r"x \label{a}", {}, label="b")


def test_references_leave_a_mark_for_the_number() -> None:
    mark = reference_mark("eq:a")
    assert f"({mark})" in render_inline(r"\text{by \eqref{eq:a}}", {})
    assert f">{mark}<" in render_inline(r"\ref{eq:a}", {})


@pytest.mark.parametrize(
    "tex", [r"a \\ b", r"x \tag{1}", r"x \label{a}", r"\begin{align} a \end{align}"]
)
def test_what_belongs_into_a_display_is_refused_in_a_line(tex: str) -> None:
    with pytest.raises(MathsError) as caught:
        render_inline(tex, {})
    assert "$$" in caught.value.help


def test_a_macro_may_replace_a_command_whatever_its_arguments() -> None:
    for name in (r"\vec", "vec", r"\vec[1]", r"\vec[2][a]"):
        markup = render_inline(
            r"\vec{x}", {name: r"\mathbf{#2}" if "2" in name else r"\mathbf{#1}"}
        )
        assert "𝐱" in markup
        assert "<mover" not in markup
    assert "ℝ" in render_inline(r"\;", {r"\;": r"\mathbb{R}"})


def test_an_error_in_a_macro_is_at_its_use() -> None:
    with pytest.raises(MathsError) as caught:
        render_inline(r"1 + \bad + 2", {r"\bad": r"\nonsense"})
    assert (caught.value.offset, caught.value.width) == (4, 4)
    assert caught.value.message == r"unknown command \nonsense in the macro \bad"


def test_characters_that_marks_are_made_of_are_refused() -> None:
    with pytest.raises(MathsError, match="U\\+E002") as caught:
        render_inline("x + \ue002", {})
    assert caught.value.offset == 4


def test_every_command_that_is_suggested_exists() -> None:
    unknown = []
    for command in sorted(KNOWN):
        try:
            render_display(rf"{command}{{a}}{{b}}", {})
        except MathsError as error:
            if error.message.startswith("unknown command"):
                unknown.append(command)
    assert unknown == []


def test_characters_are_those_that_are_drawn() -> None:
    found = characters(render_inline(r"\frac{x}{\sqrt{h}} + \alpha\mathrm{d}\text{é}", {}))
    assert {"𝑥", "ℎ", "𝛼", "+", "√", "d", "é"} <= found
    assert "x" not in found
    assert "\\" not in found


def test_the_font_has_the_glyphs_and_what_maths_needs() -> None:
    from fontTools.ttLib import TTFont

    written = subset_font("𝑥∑{")
    font = TTFont(io.BytesIO(written))
    assert font.flavor == "woff2"
    cmap = font.getBestCmap()
    assert {ord("𝑥"), ord("∑"), ord("{")} <= cmap.keys()
    assert ord("∏") not in cmap
    variants = font["MATH"].table.MathVariants
    braces = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(cmap[ord("{")])]
    assert braces.GlyphAssembly is not None
    assert braces.MathGlyphVariantRecord
    assert "Open Font License" in font["name"].getDebugName(13)


def test_the_same_characters_give_the_same_font() -> None:
    assert subset_font("xyz") == subset_font("zyx")
    assert subset_font("xyz") != subset_font("xyz∏")
