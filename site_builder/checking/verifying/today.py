"""What a post would publish today.

In: a post and its execution. Out: its record and page, as a build would make them.
"""

from __future__ import annotations

from site_builder.checking.texts import output_texts
from site_builder.checking.verifying.judgement import Shown
from site_builder.evidence.pieces import pieces
from site_builder.evidence.published import SUFFIX
from site_builder.model.post import ExecutedPost, Execution, Post
from site_builder.rendering.published import record_of_page
from site_builder.rendering.render import render
from site_builder.settings.site import Site


def shown_now(site: Site, post: Post, execution: Execution) -> Shown:
    """The record and the page that would be published now. Raises ContentError."""
    executed = ExecutedPost(post, execution)
    rendered = render(site, executed)
    files = {f.path: f.content for f in rendered.files if not f.path.endswith(SUFFIX)}
    beside = [file for file in rendered.files if file.path in files]
    record = record_of_page(executed, rendered.html.body, beside)
    texts = output_texts(post, execution)
    return Shown(record, pieces(rendered.html.body), files.__getitem__, texts)
