"""References: how an author points at a figure, a table, an equation or a section.

In: a MarkdownIt parser. Out: the same with a rule that makes `reference` tokens: content is the
label, markup is what was written, meta has `number_only` (`[-@fig-x]`) and `text` (a text of the
author's own, with `%s` for the number, or empty).

    @fig-x   [@fig-x]   [-@fig-x]   {numref}`Plot %s <fig-x>`   {eq}`eq-x`   {ref}`sec-x`

Only labels with a known prefix follow an `@`, so that addresses and names of people stay text.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

PREFIXES = ("fig", "tbl", "eq", "sec", "lst")


def references_plugin(md: MarkdownIt) -> None:
    """Add the rule."""
    md.inline.ruler.before("link", "reference", _reference)


_LABEL = rf"(?:{'|'.join(PREFIXES)})-[\w](?:[\w:.-]*\w)?"
_AT = re.compile(rf"@({_LABEL})")
_BRACKETED = re.compile(rf"\[(-?)@({_LABEL})\](?![(\[{{:])")
_ROLE = re.compile(r"\{(?:numref|eq|ref)\}(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_TEXT_AND_LABEL = re.compile(r"(.*?)\s*<([^<>]+)>\s*\Z", re.DOTALL)


def _reference(state: StateInline, silent: bool) -> bool:
    character = state.src[state.pos]
    if character not in "@[{" or state.linkLevel:
        return False
    label, text, number_only = "", "", False
    if character == "@":
        match = _AT.match(state.src, state.pos, state.posMax)
        before = state.src[state.pos - 1 : state.pos] if state.pos else ""
        if not match or before.isalnum() or before in tuple("._+-/@"):
            return False
        label = match[1]
    elif character == "[":
        match = _BRACKETED.match(state.src, state.pos, state.posMax)
        if not match:
            return False
        label, number_only = match[2], bool(match[1])
    else:
        match = _ROLE.match(state.src, state.pos, state.posMax)
        if not match:
            return False
        label = match[2].strip()
        if named := _TEXT_AND_LABEL.match(label):
            text, label = named[1], named[2].strip()
    if not silent:
        token = state.push("reference", "", 0)
        token.content, token.markup = label, match[0]
        token.meta = {"number_only": number_only, "text": text}
    state.pos = match.end()
    return True
