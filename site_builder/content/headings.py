"""Names of headings: every heading gets an id, the author's or one made of its text.

In: a MarkdownIt parser. Out: the same with rules that set `id` on headings and on what follows a
MyST target. Ids are those of the whole post, so that no two are equal.

    ## Title {#sec-title .class}        (sec-title)=
                                        ## Title
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.attrs.parse import ParseError
from mdit_py_plugins.attrs.parse import parse as parse_attributes

from site_builder.content.positions import Fault, report
from site_builder.content.slugs import slugify


def headings_plugin(md: MarkdownIt) -> None:
    """Add the rules."""
    md.block.ruler.before("paragraph", "target", _target)
    md.core.ruler.before("inline", "heading_attributes", _attributes)
    md.core.ruler.push("heading_ids", _ids)


def plain_text(tokens: Sequence[Token]) -> str:
    """The text of inline tokens, with formulas as TeX and images as their alternative text.

    Values are in it once they are known, so that ids made while parsing do not move with them.
    """
    parts = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(plain_text(token.children or ()))
        elif token.type in ("text", "code_inline", "maths_inline"):
            parts.append(token.content)
        elif token.type == "value":
            parts.append(token.meta.get("text", ""))
        elif token.type == "cite":
            parts.append(token.meta.get("text", token.markup))
        elif token.type in ("citation_open", "citation_close") and not token.meta.get("sentence"):
            parts.append("(" if token.nesting > 0 else ")")
    return "".join(parts)


_TARGET = re.compile(r"\(([A-Za-z][\w:.-]*)\)=[ \t]*\Z")
_TRAILING = re.compile(r"(?:\A|[ \t])(\{[ \t]*[#.][^{}\n]*\})[ \t]*\Z")


def _target(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """The line `(label)=` names what stands below it."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    if state.src[start : start + 1] != "(" or state.is_code_block(start_line):
        return False
    match = _TARGET.match(state.src, start, state.eMarks[start_line])
    if not match:
        return False
    if not silent:
        token = state.push("target", "", 0)
        token.content, token.map, token.hidden = match[1], [start_line, start_line + 1], True
        state.line = start_line + 1
    return True


def _attributes(state: StateCore) -> None:
    """Take `{#id .class}` off the ends of headings, and give targets to what follows them."""
    tokens = state.tokens
    for index in range(len(tokens) - 1, -1, -1):
        token = tokens[index]
        if token.type == "heading_open":
            inline = tokens[index + 1]
            if inline.content.endswith("}") and (match := _TRAILING.search(inline.content)):
                try:
                    _, found = parse_attributes(match[1])
                except ParseError:
                    continue
                token.attrs.update(found)
                inline.content = inline.content[: match.start()].rstrip()
        elif token.type == "target":
            following = tokens[index + 1] if index + 1 < len(tokens) else None
            if following is None or following.nesting < 0:
                line = token.map[0] + 1 if token.map else 0
                message = f"nothing follows the target {token.content!r}"
                help_ = "put it right above what it names"
                report(state.env, Fault(line, message, help_, code="M015"))
            else:
                following.attrSet("id", token.content)
            del tokens[index]


def _ids(state: StateCore) -> None:
    """Give an id to each heading that has none; report ids that are given twice."""
    used: set[str] = state.env.setdefault("ids", set())
    for token in state.tokens:
        given = token.attrs.get("id")
        if given is None:
            continue
        if given in used:
            line = token.map[0] + 1 if token.map else 0
            message = f"the id {given!r} is given twice"
            report(state.env, Fault(line, message, "rename one", code="M010"))
        used.add(str(given))
    for index, token in enumerate(state.tokens):
        if token.type == "heading_open" and "id" not in token.attrs:
            slug = slugify(plain_text(state.tokens[index + 1].children or ())) or "section"
            name, number = slug, 1
            while name in used:
                number += 1
                name = f"{slug}-{number}"
            used.add(name)
            token.attrs["id"] = name
