"""Expressions in the prose: where they are found, in which order, and what is wrong with them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from site_builder.content.expressions import holding, number_tokens
from site_builder.content.markdown import make_parser
from site_builder.content.notebooks import read_script
from site_builder.content.parse import ParseError, parse
from site_builder.content.value_syntax import split
from site_builder.errors import Problem
from site_builder.model.post import Expression, Post, Source
from site_builder.settings.site import Site
from site_builder.settings.tables import Settings

HEAD = "---\ntitle: T\ndate: 2020-01-01\n---\n"
"""The body begins in line 5."""


def understood(text: str) -> Post:
    return parse(
        Site(Path("/nowhere"), Settings("T", "https://example.org/")), Source("a.md", text)
    )


def found(body: str) -> tuple[Expression, ...]:
    return understood(HEAD + body).expressions


def only(body: str) -> Expression:
    [expression] = found(body)
    return expression


def at(body: str) -> list[tuple[str, int, int]]:
    """The code of each expression, its line and column, at which it really is."""
    post = understood(HEAD + body)
    places_are_right(post)
    return [(each.code, each.line, each.column) for each in post.expressions]


def places_are_right(post: Post) -> None:
    for each in post.expressions:
        shown = post.source.line_text(each.line)[each.column - 1 :]
        assert shown.startswith(each.code.split()[0].partition('"')[0]), (each, shown)


def problems(body: str, head: str = HEAD) -> tuple[Problem, ...]:
    with pytest.raises(ParseError) as caught:
        understood(head + body)
    return caught.value.problems


def told(body: str, head: str = HEAD) -> list[str]:
    """The place, the message and the help of each problem."""
    return [
        f"{p.line}:{p.column} {p.message}" + (f"; {p.help}" if p.help else "")
        for p in problems(body, head)
    ]


# Where they are found


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        ("It is `{python} n`.\n", 5, 17),
        ("It is {eval}`n`.\n", 5, 14),
        ("One\ntwo `{python} n`.\n", 6, 15),
        ("It is `{python}\nn`.\n", 6, 1),
        ("It is `{python}   n  `.\n", 5, 19),
        ("# A `{python} n` b\n", 5, 15),
        ("A `{python} n`\n===\n", 5, 13),
        ("- a\n  - `{python} n`\n", 6, 15),
        ("1. a\n\n   `{python} n`\n", 7, 14),
        ("> `{python} n`\n", 5, 13),
        ("| a |\n|---|\n| `{python} n` |\n", 7, 13),
        ("| `{python} n` |\n|---|\n| a |\n", 5, 13),
        ("> [!NOTE] A `{python} n`\n> b\n", 5, 23),
        ("> [!NOTE]\n> `{python} n`\n", 6, 13),
        (":::{note} A `{python} n`\nb\n:::\n", 5, 23),
        (":::{note}\n`{python} n`\n:::\n", 6, 11),
        ("Text.[^1]\n\n[^1]: So `{python} n`.\n", 7, 20),
        ("Text.^[So `{python} n`.]\n", 5, 21),
        ("Term `{python} n`\n: b\n", 5, 16),
        ("Term\n: so `{python} n`\n", 6, 16),
        ("- [ ] do `{python} n`\n", 5, 20),
        ("**`{python} n`**\n", 5, 13),
        ('"`{python} n`"\n', 5, 12),
        ("[so `{python} n`](https://example.org/)\n", 5, 15),
        ("![so `{python} n`](https://example.org/a.png)\n", 5, 16),
        ("[so `{python} n`]{.big}\n", 5, 15),
        ("<b>`{python} n`</b> a\n", 5, 14),
        ("<div>\n\n`{python} n`\n\n</div>\n", 7, 11),
        ("$x = `{python} n`$\n", 5, 16),
        (r"\(x = {eval}`n`\)" + "\n", 5, 14),
        ("$$\nx = `{python} n`\n$$\n", 6, 15),
        ("\\begin{align}\nx &= 1 \\\\\ny &= `{python} n`\n\\end{align}\n", 7, 16),
        ("```math\nx = `{python} n`\n```\n", 6, 15),
        ("> $$\n> x = `{python} n`\n> $$\n", 6, 17),
        ("`a`{eval}`n`\n", 5, 11),
        ("a_`{python} n`_b\n", 5, 13),
    ],
)  # fmt: skip
def test_a_value_is_found_wherever_there_is_prose(body: str, line: int, column: int) -> None:
    assert at(body) == [("n", line, column)]


@pytest.mark.parametrize(
    "shown",
    [
        "`` `{python} n` ``",
        "``` `{python} n` ```",
        "`` {eval}`n` ``",
        "`{{python}} n`",
        "`{python}`",
        "`{eval}`",
        r"\`{python} n\`",
        "    `{python} n`",
        "```\n`{python} n`\n```",
        "```text\n`{python} n`\n```",
        "```python\nx = '`{python} n`'\n```",
        "<!-- `{python} n` -->",
        "<pre>`{python} n`</pre>",
        "[a](https://example.org/?q={python})",
    ],
)
def test_what_shows_how_a_value_is_written_is_none(shown: str) -> None:
    assert found(f"Text.\n\n{shown}\n") == ()


@pytest.mark.parametrize(
    ("shown", "code"),
    [("`{{python}} n:.1f`", "{python} n:.1f"), ("`` `{python} n` ``", "`{python} n`")],
)
def test_a_value_can_be_shown_as_it_is_written(shown: str, code: str) -> None:
    (inline,) = make_parser().parseInline(shown)
    assert [(t.type, t.content) for t in inline.children or ()] == [("code_inline", code)]


def test_a_bar_in_a_table_is_escaped() -> None:
    [value] = found("| a | b |\n|---|---|\n| 1 | `{python} n \\| m:.1f` |\n")
    assert (value.code, value.format, value.line, value.column) == ("n | m", ".1f", 7, 17)


def test_values_in_front_matter() -> None:
    post = understood(
        "---\n"
        'title: "`{python} a` and `{python} d[\\"k\\"]:.1f`"\n'
        "date: 2020-01-01\n"
        "summary: >\n"
        "  Once {eval}`a` and\n"
        "  twice `{python} a\n"
        "  + 1`.\n"
        "---\n"
    )
    assert [(e.origin, e.index, e.code, e.line, e.column) for e in post.expressions] == [
        ("title", 0, "a", 2, 19),
        ("title", 1, 'd["k"]', 2, 36),
        ("summary", 0, "a", 5, 15),
        ("summary", 1, "a + 1", 6, 19),
    ]
    places_are_right(post)


CAPTIONS = """\
```python
#| label: fig-p
#| fig-cap:
#|   - One `{python} n`
#|   - Two `{python} n` `{python} p`
#| fig-alt:
#|   - One `{python} p`
#|   - Two
#| tbl-cap: 'A {eval}`p`'
n = p = 1
```
"""


def test_values_in_the_texts_of_a_cell() -> None:
    post = understood(HEAD + CAPTIONS)
    assert [(e.origin, e.index, e.code, e.line, e.column) for e in post.expressions] == [
        ("cell 1 fig-cap 1", 0, "n", 8, 22),
        ("cell 1 fig-cap 2", 0, "n", 9, 22),
        ("cell 1 fig-cap 2", 1, "p", 9, 35),
        ("cell 1 fig-alt 1", 0, "p", 11, 22),
        ("cell 1 tbl-cap 1", 0, "p", 13, 23),
    ]
    assert {e.after for e in post.expressions} == {1}
    places_are_right(post)


def test_a_value_in_the_claim_of_a_cell() -> None:
    [value] = found("```python\n#| claim: All `{python} n` hold\nassert n\n```\n")
    assert (value.origin, value.kind, value.code) == ("cell 1 claim 1", "value", "n")
    assert (value.line, value.column, value.after) == (6, 25, 1)


def test_values_of_scripts_stand_in_lines_of_the_file() -> None:
    script = "# %% [markdown]\n# ---\n# title: T\n# date: 2020-01-01\n# ---\n\n# %%\nn = 1\n\n"
    script += "# %% [markdown]\n# It is\n# `{python} n`.\n"
    post = parse(
        Site(Path("/nowhere"), Settings("T", "https://example.org/")), read_script("a.py", script)
    )
    [value] = post.expressions
    assert script.split("\n")[post.source.file_line(value.line) - 1] == "# `{python} n`."


# Their order, and the cells they come after

LONG = """\
`{python} first`

```python
a = 1
```

`{python} second` `{python} third` $x = `{python} fourth` + `{python} fifth`$

```python
#| eval: false
b = 1
```

`{python} sixth`

- item

```python
#| fig-cap: "`{python} eighth`"
c = 1
```

- `{python} ninth`[^a] ^[Within: `{python} tenth`]

  [^a]: Note `{python} eleventh`.

```python
d = 1
```

Last. `{python} twelfth`
"""


def test_expressions_are_in_the_order_in_which_they_are_evaluated() -> None:
    head = HEAD.replace("title: T", 'title: "`{python} title`"\nsummary: "`{python} summary`"')
    post = understood(head + LONG.replace("- item", "- item `{python} seventh`"))
    assert [(e.number, e.code, e.after) for e in post.expressions] == [
        (1, "first", 0),
        (2, "second", 1),
        (3, "third", 1),
        (4, "fourth", 1),
        (5, "fifth", 1),
        (6, "sixth", 1),
        (7, "seventh", 1),
        (8, "eighth", 3),
        (9, "ninth", 3),
        (10, "tenth", 3),
        (11, "eleventh", 3),
        (12, "twelfth", 4),
        (13, "title", 4),
        (14, "summary", 4),
    ]


def test_tokens_know_the_numbers_of_their_expressions() -> None:
    body = 'A `{python} a`, $`{python} b` + `{python} c`$ and [d `{python} e`]{claim="d"}.\n\n'
    post = understood(HEAD + body + "$$\n`{python} f`\n$$\n")
    tokens = list(holding([child for t in post.tokens for child in t.children or (t,)]))
    numbers = [t.meta.get("expressions") or [t.meta["expression"]] for t in tokens]
    assert numbers == [[1], [2, 3], [4], [5], [6]]
    assert [e.code for e in post.expressions] == ["a", "b", "c", "d", "e", "f"]


def test_texts_beside_the_tokens_are_numbered_when_they_are_parsed_again() -> None:
    (inline,) = make_parser().parseInline("`{python} a` and $`{python} b` {eval}`c`$")
    held = list(holding(inline.children or ()))
    number_tokens(held, [7, 9, 11])
    assert held[0].meta["expression"] == 7
    assert held[1].meta["expressions"] == [9, 11]


def test_a_post_that_has_none_is_left_alone() -> None:
    assert found("Text about claims and $x$.\n\n```python\n1\n```\n") == ()


# Attributes


@pytest.mark.parametrize(
    ("braces", "volatile", "tolerance"),
    [
        ("", False, None),
        ("{.volatile}", True, None),
        ("{tolerance=0.05}", False, 0.05),
        ('{tolerance="1e-3"}', False, 0.001),
        ("{ .volatile  tolerance=0 }", True, 0.0),
        ("{tolerance=0.5 .volatile}", True, 0.5),
        ("{}", False, None),
    ],
)
def test_attributes(braces: str, volatile: bool, tolerance: float | None) -> None:
    for value in ("`{python} n`", "{eval}`n`"):
        expression = only(f"So {value}{braces} it is.\n")
        assert (expression.volatile, expression.tolerance) == (volatile, tolerance)
    claim = only(f'[So it is]{{claim="n" {braces.strip("{}")}}}\n')
    assert (claim.volatile, claim.tolerance) == (volatile, tolerance)


def test_attributes_of_a_caption() -> None:
    [value] = found('```python\n#| fig-cap: "`{python} n`{.volatile tolerance=0.1}"\n1\n```\n')
    assert (value.volatile, value.tolerance) == (True, 0.1)


def test_braces_behind_a_value_are_those_of_the_next() -> None:
    assert [e.code for e in found("`{python} n`{eval}`m`\n")] == ["n", "m"]


def test_attributes_of_a_heading_are_its_own() -> None:
    post = understood(HEAD + "# So `{python} n` {#here .volatile}\n")
    [value] = post.expressions
    assert not value.volatile
    assert post.tokens[0].attrs == {"id": "here", "class": "volatile"}


# Claims


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        ('[It is so]{claim="a < b"}', "a < b", "It is so"),
        ("[It is so]{claim='a == \"x\"'}", 'a == "x"', "It is so"),
        ('[It is so]{claim="a == \\"x\\""}', 'a == "x"', "It is so"),
        ('[It is so]{claim="a == {1, 2}"}', "a == {1, 2}", "It is so"),
        ("[It is so]{claim=a<b}", "a<b", "It is so"),
        ('[It is so]{claim="a\n< b"}', "a < b", "It is so"),
        ('[It is\nso]{ claim = " a " }', "a", "It is so"),
        ('[It *is* $x$ [so]{.b}]{claim="a"}', "a", "It is x so"),
        ('[It "is" so]{claim="a"}', "a", "It “is” so"),
        ('# [It is so]{claim="a"}', "a", "It is so"),
        ('| a |\n|-|\n| [It is so]{claim="a \\| b"} |', "a | b", "It is so"),
        ("[It is so]{claim=\"'`' in a\"}", "'`' in a", "It is so"),
    ],
)
def test_a_claim(body: str, code: str, sentence: str) -> None:
    expression = only(f"{body}\n")
    assert (expression.kind, expression.code) == ("claim", code)
    assert expression.sentence == sentence
    text = understood(f"{HEAD}{body}\n").source.line_text(expression.line)
    assert text[expression.column - 1 :].startswith(code[:1])


def test_values_within_a_claim_and_claims_within_a_claim() -> None:
    body = '[The sum, `{python} s:.1f`, is [`{python} one`]{claim="one == 1"}]{claim="s < 1"}\n'
    first, second, third, fourth = found(body)
    assert (first.code, first.sentence) == ("s < 1", "The sum, {s:.1f}, is {one}")
    assert (second.code, second.format) == ("s", ".1f")
    assert (third.code, third.sentence) == ("one == 1", "{one}")
    assert fourth.code == "one"


def test_the_same_claim_twice_has_two_places() -> None:
    body = '| a |\n|-|\n| [x]{claim="n \\| 1"} [x]{claim="n \\| 1"} |\n'
    assert [(e.line, e.column) for e in found(body)] == [(7, 14), (7, 34)]


def test_a_format_is_none_of_a_claim() -> None:
    assert only('[a]{claim="f(lambda: 1)"}\n').code == "f(lambda: 1)"


# Splitting, as Python does it


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("acc", ("acc", "", "")),
        ("acc:.1%", ("acc", "", ".1%")),
        ("acc :.1%", ("acc", "", ".1%")),
        ("x!r", ("x", "r", "")),
        ("x!r:>10", ("x", "r", ">10")),
        ("x: .1f", ("x", "", " .1f")),
        ("a != b", ("a != b", "", "")),
        ("x[1:2]", ("x[1:2]", "", "")),
        ("x[1:2]:.1f", ("x[1:2]", "", ".1f")),
        ('{"a": 1}["a"]:d', ('{"a": 1}["a"]', "", "d")),
        ('d["a:b"]', ('d["a:b"]', "", "")),
        ("'''a:'b'''", ("'''a:'b'''", "", "")),
        ('"\\":"', ('"\\":"', "", "")),
        ('f"{x:.1f}"', ('f"{x:.1f}"', "", "")),
        ("when:%H:%M", ("when", "", "%H:%M")),
        ("(lambda: 1)()", ("(lambda: 1)()", "", "")),
        ("", ("", "", "")),
        (":.1f", ("", "", ".1f")),
    ],
)
def test_splitting(written: str, parts: tuple[str, str, str]) -> None:
    assert split(written) == parts


ATOM = st.sampled_from(
    ["x", "12", "1.5", '"a:b"', '"!r"', "[1, 2]", '{"a": 1}', "x[1:2]", "f(y, z=1)", "(lambda: 1)"]
)
EXPRESSION = st.recursive(
    ATOM,
    lambda inner: st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("{} != {}".format, inner, inner),
        st.builds("{} if {} else {}".format, inner, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("x[{}:{}]".format, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
    ),
    max_leaves=6,
)
CONVERSION = st.sampled_from(["", "!r", "!s", "!a"])
FORMAT = st.sampled_from(["", ":", ":.1f", ":>10", ":%H:%M", ":!r", ':"', ":]", ":,.2%"])


def by_python(written: str) -> tuple[str, str, str] | None:
    """How the parser of Python's f-strings takes it; None if it is no field."""
    try:
        string = ast.parse(f"f'''{{ {written}}}'''", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(string, ast.JoinedStr) or len(string.values) != 1:
        return None
    [field] = string.values
    if not isinstance(field, ast.FormattedValue):
        return None
    spec = field.format_spec
    parts = spec.values if isinstance(spec, ast.JoinedStr) else []
    if not all(isinstance(part, ast.Constant) for part in parts):
        return None
    format_ = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant))
    conversion = chr(field.conversion) if field.conversion > 0 else ""
    return ast.dump(field.value), conversion, format_


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(EXPRESSION, CONVERSION, FORMAT, st.sampled_from(["", " "]))
@example("x", "!r", ":!r", "")
def test_an_expression_is_split_as_in_an_f_string(
    expression: str, conversion: str, format_: str, space: str
) -> None:
    written = f"{expression}{space}{conversion}{format_}"
    theirs = by_python(written)
    assert theirs is not None, written
    code, ours, spec = split(written)
    assert (ast.dump(ast.parse(code, mode="eval").body), ours, spec) == theirs


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much],
)
@given(EXPRESSION, st.text("x1[](){}\"':!r. ", max_size=6))
def test_whatever_python_takes_as_a_field_is_split_alike(expression: str, more: str) -> None:
    written = expression + more
    theirs = by_python(written)
    assume(theirs is not None)
    assert theirs is not None
    code, ours, spec = split(written)
    assert (ast.dump(ast.parse(code, mode="eval").body), ours, spec) == theirs


# What is wrong with them

STATEMENT = "a value in the prose is an expression, not a statement"
CELL = "do that in a cell, and name what comes of it here"
ATTRIBUTES = "known are: .volatile, tolerance"
BRACES = 'write [sentence]{claim="expression"}, and \\" for quotation marks within'
SENTENCE = 'write [the outputs sum to one]{claim="…"}'
NO_CLAIM = "only a sentence in brackets can be a claim"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("`{python} x = 1`", f"5:11 {STATEMENT}; {CELL}"),
        ("`{python} del x`", f"5:11 {STATEMENT}; {CELL}"),
        ("`{python} (x := 1)`", f"5:11 a value in the prose cannot assign; {CELL}"),
        ('[a]{claim="(x := 1)"}', f"5:12 a claim in the prose cannot assign; {CELL}"),
        ("`{python} await f()`", f"5:11 a value in the prose cannot await or yield; {CELL}"),
        ("`{python} f((yield))`", f"5:11 a value in the prose cannot await or yield; {CELL}"),
        ("`{python} `", "5:11 a value without an expression; write `{python} name`"),
        ("{eval}`:.1f`", "5:8 a value without an expression; write `{python} name`"),
        ("`{python} x:{n}`",
         "5:11 braces in a format are not read; make the text in a cell and show that"),
        ('[a]{claim=""}', "5:12 a claim without an expression; "
         'write [the outputs sum to one]{claim="abs(S.sum() - 1) < 1e-12"}'),
        ("`{python} x`{tolerance=-1}", "5:11 a tolerance is a number from 0 on; such as 0.01"),
        ("`{python} x`{tolerance=big}", "5:11 a tolerance is a number from 0 on; such as 0.01"),
        ("`{python} x`{tolerance=inf}", "5:11 a tolerance is a number from 0 on; such as 0.01"),
        ("`{python} x`{tolerence=1}",
         "5:11 a value has no attribute 'tolerence'; did you mean 'tolerance'?"),
        ("`{python} x`{.volatil}",
         "5:11 a value has no attribute '.volatil'; did you mean '.volatile'?"),
        ("`{python} x`{#id}", f"5:11 a value has no attribute '#id'; {ATTRIBUTES}"),
        ('[a]{claim="x" reads=1}',
         "5:12 a claim has no attribute 'reads'; known are: .volatile, claim, tolerance"),
        ("`{python} x`{volatile}", "5:11 the braces after this value cannot be read; "
         "write {.volatile} or {tolerance=0.05}"),
        ("`{python} x` {.volatile}", "5:14 these braces belong to no value; "
         "write them right behind it, without a space"),
        ("`{python}x`", "5:2 a space is missing after the braces of this value; "
         "write `{python} name`; in doubled backticks it is shown as it is"),
        ("a `{python} x", "5:3 this value is never closed; "
         "end it with a backtick; in a table write \\| for a bar"),
        ("| a |\n|-|\n| `{python} x|y` |", "7:3 this value is never closed; "
         "end it with a backtick; in a table write \\| for a bar"),
        (r"$\frac{`{python} a}{2}$", "5:8 this value is never closed; end it with a backtick"),
        ("{eval}`x", "5:1 this value cannot be read; "
         "write {eval}`name`, with one backtick on each side"),
        ("<div>`{python} x`</div>", "5:15 a value in the midst of HTML is not read; "
         "put a blank line above and below the Markdown within HTML"),
        ('[a]{claim="x}', f"5:4 the braces of this claim cannot be read; {BRACES}"),
        ('[a] {claim="x"}', f"5:5 the braces of this claim cannot be read; {BRACES}"),
        ("[a]{claim}", f"5:4 the braces of this claim cannot be read; {BRACES}"),
        ('[a]{claim="x" claim="y"}', f"5:15 the braces of this claim cannot be read; {BRACES}"),
        ('[]{claim="x"}', f"5:11 a claim without a sentence; {SENTENCE}"),
        ('[ ]{claim="x"}', f"5:12 a claim without a sentence; {SENTENCE}"),
        ('A claim: `a`{claim="x"}', f"5:14 {NO_CLAIM}; {BRACES}"),
        ('[a](https://example.org/){claim="x"}', f"5:27 {NO_CLAIM}; {BRACES}"),
        ('![a](https://example.org/a.png){claim="x"}', f"5:33 {NO_CLAIM}; {BRACES}"),
        ("`{python} lambda x: x`", "5:11 a value in the prose is no Python expression: "
         "invalid syntax; its colon begins the format, as in an f-string: "
         "write (lambda …) in brackets"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_what_to_do(body: str, said: str) -> None:
    assert told(f"{body}\n") == [said]


def test_faults_that_look_alike_have_their_own_places() -> None:
    claim = '[a "b"] {claim="x == \'y\'"}'
    assert [(p.line, p.column) for p in problems(f"{claim} and {claim},\nand {claim}\n")] == [
        (5, 9),
        (5, 40),
        (6, 13),
    ]


@pytest.mark.parametrize("code", ["x +", "1 2", "x!q", "lambda: 1", "f(", "x.", "5x"])
def test_what_is_no_python_is_told_in_its_line(code: str) -> None:
    [problem] = problems(f"Text\nand `{{python}} {code}` and more\n")
    assert problem.message.startswith("a value in the prose is no Python expression: ")
    assert problem.line == 6
    assert 15 <= problem.column <= 15 + len(code)
    assert " line 1" not in problem.message


@pytest.mark.parametrize("written", ['`{python} "`"`', "`{python} x + '`'`"])
def test_a_backtick_ends_a_value_in_quotation_marks_too(written: str) -> None:
    [problem] = problems(f"{written}\n")
    assert "no Python expression" in problem.message
    assert problem.help == "a backtick ends it, in quotation marks too: make the text in a cell"


def test_faults_in_texts_beside_the_prose() -> None:
    head = HEAD.replace("title: T", "title: A `{python} x = 1`\nsummary: 'B `{python} x'")
    cell = "```python\n#| fig-cap: C `{python}x`\n#| fig-alt: D {eval}`x`{.volatil}\n1\n```\n"
    assert [(p.line, p.column, p.message) for p in problems(cell, head)] == [
        (2, 20, "a value in the prose is an expression, not a statement"),
        (3, 13, "this value is never closed"),
        (7, 16, "a space is missing after the braces of this value"),
        (8, 22, "a value has no attribute '.volatil'"),
    ]


def test_a_fault_within_a_formula_or_an_image() -> None:
    body = "$x = `{python} x = 1`$\n\n![a `{python} y = 1`](https://example.org/a.png)\n"
    assert [(p.line, p.column) for p in problems(body)] == [(5, 16), (7, 15)]


KERNEL = HEAD.replace("title: T", "title: T\nkernel: ir")


def test_a_post_of_another_kernel_has_no_expressions() -> None:
    cell = "\n```{code-cell}\n#| claim: It holds\nstopifnot(1 == 1)\n```\n"
    assert told('`{python} x` and [s]{claim="x"}\n' + cell, KERNEL) == [
        "6:11 a value in the prose needs the posts' own Python, not the kernel 'ir'; "
        "show it with a cell",
        "6:29 a claim in the prose needs the posts' own Python, not the kernel 'ir'; "
        "show it with a cell",
        "9:11 a claim needs the posts' own Python, not the kernel 'ir'; say it in the prose",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("#| claim: It holds\nx = 1", "6:11 nothing in the cell proves its claim; "
         "add an assertion, such as 'assert abs(S.sum() - 1) < 1e-12'"),
        ("#| claim: claim\ncheck(1)", "6:11 nothing in the cell proves its claim; "
         "add an assertion, such as 'assert abs(S.sum() - 1) < 1e-12'"),
        ("#| eval: false\n#| claim: It holds\nassert 1",
         "7:11 the claim of a cell that does not run; remove 'eval: false'"),
        ("#| error: true\n#| claim: It holds\n1 / 0\nassert 1",
         "7:11 the claim of a cell that is meant to raise, and so may end before its proof; "
         "remove 'error: true', or let another cell claim it"),
        ("#| tolerance: -1\n1", "6:4 option 'tolerance' should be 0 or greater, not -1; "
         "0.01 allows numbers to differ by one percent"),
        ("#| tolerance: much\n1", "6:4 option 'tolerance' should be a number, not 'much'"),
        ("#| claim: true\nassert 1", "6:4 option 'claim' should be a text, not true"),
    ],
)  # fmt: skip
def test_a_fault_of_a_cell_that_claims(lines: str, said: str) -> None:
    assert told(f"```python\n{lines}\n```\n") == [said]


@pytest.mark.parametrize(
    "code",
    [
        "assert x",
        "for x in y:\n    assert x",
        "import numpy as np\nnp.testing.assert_allclose(a, b)",
        "assert_that(x)",
        "self.assertEqual(a, b)",
        "%time assert x",
    ],
)
def test_what_proves_a_claim(code: str) -> None:
    [cell] = understood(f"{HEAD}```python\n#| claim: It holds\n{code}\n```\n").cells
    assert cell.options.claim == "It holds"


def test_all_faults_of_a_post_are_told_at_once() -> None:
    body = '`{python} x = 1` `{python} `\n\n[a]{claim="(x := 1)"}\n\n`{python} n:{w}`\n'
    assert [p.line for p in problems(body)] == [5, 5, 7, 9]


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.text("`{}python eval[]claim=\"'\\|.$volatile\n", max_size=40))
def test_whatever_is_written_a_post_is_understood_or_told_of(text: str) -> None:
    try:
        post = understood(f"{HEAD}`{{python}} n` {text}\n")
    except ParseError as error:
        assert error.problems
        return
    assert [e.number for e in post.expressions] == list(range(1, len(post.expressions) + 1))
    for expression in post.expressions:
        ast.parse(expression.code, mode="eval")
        assert not re.search(r"[\n`]", expression.code) or expression.kind == "claim"
