r"""Where formulas begin and end in Markdown.

In: a markdown-it parser. Out: the same parser, which now makes these tokens; nothing is rendered.

    maths_inline     content is TeX; meta {"display": bool, "label": str, "offset": (line, column)}
    maths_block      content is TeX; meta {"label": str, "offset": (line, column), "columns": (…)}
    maths_reference  content is a label; meta {"kind": "eqref" or "ref", "offset": (line, column)}

A mistake that can be seen here is in meta as "error" and "help". Prices are not maths: "$5 and $10"
stays as it is. For a block, `offset` says where its TeX begins: the line from the token's first,
and the column in that line of the post; `columns` says for each line of the TeX in which column of
the post it begins. For the others, both count within the content of the inline token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from site_builder.content.maths_inline import DOLLARS, EMPTY, backslash_formula, dollar_formula

_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|alignat|flalign|gather|multline|eqnarray)\*?)\}"
)
_LABEL = re.compile(r"\s*(?:\{#([^\s{}]+)\}|\(([A-Za-z][\w:.-]*)\))\s*")
_FENCE = re.compile(r"\{?math\}?(?=\s|$)")
_OPTION = re.compile(r"[ \t]*:([\w-]+):[ \t]*(.*?)[ \t]*(?:\n|$)")
_PROSE = re.compile(r"#{1,6} |```|~~~")
_INTERRUPTED = ["paragraph", "reference", "blockquote", "list", "footnote_def"]
_INDENTED_CODE = 4


def maths_plugin(md: MarkdownIt) -> None:
    """Install the rules that find formulas."""
    alternatives: RuleOptionsType = {"alt": _INTERRUPTED}
    md.block.ruler.before("fence", "maths_dollars", _dollars, alternatives)
    md.block.ruler.before("fence", "maths_brackets", _brackets, alternatives)
    md.block.ruler.before("fence", "maths_environment", _environment, alternatives)
    md.core.ruler.after("block", "maths_fences", _fences)
    md.inline.ruler.before("escape", "maths_backslash", backslash_formula)
    md.inline.ruler.before("escape", "maths_dollar", dollar_formula)
    for name in ("maths_inline", "maths_block", "maths_reference"):
        md.add_render_rule(name, _plain)


def _dollars(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""`$$ … $$`, on one line or several, with a label after it."""
    if _indented(state, start) or not _line(state, start).startswith("$$"):
        return False
    first = _line(state, start)[2:]
    closing = DOLLARS.search(first)
    if closing and closing.start(1) == 0:
        return False
    if closing:
        after = first[closing.end(1) :]
        if DOLLARS.search(after):
            return silent or _failed(
                state,
                start,
                start,
                "two formulas between $$ on one line",
                "put each on lines of its own, or use single dollars within a sentence",
            )
        if after.strip() and not _LABEL.fullmatch(after):
            # A display within a paragraph: for the inline rule.
            return False
        return silent or _block(state, start, start, 2, first[: closing.start(1)], after)
    return _until(state, start, end, silent, 2, _close_dollars, "$$")


def _close_dollars(line: str) -> tuple[int, int] | None:
    match = DOLLARS.search(line)
    return match.span(1) if match else None


def _brackets(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""`\[ … \]`."""
    if _indented(state, start) or not _line(state, start).startswith("\\["):
        return False
    first = _line(state, start)[2:]
    closing = _close_bracket(first)
    if closing:
        after = first[closing[1] :]
        # An escaped link is no formula with a label: `\\[x\\](address)`.
        if after.startswith("(") or (after.strip() and not _LABEL.fullmatch(after)):
            return False
        return silent or _block(state, start, start, 2, first[: closing[0]], after)
    last = _last_line(state, start, end, _close_bracket)
    if last is None:
        # Only an escaped bracket in prose.
        return False
    return _until(state, start, end, silent, 2, _close_bracket, "\\[")


def _close_bracket(line: str) -> tuple[int, int] | None:
    match = re.search(r"(?<!\\)(?:\\\\)*(\\\])", line)
    return match.span(1) if match else None


def _environment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""`\begin{align} … \end{align}` without dollars."""
    if _indented(state, start):
        return False
    opening = _ENVIRONMENT.match(_line(state, start))
    if not opening:
        return False
    closing = f"\\end{{{opening[1]}}}"

    def close(line: str) -> tuple[int, int] | None:
        # The formula includes what closes it.
        found = line.find(closing)
        return None if found < 0 else (found + len(closing), found + len(closing))

    found = close(_line(state, start))
    if found:
        text = _line(state, start)
        return silent or _block(state, start, start, 0, text[: found[0]], text[found[1] :])
    return _until(state, start, end, silent, 0, close, opening[0])


Close = Callable[[str], "tuple[int, int] | None"]


def _until(
    state: StateBlock, start: int, end: int, silent: bool, skip: int, close: Close, opening: str
) -> bool:
    """A block of several lines, to the one that closes it."""
    if silent:
        return True
    last = _last_line(state, start, end, close)
    if last is None:
        stop = start
        while stop + 1 < end and not state.isEmpty(stop + 1) and not _outside(state, stop + 1):
            stop += 1
        closing = {"$$": "$$", "\\[": "\\]"}.get(opening, opening.replace("begin", "end"))
        return _failed(
            state, start, stop, f"{opening} is never closed", f"add {closing} after the formula"
        )
    found = close(_line(state, last))
    assert found
    indent = state.sCount[start]
    lines = [_line(state, start)[skip:]]
    lines += state.getLines(start + 1, last, indent, False).split("\n") if last > start + 1 else []
    final = state.getLines(last, last + 1, indent, False)
    lead = len(final) - len(final.lstrip())
    lines.append(final[: lead + found[0]])
    return _block(state, start, last, skip, "\n".join(lines), final[lead + found[1] :])


def _last_line(state: StateBlock, start: int, end: int, close: Close) -> int | None:
    """The line that closes a block; a blank line before it ends the search unless the closing
    stands alone, so that one forgotten closing does not swallow the post."""
    blank = False
    for number in range(start + 1, end):
        if state.isEmpty(number):
            blank = True
            continue
        line = _line(state, number)
        if _outside(state, number) or (blank and _PROSE.match(line)):
            return None
        found = close(line)
        if found:
            alone = not line[: found[0]].strip()
            environment = found[0] == found[1]
            return number if not blank or alone or environment else None
    return None


def _outside(state: StateBlock, number: int) -> bool:
    return state.sCount[number] < state.blkIndent


def _indented(state: StateBlock, number: int) -> bool:
    return state.sCount[number] - state.blkIndent >= _INDENTED_CODE


def _line(state: StateBlock, number: int) -> str:
    """A line without the marks of the blocks that it is in, and without indentation."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _block(state: StateBlock, start: int, last: int, skip: int, tex: str, after: str) -> bool:
    label = _LABEL.fullmatch(after)
    token = _push(state, start, last, tex, skip)
    if label:
        token.meta["label"] = label[1] or label[2]
    elif after.strip():
        token.meta["error"] = f"text after the end of a formula: {after.strip()}"
        token.meta["help"] = "put it on the next line, or into the formula if it belongs there"
    if not token.content:
        token.meta["error"] = EMPTY
        token.meta["help"] = "write the formula between the signs, or remove them"
    return True


def _failed(state: StateBlock, start: int, last: int, error: str, help: str) -> bool:
    token = _push(state, start, last, state.getLines(start, last + 1, 0, False), 0)
    token.meta.update(error=error, help=help)
    return True


def _push(state: StateBlock, start: int, last: int, tex: str, skip: int) -> Token:
    token = state.push("maths_block", "div", 0)
    token.block = True
    token.map = [start, last + 1]
    token.content = tex.strip()
    blank = tex[: len(tex) - len(tex.lstrip())].count("\n")
    lines = state.src.split("\n")
    columns = []
    for index, line in enumerate(token.content.split("\n")):
        source = lines[start + blank + index] if start + blank + index < len(lines) else ""
        beginning = _beginning(state, start) + skip if blank + index == 0 else 0
        columns.append(max(0, source.find(line, beginning)))
    token.meta = {"label": "", "offset": (blank, columns[0]), "columns": tuple(columns)}
    state.line = last + 1
    return token


def _beginning(state: StateBlock, number: int) -> int:
    """The column of the post in which a line's own text begins."""
    position = state.bMarks[number] + state.tShift[number]
    return position - (state.src.rfind("\n", 0, position) + 1)


def _fences(state: StateCore) -> None:
    """Fences whose language is `math`, and MyST's `{math}` directive, as blocks of maths."""
    lines = state.src.split("\n")
    for token in state.tokens:
        opening = _FENCE.match(token.info.strip()) if token.type == "fence" else None
        if not opening or not token.map:
            continue
        directive = token.info.strip().startswith("{")
        label, tex, used = _options(token.content) if directive else ("", token.content, 0)
        argument = token.info.strip()[opening.end() :].strip() if directive else ""
        first = token.map[0] + (0 if argument else 1 + used)
        tex = f"{argument}\n{tex}" if argument else tex
        blank = tex[: len(tex) - len(tex.lstrip())].count("\n")
        token.type, token.tag, token.content = "maths_block", "div", tex.strip()
        columns = [
            max(0, lines[first + blank + index].find(line)) if first + blank + index < len(lines)
            else 0
            for index, line in enumerate(token.content.split("\n"))
        ]  # fmt: skip
        offset = (first + blank - token.map[0], columns[0])
        token.meta = {"label": label, "offset": offset, "columns": tuple(columns)}
        if not token.content:
            token.meta.update(error=EMPTY, help="write it into the fence")


def _options(content: str) -> tuple[str, str, int]:
    """A directive's label, what is left of it, and how many lines its options took."""
    label = ""
    position = 0
    while match := _OPTION.match(content, position):
        if match[1] in ("label", "name"):
            label = match[2]
        position = match.end()
    return label, content[position:], content[:position].count("\n")


def _plain(self: object, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A formula as TeX, for those who render without us."""
    token = tokens[index]
    code = f'<code class="maths">{escape(token.content)}</code>'
    return f"<p>{code}</p>\n" if token.block else code
