"""A post for readers to run: the executed notebook, and the plain script.

In: an executed post. Out: two files of its page. The notebook is nbformat 4.5 with outputs as they
are on the page; the script has the same cells in the percent format that Jupyter and editors read.
In their text values are filled in, and claims say what checked them. Both are made of the post
alone, so the same run gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from site_builder.content.front_matter import body_line
from site_builder.model.cell_options import CellOptions
from site_builder.model.files import SiteFile
from site_builder.model.post import Cell, Environment, ExecutedPost, Expression, Output
from site_builder.rendering.filled_markdown import as_written, filled_body, filled_text


@dataclass(frozen=True, slots=True)
class Prose:
    """Markdown between cells."""

    text: str
    expressions: tuple[Expression, ...]
    """Those whose values are in it."""


Part = Cell | Prose


def downloads(executed: ExecutedPost, variables: Mapping[str, str]) -> tuple[SiteFile, ...]:
    """The files; none for a post whose cells are not Python or do not run.

    `variables` are the environment variables that the site sets for its posts.
    """
    post = executed.post
    environment = executed.execution.environment
    if environment is None or post.front_matter.kernel:
        return ()
    parts = list(_parts(executed, _setup(environment, variables)))
    notebook = _notebook(executed, parts)
    text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    script = _script(parts)
    return (
        SiteFile(f"{post.slug}.ipynb", text.encode()),
        SiteFile(f"{post.slug}.py", script.encode()),
    )


def _setup(environment: Environment, variables: Mapping[str, str]) -> Cell:
    """A first cell that does for a reader what the build did for the post: variables and seeds."""
    packages = dict(environment.packages)
    versions = "".join(f", {name} {version}" for name, version in packages.items())
    lines = [f"# The page was made with Python {environment.python}{versions}."]
    if variables:
        lines.append("import os")
    lines += ["import random", ""]
    lines += [f"os.environ[{name!r}] = {value!r}" for name, value in sorted(variables.items())]
    lines.append(f"random.seed({environment.seed})")
    if "numpy" in packages:
        lines += ["", "import numpy", f"numpy.random.seed({environment.seed % 2**32})"]
    if "keras" in packages:
        lines += ["", "import keras", f"keras.utils.set_random_seed({environment.seed % 2**32})"]
    code = "\n".join(lines) + "\n"
    return Cell(0, code, 0, 0, 0, "python", CellOptions())


def _parts(executed: ExecutedPost, setup: Cell) -> Iterator[Part]:
    """Cells and the Markdown between them, in order."""
    post = executed.post
    lines = filled_body(executed).split("\n")
    if post.front_matter.title:
        title = filled_text(executed, post.front_matter.title, "title")
        yield Prose(f"# {title}", _of_origin(executed, "title"))
    yield setup
    start = body_line(post.source) - 1
    ends = {t.meta["cell"]: t.map for t in post.tokens if t.type == "fence" and "cell" in t.meta}
    for cell in post.cells:
        place = ends[cell.number]
        assert place
        yield from _prose(executed, lines, start, place[0])
        if cell.options.claim:
            origin = f"cell {cell.number} claim 1"
            sentence = filled_text(executed, cell.options.claim, origin)
            claim = f"**Claim:** {sentence} (checked by the next cell)"
            yield Prose(claim, _of_origin(executed, origin))
        yield cell
        start = place[1]
    yield from _prose(executed, lines, start, len(lines))


def _prose(executed: ExecutedPost, lines: list[str], start: int, end: int) -> Iterator[Prose]:
    """The Markdown between two lines (from 0, without the second), if there is any."""
    text = "\n".join(lines[start:end]).strip("\n")
    if text.strip():
        body = _of_origin(executed, "")
        yield Prose(text, tuple(each for each in body if start < each.line <= end))


def _of_origin(executed: ExecutedPost, origin: str) -> tuple[Expression, ...]:
    return tuple(each for each in executed.post.expressions if each.origin == origin)


def _notebook(executed: ExecutedPost, parts: list[Part]) -> dict[str, Any]:
    environment = executed.execution.environment
    assert environment
    return {
        "cells": [_cell(executed, part, number) for number, part in enumerate(parts, start=1)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": environment.python},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(executed: ExecutedPost, part: Part, number: int) -> dict[str, Any]:
    if isinstance(part, Prose):
        return {
            "cell_type": "markdown",
            "id": f"text-{number}",
            "metadata": _origins(part),
            "source": part.text.splitlines(keepends=True),
        }
    outputs = executed.execution.outputs[part.number - 1] if part.number else ()
    return {
        "cell_type": "code",
        "execution_count": part.number if part.number and part.options.eval else None,
        "id": f"cell-{part.number}",
        "metadata": {},
        "outputs": [notebook_output(output) for output in outputs if output.kind != "assertion"],
        "source": part.code.rstrip("\n").splitlines(keepends=True),
    }


def _origins(prose: Prose) -> dict[str, Any]:
    """What the Markdown was made of, for programs."""
    written = [
        {each.kind: each.code if each.kind == "claim" else as_written(each)}
        for each in prose.expressions
    ]
    return {"site_builder": {"expressions": written}} if written else {}


def notebook_output(output: Output) -> dict[str, Any]:
    """An output as notebooks hold it."""
    if output.kind in ("stdout", "stderr"):
        text = output.text.splitlines(keepends=True)
        return {"output_type": "stream", "name": output.kind, "text": text}
    if output.kind == "error":
        return {
            "output_type": "error",
            "ename": str(output.metadata["name"]),
            "evalue": str(output.metadata["message"]),
            "traceback": output.text.rstrip("\n").split("\n"),
        }
    data = {
        mime: value.splitlines(keepends=True) if _is_text(mime, value) else value
        for mime, value in output.data.items()
    }
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _is_text(mime: str, value: object) -> bool:
    return isinstance(value, str) and (mime.startswith("text/") or mime == "image/svg+xml")


# What only IPython understands: `%time`, `%%bash`, `!ls`; not a remainder that begins a line.
_MAGIC = re.compile(r"^[ \t]*(?:%{1,2}[A-Za-z]|!)", re.MULTILINE)


def _script(parts: list[Part]) -> str:
    blocks = []
    for part in parts:
        if isinstance(part, Prose):
            lines = [f"# {line}".rstrip() for line in part.text.split("\n")]
            blocks.append("\n".join(["# %% [markdown]", *lines]))
        else:
            code = part.code.rstrip("\n")
            if not part.options.eval or _MAGIC.search(code):
                code = "\n".join(f"# {line}".rstrip() for line in code.split("\n"))
            blocks.append(f"# %%\n{code}")
    return "\n\n".join(blocks) + "\n"
