"""`site-builder notebook`: the same post as a notebook, and back."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, Served
from small_site import TOML
from test_jupytext_round_trip import NASTY

from site_builder.authoring.notebook import notebook_text
from site_builder.cli import main
from site_builder.content.parse import ParseError, parse
from site_builder.content.read import PostFile, read_sources, source_of
from site_builder.model.post import Post
from site_builder.settings.site import load_site

POST = """\
---
title: A post
date: 2020-05-17
---

Before, `{python} x` is known only after.

```python fig-cap="A" echo=false
x = 1
print("hello", x)
```

```{.python}
shown()
```

After.
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(TOML)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/a.md").write_text(POST.replace("Before, `{python} x` is known", "Known"))
    (tmp_path / "posts/essay.md").write_text("---\ntitle: E\ndate: 2020-05-17\n---\n\nText.\n")
    return tmp_path


def test_a_notebook_has_the_post_and_its_outputs(site: Path) -> None:
    assert main(["notebook", "a", "-C", str(site), "-o", str(site / "a.ipynb")]) == 0
    notebook = nbformat.read(site / "a.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds == ["raw", "markdown", "code", "markdown"]
    assert notebook.cells[0].source == "---\ntitle: A post\ndate: 2020-05-17\n---"
    assert notebook.cells[2].outputs[0].text == "hello 1\n"
    assert "shown()" in notebook.cells[3].source


def test_the_same_post_gives_the_same_bytes(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(2):
        assert main(["notebook", "a", "-C", str(site), "-o", "-"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["cells"][2]["outputs"]


def test_without_outputs_nothing_runs(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = (site / "posts/a.md").read_text().replace("x = 1", "raise SystemError")
    (site / "posts/a.md").write_text(broken)
    assert main(["notebook", "a", "-C", str(site), "-o", "-", "--no-outputs"]) == 0
    assert json.loads(capsys.readouterr().out)["cells"][2]["outputs"] == []
    assert main(["notebook", "a", "-C", str(site), "-o", "-"]) == 1
    assert "SystemError" in capsys.readouterr().err


def test_an_essay_is_a_notebook_of_text(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notebook", "essay", "-C", str(site), "-o", "-"]) == 0
    cells = json.loads(capsys.readouterr().out)["cells"]
    assert [cell["cell_type"] for cell in cells] == ["raw", "markdown"]


def test_no_file_is_overwritten_and_no_post_is_made(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "a.ipynb").write_text("mine")
    command = ["notebook", "a", "-C", str(site), "--no-outputs", "-o"]
    assert main([*command, str(site / "a.ipynb")]) == 2
    assert (site / "a.ipynb").read_text() == "mine"
    assert main([*command, str(site / "a.ipynb"), "--force"]) == 0
    assert (site / "a.ipynb").read_text() != "mine"
    for place in ("posts/b.ipynb", "posts/folder/b.ipynb"):
        assert main([*command, str(site / place)]) == 2
    assert main([*command, str(site / "nowhere/b.ipynb")]) == 2
    assert main([*command, str(site)]) == 2
    assert main(["notebook", "nobody", "-C", str(site)]) == 2
    assert {path.name for path in site.glob("**/*.ipynb")} == {"a.ipynb"}
    assert "there is a file a.ipynb already" in capsys.readouterr().err


def test_every_post_of_the_blog_comes_back(blog: Served) -> None:
    """Each as a notebook is a post with the same front matter, cells, values and prose."""
    site = load_site(ROOT)
    for source in read_sources(site)[0]:
        post = parse(site, source)
        assert_same(post, notebook_text(post, None))


@pytest.mark.parametrize("name", [name for name in NASTY if not name.startswith("no-front")])
def test_every_dialect_comes_back(name: str) -> None:
    site = load_site(ROOT)
    source = source_of(PostFile(f"posts/{name}", NASTY[name].encode()))
    assert source
    try:
        post = parse(site, source)
    except ParseError as error:  # of front matter, notes and the like that are made to be nasty
        post = error.post
    assert_same(post, notebook_text(post, None))


def assert_same(post: Post, notebook: str) -> None:
    nbformat.validate(nbformat.reads(notebook, as_version=nbformat.NO_CONVERT))
    path = post.source.path.rpartition(".")[0] + ".ipynb"
    source = source_of(PostFile(path, notebook.encode()))
    assert source
    try:
        back = parse(load_site(ROOT), source)
    except ParseError as error:
        back = error.post
    assert back.front_matter == post.front_matter
    # Cells without code are none in a notebook.
    pairs = [
        [(cell.code.strip("\n"), cell.options) for cell in x.cells if cell.code.strip()]
        for x in (back, post)
    ]
    assert pairs[0] == pairs[1]
    assert [(e.kind, e.code, e.after) for e in back.expressions] == [
        (e.kind, e.code, e.after) for e in post.expressions
    ]
    assert prose(back) == prose(post)


def prose(post: Post) -> list[tuple[str, str]]:
    return [
        (token.type, token.content)
        for token in post.tokens
        if token.content and "cell" not in token.meta
    ]
