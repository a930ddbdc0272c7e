"""A post's tokens as HTML, for its page and for feeds.

In: the one token stream of a post, what its cells gave, and a Draft that collects what else the
page needs. Out: HTML. The markup is the contract with themes that the README describes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape
from typing import Any
from urllib.parse import quote

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.content.markdown import make_parser
from site_builder.model import Heading
from site_builder.rendering.cells import cell_html
from site_builder.rendering.draft import Draft
from site_builder.rendering.foreign_html import is_lost
from site_builder.rendering.formulas import block_formula, inline_formula
from site_builder.rendering.images import (
    authors_html,
    figure_html,
    image_html,
    is_figure,
    note_ids,
    warn,
)
from site_builder.rendering.listings import listing_html
from site_builder.rendering.markup import attribute, kept
from site_builder.rendering.notes import place_notes

ADMONITIONS = {
    "danger": "caution",
    "error": "caution",
    "hint": "tip",
    "attention": "warning",
    "seealso": "note",
}
_EXTERNAL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")
_FILENAME = re.compile(r'(?:filename|title)="([^"]*)"')


def body_html(draft: Draft, tokens: Sequence[Token]) -> str:
    """Render the blocks of a post."""
    placed = place_notes(tokens)
    if any(token.type == "heading_open" and token.tag == "h1" for token in placed):
        draft.heading_shift = 1  # the page's one `h1` is its title
    return _render(placed, draft)


def inline_html(draft: Draft, text: str) -> str:
    """Render a caption, title or summary."""
    (token,) = make_parser(draft.quotes).parseInline(text)
    return _RENDERER.renderInline(
        token.children or [], make_parser().options, {"draft": draft, "inline": True}
    )


def shown_inline(draft: Draft, tokens: Sequence[Token]) -> str:
    """Render inline tokens a second time, where there is no room for links and notes."""
    return _RENDERER.renderInline(
        _without_links(tokens), make_parser().options, {"draft": _scratch(draft), "inline": True}
    )


def markdown_html(draft: Draft, text: str) -> str:
    """Render Markdown that a cell gave."""
    tokens = place_notes(make_parser(draft.quotes).parse(text))
    for token in tokens:
        token.map = None  # its lines are none of the post's: mistakes are the cell's
    return _render(tokens, draft)


def _render(tokens: Sequence[Token], draft: Draft) -> str:
    return _RENDERER.render(tokens, make_parser().options, {"draft": draft})


Env = Any


class _Renderer(RendererHTML):
    """markdown-it's renderer with a rule for each token that is ours. Rules get the draft."""

    def render(self, tokens: Sequence[Token], options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        html = []
        for index, token in enumerate(tokens):
            if token.map and not token.hidden:
                draft.lines = (token.map[0] + 1, token.map[1])
            if not draft.feed and (token.attrs or token.children or token.type == "html_block"):
                note_ids(draft, token)
            if token.type == "inline":
                html.append(self.renderInline(token.children or (), options, env))
            elif token.type in self.rules:
                html.append(self.rules[token.type](tokens, index, options, env))
            else:
                html.append(self.renderToken(tokens, index, options, env))
        return "".join(html)

    def heading_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        token = tokens[index]
        level = min(6, int(token.tag[1]) + draft.heading_shift)
        id_ = str(token.attrs.get("id", ""))
        content = tokens[index + 1].children or ()
        inner = self.renderInline(_without_links(content), options, {"draft": _scratch(draft)})
        draft.headings.append(Heading(level, id_, inner))
        draft.anchor(id_, plain_text(content))
        classes = attribute("class", token.attrs.get("class"))
        return f"<h{level}{attribute('id', id_)}{classes}>"

    def heading_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        heading = draft.headings[-1]
        link = ""
        if heading.id and not draft.feed:
            # Its name is the heading's, so that a list of links tells one from another.
            name = escape(unescape(re.sub(r"<[^>]*>", "", heading.html)))
            target = f'href="#{escape(heading.id)}"'
            link = f' <a class="anchor" {target} aria-label="Link to: {name}">#</a>'
        return f"{link}</h{heading.level}>\n"

    def fence(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        token = tokens[index]
        if "cell" in token.meta:
            return cell_html(draft, token.meta["cell"], inline_html, markdown_html)
        language = token.meta.get("language") or (token.info.split() or [""])[0]
        name = _FILENAME.search(token.info)
        return listing_html(draft, token.content, language, name[1] if name else "")

    def code_block(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return listing_html(env["draft"], tokens[index].content, "", "")

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        if is_figure(tokens) and not env.get("inline"):
            caption = self.renderInline(tokens[index].children or (), options, env)
            return figure_html(draft, tokens[index], caption)
        return image_html(draft, tokens[index])

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        token = tokens[index]
        address = str(token.attrs["href"])
        text = ""
        if not _EXTERNAL.match(address):
            attachment = draft.attachment(address)
            if attachment is not None:
                address = quote(attachment.name)
            else:
                bare = tokens[index + 1].type == "link_close"
                address, text = draft.refer(address, _written(address), text=bare)
        rest = "".join(attribute(*p) for p in kept(token, "title", "id", "class").items())
        return f'<a href="{escape(address)}"{rest}>{text}'

    def reference(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        token = tokens[index]
        wording = token.meta.get("text") or ("%s" if token.meta.get("number_only") else "")
        address, text = env["draft"].refer(
            f"#{token.content}", token.content, text=True, wording=wording
        )
        return f'<a href="{address}">{text}</a>'

    def maths_reference(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        token = tokens[index]
        wording = "%s" if token.meta["kind"] == "ref" else "(%s)"
        address, text = env["draft"].refer(
            f"#{token.content}", token.content, text=True, wording=wording
        )
        return f'<a href="{address}">{text}</a>'

    def maths_inline(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return inline_formula(env["draft"], tokens[index])

    def maths_block(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return block_formula(env["draft"], tokens[index])

    def html_block(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return authors_html(env["draft"], tokens[index].content)

    def html_inline(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        html = tokens[index].content
        if html.startswith('<input class="task-list-item-checkbox"'):
            name = "done" if "checked" in html else "to do"
            return html.replace("<input ", f'<input aria-label="{name}" ', 1)
        if is_lost(html, (token.content for token in tokens[index:])):
            message = f"{html} is taken for HTML, but not closed"
            help_ = f"write \\{html} for the text, or `…` around code, or close the element"
            warn(env["draft"], html, message, help_)
        return authors_html(env["draft"], html)

    def table_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        if draft.feed:
            return "<table>\n"
        number = draft.number("plain table")
        region = (
            f'<div class="table" role="group" tabindex="0" aria-label="Unnumbered table {number}">'
        )
        return f"{region}<table{attribute('id', tokens[index].attrs.get('id'))}>\n"

    def table_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return "</table>\n" if env["draft"].feed else "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return f'<th scope="col"{_alignment(tokens[index])}>'

    def td_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return f"<td{_alignment(tokens[index])}>"

    def admonition_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        token = tokens[index]
        kind = token.meta["kind"]
        title = self.renderInline(token.meta["title"], options, env) or kind.capitalize()
        id_ = attribute("id", token.attrs.get("id"))
        look = ADMONITIONS.get(kind, kind)
        if env["draft"].feed:
            return f"<blockquote><p><strong>{title}</strong></p>\n"
        if token.meta["collapsible"]:
            summary = f'<summary class="admonition-title">{title}</summary>'
            return f'<details class="admonition {look}"{id_}>{summary}\n'
        heading = f'<p class="admonition-title">{title}</p>'
        return f'<aside class="admonition {look}" role="note"{id_}>{heading}\n'

    def admonition_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        if env["draft"].feed:
            return "</blockquote>\n"
        level = tokens[index].level
        opening = next(
            token
            for token in reversed(tokens[:index])
            if token.type == "admonition_open" and token.level == level
        )
        return "</details>\n" if opening.meta["collapsible"] else "</aside>\n"

    def footnote_ref(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        meta = tokens[index].meta
        number = meta["id"] + 1
        again = f"-{meta['subId'] + 1}" if meta.get("subId") else ""
        link = f'<a id="fnref-{number}{again}" href="#fn-{number}" role="doc-noteref">{number}</a>'
        return f'<sup class="footnote-ref">{link}</sup>'

    def footnote_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        number = tokens[index].meta["id"] + 1
        if env["draft"].feed:
            return f'<blockquote id="fn-{number}">\n'
        mark = f'<span class="sidenote-number">{number}</span> '
        return f'<aside class="sidenote" id="fn-{number}" role="note">{mark}'

    def paragraph_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        if is_figure(tokens[index + 1].children):
            return ""
        html = self.renderToken(tokens, index, options, env)
        note = tokens[index - 1] if env["draft"].feed and index else None
        if note and note.type == "footnote_open":
            return f"{html}<sup>{note.meta['id'] + 1}</sup> "
        return html

    def paragraph_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        if is_figure(tokens[index - 1].children):
            return ""
        return self.renderToken(tokens, index, options, env)

    def footnote_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return "</blockquote>\n" if env["draft"].feed else "</aside>\n"

    def footnote_anchor(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return ""  # the note stands beside its reference


_RENDERER = _Renderer()


def _scratch(draft: Draft) -> Draft:
    """A draft for text that is shown a second time: nothing of it is counted."""
    return Draft(
        draft.executed,
        draft.macros,
        draft.dark_figures,
        draft.quotes,
        feed=True,
        lines=draft.lines,
    )


def _without_links(tokens: Sequence[Token]) -> list[Token]:
    """Inline tokens for a place that is a link itself, or must not have notes."""
    dropped = ("link_open", "link_close", "footnote_ref", "reference")
    return [token for token in tokens if token.type not in dropped]


def _written(address: str) -> str:
    """What of an address stands in the text as it is: the parser percent-encodes."""
    return re.split("[%#?]", address)[0] or address.lstrip("#")


def _alignment(token: Token) -> str:
    """The column's alignment as a class: a strict policy forbids style attributes."""
    side = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f' class="{side}"' if side else ""
