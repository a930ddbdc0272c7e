"""A post's tokens as HTML, for its page and for feeds.

In: the one token stream of a post, what its cells gave, and a Draft that collects what else the
page needs. Out: HTML. The markup is the contract with themes that the README describes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from site_builder.content.code_lines import lines_of_fence
from site_builder.content.headings import plain_text
from site_builder.content.markdown import make_parser
from site_builder.model.page import Heading
from site_builder.rendering.admonitions import (
    admonition_closes,
    admonition_opens,
)
from site_builder.rendering.cells import cell_html
from site_builder.rendering.citations.in_text import (
    RULES,
    parser_environment,
    tell_given,
    with_references,
)
from site_builder.rendering.claims import claim_closes, claim_opens, opening_span
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
from site_builder.rendering.links import in_link, link_opens, reference_html, without_links
from site_builder.rendering.listings import listing_html
from site_builder.rendering.markup import alignment, attribute
from site_builder.rendering.notes import end_notes, place_notes
from site_builder.rendering.notes_html import NOTE_RULES
from site_builder.rendering.values import (
    text_tokens,
    value_html,
    volatile_line,
    volatile_mark,
    volatile_numbers,
)

_FILENAME = re.compile(r'(?:filename|title)="([^"]*)"')


def body_html(draft: Draft, tokens: Sequence[Token]) -> str:
    """Render the blocks of a post, whose values are filled in."""
    placed = end_notes(tokens) if draft.notes_at_end else place_notes(tokens)
    if any(token.type == "heading_open" and token.tag == "h1" for token in placed):
        draft.heading_shift = 1  # the page's one `h1` is its title
    return with_references(draft, _render(placed, draft))


def inline_html(draft: Draft, text: str, origin: str, *, bare: bool = False) -> str:
    """Render a caption, title or summary with its values.

    `origin` is that of the expressions in it. What is `bare` has no ids and no buttons, so that
    it can stand anywhere.
    """
    tokens = text_tokens(draft, text, origin)
    env = {"draft": draft, "inline": True, "bare": bare}
    return _RENDERER.renderInline(tokens, make_parser().options, env)


def shown_inline(draft: Draft, tokens: Sequence[Token]) -> str:
    """Render inline tokens a second time, where there is no room for links and notes."""
    env = {"draft": _scratch(draft), "inline": True, "bare": True}
    return _RENDERER.renderInline(without_links(tokens), make_parser().options, env)


def markdown_html(draft: Draft, text: str) -> str:
    """Render Markdown that a cell gave."""
    tokens = place_notes(make_parser(draft.quotes).parse(text, parser_environment(draft)))
    tell_given(draft, tokens)
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
                inner = env
                if index and tokens[index - 1].type == "heading_open":
                    inner = {**env, "marked": False}
                html.append(self.renderInline(token.children or (), options, inner))
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
        scratch = {"draft": _scratch(draft), "bare": True}
        inner = self.renderInline(without_links(content), options, scratch)
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
            told = escape(draft.words.link_to).format(heading=name)
            link = f' <a class="anchor" {target} aria-label="{told}">#</a>'
        return f"{link}</h{heading.level}>\n"

    def fence(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        token = tokens[index]
        if "cell" in token.meta:
            return cell_html(draft, token.meta["cell"], inline_html, markdown_html)
        language = token.meta.get("language") or (token.info.split() or [""])[0]
        name = _FILENAME.search(token.info)
        lines, _ = lines_of_fence(token.info, token.content)
        return listing_html(draft, token.content, language, name[1] if name else "", lines)

    def code_block(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return listing_html(env["draft"], tokens[index].content, "", "")

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        if is_figure(tokens) and not env.get("inline"):
            caption = self.renderInline(tokens[index].children or (), options, env)
            return figure_html(draft, tokens[index], caption)
        alone = len(tokens) == 1 and not env.get("inline") and not _bare(env)
        return image_html(draft, tokens[index], alone=alone)

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return link_opens(env["draft"], tokens, index)

    def reference(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        token = tokens[index]
        wording = token.meta.get("text") or ("%s" if token.meta.get("number_only") else "")
        return reference_html(env["draft"], token.content, wording)

    def maths_reference(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        wording = "%s" if tokens[index].meta["kind"] == "ref" else "(%s)"
        return reference_html(env["draft"], tokens[index].content, wording)

    def maths_inline(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft, token = env["draft"], tokens[index]
        html, volatile = inline_formula(draft, token), volatile_numbers(draft, token)
        if not volatile or _bare(env):
            return html
        mark = volatile_mark(draft, volatile) if _has_room(tokens, index, env) else ""
        return f"{html}{mark}" if draft.feed else f'<span class="volatile">{html}</span>{mark}'

    def maths_block(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        html = block_formula(env["draft"], tokens[index])
        told = volatile_numbers(env["draft"], tokens[index])
        return html + volatile_line(env["draft"]) if told else html

    def html_block(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return authors_html(env["draft"], tokens[index].content)

    def html_inline(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        html = tokens[index].content
        if html.startswith('<input class="task-list-item-checkbox"'):
            words = env["draft"].words
            name = words.done if "checked" in html else words.to_do
            return html.replace("<input ", f'<input aria-label="{escape(name)}" ', 1)
        if is_lost(html, (token.content for token in tokens[index:])):
            message = f"{html} is taken for HTML, but not closed"
            help_ = f"write \\{html} for the text, or `…` around code, or close the element"
            warn(env["draft"], html, message, help_, code="M016")
        return authors_html(env["draft"], html)

    def table_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        draft: Draft = env["draft"]
        if draft.feed:
            return "<table>\n"
        number = draft.number("plain table")
        name = attribute("aria-label", draft.words.unnumbered_table.format(number=number))
        region = f'<div class="table" role="group" tabindex="0"{name}>'
        return f"{region}<table{attribute('id', tokens[index].attrs.get('id'))}>\n"

    def table_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return "</table>\n" if env["draft"].feed else "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return f'<th scope="col"{alignment(tokens[index])}>'

    def td_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return f"<td{alignment(tokens[index])}>"

    def value(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        def render(inner: Sequence[Token]) -> str:
            return self.renderInline(inner, options, {**env, "inline": True})

        marked = _has_room(tokens, index, env)
        return value_html(env["draft"], tokens[index], render, bare=_bare(env), marked=marked)

    def span_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        token = tokens[index]
        if "claim" in token.attrs:
            return claim_opens(env["draft"], token, bare=_bare(env))
        return self.renderToken(tokens, index, options, env)

    def span_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        opening = opening_span(tokens, index)
        if "claim" in opening.attrs:
            marked = _has_room(tokens, index, env)
            return claim_closes(env["draft"], opening, bare=_bare(env), marked=marked)
        return self.renderToken(tokens, index, options, env)

    def admonition_open(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        inner = {**env, "marked": False}
        title = self.renderInline(tokens[index].meta["title"], options, inner)
        return admonition_opens(env["draft"], tokens[index], title)

    def admonition_close(self, tokens: Sequence[Token], index: int, options: Any, env: Env) -> str:
        return admonition_closes(env["draft"], tokens, index)

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


_RENDERER = _Renderer()
_RENDERER.rules |= RULES | NOTE_RULES


def _scratch(draft: Draft) -> Draft:
    """A draft for text that is shown a second time: nothing of it is counted."""
    return Draft(
        draft.executed,
        draft.macros,
        draft.dark_figures,
        draft.quotes,
        feed=True,
        base=draft.base,
        lines=draft.lines,
        words=draft.words,
    )


def _bare(env: Env) -> bool:
    """Whether nothing but the text is wanted, which is also shown elsewhere."""
    return bool(env.get("bare"))


def _has_room(tokens: Sequence[Token], index: int, env: Env) -> bool:
    """Whether a button or a link can stand behind a token: not in a heading or a link."""
    return not _bare(env) and bool(env.get("marked", True)) and not in_link(tokens, index)
