"""TeX as tokens, each knowing where the author wrote it.

In: TeX. Out: tokens, and TeX again with a map back to the author's offsets. Comments are dropped;
nothing else is lost or interpreted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_TOKEN = re.compile(
    r"(?P<link>\\(?:href|url)(?![A-Za-z])\s*(?=\{))"
    r"|(?P<comment>%[^\n]*(?:\n[ \t]*)?)"
    r"|\\[A-Za-z]+|\\.|\s+|.",
    re.DOTALL,
)
_ADDRESS = re.compile(r"\{([^{}]*)\}")


class Token(NamedTuple):
    """A command, a character, or white space."""

    text: str
    start: int
    """Offset in the author's TeX."""
    end: int


def lex(tex: str) -> list[Token]:
    r"""The tokens of `tex`; the address of an `\href` or `\url` is one, whatever is in it."""
    tokens: list[Token] = []
    position = 0
    while match := _TOKEN.match(tex, position):
        start, position = match.span()
        if match.lastgroup == "link":
            tokens.append(Token(match.group().rstrip(), start, position))
            if address := _ADDRESS.match(tex, position):
                tokens.append(Token("{", position, position + 1))
                tokens.append(Token(address.group(1), position + 1, address.end() - 1))
                tokens.append(Token("}", address.end() - 1, address.end()))
                position = address.end()
        elif match.lastgroup != "comment":
            tokens.append(Token(match.group(), start, position))
    return tokens


def text_of(tokens: Iterable[Token]) -> str:
    """The tokens as TeX, with a space where two would otherwise become one command."""
    parts: list[str] = []
    word = False
    for token in tokens:
        text = token.text
        if word and text[:1].isalpha():
            parts.append(" ")
        parts.append(text)
        if text:
            word = text[0] == "\\" and text[-1].isalpha()
    return "".join(parts)


class SourceMap:
    """Where the author wrote what stands at an offset of the rewritten TeX."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._starts: list[int] = []
        length = 0
        word = False
        for token in tokens:
            text = token.text
            length += word and text[:1].isalpha()
            self._starts.append(length)
            length += len(text)
            if text:
                word = text[0] == "\\" and text[-1].isalpha()
        self._length = length

    def offset(self, position: int, end: int) -> int:
        """The author's offset for `position` of the rewritten TeX; `end` if it is beyond it."""
        if position >= self._length or not self._tokens:
            return end
        index = bisect_right(self._starts, position) - 1
        token = self._tokens[index]
        verbatim = token.end - token.start == len(token.text)
        return token.start + (position - self._starts[index] if verbatim else 0)
