"""What a post would publish today.

In: a post and its execution. Out: its record and page, as a build would make them; and in words how
what it ran with differs from what it ran with when it was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from site_builder.checking.verifying.judgement import Shown
from site_builder.config import Site
from site_builder.evidence.pieces import pieces
from site_builder.evidence.published import SUFFIX, PublishedRecord
from site_builder.model import ExecutedPost, Execution, Post
from site_builder.rendering.published import record_of_page
from site_builder.rendering.render import render


def shown_now(site: Site, post: Post, execution: Execution) -> Shown:
    """The record and the page that would be published now. Raises ContentError."""
    executed = ExecutedPost(post, execution)
    rendered = render(site, executed)
    files = {f.path: f.content for f in rendered.files if not f.path.endswith(SUFFIX)}
    beside = [file for file in rendered.files if file.path in files]
    record = record_of_page(executed, rendered.html.body, beside)
    texts = {
        cell.number: [
            output.text or str(output.data.get("text/plain", ""))
            for output in outputs
            if output.kind != "assertion"
        ]
        for cell, outputs in zip(post.cells, execution.outputs, strict=True)
    }
    return Shown(record, pieces(rendered.html.body), files.__getitem__, texts)


def changes_of(old: PublishedRecord, new: PublishedRecord) -> Iterator[str]:
    """What a post runs with now and did not then, in words."""
    settings = {"seed": str(old.seed)}, {"seed": str(new.seed)}
    for before, now in (
        (old.interpreter, new.interpreter),
        (old.packages, new.packages),
        settings,
    ):
        yield from _differences(before, now)
    for name in sorted({*old.inputs, *new.inputs}):
        if old.inputs.get(name) != new.inputs.get(name):
            yield f"{name} changed" if name in old.inputs else f"{name} is read"


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"{name} {old.get(name) or 'none'} → {new.get(name) or 'none'}"
