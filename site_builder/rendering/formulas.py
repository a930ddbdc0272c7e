"""Formulas of a post: rendered, numbered, their mistakes reported where they stand.

In: a token of maths and the draft. Out: HTML. Numbers run through the whole post.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from html import escape

from markdown_it.token import Token

from site_builder.content.positions import problem_at
from site_builder.maths import (
    Display,
    MathsError,
    display_html,
    feed_html,
    render_display,
    render_inline,
)
from site_builder.rendering.draft import Draft
from site_builder.rendering.feed_formulas import formulas_for_feeds
from site_builder.rendering.tex_values import FilledTex, bare_tex

_REFERENCE = re.compile("\ue000ref:([^\ue000\ue001]*)\ue001")
Macros = tuple[tuple[str, str], ...]


def inline_formula(draft: Draft, token: Token) -> str:
    """A formula within a sentence, which may be a display on a line of its own."""
    tex, macros = token.content, _pairs(draft.macros)
    if "error" in token.meta:
        return ""  # reported by those who read it
    try:
        if token.meta.get("display"):
            shown = _display(tex, macros, token.meta.get("label", ""))
            return display_formula(draft, shown, inline=True)
        return _in_sentence(draft, _inline(tex, macros))
    except MathsError as error:
        return _failed(draft, token, error)


def block_formula(draft: Draft, token: Token) -> str:
    """A formula on lines of its own, with its numbers."""
    if "error" in token.meta:
        return ""
    try:
        shown = _display(token.content, _pairs(draft.macros), token.meta.get("label", ""))
    except MathsError as error:
        return _failed(draft, token, error)
    return display_formula(draft, shown)


def latex_output(draft: Draft, tex: str) -> str:
    """What a cell gave as LaTeX; raises MathsError."""
    return display_formula(draft, _display(bare_tex(tex), _pairs(draft.macros), ""))


def latex_value(draft: Draft, tex: str) -> str:
    """A value of the prose that is LaTeX, as a formula in its sentence; raises MathsError."""
    return _in_sentence(draft, _inline(bare_tex(tex), _pairs(draft.macros)))


def display_formula(draft: Draft, shown: Display, *, inline: bool = False) -> str:
    """The HTML of a display, its rows numbered on; `inline` fits it into a paragraph."""
    numbers = []
    for row in shown.rows:
        number = row.tag or (str(draft.number("equation")) if row.numbered else "")
        numbers.append(number)
        if row.label and number:
            plain = re.sub(r"<[^>]*>", "", number)
            draft.anchor(row.label, f"({plain})", plain)
    if draft.feed:
        html = feed_html(shown, numbers, inline=inline)
    else:
        words = draft.words
        html = display_html(
            shown, numbers, name=words.equation, unnumbered=words.formula, inline=inline
        )
    return _noted(draft, html) + ("" if inline else "\n")


def _in_sentence(draft: Draft, html: str) -> str:
    if draft.feed:
        # Long ones can be scrolled to on a page; a feed has no use for that.
        html = html.replace(' tabindex="0"', "", 1)
    return _noted(draft, html)


def _noted(draft: Draft, html: str) -> str:
    """Note the formula's references and, for the font, the formula."""
    if "\ue000" in html:
        for label in dict.fromkeys(_REFERENCE.findall(html)):
            draft.refer_in_formula(label, f"\ue000ref:{label}\ue001")
    if draft.feed:
        return formulas_for_feeds(draft, html)
    draft.maths.add(html)
    return html


def _failed(draft: Draft, token: Token, error: MathsError) -> str:
    """Report a formula; what stands in its place does not matter, the page is not written."""
    if not draft.feed:
        offset, width, help_ = error.offset, error.width, error.help
        filled: FilledTex | None = token.meta.get("filled")
        if filled is not None:
            offset, width, in_value = filled.as_written(offset, width)
            help_ = f"with its values the formula is {token.content!r}" if in_value else help_
            token = token.copy(content=filled.written)
        line, column = _position(draft, token, offset)
        source = draft.executed.post.source
        draft.problems.append(
            problem_at(
                source, line, error.message, help_, column=column, width=width, code=error.code
            )
        )
    return f"<code>{escape(token.content)}</code>"


def _position(draft: Draft, token: Token, offset: int) -> tuple[int, int]:
    """Line of the text and column of the character at `offset` of the token's TeX."""
    before = token.content[:offset]
    row, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    if token.type == "maths_block" and token.map:
        columns = token.meta.get("columns", ())
        indent = columns[row] if row < len(columns) else 0
        return token.map[0] + 1 + token.meta["offset"][0] + row, indent + column + 1
    lines = token.content.split("\n")
    line, start = draft.place(lines[0])
    if not start:
        return line, 0
    return line + row, column + 1 + (start - 1 if row == 0 else 0)


def _pairs(macros: Mapping[str, str]) -> Macros:
    return tuple(macros.items())


@functools.lru_cache(maxsize=4096)
def _inline(tex: str, macros: Macros) -> str:
    return render_inline(tex, dict(macros))


@functools.lru_cache(maxsize=1024)
def _display(tex: str, macros: Macros, label: str) -> Display:
    return render_display(tex, dict(macros), label=label)
