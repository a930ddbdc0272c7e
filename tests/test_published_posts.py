"""What the record of a post says, made of posts that ran."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import Served
from made_pages import make_site
from small_site import Posts

from site_builder.cli import main
from site_builder.content.parse import parse
from site_builder.evidence.published import (
    PublishedCell,
    PublishedRecord,
    published_bytes,
    read_published,
)
from site_builder.execution.engine import nothing_to_run
from site_builder.model.post import Environment, ExecutedPost, Execution, Output, Provenance, Source
from site_builder.rendering.published import (
    LOOKED_AT,
    MOST,
    record_of_page,
)
from site_builder.rendering.render import render

SITE = make_site(Path("/nowhere"))
FRONT = "---\ntitle: A\ndate: 2020-05-17\n---\n\n"
PROVENANCE = Provenance(
    keys=("k1", "k3"),
    interpreter={"cpu": "avx2"},
    packages=(("numpy", "2.4.6"),),
    inputs=(("posts/a.csv", "d"),),
    impure=((0, "looked at the clock"), (3, "used the network")),
)


def executed(text: str, *outputs: Sequence[Output], **more: Any) -> ExecutedPost:
    post = parse(SITE, Source("posts/a.md", FRONT + text))
    environment = Environment("3.13.0", (("own", "1.0"),), 7)
    return ExecutedPost(post, Execution(tuple(map(tuple, outputs)), environment, **more))


def cells(*options: str) -> str:
    return "\n\n".join(f"```python\n{each}\nx = 1\n```" for each in options)


def first(*outputs: Output, text: str = cells("")) -> PublishedCell:
    return record_of_page(executed(text, outputs)).cells[0]


def digest(*outputs: Output) -> str:
    (output,) = first(*outputs).outputs
    return output.digest


def test_cells_that_did_not_run_are_left_out_and_keys_go_to_those_that_did() -> None:
    text = cells("#| volatile: true", "#| eval: false", "#| tolerance: 0.1")
    record = record_of_page(executed(text, (), (), (), provenance=PROVENANCE))
    assert [(c.number, c.line, c.key) for c in record.cells] == [(1, 8, "k1"), (3, 18, "k3")]
    assert [(c.volatile, c.tolerance) for c in record.cells] == [(True, None), (False, 0.1)]
    # What happened before the first cell makes that one doubtful.
    assert [c.impure for c in record.cells] == [("looked at the clock",), ("used the network",)]


def test_the_record_says_what_the_run_was_made_of() -> None:
    record = record_of_page(executed(cells("", ""), (), (), provenance=PROVENANCE))
    assert (record.python, record.seed, record.title) == ("3.13.0", 7, "A")
    assert record.interpreter == {"cpu": "avx2"}
    assert record.packages == {"numpy": "2.4.6"}
    assert record.inputs == {"posts/a.csv": "d"}


def test_a_run_of_which_nothing_else_is_known_has_a_record_too() -> None:
    record = record_of_page(executed(cells(""), ()))
    assert record.packages == {"own": "1.0"}
    assert [cell.key for cell in record.cells] == [""]
    assert read_published(published_bytes(record)) == record


def test_a_post_of_which_nothing_runs_has_no_record() -> None:
    post = parse(SITE, Source("posts/a.md", FRONT + "Text."))
    assert render(SITE, ExecutedPost(post, nothing_to_run(post))).files == ()


TEXTS: dict[str, tuple[Output, tuple[str, ...]]] = {
    "a stream": (Output("stdout", "loss 0.5, 71.5 %\n"), ("0.5", "71.5")),
    "colours": (Output("stderr", "\x1b[31m3.5\x1b[0m\n"), ("3.5",)),
    "a value": (Output("display", data={"text/plain": "[1 2]", "text/html": "9"}), ("1", "2")),
    "HTML only": (
        Output("display", data={"text/html": "<b data-x='8'>1</b><br>2 &lt; 3<style>4</style>"}),
        ("1", "2", "3"),
    ),
    "JSON": (Output("display", data={"application/json": {"a": [1, 2.5]}}), ("1", "2.5")),
    "Markdown": (Output("display", data={"text/markdown": "**5**"}), ("5",)),
    "a figure": (Output("figure", data={"image/svg+xml": "<svg>7</svg>"}), ()),
}


@pytest.mark.parametrize("what", TEXTS)
def test_numbers_are_those_that_readers_see(what: str) -> None:
    output, numbers = TEXTS[what]
    (published,) = first(output).outputs
    assert published.numbers == numbers
    assert bool(published.words) == bool(numbers)
    assert not published.more


def test_only_numbers_differ_if_words_are_the_same() -> None:
    one, other, third = (
        first(Output("stdout", text)).outputs[0] for text in ("a 1.5\n", "a 12.5\n", "b 1.5\n")
    )
    assert one.words == other.words != third.words
    assert len({one.digest, other.digest, third.digest}) == 3


def test_very_many_numbers_are_not_all_kept() -> None:
    many = first(Output("stdout", "1 " * (MOST + 1))).outputs[0]
    assert (len(many.numbers), many.more) == (MOST, True)
    all_ = first(Output("stdout", "1 " * MOST)).outputs[0]
    assert (len(all_.numbers), all_.more) == (MOST, False)
    long = "word\n" * LOOKED_AT + "1.5"
    cut = first(Output("stdout", long)).outputs[0]
    assert (cut.numbers, cut.more) == ((), True)
    assert digest(Output("stdout", long)) != digest(Output("stdout", long + "0"))


def test_a_digest_is_of_everything_that_an_output_holds() -> None:
    outputs = [
        Output("stdout", "1"),
        Output("stderr", "1"),
        Output("display", data={"text/plain": "1"}),
        Output("display", data={"text/html": "1"}),
        Output("display", data={"text/plain": "1", "text/html": ""}),
        Output("display", data={"application/json": {"a": 1}}),
        Output("display", data={"application/json": [1]}),
        Output("figure", data={"image/svg+xml": "1"}),
    ]
    assert len({digest(output) for output in outputs}) == len(outputs)
    turned = Output("display", data={"text/html": "", "text/plain": "1"})
    assert digest(turned) == digest(outputs[4])


def test_a_figure_names_its_files_and_what_its_axes_show() -> None:
    series = [{"axes": 1, "kind": "line", "y": {"first": "1"}}]
    svg = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
    figures = [
        Output("figure", data={"image/svg+xml": svg.format(n)}, metadata={"series": series})
        for n in range(3)
    ]
    text = cells("#| fig-alt: A\n#| label: fig-a", '#| fig-alt: ""')
    ran = executed(text, figures[:2], [figures[2]])
    files = render(SITE, ran).files
    (made,) = [file for file in files if file.path == "a.record.json"]
    record = read_published(made.content)
    names = [[output.files for output in cell.outputs] for cell in record.cells]
    found = [file.path for file in files if file.path.endswith(".svg")]
    assert len(found) == 3
    assert sorted(name for cell in names for (name,) in cell) == sorted(found)
    assert [name.partition(".")[0] for cell in names for (name,) in cell] == [
        "fig-a",
        "fig-a-2",
        "cell-2",
    ]
    assert record.cells[0].outputs[0].series == tuple(series)
    assert set(record.files) == {f.path for f in files} - {"a.record.json"}


def test_the_same_run_gives_the_same_bytes() -> None:
    made = [
        render(SITE, executed(cells("", ""), (), (), provenance=PROVENANCE)).files[-1]
        for _ in range(2)
    ]
    assert made[0].path == "a.record.json"
    assert made[0] == made[1]


POSTS = Posts()
FAILS = POSTS.add(
    "fails",
    "def f(x):\n    return 1 / x\n\nprint('first 1')",
    "#| error: true\nprint('so')\nf(0)",
    "#| error: true\nif True:\nprint('41')",
    "import warnings\nwarnings.warn('beware')",
)
MOVED = """

Some more text, and a value, `{python} 1 + 1`.
"""


def record_of(folder: Path, text: str) -> PublishedRecord:
    (folder / "posts").mkdir(parents=True)
    (folder / "site.toml").write_text('title = "T"\nurl = "https://example.org/"\n')
    (folder / "posts/fails.md").write_text(text, encoding="utf-8")
    assert main(["build", "-C", str(folder)]) == 0
    return read_published((folder / "public/fails/fails.record.json").read_bytes())


def test_prose_that_grows_above_a_cell_moves_no_digest(tmp_path: Path) -> None:
    text = POSTS.texts[FAILS]
    old = record_of(tmp_path / "old", text)
    start = text.index("```python")
    new = record_of(tmp_path / "new", f"{text[:start]}{MOVED}\n{text[start:]}")
    page = (tmp_path / "new/public/fails/index.html").read_text(encoding="utf-8")
    assert f'posts/fails.md", line {new.cells[1].line + 1}' in page  # readers see today's lines
    assert [c.line for c in old.cells] != [c.line for c in new.cells]
    kinds = [output.kind for cell in old.cells for output in cell.outputs]
    assert kinds == ["stdout", "stdout", "error", "error", "stderr"]
    assert [c.outputs for c in old.cells] == [c.outputs for c in new.cells]
    assert old.source != new.source


CLAIMS = """\
---
title: "{python} of `{python} x:.0%`"
date: 2020-05-17
---

[Less than `{python} 1`]{claim="0 < 1"}.

```python
#| claim: Sums of $x$ are `{python} 1.0:.1f`
x = 0.5
assert x + x == 1, "no"
assert all(n < 1 for n in (x, x / 2))
```

[It is `{python} x:.1f`]{claim="x == 0.5" .volatile} and `{python} x!r:>4`{tolerance=0.1}.
"""


def test_values_and_claims_are_in_the_order_of_the_post(tmp_path: Path) -> None:
    record = record_of(tmp_path, CLAIMS)
    assert record.title == "{python} of 50%"
    told = [(v.after, v.line, v.code, v.text, v.tolerance) for v in record.values]
    assert told == [
        (0, 6, "1", "1", None),
        (1, 9, "1.0:.1f", "1.0", None),
        (1, 15, "x:.1f", "0.5", None),
        (1, 15, "x!r:>4", " 0.5", 0.1),
        (1, 2, "x:.0%", "50%", None),
    ]
    claims = [(c.cell, c.line, c.sentence, c.code, c.holds, c.volatile) for c in record.claims]
    assert claims[0] == (0, 6, "Less than {1}", "0 < 1", True, False)
    assert claims[1] == (1, 10, "Sums of x are {1.0:.1f}", "x + x == 1", True, False)
    assert claims[-1] == (1, 15, "It is {x:.1f}", "x == 0.5", True, True)
    assert [c.expression for c in record.claims[1:-1]] == [0] * (len(claims) - 2)
    assert ("x", "0.5") in record.claims[1].parts
    assert record.cells[0].outputs == ()  # an assertion is no output


def test_a_claim_that_a_call_proves_is_recorded_too(tmp_path: Path) -> None:
    head = "---\ntitle: T\ndate: 2020-05-17\n---\n\n"
    code = "def assert_small(x): assert x < 9\nassert_small(1)"
    record = record_of(tmp_path, f"{head}```python\n#| claim: It is small\n{code}\n```\n")
    assert [(c.sentence, c.code, c.holds) for c in record.claims] == [("It is small", "", True)]


def test_a_frozen_post_has_a_record_that_says_so(tmp_path: Path) -> None:
    fresh = record_of(tmp_path, CLAIMS)
    assert main(["freeze", "-C", str(tmp_path), "posts/fails.md"]) == 0
    assert main(["build", "-C", str(tmp_path)]) == 0
    content = (tmp_path / "public/fails/fails.record.json").read_bytes()
    frozen = read_published(content)
    assert frozen.frozen
    assert [cell.outputs for cell in frozen.cells] == [cell.outputs for cell in fresh.cells]
    kept = ("values", "claims", "packages", "inputs", "seed", "source")
    assert [getattr(frozen, name) for name in kept] == [getattr(fresh, name) for name in kept]


def test_every_post_of_the_blog_that_runs_has_its_record(blog: Served) -> None:
    made = {path.name.partition(".")[0] for path in blog.folder.rglob("*.ipynb")}
    records = sorted(blog.folder.rglob("*.record.json"))
    assert {path.name.partition(".")[0] for path in records} >= made
    for path in records:
        record = read_published(path.read_bytes())
        assert published_bytes(record) == path.read_bytes()
        assert path.stat().st_size < 60_000
        for name in record.files:
            assert (path.parent / name).is_file()
        page = (path.parent / "index.html").read_text(encoding="utf-8")
        assert f'href="/{path.parent.name}/{path.name}"' in page
