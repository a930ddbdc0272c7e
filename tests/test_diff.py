"""What moved between two sides, told of records made by hand."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from made_records import cell, claim, figure, printed, record, side, texts, value
from playwright.sync_api import Browser

from site_builder.checking.diffing.diff import Difference, PostDifference, diff
from site_builder.checking.diffing.moves import Move
from site_builder.checking.diffing.page import difference_page
from site_builder.checking.diffing.report import difference_json, report_lines
from site_builder.checking.diffing.sides import SidePost, details_of, side_post
from site_builder.errors import Problem
from site_builder.evidence.matching import aligned
from site_builder.evidence.published import PublishedRecord

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def detailed(
    made: PublishedRecord,
    texts: dict[int, tuple[str, ...]] | None = None,
    codes: dict[int, str] | None = None,
) -> SidePost:
    """A post of which more is known than its record."""
    return side_post(made, lambda _: details_of(made.cells, codes or {}, texts or {}))


def post(old: PublishedRecord | SidePost, new: PublishedRecord | SidePost) -> PostDifference:
    """What differs in the one post of two sides."""
    [found] = diff(side(old), side(new)).posts
    return found


def move(old: PublishedRecord | SidePost, new: PublishedRecord | SidePost) -> Move:
    """The one thing that moved."""
    [found] = post(old, new).moves
    return found


# Numbers


def test_a_post_that_gives_the_same_is_identical() -> None:
    same = record(cell(1, "loss 0.25\n"), values=(value(1, "x:.2f", "0.25"),))
    found = diff(side(same), side(same))
    assert found.posts[0].result == "identical"
    assert found.moves == ()
    assert not found.moved


def test_a_number_that_moved_is_named_with_its_place_and_change() -> None:
    old = record(cell(1, "epochs 20\naccuracy 0.913\n"))
    new = record(cell(1, "epochs 20\naccuracy 0.887\n"))
    found = move(old, new)
    assert (found.standing, found.line, found.cell, found.name) == ("moved", 10, 1, "stdout")
    [number] = found.numbers
    assert (number.place, number.old, number.new) == (2, "0.913", "0.887")
    assert found.change == pytest.approx(-0.0285, abs=1e-4)
    assert (found.compared, number.within) == (2, False)


def test_the_line_of_a_number_is_told_where_texts_are_known() -> None:
    old = detailed(record(cell(1, "accuracy 0.913\n")), texts(["accuracy 0.913\n"]))
    new = detailed(record(cell(1, "accuracy 0.887\n")), texts(["accuracy 0.887\n"]))
    assert move(old, new).numbers[0].line == "accuracy 0.887"
    assert move(old.record, new).numbers[0].line == ""


def test_a_last_digit_is_within_the_displayed_precision() -> None:
    found = post(record(cell(1, "0.913\n")), record(cell(1, "0.914\n")))
    assert (found.result, found.moves[0].standing) == ("within", "within")
    assert not diff(side(record(cell(1, "0.913"))), side(record(cell(1, "0.914")))).moved


@pytest.mark.parametrize(("tolerance", "standing"), [(0.1, "within"), (0.01, "moved")])
def test_a_stated_tolerance_goes_before_the_precision(tolerance: float, standing: str) -> None:
    old, new = (record(cell(1, text, tolerance=tolerance)) for text in ("3.0", "3.2"))
    assert move(old, new).standing == standing
    # That of the command line goes before that of the post.
    [found] = diff(side(old), side(new), tolerance=0.5).moves
    assert found.standing == "within"


def test_a_column_that_became_wider_has_the_same_words() -> None:
    assert (
        move(record(cell(1, "[ 9.5  1.5]\n")), record(cell(1, "[10.5   1.5]\n"))).numbers[0].place
        == 1
    )


def test_another_text_has_moved_and_its_numbers_are_not_compared_without_the_text() -> None:
    old, new = record(cell(1, "it took 3 steps\n")), record(cell(1, "it took 4 s\n"))
    found = move(old, new)
    assert (found.standing, found.change, found.numbers) == ("moved", None, ())


def test_in_another_text_the_numbers_of_equal_lines_are_compared() -> None:
    before, after = "warm-up\nloss 0.5\ndone\n", "loss 0.25\ndone\n"
    old = detailed(record(cell(1, before)), texts([before]))
    new = detailed(record(cell(1, after)), texts([after]))
    found = move(old, new)
    assert [(n.old, n.new, n.line) for n in found.numbers] == [("0.5", "0.25", "loss 0.25")]
    assert (found.why, found.old, found.new) == ("its text differs", "warm-up", "")


def test_the_largest_change_comes_first_whatever_the_post() -> None:
    olds = [record(cell(1, "1.00 2.00"), post=f"posts/{name}.md") for name in "ab"]
    news = [
        record(cell(1, "1.00 2.20"), post="posts/a.md"),
        record(cell(1, "1.50 2.10"), post="posts/b.md"),
    ]
    found = diff(side(*olds), side(*news))
    assert [(m.post, m.numbers[0].old) for m in found.moves] == [
        ("posts/b.md", "1.00"),
        ("posts/a.md", "2.00"),
    ]


def test_a_number_that_leaves_zero_moved_most() -> None:
    old, new = record(cell(1, "0.0 1.0")), record(cell(1, "0.5 9.0"))
    found = move(old, new)
    assert [number.old for number in found.numbers] == ["0.0", "1.0"]
    assert found.change == math.inf


@pytest.mark.parametrize(("old", "new"), [("0.5", "nan"), ("nan", "0.5"), ("0.5", "inf")])
def test_what_is_no_number_any_more_moved_most(old: str, new: str) -> None:
    found = move(record(cell(1, f"loss {old}")), record(cell(1, f"loss {new}")))
    assert (found.standing, abs(found.change or 0)) == ("moved", math.inf)


def test_where_a_record_has_not_all_numbers_nothing_is_within() -> None:
    texts_of = [f"{first} 0.500 {last}" for first, last in ((0.1234, "1.0"), (0.1235, "9.0"))]
    old, new = (
        record(cell(1, dataclasses.replace(printed(t), numbers=printed(t).numbers[:2], more=True)))
        for t in texts_of
    )
    found = move(old, new)
    assert (found.standing, found.why) == ("moved", "it has more numbers than its record")
    # All of it is compared where the texts are known.
    sides = [detailed(r, texts([t])) for r, t in zip((old, new), texts_of, strict=True)]
    assert [(n.old, n.within) for n in move(*sides).numbers] == [("1.0", False), ("0.1234", True)]


def test_a_text_that_is_not_that_of_the_record_is_not_believed() -> None:
    old = detailed(record(cell(1, "loss 0.25")), texts(["loss 0.5"]))
    new = detailed(record(cell(1, "loss 0.75")), texts(["loss 0.75"]))
    [number] = move(old, new).numbers
    assert (number.old, number.new, number.line) == ("0.25", "0.75", "")


def test_what_is_volatile_never_moved() -> None:
    old, new = (record(cell(1, f"{t} s", volatile=True)) for t in ("1.5", "9.5"))
    found = diff(side(old), side(new))
    assert [m.standing for m in found.moves] == ["volatile"]
    assert (found.posts[0].result, found.moved) == ("identical", False)
    quick, slow = (record(values=(value(1, "t", t, volatile=True),)) for t in ("1.5", "9.5"))
    assert move(quick, slow).standing == "volatile"


# Values and claims


def test_a_value_that_moved_is_named_by_its_expression() -> None:
    old = record(values=(value(1, "acc:.1%", "91.3%"),))
    new = record(values=(value(1, "acc:.1%", "88.7%"),))
    found = move(old, new)
    assert (found.kind, found.name, found.line) == ("value", "acc:.1%", 101)
    assert (found.old, found.new, found.standing) == ("91.3%", "88.7%", "moved")


def test_a_value_that_is_a_word_moved_without_a_number() -> None:
    old, new = (record(values=(value(1, "best", name),)) for name in ("relu", "tanh"))
    found = move(old, new)
    assert (found.standing, found.change, found.old, found.new) == ("moved", None, "relu", "tanh")


def test_values_are_matched_by_their_code_in_order() -> None:
    old = record(values=(value(1, "x", "1.0"), value(2, "y", "2.0"), value(3, "x", "3.0")))
    new = record(values=(value(1, "z", "9.0"), value(2, "x", "1.0"), value(3, "x", "3.5")))
    found = post(old, new)
    assert [(m.old, m.new) for m in found.moves] == [("3.0", "3.5")]
    assert [part.name for part in found.new] == ["value `z`"]
    assert [part.name for part in found.gone] == ["value `y`"]


def test_a_claim_that_turned_comes_before_every_number() -> None:
    old = record(cell(1, "1.0"), claims=(claim("it is faster", "a < b", True, a="1.0", b="2.0"),))
    new = record(cell(1, "9.0"), claims=(claim("it is faster", "a < b", False, a="3.0", b="2.0"),))
    first, second = diff(side(old), side(new)).moves
    assert (first.kind, first.name, first.standing) == ("claim", "it is faster", "moved")
    assert (first.old, first.new) == ("true (a = 1.0, b = 2.0)", "false (a = 3.0, b = 2.0)")
    assert second.kind == "output"


def test_a_claim_that_still_holds_has_not_moved() -> None:
    old = record(claims=(claim("it is faster", "a < b", True, a="1.0"),))
    new = record(claims=(claim("it is faster", "a < b", True, a="1.7"),))
    found = move(old, new)
    assert (found.standing, found.numbers[0].new) == ("within", "1.7")


def test_a_claim_is_found_by_what_it_says_or_by_what_is_checked() -> None:
    old = record(claims=(claim("it is fast", "a < b", True),))
    assert post(old, record(claims=(claim("it is fast", "a < c", False),))).new == ()
    assert post(old, record(claims=(claim("it is quick", "a < b", False),))).new == ()
    found = post(old, record(claims=(claim("it is small", "n < 9", False),)))
    assert [p.name for p in found.new] == ["claim “it is small”"]
    assert [p.name for p in found.gone] == ["claim “it is fast”"]


# Figures


def line(*heights: float, label: str = "loss", axes: int = 1) -> dict[str, Any]:
    """A series as the process of a post tells it."""

    def told(values: Sequence[float]) -> dict[str, str]:
        ends = {"first": values[0], "last": values[-1], "least": min(values)}
        numbers = {**ends, "greatest": max(values), "mean": sum(values) / len(values)}
        return {name: f"{number:.6g}" for name, number in numbers.items()}

    series = {"axes": axes, "kind": "line", "label": label, "count": len(heights)}
    return {**series, "x": told(range(len(heights))), "y": told(heights)}


def test_a_curve_that_moved_is_a_number_relative_to_what_the_axes_show() -> None:
    old, new = (record(cell(1, figure(line(1, 6, last)))) for last in (11, 10.5))
    found = move(old, new)
    assert (found.kind, found.standing, found.compared) == ("figure", "moved", 10)
    assert found.change == pytest.approx(-0.05)  # half of one, where the axes show ten
    last, greatest, mean = found.numbers
    assert (last.old, last.new, last.line) == ("11", "10.5", "last y of the line “loss”")
    assert (greatest.line, mean.old) == ("greatest y of the line “loss”", "6")


def test_less_than_a_pixel_is_within_what_a_figure_displays() -> None:
    # A line that is nearly flat beside one that is not: what one sees is the range of both.
    old, new = (
        record(cell(1, figure(line(1, 1 + 1e-4 * t, 1), line(0, 10, 20, label="b"))))
        for t in (1, 2)
    )
    assert move(old, new).standing == "within"
    old, new = (record(cell(1, figure(line(1, 1 + 1e-4 * t, 1)))) for t in (1, 2))
    assert move(old, new).standing == "moved"


def test_a_tolerance_is_that_of_a_figure_too() -> None:
    old, new = (record(cell(1, figure(line(0, 5, y)), tolerance=0.1)) for y in (10.0, 10.5))
    assert move(old, new).standing == "within"


def test_a_figure_drawn_otherwise_of_the_same_data_has_not_moved() -> None:
    old, new = (record(cell(1, figure(line(1, 2, 3), look=look))) for look in ("old", "new"))
    found = move(old, new)
    assert (found.standing, found.change, found.why) == ("within", None, "its data are the same")


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (figure(line(1, 2, 3, 4)), "a series has 4 values in place of 3"),
        (figure(), "it looks different; the data of its axes are not known"),
        (figure({"y": 3}), "it looks different; the data of its axes are not known"),
        (figure(line(1, 2, 3, label="error")), "its labels differ"),
        (figure(line(1, 2, 3), line(1, 2, 3)), "it shows other series"),
        (figure(line(1, 2, 3, axes=2)), "it shows other series"),
    ],
)
def test_a_figure_of_something_else_moved(new: Any, why: str) -> None:
    found = move(record(cell(1, figure(line(1, 2, 3)))), record(cell(1, new)))
    assert (found.standing, found.why) == ("moved", why)


# Which is which


def test_a_new_cell_is_told_apart_and_the_others_are_compared() -> None:
    old = record(cell(1, "loss 0.5"), cell(2, "accuracy 0.9"))
    new = record(cell(1, "loss 0.5"), cell(2, "new 1", key="k"), cell(3, "accuracy 0.8", key="l"))
    found = post(old, new)
    assert [(part.line, part.name) for part in found.new] == [(20, "cell 2")]
    assert [(m.cell, m.numbers[0].old, m.numbers[0].new) for m in found.moves] == [
        (3, "0.9", "0.8")
    ]


def test_a_cell_whose_code_changed_is_said_to_and_its_numbers_are_compared() -> None:
    old = detailed(record(cell(1, "loss 0.5")), codes={1: "print('loss', train(epochs=10))"})
    new = detailed(
        record(cell(1, "loss 0.4", key="other")), codes={1: "print('loss', train(epochs=20))"}
    )
    found = post(old, new)
    assert found.causes == ("the code of cell 1 changed",)
    assert [(n.old, n.new) for m in found.moves for n in m.numbers] == [("0.5", "0.4")]


def test_cells_are_followed_by_their_code_when_they_change_places() -> None:
    codes = {1: "data = load('a.csv')", 2: "model = fit(data)\nprint(model.score())"}
    old = detailed(record(cell(1, "10 rows"), cell(2, "0.5", key="b")), codes=codes)
    new = detailed(record(cell(1, "0.4", key="c")), codes={1: codes[2]})
    found = post(old, new)
    assert [part.name for part in found.gone] == ["cell 1"]
    assert [(n.old, n.new) for m in found.moves for n in m.numbers] == [("0.5", "0.4")]


def test_outputs_that_only_one_side_has_are_listed() -> None:
    old = record(cell(1, "1.0", figure(line(1, 2, 3))))
    new = record(cell(1, printed("careful", "stderr"), "1.0"))
    found = post(old, new)
    assert found.moves == ()
    assert [part.name for part in found.new] == ["stderr of cell 1"]
    assert [part.name for part in found.gone] == ["figure of cell 1"]


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("", "", ""),
        ("abc", "abc", "aa bb cc"),
        ("abc", "ac", "aa b- cc"),
        ("ac", "abc", "aa -b cc"),
        ("abc", "xbz", "a- -x bb c- -z"),
        ("aAb", "Ab", "a- AA bb"),
        ("ab", "BA", "aA b- -B"),
        ("a", "", "a-"),
    ],
)
def test_pairs_keep_the_order_and_are_most_alike(old: str, new: str, pairs: str) -> None:
    def likeness(one: str, other: str) -> float:
        return 1.0 if one == other else 0.6 if one.lower() == other.lower() else 0.0

    found = aligned(old, new, likeness)
    assert sorted(f"{a or '-'}{b or '-'}" for a, b in found) == sorted(pairs.split()) or (
        old == "ab"  # either may be paired with its capital, but not both
        and sum(a is not None and b is not None for a, b in found) == 1
    )
    assert "".join(a for a, _ in found if a) == old
    assert "".join(b for _, b in found if b) == new


# The sides as a whole


def test_posts_of_one_side_are_new_or_gone() -> None:
    names = [record(post=f"posts/{name}.md") for name in "abc"]
    found = diff(side(*names[:2]), side(*names[1:]))
    assert (found.new_posts, found.gone_posts) == (("posts/c.md",), ("posts/a.md",))
    assert not found.moved


def test_a_post_that_fails_is_neither_new_nor_gone_and_counts_as_moved() -> None:
    problem = Problem("ValueError: no", "posts/b.md", 9)
    found = diff(side(record(), record(post="posts/b.md")), side(record(), failed=(problem,)))
    assert (found.gone_posts, found.failed, found.moved) == ((), (("new", problem),), True)


def test_what_a_run_was_made_of_is_said_where_it_differs() -> None:
    old = record(cell(1, "1"), packages={"numpy": "2.1", "keras": "3"}, inputs={"a.csv": "1"})
    new = dataclasses.replace(
        record(cell(1, "2")),
        python="3.12.1",
        packages={"numpy": "2.3", "jax": "1"},
        inputs={"a.csv": "2", "b": "1"},
    )
    assert post(old, new).causes == (
        "Python 3.11.7 → 3.12.1",
        "jax none → 1",
        "keras 3 → none",
        "numpy 2.1 → 2.3",
        "a.csv changed",
        "b is read",
    )


# Reports


def different() -> Difference:
    """A bit of everything."""
    old = [
        record(
            cell(1, "1.00 2.00 3.00 4.00 5.00"),
            values=(value(1, "x<y:.1f", "1.0"), value(2, "t", "1 s", volatile=True)),
            claims=(claim("<b>it</b> holds", "a < b", True),),
            packages={"numpy": "2.1"},
        ),
        record(cell(1, "0.5"), post="posts/b.md"),
        record(cell(1, "0.5"), post="posts/c.md"),
        record(post="posts/old.md"),
    ]
    new = [
        record(
            cell(1, "2.00 3.00 4.00 5.00 6.00", figure(line(1, 2, 3))),
            values=(value(1, "x<y:.1f", "0.0"), value(2, "t", "2 s", volatile=True)),
            claims=(claim("<b>it</b> holds", "a < b", False),),
            packages={"numpy": "2.3"},
        ),
        record(cell(1, "0.6"), post="posts/b.md"),
        record(cell(1, "0.5"), post="posts/c.md"),
        record(post="posts/new.md"),
    ]
    problem = Problem("ValueError: no <data>", "posts/d.md", 9)
    return diff(
        side(*old, name="HEAD~1"), side(*new, name="now", failed=(problem,), frozen=("posts/c.md",))
    )


def test_the_report_in_words() -> None:
    assert list(report_lines(different())) == REPORT.splitlines()


REPORT = """\
old: HEAD~1
new: now

moved:
  posts/a.md:55: claim “<b>it</b> holds”
      true → false
  posts/a.md:10, cell 1: stdout: 5 of 5 numbers moved
      1.00 → 2.00  +100 %
      2.00 → 3.00  +50 %
      3.00 → 4.00  +33 %
      and 2 more
  posts/a.md:101: value `x<y:.1f`
      1.0 → 0.0  −100 %

within the displayed precision or a tolerance:
  posts/b.md:10, cell 1: stdout: 1 of 1 numbers differ
      0.5 → 0.6  +20 %

volatile, so not compared:
  posts/a.md:102: value `t`
      1 s → 2 s  +100 %

what differs in the making of posts that moved:
  numpy 2.1 → 2.3 (posts/a.md)

new:
  posts/new.md
  posts/a.md:10: figure of cell 1

gone:
  posts/old.md

not to be had:
  posts/d.md (new): ValueError: no <data>

frozen, so not run anew:
  posts/c.md

6 posts: 1 identical, 1 moved within tolerance, 1 moved, 1 not to be had, 1 new, 1 gone"""


def test_the_document_is_strict_json_with_all_of_it() -> None:
    text = difference_json(different())
    document = json.loads(text, parse_constant=pytest.fail)
    assert document["summary"]["moved"] == 1
    assert [m["kind"] for m in document["moves"]] == ["claim", "output", "value", "output", "value"]
    assert document["moves"][0]["change"] == "infinite"
    assert len(document["moves"][1]["numbers"]) == 5
    assert document["failed"][0]["post"] == "posts/d.md"
    assert difference_json(different()) == text


def test_the_document_is_as_the_readme_says() -> None:
    def keys(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
        for part in value.values() if isinstance(value, dict) else value:
            if isinstance(part, dict | list):
                yield from keys(part)

    document = json.loads(difference_json(different()))
    del document["summary"]
    text = README[README.index("`--json` prints all of it") :].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", text))
    assert named - {"summary", *STANDINGS} == set(keys(document)) - {
        "format",
        "version",
        *STANDINGS,
    }


STANDINGS = {"moved", "within", "volatile"}


def test_the_page_needs_nothing_else_and_shows_texts_as_they_are() -> None:
    page = difference_page(different())
    assert "<script" not in page
    assert "http" not in page
    assert "&lt;b&gt;it&lt;/b&gt; holds" in page
    assert "<code>x&lt;y:.1f</code>" in page
    assert "ValueError: no &lt;data&gt;" in page
    assert page.count("5 more") == 0
    assert difference_page(different()) == page


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_by_all(browser: Browser, width: int, scheme: Any) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_content(difference_page(different()))
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations] == []
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    # The schemes are two.
    light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 253, 251)"
    assert light == (scheme == "light")
    page.close()
