r"""Where values and claims stand in Markdown.

In: a MarkdownIt parser. Out: the same with rules that make `value` tokens, whose content is what
was written, and `span_open` and `span_close` around what is claimed, with the expression as the
attribute `claim`. Their meta has `offset`, the line and column within the inline content where the
expression begins, and `fault`, a message and what to do, if their attributes are not in order.

    `{python} acc:.1%`   {eval}`acc:.1%`   both also in formulas: $\sigma = `{python} s:.3f`$
    `{python} t:.1f`{.volatile}   [The sum is one]{claim="abs(s - 1) < 1e-9" tolerance=0.1}

Doubled backticks, and ``{{python}}``, show a value as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from site_builder.errors import nearest

VALUE = re.compile(r"(?:(?<!`)`\{python\}(?=\s)|\{eval\}`(?!`))([^`]*)`(?!`)")
"""A value; its group is what was written."""
CLAIM = re.compile(r"""\bclaim\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'{}]+)""", re.DOTALL)
"""The attribute of a claim; its group is the expression, in quotation marks if it has some."""
_SHOWN = re.compile(r"(?<!`)`\{(\{python\})\}([^`]*)`(?!`)")


def values_plugin(md: MarkdownIt) -> None:
    """Add the rules."""
    md.inline.ruler.before("backticks", "value", _value)
    md.inline.ruler.before("link", "claim", _claim)
    md.add_render_rule("value", lambda self, tokens, index, options, env: tokens[index].content)


def value_at(text: str, position: int, end: int) -> re.Match[str] | None:
    """The value that begins at a position of a text, before `end`."""
    if text[position] not in "`{":
        return None
    return VALUE.match(text, position, end)


def split(written: str) -> tuple[str, str, str]:
    """An expression, its conversion (`r`, `s`, `a`) and its format, as in an f-string.

    The first colon that is in no bracket and no quotation ends the expression.
    """
    depth, quote, index = 0, "", 0
    while index < len(written):
        character = written[index]
        if quote:
            if character == "\\":
                index += 1
            elif written.startswith(quote, index):
                index += len(quote) - 1
                quote = ""
        elif character in "'\"":
            triple = written.startswith(character * 3, index)
            quote = character * 3 if triple else character
            index += len(quote) - 1
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == ":" and depth <= 0:
            code, format_ = written[:index], written[index + 1 :]
            return *_converted(code), format_
        index += 1
    return *_converted(written), ""


def _converted(code: str) -> tuple[str, str]:
    found = re.search(r"!\s*([rsa])\s*\Z", code)
    return (code[: found.start()].strip(), found[1]) if found else (code.strip(), "")


def _value(state: StateInline, silent: bool) -> bool:
    found = value_at(state.src, state.pos, state.posMax)
    if found is None:
        return _shown(state, silent)
    end = found.end()
    braces = state.src.startswith("{", end) and not value_at(state.src, end, state.posMax)
    attributes = _attributes(state.src, end, state.posMax) if braces else _Attributes(end)
    if not silent:
        token = state.push("value", "", 0)
        written = " ".join(found[1].split("\n"))
        token.content = written.strip()
        token.markup = found[0]
        start = found.start(1) + len(written) - len(written.lstrip())
        token.meta = {"offset": _place(state.src, start)}
        if attributes is None:
            help_ = "write {.volatile} or {tolerance=0.05}"
            token.meta["fault"] = ("the braces after this value cannot be read", help_)
        else:
            _give(token, attributes, ("tolerance",))
    state.pos = attributes.end if attributes else end
    return True


def _claim(state: StateInline, silent: bool) -> bool:
    """A text in brackets, and braces with `claim=`; those of other texts are not read here."""
    if state.src[state.pos] != "[" or "claim" not in state.src:
        return False
    closing = state.md.helpers.parseLinkLabel(state, state.pos, False)
    if closing < 0:
        return False
    attributes = _attributes(state.src, closing + 1, state.posMax)
    if attributes is None or "claim" not in attributes.named:
        return False
    if not silent:
        end, state.pos, state.posMax = state.posMax, state.pos + 1, closing
        token = state.push("span_open", "span", 1)
        token.meta = {"offset": _place(state.src, attributes.claim)}
        _give(token, attributes, ("claim", "tolerance"))
        state.md.inline.tokenize(state)
        state.push("span_close", "span", -1)
        state.posMax = end
    state.pos = attributes.end
    return True


@dataclass(frozen=True, slots=True)
class _Attributes:
    """What braces after a value or a claim say."""

    end: int
    """Where they end."""
    named: dict[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    """Classes and ids, as written."""
    claim: int = 0
    """Where the expression of a claim begins."""


_ATTRIBUTE = re.compile(
    r"""([.#][\w-]+)|([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'{}]+)(?=[\s}])""",
    re.DOTALL,
)
_SPACE = re.compile(r"\s*")


def _attributes(text: str, position: int, end: int) -> _Attributes | None:
    """Read the braces at a position of a text; None if they are not in order."""
    if not text.startswith("{", position, end):
        return None
    named: dict[str, str] = {}
    marks: list[str] = []
    claim = 0
    position += 1
    while True:
        found_space = _SPACE.match(text, position, end)
        position = found_space.end() if found_space else position
        if text.startswith("}", position, end):
            return _Attributes(position + 1, named, tuple(marks), claim)
        found = _ATTRIBUTE.match(text, position, end)
        if found is None:
            return None
        if found[1]:
            marks.append(found[1])
        else:
            if found[2] in named:
                return None
            named[found[2]] = unquoted(found[3])
            if found[2] == "claim":
                lead = re.match(r"""["']?\s*""", found[3])
                claim = found.start(3) + (lead.end() if lead else 0)
        position = found.end()


def unquoted(written: str) -> str:
    """An attribute's value without its quotation marks, in one line."""
    if written[:1] == '"':
        written = re.sub(r'\\(["\\])', r"\1", written[1:-1])
    elif written[:1] == "'":
        written = written[1:-1]
    return " ".join(written.split("\n")).strip()


def _give(token: Token, attributes: _Attributes, known: Sequence[str]) -> None:
    """Give a token its attributes, and the fault of the first that is unknown."""
    marks = (".volatile", *known)
    for given in (*attributes.marks, *attributes.named):
        if given not in marks:
            what = "value" if token.type == "value" else "claim"
            token.meta["fault"] = (f"a {what} has no attribute {given!r}", nearest(given, marks))
            break
    token.attrs.update({name: attributes.named[name] for name in known if name in attributes.named})
    if ".volatile" in attributes.marks:
        token.attrs["class"] = "volatile"


def _place(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position), position - (text.rfind("\n", 0, position) + 1)


def _shown(state: StateInline, silent: bool) -> bool:
    """Doubled braces: code that shows how a value is written."""
    found = _SHOWN.match(state.src, state.pos, state.posMax)
    if found and not silent:
        token = state.push("code_inline", "code", 0)
        token.content, token.markup = found[1] + found[2], "`"
    if found:
        state.pos = found.end()
    return bool(found)
