"""Fences: what the line that opens a fence says, in each of the three dialects.

In: a source and its tokens. Out: every fence of the post with its kind, language and attributes.
Formulas in fences are among them, since they too may be left open.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it.token import Token

from site_builder.content.options import is_shown_only
from site_builder.model.post import Source

PYTHON = frozenset(("python", "py", "python3", "ipython", "ipython3"))


@dataclass(frozen=True, slots=True)
class Fence:
    """A fence of the token stream, and what the line that opens it says."""

    token: Token
    line: int
    """Line of the text on which it opens, from 1."""
    nested: bool
    """Not at the left margin, or inside another fence: in a list, a quotation."""
    closed: bool
    """CommonMark runs a fence that is not closed to the end of the post, without a word."""
    kind: Literal["marked", "plain", "static", "unknown"]
    """`marked` ({python}, {code-cell}), `plain` (python), `static`, or `unknown` ({odd})."""
    language: str
    attributes: str = ""
    """What follows the language."""
    column: int = 0
    """Where the attributes begin in the line, from 1."""
    myst: bool = False
    """A {code-cell}, which may have its options in MyST's ways."""


def find_fences(source: Source, tokens: Sequence[Token]) -> Iterator[Fence]:
    """The fences in their order."""
    lines: list[str] = []
    inside = 0
    for token in tokens:
        if token.markup[:3] not in _MARKS:
            continue
        if token.type in ("admonition_open", "admonition_close"):
            inside += token.nesting
        elif token.map:
            lines = lines or source.text.split("\n")
            text = lines[token.map[0]]
            nested = bool(inside) or not text.startswith(token.markup)
            last = lines[token.map[1] - 1] if token.map[1] - token.map[0] > 1 else ""
            yield _classified(token, text, nested=nested, closed=_closes(last, token.markup))


_MARKS = frozenset(("```", "~~~"))
_BRACED = re.compile(r"\s*\{([^\s{}.#=,][^\s{},]*)([^{}]*)\}(.*)", re.DOTALL)
_PLAIN = re.compile(r"\s*([^\s{]*)(.*)", re.DOTALL)
_CLASS = re.compile(r"\s*\{[^{}]*?\.([\w+#-]+)[^{}]*\}")
_SHOWN = re.compile(r"\s*\{\{([\w+#-]+).*\}\}")
_CODE_DIRECTIVES = frozenset(("code", "code-block", "sourcecode"))


def _closes(text: str, markup: str) -> bool:
    text = text.strip(" \t>")
    return len(text) >= len(markup) and not text.strip(markup[0])


def _classified(token: Token, text: str, *, nested: bool, closed: bool) -> Fence:
    """Read the line that opens a fence."""
    info = token.info
    line = token.map[0] + 1 if token.map else 1
    fence = functools.partial(Fence, token, line, nested, closed)
    if token.type != "fence":
        return fence("static", "math")
    if shown := _SHOWN.match(info):
        return fence("static", shown[1].lower())
    begin = text.find(token.markup) + len(token.markup) + 1
    if braced := _BRACED.match(info):
        name, inner, rest = braced[1], braced[2], braced[3]
        if name == "code-cell":
            return fence("marked", rest.strip().lower(), rest, begin + braced.start(3), True)
        if name in _CODE_DIRECTIVES:
            return fence("static", rest.strip().lower(), myst=True)
        name = name.lower()
        if name == "bibliography":  # the place of the references
            return fence("static", "", myst=True)
        kind: Literal["marked", "unknown"] = "marked" if name in PYTHON else "unknown"
        return fence(kind, name, inner.strip(), begin + braced.start(2))
    if named := _CLASS.match(info):
        return fence("static", named[1].lower())
    plain = _PLAIN.match(info)
    assert plain
    language, rest = plain[1].lower(), plain[2]
    if language not in PYTHON or token.markup[0] == "~" or is_shown_only(rest):
        return fence("static", language)
    column = begin + plain.start(2) + len(rest) - len(rest.lstrip())
    return fence("plain", language, rest.strip(), column)
