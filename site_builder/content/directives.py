"""Admonitions and containers, in the four ways in which people write them.

In: a MarkdownIt parser. Out: the same with rules that make `admonition_open` and `admonition_close`
tokens around the Markdown inside, with meta `kind` (one of KINDS), `title` (inline tokens, empty
if there is none) and `collapsible`; other containers become `container_open` and `_close`.

    :::{note} Title        ::: {.callout-note title="Title"}        > [!NOTE]
    ```{note} Title        ::: {.aside #id}: a container
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.attrs.parse import ParseError
from mdit_py_plugins.attrs.parse import parse as parse_attributes

from site_builder.content.positions import Fault, report
from site_builder.errors import nearest

KINDS = (
    "note",
    "tip",
    "important",
    "warning",
    "caution",
    "danger",
    "hint",
    "attention",
    "error",
    "seealso",
)


def directives_plugin(md: MarkdownIt) -> None:
    """Add the rules."""
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", "directive", _directive, {"alt": interrupted})
    md.core.ruler.after("block", "alerts", _alerts)
    md.core.ruler.after("inline", "admonition_titles", _titles)


@dataclass(slots=True)
class _Opening:
    """What the line that opens a directive says."""

    kind: str = ""
    """One of KINDS, or empty for a container."""
    title: str = ""
    collapsible: bool = False
    myst: bool = False
    """May have `:key: value` lines below."""
    callout: bool = False
    """May have its title as a heading inside."""
    attributes: dict[str, str] = field(default_factory=dict)
    fault: tuple[str, str, str] = ("", "", "")
    """What is wrong, what to do about it, the code; empty if nothing."""
    """What is wrong, and what to do."""


_OPEN = re.compile(r"(:{3,}|`{3,})[ \t]*(.*)")
_DIRECTIVE = re.compile(r"\{([A-Za-z][\w:-]*)\}[ \t]*(.*)")
_WORD = re.compile(r"([A-Za-z][\w-]*)[ \t]*(.*)")
_OPTION = re.compile(r":([A-Za-z][\w-]*):[ \t]*(.*)")
_FENCE = re.compile(r"(`{3,})[^`]*\Z|(~{3,})")
_ALERT = re.compile(r"\[!([A-Za-z]+)\]([+-]?)[ \t]*(.*)")
_OPTIONS = ("class", "label", "name", "open")
_CELLS = ("code-cell", "python")


def _directive(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    start = state.bMarks[start_line] + state.tShift[start_line]
    if state.src[start : start + 3] not in (":::", "```") or state.is_code_block(start_line):
        return False
    match = _OPEN.match(state.src, start, state.eMarks[start_line])
    assert match
    markup, rest = match[1], match[2].rstrip()
    opening = _fenced(rest) if markup[0] == "`" else _colons(rest)
    if opening is None:
        return False
    if silent:
        return True
    column = start - state.bMarks[start_line] + 1
    if opening.fault[0]:
        width = state.eMarks[start_line] - start
        message, help_, code = opening.fault
        fault = Fault(start_line + 1, message, help_, column, width, code=code)
        report(state.env, fault)
    if not rest:
        state.line = start_line + 1
        return True
    last, closed = _end(state, start_line, end_line, markup)
    if not closed:
        message, help_ = "this block is never closed", f"end it with a line of {markup}"
        width = len(markup)
        fault = Fault(start_line + 1, message, help_, column=column, width=width, code="M001")
        report(state.env, fault)
    first = start_line + 1
    if opening.myst:
        first = _options(state, opening, first, last)
    _push(state, opening, markup, (start_line, first, last, last + closed))
    return True


def _fenced(rest: str) -> _Opening | None:
    """The opening ```` ```{note} Title ````; None for all other fences."""
    match = _DIRECTIVE.match(rest)
    if not match or match[1] not in (*KINDS, "admonition"):
        return None
    return _named(match[1], match[2])


def _colons(rest: str) -> _Opening | None:
    """What stands behind the colons."""
    if not rest:
        return _Opening(fault=("this ':::' closes nothing", "delete it", "M001"))
    if match := _DIRECTIVE.match(rest):
        return _named(match[1], match[2])
    if rest.startswith("{"):
        return _braced(rest)
    if match := _WORD.match(rest):
        return _named(match[1], match[2])
    return None


def _named(name: str, title: str) -> _Opening:
    if name in _CELLS:
        help_ = f"write it as ```{{{name}}} … ```"
        return _Opening(fault=("a cell's fence is of backticks, not colons", help_, "M004"))
    if name == "math":
        message = "a directive of maths is of backticks, not colons"
        return _Opening(fault=(message, "write ```math", "M004"))
    if name == "admonition":
        return _Opening("note", title, myst=True)
    kind = name.lower()
    if kind in KINDS:
        return _Opening(kind, title, myst=True)
    fault = (f"unknown directive {name!r}", nearest(name, (*KINDS, "admonition")), "M002")
    return _Opening("note", title, fault=fault)


def _braced(rest: str) -> _Opening:
    """Pandoc's way, which is Quarto's: attributes in braces."""
    try:
        end, found = parse_attributes(rest)
    except ParseError:
        end, found = -1, {}
    if rest[end + 1 :].strip(" :") or end < 0:
        help_ = 'write them as {.class #id key="value"}'
        return _Opening(fault=("cannot read the attributes of this block", help_, "M006"))
    attributes = dict(found)
    classes = attributes.get("class", "").split()
    callouts = [name.removeprefix("callout-") for name in classes if name.startswith("callout-")]
    if not callouts:
        return _Opening(attributes=attributes)
    kind, fault = callouts[0], ("", "", "")
    if kind not in KINDS:
        fault = (f"unknown callout {kind!r}", nearest(kind, KINDS), "M002")
        kind = "note"
    attributes.pop("class")
    title = attributes.pop("title", "")
    collapsible = "collapse" in attributes
    for key in ("collapse", "icon", "appearance"):
        attributes.pop(key, None)
    return _Opening(kind, title, collapsible, callout=not title, attributes=attributes, fault=fault)


def _end(state: StateBlock, start_line: int, end_line: int, markup: str) -> tuple[int, bool]:
    """The line that closes a block, and whether there is one.

    Pandoc closes by nesting, MyST by length; both are right here. What stands in a fence does not
    count.
    """
    open_colons = [len(markup)]
    fence = ""
    for line in range(start_line + 1, end_line):
        start, stop = state.bMarks[line] + state.tShift[line], state.eMarks[line]
        if start < stop and state.sCount[line] < state.blkIndent:
            return line, False
        text = state.src[start:stop].rstrip()
        if text[:3] not in (":::", "```", "~~~") or state.is_code_block(line):
            continue
        if markup[0] == "`":
            if text.strip("`") == "" and len(text) >= len(markup):
                return line, True
        elif fence:
            if text.strip(fence[0]) == "" and len(text) >= len(fence):
                fence = ""
        elif text[0] != ":":
            match = _FENCE.match(text)
            fence = (match[1] or match[2]) if match else ""
        elif text.strip(":"):
            open_colons.append(len(text) - len(text.lstrip(":")))
        else:
            _close(open_colons, len(text))
            if not open_colons:
                return line, True
    return end_line, False


def _close(open_colons: list[int], length: int) -> None:
    """Close the innermost block, or the one that is as long if that is further out."""
    if length > open_colons[-1] and length in open_colons:
        while open_colons[-1] != length:
            open_colons.pop()
    open_colons.pop()


def _options(state: StateBlock, opening: _Opening, first: int, last: int) -> int:
    """Read MyST's `:key: value` lines; returns the line after them."""
    while first < last:
        start = state.bMarks[first] + state.tShift[first]
        match = _OPTION.match(state.src, start, state.eMarks[first])
        if not match:
            break
        key, value = match[1], match[2].strip()
        if key == "class":
            words = value.split()
            opening.collapsible = opening.collapsible or "dropdown" in words
            opening.kind = next((word for word in words if word in KINDS), opening.kind)
        elif key in ("name", "label"):
            opening.attributes["id"] = value
        elif key not in _OPTIONS:
            column = start - state.bMarks[first] + 2
            message, help_ = f"unknown option {key!r}", nearest(key, _OPTIONS)
            at = (column, len(key))
            report(state.env, Fault(first + 1, message, help_, *at, code="M007"))
        first += 1
    return first


def _push(
    state: StateBlock, opening: _Opening, markup: str, lines: tuple[int, int, int, int]
) -> None:
    """Write the tokens: opening, the title to be parsed, the Markdown inside, closing."""
    start, first, last, after = lines
    name = "admonition" if opening.kind else "container"
    token = state.push(f"{name}_open", "aside" if opening.kind else "div", 1)
    token.block, token.markup, token.map = True, markup, [start, after]
    token.attrs = dict(opening.attributes)
    if opening.kind:
        token.meta = {"kind": opening.kind, "title": [], "collapsible": opening.collapsible}
        if opening.callout:
            token.meta["callout"] = True
    if opening.title:
        _push_title(state, opening.title, start)
    parent, line_max = state.parentType, state.lineMax
    state.parentType, state.lineMax = "container", last
    state.md.block.tokenize(state, first, last)
    state.parentType, state.lineMax = parent, line_max
    token = state.push(f"{name}_close", "aside" if opening.kind else "div", -1)
    token.block, token.markup = True, markup
    state.line = after


def _push_title(state: StateBlock, title: str, line: int) -> None:
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = title, [line, line + 1], []
    token.meta = {"title": True}


def _alerts(state: StateCore) -> None:
    """Make admonitions of `> [!NOTE]`, and titles of the headings that callouts begin with."""
    tokens = state.tokens
    for index in range(len(tokens) - 2, -1, -1):
        token = tokens[index]
        if token.type == "blockquote_open":
            if tokens[index + 1].type == "paragraph_open":
                _alert(state, index)
        elif token.meta.pop("callout", False) and tokens[index + 1].type == "heading_open":
            tokens[index + 2].meta = {"title": True}
            del tokens[index + 3], tokens[index + 1]


def _alert(state: StateCore, index: int) -> None:
    tokens = state.tokens
    token, inline = tokens[index], tokens[index + 2]
    match = _ALERT.match(inline.content)
    if not match or not inline.map:
        return
    kind = match[1].lower()
    if kind not in KINDS:
        message = f"unknown alert {match[1]!r}"
        help_ = nearest(match[1].upper(), (name.upper() for name in KINDS))
        report(state.env, Fault(inline.map[0] + 1, message, help_, code="M002"))
        kind = "note"
    close = next(
        other
        for other in tokens[index:]
        if other.type == "blockquote_close" and other.level == token.level
    )
    token.type, token.tag, token.markup = "admonition_open", "aside", ">"
    close.type, close.tag, close.markup = "admonition_close", "aside", ">"
    token.meta = {"kind": kind, "title": [], "collapsible": bool(match[2])}
    first = inline.map[0]
    rest = inline.content[match.end() :].removeprefix("\n")
    inline.content, inline.map = rest, [first + 1, inline.map[1]]
    if not rest:
        del tokens[index + 1 : index + 4]
    if match[3]:
        title = Token("inline", "", 0, map=[first, first + 1], level=token.level + 1)
        title.content, title.children, title.meta = match[3].rstrip(), [], {"title": True}
        tokens.insert(index + 1, title)


def _titles(state: StateCore) -> None:
    """Move parsed titles from the stream to their admonitions."""
    tokens = state.tokens
    for index in range(len(tokens) - 1, 0, -1):
        if tokens[index].meta.get("title") is True:
            tokens[index - 1].meta["title"] = tokens[index].children or []
            del tokens[index]
