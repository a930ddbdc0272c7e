r"""TeX to the inside of a `<math>` element.

In: an author's TeX. Out: MathML Core without styles, entities or anything else that a strict policy
or an XML reader refuses. A formula that cannot be drawn right is an error at the author's offset.

Most formulas need no rewriting; those only pay for the test whether they do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NoReturn

from math_core import LatexError, LatexToMathML

from site_builder.maths.cleaning import clean
from site_builder.maths.commands import SHORTHANDS, command_help
from site_builder.maths.faults import MathsError
from site_builder.maths.lexer import SourceMap, Token, lex, text_of
from site_builder.maths.macros import Macro, define
from site_builder.maths.nesting import check_nesting
from site_builder.maths.rewrites import HANDLERS
from site_builder.maths.stream import Stream

_COMMAND = re.compile(r"\\([A-Za-z]+)")
_PLAIN_TEXT = re.compile(r"\\(?:text[a-z]{0,2}|operatorname\*?)\{[\w ,.:;()=!?/]*\}")
_PLAIN_NAMES = frozenset(
    ["text", "textbf", "textit", "textrm", "texttt", "textsf", "operatorname", "begin", "end"]
)
_PLAIN_TABLE = re.compile(
    r"\\begin\{(aligned|gathered|cases|[pbBvV]?matrix)\}(?!\s*\[)((?:[^\\]|\\(?!begin|end))*)"
    r"\\end\{\1\}"
)
_ODD_BREAK = re.compile(r"\\\\(?:\s*\[|\s*$|\*)|&\s*(?:[-+]|\\[mp][pm](?![A-Za-z]))")
_LIMITED = {"cases": 1, "gathered": 0}
_NEVER = re.compile("[\ue000-\ue00f]")
_REWRITTEN = frozenset(
    name[1:]
    for name in HANDLERS.keys() | SHORTHANDS.keys()
    if name[1:].isalpha()
    and name not in (r"\left", r"\right", r"\middle", r"\hspace")
    and not name.startswith((r"\big", r"\Big"))
)


def convert(tex: str, macros: Mapping[str, str], *, display: bool) -> str:
    """The children of a formula's `<math>`. Raises MathsError."""
    if needs_rewriting(tex, macros):
        stream = rewrite(tex, macros, display=display)
        return converted(stream.out, tex, stream, display=display)
    check_nesting(tex)
    try:
        return clean(_converter().convert_with_local_state(tex, displaystyle=display), ())
    except LatexError:
        # The rewriter knows better what is wrong.
        stream = rewrite(tex, macros, display=display)
        return converted(stream.out, tex, stream, display=display)


def needs_rewriting(tex: str, macros: Mapping[str, str]) -> bool:
    """Whether the converter alone would refuse or misprint `tex`."""
    names = set(_COMMAND.findall(tex))
    special = names & _REWRITTEN
    if special and (special - _PLAIN_NAMES or not _only_plain_text(tex)):
        return True
    if "begin" in special or "end" in special:
        outside, _ = _PLAIN_TABLE.subn(_without_table, tex)
    else:
        outside = tex
    if "\\\\" in outside or "&" in outside or "\\begin" in outside or "\\end" in outside:
        return True
    if "<" in tex or "*{" in tex or _NEVER.search(tex):
        return True
    if not macros:
        return False
    defined = define(macros)
    return any(name[1:] in names or not name[1:].isalpha() for name in defined)


def _only_plain_text(tex: str) -> bool:
    if "\\text" not in tex and "\\operatorname" not in tex:
        return True
    rest = _PLAIN_TEXT.sub("", tex)
    return "\\text" not in rest and "\\operatorname" not in rest


def _without_table(table: re.Match[str]) -> str:
    """Nothing for a table that the converter draws right, else the table."""
    name, body = table.groups()
    most = _LIMITED.get(name)
    if _ODD_BREAK.search(body):
        return table[0]
    if most is not None and any(row.count("&") > most for row in body.split("\\\\")):
        return table[0]
    return ""


def rewrite(tex: str, macros: Mapping[str, str], *, display: bool) -> Stream:
    """The tokens of `tex` as the converter can take them. Raises MathsError."""
    check_nesting(tex)
    if forbidden := _NEVER.search(tex):
        raise MathsError(
            f"the character U+{ord(forbidden[0]):04X} has no meaning in a formula",
            forbidden.start(),
            help="remove it",
        )
    known = {**_shorthands(), **define(macros)}
    stream = Stream(lex(tex), known, HANDLERS, end=len(tex), display=display)
    stream.run()
    if stream.environments:
        opened = stream.environments[-1]
        raise MathsError(
            f"\\begin{{{opened.name}}} is never closed",
            opened.begin.start,
            width=len(opened.begin.text),
            help=f"add \\end{{{opened.name}}}",
            code="T003",
        )
    return stream


def converted(tokens: Sequence[Token], tex: str, stream: Stream, *, display: bool) -> str:
    """The children of `<math>` for tokens that have been rewritten. Raises MathsError."""
    rewritten = text_of(tokens)
    _check_expanded(rewritten)
    try:
        mathml = _converter().convert_with_local_state(rewritten, displaystyle=display)
    except LatexError as error:
        _explain(str(error), tokens, tex, stream.macros)
    return clean(mathml, stream.wrappers)


def _check_expanded(rewritten: str) -> None:
    """What macros stand for may be nested deeper than what the author wrote."""
    try:
        check_nesting(rewritten)
    except MathsError as error:
        raise MathsError(error.message, 0, help=error.help, code=error.code) from None


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML(fancy_error=False, allow_unreliable_rendering=True)


@cache
def _shorthands() -> Mapping[str, Macro]:
    return define(SHORTHANDS)


def _explain(
    report: str, tokens: Sequence[Token], tex: str, macros: Mapping[str, Macro]
) -> NoReturn:
    """Raise what the converter reports, in our words and at the author's offset."""
    place, _, message = report.partition(": ")
    offset = SourceMap(tokens).offset(int(place), len(tex)) if place.isdigit() else 0
    if "reached end of input" in message or "Unmatched closing" in message:
        _explain_nesting(tex)
    if unknown := re.match(r'Unknown command "(.+)"', message):
        command = unknown[1]
        used = next((t.text for t in lex(tex) if t.start == offset), command)
        if used == command:
            raise MathsError(
                f"unknown command {command}",
                offset,
                width=len(command),
                help=command_help(command, macros),
                code="T001",
            )
        message = f"unknown command {command} in the macro {used}"
        raise MathsError(message, offset, width=len(used), code="T001")
    for pattern, words, help_text in _MESSAGES:
        if pattern.search(message):
            raise MathsError(words, offset, width=_width(tex, offset), help=help_text)
    message = message.rstrip(".")
    raise MathsError(message[:1].lower() + message[1:], offset, width=_width(tex, offset))


def _explain_nesting(tex: str) -> None:
    r"""Raise for the first `{` or `\left` that is not closed, or the closing one too many."""
    opened: list[Token] = []
    partner = {"}": "{", r"\right": r"\left", r"\end": r"\begin"}
    closer = {opening: closing for closing, opening in partner.items()}
    for token in lex(tex):
        if token.text in closer:
            opened.append(token)
        elif token.text in partner:
            if opened and opened[-1].text == partner[token.text]:
                opened.pop()
                continue
            if opened:
                break
            raise MathsError(
                f"{token.text} without {partner[token.text]} before it",
                token.start,
                width=len(token.text),
                code="T003",
            )
    if opened:
        last = opened[-1]
        raise MathsError(
            f"{last.text} is never closed",
            last.start,
            width=len(last.text),
            help=f"add the missing {closer[last.text]}",
            code="T003",
        )


def _width(tex: str, offset: int) -> int:
    match = re.compile(r"\\(?:[A-Za-z]+|.)").match(tex, offset)
    return len(match.group()) if match else 1


_MESSAGES = [
    (re.compile(pattern), message, help_text)
    for pattern, message, help_text in [
        (
            "Duplicate subscript or superscript",
            "two subscripts or two superscripts on one symbol",
            "put braces around what belongs together: x_{i_j}, {x_i}_j",
        ),
        (
            "Expected argument",
            "an argument is missing",
            "a command such as \\frac takes what follows it: \\frac{a}{b}",
        ),
        (
            'Unexpected "\\$"',
            "a dollar sign in a formula",
            r"write \$ for a dollar sign; within \text, dollars enclose maths",
        ),
        ("Macro parameter", "# in a formula", r"write \# for a number sign"),
        (
            "must be a parenthesis",
            "a bracket is missing here",
            r"\left, \right and \big are followed by a bracket, or by . for none",
        ),
        (
            "Unknown color",
            "unknown colour",
            "use a name such as red, [HTML]{CC0000} or [rgb]{0.8,0,0}",
        ),
        (r"h\[dash\]line", r"\hline at a place that is not between rows", r"put it after \\"),
        ("length with units", "a length is missing here", "write a number and a unit: 1em, 2pt"),
        ("limits", r"\limits after something that has none", r"use it after \sum, \int and names"),
        ("Not valid in text mode", "this is not text", "put maths in the text between dollars"),
        ("Not valid in math mode", "this works in text only", r"put it into \text{…}"),
    ]
]
