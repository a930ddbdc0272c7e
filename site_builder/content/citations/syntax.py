r"""Citations: how an author points at a work of a bibliography.

In: a MarkdownIt parser. Out: the same with rules that make `citation_open` and `citation_close`
around what stands in brackets, and a `cite` for each key: content is the key, markup what was
written, meta `mode`, one of MODES.

    [@key]   [see @a, pp. 3-5; @b]   [-@key]   @key   @key [p. 3]   @{odd key}
    {cite}`a,b`   {cite:t}`a`   {cite:year}`a`

A key in a sentence is one only if the environment says `cites`; one in brackets always is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference
from markdown_it.helpers import parseLinkLabel
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from site_builder.content.references import PREFIXES
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Source

MODES = {
    "full": "names and year, in brackets: Marcus, 2018",
    "year": "the year alone, in brackets: 2018",
    "names": "the names alone: Marcus",
    "text": "a part of the sentence: Marcus (2018)",
    "tail": "the same before more in the brackets: Marcus (2018, p. 3)",
}


def may_cite(source: Source, front_matter: FrontMatter) -> bool:
    """Whether it looks as if a post cited anything."""
    named = front_matter.bibliography or front_matter.nocite
    return bool(named) or any(sign in source.text for sign in ("@", "{cite", "{bibliography"))


def citations_plugin(md: MarkdownIt) -> None:
    """Add the rules."""
    md.inline.ruler.after("reference", "citation", _citation)


_OWN = rf"(?!(?:{'|'.join(PREFIXES)})-\w)"
_NAME = r"\w+(?:[:.#$%&\-+?<>~/]+\w+)*"
_KEY = re.compile(rf"(-?)@(?:\{{([^{{}}\s]+)\}}|({_OWN}{_NAME}))")
_BEFORE = re.compile(r"[\w.+/@]")
_ROLE = re.compile(r"\{cite(?::([a-z]+))?\}(`+)(?!`)([^`]+)(?<!`)\2(?!`)")
_ROLES = {"": "full", "p": "full", "ps": "full", "t": "text", "ts": "text", "year": "year",
          "yearpar": "year", "author": "names", "authors": "names"}  # fmt: skip
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)


def _citation(state: StateInline, silent: bool) -> bool:
    character = state.src[state.pos]
    if character == "[":
        return _bracketed(state, silent)
    if character in "@-":
        return _in_sentence(state, silent)
    return character == "{" and _role(state, silent)


def _bracketed(state: StateInline, silent: bool) -> bool:
    """`[see @a, p. 3; @b]`: all that the brackets hold."""
    if state.src.find("@", state.pos) < 0:
        return False
    end = _label_end(state, state.pos)
    if end < 0 or not _begins(state.src[state.pos + 1 : end]):
        return False
    start = state.pos
    if not silent:
        state.push("citation_open", "span", 1).markup = state.src[start : end + 1]
        _inside(state, start + 1, end)
        state.push("citation_close", "span", -1)
    state.pos = end + 1
    return True


def _label_end(state: StateInline, start: int) -> int:
    """Where brackets end that nothing follows which makes a link or a span of them; or -1."""
    end = parseLinkLabel(state, start)
    if end < 0 or state.src[end + 1 : end + 2] in ("(", "[", "{", ":"):
        return -1
    label = normalizeReference(state.src[start + 1 : end])
    return -1 if label in state.env.get("references", {}) else end


def _begins(content: str) -> bool:
    """Whether the first part of what is in brackets has a key: all else is a note of its own."""
    code = _CODE.sub(lambda found: " " * len(found[0]), content)
    return next(_keys(code.partition(";")[0]), None) is not None


def _keys(text: str) -> Iterator[re.Match[str]]:
    for found in _KEY.finditer(text):
        before = text[found.start() - 1 : found.start()] if found.start() else ""
        if not _BEFORE.match(before) and text[max(0, found.start() - 1) :][:1] != "\\":
            yield found


def _inside(state: StateInline, start: int, end: int) -> None:
    """Parse what is in brackets: in it keys are citations."""
    position, last, cites = state.pos, state.posMax, state.env.get("citing")
    state.pos, state.posMax, state.env["citing"] = start, end, True
    state.md.inline.tokenize(state)
    state.pos, state.posMax, state.env["citing"] = position, last, cites


def _in_sentence(state: StateInline, silent: bool) -> bool:
    """`@key`, and `@key [p. 3]`; in brackets the key alone."""
    citing = state.env.get("citing")
    found = _KEY.match(state.src, state.pos, state.posMax)
    if not found or not (citing or state.env.get("cites")):
        return False
    before = state.src[state.pos - 1 : state.pos] if state.pos else ""
    if _BEFORE.match(before) or (before == "-" and not found[1]):
        return False
    key, end = found[2] or found[3], found.end()
    mode = "year" if found[1] else "full" if citing else "text"
    more = _more(state, end) if mode == "text" else -1
    if not silent:
        if mode == "year" and not citing:
            state.push("citation_open", "span", 1).markup = found[0]
        elif mode == "text":
            opening = state.push("citation_open", "span", 1)
            opening.meta, opening.markup = {"sentence": True}, found[0]
        _push(state, key, found[0], "tail" if more >= 0 else mode)
        if more >= 0:
            _inside(state, state.src.index("[", end) + 1, more)
        if not citing:
            closing = state.push("citation_close", "span", -1)
            closing.meta = {"sentence": mode == "text" and more < 0}
    state.pos = more + 1 if more >= 0 else end
    return True


def _more(state: StateInline, end: int) -> int:
    """Where the brackets end that belong to a key in a sentence, as in `@key [p. 3]`; or -1."""
    start = end + 1 if state.src[end : end + 1] == " " else end
    if state.src[start : start + 1] != "[" or start >= state.posMax:
        return -1
    if re.match(r"\[(?:\^|-?@|[ xX]\]|\])", state.src[start:]):
        return -1
    return _label_end(state, start)


def _role(state: StateInline, silent: bool) -> bool:
    """MyST's way: keys in a role."""
    found = _ROLE.match(state.src, state.pos, state.posMax)
    if not found or (found[1] or "") not in _ROLES:
        return False
    mode = _ROLES[found[1] or ""]
    keys = [key for key in re.split(r"[\s,;]+", found[3]) if key]
    if not silent:
        sentence = mode in ("text", "names")
        opening = state.push("citation_open", "span", 1)
        opening.meta, opening.markup = {"sentence": sentence}, found[0]
        for place, key in enumerate(keys):
            if place:
                state.push("text", "", 0).content = ", " if sentence else "; "
            _push(state, key, key, mode)
        state.push("citation_close", "span", -1).meta = {"sentence": sentence}
    state.pos = found.end()
    return True


def _push(state: StateInline, key: str, markup: str, mode: str) -> None:
    token = state.push("cite", "", 0)
    token.content, token.markup, token.meta = key, markup, {"mode": mode}


Label = Callable[[str], tuple[str, str] | None]
"""Names and year of a work by its key; None if it is not known."""


def cites_in(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Each `cite` in a token stream, with the block or token that it stands in."""
    for token in tokens:
        inner = token.meta.get("title", ()) if token.type == "admonition_open" else ()
        for child in (*(token.children or ()), *inner):
            if child.type == "cite":
                yield child, token
            elif child.children:
                yield from ((cite, token) for cite, _ in cites_in([child]))
        if token.type == "cite":
            yield token, token


def name_cites(tokens: Sequence[Token], label: Label) -> None:
    """Tell the `cite` tokens, in blocks or inline, what they say."""
    for token in tokens:
        if token.children:
            name_cites(token.children, label)
        if token.type == "admonition_open":
            name_cites(token.meta["title"], label)
    for index, token in enumerate(tokens):
        if token.type == "cite" and (found := label(token.content)):
            _name(tokens, index, *found)
    _dashes(tokens)


def _name(tokens: Sequence[Token], index: int, names: str, year: str) -> None:
    token, mode = tokens[index], tokens[index].meta["mode"]
    token.meta["names"], token.meta["year"] = names, year
    if mode == "full" and index > 1 and tokens[index - 1].content.strip() == ";":
        before = tokens[index - 2]
        if before.type == "cite" and before.meta.get("names") == names:
            tokens[index - 1].content = ", "  # (Marcus, 2018a, 2018b)
            token.meta["mode"] = mode = "year"
    token.meta["text"] = {
        "full": f"{names}, {year}",
        "year": year,
        "names": names,
        "text": f"{names} ({year})",
        "tail": f"{names} ({year}, ",
    }[mode]


def _dashes(tokens: Sequence[Token]) -> None:
    """Ranges of pages in brackets have dashes."""
    depth = 0
    for token in tokens:
        depth += {"citation_open": 1, "citation_close": -1}.get(token.type, 0)
        if depth and token.type == "text":
            token.content = re.sub(r"(?<=\d)-{1,2}(?=\d)", "–", token.content)
