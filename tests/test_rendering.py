"""From an executed post to HTML: what each option, output and kind of Markdown becomes."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from conftest import Served
from edits import png
from made_pages import built, kept, make_site
from PIL import Image
from selectolax.lexbor import LexborHTMLParser, LexborNode

from site_builder.cli import main
from site_builder.content.parse import parse
from site_builder.errors import ContentError
from site_builder.execution.engine import nothing_to_run
from site_builder.model.post import Environment, ExecutedPost, Execution, Output, Source
from site_builder.rendering.render import Rendered, render

SVG = '<svg width="96pt" height="48pt" xmlns="http://www.w3.org/2000/svg"><g id="ink-1"/></svg>'
PNG = base64.b64encode(b"\x89PNG\r\n").decode()
FRAME = """<div>
<style scoped>
    .dataframe tbody tr th { vertical-align: top; }
</style>
<table border="1" class="dataframe">
  <thead>
    <tr style="text-align: right;">
      <th></th><th>style="red"</th><th colspan="2" halign="left">n</th>
    </tr>
  </thead>
  <tbody>
    <tr><th>0</th><td>a</td><td>1</td><td>2</td></tr>
  </tbody>
</table>
</div>"""


def stdout(text: str) -> Output:
    return Output("stdout", text)


def shown(**data: str) -> Output:
    """A value with representations such as `text_html`."""
    return Output("display", data={mime.replace("_", "/"): text for mime, text in data.items()})


def figure(name: str = "a") -> Output:
    svg = SVG.replace("<g ", f"<desc>{name}</desc><g ")
    data = {"image/svg+xml": svg, "image/png": PNG}
    return Output("figure", data=data, metadata={"width": 128, "height": 64})


def page(
    text: str,
    *outputs: Sequence[Output],
    name: str = "post",
    title: str = "T",
    files: Mapping[str, bytes] | None = None,
    root: Path = Path("/nowhere"),
    **settings: Any,
) -> Rendered:
    """The page of a post with this text whose cells put these things out."""
    for path, content in (files or {}).items():
        (root / "posts" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "posts" / path).write_bytes(content)
    site = make_site(root, **settings)
    source = Source(f"posts/{name}.md", f"---\ntitle: {title}\ndate: 2020-05-17\n---\n{text}\n")
    post = parse(site, source)
    if not outputs:
        return render(site, ExecutedPost(post, nothing_to_run(post)))
    environment = Environment("3.13.0", (), 0)
    execution = Execution(tuple(tuple(each) for each in outputs), environment)
    return render(site, ExecutedPost(post, execution))


def site_of(*pages: Rendered) -> dict[str, str]:
    """The texts of a site of these pages."""
    for each in pages:
        for content in each.objects:
            kept(content)
    return built(make_site(Path("/nowhere")), [each.page for each in pages])


def html(*arguments: Any, **keywords: Any) -> LexborHTMLParser:
    return LexborHTMLParser(page(*arguments, **keywords).html.body)


def linked(*pages: Rendered) -> dict[str, LexborHTMLParser]:
    """The pages of a site, with their references filled."""
    files = site_of(*pages)
    return {p.page.slug: LexborHTMLParser(files[f"{p.page.slug}/index.html"]) for p in pages}


def one(tree: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    (node,) = tree.css(selector)
    return node


def texts(tree: LexborHTMLParser, selector: str) -> list[str]:
    return [" ".join(node.text().split()) for node in tree.css(selector)]


def links(tree: LexborHTMLParser, selector: str = ".body p a") -> list[tuple[str, str]]:
    return [(str(a.attributes["href"]), a.text()) for a in tree.css(selector)]


def cell(*options: str, code: str = "code()") -> str:
    return "\n".join(["```python", *(f"#| {option}" for option in options), code, "```", ""])


# Options of cells


def test_a_cell_shows_its_code_and_below_it_what_it_put_out() -> None:
    tree = html(cell(), [stdout("printed\n")])
    assert one(tree, "#cell-1 > pre.highlight").text() == "code()"
    output = one(tree, "#cell-1 > .output")
    assert output.attributes["aria-label"] == "Output of code 1"
    assert one(output, "pre.stdout").text() == "printed"


@pytest.mark.parametrize(
    ("option", "code", "output"),
    [
        ("echo: false", 0, 1),
        ("output: false", 1, 0),
        ("include: false", 0, 0),
        ("echo: true", 1, 1),
    ],
)
def test_options_hide_the_code_or_the_output(option: str, code: int, output: int) -> None:
    tree = html(cell(option), [stdout("printed")])
    assert len(tree.css("pre.highlight")) == code
    assert len(tree.css("pre.stdout")) == output


def test_a_cell_that_does_not_run_is_shown_without_output() -> None:
    tree = html(cell("eval: false"))
    assert one(tree, "pre.highlight").text() == "code()"
    assert not tree.css(".output")


def test_output_as_it_is_becomes_markdown_of_the_page() -> None:
    tree = html(cell("output: asis", "echo: false"), [stdout("## Made\n\n*by* code\n")])
    assert texts(tree, "em") == ["by"]
    assert not tree.css(".cell, .output, pre")


def test_warnings_are_marked_and_can_be_left_out() -> None:
    outputs = [Output("stderr", "careful"), stdout("done")]
    assert texts(html(cell(), outputs), "pre.stderr") == ["careful"]
    hidden = html(cell("warning: false"), outputs)
    assert not hidden.css("pre.stderr")
    assert texts(hidden, "pre.stdout") == ["done"]


def test_an_error_that_is_meant_shows_its_traceback() -> None:
    error = Output(
        "error",
        'Traceback:\n  File "posts/post.md", line 7\nZeroDivisionError: by <zero>',
        metadata={"name": "ZeroDivisionError", "message": "by <zero>"},
    )
    traceback = one(html(cell("error: true"), [error]), "pre.traceback")
    assert traceback.text().endswith("ZeroDivisionError: by <zero>")
    assert texts(LexborHTMLParser(traceback.html or ""), ".error-name") == ["ZeroDivisionError"]


def test_the_way_to_an_error_is_folded_above_its_last_call() -> None:
    calls = [f'  File "posts/post.md", line {line}, in <f{line}>\n    f()\n' for line in (7, 8, 9)]
    text = "".join(["Traceback:\n", *calls, "ZeroDivisionError: by <zero>"])
    error = Output("error", text, metadata={"name": "ZeroDivisionError", "message": "by <zero>"})
    made = page(cell("error: true"), [error])
    way, last = one(LexborHTMLParser(made.html.body), ".output").css("details.way, .traceback")
    assert one(way, "summary").text() == "2 calls before this"
    assert one(way, "pre").text() == "Traceback:\n" + "".join(calls[:2]).rstrip()
    assert last.text() == calls[2] + "ZeroDivisionError: by <zero>"
    assert "details" not in made.html.feed
    assert texts(LexborHTMLParser(made.html.feed), ".error-name") == ["ZeroDivisionError"]


def test_code_can_be_folded() -> None:
    fold = one(html(cell("code-fold: true"), [stdout("x")]), "details.fold")
    assert one(fold, "summary").text() == "Code"
    assert one(fold, "pre").text() == "code()"
    assert "open" not in fold.attributes


def test_figures_have_their_captions_sizes_and_texts() -> None:
    made = page(
        cell("label: fig-a", "fig-cap: [The *first*, $x^2$.]", "fig-alt: [One, Two]"),
        [figure("a"), figure("b")],
    )
    tree = LexborHTMLParser(made.html.body)
    assert [node.attributes["id"] for node in tree.css("figure")] == ["fig-a", "fig-a-2"]
    assert texts(tree, "figcaption .label") == ["Figure 1.", "Figure 2."]
    assert len(tree.css("figcaption em")) == len(tree.css("figcaption math")) == 1
    first, second = tree.css("img")
    assert (first.attributes["alt"], second.attributes["alt"]) == ("One", "Two")
    assert (first.attributes["width"], first.attributes["height"]) == ("128", "64")
    assert "loading" not in first.attributes
    assert second.attributes["loading"] == "lazy"
    names = {file.path: file.content.decode() for file in made.files if file.path.endswith(".svg")}
    assert set(names) == {first.attributes["src"], second.attributes["src"]}
    assert all("prefers-color-scheme: dark" in svg for svg in names.values())
    assert [a.attributes["href"] for a in tree.css("figure > a")] == list(names)


@pytest.mark.parametrize(
    ("name", "style", "dark"),
    [
        ("paper-1", ' style="fill: #ffffff"', True),
        ("patch_1", ' style="fill: none"', True),
        ("patch_1", ' style="fill: #ffffe0"', False),
        ("patch_1", "", False),  # black, which needs no saying in SVG
        ("ink-1", ' style="stroke: #000000"', False),
    ],
)
def test_ink_on_a_coloured_ground_stays(name: str, style: str, dark: bool) -> None:
    group = f'<g id="figure_1">\n <g id="{name}">\n  <path d="M 0 1\nz"{style}/></g></g>'
    drawn = Output("figure", data={"image/svg+xml": f"<svg>{group}</svg>"})
    (svg,) = (f.content.decode() for f in page(cell(), [drawn]).files if f.path.endswith("svg"))
    assert ("prefers-color-scheme: dark" in svg) == dark


def test_a_picture_without_text_is_a_warning_unless_it_is_a_decoration() -> None:
    silent = page(cell("fig-cap: A cap"), [figure()])
    (warning,) = silent.page.warnings
    assert str(warning).startswith("posts/post.md:5: a figure of cell 1 has no text")
    assert len(page(cell("code-fold: true"), [figure("a"), figure("b")]).page.warnings) == 1
    decoration = page(cell('fig-alt: ""'), [figure()])
    assert not decoration.page.warnings
    image = one(LexborHTMLParser(decoration.html.body), "img")
    assert image.attributes["alt"] in ("", None)
    assert image.attributes["role"] == "presentation"
    assert not LexborHTMLParser(decoration.html.body).css("figure a")


def test_the_build_prints_the_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "site.toml").write_text('title = "x"\nurl = "https://example.org/"\n')
    (tmp_path / "posts/a.md").write_text("---\ntitle: A\ndate: 2020-01-01\n---\n![](https://x/y)\n")
    assert main(["build", "-C", str(tmp_path)]) == 0
    said = "".join(capsys.readouterr())
    assert "warning[I003]: the image 'https://x/y' has no text" in said
    assert "  --> posts/a.md:5:5\n" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["fig-cap: A"], "'fig-cap' is about a figure, but the cell shows none"),
        (["label: fig-a"], "'label' is about a figure, but the cell shows none"),
        (["tbl-cap: A"], "'tbl-cap' is about a table, but the cell shows none"),
    ],
)
def test_a_caption_of_nothing_is_a_mistake(options: list[str], message: str) -> None:
    with pytest.raises(ContentError) as caught:
        page(cell(*options), [stdout("text")])
    assert [(p.line, p.message) for p in caught.value.problems] == [(6, message)]


def test_more_captions_than_figures_is_a_mistake() -> None:
    with pytest.raises(ContentError) as caught:
        page(cell("fig-cap: [A, B]"), [figure()])
    assert "has 2 texts for 1 figure(s)" in caught.value.problems[0].message


# Numbers and references


def test_references_have_the_numbers_of_what_they_name() -> None:
    text = (
        "See @fig-b, [-@fig-a], [](#eq-x), [the table](#tbl-t), @tbl-t, "
        "{numref}`Plot %s <fig-b>`, \\eqref{eq-x} and $a \\overset{\\eqref{eq-x}}{=} b$.\n\n"
        "$$\\label{eq-x} x = 1$$\n\n"
    )
    text += cell("label: fig-a", "fig-cap: A", "fig-alt: a")
    text += cell("label: fig-b", "fig-cap: B", "fig-alt: b")
    text += cell("label: tbl-t", "tbl-cap: T")
    outputs = [[figure()], [figure()], [shown(text_html=FRAME)]]
    tree = linked(page(text, *outputs))["post"]
    assert links(tree) == [
        ("#fig-b", "Figure 2"),
        ("#fig-a", "1"),
        ("#eq-x", "(1)"),
        ("#tbl-t", "the table"),
        ("#tbl-t", "Table 1"),
        ("#fig-b", "Plot 2"),
        ("#eq-x", "(1)"),
    ]
    assert "1" in one(tree, ".body p math").text()
    ids = {node.attributes.get("id") for node in tree.css("[id]")}
    assert {"fig-a", "fig-b", "tbl-t", "eq-x"} <= ids


def test_references_reach_across_posts_in_both_directions() -> None:
    figures = page(cell("label: fig-a", "fig-cap: A", "fig-alt: a"), [figure()], name="figures")
    other = page("See @fig-a and @eq-far.", name="other")
    far = page("$$\\label{eq-far} x$$\n\nBack to @fig-a.", name="far")
    trees = linked(figures, other, far)
    assert links(trees["other"]) == [("/figures/#fig-a", "Figure 1"), ("/far/#eq-far", "(1)")]
    assert links(trees["far"]) == [("/figures/#fig-a", "Figure 1")]


def test_references_of_feeds_are_those_of_the_page() -> None:
    text = cell("label: tbl-t", "tbl-cap: As in [this](other.md)") + "See @tbl-t."
    made = page(text, [shown(text_html=FRAME)], title='"Of [that](other.md)"')
    marks = [
        set(re.findall("\ue000t?\\d+\ue001", part)) for part in (made.html.body, made.html.feed)
    ]
    assert marks[0] == marks[1]
    files = site_of(made, page("x", name="other"))
    assert 'href="https://example.org/post/#tbl-t"' in unescape(files["feed.xml"])
    assert "\ue000" not in files["feed.xml"]


# Outputs


def test_text_of_terminals_keeps_its_colours_and_its_last_state() -> None:
    text = " 10%\r 100%\n\x1b[31mred\x1b[0m \x1b[1;44mbold\x1b[0m <b>\n"
    pre = one(html(cell(), [stdout(text)]), "pre.stdout")
    assert pre.text() == " 100%\nred bold <b>"
    assert [span.attributes["class"] for span in pre.css("span")] == [
        "ansi-red",
        "ansi-bold ansi-bg-blue",
    ]


def test_long_outputs_scroll() -> None:
    for lines, long in ((30, 0), (31, 1)):
        tree = html(cell(), [stdout("line\n" * lines)])
        assert len(tree.css("pre.long")) == long
        assert one(tree, "pre.stdout").text().count("line") == lines


def test_boxes_are_drawn_without_gaps_between_lines() -> None:
    assert html(cell(), [stdout("┏━┓\n┗━┛")]).css("pre.drawn")
    assert not html(cell(), [stdout("a - b")]).css("pre.drawn")


def test_frames_of_pandas_are_tables_without_inline_styles() -> None:
    made = page(cell("tbl-cap: A *frame*"), [shown(text_html=FRAME, text_plain="0 a")])
    tree = LexborHTMLParser(made.html.body)
    assert not re.search(r"<style|<[^>]*\b(?:style|border|halign)=", made.html.body)
    scopes = [(th.attributes["scope"], th.text()) for th in tree.css("th")]
    assert scopes == [("col", 'style="red"'), ("colgroup", "n"), ("row", "0")]
    assert one(tree, "figure > figcaption").text() == "Table 1. A frame"
    wrapper = one(tree, "figure > .table")
    assert (wrapper.attributes["tabindex"], wrapper.attributes["aria-label"]) == ("0", "Table 1")
    assert "0 a" not in made.html.body


def test_styles_of_values_are_a_file_of_the_page() -> None:
    styled = (
        '<style type="text/css">\n#T_1_row0 { color: red; }\n</style>\n<table id="T_1">'
        '<tr><td id="T_1_row0" style="color: &quot;blue&quot;">1 style="x"</td></tr></table>\n'
    )
    made = page(cell("label: tbl-s", "tbl-cap: Cap"), [shown(text_html=styled)])
    tree = LexborHTMLParser(made.html.body)
    (file,) = (file for file in made.files if file.path.endswith(".css"))
    assert one(tree, "link[rel=stylesheet]").attributes["href"] == file.path
    assert not tree.css("style, [style]")
    key = one(tree, "figure#tbl-s .table td").attributes["data-style"]
    assert "#T_1_row0 { color: red; }" in file.content.decode()
    assert f'[data-style="{key}"] {{ color: "blue" }}' in file.content.decode()
    assert texts(tree, "table.dataframe td") == ['1 style="x"']
    assert "<style" not in made.html.feed


def test_scripts_of_values_are_a_warning_and_left_alone() -> None:
    script = "<script>let html = '<p style=\"color: red\">';</script>"
    made = page(cell(), [shown(text_html=f"<p>x</p>{script}")])
    (warning,) = made.page.warnings
    assert "cell 1 shows a script" in warning.message
    assert script in made.html.body
    assert "script" not in made.html.feed
    assert not [file for file in made.files if file.path.endswith(".css")]


def test_only_the_first_table_of_a_cell_has_its_caption() -> None:
    tree = html(cell("label: tbl-t", "tbl-cap: A"), [shown(text_html=FRAME)] * 2)
    assert len(tree.css(".table")) == 2
    assert texts(tree, "figcaption") == ["Table 1. A"]
    labels = [node.attributes["aria-label"] for node in tree.css(".table")]
    assert labels == ["Table 1", "Table of code 1 2"]


@pytest.mark.parametrize("option", ["output: asis", "output: true"])
def test_a_table_in_markdown_takes_the_caption(option: str) -> None:
    table = "| a | b |\n|---|--:|\n| 1 | 2 |\n"
    output = stdout(table) if "asis" in option else shown(text_markdown=table)
    tree = html(cell("label: tbl-t", "tbl-cap: A", option), [output])
    assert one(tree, "figure#tbl-t > figcaption").text() == "Table 1. A"
    assert texts(tree, "figure#tbl-t td.right") == ["2"]


def test_markdown_and_latex_are_rendered_like_prose() -> None:
    latex = r"$\displaystyle \frac{1}{2}$"
    tree = html(cell(), [shown(text_markdown="**bold** $x$"), shown(text_latex=latex)])
    assert texts(tree, ".markdown strong") == ["bold"]
    assert len(tree.css(".markdown math")) == 1
    assert len(tree.css(".equation mfrac")) == 1


def test_the_richest_representation_is_shown() -> None:
    tree = html(cell(), [shown(text_plain="plain", text_markdown="*rich*"), shown(text_plain="p")])
    assert texts(tree, "em") == ["rich"]
    assert texts(tree, "pre.result") == ["p"]


def test_latex_that_cannot_be_shown_is_a_mistake_of_the_cell() -> None:
    with pytest.raises(ContentError) as caught:
        page(cell(), [shown(text_latex=r"$\nosuchthing$")])
    (problem,) = caught.value.problems
    assert problem.message.startswith("cell 1 gave LaTeX that cannot be shown")


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        (cell(), [stdout("<script>alert(1)</script>")]),
        (cell(), [shown(text_plain="<script>alert(1)</script>")]),
        (cell("echo: true", code="'<script>alert(1)</script>'"), []),
        (cell('fig-alt: "\\"><script>alert(1)</script>"'), [figure()]),
        ("`<script>alert(1)</script>`", None),
        ("```\n<script>alert(1)</script>\n```", None),
        ('![a">&lt;script>alert(1)](x:y "\\">&lt;script>")', None),
        ('[alert(1)](x:y "\\">&lt;script>")', None),
        ("$\\text{<script>alert(1)</script>}$", None),
    ],
)
def test_markup_in_data_stays_text(text: str, outputs: list[Output] | None) -> None:
    made = page(text) if outputs is None else page(text, outputs)
    for body in (made.html.body, made.html.feed):
        assert "<script" not in body
        assert "alert(1)" in body
    assert not LexborHTMLParser(made.html.body).css("script")


@pytest.mark.parametrize(
    ("text", "place"),
    [("a $\\nosuch$", (5, 4)), ("a $x +\n\\nosuch$ b", (6, 1)), ("a $x +\n y \\nosuch$", (6, 4))],
)
def test_a_mistake_in_a_formula_of_two_lines_is_shown_where_it_is(
    text: str, place: tuple[int, int]
) -> None:
    with pytest.raises(ContentError) as caught:
        page(text)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == place
    assert problem.message == r"unknown command \nosuch"


def test_the_name_and_the_language_of_a_listing_are_text() -> None:
    tree = html('```"><script> filename="<script>alert(1)</script>"\nx\n```')
    assert texts(tree, ".filename") == ["<script>alert(1)</script>"]
    assert one(tree, "pre").attributes["aria-label"] == 'Listing 1, "><script>'
    assert not tree.css("script")


def test_the_link_of_a_heading_is_named_by_its_text() -> None:
    link = one(html('## A `<b>` & *"C"*'), "h2 a.anchor")
    assert link.attributes["aria-label"] == "Link to: A <b> & “C”"


def test_a_title_is_markdown_and_its_plain_text_is_escaped() -> None:
    made = page("x", title='\'*A* < `"B"` & "C"\'')
    assert made.page.title_html == "<em>A</em> &lt; <code>&quot;B&quot;</code> &amp; “C”"
    assert made.page.title_text == 'A < "B" & “C”'
    files = site_of(made)
    assert "<title>A &lt; &#34;B&#34; &amp; “C”" in files["post/index.html"]


# Markdown


@pytest.mark.parametrize(
    "text",
    [
        "> [!WARNING]\n> Beware of *it*.",
        ":::{warning}\nBeware of *it*.\n:::",
        "::: {.callout-warning}\nBeware of *it*.\n:::",
        "```{warning}\nBeware of *it*.\n```",
    ],
)
def test_admonitions_are_spelled_in_four_ways_and_look_the_same(text: str) -> None:
    box = one(html(text), "aside.admonition.warning")
    assert box.attributes["role"] == "note"
    assert one(box, ".admonition-title").text() == "Warning"
    assert one(box, "p:not(.admonition-title) em").text() == "it"


def test_an_admonition_can_have_a_title_and_be_folded() -> None:
    tree = html('::: {.callout-tip title="Try $x$" collapse="true"}\nThis.\n:::')
    summary = one(tree, "details.admonition.tip > summary")
    assert len(summary.css("math")) == 1


def test_notes_stand_behind_the_paragraph_that_refers_to_them() -> None:
    tree = html("One[^a].\n\n- two[^b]\n\nAgain[^a].\n\n[^a]: First.\n[^b]: Second.")
    assert texts(tree, "p + aside.sidenote") == ["1 First."]
    assert texts(tree, "li aside.sidenote") == ["2 Second."]
    assert len(tree.css("aside.sidenote")) == 2
    assert [a.attributes["href"] for a in tree.css("sup a")] == ["#fn-1", "#fn-2", "#fn-1"]
    ids = [a.attributes["id"] for a in tree.css("sup a")]
    assert len(set(ids)) == 3


def test_notes_of_tables_and_terms_stand_where_notes_may_stand() -> None:
    tree = html("| a |\n|---|\n| b[^a] |\n\nTerm[^b]\n: Text.\n\n[^a]: One.\n[^b]: Two.")
    assert texts(tree, "div.table + aside.sidenote") == ["1 One."]
    assert texts(tree, "dd aside.sidenote") == ["2 Two."]
    assert not tree.css("dl > aside")


def test_no_note_is_lost() -> None:
    tree = html("A[^a].\n\n[^a]: One[^b].\n[^b]: Two.")
    assert {node.attributes["id"] for node in tree.css("aside.sidenote")} == {"fn-1", "fn-2"}


def test_notes_can_stand_at_the_end_with_ways_back() -> None:
    text = "One[^a], two[^b], again[^a].\n\n[^a]: First.\n[^b]: Second.\n\n    More."
    made = page(text, notes="end")
    tree = LexborHTMLParser(made.html.body)
    section = one(tree, "section.endnotes[role=doc-endnotes]")
    assert section.attributes["aria-label"] == "Notes"
    assert [node.attributes["id"] for node in section.css("ol > li")] == ["fn-1", "fn-2"]
    back = section.css("a[role=doc-backlink]")
    assert [a.attributes["href"] for a in back] == ["#fnref-1", "#fnref-1-2", "#fnref-2"]
    assert {a.attributes["id"] for a in tree.css("sup a")} == {
        str(a.attributes["href"]).removeprefix("#") for a in back
    }
    assert len({a.attributes["aria-label"] for a in back}) == 3
    assert not tree.css("aside")
    assert made.html.feed == page(text).html.feed


def test_notes_at_the_end_stand_before_the_references(tmp_path: Path) -> None:
    bib = b"@misc{a1, author = {A}, title = {T}, year = 2001}"
    text = "One[^a] of [@a1].\n\n## Works\n\n[^a]: First."
    (tmp_path / "w.bib").write_bytes(bib)
    made = page(text, root=tmp_path, notes="end", bibliography=("w.bib",))
    kinds = re.findall('<h2|class="endnotes"|class="references"', made.html.body)
    assert kinds == ['class="endnotes"', "<h2", 'class="references"']


def test_an_aside_has_no_landmark_of_notes() -> None:
    made = page("One[^a].\n\n[^a]: First.", notes="end", title='""\nkind: aside')
    notes = one(LexborHTMLParser(made.html.body), "div.endnotes")
    assert notes.attributes["role"] == "group"


def test_tasks_say_whether_they_are_done() -> None:
    boxes = html("- [x] a\n- [ ] b").css("input[type=checkbox]")
    assert [box.attributes["aria-label"] for box in boxes] == ["done", "to do"]
    assert all("disabled" in box.attributes for box in boxes)


def test_columns_of_tables_are_aligned_by_classes() -> None:
    made = page("| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |")
    tree = LexborHTMLParser(made.html.body)
    aligned = [td.attributes.get("class") for td in tree.css("td")]
    assert aligned == ["left", "center", "right", None]
    assert {th.attributes["scope"] for th in tree.css("th")} == {"col"}
    assert "style=" not in made.html.body
    css = Path(__file__).parents[1] / "themes/default/assets/css/20-prose.css"
    for name in ("right", "center"):
        assert re.search(rf"\.{name}\)[^{{]*{{ text-align", css.read_text(encoding="utf-8"))


def test_definitions() -> None:
    tree = html("Term\n: One.\n: Two.")
    assert texts(tree, "dl > dt") == ["Term"]
    assert texts(tree, "dl > dd") == ["One.", "Two."]


def test_code_that_is_only_shown_has_its_name_and_language() -> None:
    tree = html('```rust filename="src/main.rs"\nfn main() {}\n```\n\n    indented\n')
    first, second = tree.css("figure.code")
    assert one(first, "figcaption").text() == one(first, ".filename").text() == "src/main.rs"
    assert not second.css("figcaption")
    assert one(html("```rust\nx\n```"), "figcaption .lang").text() == "rust"
    assert [node.attributes["aria-label"] for node in tree.css("pre")] == [
        "Listing 1, rust",
        "Listing 2",
    ]
    assert one(second, "pre").text() == "indented\n"


def test_lines_have_numbers_that_are_no_text() -> None:
    code = 'def f():\n    """A text\n    over lines."""\n    return 1\n'
    made = page(f'```python {{.noeval startFrom="9" code-line-numbers="10-11"}}\n{code}```')
    tree = LexborHTMLParser(made.html.body)
    assert one(tree, "pre").text() == code
    assert [node.attributes["data-n"] for node in tree.css(".ln")] == [" 9", "10", "11", "12"]
    assert one(tree, "mark").text() == "".join(code.splitlines(keepends=True)[1:3])
    assert texts(tree, "mark .s") == ['"""A text', 'over lines."""']
    assert "<span" not in made.html.feed
    assert not html("```rust\nx\n```").css(".ln")


@pytest.mark.parametrize(
    ("info", "marked"),
    [
        ("rust {.numberLines}", []),
        ("{.rust .number-lines}", []),
        ("rust code-line-numbers=true", []),
        ("rust code-line-numbers='2'", ["b\n"]),
        ('rust filename="a code-line-numbers=1 b" code-line-numbers="1,3"', ["a\n", "c\n"]),
        ('python .noeval code-line-numbers="2-3"', ["b\nc\n"]),
    ],
)
def test_lines_of_a_listing_are_numbered_in_each_way_to_say_it(
    info: str, marked: list[str]
) -> None:
    tree = html(f"```{info}\na\nb\nc\n```")
    assert [node.attributes["data-n"] for node in tree.css(".ln")] == ["1", "2", "3"]
    assert [node.text() for node in tree.css("mark")] == marked


def test_the_code_of_a_cell_has_numbers_and_the_name_of_a_file() -> None:
    options = ("filename: a<b>.py", "code-line-numbers: 2")
    made = page(cell(*options, code="x = 1\ny = 2"), [])
    tree = LexborHTMLParser(made.html.body)
    assert one(tree, "p.filename + pre.highlight").text() == "x = 1\ny = 2"
    assert texts(tree, "p.filename") == ["a<b>.py"]
    assert texts(tree, "pre mark") == ["y = 2"]
    assert "a&lt;b&gt;.py" not in made.html.feed
    folded = html(cell(*options, "code-fold: true", code="x = 1\ny = 2"), [])
    assert texts(folded, "summary") == ["Code a<b>.py"]


def test_code_has_a_button_that_copies_what_stands_before_it() -> None:
    tree = html(cell() + cell("code-fold: true") + "```rust\nfn\n```", [], [])
    names = [button.attributes["aria-label"] for button in tree.css("button.copy[hidden]")]
    assert names == ["Copy code 1", "Copy code 2", "Copy listing 1"]
    assert [node.text() for node in tree.css("pre:has(+ .copy)")] == ["code()", "code()", "fn\n"]
    assert "button" not in page(cell() + "```rust\nfn\n```", []).html.feed


def test_images_have_the_sizes_of_their_files(tmp_path: Path) -> None:
    image = io.BytesIO()
    Image.new("RGB", (3, 2)).save(image, "PNG")
    png = image.getvalue()
    made = page(
        '![A *dot*](a/my%20dot.png "Small")\n\n![](a/my%20dot.png){role=presentation}\n\n'
        '<img src="a/my dot.png" alt="raw">',
        files={"a/my dot.png": png},
        root=tmp_path,
    )
    first, second, raw = LexborHTMLParser(made.html.body).css("img")
    assert (first.attributes["alt"], first.attributes["title"]) == ("A dot", "Small")
    assert (first.attributes["width"], first.attributes["height"]) == ("3", "2")
    assert first.attributes["src"] == raw.attributes["src"] != "a/my dot.png"
    assert second.attributes["role"] == "presentation"
    assert not made.page.warnings
    assert [attachment.path for attachment in made.page.attachments]


def test_an_image_without_text_is_a_warning() -> None:
    (warning,) = page("Text.\n\n![](data:image/png;base64,AA==)").page.warnings
    assert (warning.line, warning.column) == (7, 5)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ("![x](https://example.org/x.png)", "is on another site"),
        ('<img alt="x" src="//example.org/x.png">', "something from another site"),
        ("<script>run()</script>", "a script"),
        ('<iframe src="https://example.org/"></iframe>', "a frame"),
        ('<p style="color: red">x</p>', "an inline style"),
        ("A <b style='color: red'>x</b>.", "an inline style"),
        ("A vector<int> here.", "<int> is taken for HTML"),
    ],
)
def test_what_pages_keep_from_readers_is_a_warning(written: str, what: str) -> None:
    (warning,) = page(f"Text.\n\n{written}").page.warnings
    assert what in warning.message
    assert warning.line == 7


def test_html_that_pages_show_is_no_warning() -> None:
    text = "A <kbd>K</kbd><br>b <i>c</i>.\n\n<!-- <script> -->\n\n<div>\n\nx\n\n</div>"
    assert not page(text).page.warnings


def test_an_image_with_the_label_of_a_figure_is_one() -> None:
    pixel = "data:image/png;base64,AA=="
    text = f'See @fig-e.\n\n![An *e* of $x$]({pixel}){{#fig-e fig-alt="grey"}}\n\n![f]({pixel})'
    made = page(text)
    tree = linked(made)["post"]
    assert texts(tree, ".figure figcaption") == ["Figure 1. An e of xx"]
    assert one(tree, "figure#fig-e > img").attributes["alt"] == "grey"
    assert links(tree) == [("#fig-e", "Figure 1")]
    assert len(tree.css("p > img")) == 1
    assert not tree.css("p figure")


def test_links_lead_to_what_the_author_gave_an_id() -> None:
    text = (
        "[a](#thm) [](#thm) [b](#raw) [c](#span)\n\n::: {#thm .theorem}\nx\n:::\n\n"
        '<p id="raw">x</p>\n\n[y]{#span}'
    )
    tree = linked(page(text))["post"]
    assert links(tree) == [("#thm", "a"), ("#thm", "thm"), ("#raw", "b"), ("#span", "c")]
    assert all(one(tree, f"[id={name}]") for name in ("thm", "raw", "span"))


def test_the_title_is_the_only_heading_of_its_level() -> None:
    made = page("# One\n\n## Two\n\n### Three")
    assert [(h.level, h.id) for h in made.page.headings] == [(2, "one"), (3, "two"), (4, "three")]
    tree = LexborHTMLParser(made.html.body)
    assert not tree.css("h1")
    anchor = one(tree, "h2 > a.anchor")
    assert anchor.attributes["href"] == "#one"
    assert anchor.attributes["aria-label"] == "Link to: One"
    assert [h.level for h in page("## Two\n\n### Three").page.headings] == [2, 3]


def test_html_of_the_author_is_left_alone() -> None:
    body = page('<div class="mine"><b>x</b></div>\n\nA <kbd>K</kbd>.').html.body
    assert '<div class="mine"><b>x</b></div>' in body
    assert "<kbd>K</kbd>" in body


def test_the_policy_lets_a_post_play_its_own_film() -> None:
    tree = linked(page("Text."))["post"]
    policy = str(one(tree, "meta[http-equiv]").attributes["content"])
    assert "media-src 'self'" in policy.split("; ")
    assert "default-src 'none'" in policy.split("; ")


# Feeds, and what is counted


def test_feeds_have_nothing_that_needs_a_style_or_a_tab() -> None:
    text = (
        "A note[^a] and $x^2$.\n\n[^a]: The note.\n\n> [!NOTE]\n> Look.\n\n"
        "| a |\n|--:|\n| 1 |\n\n```rust\nfn x() {}\n```\n\n"
    )
    text += cell("fig-cap: A", "fig-alt: a", "code-fold: true")
    feed = page(text, [figure(), stdout("out"), shown(text_html=FRAME)]).html.feed
    tags = "".join(re.findall(r"<[^>]*>", feed))
    for gone in ("tabindex", "style=", "<details", "<aside", "annotation", "aria-", ".svg"):
        assert gone not in tags
    tree = LexborHTMLParser(feed)
    assert str(one(tree, "img").attributes["src"]).endswith(".png")
    assert texts(tree, "blockquote#fn-1") == ["1 The note."]
    assert len(tree.css("math")) == 1
    assert texts(tree, "blockquote strong") == ["Note"]
    assert texts(tree, "figcaption") == ["Figure 1. A"]


def test_words_code_and_figures_are_counted() -> None:
    text = "## Two words\n\nThree *more* words.\n\n" + cell("fig-alt: a", code="a\nb")
    made = page(text, [figure()])
    assert (made.page.words, made.page.figures) == (5, 1)
    assert made.page.code_lines == 3  # with its option line


def test_the_summary_is_the_first_paragraph_without_links_and_notes() -> None:
    made = page("## Head\n\nFirst [linked](https://x.org) and $x$[^a].\n\nSecond.\n\n[^a]: N.")
    assert made.page.summary.startswith("First linked and")
    assert "<a" not in made.page.summary_html
    assert "<math" in made.page.summary_html


def test_a_summary_says_what_it_refers_to() -> None:
    text = (
        "As @fig-a and [](other.md) < 3 show, by \\eqref{eq-b}.\n\n"
        + cell("label: fig-a", "fig-cap: A", "fig-alt: a")
        + "\n$$ \\label{eq-b} x $$\n"
    )
    summary = "As Figure 1 and Second one < 3 show, by (1)."
    tree = linked(page(text, [figure()]), page("Text.", name="other", title="Second one"))["post"]
    meta = one(tree, "meta[name=description]")
    assert meta.attributes["content"] == summary
    given = page(text, [figure()], title="T\nsummary: See [-@fig-a], and @fig-a.")
    tree = linked(given, page("Text.", name="other"))["post"]
    meta = one(tree, "meta[name=description]")
    assert meta.attributes["content"] == "See 1, and Figure 1."


def test_only_the_first_picture_of_a_page_is_loaded_at_once(tmp_path: Path) -> None:
    image = io.BytesIO()
    Image.new("RGB", (3, 2)).save(image, "PNG")
    authors = "![A dot](dot.png)\n\n"
    made = cell("fig-alt: a") + "\n"
    for text in (authors + made, made + authors):
        files = {"dot.png": image.getvalue()}
        tree = LexborHTMLParser(page(text, [figure()], files=files, root=tmp_path).html.body)
        assert [node.attributes.get("loading") for node in tree.css("img")] == [None, "lazy"]


def test_a_page_is_made_the_same_each_time() -> None:
    text = cell("label: fig-a", "fig-cap: A", "fig-alt: a") + "See @fig-a.[^n]\n\n[^n]: $x$"
    assert page(text, [figure()]) == page(text, [figure()])


def test_all_of_it_together_in_a_real_build(gallery: Served) -> None:
    tree = LexborHTMLParser(gallery.text("everything/index.html"))
    assert texts(tree, ".body figcaption .label") == [
        "Figure 1.",
        "Figure 2.",
        "Figure 3.",
        "Table 1.",
    ]
    assert ("#fig-pair-2", "Figure 3") in links(tree)
    assert texts(tree, ".traceback .error-name") == ["ZeroDivisionError"]
    assert not gallery.report.warnings
    for path in gallery.folder.rglob("*.html"):
        written = path.read_text(encoding="utf-8")
        assert not re.search(r"<[^>]*\sstyle=|<[^>]*\son\w+=|\ue000", written), path
        ids = re.findall(r'\sid="([^"]*)"', written)
        assert len(ids) == len(set(ids)), path


def test_displays_in_a_feed_are_paragraphs_with_their_numbers() -> None:
    made = page("$$\na = b\n$$ {#eq-a}\n\n\\begin{align}\nc &= d \\\\\ne &= f\n\\end{align}\n")
    feed = LexborHTMLParser(made.html.feed)
    rows = [p for p in feed.css("p") if p.css_first("math")]
    assert [p.text(strip=True)[-3:] for p in rows] == ["(1)", "(2)", "(3)"]
    assert rows[0].attributes["id"] == "eq-a"
    assert "tabindex" not in made.html.feed
    assert "role=" not in made.html.feed
    assert "annotation" not in made.html.feed


def test_a_display_within_a_sentence_can_have_a_label() -> None:
    made = page("So $$a = b$$ {#eq-a} holds, see @eq-a.")
    (equation,) = LexborHTMLParser(made.html.body).css("p > span.equation")
    assert equation.attributes["id"] == "eq-a"
    assert [number.text() for number in equation.css(".number")] == ["(1)"]
    assert [anchor.text for anchor in made.page.anchors] == ["(1)"]


def test_a_summary_is_of_words_not_of_images(tmp_path: Path) -> None:
    dot = png(3, 2)
    text = "![A dot](dot.png)\n\n![B](dot.png) First *words*.\n\nMore.\n"
    rendered = page(text, files={"dot.png": dot}, root=tmp_path).page
    assert rendered.summary == "First words."
    assert rendered.summary_html == "First <em>words</em>."


def test_an_image_from_the_root_of_the_site_is_below_its_home_page() -> None:
    site = make_site(Path("/nowhere"), url="https://example.org/blog/")
    text = "---\ntitle: T\ndate: 2020-05-17\n---\n![A dot](/dot.png) ![B](//cdn.example/b.png)\n"
    post = parse(site, Source("posts/post.md", text))
    rendered = render(site, ExecutedPost(post, nothing_to_run(post)))
    for shown in (rendered.html.body, rendered.html.feed):
        sources = [node.attributes["src"] for node in LexborHTMLParser(shown).css("img")]
        assert sources == ["/blog/dot.png", "//cdn.example/b.png"]
