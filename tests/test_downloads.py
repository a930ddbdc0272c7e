"""What readers take away: a notebook with its outputs, and a script that gives the same numbers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import Served
from made_pages import make_site
from selectolax.lexbor import LexborHTMLParser

from site_builder.cli import main
from site_builder.content.parse import parse
from site_builder.execution.engine import nothing_to_run
from site_builder.model.post import Environment, ExecutedPost, Execution, Output, Source, Value
from site_builder.rendering.downloads import downloads
from site_builder.rendering.filled_markdown import as_written

RUN = ["reinventing-the-wheel", "generalisation-problem", "xor-keras", "softmax-derivative"]
RUN += ["deep-learning-dead-end", "headlines-and-real-problems", "autonomous-weapons"]

POST = """\
---
title: A post
date: 2020-05-17
---

Some *text*.

```python
#| fig-alt: ""
x = (1
  % 2)
print(x)
```

```python
%time x
```

```python
#| eval: false
never()
```

The end.
"""
OUTPUTS = (
    (
        Output("stdout", "1\n2\n"),
        Output("stderr", "careful\n"),
        Output("figure", data={"image/svg+xml": "<svg>\n</svg>", "image/png": "aGk="}),
        Output("display", data={"text/plain": "1", "application/json": {"a": [1]}}),
    ),
    (Output("error", "E: no\n", metadata={"name": "E", "message": "no"}),),
    (),
)


SETUP = """\
# The page was made with Python 3.13.0, keras 3.15.1, numpy 2.4.6.
import os
import random

os.environ['KERAS_BACKEND'] = 'jax'
random.seed(7)

import numpy
numpy.random.seed(7)

import keras
keras.utils.set_random_seed(7)"""


def made() -> dict[str, str]:
    post = parse(make_site(Path("/nowhere")), Source("posts/a.md", POST))
    packages = (("keras", "3.15.1"), ("numpy", "2.4.6"))
    execution = Execution(OUTPUTS, Environment("3.13.0", packages, 7))
    files = downloads(ExecutedPost(post, execution), {"KERAS_BACKEND": "jax"})
    return {file.path: file.content.decode() for file in files}


def test_the_notebook_has_the_text_the_cells_and_their_outputs() -> None:
    notebook = nbformat.reads(made()["a.ipynb"], as_version=4)
    nbformat.validate(notebook)
    assert [cell.cell_type for cell in notebook.cells] == [
        "markdown",
        "code",
        "markdown",
        "code",
        "code",
        "code",
        "markdown",
    ]
    assert notebook.cells[0].source == "# A post"
    assert notebook.cells[1].source == SETUP
    assert notebook.cells[1].outputs == []
    assert notebook.cells[3].source == "x = (1\n  % 2)\nprint(x)"
    stdout, stderr, figure, value = notebook.cells[3].outputs
    assert (stdout.name, stdout.text) == ("stdout", "1\n2\n")
    assert (stderr.name, stderr.text) == ("stderr", "careful\n")
    assert figure.data["image/svg+xml"] == "<svg>\n</svg>"
    assert value.data["application/json"] == {"a": [1]}
    assert notebook.cells[4].outputs[0].ename == "E"
    assert notebook.cells[5].execution_count is None


def test_the_script_runs_what_ran_and_comments_the_rest() -> None:
    script = made()["a.py"]
    ast.parse(script)
    assert "\nx = (1\n  % 2)\nprint(x)\n" in script
    assert "\n# %time x\n" in script
    assert "\n# never()\n" in script
    assert "# %% [markdown]\n# Some *text*.\n" in script


TOLD = """\
---
title: "From `{python} x!r:>3` on"
date: 2020-05-17
---

It is `{python} x:.1%`{.volatile} of {eval}`y
[0]`, so [ever `{python} x:.0f` and [more](#b)]{claim="y[0] == \\"a]{\\" or x"}.

| a | b |
|---|---|
| ``{python}`` and `{python} w` | [low]{claim='x < 0' tolerance=0.1} |

Formulas: $x^`{python} x:.1e`$ and $\\lim = `{python} x:.1e`$, and:

$$
\\sigma = `{python} m`
$$ {#eq-s}

- item with `{python} m`

```python
#| claim: "Less than `{python} x:.1f` of $n$"
assert x < 1
```

~~~
`{python} x` stays
~~~

The end: `{python} x`.
"""
GIVEN = {
    "x!r:>3": Value("0.5"),
    "x:.1%": Value("50.0%"),
    "y [0]": Value("a*b"),
    "x:.0f": Value("1"),
    "w": Value("<W>", data={"text/markdown": "a **W**"}),
    "x:.1e": Value("5.0e-01"),
    "m": Value("Matrix", data={"text/latex": "$\\displaystyle M_1$"}),
    "x:.1f": Value("0.5"),
    "x": Value("0.5"),
    'y[0] == "a]{" or x': Value(holds=True),
    "x < 0": Value(holds=False, parts=(("x", "0.5"),)),
}


def told() -> dict[str, str]:
    post = parse(make_site(Path("/nowhere")), Source("posts/a.md", TOLD))
    values = tuple(GIVEN[as_written(each)] for each in post.expressions)
    assertion = Output("assertion", "x < 1", metadata={"holds": True, "parts": [["x", "0.5"]]})
    execution = Execution(((assertion,),), Environment("3.13.0", (), 7), values=values)
    files = downloads(ExecutedPost(post, execution), {})
    return {file.path: file.content.decode() for file in files}


FILLED = """\
It is 50.0% of a\\*b
, so ever 1 and [more](#b) (checked: `y[0] == "a]{" or x`).

| a | b |
|---|---|
| ``{python}`` and a **W** | low (false: `x < 0`) |

Formulas: $x^{5.0 \\times 10^{-1}}$ and $\\lim = 5.0 \\times 10^{-1}$, and:

$$
\\sigma = M_1
$$ {#eq-s}

- item with $M_1$"""


def test_values_are_filled_in_and_claims_say_what_checked_them() -> None:
    notebook = nbformat.reads(told()["a.ipynb"], as_version=4)
    nbformat.validate(notebook)
    title, _, prose, claim, cell, end = notebook.cells
    assert title.source == "# From 0.5 on"
    assert prose.source == FILLED
    assert claim.source == "**Claim:** Less than 0.5 of $n$ (checked by the next cell)"
    assert cell.source == "assert x < 1"
    assert cell.outputs == []
    assert end.source == "~~~\n`{python} x` stays\n~~~\n\nThe end: 0.5."
    script = told()["a.py"]
    ast.parse(script)
    assert "\n# The end: 0.5.\n" in script


def test_a_notebook_keeps_the_expressions_for_programs() -> None:
    notebook = nbformat.reads(told()["a.ipynb"], as_version=4)
    kept = [cell.metadata.get("site_builder", {}).get("expressions", []) for cell in notebook.cells]
    assert kept[0] == [{"value": "x!r:>3"}]
    assert kept[1] == []
    assert {"value": "x:.1%"} in kept[2]
    assert {"claim": "x < 0"} in kept[2]
    assert sum(map(len, kept)) == len(
        parse(make_site(Path("/nowhere")), Source("posts/a.md", TOLD)).expressions
    )


def test_the_same_run_gives_the_same_files() -> None:
    assert told() == told()


def test_a_post_without_cells_that_run_has_no_downloads() -> None:
    post = parse(make_site(Path("/nowhere")), Source("posts/a.md", POST.partition("```")[0]))
    assert downloads(ExecutedPost(post, nothing_to_run(post)), {}) == ()


@pytest.mark.parametrize("slug", RUN)
def test_notebooks_of_the_blog_are_valid_and_have_what_the_page_shows(
    blog: Served, slug: str
) -> None:
    notebook = nbformat.reads(blog.text(f"{slug}/{slug}.ipynb"), as_version=4)
    nbformat.validate(notebook)
    printed = [
        output.text.rstrip("\n")
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stdout"
    ]
    page = LexborHTMLParser(blog.text(f"{slug}/index.html"))
    assert [pre.text() for pre in page.css("pre.stdout")] == printed
    prose = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    values = [value.text() for value in page.css("span.value")]
    assert [value for value in values if value not in prose] == []
    assert printed or values


@pytest.mark.parametrize("slug", ["reinventing-the-wheel", "softmax-derivative"])
def test_a_script_of_the_blog_prints_the_numbers_of_its_page(
    blog: Served, slug: str, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, blog.folder / slug / f"{slug}.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"MPLBACKEND": "agg", "MPLCONFIGDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    page = LexborHTMLParser(blog.text(f"{slug}/index.html"))
    outputs = [pre.text() for pre in page.css("pre.stdout")]
    printed = run.stdout
    for output in outputs:
        assert output in printed
        printed = printed.partition(output)[2]
    assert outputs


def test_a_script_draws_the_random_numbers_of_its_page(tmp_path: Path) -> None:
    code = "import random\nimport numpy as np\nprint(random.random(), np.random.rand())"
    text = f"---\ntitle: A\ndate: 2020-01-01\nseed: 5\n---\n\n```python\n{code}\n```\n"
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text(text, encoding="utf-8")
    (tmp_path / "site.toml").write_text('title = "T"\nurl = "https://example.org/"\n')
    assert main(["build", "-C", str(tmp_path)]) == 0
    script = tmp_path / "public/a/a.py"
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    page = LexborHTMLParser((tmp_path / "public/a/index.html").read_text(encoding="utf-8"))
    assert [pre.text() for pre in page.css("pre.stdout")] == [run.stdout.rstrip("\n")]
