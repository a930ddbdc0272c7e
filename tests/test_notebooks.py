"""Notebooks and scripts: the same cells as in Markdown, and lines of the file itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from site_builder.content.notebooks import read_notebook, read_script
from site_builder.content.parse import parse
from site_builder.errors import ContentError
from site_builder.model.post import Post, Source
from site_builder.settings.site import Site
from site_builder.settings.tables import Settings

HEAD = ["---\n", "title: T\n", "date: 2020-01-01\n", "---"]


def cell(kind: str, source: list[str] | str, **metadata: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "metadata": metadata, "source": source}
    if kind == "code":
        # Outputs stand before the source in files, and may hold the same texts.
        text = {"output_type": "stream", "name": "stdout", "text": ["x = 1\n", '"source"\n']}
        made = {"outputs": [text], "execution_count": 3, **made}
    return made


def notebook(*cells: dict[str, Any], **metadata: Any) -> str:
    named = [{**made, "id": f"cell-{number}"} for number, made in enumerate(cells)]
    made = {"cells": named, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def understood(source: Source) -> Post:
    return parse(Site(Path("/nowhere"), Settings("T", "https://example.org/")), source)


def message(read: Any, *arguments: str) -> str:
    with pytest.raises(ContentError) as caught:
        understood(read(*arguments))
    [problem] = caught.value.problems
    return f"{problem.file}:{problem.line}: {problem.message}"


WHOLE = notebook(
    cell("raw", HEAD),
    cell("markdown", ["# Heading\n", "\n", "Text with ünicode."]),
    cell("code", ["#| echo: false\n", "x = 1\n", "\n", "print(x)"]),
    cell("code", "y = '''\n```\n'''\n", tags=["remove-input", "mine"]),
    cell("code", []),
    cell("raw", ["\\LaTeX"]),
    cell("raw", ["<b>bold</b>"], raw_mimetype="text/html"),
)


def test_a_notebook_is_a_post() -> None:
    post = understood(read_notebook("posts/a.ipynb", WHOLE))
    assert post.front_matter.title == "T"
    assert [c.code for c in post.cells] == ["x = 1\n\nprint(x)\n", "y = '''\n```\n'''\n"]
    assert [c.options.echo for c in post.cells] == [False, False]
    assert "ünicode" in post.source.text
    assert "<b>bold</b>" in post.source.text
    assert "LaTeX" not in post.source.text
    assert post.slug == "a"


def test_jupytext_sees_the_same_cells() -> None:
    import jupytext

    theirs = [c.source for c in jupytext.reads(WHOLE, fmt="ipynb").cells if c.cell_type == "code"]
    ours = [c.code.rstrip("\n") for c in understood(read_notebook("posts/a.ipynb", WHOLE)).cells]
    theirs = [code.removeprefix("#| echo: false\n").rstrip("\n") for code in theirs if code]
    assert theirs == ours


def test_every_line_of_a_notebook_is_found_in_its_file() -> None:
    source = read_notebook("posts/a.ipynb", WHOLE)
    file_lines = WHOLE.split("\n")
    checked = 0
    for number, text in enumerate(source.text.split("\n"), start=1):
        if text.strip() and not text.startswith(("```", ":tags:", "y", "'''")):
            assert (
                json.dumps(text, ensure_ascii=False)[1:-1]
                in file_lines[source.file_line(number) - 1]
            )
            checked += 1
    assert checked > 8
    [line] = [n for n, text in enumerate(file_lines, start=1) if '"print(x)"' in text]
    first = understood(source).cells[0]
    assert source.file_line(first.line + 2) == line


def test_ascii_notebooks_and_notebooks_on_one_line() -> None:
    flat = json.dumps(json.loads(WHOLE))
    source = read_notebook("posts/a.ipynb", flat)
    assert source.text == read_notebook("posts/a.ipynb", WHOLE).text
    assert set(source.lines) == {1}


def test_a_markdown_cell_may_hold_the_front_matter() -> None:
    text = notebook(cell("markdown", [*HEAD, "\n", "Text."]), cell("code", ["x = 1"]))
    post = understood(read_notebook("posts/a.ipynb", text))
    assert post.front_matter.title == "T"
    assert len(post.cells) == 1


def test_a_notebook_of_another_language_names_its_kernel() -> None:
    spec = {"name": "ir", "language": "R", "display_name": "R"}
    text = notebook(cell("raw", HEAD), cell("code", ["x <- 1"]), kernelspec=spec)
    post = understood(read_notebook("posts/a.ipynb", text))
    assert post.front_matter.kernel == "ir"
    assert [(c.code, c.language) for c in post.cells] == [("x <- 1\n", "r")]


def test_a_mistake_in_a_cell_is_at_the_files_line() -> None:
    text = notebook(cell("raw", HEAD), cell("code", ["x = 1"]), cell("code", ["#| ecko: 1\n", "y"]))
    [line] = [n for n, t in enumerate(text.split("\n"), start=1) if "ecko" in t]
    assert message(read_notebook, "a.ipynb", text) == f"a.ipynb:{line}: unknown option 'ecko'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "a.ipynb:1: not a notebook: the JSON is damaged"),
        ('{\n "a": }', "a.ipynb:2: not a notebook: the JSON is damaged"),
        ("<<<<<<< HEAD\n{}", "a.ipynb:1: not a notebook: the JSON is damaged"),
        ("[" * 100000, "a.ipynb:0: not a notebook: nested too deeply"),
        ("[]", "a.ipynb:0: not a notebook"),
        ("{}", "a.ipynb:0: not a notebook"),
        ('{"nbformat": 3, "worksheets": []}', "a.ipynb:0: the notebook is of format 3"),
        ('{"nbformat": 4}', "a.ipynb:0: not a notebook: its cells are damaged"),
        ('{"nbformat": 4, "cells": [1]}', "a.ipynb:0: not a notebook: its cells are damaged"),
        (
            '{"nbformat": 4, "cells": [{"cell_type": "code", "source": 1}]}',
            "a.ipynb:0: not a notebook: its cells are damaged",
        ),
        (notebook(), "a.ipynb:1: there is no front matter"),
        (notebook(cell("code", ["x"])), "a.ipynb:18: there is no front matter"),
        (
            notebook(cell("raw", HEAD), cell("markdown", ["a\n", "![b](attachment:c.png)"])),
            "a.ipynb:19: pictures pasted into a notebook are not supported",
        ),
        (
            notebook(cell("raw", HEAD), cell("markdown", ["a\n", "```\n", "b"])),
            "a.ipynb:19: this fence is never closed",
        ),
    ],
)
def test_what_is_no_notebook(text: str, expected: str) -> None:
    assert message(read_notebook, "a.ipynb", text).startswith(expected)


SCRIPT = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# title: T
# date: 2020-01-01
# ---

# %% [markdown]
# # Heading
#
# Text.

# %%
#| echo: false
x = 1

print(x)

# %% tags=["remove-input"]
y = 2

# %% [markdown]
\"\"\"
In quotes.
\"\"\"

# %% [raw]
# raw

# %% A title
print(x)
# %time
"""


def test_a_percent_script_is_a_post() -> None:
    post = understood(read_script("posts/a.py", SCRIPT))
    assert post.front_matter.title == "T"
    assert [c.code for c in post.cells] == [
        "x = 1\n\nprint(x)\n",
        "y = 2\n",
        "print(x)\n%time\n",
    ]
    assert [c.options.echo for c in post.cells] == [False, False, True]
    assert "In quotes." in post.source.text


def test_every_line_of_a_script_is_found_in_its_file() -> None:
    source = read_script("posts/a.py", SCRIPT)
    file_lines = SCRIPT.split("\n")
    checked = 0
    for number, text in enumerate(source.text.split("\n"), start=1):
        if text.strip() and not text.startswith(("```", ":tags:")):
            assert file_lines[source.file_line(number) - 1] in (text, f"# {text}")
            checked += 1
    assert checked > 10
    last = understood(source).cells[-1]
    assert source.file_line(last.line) == SCRIPT.split("\n").index("# %time")


def test_a_mistake_in_a_script_is_at_its_line() -> None:
    text = SCRIPT.replace("#| echo", "#| ecko")
    assert message(read_script, "a.py", text) == "a.py:17: unknown option 'ecko'"
    text = SCRIPT.replace("# title", "# titel")
    with pytest.raises(ContentError, match=r"a\.py:7:1: unknown front matter key 'titel'"):
        understood(read_script("a.py", text))


def test_other_formats_of_scripts_are_refused() -> None:
    text = SCRIPT.replace("percent", "light")
    assert (
        message(read_script, "a.py", text) == "a.py:6: the script is in jupytext's format 'light'"
    )
