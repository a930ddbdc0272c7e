"""Footnotes on the page: the numbers that lead to them, and the notes.

In: their tokens, placed beside the text or at its end. Out: HTML. Promise: a note at the end has a
way back to each place that refers to it; one beside the text needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markdown_it.token import Token

from site_builder.rendering.draft import Draft
from site_builder.rendering.markup import attribute


def _number(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """The number of a note, which leads to it."""
    number, again = _place(tokens[index])
    link = f'<a id="fnref-{number}{again}" href="#fn-{number}" role="doc-noteref">{number}</a>'
    return f'<sup class="footnote-ref">{link}</sup>'


def _open(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    number, _ = _place(tokens[index])
    if env["draft"].feed:
        return f'<blockquote id="fn-{number}">\n'
    if tokens[index].meta.get("at_end"):
        return f'<li id="fn-{number}">\n'
    mark = f'<span class="sidenote-number">{number}</span> '
    return f'<aside class="sidenote" id="fn-{number}" role="note">{mark}'


def _close(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    if env["draft"].feed:
        return "</blockquote>\n"
    return "</li>\n" if tokens[index].meta.get("at_end") else "</aside>\n"


def _way_back(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    if not tokens[index].meta.get("at_end"):
        return ""
    number, again = _place(tokens[index])
    name = env["draft"].words.back_to_note.format(number=f"{number}{again}")
    target = f'href="#fnref-{number}{again}"'
    return f' <a {target} role="doc-backlink"{attribute("aria-label", name)}>↩\ufe0e</a>'


def _all_open(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    draft = env["draft"]
    name = attribute("aria-label", draft.words.notes)
    kind = _element(draft)
    # In a list of whole asides there would be several landmarks of one name.
    role = "doc-endnotes" if kind == "section" else "group"
    return f'<{kind} class="endnotes" role="{role}"{name}>\n<ol>\n'


def _all_close(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return f"</ol>\n</{_element(env['draft'])}>\n"


def _element(draft: Draft) -> str:
    return "div" if draft.executed.post.front_matter.kind == "aside" else "section"


def _place(token: Token) -> tuple[int, str]:
    """The number of a note, and what tells the second reference to it from the first."""
    again = f"-{token.meta['subId'] + 1}" if token.meta.get("subId") else ""
    return token.meta["id"] + 1, again


NOTE_RULES: dict[str, Any] = {
    "footnote_ref": _number,
    "footnote_open": _open,
    "footnote_close": _close,
    "footnote_anchor": _way_back,
    "footnote_block_open": _all_open,
    "footnote_block_close": _all_close,
}
"""How each token is rendered, as markdown-it's renderer calls it."""
