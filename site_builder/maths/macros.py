r"""Macros: commands that stand for other TeX.

In: definitions, as in `{"\\R": "\\mathbb{R}"}` or from `\newcommand` in a formula. Out: bodies as
tokens. Expanding them ourselves lets the rewrites see what a macro hides, and lets an error name
the place where the author used it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from site_builder.maths.faults import MathsError
from site_builder.maths.lexer import Token, lex

_NAME = re.compile(r"\\?([A-Za-z]+\*?|[^A-Za-z\s])\s*(?:\[(\d)\])?\s*(?:\[(.*)\])?", re.DOTALL)
_PARAMETER = re.compile(r"(?<!\\)#([1-9])")


@dataclass(frozen=True, slots=True)
class Macro:
    """What a command stands for."""

    count: int
    """How many arguments it takes, the optional one among them."""
    body: tuple[Token, ...]
    default: tuple[Token, ...] | None = None
    """The first argument if it is not given in brackets; None if it is not optional."""


def define(macros: Mapping[str, str]) -> Mapping[str, Macro]:
    r"""The macros of a site or post, by command with its backslash.

    The number of arguments is the highest `#n` in the body unless the name gives it, as in
    `"\\norm[1]"`; `"\\E[2][x]"` makes the first one optional. Raises MathsError.
    """
    return _define(tuple(macros.items())) if macros else {}


@lru_cache(maxsize=64)
def _define(macros: tuple[tuple[str, str], ...]) -> Mapping[str, Macro]:
    defined = {}
    for name, body in macros:
        match = _NAME.fullmatch(name.strip())
        if not match:
            raise MathsError(
                f"{name} cannot be the name of a macro",
                0,
                help=r"a macro's name is a backslash and letters, such as \R",
                code="T007",
            )
        used = max((int(number) for number in _PARAMETER.findall(body)), default=0)
        count = int(match[2]) if match[2] else used
        if used > count:
            message = f"the macro {name} takes {count} arguments but uses #{used}"
            raise MathsError(message, 0, code="T007")
        default = None if match[3] is None else tuple(lex(match[3]))
        defined["\\" + match[1]] = Macro(count, tuple(lex(body)), default)
    return defined


def substitute(macro: Macro, arguments: list[list[Token]], call: Token) -> list[Token]:
    """The body with the arguments in their places; its own tokens point at the call."""
    result: list[Token] = []
    body = iter(macro.body)
    for token in body:
        if token.text == "#":
            follower = next(body, None)
            if follower is not None and follower.text.isdigit():
                number = int(follower.text)
                if not 0 < number <= len(arguments):
                    raise MathsError(
                        f"{call.text} has no argument #{number}",
                        call.start,
                        width=call.end - call.start,
                        code="T007",
                    )
                result.extend(arguments[number - 1])
            elif follower is not None:
                result.append(Token(follower.text, call.start, call.end))
        elif len(token.text) > 1 and "#" in token.text and token.text[0] != "\\":
            result.append(Token(_in_address(token.text, arguments), call.start, call.end))
        else:
            result.append(Token(token.text, call.start, call.end))
    return result


def _in_address(text: str, arguments: list[list[Token]]) -> str:
    def value(match: re.Match[str]) -> str:
        number = int(match[1])
        return "".join(t.text for t in arguments[number - 1]) if number <= len(arguments) else ""

    return _PARAMETER.sub(value, text)
