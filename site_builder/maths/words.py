r"""Words within a formula: `\text` and its kin, references, links.

In: a stream that has just taken one of them. Out: text that the converter knows, with the maths in
it set as maths. Nothing that an author writes becomes markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from site_builder.maths.commands import TEXTS
from site_builder.maths.lexer import Token
from site_builder.maths.stream import Handler, Stream, fault

_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:|[^:]*$|[^:/?#]*[/?#])", re.IGNORECASE)


def reference_mark(label: str) -> str:
    """What stands in a formula for the number of the equation with this label."""
    return f"\ue000ref:{label}\ue001"


def text(stream: Stream, command: Token) -> None:
    r"""`\text{if $x > 0$}` as text, maths, text; `&` and `_` are characters in it."""
    content = stream.argument(command)
    start = len(stream.out)
    pending, stream.pending = stream.pending, content[::-1]
    stream.depth += 1
    name = command.text if command.text in _CONVERTED_TEXTS else r"\text"
    whole = not any(token.text in _IN_TEXT or token.text in stream.macros for token in content)
    words: list[Token] = []
    pieces = 0
    while stream.pending:
        token = stream.pending.pop()
        if token.text in stream.macros and token.text not in TEXTS:
            stream.expand(token)
        elif token.text in _IN_TEXT:
            pieces += _flush(stream, name, words, command) + 1
            _IN_TEXT[token.text](stream, token)
        elif whole or token.text not in ("{", "}"):
            words.append(_in_text(token, stream))
    pieces += _flush(stream, name, words, command)
    if not pieces:
        stream.emit(r"\text{}", command)
    elif pieces > 1:
        stream.out.insert(start, Token("{", command.start, command.end))
        stream.emit("}", command)
    stream.depth -= 1
    stream.pending = pending


def _flush(stream: Stream, name: str, words: list[Token], command: Token) -> int:
    if not words:
        return 0
    stream.emit(name + "{", command)
    stream.out.extend(words)
    stream.emit("}", command)
    words.clear()
    return 1


def _in_text(token: Token, stream: Stream) -> Token:
    """A token of text with TeX's ligatures made and the characters that text may have escaped."""
    text = token.text
    if text in ("-", "`", "'"):
        run = text
        while len(run) < 3 and stream.take(text):
            run += text
        text = {"--": "–", "---": "—", "``": "“", "''": "”", "`": "‘", "'": "’"}.get(run, run)
    elif text in ("&", "_", "#"):
        text = f"\\{text}{{}}"
    elif text in _ESCAPED:
        # The converter drops a space after these.
        text += "{}"
    elif text == "^":
        raise fault("^ in text", token, "put the formula in the text between dollars: $x^2$")
    return Token(text, token.start, token.end)


def _maths_in_text(stream: Stream, opening: Token) -> None:
    closing = {"$": "$", r"\(": r"\)"}[opening.text]
    content: list[Token] = []
    while stream.pending:
        token = stream.pending.pop()
        if token.text == closing:
            stream.wrap('<mrow displaystyle="false">', content, "</mrow>", opening)
            return
        content.append(token)
    message = f"{opening.text} in text is never closed"
    raise fault(message, opening, r"write \$ for a dollar sign", code="T003")


def reference(stream: Stream, command: Token) -> None:
    r"""`\ref{label}` and `\eqref{label}`: a mark for the number, which is not known yet."""
    mark = reference_mark(stream.text_argument(command))
    stream.emit(
        rf"\text{{({mark})}}" if command.text == r"\eqref" else rf"\text{{{mark}}}", command
    )


def link(stream: Stream, command: Token) -> None:
    r"""`\href{address}{formula}` and `\url{address}`; no address may run a script."""
    address = "".join(token.text for token in stream.argument(command)).strip()
    address = re.sub(r"\\([%#&_~])", r"\1", address)
    if not _SAFE_ADDRESS.match(address) or re.search(r"[\s\x00-\x1f]", address):
        raise fault(
            f"{command.text} to {address}", command, "use http, https, mailto or a relative address"
        )
    escaped = html.escape(address)
    if command.text == r"\url":
        text = html.escape(address.removeprefix("mailto:"))
        stream.element(f'<mtext><a href="{escaped}">{text}</a></mtext>', command)
        return
    content = stream.argument(command)
    label = html.escape("".join(token.text for token in content).strip())
    opening = f'<mtext><a href="{escaped}" aria-label="{label}"><math><mrow>'
    stream.wrap(opening, content, "</mrow></math></a></mtext>", command)


_CONVERTED_TEXTS = TEXTS - {r"\textup", r"\textnormal", r"\textmd", r"\mbox", r"\hbox"}
_ESCAPED = frozenset([r"\&", r"\_", r"\#", r"\%", r"\$", r"\{", r"\}"])
_IN_TEXT: Mapping[str, Handler] = {
    "$": _maths_in_text,
    r"\(": _maths_in_text,
    r"\eqref": reference,
    r"\ref": reference,
    r"\href": link,
    r"\url": link,
    **dict.fromkeys(TEXTS, text),
}
HANDLERS: Mapping[str, Handler] = {
    **dict.fromkeys(TEXTS, text),
    **dict.fromkeys([r"\ref", r"\eqref"], reference),
    **dict.fromkeys([r"\href", r"\url"], link),
}
