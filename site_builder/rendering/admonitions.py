"""Admonitions: text that stands beside the text.

In: their tokens and, rendered, their titles. Out: the HTML that opens and closes them, as block
quotes in feeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markdown_it.token import Token

from site_builder.rendering.draft import Draft
from site_builder.rendering.markup import attribute

LOOKS = {
    "danger": "caution",
    "error": "caution",
    "hint": "tip",
    "attention": "warning",
    "seealso": "note",
}


def admonition_opens(draft: Draft, token: Token, title: str) -> str:
    """The start of an admonition; without a title its kind is that."""
    kind = token.meta["kind"]
    title = title or escape(getattr(draft.words, kind), quote=False)
    id_ = attribute("id", token.attrs.get("id"))
    look = LOOKS.get(kind, kind)
    if draft.feed:
        return f"<blockquote><p><strong>{title}</strong></p>\n"
    if token.meta["collapsible"]:
        summary = f'<summary class="admonition-title">{title}</summary>'
        return f'<details class="admonition {look}"{id_}>{summary}\n'
    heading = f'<p class="admonition-title">{title}</p>'
    return f'<aside class="admonition {look}" role="note"{id_}>{heading}\n'


def admonition_closes(draft: Draft, tokens: Sequence[Token], index: int) -> str:
    """The end of the admonition that the token at `index` closes."""
    if draft.feed:
        return "</blockquote>\n"
    level = tokens[index].level
    opening = next(
        token
        for token in reversed(tokens[:index])
        if token.type == "admonition_open" and token.level == level
    )
    return "</details>\n" if opening.meta["collapsible"] else "</aside>\n"
