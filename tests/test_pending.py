"""What stands in a preview for what is still to come."""

from __future__ import annotations

from pathlib import Path

from made_pages import make_site
from selectolax.lexbor import LexborHTMLParser
from test_rendering import cell, stdout, texts

from site_builder.content.parse import parse
from site_builder.model.post import ExecutedPost, Execution, Output, Source, Value
from site_builder.rendering.render import Rendered, render


def preview(
    text: str,
    outputs: tuple[tuple[Output, ...], ...],
    values: tuple[Value, ...] = (),
    *,
    pending: tuple[int, ...],
    waits: bool = True,
) -> Rendered:
    site = make_site(Path("/nowhere"))
    post = parse(site, Source("posts/post.md", f"---\ntitle: T\ndate: 2020-05-17\n---\n{text}\n"))
    execution = Execution(outputs, None, values=values, pending=pending, waits=waits)
    return render(site, ExecutedPost(post, execution))


def body(rendered: Rendered) -> LexborHTMLParser:
    return LexborHTMLParser(rendered.html.body)


def test_cells_say_that_they_run_or_wait_and_those_before_show_what_they_gave() -> None:
    text = f"{cell(code='print(1)')}\n\n{cell(code='print(2)')}\n\n{cell(code='print(3)')}"
    page = body(preview(text, ((stdout("1\n"),), (), ()), pending=(2, 3)))
    assert texts(page, "pre.stdout") == ["1"]
    assert texts(page, "p.pending") == ["Running…", "Waiting to run…"]
    assert [node.attributes["id"] for node in page.css("div.cell.pending")] == ["cell-2", "cell-3"]


def test_where_nothing_runs_it_says_so() -> None:
    page = body(preview(cell(code="print(1)"), ((),), pending=(1,), waits=False))
    assert texts(page, "p.pending") == ["Not run"]


def test_what_a_reader_never_sees_is_not_waited_for() -> None:
    text = f"{cell('include: false')}\n\n{cell('output: false')}"
    page = body(preview(text, ((), ()), pending=(1, 2)))
    assert texts(page, "p.pending") == []
    assert len(page.css("pre.highlight")) == 1


def test_a_value_to_come_is_an_ellipsis_wherever_it_stands() -> None:
    text = "# On `{python} x`\n\nIt is `{python} x`, $y = `{python} x`$. [So it is]{claim=x}."
    known = (Value("7"),) * 4
    whole = preview(text, (), known, pending=())
    assert "It is 7" in body(whole).body.text()  # type: ignore[union-attr]
    page = preview(text, (), (Value(),) * 4, pending=(-1, -2, -3, -4))
    shown = body(page)
    assert texts(shown, "p span.value.pending") == ["…"]
    assert [heading.html for heading in page.page.headings] == ["On …"]
    assert [node.text() for node in shown.css("annotation")] == [r"y = \ldots"]
    assert not shown.css("button.mark")  # nothing is called checked that is not
    assert not shown.css(".claim")
    assert "So it is" in shown.body.text()  # type: ignore[union-attr]


def test_figures_to_come_have_their_numbers_and_captions_so_that_references_lead_somewhere() -> (
    None
):
    text = "See @fig-a.\n\n" + cell("label: fig-a", "fig-cap: A curve", "fig-alt: Up")
    page = preview(text, ((),), pending=(1,))
    (anchor,) = [anchor for anchor in page.page.anchors if anchor.id == "fig-a"]
    assert anchor.text == "Figure 1"
    assert texts(body(page), "figcaption") == ["Figure 1. A curve"]
    assert texts(body(page), "figure p.pending") == ["Running…"]


def test_feeds_hold_nothing_of_it() -> None:
    page = preview(f"It is `{{python}} x`.\n\n{cell(code='x')}", ((),), (Value(),), pending=(-1, 1))
    assert "pending" not in page.html.feed
    assert "Running" not in page.html.feed
