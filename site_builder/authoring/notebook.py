"""A post as a notebook: the same text and cells, to be worked on in any program that opens them.

In: a post, and its execution if outputs are wanted. Out: the text of an `.ipynb` of nbformat 4.5.
Promise: read back, it is the same post; the same post and run give the same bytes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from site_builder.content.front_matter import body_line
from site_builder.content.options import DEFAULT
from site_builder.model.post import Cell, Execution, Post
from site_builder.rendering.downloads import notebook_output


def notebook_text(post: Post, execution: Execution | None) -> str:
    """The notebook of a post, with the outputs of an execution if one is given."""
    notebook = {
        "cells": list(_cells(post, execution)),
        "metadata": _metadata(post, execution),
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _metadata(post: Post, execution: Execution | None) -> Mapping[str, Any]:
    kernel = post.front_matter.kernel
    if kernel:
        language = next((cell.language for cell in post.cells if cell.language), kernel)
        spec = {"display_name": kernel, "language": language, "name": kernel}
        return {"kernelspec": spec}
    info = {"name": "python"}
    if execution and execution.environment:
        info["version"] = execution.environment.python
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"kernelspec": spec, "language_info": info}


def _cells(post: Post, execution: Execution | None) -> Iterator[Mapping[str, Any]]:
    """The front matter as a raw cell, cells, and the Markdown between them."""
    lines = post.source.text.split("\n")
    start = body_line(post.source) - 1
    head = "\n".join(lines[:start]).strip("\n")
    if head:
        yield {"cell_type": "raw", "id": "front-matter", "metadata": {}, "source": _kept(head)}
    places = {t.meta["cell"]: t for t in post.tokens if t.type == "fence" and "cell" in t.meta}
    for cell in post.cells:
        token = places[cell.number]
        assert token.map
        yield from _prose(lines[start : token.map[0]], cell.number)
        outputs = execution.outputs[cell.number - 1] if execution else ()
        yield {
            "cell_type": "code",
            "execution_count": cell.number if execution and cell.options.eval else None,
            "id": f"cell-{cell.number}",
            "metadata": {},
            "outputs": [notebook_output(out) for out in outputs if out.kind != "assertion"],
            "source": _kept(_source(cell, token.content)),
        }
        start = token.map[1]
    yield from _prose(lines[start:], len(post.cells) + 1)


def _prose(lines: list[str], number: int) -> Iterator[Mapping[str, Any]]:
    """The Markdown in front of the cell of this number."""
    text = "\n".join(lines).strip("\n")
    if text.strip():
        source = _kept(text)
        yield {"cell_type": "markdown", "id": f"text-{number}", "metadata": {}, "source": source}


def _kept(text: str) -> list[str]:
    """The lines of a text, each with its end, as notebooks have them."""
    return [line for line in text.replace("\n", "\n\0").split("\0") if line]


def _source(cell: Cell, content: str) -> str:
    """The code of a cell below its options, which are `#|` lines in every dialect."""
    written = content[: len(content) - len(cell.code)].splitlines()
    head = content.rstrip("\n")
    if not all(line.startswith("#|") for line in written) or not written:
        head = "\n".join([*_options(cell), cell.code]).rstrip("\n")
    return head


def _options(cell: Cell) -> Iterator[str]:
    for field in dataclasses.fields(cell.options):
        value = getattr(cell.options, field.name)
        if value != getattr(DEFAULT, field.name):
            if isinstance(value, tuple) and len(value) == 1:
                value = value[0]
            yield f"#| {field.name.replace('_', '-')}: {json.dumps(value, ensure_ascii=False)}"
