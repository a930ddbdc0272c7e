r"""The author's tokens on their way to what the converter understands.

In: tokens, macros and a table of handlers. Out: rewritten tokens. Works as TeX does: a command is
taken from the front, and what it stands for is put back there, so a rewrite sees what a macro
hides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from site_builder.maths.faults import MathsError
from site_builder.maths.lexer import Token, text_of
from site_builder.maths.macros import Macro, substitute

Handler = Callable[["Stream", Token], None]

NOTE = "\ue006"
"""Begins a token that says something of its row and is not drawn: a label, a tag."""
OPENING, CLOSING, TABLE = "\ue002", "\ue003", "\ue005"
"""Begin texts that the converter carries through, to become elements and attributes after it."""

_MOST_EXPANSIONS = 1000


@dataclass(slots=True)
class Environment:
    """An environment that is not closed yet."""

    name: str
    """As the author wrote it."""
    closing: str
    begin: Token
    columns: int = 0
    """How many columns it has; 0 if any number will do."""
    cells: int = 1
    """How many cells the row has so far."""


class Stream:
    """A formula halfway: tokens to come, tokens done, and what is open."""

    def __init__(
        self,
        tokens: Iterable[Token],
        macros: Mapping[str, Macro],
        handlers: Mapping[str, Handler],
        *,
        end: int,
        display: bool,
    ) -> None:
        self.pending = list(tokens)[::-1]
        self.out: list[Token] = []
        self.macros = dict(macros)
        self.handlers = handlers
        self.end = end
        self.display = display
        self.environments: list[Environment] = []
        self.wrappers: list[tuple[str, str]] = []
        self.depth = 0
        self._expansions = 0

    def run(self) -> None:
        """Take all tokens that are to come."""
        handlers, macros, out = self.handlers, self.macros, self.out
        while self.pending:
            token = self.pending.pop()
            text = token.text
            if text in macros:
                self.expand(token)
            elif text in handlers:
                handlers[text](self, token)
            else:
                out.append(token)

    def process(self, tokens: Iterable[Token]) -> None:
        """Take these tokens before those that are to come."""
        pending, self.pending = self.pending, list(tokens)[::-1]
        self.depth += 1
        self.run()
        self.depth -= 1
        self.pending = pending

    def expand(self, call: Token) -> None:
        """Put what a macro stands for in front of what is to come."""
        self._expansions += 1
        if self._expansions > _MOST_EXPANSIONS:
            raise fault(f"the macro {call.text} stands for itself without end", call, code="T007")
        macro = self.macros[call.text]
        arguments = []
        if macro.default is not None:
            given = self.optional()
            arguments.append(
                [Token(t.text, call.start, call.end) for t in macro.default]
                if given is None
                else given
            )
        while len(arguments) < macro.count:
            arguments.append(self.argument(call))
        self.pending.extend(reversed(substitute(macro, arguments, call)))

    def emit(self, text: str, at: Token) -> None:
        """Add TeX that the author did not write."""
        self.out.append(Token(text, at.start, at.end))

    def wrap(self, opening: str, content: Iterable[Token], closing: str, at: Token) -> None:
        """Put what `content` becomes between two tags that the converter does not know."""
        number = len(self.wrappers)
        self.wrappers.append((opening, closing))
        self.emit(f"{{\\text{{{OPENING}{number}}}", at)
        self.process(content)
        self.emit(f"\\text{{{CLOSING}{number}}}}}", at)

    def element(self, html: str, at: Token) -> None:
        """Put an element that the converter does not know."""
        self.wrappers.append((html, ""))
        self.emit(f"\\text{{{OPENING}{len(self.wrappers) - 1}}}", at)

    def peek(self) -> str:
        """The next token's text after white space; empty at the end."""
        return next((t.text for t in reversed(self.pending) if not t.text.isspace()), "")

    def skip_space(self) -> None:
        """Drop white space."""
        while self.pending and self.pending[-1].text.isspace():
            self.pending.pop()

    def argument(self, command: Token) -> list[Token]:
        """The next argument: what is between braces, or one token."""
        self.skip_space()
        if not self.pending or self.pending[-1].text == "}":
            raise fault(f"{command.text} needs an argument after it", command)
        token = self.pending.pop()
        if token.text != "{":
            return [token]
        result: list[Token] = []
        depth = 1
        while self.pending:
            inner = self.pending.pop()
            depth += (inner.text == "{") - (inner.text == "}")
            if not depth:
                return result
            result.append(inner)
        raise fault("{ is never closed", token, "add the missing }", code="T003")

    def optional(self) -> list[Token] | None:
        """The argument in brackets, if there is one."""
        if self.peek() != "[":
            return None
        self.skip_space()
        opening = self.pending.pop()
        result: list[Token] = []
        depth = 0
        while self.pending:
            token = self.pending.pop()
            if token.text == "]" and not depth:
                return result
            depth += (token.text == "{") - (token.text == "}")
            result.append(token)
        raise fault("[ is never closed", opening, "add the missing ]", code="T003")

    def text_argument(self, command: Token) -> str:
        """The next argument as plain text."""
        return text_of(self.argument(command)).strip()

    def rest_of_group(self) -> list[Token]:
        """All tokens up to the end of the cell, group, or environment."""
        result: list[Token] = []
        depth = 0
        while self.pending:
            text = self.pending[-1].text
            if not depth and text in ("}", "&", "\\\\", r"\cr", r"\end", r"\right", r"\middle"):
                break
            depth += text in ("{", r"\begin", r"\left")
            depth -= text in ("}", r"\end", r"\right")
            result.append(self.pending.pop())
        return result

    def take(self, text: str) -> bool:
        """Drop the next token if it is this one, and say so."""
        if self.pending and self.pending[-1].text == text:
            self.pending.pop()
            return True
        return False


def fault(message: str, token: Token, help: str = "", *, code: str = "T005") -> MathsError:
    """The error at a token."""
    width = max(1, token.end - token.start)
    return MathsError(message, token.start, width=width, help=help, code=code)
