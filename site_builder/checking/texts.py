"""The texts that the cells of a run put out.

In: a post and its execution. Out: the text of each output by the number of its cell. Promise: the
outputs are those of the record, in the same order.
"""

from __future__ import annotations

from site_builder.execution.failures import CONTROL
from site_builder.model.post import Execution, Post


def output_texts(post: Post, execution: Execution) -> dict[int, list[str]]:
    """The texts of the outputs of cells by their numbers, without colours."""
    return {
        cell.number: [
            CONTROL.sub("", output.text or str(output.data.get("text/plain", "")))
            for output in outputs
            if output.kind != "assertion"
        ]
        for cell, outputs in zip(post.cells, execution.outputs, strict=True)
    }
