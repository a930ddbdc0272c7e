"""Posts in JupyterLab: the same cells, and a save that changes what was edited and nothing else."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import importlib.util
import json
import tomllib
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jupytext
import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jupytext.config import load_jupytext_configuration_file, notebook_formats, preferred_format

from site_builder.authoring.new_site import TEMPLATES
from site_builder.authoring.notebook_saving import text_for_jupytext, text_to_save
from site_builder.content.cells import read_cells
from site_builder.content.front_matter import body_line
from site_builder.content.markdown import parse_markdown
from site_builder.content.read import PostFile, source_of
from site_builder.model.cell_options import CellOptions

ROOT = Path(__file__).parents[1]
POSTS = sorted(path for name in ("posts", "pages") for path in (ROOT / name).glob("**/*.md"))
CONFIG = TEMPLATES / "jupytext.toml"

HEAD = "---\ntitle: 'No'  # a comment\ndate: 2019-06-02\ntags: [a,  b]\ncountry: no\n---\n"
NASTY = {
    "plain.md": HEAD
    + """
# Heading  {#id .class}

Prose with trailing blanks   \nand maths $a_1 * b_1$.[^1]

```python fig-cap="A: \\"b\\"" echo=false
x = 1


y = 2
```
No blank line above, none below.
```python
#| fig-cap: The loss
'''
''' + ""
```



````python
text = "```"
````
   ```python .noeval
   shown()
   ```

```bash
ls -la
```

```json
{}
```

```html
<b>
```

:::{note} A title
Inside, and no pandoc here.
:::

$$
a = b
$$ (eq-one)

- a list

  ```python .noeval
  no
  ```

<!-- a comment -->
<!-- #region -->
One cell,


of two paragraphs.
<!-- #endregion -->

[^1]: A note,

    of two paragraphs.
""",
    "more-bash.md": HEAD
    + """
```bash
one
```

```bash
two
```

```bash
three
```

```python
print("still Python")
```
""",
    "quarto.md": HEAD
    + """
```{python}
#| label: fig-one
#| fig-cap: "One"
x = 1
```

::: {.callout-note title="Careful"}
Text.
:::

```python
shown_only()
```

```{python}
x + 1
```
""",
    "myst.md": """---
# A comment of the author
title: "A: post"
date: 2019-06-02
aliases: ["/old/"]
country: no
---

A line.
Another.   \n
% a comment of MyST

```{code-cell} ipython3
:tags: [remove-input]
:label: fig-one

x = 1
```
```{code-cell}
---
tags: [hide-input]
---
x + 1
```

+++ {"a": 1}

```{note}
A note.
```

```python
shown_only()
```

````{code-cell} ipython3
text = "```"
````

The end.
""",
    "percent.py": """\
# ---
# title: A script   # with a comment
# date: 2019-06-02
# ---

# %% [markdown]
# Text with $x$.
#
#
#   indented

# %% tags=["remove-input"]
x = 1



# %%
# %time x
x + 1
# %% A title
y = 2
""",
    "no-front-matter.md": "Only text.\n\n```python\nx = 1\n```\n",
    "no-line-end.md": HEAD + "\n```python\nx = 1\n```",
    "blank-lines.md": HEAD + "\n\n\n\nText\n\n\n\n\n```python\n\nx = 1\n\n```\n\n\n\n\n",
    "windows.md": (HEAD + "\nText.\n\n```python\nx = 1\ny = 2\n```\n\nMore.\n").replace(
        "\n", "\r\n"
    ),
    "mark.md": "\ufeff" + HEAD + "\nText.\n\n```python\nx = 1\n```\n",
    "odd-lines.md": HEAD + "\nA\u2028B\x0cC\x85D\n\n```python\nx = 'a\u2028b'\n```\n",
    "tabs.md": HEAD + "\n\tcode in a block\n\n```python\nif 1:\n\tx = 1\n```\n\t\n  \nEnd.  \n",
    "jupyter-header.md": """---
title: It has been in Jupyter
date: 2019-06-02
jupyter:
  kernelspec:
    name: "python3"
    display_name: Python 3 (ipykernel)
    language: python
---

```python
x = 1
```
""",
    "jupytext-header.md": """---
title: It has been in jupytext
date: 2019-06-02
jupytext:
  formats: md:myst
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

```{code-cell} ipython3
x = 1
```
""",
    "magic.md": HEAD + "\n```python\n%time x = 1\n```\n\n```python\n!ls\n```\n",
    "empty-cells.md": HEAD + "\n```python\n```\n\n```python\n\n```\n\nText.\n",
}
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_bytes().decode() for path in POSTS}
TEXTS |= {f"posts/{name}": text for name, text in NASTY.items()}
SAVED = " # SAVED"


def test_every_option_of_a_cell_is_kept_by_jupytext() -> None:
    kept = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["cell_metadata_filter"].split(",")
    assert {field.name.replace("_", "-") for field in dataclasses.fields(CellOptions)} < set(kept)
    assert kept[-1] == "-all"


@pytest.mark.parametrize("path", TEXTS)
def test_a_save_without_an_edit_changes_no_byte(path: str) -> None:
    assert saved(path, TEXTS[path]) == TEXTS[path]


@pytest.mark.parametrize("path", TEXTS)
def test_jupytext_finds_the_cells_that_a_build_finds(path: str) -> None:
    ours = codes(path, TEXTS[path])
    found = [c.source for c in opened(path, TEXTS[path]).cells if c.cell_type == "code"]
    theirs = [code.strip("\n").replace("\ue028", "\u2028") for code in found]
    assert len(ours) == len(theirs)
    assert all(their.endswith(our.strip("\n")) for our, their in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("path", TEXTS)
def test_an_edit_of_a_cell_changes_its_lines_alone(path: str) -> None:
    """Each cell of each post in turn, of code and of text, at its end."""
    text = TEXTS[path]
    for number, cell in enumerate(opened(path, text).cells):
        last = cell.source.rpartition("\n")[2]
        if not last.strip() or cell.source.startswith("---") or last.startswith(("```", "~~~")):
            continue

        def edit(notebook: Any, number: int = number) -> None:
            notebook.cells[number].source += SAVED

        got = saved(path, text, edit)
        assert got.count(SAVED) == 1
        assert got.replace(SAVED, "") == text


@pytest.mark.parametrize("path", TEXTS)
def test_front_matter_is_edited_by_the_line(path: str) -> None:
    text = TEXTS[path]
    if not text.lstrip("\ufeff# ").startswith("---"):
        return

    def edit(notebook: Any) -> None:
        first = notebook.cells[0]
        first.source = first.source.replace("---\n", "---\nseries: Saved\n", 1)

    got = saved(path, text, edit)
    line = next(line for line in got.splitlines(keepends=True) if "series: Saved" in line)
    assert got.replace(line, "", 1) == text


@pytest.mark.parametrize("path", TEXTS)
def test_what_was_saved_opens_as_it_was_saved(path: str) -> None:
    """Cells deleted, added, swapped and retyped."""

    def delete(notebook: Any) -> None:
        del notebook.cells[len(notebook.cells) // 2]

    def add(notebook: Any) -> None:
        notebook.cells.insert(1, nbformat.v4.new_code_cell("added = 1"))
        notebook.cells.append(nbformat.v4.new_markdown_cell("Added.\n\nTwice."))

    def swap(notebook: Any) -> None:
        notebook.cells[1:] = reversed(notebook.cells[1:])

    for edit in (delete, add, swap):
        notebook = opened(path, TEXTS[path])
        edit(notebook)
        text = saved(path, TEXTS[path], edit)
        assert sources(opened(path, text)) == sources(notebook)


def test_a_new_cell_is_one_in_its_post_s_dialect() -> None:
    def add(notebook: Any) -> None:
        notebook.cells.append(nbformat.v4.new_code_cell("added = 1"))

    for path, fence in (
        ("posts/plain.md", "```python\n"),
        ("posts/quarto.md", "```{python}\n"),
        ("posts/myst.md", "```{code-cell}"),
        ("posts/percent.py", "# %%\n"),
    ):
        text = saved(path, TEXTS[path], add)
        assert text.startswith(TEXTS[path].rstrip("\n"))
        assert fence in text[len(TEXTS[path].rstrip("\n")) :]
        assert codes(path, text)[-1].strip() == "added = 1"


def test_what_jupyter_notes_at_cells_stays_out() -> None:
    def run(notebook: Any) -> None:
        notebook.metadata["kernelspec"] = {
            "name": "other",
            "display_name": "O",
            "language": "python",
        }
        notebook.metadata["language_info"] = {"name": "python", "version": "3.11"}
        for cell in notebook.cells:
            cell.metadata |= {"trusted": True, "collapsed": False, "execution": {"a": 1}}
            if cell.cell_type == "code":
                cell.execution_count = 1
                cell.outputs = [nbformat.v4.new_output("stream", text="1\n")]

    for path, text in TEXTS.items():
        assert saved(path, text, run) == text


def test_a_tag_of_a_cell_is_kept() -> None:
    def tag(notebook: Any) -> None:
        next(c for c in notebook.cells if c.cell_type == "code").metadata["tags"] = ["remove-input"]

    text = saved("posts/mark.md", TEXTS["posts/mark.md"], tag)
    assert '```python tags=["remove-input"]\n' in text


def test_text_that_jupytext_cannot_read_is_replaced_as_it_would() -> None:
    old = "---\n: [\n---\n\n```{code-cell}\n---\n: [\n---\n```\n"
    reads, writes = tools("posts/a.md")
    new = "New.\n"
    assert text_to_save("posts/a.md", old, new, reads, writes) == new


@pytest.mark.parametrize("path", [path for path in TEXTS if Path(path).name not in NASTY])
def test_jupytext_alone_keeps_the_posts_of_this_blog(path: str) -> None:
    """As in other editors, which have our configuration and not our class."""
    read, write = tools(path)
    assert write(read(TEXTS[path])).rstrip("\n") == TEXTS[path].rstrip("\n")


def test_a_save_in_jupyter_changes_what_was_edited(tmp_path: Path) -> None:
    """The same through Jupyter's own manager of contents, where Jupyter is installed."""
    from site_builder.authoring.notebook_server import Posts

    (tmp_path / "posts").mkdir()
    (tmp_path / "jupytext.toml").write_bytes(CONFIG.read_bytes())
    for path, text in TEXTS.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    # In a thread of its own: a browser that other tests use has a loop in this one.
    with ThreadPoolExecutor(1) as apart:
        saving = apart.submit(
            lambda: asyncio.run(_save_all(Posts(root_dir=str(tmp_path)), tmp_path))
        )
        saving.result()


def test_jupyter_s_settings_name_our_class_where_it_can_be_had() -> None:
    code = (TEMPLATES / "jupyter_server_config.txt").read_text(encoding="utf-8")
    settings = SimpleNamespace(ServerApp=SimpleNamespace(contents_manager_class=None))
    exec(compile(code, "jupyter_server_config.py", "exec"), {"get_config": lambda: settings})
    found = settings.ServerApp.contents_manager_class
    assert (found is not None) == bool(importlib.util.find_spec("jupyter_server"))


async def _save_all(manager: Any, root: Path) -> None:
    for path, text in TEXTS.items():
        content = (await manager.get(path, type="notebook"))["content"]
        sent = json.loads(json.dumps(content))
        for cell in sent["cells"]:
            cell["metadata"]["trusted"] = True
        model = {"type": "notebook", "format": "json", "content": sent}
        await manager.save(dict(model), path)
        assert (root / path).read_bytes() == text.encode()
        code = [cell for cell in sent["cells"] if cell["cell_type"] == "code" and cell["source"]]
        if code:
            code[0]["source"] += SAVED
            await manager.save(dict(model), path)
            assert (root / path).read_bytes().replace(SAVED.encode(), b"") == text.encode()
        new = f"{path.rpartition('.')[0]}-new.{path.rpartition('.')[2]}"
        await manager.save(dict(model), new)
        assert (root / new).is_file()
        plain = await manager.get(path, type="file", format="text")
        await manager.save({"type": "file", "format": "text", "content": "Typed.\n"}, path)
        assert plain["content"].count(SAVED) == len(code[:1])
        assert (root / path).read_bytes() == b"Typed.\n"


PIECES = st.lists(
    st.sampled_from(
        [
            *("Text.\n", "\n", "\n\n", "  trailing  \n", "# Heading\n", "- item\n", "> quote\n"),
            *("```python\nx = 1\n```\n", "```python echo=false\n\nx\n\n```\n", "$$\na\n$$\n"),
            *("````python\n'```'\n````\n", "```bash\nls\n```\n", "```\nplain\n```\n"),
            *("~~~python\nx\n~~~\n", "```{python}\ny = 2\n```\n", "```python .noeval\nno\n```\n"),
            *("```{code-cell}\n:tags: [a]\nz = 3\n```\n", "```{code-cell} ipython3\n\nz\n```\n"),
            *(
                ":::{note}\nA note.\n:::\n",
                "<!-- c -->\n",
                "[^1]\n\n[^1]: n\n",
                "    code\n",
                "+++\n",
            ),
            *("| a |\n|---|\n| b |\n", "***\n", "\u2028\n"),
        ]
    ),
    max_size=9,
).map(lambda pieces: HEAD + "".join(pieces))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PIECES, st.sampled_from(["\n", "\r\n"]), st.integers(0, 20))
def test_any_post_is_kept(text: str, end: str, place: int) -> None:
    text = text.replace("\n", end)
    assert saved("posts/a.md", text) == text
    notebook = opened("posts/a.md", text)
    place %= len(notebook.cells)

    def edit(notebook: Any) -> None:
        cell = notebook.cells[place]
        cell.source += "\n# SAVED" if cell.cell_type == "code" else "\n\nSAVED"

    if place:
        edit(notebook)
        got = saved("posts/a.md", text, edit)
        assert sources(opened("posts/a.md", got)) == sources(notebook)
        if notebook.cells[place].cell_type == "code":
            lines = got.splitlines(keepends=True)
            assert "".join(line for line in lines if "SAVED" not in line) == text


# What JupyterLab does.


def tools(path: str) -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    """What reads and writes a post, as jupytext does in JupyterLab with our configuration."""
    config = settings_of_jupytext()
    suffix = Path(path).suffix

    def read(text: str) -> Any:
        format_ = preferred_format(suffix, config.preferred_jupytext_formats_read)
        return jupytext.reads(text, fmt=format_, config=config)

    def write(notebook: Any) -> str:
        formats = notebook_formats(notebook, config, path)
        format_ = next(each for each in formats if each["extension"] == suffix)
        return str(jupytext.writes(notebook, fmt=format_, config=config))

    return read, write


@functools.cache
def settings_of_jupytext() -> Any:
    return load_jupytext_configuration_file(str(CONFIG))


def opened(path: str, text: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tools(path)[0](text_for_jupytext(path, text))


def saved(path: str, text: str, edit: Callable[[Any], None] = lambda notebook: None) -> str:
    read, write = tools(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        notebook = opened(path, text)
        edit(notebook)
        sent = nbformat.from_dict(json.loads(json.dumps(notebook)))  # over the network
        return text_to_save(path, text, write(sent), read, write)


def codes(path: str, text: str) -> list[str]:
    source = source_of(PostFile(path, text.encode()))
    assert source
    tokens, _ = parse_markdown(source.text, body_line(source))
    cells, _ = read_cells(source, tokens, marked=source.marked)
    return [cell.code for cell in cells]


def sources(notebook: Any) -> list[tuple[str, str]]:
    """Cells by kind and text; prose is divided by cells of code alone."""
    found: list[tuple[str, str]] = []
    for cell in notebook.cells:
        kind = "code" if cell.cell_type == "code" else "prose"
        text = cell.source.strip("\n")
        if kind == "prose":
            text = "\n".join(x for x in text.replace("~~~", "```").split("\n") if x.strip())
            if found and found[-1][0] == "prose":
                text = f"{found.pop()[1]}\n{text}".strip("\n")
        if text.strip():
            found.append((kind, text))
    return found
