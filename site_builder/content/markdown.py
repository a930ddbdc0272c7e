"""Markdown: one token stream for a whole post.

In: a post's text. Out: markdown-it-py's tokens, whose lines are those of the text; what rules of
our own found wrong is in the environment's `faults`. CommonMark with tables, strikethrough,
footnotes, definition lists, task lists, attributes, maths, values, admonitions, references and
citations.
"""

from __future__ import annotations

import functools
from typing import Any, cast

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_block_plugin, attrs_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from site_builder.content.citations.syntax import citations_plugin
from site_builder.content.directives import directives_plugin
from site_builder.content.headings import headings_plugin
from site_builder.content.maths_syntax import maths_plugin
from site_builder.content.references import references_plugin
from site_builder.content.typography import Quotes
from site_builder.content.value_syntax import values_plugin


@functools.cache
def make_parser(quotes: Quotes | None = None) -> MarkdownIt:
    """The parser of posts, captions, titles and cells' Markdown; made once.

    Straight quotation marks become `quotes` unless that is None.
    """
    md = MarkdownIt("commonmark", {"html": True, "linkify": False, "typographer": bool(quotes)})
    md.enable(["table", "strikethrough"])
    if quotes:
        md.options["quotes"] = cast(str, quotes)  # the rule takes any four texts
        md.enable("smartquotes")
    md.use(footnote_plugin)
    md.use(deflist_plugin)
    md.use(tasklists_plugin)
    md.use(attrs_plugin, spans=True)
    md.use(attrs_block_plugin)
    md.use(directives_plugin)
    md.use(references_plugin)
    md.use(citations_plugin)
    md.use(maths_plugin)
    md.use(values_plugin)
    md.use(headings_plugin)
    return md


def parse_markdown(
    text: str, body_line: int, quotes: Quotes | None = None, *, cites: bool = False
) -> tuple[list[Token], dict[str, Any]]:
    """The tokens of `text` from line `body_line` (from 1) on, and the parser's environment.

    `cites` makes citations of keys in sentences, too: `@marcus2018`.
    """
    lead = 0
    for _ in range(body_line - 1):
        lead = text.index("\n", lead) + 1
    # Blank lines in place of the front matter keep the tokens' lines those of the text.
    env: dict[str, Any] = {"cites": cites}
    return make_parser(quotes).parse("\n" * (body_line - 1) + text[lead:], env), env
