"""Source code in, HTML with coloured tokens out.

The promise: the text of the result, tags removed and references resolved, is the code as given.
Python, which most cells are, is read here in one pass; Pygments is imported for the others only.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pygments.lexer import Lexer

PYTHON = frozenset({"python", "python3", "py", "py3", "ipython", "ipython3"})

# The classes that the theme colours, one letter each, and the kinds of Pygments that take them.
# A kind that is not listed takes the class of the kind it belongs to; plain names have none.
CLASSES = {
    "Comment": "c",
    "Comment.Preproc": "d",
    "Comment.PreprocFile": "s",
    "Keyword": "k",
    "Operator.Word": "k",
    "Literal.String": "s",
    "Literal.String.Interpol": "b",
    "Literal.Number": "n",
    "Literal.Date": "n",
    "Name.Tag": "k",
    "Name.Function": "f",
    "Name.Class": "f",
    "Name.Attribute": "f",
    "Name.Builtin": "b",
    "Name.Exception": "b",
    "Name.Variable": "b",
    "Name.Decorator": "d",
    "Name.Entity": "d",
    "Generic.Heading": "f",
    "Generic.Subheading": "f",
    "Generic.Prompt": "c",
    "Generic.Inserted": "s",
    "Generic.Deleted": "e",
    "Generic.Error": "e",
    "Generic.Traceback": "e",
}

# `self` and `cls` stay plain: they are everywhere and say nothing.
WORDS = dict.fromkeys((name for name in dir(builtins) if not name.startswith("_")), "b")
WORDS |= dict.fromkeys(keyword.kwlist, "k")

# A name after a dot is matched so that `x.max` is no builtin; `<`, `>` and `&` to be escaped.
# A field of an f-string may hold the quotes that delimit the string (Python 3.12).
TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<format>(?:[fFtT][rR]?|[rR][fFtT])
        (?: \"{3}(?:[^"\\]|\\.|"(?!""))*(?:\"{3}|\Z)
          | '{3}(?:[^'\\]|\\.|'(?!''))*(?:'{3}|\Z)
          | "(?:[^"\\\n{]|\\.|\{\{|\{(?!\{)[^{}\n]*(?:\{[^{}\n]*\}[^{}\n]*)*\})*"
          | '(?:[^'\\\n{]|\\.|\{\{|\{(?!\{)[^{}\n]*(?:\{[^{}\n]*\}[^{}\n]*)*\})*'))
    | (?P<string>(?:[rRbBuUfFtT]{1,2}(?=["']))?
        (?: \"{3}(?:[^"\\]|\\.|"(?!""))*(?:\"{3}|\Z)
          | '{3}(?:[^'\\]|\\.|'(?!''))*(?:'{3}|\Z)
          | "(?:[^"\\\n]|\\.)*"?
          | '(?:[^'\\\n]|\\.)*'?))
    | (?P<definition>def|class)(?P<space>\s+)(?P<name>\w+)
    | (?P<soft>(?:match|case)(?=[ \t]+[^\s=:,.)\]&|^~@%/<>!+][^\n]*:[ \t]*(?:\#[^\n]*)?$)
        | type(?=[ \t]+\w+[^\n=]*=[^=]))
    | (?P<word>[^\W\d]\w*)
    | (?P<number>0[xXbBoO][\da-fA-F_]+
        | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)
    | (?P<attribute>\.\s*[^\W\d]\w*)
    | (?P<line_start>@[\w.]+|%{1,2}[A-Za-z]\w*)
    | (?P<special>[<>&])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
FIELD = re.compile(
    r"\{\{|\{(?P<code>[^{}]+?)(?P<spec>=?(?:![rsa])?(?::(?:[^{}()\[\]]|\{[^{}]*\})*)?)\}"
)


@lru_cache(maxsize=4096)
def highlight(code: str, language: str) -> str:
    """HTML of `code`, without an element around it; escaped text if `language` is not known.

    `language` is a name that Pygments knows, in any case.
    """
    language = language.strip().lower()
    if language in PYTHON:
        return TOKEN.sub(_python_token, code)
    lexer = _lexer(language)
    return escape(code, quote=False) if lexer is None else _join(_tokens(lexer, code))


def _python_token(match: re.Match[str]) -> str:
    text = match[0]
    kind = match.lastgroup
    if kind == "word":
        name = WORDS.get(text)
        return _span(name, text) if name else text
    if kind == "attribute":
        return text
    if kind == "name":
        return _span("k", match["definition"]) + match["space"] + _span("f", match["name"])
    if kind == "format":
        return _format_string(text)
    if kind in {"soft", "line_start"} and not _starts_line(match):
        # A matrix product, a remainder, or the name of something; `@` and `%` colour nothing.
        return text if kind == "line_start" else _span(WORDS.get(text), text)
    return _span(PYTHON_CLASSES[kind or ""], escape(text, quote=False))


PYTHON_CLASSES = {
    "comment": "c",
    "string": "s",
    "number": "n",
    "soft": "k",
    "line_start": "d",
    "special": None,
}


def _starts_line(match: re.Match[str]) -> bool:
    before = match.string[match.string.rfind("\n", 0, match.start()) + 1 : match.start()]
    return not before.strip()


def _format_string(text: str) -> str:
    """The string's own text as a string, the code in its fields as code."""
    parts, end = [], 0
    for field in FIELD.finditer(text):
        if field["code"] is None:
            continue
        parts.append(_span("s", escape(text[end : field.start() + 1], quote=False)))
        parts.append(TOKEN.sub(_python_token, field["code"]))
        end = field.end("code")
    parts.append(_span("s", escape(text[end:], quote=False)))
    return "".join(parts)


def _span(name: str | None, html: str) -> str:
    return f'<span class="{name}">{html}</span>' if name else html


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


def _tokens(lexer: Lexer, code: str) -> Iterator[tuple[str | None, str]]:
    """Class and text of each token of `code`.

    Lexers count on a line break at the end, which is cut off again. `Lexer.get_tokens` would also
    strip empty lines, so that the text would no longer be the author's.
    """
    left = len(code)
    for _, kind, text in lexer.get_tokens_unprocessed(code + "\n"):
        if left > 0:
            yield _class_of(kind), text[:left]
        left -= len(text)


@lru_cache(maxsize=256)
def _class_of(kind: tuple[str, ...]) -> str | None:
    for length in range(len(kind), 0, -1):
        name = CLASSES.get(".".join(kind[:length]))
        if name is not None:
            return name
    return None


def _join(tokens: Iterable[tuple[str | None, str]]) -> str:
    """HTML of `tokens`, with neighbours of one class in one element."""
    parts: list[str] = []
    current: str | None = None
    for name, text in tokens:
        if name != current:
            if current:
                parts.append("</span>")
            if name:
                parts.append(f'<span class="{name}">')
            current = name
        parts.append(escape(text, quote=False))
    if current:
        parts.append("</span>")
    return "".join(parts)
