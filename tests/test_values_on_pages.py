"""Values and claims on pages, in feeds and in all the places that take a text."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Served
from made_pages import make_site
from playwright.sync_api import Browser
from selectolax.lexbor import LexborHTMLParser
from test_browser import violations, visit
from test_rendering import PNG, cell, figure, one, stdout, texts

from site_builder.content.parse import parse
from site_builder.errors import ContentError
from site_builder.execution.engine import nothing_to_run
from site_builder.model.post import Environment, ExecutedPost, Execution, Output, Source, Value
from site_builder.rendering.render import Rendered, render
from site_builder.rendering.tex_values import fill_tex, tex_of

FRAME = '<div><table class="dataframe"><tr><td>1</td></tr></table></div>'


def rendered(
    text: str,
    *outputs: tuple[Output, ...],
    values: Mapping[str, str | Value] | None = None,
    title: str = "T",
    front: str = "",
    ran: bool = True,
) -> Rendered:
    """The page of a post whose expressions gave `values`, by their code; claims are true."""
    written = f"---\ntitle: {title}\ndate: 2020-05-17\n{front}---\n{text}\n"
    site = make_site(Path("/nowhere"))
    post = parse(site, Source("posts/post.md", written))
    if not ran:
        return render(site, ExecutedPost(post, nothing_to_run(post)))
    given = dict(values or {})
    gave = [given.get(each.code, Value()) for each in post.expressions]
    found = tuple(Value(each) if isinstance(each, str) else each for each in gave)
    cells = outputs or ((),) * len(post.cells)
    execution = Execution(cells, Environment("3.13.0", (), 0), values=found)
    return render(site, ExecutedPost(post, execution))


def tree(*arguments: object, **keywords: object) -> LexborHTMLParser:
    return LexborHTMLParser(rendered(*arguments, **keywords).html.body)  # type: ignore[arg-type]


def problems(*arguments: object, **keywords: object) -> list[tuple[int, int, str]]:
    with pytest.raises(ContentError) as caught:
        rendered(*arguments, **keywords)  # type: ignore[arg-type]
    return [(each.line, each.column, each.message) for each in caught.value.problems]


def tex(page: LexborHTMLParser) -> list[str]:
    return [node.text() for node in page.css("annotation")]


def assertion(code: str, *parts: tuple[str, str], holds: bool = True, message: str = "") -> Output:
    metadata = {"holds": holds, "parts": [list(part) for part in parts], "message": message}
    return Output("assertion", code, metadata=metadata)


def rich(text: str = "<X object>", **data: str) -> Value:
    return Value(text, {mime.replace("_", "/"): form for mime, form in data.items()})


# Values in prose


def test_a_value_stands_in_its_sentence_and_can_be_linked_to() -> None:
    page = tree("It is `{python} acc:.1%`, not {eval}`low`.", values={"acc": "71.5%", "low": "<1"})
    assert texts(page, "p") == ["It is 71.5%, not <1."]
    assert [(n.attributes["id"], n.text()) for n in page.css("span.value")] == [
        ("value-1", "71.5%"),
        ("value-2", "<1"),
    ]


def test_a_feed_has_the_plain_text_and_no_ids() -> None:
    made = rendered("It is `{python} a`.", values={"a": "1 & 2"})
    assert made.html.feed == "<p>It is 1 &amp; 2.</p>\n"


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("- item `{python} a`", "li"),
        ("| h |\n|---|\n| `{python} a` |", "td"),
        ("> [!NOTE] Of `{python} a`\n> Text.", ".admonition-title"),
        ("See[^n].\n\n[^n]: Note `{python} a`.", ".sidenote"),
        ("Term\n: Meaning `{python} a`", "dd"),
        ("[see `{python} a`](https://example.org)", "p > a"),
        ("**bold `{python} a`**", "strong"),
        (cell("fig-cap: Of `{python} a`", "fig-alt: x"), "figcaption"),
        (cell("tbl-cap: Of `{python} a`"), "figcaption"),
        (cell("claim: Of `{python} a`", code="assert x"), ".claim > p"),
    ],
)
def test_values_stand_wherever_prose_does(text: str, selector: str) -> None:
    frame = Output("display", data={"text/html": FRAME})
    shown = (frame,) if "tbl-cap" in text else (figure(),) if "fig-cap" in text else ()
    outputs = (shown,) if "```" in text else ()
    made = rendered(text, *outputs, values={"a": "47.11"})
    node = one(LexborHTMLParser(made.html.body), selector)
    assert "47.11" in node.text()
    assert "python" not in made.html.body
    assert "47.11" in made.html.feed
    assert "python" not in made.html.feed


@pytest.mark.parametrize("format_", ["{python} a", "{python} b:.1f"])
def test_texts_for_those_who_cannot_see_hold_values(format_: str) -> None:
    values = {"a": "1 < 2", "b": "1 < 2"}
    options = ("fig-alt: '`%s`, a*b'" % format_,)  # noqa: UP031
    page = tree(cell(*options), (figure(),), values=values)
    assert one(page, "img").attributes["alt"] == "1 < 2, ab*".replace("ab*", "a*b")
    page = tree("![Of `%s`](https://example.org/a.png)" % format_, values=values)  # noqa: UP031
    assert one(page, "img").attributes["alt"] == "Of 1 < 2"


def test_titles_and_summaries_hold_values_without_ids() -> None:
    made = rendered(
        "Text.",
        title="Up by `{python} a`",
        front="summary: Of `{python} b` and $`{python} b`$\n",
        values={"a": "5 & 6", "b": "7"},
    ).page
    assert (made.title_html, made.title_text) == ("Up by 5 &amp; 6", "Up by 5 & 6")
    assert made.summary == "Of 7 and 7"
    assert made.summary_html.startswith("Of 7 and <math")


def test_a_heading_s_id_does_not_move_with_its_value() -> None:
    made = [rendered("## At `{python} a` steps", values={"a": a}) for a in ("10", "20")]
    assert [m.page.headings[0].id for m in made] == ["at-steps"] * 2
    assert [m.page.headings[0].html for m in made] == ["At 10 steps", "At 20 steps"]
    assert [m.page.anchors[0].text for m in made] == ["At 10 steps", "At 20 steps"]
    link = one(LexborHTMLParser(made[0].html.body), "h2 a.anchor")
    assert link.attributes["aria-label"] == "Link to: At 10 steps"


def test_the_first_paragraph_with_its_values_is_the_summary() -> None:
    page = rendered("The best is `{python} best(x, y) + 1`.", values={"best(x, y) + 1": "9"}).page
    assert page.summary == "The best is 9."
    assert page.words == 4


def test_doubled_backticks_and_braces_show_how_it_is_written() -> None:
    page = tree("`` `{python} x` `` and `{{python}} x`")
    assert texts(page, "code") == ["`{python} x`", "{python} x"]


def test_markdown_that_a_cell_prints_evaluates_nothing() -> None:
    page = tree(cell("output: asis"), (stdout("so `{python} x`"),))
    assert texts(page, "p code") == ["{python} x"]


def test_a_page_that_has_not_run_has_no_values_and_no_faults() -> None:
    text = r"At `{python} a`: $\sigma = `{python} s:.3f`$, [so]{claim='a > 1'}."
    text += "\n\n" + cell("claim: Of `{python} a`", "fig-cap: At $`{python} a`$", code="assert a")
    made = rendered(text, ran=False, title="T `{python} a`")
    page = LexborHTMLParser(made.html.body)
    assert texts(page, "p")[0].startswith("At : ")
    assert tex(page)[0] == r"\sigma = 0"
    assert not page.css("button")
    assert made.page.title_text == "T "


def test_a_volatile_value_says_so_where_it_is_asked() -> None:
    made = rendered("Took `{python} t`{.volatile} s.", values={"t": "3"})
    page = LexborHTMLParser(made.html.body)
    assert one(page, "span.value").attributes["class"] == "value volatile"
    button = one(page, "button")
    assert str(button.attributes["aria-label"]).startswith("Changes from run to run")
    told = one(page, f"#{button.attributes['popovertarget']}")
    assert "popover" in told.attributes
    assert told.text().startswith("Changes from run to run")
    assert made.html.feed == "<p>Took 3 (changes from run to run) s.</p>\n"
    assert made.page.summary == "Took 3 s."
    assert made.page.summary_html == "Took 3 s."


@pytest.mark.parametrize(
    "text", ["[at `{python} t`{.volatile}](https://example.org)", "## At `{python} t`{.volatile}"]
)
def test_no_button_stands_in_a_link_or_a_heading(text: str) -> None:
    page = tree(text, values={"t": "3"})
    assert texts(page, "span.volatile") == ["3"]
    assert not page.css("button, [popover]")


# Richer forms


@pytest.mark.parametrize(
    ("value", "html", "plain"),
    [
        (rich(text_markdown="a **b** and $x^2$"), "a <strong>b</strong> and <math", "a b and x^2"),
        (rich(text_latex=r"$\displaystyle x^{2}$"), "<math", "x^{2}"),
        (rich("x**2", text_latex="$x^{2}$"), "<math", "x**2"),
        (rich(text_html="H<sub>2</sub>O &amp;"), "H<sub>2</sub>O &amp;", "H2O &"),
    ],
)
def test_a_value_is_shown_as_rich_as_a_sentence_can(value: Value, html: str, plain: str) -> None:
    made = rendered("It is `{python} v`.", title="Of `{python} v`", values={"v": value})
    assert f'id="value-1">{html}' in made.html.body
    assert html in made.html.feed
    assert made.page.title_html.startswith(f"Of {html}")
    assert made.page.title_text == f"Of {plain}"


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (rich(text_html=FRAME), "a table"),
        (rich(text_html="<p>x</p>"), "HTML with <p>"),
        (rich(text_markdown="- a\n- b"), "more than a paragraph"),
        (rich(text_latex="$x^{$"), "LaTeX that cannot be shown"),
    ],
)
def test_what_does_not_fit_into_a_sentence_is_a_problem(value: Value, what: str) -> None:
    ((line, column, message),) = problems("Text\nwith `{python} v`.", values={"v": value})
    assert (line, column) == (6, 16)
    assert what in message


def test_html_of_a_value_is_cleaned_like_that_of_a_cell() -> None:
    loud = rich(text_html='<b style="color: red">x</b><script>y()</script>')
    ((_, _, message),) = problems("It is `{python} v`.", values={"v": loud})
    assert "HTML with <script>" in message
    styled = rich(text_html='<b style="color: red">x</b>')
    made = rendered("It is `{python} v`.", values={"v": styled})
    assert "style=" not in made.html.body.replace("data-style=", "")
    assert [file.path for file in made.files if file.path.endswith(".css")]


def test_a_value_brings_no_link_into_a_link_or_a_title() -> None:
    linked = rich(text_markdown="[x](https://example.org/x)")
    also = rich(text_html='<a href="https://example.org/y">y</a>')
    made = rendered(
        "[to `{python} v` and `{python} w`](https://example.org)\n\n## `{python} w`",
        title="Of `{python} v` and `{python} w`",
        values={"v": linked, "w": also},
    )
    page = LexborHTMLParser(made.html.body)
    assert [a.text() for a in page.css("p a")] == ["to x and y"]
    assert made.page.title_html == "Of x and y"
    assert made.page.headings[0].html == "y"


# Values in formulas


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.243", "0.243"),
        ("71.5%", r"71.5\%"),
        ("1e-05", r"1 \times 10^{-5}"),
        ("-2.5E+10", r"-2.5 \times 10^{10}"),
        ("1,234.5", "1{,}234.5"),
        ("1_000", r"1\_000"),
        ("-3", "-3"),
        (" 12 ", "12"),
        ("inf", r"\infty"),
        ("-inf", r"-\infty"),
        ("nan", r"\mathrm{nan}"),
        ("(1e-05+2j)", r"(1 \times 10^{-5}+2j)"),
        (r"\frac{1}{2}", r"\frac{1}{2}"),
        (r"\inf_x 1e5", r"\inf_x 1e5"),
        ("$x$", "x"),
        ("5 % of x", r"5 \% of x"),
        (r"5\%", r"5\%"),
    ],
)
def test_a_text_becomes_tex(text: str, expected: str) -> None:
    assert tex_of(Value(text)) == expected


@pytest.mark.parametrize(
    ("written", "text", "expected"),
    [
        (r"\sigma = `{python} s:.3f`", "0.5", r"\sigma = 0.5"),
        ("x^`{python} s`", "12", "x^{12}"),
        ("x_{`{python} s`}", "12", "x_{12}"),
        (r"\frac`{python} s`2", "12", r"\frac{12}2"),
        (r"\alpha`{python} s`", "x", r"\alpha{x}"),
        ("`{python} s`x", "inf", r"\infty x"),
        (r"\begin{matrix}`{python} s`\end{matrix}", "1 & 2", r"\begin{matrix}1 & 2\end{matrix}"),
        ("{eval}`s`", "3", "3"),
    ],
)
def test_a_value_keeps_to_itself_in_a_formula(written: str, text: str, expected: str) -> None:
    assert fill_tex(written, [1], [Value(text)])[0] == expected


def test_formulas_hold_values_in_sentences_and_displays() -> None:
    text = r"So $\sigma = `{python} s:.3f`$." + "\n\n$$\na = `{python} s`, `{python} m`\n$$ {#eq-a}"
    made = rendered(text, values={"s": "71.5%", "m": rich("Matrix", text_latex="$x$")})
    assert tex(LexborHTMLParser(made.html.body)) == [r"\sigma = 71.5\%", r"a = 71.5\%, x"]
    assert "<mn>71.5</mn>" in made.html.feed
    assert "`" not in made.html.feed


@pytest.mark.parametrize(
    ("text", "told"),
    [("So $t = `{python} t`$.", "button.mark.volatile"), ("$$ t = `{python} t` $$", "p.volatile")],
)
def test_a_volatile_value_in_a_formula_is_told_behind_it(text: str, told: str) -> None:
    site = make_site(Path("/nowhere"))
    post = parse(site, Source("posts/p.md", f"---\ntitle: T\ndate: 2020-05-17\n---\n{text}"))
    execution = Execution((), Environment("3.13.0", (), 0), values=(Value("3"),))
    for volatile in (True, False):
        changed = [dataclasses.replace(each, volatile=volatile) for each in post.expressions]
        changing = dataclasses.replace(post, expressions=tuple(changed))
        body = render(site, ExecutedPost(changing, execution)).html.body
        found = LexborHTMLParser(body.rpartition("</math>")[2]).css(told)
        assert bool(found) is volatile


def test_a_fault_in_a_formula_is_shown_where_it_was_written() -> None:
    text = r"With $`{python} s` + `{python} s` + \nosuch{2}$ here."
    ((line, column, message),) = problems(text, values={"s": "123456789"})
    assert (line, column) == (5, text.index(r"\nosuch") + 1)
    assert "nosuch" in message


def test_a_fault_in_a_value_is_shown_at_that_value() -> None:
    text = "With\n$$\nx +\n  `{python} s`\n$$"
    ((line, column, _),) = problems(text, values={"s": r"\nosuch{2}"})
    assert (line, column) == (8, 3)


@pytest.mark.parametrize(
    "value", [rich("0 1\n1 2", text_html=FRAME), "<function f>", rich(text_markdown="*a*")]
)
def test_a_value_that_no_formula_can_hold_is_a_problem(value: str | Value) -> None:
    for text in ("So $x = `{python} v`$.", "$$ x = `{python} v` $$", "## So $x = `{python} v`$"):
        ((line, column, message),) = problems(text, values={"v": value})
        assert (line, column) == (5, text.index("v`") + 1)
        assert "formula" in message


# Claims in prose


def test_a_claim_is_a_sentence_with_a_mark_that_shows_how_it_was_checked() -> None:
    proof = Value(parts=(("S.sum()", "1.0"), ("S", "[<0.5>, 0.5]")))
    made = rendered('[They *sum* to one]{claim="abs(S.sum() - 1) < 1"}.', values={
        "abs(S.sum() - 1) < 1": proof})  # fmt: skip
    page = LexborHTMLParser(made.html.body)
    claim = one(page, "span.claim")
    assert claim.attributes == {"class": "claim", "id": "claim-1"}
    assert (claim.text(), one(claim, "em").text()) == ("They sum to one", "sum")
    button = one(page, "p > button.mark")
    assert button.attributes["type"] == "button"
    assert button.attributes["aria-label"] == "Checked when this page was built: show how"
    shown = one(page, f"p > span[popover]#{button.attributes['popovertarget']}")
    assert one(shown, "strong").text() == "Checked when this page was built."
    assert shown.css("code")[0].text() == "abs(S.sum() - 1) < 1"
    assert texts(page, "[role=list] > [role=listitem]") == ["S.sum() = 1.0", "S = [<0.5>, 0.5]"]
    assert made.html.feed == "<p>They <em>sum</em> to one.</p>\n"
    assert made.page.summary == "They sum to one."
    assert "button" not in made.page.summary_html


def test_a_false_claim_is_called_so_everywhere() -> None:
    false = Value(holds=False, parts=(("n", "2"),))
    text = '[It falls]{claim="n > 3"}.\n\n## Where [it grows]{claim="n > 3"}'
    made = rendered(text, title='That [it is]{claim="n > 3"}', values={"n > 3": false})
    page = LexborHTMLParser(made.html.body)
    assert texts(page, ".claim.false") == ["It falls (false)", "it grows (false)"]
    assert one(page, "button.false").text() == "✗"
    assert one(page, "[popover] strong").text() == "False when this page was built."
    assert "<p>It falls (false).</p>" in made.html.feed
    assert made.page.summary == "It falls (false)."
    assert made.page.title_text == made.page.title_html == "That it is (false)"
    assert made.page.headings[0].html == "Where it grows (false)"


def test_claims_in_headings_and_titles_have_no_button() -> None:
    text = '## Since [it falls]{claim="n > 3"}\n\n> [!NOTE] As [it falls]{claim="n > 3"}\n> Text.'
    page = tree(text)
    assert texts(page, ".claim") == ["it falls", "it falls"]
    assert not page.css("button, [popover]")


def test_a_claim_may_hold_values_spans_and_claims() -> None:
    text = '[It is `{python} a`, [a [span]{.x}]{claim="b"}]{claim="c"}.'
    page = tree(text, values={"a": "4"})
    assert one(page, "#claim-1 .value").text() == "4"
    assert one(page, "#claim-1 .claim .x").text() == "span"
    assert len(page.css("button")) == len(page.css("[popover]")) == 2
    for button in page.css("button"):
        assert page.css(f"[popover]#{button.attributes['popovertarget']}")


def test_what_is_shown_of_a_claim_fits_into_a_paragraph() -> None:
    """A browser would end the paragraph at the first element that does not."""
    page = tree('A [claim]{claim="a"}, and `{python} b`{.volatile} after it.', values={"b": "1"})
    assert len(page.css("p")) == 1
    assert one(page, "p").text().endswith("after it.")


# Claims of cells


PROVED = (
    stdout("printed\n"),
    assertion("abs(s - 1) < 1e-9", ("s", "1.0")),
    assertion("s > 0"),
)


def test_the_claim_of_a_cell_is_a_statement_above_its_proof() -> None:
    text = cell("claim: The *sum* is $1$", code="assert abs(s - 1) < 1e-9")
    made = rendered(text, PROVED)
    page = LexborHTMLParser(made.html.body)
    block = one(page, "div.cell.claim#cell-1")
    assert one(block, "div > p em").text() == "sum"
    folded = one(block, "div > details")
    assert "open" not in folded.attributes
    assert one(folded, "summary").text() == "✓ Checked when this page was built"
    assert one(folded, "pre").text() == "assert abs(s - 1) < 1e-9"
    assert texts(page, ".checks > li > code") == ["abs(s - 1) < 1e-9", "s > 0"]
    assert texts(page, ".checks li li") == ["s = 1.0"]
    assert one(block, "div > .output pre").text() == "printed"
    assert "assert" not in made.html.feed
    assert "<p>The <em>sum</em> is <math" in made.html.feed
    assert "printed" in made.html.feed


@pytest.mark.parametrize(
    ("option", "code", "output"),
    [("output: false", 1, 0), ("echo: false", 0, 1), ("code-fold: true", 1, 1)],
)
def test_options_of_a_cell_with_a_claim(option: str, code: int, output: int) -> None:
    page = tree(cell("claim: So", option, code="assert s"), PROVED)
    assert len(page.css("pre.highlight")) == code
    assert len(page.css("pre.stdout")) == output
    assert len(page.css("details")) == 1
    assert texts(page, ".checks > li > code") == ["abs(s - 1) < 1e-9", "s > 0"]


def test_a_cell_that_is_not_included_shows_no_claim() -> None:
    assert not tree(cell("claim: So", "include: false", code="assert s"), PROVED).css("div, p")


def test_a_false_claim_of_a_cell_says_what_was_not_so() -> None:
    false = assertion("s > 2", ("s", "1.0"), holds=False, message="it is < 2")
    made = rendered(cell("claim: So", code="assert s > 2"), (*PROVED, false))
    page = LexborHTMLParser(made.html.body)
    block = one(page, ".cell.claim.false")
    assert one(block, "div > p").text() == "So (false)"
    assert one(block, "summary").text() == "✗ False when this page was built"
    last = page.css(".checks > li")[-1].text()
    assert last.startswith("✗ s > 2")
    assert last.endswith("it is < 2")
    assert "✗" not in page.css(".checks > li")[0].text()
    assert "<p>So (false)</p>" in made.html.feed


def test_a_claim_that_has_a_label_is_referred_to_by_its_words() -> None:
    text = cell("claim: The *sum* is `{python} s`", "label: sum-one", code="assert s")
    made = rendered(text, PROVED, values={"s": "1"})
    assert ("sum-one", "The sum is 1") in [(a.id, a.text) for a in made.page.anchors]


def test_figures_of_a_claim_are_shown_with_their_captions() -> None:
    text = cell("claim: So", "fig-cap: A line", "fig-alt: It rises", code="assert s")
    page = tree(text, (figure(), *PROVED))
    assert texts(page, ".claim figcaption") == ["Figure 1. A line"]
    assert PNG


# In a browser


def test_a_proof_opens_and_closes_by_keyboard_without_scripts(
    browser: Browser, gallery: Served
) -> None:
    address = gallery.address + "everything/"
    with visit(browser, address, width=360, scripts=False) as visited:
        page = visited.page
        button = page.locator("p button.mark:not(.volatile)").first
        proof = page.locator(f"#{button.get_attribute('popovertarget')}")
        assert not proof.is_visible()
        button.focus()
        page.keyboard.press("Enter")
        assert proof.is_visible()
        assert "total < 100 and total > 1" in proof.inner_text()
        assert "total = 21" in proof.inner_text()
        box = proof.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        page.keyboard.press("Escape")
        assert not proof.is_visible()
        assert visited.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_open_proof_is_sound(browser: Browser, gallery: Served, scheme: str) -> None:
    with visit(browser, gallery.address + "everything/", scheme=scheme) as visited:
        page = visited.page
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        page.locator("p button.mark").last.click()
        assert page.locator("[popover]:popover-open").count() == 1
        assert violations(page) == []


def test_marks_can_be_hit_and_are_not_printed(browser: Browser, gallery: Served) -> None:
    with visit(browser, gallery.address + "everything/", width=360) as visited:
        marks = visited.page.locator("button.mark")
        assert marks.count() >= 4
        for mark in marks.all():
            box = mark.bounding_box()
            assert box is not None
            assert box["width"] >= 24
            assert box["height"] >= 24
        visited.page.emulate_media(media="print")
        assert not any(mark.is_visible() for mark in marks.all())


def test_marks_stay_beside_their_words_at_every_width(browser: Browser, gallery: Served) -> None:
    with visit(browser, gallery.address + "everything/") as visited:
        page = visited.page
        page.wait_for_load_state("networkidle")
        away = """() => [...document.querySelectorAll('button.mark')].map(button => {
            const words = [...button.previousElementSibling.getClientRects()].at(-1);
            const mark = button.getBoundingClientRect();
            return [Math.abs(words.top + words.bottom - mark.top - mark.bottom) / 2,
                    Math.abs(words.right - (mark.left + mark.right) / 2)];
        })"""
        for width in range(320, 480, 8):
            page.set_viewport_size({"width": width, "height": 800})
            for down, right in page.evaluate(away):
                assert down < 6, width
                assert right < 12, width


def test_asides_with_values_and_claims_stand_whole_in_one_list(gallery: Served) -> None:
    home = gallery.text("index.html")
    page = LexborHTMLParser(home)
    assert texts(page, "span.value") == ["49", "42"]
    targets = [
        str(button.attributes["popovertarget"]) for button in page.css("button[popovertarget]")
    ]
    assert len(targets) == len(set(targets)) == 2
    for target in targets:
        one(page, f"[popover]#{target}")
    assert len(re.findall(r'id="', home)) == len(set(re.findall(r'id="([^"]*)"', home)))
