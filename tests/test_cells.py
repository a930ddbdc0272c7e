"""Cells: which fences run in each dialect, with which options, from which line."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.errors import ContentError
from site_builder.model.cell_options import CellOptions
from site_builder.model.post import Cell, Source
from site_builder.settings.site import Site, load_site
from site_builder.settings.tables import Execution, Settings

ROOT = Path(__file__).parents[1]
HEAD = "---\ntitle: T\ndate: 2020-01-01\n---\n"


def site(**execution: Any) -> Site:
    settings = Settings("T", "https://example.org/", execution=Execution(**execution))
    return Site(Path("/nowhere"), settings)


def cells(body: str, head: str = HEAD, **more: Any) -> tuple[Cell, ...]:
    return parse(site(**more), Source("posts/a.md", head + body)).cells


def faults(body: str, head: str = HEAD) -> list[tuple[int, int, str]]:
    with pytest.raises(ContentError) as caught:
        parse(site(), Source("posts/a.md", head + body))
    return [(p.line, p.column, p.message) for p in caught.value.problems]


def fence(info: str, *lines: str) -> str:
    return "\n".join((f"```{info}", *lines, "```", ""))


# Which fences are cells.


@pytest.mark.parametrize("info", ["python", "py", "python3", "Python", " python", "python  "])
def test_in_a_plain_post_what_a_reader_sees_as_python_runs(info: str) -> None:
    [cell] = cells(fence(info, "x = 1"))
    assert (cell.code, cell.language, cell.number, cell.line) == ("x = 1\n", "python", 1, 6)


@pytest.mark.parametrize(
    "info",
    [
        "python .noeval",
        "python {.noeval}",
        'python active="md"',
        'python tags=["active-py"]',
        "{.python}",
        "{{python}}",
        "{code} python",
        "",
        "bash",
        "pycon",
        "json",
    ],
)
def test_other_fences_are_shown_only(info: str) -> None:
    assert cells(fence(info, "x = 1")) == ()


def test_tildes_show_without_running() -> None:
    assert cells("~~~python\nx = 1\n~~~\n") == ()


@pytest.mark.parametrize("marked", ["{python}", "{code-cell}", "{code-cell} ipython3"])
def test_where_a_fence_is_marked_only_marked_ones_run(marked: str) -> None:
    found = cells(fence("python", "shown = 1") + fence(marked, "run = 1"))
    assert [cell.code for cell in found] == ["run = 1\n"]


def test_the_dialects_may_be_mixed() -> None:
    found = cells(fence("{python}", "a") + fence("{code-cell}", "b") + fence("python", "c"))
    assert [(cell.number, cell.code) for cell in found] == [(1, "a\n"), (2, "b\n")]


def test_a_site_or_a_source_can_run_marked_fences_only() -> None:
    body = fence("python", "x")
    assert cells(body, fences="marked") == ()
    source = Source("posts/a.md", HEAD + body, marked=True)
    assert parse(site(), source).cells == ()


def test_a_kernel_runs_marked_fences_of_any_language() -> None:
    head = HEAD.replace("date", "kernel: ir\ndate")
    body = fence("{r}", "#| echo: false", "x <- 1") + fence("{code-cell}", "y") + fence("r", "z")
    found = cells(body, head)
    assert [(c.code, c.language) for c in found] == [("x <- 1\n", "r"), ("y\n", "r")]
    assert found[0].options.echo is False


def test_tokens_know_their_cells() -> None:
    body = fence("bash", "ls") + fence("python", "x") + fence("python .noeval", "y")
    post = parse(site(), Source("posts/a.md", HEAD + body))
    fences = [token for token in post.tokens if token.type == "fence"]
    assert [token.meta.get("cell") for token in fences] == [None, 1, None]
    assert [token.meta["language"] for token in fences] == ["bash", "python", "python"]


def test_cells_stand_in_colon_containers_too() -> None:
    [cell] = cells(":::{note}\n" + fence("python", "x = 1") + ":::\n")
    assert cell.line == 7


# Lines: what a traceback names must be the post's line.


@pytest.mark.parametrize(
    "body",
    [
        fence("python", "assert False"),
        fence("python", "#| echo: false", "#| label: fig-a", "", "assert False"),
        fence("{code-cell}", ":tags: [hide-input]", "", "assert False"),
        fence("{code-cell}", "---", "tags: [hide-input]", "---", "assert False"),
        "Text\n\n" + fence("{python}", "#| echo: false", "assert False"),
    ],
)
def test_code_compiled_below_its_line_fails_in_the_posts_line(body: str) -> None:
    text = HEAD + body
    [cell] = cells(body)
    code = compile("\n" * (cell.line - 1) + cell.code, "post", "exec")
    with pytest.raises(AssertionError) as caught:
        exec(code, {})
    assert text.split("\n")[caught.traceback[-1].lineno] == "assert False"


def test_a_cell_of_options_only_has_no_code() -> None:
    [cell] = cells(fence("python", "#| eval: false"))
    assert (cell.code, cell.options.eval) == ("", False)


def test_a_longer_fence_holds_shorter_ones() -> None:
    [cell] = cells('````python\ns = """\n```\n"""\n````\n')
    assert cell.code == 's = """\n```\n"""\n'


# Options.

OPTIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("echo", "false", {"echo": False}),
    ("eval", "false", {"eval": False}),
    ("output", "false", {"output": False}),
    ("output", "asis", {"output": "asis"}),
    ("include", "false", {"include": False}),
    ("error", "true", {"error": True}),
    ("warning", "false", {"warning": False}),
    ("label", "fig-loss", {"label": "fig-loss"}),
    ("fig-cap", '"A: loss"', {"fig_cap": ("A: loss",)}),
    ("fig-cap", '["A", "B"]', {"fig_cap": ("A", "B")}),
    ("fig-alt", '""', {"fig_alt": ("",)}),
    ("fig-alt", '["a", "b"]', {"fig_alt": ("a", "b")}),
    ("fig-width", "5", {"fig_width": 5.0}),
    ("fig-height", "2.5", {"fig_height": 2.5}),
    ("code-fold", "true", {"code_fold": True}),
    ("code-line-numbers", "true", {"code_line_numbers": True}),
    ("code-line-numbers", "1", {"code_line_numbers": "1"}),
    ("code-line-numbers", '"1,1"', {"code_line_numbers": "1,1"}),
    ("code-line-numbers", '["1", "1-1"]', {"code_line_numbers": ("1", "1-1")}),
    ("filename", "train.py", {"filename": "train.py"}),
    ("tbl-cap", '"T"', {"tbl_cap": "T"}),
    ("timeout", "10", {"timeout": 10.0}),
]


@pytest.mark.parametrize(("key", "value", "expected"), OPTIONS)
@pytest.mark.parametrize(
    "write",
    [
        lambda key, value: fence("python", f"#| {key}: {value}", "x = 1"),
        lambda key, value: fence("python", f"# | {key}: {value}", "x = 1"),
        lambda key, value: fence("{python}", f"#|{key}: {value}", "x = 1"),
        lambda key, value: fence("{code-cell}", f"#| {key}: {value}", "x = 1"),
        lambda key, value: fence("{code-cell} python", f":{key}: {value}", "x = 1"),
        lambda key, value: fence("{code-cell}", "---", f"{key}: {value}", "---", "x = 1"),
        lambda key, value: fence(f"python {key}={value}", "x = 1"),
        lambda key, value: fence(f"python {{{key}={value}}}", "x = 1"),
    ],
    ids=["plain", "spaced", "quarto", "myst #|", "myst :key:", "myst ---", "jupytext", "braces"],
)
def test_every_option_in_every_dialect(
    write: Any, key: str, value: str, expected: dict[str, Any]
) -> None:
    [cell] = cells(write(key, value))
    assert cell.options == CellOptions(**expected)
    assert cell.code == "x = 1\n"


LINES = [
    ("0", "'0' is no line and no range of lines"),
    ("3-2", "'3-2' is no line and no range of lines"),
    ("one", "'one' is no line and no range of lines"),
    ("1,", "'' is no line and no range of lines"),
    ("1.5", "'1.5' is no line and no range of lines"),
    ("99999999999999999999", "'99999999999999999999' is no line and no range of lines"),
    ("1,3-4", "there is no line 4 to be marked: the code has 1 to 3"),
]


@pytest.mark.parametrize(("value", "message"), LINES)
def test_lines_that_are_none_are_told(value: str, message: str) -> None:
    code = ("x = 1", "", "y = 2")
    assert faults(fence("python", f'#| code-line-numbers: "{value}"', *code)) == [(6, 4, message)]
    info = f'rust code-line-numbers="{value}"'
    assert faults(fence(info, *code)) == [(5, 28, message)]


def test_the_first_line_has_a_number() -> None:
    (fault,) = faults(fence('rust {.numberLines startFrom="x"}', "a"))
    assert fault == (5, 34, "'x' is no number for the first line")
    (fault,) = faults(fence('rust {startFrom="9" code-line-numbers="1"}', "a"))
    assert fault[2] == "there is no line 1 to be marked: the code has 9 to 9"


def test_pandocs_class_numbers_the_lines_of_a_cell() -> None:
    [cell] = cells(fence("python {.numberLines}", "x = 1"))
    assert cell.options == CellOptions(code_line_numbers=True)


TAGS: list[tuple[str, dict[str, Any]]] = [
    ("remove-input", {"echo": False}),
    ("remove-output", {"output": False}),
    ("remove-cell", {"include": False}),
    ("remove-stderr", {"warning": False}),
    ("hide-input", {"code_fold": True}),
    ("skip-execution", {"eval": False}),
    ("raises-exception", {"error": True}),
    ("remove_input", {"echo": False}),
    ("hide_input", {"code_fold": True}),
    ("remove_output", {"output": False}),
    ("remove_cell", {"include": False}),
    ("somebody-elses", {}),
]


@pytest.mark.parametrize(("tag", "expected"), TAGS)
@pytest.mark.parametrize(
    "write",
    [
        lambda tag: fence("{code-cell}", f":tags: [{tag}]", "x"),
        lambda tag: fence("{code-cell}", "---", f"tags: [{tag}]", "---", "x"),
        lambda tag: fence(f'python tags=["{tag}"]', "x"),
        lambda tag: fence("python", f"#| tags: [{tag}]", "x"),
    ],
)
def test_tags_are_options(write: Any, tag: str, expected: dict[str, Any]) -> None:
    [cell] = cells(write(tag))
    assert cell.options == CellOptions(**expected)


def test_myst_names_of_captions() -> None:
    [cell] = cells(fence("{code-cell}", ":caption: Loss", ":alt: Falls", ":name: fig-a", "x"))
    assert cell.options == CellOptions(fig_cap=("Loss",), fig_alt=("Falls",), label="fig-a")


def test_options_may_span_lines() -> None:
    [cell] = cells(fence("python", "#| fig-cap: >", "#|   One", "#|   two.", "#| echo: false", "x"))
    assert cell.options == CellOptions(fig_cap=("One two.\n",), echo=False)


def test_a_comment_further_down_is_code() -> None:
    [cell] = cells(fence("python", "x = 1", "#| echo: false"))
    assert cell.options == CellOptions()
    assert cell.code == "x = 1\n#| echo: false\n"


# Mistakes.


@pytest.mark.parametrize(
    ("body", "line", "column", "message"),
    [
        (fence("python", "#| lable: x"), 6, 4, "unknown option 'lable'"),
        (fence("python", "# | lable: x"), 6, 5, "unknown option 'lable'"),
        (fence("{code-cell}", ":lable: x"), 6, 2, "unknown option 'lable'"),
        (fence("{code-cell}", "---", "lable: x", "---"), 7, 1, "unknown option 'lable'"),
        (fence("python lable=1"), 5, 11, "unknown option 'lable'"),
        (fence("python echo"), 5, 11, "the option 'echo' has no value"),
        (fence("python ]["), 5, 11, "cannot read ']['"),
        (fence("python", "#| echo: 5"), 6, 4, "option 'echo' should be true or false, not 5"),
        (fence("python", "#| echo: no"), 6, 4, "option 'echo' should be true or false, not 'no'"),
        (
            fence("python", "#| output: all"),
            6,
            4,
            "option 'output' should be true or false or 'asis', not 'all'",
        ),
        (
            fence("python", "#| timeout: 0"),
            6,
            4,
            "option 'timeout' should be greater than 0, not 0",
        ),
        (
            fence("python", "#| fig-width: -1"),
            6,
            4,
            "option 'fig-width' should be greater than 0, not -1",
        ),
        (
            fence("python", "#| label: 9 a"),
            6,
            4,
            "a label is letters, digits, '-', '_', '.' and ':', not '9 a'",
        ),
        (fence("python", "#| fig-cap: [a"), 6, 13, "not YAML: did not find expected ',' or ']'"),
        (
            fence("python", "#| echo: true", "#| fig-cap: a: b"),
            7,
            14,
            "not YAML: mapping values are not allowed in this context",
        ),
        (fence("python", "#| hello"), 6, 4, "expected lines like 'key: value'"),
        (fence("python", "#| echo: true", "#| echo: true"), 7, 4, "'echo' is given twice"),
        (fence("python echo=true", "#| echo: true"), 6, 4, "the option 'echo' is given twice"),
        (fence("{code-cell}", "---", "x"), 6, 1, "the block of options is not closed"),
        (
            fence("python", "#| label: a") + fence("python", "#| label: a"),
            8,
            0,
            "the label 'a' is given twice",
        ),
        ("## A {#a}\n" + fence("python", "#| label: a"), 5, 0, "the label 'a' is given twice"),
        (fence("{python, echo=FALSE}", "x"), 5, 11, "options in the braces are not read"),
        (fence("{python echo=FALSE}", "x"), 5, 12, "options in the braces are not read"),
        (fence("{r}", "x"), 5, 5, "there is no kernel to run a cell of 'r'"),
        (fence("{code-cell} julia", "x"), 5, 16, "there is no kernel to run a cell of 'julia'"),
        (fence("{pyhton}", "x"), 5, 5, "unknown directive 'pyhton'"),
        ("~~~{python}\nx\n~~~\n", 5, 1, "a cell's fence is of backticks, not tildes"),
        (":::{code-cell}\nx\n:::\n", 5, 1, "a cell's fence is of backticks, not colons"),
        ("```python\nx = 1\n", 5, 1, "this fence is never closed"),
        ("Text\n\n```bash\nx\n", 7, 1, "this fence is never closed"),
    ],
)
def test_each_mistake_is_named_at_its_place(
    body: str, line: int, column: int, message: str
) -> None:
    assert faults(body) == [(line, column, message)]


@pytest.mark.parametrize(
    "body",
    [
        "- item\n\n  ```python\n  x\n  ```\n",
        "> quote\n>\n> ```python\n> x\n> ```\n",
        "````{note}\n```python\nx\n```\n````\n",
        "text\n\n  ```python\n  x\n  ```\n",
    ],
)
def test_a_cell_away_from_the_margin_is_a_mistake(body: str) -> None:
    [(_, _, message)] = faults(body)
    expected = "a cell must stand at the left margin, outside of lists, quotations and fences"
    assert message == expected
    assert cells(body.replace("python", "python .noeval")) == ()


def test_all_mistakes_come_in_one_go() -> None:
    body = fence("python", "#| lable: x", "#| echo: 5") + fence("{nte}", "x") + "![](gone.png)\n"
    assert [line for line, _, _ in faults(body, HEAD.replace("title", "titel"))] == [
        1,
        2,
        6,
        7,
        9,
        12,
    ]


# jupytext sees the same cells.

PLAIN = (
    HEAD
    + "Text with `code`.\n\n"
    + fence("python", "#| echo: false", "a = 1", "", "", "b = 2")
    + "\n- item\n\n"
    + fence("python .noeval", "shown")
    + fence('python fig-cap="One two"', "c = 3")
    + "~~~python\nshown\n~~~\n\n> quote\n\n"
    + fence("text", "out")
    + fence("bash", "pip install x") * 5
    + ":::{note}\n"
    + fence("python", "d = 4")
    + ":::\n"
)
MYST = (
    HEAD
    + fence("python", "shown")
    + fence("{code-cell} ipython3", ":tags: [hide-input]", "", "a = 1")
    + "Text\n\n"
    + fence("{code-cell}", "---", "tags: [remove-input]", "---", "b = 2")
    + ":::{note}\n"
    + fence("{code-cell}", "#| echo: false", "c = 3")
    + ":::\n"
)
QUARTO = (
    HEAD
    + fence("python", "shown")
    + fence("{python}", "#| label: fig-a", "a = 1")
    + "::: {.callout-note}\nText\n:::\n\n"
    + fence("{python}", "b = 2", "", "c = 3")
)


def jupytext_codes(text: str, extension: str, name: str) -> list[str]:
    import jupytext

    # Else the language of most fences would be the notebook's.
    kernel = "jupyter:\n  kernelspec: {name: python3, display_name: P, language: python}\n"
    text = text.replace("---\n", f"---\n{kernel}", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        notebook = jupytext.reads(text, fmt={"extension": extension, "format_name": name})
    codes = [bare(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    # Fences of other languages are cells to jupytext, with a magic that names the language.
    return [code for code in codes if not re.match(r"%%[\w+#-]+(\n|\Z)", code)]


def bare(code: str) -> str:
    """Code without option lines, which are ours, and without the blank lines around it."""
    return re.sub(r"\A(?:\s*#\s?\|.*\n?)+", "", code).strip("\n")


def format_of(text: str) -> tuple[str, str]:
    if "```{code-cell}" in text:
        return ".md", "myst"
    return (".Rmd", "rmarkdown") if "```{python}" in text else (".md", "markdown")


@pytest.mark.parametrize("text", [PLAIN, MYST, QUARTO], ids=["plain", "myst", "quarto"])
def test_jupytext_sees_the_cells_of_each_dialect(text: str) -> None:
    ours = [bare(cell.code) for cell in parse(site(), Source("posts/a.md", text)).cells]
    assert len(ours) >= 2
    assert jupytext_codes(text, *format_of(text)) == ours


def test_jupytext_sees_the_cells_of_every_post() -> None:
    blog = load_site(ROOT)
    sources, problems = read_sources(blog)
    assert problems == ()
    for source in sources:
        if source.lines:
            continue  # jupytext made this text itself
        ours = [bare(cell.code) for cell in parse(blog, source).cells]
        theirs = jupytext_codes(source.text, *format_of(source.text))
        assert theirs == ours, source.path
