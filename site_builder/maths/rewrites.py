r"""Commands that the converter refuses or misprints, said in commands that it draws right.

In: a stream that has just taken one of them. Out: TeX that the converter knows, and elements that
it carries through. What cannot be said is an error at the author's command.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from site_builder.maths import colours, environments, words
from site_builder.maths.commands import SIZES, em, length_in_em
from site_builder.maths.lexer import Token, text_of
from site_builder.maths.macros import Macro
from site_builder.maths.stream import NOTE, Handler, Stream, fault

_PLAIN_NAME = re.compile(r"(?:[A-Za-z0-9 *./:()'-]|\\[,; ]|\\!)+")
_UPRIGHT = re.compile(r"\\(?:mathrm|text|textrm|operatorname\*?)\s*\{([^{}\\]*)\}|\\rm(?![A-Za-z])")
_TAG_SYMBOLS: Mapping[str, str] = {
    r"\ast": "∗", r"\star": "⋆", r"\dagger": "†", r"\dag": "†", r"\ddagger": "‡", r"\ddag": "‡",
    r"\prime": "′", r"\S": "§", r"\P": "¶", r"\bullet": "•", r"\circ": "∘", r"\&": "&",
    r"\%": "%", r"\#": "#", r"\_": "_", r"\$": "$", r"\text": "", r"\textbf": "", r"\rm": "",
    r"\mathrm": "", r"\alpha": "α", r"\beta": "β", r"\gamma": "γ", "$": "", "{": "", "}": "",
    "~": " ", r"\,": " ", r"\ ": " ",
}  # fmt: skip


def _operator(stream: Stream, command: Token) -> None:
    r"""`\operatorname{…}` and `\mathop{…}`: a name set upright, or else any formula."""
    movable = command.text == r"\mathop" or stream.take("*")
    content = stream.argument(command)
    name = text_of(content).strip()
    previous = ""
    while previous != name:
        previous, name = name, _UPRIGHT.sub(r"\1", name).strip()
    upright = command.text != r"\mathop" or name != text_of(content).strip()
    if _PLAIN_NAME.fullmatch(name) and (upright or len(name) > 1):
        stream.emit(rf"\operatorname{'*' if movable else ''}{{{name}}}", command)
        return
    if not stream.display or not movable or not _limits(stream, command, content):
        stream.emit(r"\mathop{", command)
        stream.process(content)
        stream.emit("}", command)


def _limits(stream: Stream, command: Token, content: list[Token]) -> bool:
    r"""Scripts below and above `\mathop{content}`; false if it has none."""
    if stream.peek() == r"\limits":
        stream.skip_space()
        stream.pending.pop()
    scripts: dict[str, list[Token]] = {}
    while (sign := stream.peek()) in ("_", "^") and sign not in scripts:
        stream.skip_space()
        scripts[sign] = stream.argument(stream.pending.pop())
    for sign, script in scripts.items():
        stream.emit(r"\underset{" if sign == "_" else r"\overset{", command)
        stream.process(script)
        stream.emit("}{", command)
    if scripts:
        stream.emit(r"\mathop{", command)
        stream.process(content)
        stream.emit("}" * (1 + len(scripts)), command)
    return bool(scripts)


def _define(stream: Stream, command: Token) -> None:
    r"""`\newcommand{\x}[2][default]{body}` and its kin."""
    stream.take("*")
    name = stream.text_argument(command)
    count = text_of(stream.optional() or []).strip()
    default = stream.optional()
    body = stream.argument(command)
    if not name.startswith("\\") or (count and not count.isdigit()):
        raise fault(
            f"{command.text} defines no command", command, r"write \newcommand{\name}{meaning}"
        )
    stream.macros[name] = Macro(
        int(count or 0), tuple(body), None if default is None else tuple(default)
    )


def _def(stream: Stream, command: Token) -> None:
    r"""`\def\x#1{body}`."""
    stream.skip_space()
    name = stream.pending.pop() if stream.pending else command
    parameters: list[str] = []
    while stream.pending and stream.pending[-1].text != "{":
        parameters.append(stream.pending.pop().text)
    count = parameters.count("#")
    plain = "".join(parameters).strip() == "".join(f"#{n + 1}" for n in range(count))
    if not name.text.startswith("\\") or not plain:
        raise fault(rf"{command.text} with delimiters", command, r"use \newcommand")
    stream.macros[name.text] = Macro(count, tuple(stream.argument(command)))


def _let(stream: Stream, command: Token) -> None:
    stream.skip_space()
    name = stream.argument(command)
    stream.skip_space()
    stream.take("=")
    meaning = stream.argument(command)
    known = stream.macros.get(meaning[0].text) if len(meaning) == 1 else None
    stream.macros[text_of(name)] = known or Macro(0, tuple(meaning))


def _declare_operator(stream: Stream, command: Token) -> None:
    star = "*" if stream.take("*") else ""
    name = stream.text_argument(command)
    body = stream.argument(command)
    opening = [Token(r"\operatorname", *command[1:]), *([Token("*", *command[1:])] if star else [])]
    brace = (Token("{", *command[1:]), Token("}", *command[1:]))
    stream.macros[name] = Macro(0, (*opening, brace[0], *body, brace[1]))


def _derivative(stream: Stream, command: Token) -> None:
    r"""physics' `\dv[n]{f}{x}`, `\pdv{f}{x}{y}`, with one argument `d/dx`."""
    sign = r"\mathrm{d}" if command.text == r"\dv" else r"\partial "
    order = text_of(stream.optional() or [])
    stream.take("*")
    arguments = [stream.argument(command)]
    most = 2 if command.text == r"\dv" else 3
    while len(arguments) < most and stream.peek() == "{":
        arguments.append(stream.argument(command))
    function = arguments.pop(0) if len(arguments) > 1 else []
    total = order or (str(len(arguments)) if len(arguments) > 1 else "")
    stream.emit(rf"\frac{{{sign}" + (f"^{{{total}}}" if total else ""), command)
    stream.process(function)
    stream.emit("}{", command)
    for argument in arguments:
        stream.emit(sign, command)
        stream.process(argument)
        if order and len(arguments) == 1:
            stream.emit(f"^{{{order}}}", command)
    stream.emit("}", command)


def _size(stream: Stream, command: Token) -> None:
    opening = f'<mrow mathsize="{SIZES[command.text]}">'
    stream.wrap(opening, stream.rest_of_group(), "</mrow>", command)


def _smash(stream: Stream, command: Token) -> None:
    which = text_of(stream.optional() or []).strip()
    attributes = {"t": ' height="0"', "b": ' depth="0"'}.get(which, ' height="0" depth="0"')
    stream.wrap(f"<mpadded{attributes}>", stream.argument(command), "</mpadded>", command)


def _rule(stream: Stream, command: Token) -> None:
    written = text_of(stream.optional() or []) or "0em"
    lengths = [length_in_em(t) for t in (written, *(stream.text_argument(command) for _ in "wh"))]
    raised, width, height = lengths
    if raised is None or width is None or height is None:
        raise fault(r"\rule needs a width and a height", command, r"write \rule{1em}{0.5pt}")
    stream.element(
        f'<mspace class="rule" width="{em(width)}" height="{em(max(0.0, height + raised))}"'
        f' depth="{em(max(0.0, -raised))}" mathbackground="currentcolor"/>',
        command,
    )


def _strike(stream: Stream, command: Token) -> None:
    closing = '<mrow class="menclose-horizontalstrike"></mrow></menclose>'
    opening = '<menclose notation="horizontalstrike">'
    stream.wrap(opening, stream.argument(command), closing, command)


def _lap(stream: Stream, command: Token) -> None:
    stream.wrap('<mpadded width="0">', stream.argument(command), "</mpadded>", command)


def _label(stream: Stream, command: Token) -> None:
    label = "".join(token.text for token in stream.argument(command)).strip()
    if not label or re.search(r"[\s\"'<>&\\]", label):
        raise fault(f"{label!r} cannot be a label", command, "use letters, digits, - and :")
    _note(stream, command, f"label:{label}")


def _tag(stream: Stream, command: Token) -> None:
    kind = "tag*" if stream.take("*") else "tag"
    words = []
    for token in stream.argument(command):
        text = _TAG_SYMBOLS.get(token.text, token.text)
        if text.startswith("\\") or text in ("^", "_"):
            raise fault(f"{token.text} in a tag", token, "a tag is plain text, such as A.1")
        words.append(text)
    _note(stream, command, f"{kind}:{html.escape(''.join(words).strip())}")


def _no_number(stream: Stream, command: Token) -> None:
    if stream.display:
        _note(stream, command, "notag:")


def _note(stream: Stream, command: Token, note: str) -> None:
    if not stream.display:
        raise fault(
            f"{command.text} in a formula within a line",
            command,
            "put the formula between $$ and $$: only those have numbers",
        )
    stream.emit(NOTE + note, command)


def _delimiter(stream: Stream, command: Token) -> None:
    r"""`\left<` means `\left\langle`."""
    stream.out.append(command)
    stream.skip_space()
    if stream.pending and stream.pending[-1].text in ("<", ">"):
        token = stream.pending.pop()
        stream.emit(r"\langle" if token.text == "<" else r"\rangle", token)


def _space(stream: Stream, command: Token) -> None:
    stream.take("*")
    stream.out.append(command)


def _drop_argument(stream: Stream, command: Token) -> None:
    stream.argument(command)


def _colon(stream: Stream, command: Token) -> None:
    stream.emit(r"\colon\mskip6mu ", command)


def _refused(stream: Stream, command: Token) -> None:
    raise fault(f"{command.text} is not supported", command, "write the one form that is meant")


_DELIMITERS = [r"\left", r"\right", r"\middle"] + [
    rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
]
HANDLERS: Mapping[str, Handler] = {
    **environments.HANDLERS,
    **words.HANDLERS,
    **colours.HANDLERS,
    **dict.fromkeys(SIZES, _size),
    **dict.fromkeys([r"\operatorname", r"\mathop"], _operator),
    **dict.fromkeys([r"\newcommand", r"\renewcommand", r"\providecommand"], _define),
    **dict.fromkeys([r"\def", r"\gdef"], _def),
    r"\let": _let,
    r"\DeclareMathOperator": _declare_operator,
    r"\require": _drop_argument,
    **dict.fromkeys([r"\dv", r"\pdv"], _derivative),
    r"\smash": _smash,
    r"\rule": _rule,
    r"\sout": _strike,
    **dict.fromkeys([r"\rlap", r"\mathrlap"], _lap),
    r"\label": _label,
    r"\tag": _tag,
    **dict.fromkeys([r"\notag", r"\nonumber"], _no_number),
    **dict.fromkeys(_DELIMITERS, _delimiter),
    r"\hspace": _space,
    r"\colon": _colon,
    r"\mathchoice": _refused,
}
