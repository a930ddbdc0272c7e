"""`site-builder import`: what others wrote as posts that build, and what still comes out."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    new_raw_cell,
)
from small_site import TOML

from site_builder.cli import main
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.importing import post as importing
from site_builder.model.post import Post
from site_builder.settings.site import load_site

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/site.toml").write_text(TOML)
    (tmp_path / "from").mkdir()
    monkeypatch.chdir(tmp_path / "from")
    return tmp_path / "site"


def notebook(*cells: Any, **metadata: Any) -> str:
    return json.dumps(new_notebook(cells=list(cells), metadata=metadata))


def stream(text: str) -> Any:
    return new_output("stream", name="stdout", text=text)


def bring(site: Path, name: str, content: str | bytes, *options: str) -> int:
    data = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(data)
    return main(["import", name, "-C", str(site), *options])


def report(site: Path, name: str, content: str, capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    code = bring(site, name, content, "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["format"] == "site-builder import"
    return {**document["imported"][0], "code": code}


def posts(site: Path) -> list[Post]:
    loaded = load_site(site)
    sources, problems = read_sources(loaded)
    assert not problems
    return [parse(loaded, source) for source in sources]


def left(site: Path) -> set[str]:
    folder = site / "posts"
    return {path.relative_to(folder).as_posix() for path in folder.glob("**/*") if path.is_file()}


# Notebooks.


def test_a_notebook_becomes_a_post_with_its_cells(site: Path) -> None:
    text = notebook(
        new_markdown_cell("# The *title*: of it\n\nText.\n\n```python\nshown()\n```"),
        new_code_cell("x = '```'", metadata={"tags": ["remove-input"]}),
        new_code_cell(""),
        new_raw_cell("\\latex"),
        new_raw_cell("<b>bold</b>", metadata={"format": "text/html"}),
        new_code_cell("print(x)", metadata={"jupyter": {"source_hidden": True}}),
    )
    assert bring(site, "My Notebook.ipynb", text) == 0
    (post,) = posts(site)
    assert post.source.path == "posts/my-notebook.md"
    assert post.front_matter.title == "The *title*: of it"
    assert [cell.code for cell in post.cells] == ["x = '```'\n", "print(x)\n"]
    assert [cell.options.echo for cell in post.cells] == [False, True]
    assert post.cells[1].options.code_fold
    assert "<b>bold</b>" in post.source.text
    assert "latex" not in post.source.text


def test_the_front_matter_of_a_notebook_is_kept(site: Path) -> None:
    front = "---\ntitle: A\ndate: 2019-06-02\ntags: [a]\nodd: 1\n---"
    assert bring(site, "a.ipynb", notebook(new_raw_cell(front), new_markdown_cell("# Part"))) == 0
    (post,) = posts(site)
    assert post.source.text == f"{front.replace('odd', '# odd')}\n\n# Part\n"


def test_pasted_and_local_pictures_are_beside_the_post(site: Path) -> None:
    Path("img").mkdir()
    Path("img/a b.png").write_bytes(base64.b64decode(PNG))
    cell = new_markdown_cell("![p](attachment:..%2F..%2Fmy%20pic.png) ![l](<img/a b.png>)")
    cell["attachments"] = {"../../my pic.png": {"image/png": PNG}}
    assert bring(site, "a.ipynb", notebook(cell)) == 0
    (post,) = posts(site)
    assert left(site) == {"a/index.md", "a/my-pic.png", "a/img/a-b.png"}
    assert {each.path for each in post.attachments.values()} == {
        "posts/a/my-pic.png",
        "posts/a/img/a-b.png",
    }


def test_nothing_outside_of_the_file_s_folder_is_copied(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("../secret.png").write_bytes(base64.b64decode(PNG))
    Path("link.png").symlink_to(Path("../secret.png").resolve())
    text = notebook(new_markdown_cell("![s](../secret.png) ![l](link.png)"))
    assert bring(site, "a.ipynb", text) == 1
    assert capsys.readouterr().err.count("is outside of its folder") == 2
    assert left(site) == {"a.md"}


def test_no_hidden_file_is_copied(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What others wrote must not bring keys and passwords into a site."""
    Path(".keys").mkdir()
    for path in (".keys/id", ".token"):
        Path(path).write_text("secret")
    Path("plain").symlink_to(".token")
    cell = new_markdown_cell("[a](.keys/id) ![b](.token) [c](./plain)")
    bring(site, "a.ipynb", notebook(cell), "--no-run")
    assert capsys.readouterr().err.count("is hidden: it was not copied") == 3
    assert left(site) == {"a.md"}


def test_a_file_that_cannot_be_read_to_its_end_is_not_read(site: Path) -> None:
    os.mkfifo("pipe.png")
    assert bring(site, "a.ipynb", notebook(new_markdown_cell("![a](pipe.png)"))) == 1
    assert left(site) == {"a.md"}


def test_outputs_are_held_against_those_of_today(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    png = new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure size 1x1>"})
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])"
    line = new_output("execute_result", data={"text/plain": "[<matplotlib.lines.Line2D at 0x7f>]"})
    cells = {
        "print('a', 1/3)": ([stream("a "), stream("0.3333333333333333\n")], "reproduced"),
        "print(0.123456)": ([stream("0.123457\n")], "within precision"),
        "print('sum', 2)": ([stream("sum 1\n")], "differs"),
        "print('now')": ([stream("then\n")], "differs"),
        "1 + 1": ([new_output("execute_result", data={"text/plain": "2"})], "reproduced"),
        "object()": (
            [new_output("execute_result", data={"text/plain": "<object object at 0x7f00aa11>"})],
            "reproduced",
        ),
        "raise OSError('x')": (
            [new_output("error", ename="OSError", evalue="x", traceback=["x"])],
            "reproduced",
        ),
        "import nothing_of_that_name": ([], "did not run"),
        "print('below')": ([], "cannot be compared"),
        "y = 1": ([], "reproduced"),
        plot: ([line, png], "cannot be compared"),
        "y": ([], "cannot be compared"),
        "y = 2": ([stream("gone\n")], "differs"),
    }
    text = notebook(*(new_code_cell(code, outputs=out) for code, (out, _) in cells.items()))
    found = report(site, "a.ipynb", text, capsys)
    assert [cell["standing"] for cell in found["cells"]] == [name for _, name in cells.values()]
    assert found["code"] == 1
    differs = found["cells"][2]
    assert [(n["old"], n["new"], n["change"]) for n in differs["numbers"]] == [("1", "2", 1.0)]
    lines = (site / "posts/a.md").read_text().split("\n")
    assert lines[differs["line"] - 1] == "print('sum', 2)"


def test_the_table_names_cells_by_their_lines(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = notebook(new_code_cell("print('sum', 2)", outputs=[stream("sum 1\n")]))
    assert bring(site, "a.ipynb", text) == 1
    shown = capsys.readouterr().out
    line = (site / "posts/a.md").read_text().split("\n").index("print('sum', 2)") + 1
    assert f"line {line:>4}, cell  1: differs" in shown
    assert "1 → 2" in shown


def test_without_a_run_nothing_is_executed(site: Path) -> None:
    text = notebook(new_code_cell("open('ran', 'w')"))
    assert bring(site, "a.ipynb", text, "--no-run") == 0
    assert not list(site.glob("**/ran"))


def test_what_raised_when_it_was_saved_may_raise_and_the_post_builds(site: Path) -> None:
    error = new_output("error", ename="OSError", evalue="x", traceback=["x"])
    assert (
        bring(site, "a.ipynb", notebook(new_code_cell("raise OSError('x')", outputs=[error]))) == 0
    )
    assert main(["build", "-C", str(site)]) == 0


def test_remarks_and_comparisons_number_cells_alike(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = new_output("error", ename="OSError", evalue="x", traceback=["x"])
    raising = new_code_cell("raise OSError('x')", outputs=[error])
    cells = (new_markdown_cell("Text."), new_code_cell("1"), new_markdown_cell("More."), raising)
    assert bring(site, "a.ipynb", notebook(*cells)) == 0
    told = capsys.readouterr()
    assert "cell 2 raised when it was saved" in told.err
    assert "cell  2: reproduced" in told.out


def test_other_languages_are_shown(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = {"name": "no-such-kernel", "language": "R", "display_name": "R"}
    text = notebook(new_markdown_cell("# R"), new_code_cell("x <- 1"), kernelspec=spec)
    assert bring(site, "a.ipynb", text) == 0
    (post,) = posts(site)
    assert not post.cells
    assert "```r\nx <- 1\n```" in post.source.text
    assert "there is no kernel 'no-such-kernel' here" in capsys.readouterr().err


def test_other_languages_run_where_their_kernel_is(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "is_kernel", lambda name: name == "ir")
    spec = {"name": "ir", "language": "R", "display_name": "R"}
    text = notebook(new_code_cell("x <- 1"), kernelspec=spec)
    assert bring(site, "a.ipynb", text, "--no-run") == 0
    (post,) = posts(site)
    assert post.front_matter.kernel == "ir"
    assert [cell.language for cell in post.cells] == ["r"]


def test_format_3_is_read(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = [
        {"cell_type": "heading", "level": 1, "source": "Old"},
        {"cell_type": "heading", "level": 2, "source": ["Part"]},
        {"cell_type": "markdown", "source": ["Text ", "on."]},
        {
            "cell_type": "code",
            "input": ["print(1)\n", "2"],
            "language": "python",
            "outputs": [
                {"output_type": "stream", "stream": "stdout", "text": ["1\n"]},
                {"output_type": "pyout", "text": ["2"], "html": ["<b>2</b>"]},
            ],
        },
    ]
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}
    found = report(site, "a.ipynb", json.dumps(old), capsys)
    assert [cell["standing"] for cell in found["cells"]] == ["reproduced"]
    (post,) = posts(site)
    assert post.front_matter.title == "Old"
    assert "## Part\n\nText on." in post.source.text


def test_a_percent_script_is_read(site: Path) -> None:
    text = "# %% [markdown]\n# # Script\n# Text.\n\n# %%\nprint(1)\n"
    assert bring(site, "a.py", text) == 0
    (post,) = posts(site)
    assert (post.front_matter.title, len(post.cells)) == ("Script", 1)


# Documents.


QUARTO = """---
title: "A: post"
subtitle: More
author:
  - name: Ann Lee
    affiliations: [x]
date: "March 3, 2024"
categories: [a, b]
keywords: [c]
description: "A thing"
execute:
  echo: false
format: html
jupyter: python3
bibliography: refs.bib
aliases: [old.html]
draft: true
---

## Part {#sec-part}

See @fig-a and @sec-part.

```{python}
#| label: fig-a
#| message: false
#| fig-subcap:
#|   - A
#|   - B
#| fig-cap: "Cap"
1
```

```{python, echo=FALSE, fig.cap="A, b"}
print(1)
```

```{r}
x <- 1
```

::: {.callout-note}
## Title
Hello
:::

```python
shown()
```
"""


def test_quarto(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bring(site, "q.qmd", QUARTO) == 0
    (post,) = posts(site)
    front = post.front_matter
    assert (front.title, front.authors, front.tags) == ("A: post", ("Ann Lee",), ("a", "b"))
    assert (str(front.date), front.summary, front.draft) == ("2024-03-03", "A thing", True)
    assert front.aliases == ("/old.html",)
    assert "# subtitle: More\n" in post.source.text
    one, other = post.cells
    assert (one.options.label, one.options.fig_cap) == ("fig-a", ("Cap",))
    assert one.code == "# message: false\n# fig-subcap:\n# - A\n# - B\n1\n"
    assert (other.options.echo, other.options.fig_cap) == (False, ("A, b",))
    assert "```r\nx <- 1\n```" in post.source.text
    told = capsys.readouterr().err
    for word in ("subtitle", "bibliography", "keywords", "message", "fig-subcap", "echo: false"):
        assert word in told


def test_plain_fences_of_quarto_are_shown_only(site: Path) -> None:
    text = "---\ntitle: A\ndate: 2020-01-01\n---\n\n```python\nshown()\n```\n"
    assert bring(site, "q.qmd", text) == 0
    (post,) = posts(site)
    assert not post.cells


def test_myst(site: Path) -> None:
    Path("a.png").write_bytes(base64.b64decode(PNG))
    text = (
        "---\nkernelspec:\n  name: python3\n---\n\n# Title\n\n"
        "```{figure} a.png\n:name: fig-one\n:alt: A dot\n\nThe *caption*.\n```\n\n"
        "See {numref}`fig-one`.\n\n"
        "```{code-cell} ipython3\n:tags: [hide-input]\n:odd: 1\n\n1\n```\n"
        "\n:::{note}\nHi.\n:::\n\n```{toctree}\na\n```\n"
    )
    assert bring(site, "my_post.md", text) == 0
    (post,) = posts(site)
    assert post.front_matter.title == "Title"
    assert '![The *caption*.](a.png){#fig-one fig-alt="A dot"}' in post.source.text
    assert post.cells[0].options.code_fold
    assert "```toctree\n" in post.source.text


def test_directives_of_colons(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.png").write_bytes(base64.b64decode(PNG))
    text = (
        "---\ndate: 2020-01-01\n---\n\n# Title\n\n"
        ":::{figure} a.png\n:name: fig-one\nThe caption.\n:::\n\n"
        ":::{exercise} Sums\nDo *it*.\n:::\n\n:::{note}\nHi.\n:::\n\n{{< video x >}}\n"
        "See {ref}`fig-one`, {term}`him`.\n"
    )
    assert bring(site, "a.md", text) == 0
    (post,) = posts(site)
    assert "![The caption.](a.png){#fig-one}\n" in post.source.text
    assert "::: {.exercise}\n**Sums**\n\nDo *it*.\n:::\n\n:::{note}\n" in post.source.text
    told = capsys.readouterr().err
    assert "a.md:12\n" in told.partition("no directive 'exercise'")[2]
    assert "a.md:20\n" in told.partition("shortcodes such as {{< video x >}} are")[2]
    assert "a.md:21\n" in told.partition("roles such as {term}`him` are")[2]
    assert main(["build", "-C", str(site)]) == 0


def test_front_matter_that_is_no_yaml_is_kept_as_comments(site: Path) -> None:
    assert bring(site, "a.md", "---\ntitle: [\nx: }\n---\n\nText.\n") == 0
    (post,) = posts(site)
    assert "# title: [\n# x: }\n" in post.source.text
    assert post.front_matter.title == "A"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-03-03", "2024-03-03"),
        ("3 March 2024", "2024-03-03"),
        ("Mar 3, 2024", "2024-03-03"),
        ("2024/03/03", "2024-03-03"),
        ("2024-03-03T10:00:00", "2024-03-03"),
    ],
)
def test_dates(site: Path, written: str, read: str) -> None:
    assert bring(site, "a.md", f"---\ntitle: A\ndate: {written}\n---\n\nText.\n") == 0
    date = posts(site)[0].front_matter.date
    assert date
    assert date.isoformat() == read


def test_a_date_that_nobody_can_read_is_told(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(site, "a.md", "---\ntitle: A\ndate: some day\n---\n\nText.\n") == 0
    assert "# date: some day" in posts(site)[0].source.text
    assert "'date' is not read here" in capsys.readouterr().err


def test_what_is_imported_builds(site: Path) -> None:
    Path("a.png").write_bytes(base64.b64decode(PNG))
    text = QUARTO.replace("draft: true\n", "").replace(', fig.cap="A, b"', "")
    text = text.replace("\n1\n", "\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n")
    assert bring(site, "q.qmd", text) == 0
    assert (
        bring(site, "n.ipynb", notebook(new_markdown_cell("![a](a.png)"), new_code_cell("1"))) == 0
    )
    assert main(["build", "-C", str(site)]) == 0
    assert len(list((site / "public").glob("**/a*.png"))) == 1


# Bad input.


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.ipynb", '{"cells": [', "the JSON is damaged"),
        ("a.ipynb", "[" * 100_000, "nested too deeply"),
        ("a.ipynb", "[]", "not a notebook"),
        ("a.ipynb", '{"nbformat": 4}', "it has no cells"),
        ("a.ipynb", '{"nbformat": 2, "worksheets": []}', "of format 2; 3 and 4 can be imported"),
        ("a.ipynb", '{"nbformat": 5, "cells": []}', "of format 5"),
        ("a.ipynb", '{"nbformat": 4, "cells": [1]}', "its cell 1 is damaged"),
        ("a.ipynb", b"\x89PNG\xff\xfe", "UTF-8"),
        ("a.md", "caf\xe9".encode("latin-1"), "UTF-8"),
        ("a.md", "a\0b", "null character"),
        ("a.docx", "a", "cannot be imported"),
        ("!!.md", "a", "no name for the post"),
    ],
)
def test_what_is_no_post_is_told(
    site: Path, name: str, content: str | bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring(site, name, content) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert not (site / "posts").exists() or not left(site)


def test_cells_of_odd_shapes_do_no_harm(site: Path) -> None:
    cells = [
        {"cell_type": "code"},
        {"cell_type": "markdown", "source": None, "attachments": [1]},
        {"cell_type": "code", "source": ["x = ", 1, "2"], "outputs": [None, 3, {"a": 1}, {}]},
        {"cell_type": "odd", "source": "Text.", "metadata": [1]},
        {
            "cell_type": "code",
            "source": "y = 1",
            "metadata": {"tags": "a", "jupyter": 3},
            "outputs": [{"output_type": "display_data", "data": 5}, {"output_type": "stream"}],
        },
        {"cell_type": "markdown", "source": "![a](attachment:gone.png)"},
    ]
    text = json.dumps({"nbformat": 4, "metadata": {"kernelspec": 3}, "cells": cells})
    assert bring(site, "a.ipynb", text) == 1  # a picture is not there
    text = (site / "posts/a.md").read_text()
    assert "x = 2" in text
    assert "Text." in text


def test_halves_of_characters_are_left_out(site: Path) -> None:
    assert bring(site, "a.ipynb", notebook(new_markdown_cell("a \ud800 b"))) == 0
    assert posts(site)[0].source.text.endswith("\na ? b\n")


def test_a_huge_output_is_not_compared(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = notebook(new_code_cell("print('b')", outputs=[stream("a" * 3_000_000)]))
    found = report(site, "a.ipynb", text, capsys)
    assert [cell["standing"] for cell in found["cells"]] == ["cannot be compared"]


@pytest.mark.parametrize("slug", ["../../x", "/x", "_x", "a/b", ".x", "a b"])
def test_a_slug_leads_nowhere_else(site: Path, slug: str) -> None:
    assert bring(site, "a.md", "Text.\n", "--slug", slug) == 2
    assert not (site / "posts").exists()


def test_a_slug_is_for_one_file(site: Path) -> None:
    Path("a.md").write_text("Text.\n")
    assert main(["import", "a.md", "a.md", "-C", str(site), "--slug", "x"]) == 2


def test_no_post_is_overwritten_but_with_force(site: Path) -> None:
    assert bring(site, "a.md", "One.\n") == 0
    assert bring(site, "a.md", "Two.\n") == 2
    assert "One." in (site / "posts/a.md").read_text()
    Path("p.png").write_bytes(base64.b64decode(PNG))
    assert bring(site, "a.md", "Three. ![p](p.png)\n", "--force") == 0
    assert left(site) == {"a/index.md", "a/p.png"}
    assert bring(site, "a.md", "Four.\n", "--force") == 0
    assert left(site) == {"a.md"}
    (site / "posts/b.ipynb").write_text("mine")
    assert bring(site, "b.md", "Text.\n", "--force") == 2
    assert (site / "posts/b.ipynb").read_text() == "mine"


def test_a_bad_file_does_not_stop_others(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.ipynb").write_text("{")
    Path("good.md").write_text("Text.\n")
    assert main(["import", "bad.ipynb", "good.md", "-C", str(site), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [each["post"] for each in document["imported"]] == ["posts/good.md"]
    assert [each["file"] for each in document["failed"]] == ["bad.ipynb"]


def test_a_file_that_is_not_there(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "nobody.md", "-C", str(site)]) == 2
    assert "there is no file 'nobody.md'" in capsys.readouterr().err


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    "place", [(Path, "mkdir"), (Path, "write_bytes"), (Path, "write_text"), (Path, "rename")]
)
def test_where_nothing_can_be_written_nothing_is_left(
    site: Path,
    place: tuple[type, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("p.png").write_bytes(base64.b64decode(PNG))
    Path("a.md").write_text("![p](p.png)\n")
    monkeypatch.setattr(*place, refuse)
    assert main(["import", "a.md", "-C", str(site), "--no-run"]) == 2
    assert "cannot be written: Permission denied" in capsys.readouterr().err
    assert not (site / "posts").exists() or not os.listdir(site / "posts")


def test_a_post_that_cannot_be_replaced_stays(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bring(site, "a.md", "One.\n") == 0
    monkeypatch.setattr(importing, "_move", refuse)
    assert bring(site, "a.md", "Two.\n", "--force") == 2
    assert left(site) == {"a.md"}
    assert "One." in (site / "posts/a.md").read_text()
