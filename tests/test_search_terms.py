"""What a page is found by: terms of prose, of names in code, of TeX, and how much each counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from edits import png
from made_pages import make_site

from site_builder.content.parse import parse
from site_builder.model.post import ExecutedPost, Execution, Source
from site_builder.rendering.render import render
from site_builder.rendering.search_terms import (
    FIRSTS,
    LONGEST,
    PARTS,
    Texts,
    bucket,
    page_terms,
    terms,
)
from site_builder.settings.site import Site

POST = """\
---
title: On the `relu` and $\\sigma$
date: 2020-05-17
tags: [Machine learning]
summary: What it says first.
---

## The kink

Not *smooth*, see `np.heaviside` and ![a broken line](line.png).

```python
#| fig-cap: Caption of a figure
def leaky_relu(x):
    return x
```

```python
#| include: false
hidden_name = 1
```

```python
#| echo: false
silent_name = 1
```

```bash
pip install thing
```

$$\\max(0, x_i)$$

<div><b>Bold</b> <script>evil()</script> <!-- comment --></div>
"""


def weights(found: str) -> dict[str, int]:
    entries = found.split()
    return {entry[:-1]: int(entry[-1], 36) for entry in entries}


def weights_of(site: Site, text: str) -> dict[str, int]:
    post = parse(site, Source("posts/post.md", text))
    executed = ExecutedPost(post, Execution(((),) * len(post.cells), environment=None))
    page = render(site, executed).page
    return weights(page.terms)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't PANIC, it’s 42.", "don t panic it s 42"),
        (
            "Poincaré Łukasz straße Æon søren ǅ İstanbul",
            "poincare lukasz strasse aeon soren dz istanbul",
        ),
        ("np.outer(softmax_grad, __init__)", "np outer softmax_grad init"),
        (r"\frac{a}{b_1} + \nabla_\theta \Gamma", r"\frac a b_1 \nabla \theta \gamma"),
        ("深層学習GPU説", "深層 層学 学習 gpu 説"),
        ("ﬁne x² Ａｂｃ", "fine x2 abc"),
        ("سَلام، عالم؟", "سلام عالم"),
        ("ΟΔΟΣ οδός", "οδοσ οδοσ"),
        ("e\u0301a 👩\u200d🔬 \x00 --- !?", "ea"),
    ],
)
def test_texts_become_terms(text: str, expected: str) -> None:
    assert " ".join(terms(text)) == expected


def test_a_page_is_found_by_all_that_readers_see_of_it(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "line.png").write_bytes(png(2, 2))
    found = weights_of(make_site(tmp_path), POST)
    assert {
        *("relu", "sigma", r"\sigma", "machine", "learning", "kink", "smooth", "says", "first"),
        *("np", "heaviside", "broken", "caption", "leaky_relu", "leaky", "def", "pip", "thing"),
        *(r"\max", "max", "x_i", "x", "bold"),
    } <= found.keys()
    assert not {
        "hidden_name",
        "silent_name",
        "evil",
        "comment",
        "div",
        "b",
        "script",
        "png",
        "fig",
        "cap",
    } & {*found}


def test_titles_count_more_than_tags_headings_and_prose() -> None:
    found = weights(
        page_terms(Texts("alpha", ("beta",), ["gamma"], ["delta " * 500, "epsilon"], ["zeta"]))
    )
    counts = [found[name] for name in ("alpha", "beta", "delta", "gamma", "epsilon", "zeta")]
    assert counts[0] > counts[1] >= counts[2] > counts[3] > counts[4] >= counts[5] >= 1
    assert all(1 <= weight <= 35 for weight in found.values())
    everywhere = "word " * 1000
    most = page_terms(Texts("word", ("word",), ["word"], [everywhere], [everywhere]))
    assert weights(most) == {"word": 35}


def test_names_are_found_by_their_parts() -> None:
    found = weights(page_terms(Texts("", (), [], [], ["LayerNorm softmax_grad_fn HTTPServer"])))
    assert {"layernorm", "norm", "softmax_grad_fn", "softmax", "grad", "fn", "server"} <= {*found}


@pytest.mark.parametrize("mark", ["", "\u2019"])  # the words of ASCII are got in a way of their own
def test_names_and_commands_are_the_terms_that_the_script_makes(mark: str) -> None:
    text = rf"__init__ a__b _x y_ \frac_c \2d e\alpha\beta f-g.h \\ _ \_ 3.14 {mark}"
    said = ["init", "a__b", "x", "y", r"\frac", "c", "2d", "e", r"\alpha", r"\beta", "f", "g", "h"]
    assert [*terms(text)] == [*said, "3", "14"]
    found = weights(page_terms(Texts("", (), [], [text], [])))
    assert {*found} == {*said, "3", "14", "a", "b", "frac", "alpha", "beta"}


def test_every_character_of_a_run_without_spaces_is_found() -> None:
    found = weights(page_terms(Texts("", (), [], ["深層学習"], [])))
    assert {*found} == {"深層", "層学", "学習", "深", "層", "学", "習"}


def test_what_is_longer_than_any_word_is_left_out() -> None:
    found = weights(page_terms(Texts("", (), [], ["a" * LONGEST, "b" * (LONGEST + 1)], [])))
    assert {*found} == {"a" * LONGEST}


def test_a_word_more_changes_its_part_only() -> None:
    def parts(*prose: str) -> list[str]:
        return page_terms(Texts("A title", ("tag",), [], [*prose], [])).split("\n")

    before, after = parts("some words"), parts("some words", "more")
    assert len(before) == PARTS
    changed = [part for part in range(PARTS) if before[part] != after[part]]
    assert changed == [bucket("mor") % PARTS]
    assert parts("words some") == before


def test_what_begins_alike_is_in_parts_that_a_script_can_find() -> None:
    for word in ("softmax", "a", "学", "\\frac", "深層"):
        assert bucket(word[:3]) % FIRSTS == bucket(word[0]) % FIRSTS
        assert 0 <= bucket(word[:3]) < 256
    assert len({bucket(first + second) for first in "abcdefghij" for second in "aeiou"}) > 30


def test_a_site_without_search_keeps_no_terms(tmp_path: Path) -> None:
    post = parse(
        make_site(tmp_path), Source("posts/post.md", "---\ntitle: A\ndate: 2020-01-01\n---\n")
    )
    executed = ExecutedPost(post, Execution((), environment=None))
    page = render(make_site(tmp_path, search=False), executed).page
    assert page.terms == ""
