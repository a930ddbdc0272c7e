"""Results that are typed into prose are found, and numbers that are no results are left alone."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Served

from site_builder import cli
from site_builder.checking.typed.stated import is_stated, stated_numbers
from site_builder.checking.typed.typed import typed_numbers
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.errors import Problem
from site_builder.evidence.numbers import numbers_in
from site_builder.execution.engine import execute
from site_builder.model.post import Execution, Expression, Output, Post, Source, Value
from site_builder.settings.site import Site, load_site
from site_builder.settings.tables import Settings
from site_builder.store import Store

ROOT = Path(__file__).parents[1]
SITE = Site(Path("/nowhere"), Settings("T", "https://example.org/"))
PRINTED = "acc = 0.7153\nwrong: 99 of 130\n"
CODE = '```python\nprint(f"acc = {acc:.4f}")\nprint("wrong:", wrong, "of", 130)\n```\n'


def post_of(body: str, front: str = "", path: str = "posts/a.md") -> Post:
    return parse(SITE, Source(path, f"---\ntitle: T\ndate: 2020-01-01\n{front}---\n{body}"))


def found(
    prose: str, printed: str = PRINTED, code: str = CODE, front: str = ""
) -> list[tuple[str, bool]]:
    """The numbers that are reported for prose below a cell, and whether they equal a result."""
    post = post_of(f"{code}\n{prose}\n", front)
    execution = Execution(tuple((Output("stdout", printed),) for _ in post.cells), None)
    problems = typed_numbers(post, execution)
    for problem in problems:  # each leads to what it speaks of
        shown = problem.message.split("'")[1].split("\n")[0]
        assert problem.excerpt[problem.column - 1 :].startswith(shown), problem
        assert problem.excerpt == post.source.line_text(problem.line)
    return [(p.message.split("'")[1], "equals nothing" not in p.message) for p in problems]


def one(prose: str, printed: str = PRINTED, code: str = CODE) -> Problem:
    post = post_of(f"{code}\n{prose}\n")
    outputs = tuple((Output("stdout", printed),) for _ in post.cells)
    (problem,) = typed_numbers(post, Execution(outputs, None))
    return problem


# What is found.


def test_a_typed_result_is_reported_with_its_place_and_how_to_bind_it() -> None:
    assert str(one("The network was right in 71.5 % of cases.")) == (
        "posts/a.md:10:26: '71.5 %' is typed, and equals the output of cell 1, line 6 (0.7153)\n"
        "  help: bind it: `{python} acc:.1%`, or mark it: [71.5 %]{.typed}"
    )


@pytest.mark.parametrize(
    "code", ["print(0.7153)", "print('at', 0.7153)", "0.7153", "print(-0.7153)"]
)
def test_nobody_is_told_to_bind_a_number_to_itself(code: str) -> None:
    problem = one("It was right in 71.5 %.", "0.7153", f"```python\n{code}\n```\n")
    assert problem.help == "bind it: `{python} …:.1%`, or mark it: [71.5 %]{.typed}"


def test_a_number_that_nothing_gave_is_reported_too() -> None:
    assert str(one("The network was right in **43.2 %** of cases.")) == (
        "posts/a.md:10:28: '43.2 %' is typed, and equals nothing that the post's code gave\n"
        "  help: state what gives it as `{python} …`, or mark it: [43.2 %]{.typed}"
    )


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("0.7153", "0.7153"),
        ("0.715", "0.7153"),
        ("0.72", "0.7153"),
        ("0.71", "0.7153"),  # cut off
        ("71.5 %", "0.7153"),
        ("71.53%", "0.7153"),
        ("72 per cent", "0.7153"),
        ("71.5 %", "71.53"),
        ("71.5%", "71.53 %"),
        ("0.715", "71.5 %"),
        ("-0.25", "-0.2504"),
        ("−0.25", "-0.2504"),
        ("0.25", "-0.2504"),  # `fell by 0.25`
        ("1,234,567", "1234567"),
        ("1 234 567", "1,234,567"),
        ("1234", "1234.4"),
        ("2.1e-05", "2.1345e-05"),
        ("2.1 × 10⁻⁵", "0.000021"),
        ("47", "47"),
        ("30 %", "0.3"),
        ("0.3", "[0.1 0.3 0.7]"),
        ("1.000", "1.0000"),
    ],
)
def test_a_result_is_known_in_many_forms(typed: str, printed: str) -> None:
    code = "```python\nshow()\n```\n"
    assert found(f"It came to {typed} at last.", printed, code) == [(typed, True)]
    assert found(f"So {typed}.", f"before 9.75\n{printed} after", code) == [(typed, True)]


@pytest.mark.parametrize(
    "typed", ["43.2 %", "0.432", "43.21", "-4.32", "4.3e-07", "4,321", "432.1 ms", "6 217"]
)
def test_what_matches_nothing_is_known_in_many_forms(typed: str) -> None:
    text = typed.removesuffix(" ms")
    assert found(f"It came to {typed} at last.") == [(text, False)]


@pytest.mark.parametrize("typed", ["0.73", "71.4 %", "0.70", "7153", "7.153"])
def test_what_only_resembles_a_result_does_not_equal_it(typed: str) -> None:
    assert found(f"It came to {typed} at last.") == [(typed, False)]


def test_the_number_of_a_pair_is_a_result_however_small() -> None:
    code = "```python\nshow()\n```\n"
    assert found("It failed in 3 of 7 runs.", "failed: 3 of 7", code) == [("3", True)]
    assert found("It failed in 3 out of 7 runs.", "3 7\n", code) == [("3", True)]
    assert found("Take 3 of 7 cards.", "3 hearts\n7 spades\n", code) == []


def test_all_of_the_prose_is_looked_at() -> None:
    front = "---\ntitle: It is 0.508\ndate: 2020-01-01\nsummary: About 0.509\n---\n"
    body = """# Up to 0.511

A paragraph with 0.512,
a second line with 0.513 and *0.514*.

- an item: 0.515
    - an inner one: 0.516

| a | b |
|---|---|
| 0.517 | **0.518** |

> [!NOTE] A title of 0.519
> A note of 0.521

[A link of 0.522](#up), ![an image of 0.523](https://example.org/0.999.png).

Term
: A definition with 0.524.

Another.[^1]

[^1]: A footnote of 0.525.

```python
#| fig-cap: A caption of 0.526
#| fig-alt: A text of 0.527
#| label: fig-a
plot()
```

```python
#| tbl-cap: A caption of 0.528
table()
```
"""
    post = parse(SITE, Source("posts/a.md", f"{front}{body}"))
    outputs = tuple((Output("stdout", "done\n"),) for _ in post.cells)
    problems = typed_numbers(post, Execution(outputs, None))
    shown = {problem.message.split("'")[1] for problem in problems}
    expected = {"0.508", "0.509", *(f"0.{n}" for n in range(511, 529) if n != 520)}
    assert shown == expected
    places = [(problem.line, problem.column) for problem in problems]
    assert places == sorted(places)
    for problem in problems:
        name = problem.message.split("'")[1]
        assert problem.excerpt[problem.column - 1 :].startswith(name)


def test_the_second_of_two_equal_numbers_has_its_own_place() -> None:
    post = post_of(f"{CODE}\nFirst 43.2 %, then\nagain 43.2 %.\n")
    problems = typed_numbers(post, Execution(((Output("stdout", PRINTED),),), None))
    assert [(p.line, p.column) for p in problems] == [(10, 7), (11, 7)]


# How it could be bound.


@pytest.mark.parametrize(
    ("code", "printed", "typed", "written"),
    [
        ("acc", "0.7153", "71.5 %", "`{python} acc:.1%`"),
        ("acc * 100", "71.53", "71.5 %", "`{python} acc * 100:.1f` %"),
        ('print("accuracy:", acc)', "accuracy: 0.7153", "0.72", "`{python} acc:.2f`"),
        ('print(f"{100 * a:.1f} % right")', "71.5 % right", "71.5%", "`{python} 100 * a:.1%`"),
        ('print(f"n = {len(x):,}")', "n = 2,160", "2,160", "`{python} len(x):,`"),
        ('print(f"n = {len(x)}")', "n = 2160", "2160", "`{python} len(x)`"),
        ("print(error)", "2.1345e-05", "2.1e-05", "`{python} error:.1e`"),
        ("acc = f()\nshow()", "acc = 0.7153", "0.72", "`{python} acc:.2f`"),
        ("for a in b:\n    print(a)", "0.7153", "0.72", "`{python} …:.2f`"),
        ("print(a, b)", "0.25 0.7153", "0.72", "`{python} …:.2f`"),
        ("%time f()\nacc", "0.7153", "0.72", "`{python} acc:.2f`"),
        ("show()", "other = 0.7153", "0.72", "`{python} …:.2f`"),
    ],
)
def test_the_help_names_the_expression_if_it_can_be_told(
    code: str, printed: str, typed: str, written: str
) -> None:
    problem = one(f"It was {typed} there.", printed, f"```python\n{code}\n```\n")
    assert problem.help == f"bind it: {written}, or mark it: [{typed}]{{.typed}}"


def test_values_claims_and_tables_are_results_too() -> None:
    post = post_of(
        "```python\n#| claim: It holds\nassert worst < 1\n```\n```python\ntable\n```\n"
        "It is `{python} best:.2f` and [it was small]{claim='gap < 1'}.\n\n"
        "Typed: 0.123, 0.234, 0.345, 0.456.\n"
    )
    parts = {"holds": True, "parts": [["worst", "0.12345"]], "message": ""}
    html = "<style>td {width: 0.777em}</style><table><tr><td>0.3451</td></tr></table>"
    execution = Execution(
        (
            (Output("assertion", "worst < 1", metadata=parts),),
            (Output("display", data={"text/html": html}),),
        ),
        None,
        values=(Value("0.234"), Value(holds=True, parts=(("gap", "0.45612"),))),
    )
    messages = [problem.message for problem in typed_numbers(post, execution)]
    assert messages == [
        "'0.123' is typed, and equals the output of cell 1, line 7 (0.12345)",
        "'0.234' is typed, and equals the value `best`, line 12 (0.234)",
        "'0.345' is typed, and equals the output of cell 2, line 10 (0.3451)",
        "'0.456' is typed, and equals a part of a claim, line 12 (0.45612)",
    ]


# What is left alone.


@pytest.mark.parametrize(
    "prose",
    [
        # code, formulas, values, addresses, comments, quotations
        "See `0.7153` and $0.7153$ and $$0.7153$$ and `{python} acc:.4f` and {eval}`acc`.",
        "[There](https://example.org/0.7153) and <https://example.org/0.7153>.",
        '[There](# "0.7153") <!-- 0.7153 --> <b data-x="0.7153">is</b>',
        "> They report 0.7153 there.",
        "They report “an accuracy of 0.7153” there.",
        'They report "an accuracy of 0.7153" there.',
        "I read *Catch 0.7153 in the Rye* once.",
        # years, dates, times, ages
        "In 2019, since 1893 and by 2018; 2019-06-02, 2 June 2019, June 30, 26 Sept 2016.",
        "From 1998 to 2003 (1999), the 1980s, 1914–1918.",
        "At 12:30 or 12:30:05, at 11 am, at 11.30 p.m., after 45 o'clock.",
        "She was aged 34, a man 67 years old and a 67-year-old.",
        # labels, names, versions, ordinals
        "See section 3.2, Figures 21 and 22, eq. 45, chapter 33, page 217, step 44, § 433, #433.",
        "With Python 3.11 to 3.14, version 2.10, numpy 2.1, R 4.3, Keras 3.11.7, float32, x1, H2O.",
        "## 2.15 The method\n\nBy HTTP/1.1 alone.\n\n## 31. The end",
        "COVID-19, GPT-4, MI6, the HAL 9000, a Boeing 747, in CIFAR 100; the 21st, 42nd.",
        # choices and inputs
        "A network of 2 hidden units and 3 layers, with 10 inputs, in 9 steps.",
        "A 64-bit float, a 28 × 28 image, a 640x480 one, 32 by 48, 1024 or 256, 24/7.",
        "Of 10,000, 100 or 1000; 10 000 pages; 0.01, 1e-05, 10⁻⁹, 100 %, 0 %.",
        "It has 365 days, 24 hours and 50 weeks, and 34 people, for $12.50 or 3.25 euros.",
        "It is 43.2 % in [a study](https://example.org/) of that.",
        "It is 43.2 % there.[^1]\n\n[^1]: In a book.",
        "A confidence of 95 %, a rate of 0.4, about 30 %, half (50 %).",
        "nan and inf and NaN.",
        # silenced
        "It is [43.2 %]{.typed} and [*44.5* then 45.6]{.typed #x}.",
        "<!-- typed: 43.2, 44.5 -->\nIt is 43.2 % and 44.5.",
        "<!-- typed: 43.2, 44.5 -->\n\nIt is 43.2 % and\n44.5.",
        "It is 43.2 % <!-- typed: 43.2 --> there.",
        "<!-- typed -->\n\n- It is 43.2 %\n- or 44.5\n    - and 45.6",
        "<!-- typed -->\n\n| a |\n|---|\n| 43.2 |\n| 44.5 |",
        "<!-- typed -->\n\n## Of 43.2 %",
    ],
)
def test_what_is_no_result_is_left_alone(prose: str) -> None:
    assert found(prose) == []


def test_a_comment_silences_its_block_and_its_numbers_alone() -> None:
    assert found("<!-- typed: 43.2 -->\n\nIt is 43.2 or 44.5.") == [("44.5", False)]
    assert found("<!-- typed -->\n\nIt is 43.2.\n\nIt is 44.5.") == [("44.5", False)]
    assert found("It is 43.2 <!-- typed: 43.2 -->.\n\nIt is 43.2.") == [("43.2", False)]
    assert found("<!-- a remark -->\n\nIt is 43.2.") == [("43.2", False)]
    assert found("<!-- typed -->\n\n- It is 43.2.\n- 43.3\n\nIt is 44.5.") == [("44.5", False)]


def test_a_comment_above_a_cell_silences_its_captions() -> None:
    cell = "```python\n#| label: fig-a\n#| fig-cap: Of 43.2 %\n#| fig-alt: A\nshow()\n```\n"
    assert found("Text.", code=cell) == [("43.2 %", False)]
    assert found("Text.", code=f"<!-- typed -->\n\n{cell}") == []
    assert found("Text.", code=f"<!-- typed: 43.2 -->\n{cell}") == []


@pytest.mark.parametrize(
    ("code", "prose"),
    [
        ("fit(epochs=5_400, rate=0.35)", "It takes 5,400 epochs at a rate of 0.35."),
        ("cut = 0.30", "They save 30 % of it."),
        ("np.percentile(x, 62.5)", "That is 62.5 % of them."),
        ('label("43.2 % of 5,400")', "It says 43.2 % of 5400."),
        ("assert acc > 0.65", "It is above 0.65, that is 65 %."),
        ("%time f(0.35)", "With 0.35 it is fast."),
        ("no python at all: 0.35", "With 0.35 it is fast."),
        ("x = 0.35\n```\n\n```toml\nlimit = 4.75", "The limit is 4.75."),
    ],
)
def test_numbers_that_the_code_states_are_inputs(code: str, prose: str) -> None:
    assert found(prose, "x 0.35\n5,400 epochs\n", f"```python\n{code}\n```\n") == []


def test_numbers_of_formulas_are_inputs_and_those_of_formats_and_comments_are_not() -> None:
    assert found("Let $T = 4.75$. At 4.75 it is so.") == []
    code = '```python\n# about 0.75\nprint(f"{x:8.2f}")\n```\n'
    assert found("It is 0.75 or 8.2.", "0.75", code) == [("0.75", True), ("8.2", False)]


def test_an_input_that_is_shown_more_precisely_is_a_result() -> None:
    code = "```python\nx = 1\nassert y > 0.8\nprint(y)\n```\n"
    assert found("It is 1.0000 and 80.0 %.", "1.0000\n0.800", code) == [
        ("1.0000", True),
        ("80.0 %", True),
    ]


def test_the_sentence_of_a_claim_may_state_what_it_proves() -> None:
    assert found("[It is above 43.2 %]{claim='acc > 0.432'}.") == []
    assert found("[It is above 43.2 %]{claim='acc > 0.5'}.") == [("43.2 %", False)]
    code = "```python\n#| claim: It is above 43.2 %\nassert acc > 0.432\n```\n"
    assert found("Text.", code=code) == []


def test_a_year_is_a_result_only_where_no_year_can_stand() -> None:
    code = "```python\nshow()\n```\n"
    assert found("It took 1847 comparisons.", "1847", code) == [("1847", True)]
    assert found("It was in 1847.", "1847", code) == []
    assert found("It was 1847 then.", "1848", code) == []


def test_numbers_may_have_decimal_commas_where_the_language_has() -> None:
    assert found("Es sind 71,5 % davon.", front="lang: de\n") == [("71,5 %", True)]
    assert found("Es sind 1.234,56 davon.", "1234.56", front="lang: de\n") == [("1.234,56", True)]
    assert found("Es sind 0.715 davon.", front="lang: de-CH\n") == [("0.715", True)]
    assert found("The pair 71,5 is not one.") == []


@pytest.mark.parametrize(
    "body", ["It is 43.2 %.\n", "```python .noeval\nf()\n```\n\nIt is 43.2 %.\n"]
)
def test_a_post_that_ran_nothing_has_no_results(body: str) -> None:
    post = post_of(body)
    assert typed_numbers(post, Execution(tuple(() for _ in post.cells), None)) == []


def test_a_long_output_is_no_trouble() -> None:
    """Were each number held against each of these, this would take minutes."""
    printed = "\n".join(f"{number / 7:.6f}" for number in range(60_000))
    prose = " ".join(f"It is {number / 7:.3f}." for number in range(10_000, 10_300))
    assert len(found(prose, printed, "```python\nshow()\n```\n")) == 300


# The blog.


@pytest.fixture(scope="module")
def executed(blog: Served) -> list[tuple[Post, Execution]]:
    """The repository's own posts that have cells, run."""
    site = load_site(ROOT)
    sources, _ = read_sources(site)
    posts = [post for source in sources if (post := parse(site, source)).runs]
    with Store(blog.cache) as store:
        outcomes = execute(posts, site, store=store, jobs=2)
    pairs = [(post, outcomes[post.source.path].execution) for post in posts]
    return [(post, execution) for post, execution in pairs if execution]


def test_no_result_is_typed_in_the_blog(executed: list[tuple[Post, Execution]]) -> None:
    assert len(executed) >= 7
    problems = [problem for post, each in executed for problem in typed_numbers(post, each)]
    assert problems == []


def test_nine_in_ten_planted_results_are_found(executed: list[tuple[Post, Execution]]) -> None:
    """Each value and each number of a line of output, typed into a copy of its post."""
    planted, missed = 0, []
    for post, execution in executed:
        for form in _typed_forms(post, execution):
            planted += 1
            if form not in _reported(post, execution, f"It came to {form} in the end."):
                missed.append((post.source.path, form))
    assert planted >= 100
    assert len(missed) <= planted / 10, missed


def test_nine_in_ten_values_typed_in_their_place_are_found(
    executed: list[tuple[Post, Execution]],
) -> None:
    """The text of each value in the place of the value; it remains in the outputs."""
    planted, missed = 0, []
    for post, execution in executed:
        for expression, value in zip(post.expressions, execution.values, strict=True):
            text = value.text
            written = _written(post, expression)
            if written and _is_result(post, text):
                planted += 1
                line = expression.line
                lines = post.source.text.split("\n")
                lines[line - 1] = lines[line - 1].replace(written, text, 1)
                if text not in _reported_in(post, execution, "\n".join(lines)):
                    missed.append((post.source.path, written, text))
    assert planted >= 10
    assert len(missed) <= planted / 10, missed


def test_nine_in_ten_planted_numbers_that_nothing_gave_are_found(
    executed: list[tuple[Post, Execution]],
) -> None:
    draw = random.Random(7)
    planted, missed = 0, []
    for post, execution in executed:
        for _ in range(12):
            form = draw.choice(["{:.1f} %", "{:.2f}", "{:.3f}", "{:,.0f}"])
            text = form.format(draw.uniform(2100, 9999) / (1 if "," in form else 100))
            planted += 1
            if text not in _reported(post, execution, f"It came to {text} in the end."):
                missed.append((post.source.path, text))
    assert len(missed) <= planted / 10, missed


def _is_result(post: Post, text: str) -> bool:
    """Whether a text is one number that this lint calls a result: no input, no small count."""
    numbers = numbers_in(text)
    if len(numbers) != 1 or not numbers[0].value.is_finite():
        return False
    (number,) = numbers
    return not (
        is_stated(number, stated_numbers(post))
        or (number.exact and abs(number.value) < 10)
        or Decimal(1) in (abs(number.value), abs(number.share))
        or not number.value
    )


def _typed_forms(post: Post, execution: Execution) -> Iterator[str]:
    """What an author would type for some of the numbers that a post shows."""
    draw = random.Random(post.source.path)
    texts = [value.text for value in execution.values if value.text]
    for outputs in execution.outputs:
        for output in outputs:
            if output.kind == "stdout":
                numbers = numbers_in(output.text)
                chosen = draw.sample(numbers, min(6, len(numbers)))
                texts += [n.text + " %" * n.percent for n in chosen]
    forms = dict.fromkeys(form for text in texts for form in _forms(text))
    yield from (form for form in forms if _is_result(post, form))


def _forms(text: str) -> Iterator[str]:
    """A number as displayed, rounded by a digit, and as a percentage if it may be a share."""
    numbers = numbers_in(text)
    if len(numbers) != 1:
        return
    (number,) = numbers
    decimals = -int(number.unit.adjusted())
    yield text.strip().rstrip(".")
    if decimals >= 3 and "e" not in text:
        rounded = round(number.value, decimals - 1)
        if len(str(rounded).lstrip("-0.")) >= 2:
            yield f"{rounded}"
        if abs(number.value) < 1 and abs(rounded) * 100 >= 1:
            yield f"{number.value:.{decimals - 2}%}"


def _reported(post: Post, execution: Execution, sentence: str) -> list[str]:
    return _reported_in(post, execution, f"{post.source.text}\n\n{sentence}\n")


def _reported_in(post: Post, execution: Execution, text: str) -> list[str]:
    changed = parse(load_site(ROOT), dataclasses.replace(post.source, text=text))
    # What the author typed anew; its cells gave what they gave.
    problems = typed_numbers(dataclasses.replace(post, tokens=changed.tokens, source=changed.source,
                                                 front_matter=changed.front_matter,
                                                 cells=changed.cells), execution)  # fmt: skip
    return [re.findall(r"'(.+?)'", problem.message)[0] for problem in problems]


def _written(post: Post, expression: Expression) -> str:
    """A value as it stands in its line; empty if that is no plain prose of the body."""
    line = post.source.line_text(expression.line)
    start = line.rfind("`{python}", 0, expression.column)
    end = line.find("`", expression.column)
    if expression.kind != "value" or expression.origin or start < 0 or end < 0:
        return ""
    if line[start - 1 : start] == "$" or line[end + 1 : end + 2] == "{":
        return ""
    return line[start : end + 1]


# The command.


def test_the_command_prints_what_it_finds_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "site.toml").write_text('title = "T"\nurl = "https://example.org/"\n')
    head = "---\ntitle: T\ndate: 2020-01-01\n---\n"
    body = '```python\nacc = 0.5 + 0.2153\nprint(f"acc = {acc:.4f}")\n```\n\nIt is {} so.\n'
    post = tmp_path / "posts" / "typed.md"
    post.write_text(head + body.replace("{} so", "71.5 % so"))
    other = head.replace("title: T", "title: U")
    (tmp_path / "posts" / "plain.md").write_text(f"{other}It is 71.5 %.\n")

    assert cli.main(["check", "-C", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert "warning[V008]: '71.5 %' is typed, and equals" in printed.err
    assert "--> posts/typed.md:10:7" in printed.err
    assert "`{python} acc:.1%`" in printed.err
    assert printed.out.endswith(" checked: 1 finding (typed number 1)\n")

    post.write_text(head + body.replace("{} so", "`{python} acc:.1%` so"))
    assert cli.main(["check", "-C", str(tmp_path), "typed"]) == 0
    told = capsys.readouterr().out
    assert (told.startswith("1 post, "), told.endswith(" checked: nothing found\n")) == (True, True)
    assert not (tmp_path / "public").exists()


def test_the_command_tells_all_in_one_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "site.toml").write_text('title = "T"\nurl = "https://example.org/"\n')
    head = "---\ntitle: T\ndate: 2020-01-01\n---\n"
    cells = {
        "fails": "1 / 0\n```\n",
        "mistaken": "n = 1\n```\n\nIt is `{python} n = 3`.\n",
        "typed": "print('acc', 0.5 + 0.2153)\n```\n\nIt is 0.7153.\n",
    }
    for name, text in cells.items():
        own = head.replace("title: T", f"title: {name}")
        (tmp_path / "posts" / f"{name}.md").write_text(f"{own}```python\n{text}")

    assert cli.main(["check", "-C", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    places = ("--> posts/fails.md:6", "--> posts/mistaken.md", "--> posts/typed.md:9")
    assert [place for place in places if place not in printed.err] == []
    assert "2 problems in the way of looking at more\n" in printed.out

    assert cli.main(["check", "-C", str(tmp_path), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["format"], document["version"]) == ("site-builder check", 1)
    assert [finding["file"] for finding in document["findings"]] == ["posts/typed.md"]
    assert [each["file"] for each in document["failed"]] == ["posts/fails.md", "posts/mistaken.md"]


def test_the_command_says_what_is_wrong_with_a_post(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "site.toml").write_text('title = "T"\nurl = "https://example.org/"\n')
    head = "---\ntitle: T\ndate: 2020-01-01\n---\n"
    (tmp_path / "posts" / "a.md").write_text(f"{head}```python\n1 / 0\n```\n")
    assert cli.main(["check", "-C", str(tmp_path)]) == 1
    assert "posts/a.md:6" in capsys.readouterr().err
    assert cli.main(["check", "-C", str(tmp_path), "nothing-like-it"]) == 2
