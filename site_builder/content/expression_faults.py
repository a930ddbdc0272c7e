"""What is wrong with an expression that can be seen without running it.

In: an expression, or a cell with a claim. Out: problems with line, column and what to do.
"""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from markdown_it.token import Token

from site_builder.content.positions import problem_at
from site_builder.content.value_syntax import VALUE
from site_builder.errors import Problem
from site_builder.model.post import Cell, Expression, Source


def expression_fault(
    source: Source, expression: Expression, known: tuple[str, str], *, kernel: str
) -> Problem | None:
    """The first thing that is wrong with an expression.

    `known` is what the parser found wrong already and what to do, empty if nothing; `kernel` is
    that of the post, if it has one.
    """
    what = "a claim" if expression.kind == "claim" else "a value"
    code = expression.code
    if kernel:
        message = f"{what} in the prose needs the posts' own Python, not the kernel {kernel!r}"
        return _at(source, expression, message, "show it with a cell", code="V010")
    if known[0]:
        return _at(source, expression, *known, code="V001")
    if not code:
        if expression.kind == "claim":
            help_ = '[the outputs sum to one]{claim="abs(S.sum() - 1) < 1e-12"}'
            message, help_ = "a claim without an expression", f"write {help_}"
            return _at(source, expression, message, help_, code="V001")
        message, help_ = "a value without an expression", "write `{python} name`"
        return _at(source, expression, message, help_, code="V001")
    if expression.kind == "claim" and not expression.sentence:
        help_ = 'write [the outputs sum to one]{claim="…"}'
        return _at(source, expression, "a claim without a sentence", help_, code="V001")
    if expression.tolerance is not None and not 0 <= expression.tolerance < math.inf:
        message, help_ = "a tolerance is a number from 0 on", "such as 0.01"
        return _at(source, expression, message, help_, code="V001")
    if "{" in expression.format:
        message = "braces in a format are not read"
        help_ = "make the text in a cell and show that"
        return _at(source, expression, message, help_, code="V004")
    try:
        tree = ast.parse(code, mode="eval")
    except SyntaxError as error:
        return _syntax(source, expression, what, error)
    except ValueError as error:
        return _at(source, expression, f"{what} cannot be read: {error}", code="V002")
    for node in ast.walk(tree):
        if isinstance(node, ast.NamedExpr):
            message = f"{what} in the prose cannot assign"
            return _at(source, expression, message, _CELL, code="V002")
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom):
            message = f"{what} in the prose cannot await or yield"
            return _at(source, expression, message, _CELL, code="V002")
    return None


_CELL = "do that in a cell, and name what comes of it here"


FORMULAS = ("maths_inline", "maths_block")
"""Tokens whose content is TeX, which may hold values."""
_LINE = re.compile(r" \((?:detected at line|on line) \d+\)| on line \d+")


# What readers would see as it is written: what it is, where it begins, and what to do about it.
_UNREAD = (
    (
        re.compile(r"\{[^{}]*\bclaim\b[^{}]*\}?"),
        "claim",
        "the braces of this claim cannot be read",
        'write [sentence]{claim="expression"}, and \\" for quotation marks within',
    ),
    (
        re.compile(r"\{[^{}]*(?:\.volatile|\btolerance=)[^{}]*\}"),
        "{",
        "these braces belong to no value",
        "write them right behind it, without a space",
    ),
    (
        re.compile(r"`\{python\}\s"),
        "`{python}",
        "this value is never closed",
        "end it with a backtick; in a table write \\| for a bar",
    ),
    (
        re.compile(r"\{eval\}`"),
        "{eval}`",
        "this value cannot be read",
        "write {eval}`name`, with one backtick on each side",
    ),
)
_NO_SPACE = re.compile(r"\{(?:python|eval)\}[^\s`]")
_RAW = re.compile(r"\s*<(?:!--|pre|script|style|textarea|code)", re.IGNORECASE)


def unread_faults(
    source: Source, tokens: Sequence[Token], first: int, last: int
) -> Iterator[Problem]:
    """Values and claims between two lines that are not in order, so that no rule read them."""
    yield from _unread_in(_Block(source, first, last), tokens)


def _unread_in(block: _Block, tokens: Sequence[Token]) -> Iterator[Problem]:
    for token in tokens:
        if "claim" in token.attrs and "offset" not in token.meta:
            _, _, message, help_ = _UNREAD[0]
            if token.type != "span_open":
                message = "only a sentence in brackets can be a claim"
            yield block.problem(f'claim="{token.attrs["claim"]}"', message, help_, other="claim")
        elif token.type == "text" and "{" in token.content:
            yield from _of_unread_text(block, token.content)
        elif token.type == "code_inline" and token.markup == "`":
            if _NO_SPACE.match(token.content):
                help_ = "write `{python} name`; in doubled backticks it is shown as it is"
                message = "a space is missing after the braces of this value"
                yield block.problem(token.content, message, help_)
        elif token.type == "html_block" and not _RAW.match(token.content):
            for written in VALUE.findall(token.content)[:1]:
                message = "a value in the midst of HTML is not read"
                help_ = "put a blank line above and below the Markdown within HTML"
                yield block.problem(written, message, help_)
        elif token.type in FORMULAS and "`{python}" in VALUE.sub("", token.content):
            message = "this value is never closed"
            yield block.problem("`{python}", message, "end it with a backtick")
        yield from _unread_in(block, token.children or ())


def _of_unread_text(block: _Block, text: str) -> Iterator[Problem]:
    for pattern, begin, message, help_ in _UNREAD:
        for found in pattern.finditer(text):
            if "\\" + begin in block.text or "\\" + found[0] in block.text:
                continue  # an escape: meant to be shown
            yield block.problem(found[0], message, help_, other=begin)


class _Block:
    """Some lines of a post, in which what no rule read has to be found again."""

    def __init__(self, source: Source, first: int, last: int) -> None:
        self._source, self._first, self._last = source, first, last
        self._seen: Counter[str] = Counter()

    @cached_property
    def text(self) -> str:
        """The lines; almost all blocks are in order, and theirs are never asked for."""
        return "\n".join(self._source.text.split("\n")[self._first - 1 : self._last])

    def problem(self, needle: str, message: str, help_: str, *, other: str = "") -> Problem:
        """A problem where `needle` stands, else `other`: each time at the next place."""
        for each in (needle, other or needle):
            # Typography may have changed quotation marks and dashes inside.
            written = re.compile("".join(re.escape(c) if c.isascii() else ".{1,3}?" for c in each))
            # What is in order may hold the same.
            rest = VALUE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), self.text)
            places = list(written.finditer(rest)) or list(written.finditer(self.text))
            if places:
                place = places[min(self._seen[each], len(places) - 1)]
                self._seen[each] += 1
                line = self._first + self.text.count("\n", 0, place.start())
                column = place.start() - self.text.rfind("\n", 0, place.start())
                width = len(place[0].split("\n")[0])
                return self._at(line, message, help_, column, width)
        return self._at(self._first, message, help_, 0, len(needle))

    def _at(self, line: int, message: str, help_: str, column: int, width: int) -> Problem:
        at = self._source
        return problem_at(at, line, message, help_, column=column, width=width, code="V001")


def cell_claim_faults(source: Source, cells: Sequence[Cell], kernel: str) -> Iterator[Problem]:
    """Claims of cells that nothing proves; `kernel` is that of the post, if it has one."""
    for cell in cells:
        claim = cell.options.claim
        if not claim:
            continue
        line, column = _claim_place(source, cell)
        if kernel:
            message = f"a claim needs the posts' own Python, not the kernel {kernel!r}"
            help_ = "say it in the prose"
        elif not cell.options.eval:
            message, help_ = "the claim of a cell that does not run", "remove 'eval: false'"
        elif cell.options.error:
            message = "the claim of a cell that is meant to raise, and so may end before its proof"
            help_ = "remove 'error: true', or let another cell claim it"
        elif not _asserts(cell.code):
            message = "nothing in the cell proves its claim"
            help_ = "add an assertion, such as 'assert abs(S.sum() - 1) < 1e-12'"
        else:
            continue
        width = len(claim)
        yield problem_at(source, line, message, help_, column=column, width=width, code="V006")


def _claim_place(source: Source, cell: Cell) -> tuple[int, int]:
    for line in range(cell.fence_line, cell.line + 1):
        text = source.line_text(line)
        if key := re.search(r"\bclaim[\"']?\s*[:=]", text):
            return line, max(text.find(cell.options.claim, key.end()), key.start()) + 1
    return cell.fence_line, 0


def _asserts(code: str) -> bool:
    """Whether code has an assertion, or calls what is named like one; true if it cannot be told."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return True
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
            if "assert" in name.lower():
                return True
    return False


def _syntax(source: Source, expression: Expression, what: str, error: SyntaxError) -> Problem:
    code = expression.code
    try:
        ast.parse(code)
    except (SyntaxError, ValueError):
        help_ = _CELL
        if code.count('"') % 2 or code.count("'") % 2:
            help_ = "a backtick ends it, in quotation marks too: make the text in a cell"
        elif re.search(r"\blambda\b[^:]*$", code):
            help_ = "its colon begins the format, as in an f-string: write (lambda …) in brackets"
        message = f"{what} in the prose is no Python expression: {_LINE.sub('', error.msg)}"
        offset = min(max(error.offset or 1, 1), len(code))
        return _at(source, expression, message, help_, offset=offset - 1, width=1, code="V002")
    message = f"{what} in the prose is an expression, not a statement"
    return _at(source, expression, message, _CELL, code="V002")


def _at(
    source: Source,
    expression: Expression,
    message: str,
    help_: str = "",
    *,
    code: str,
    offset: int = 0,
    width: int = 0,
) -> Problem:
    line, column = expression.line, expression.column and expression.column + offset
    width = width or max(1, len(expression.code))
    return problem_at(source, line, message, help_, column=column, width=width, code=code)
