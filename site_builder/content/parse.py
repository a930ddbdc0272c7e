"""Parse: from a source to a post understood.

In: a site and a source. Out: a Post, or every problem of that source at once: front matter, cells,
Markdown, formulas, images. Promise: the same source gives the same post; only files that the post
names are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it.token import Token

from site_builder.content.attachments import find_attachments
from site_builder.content.cells import read_cells
from site_builder.content.citations.syntax import may_cite
from site_builder.content.expressions import read_expressions
from site_builder.content.front_matter import body_line, read_front_matter, slug_of
from site_builder.content.markdown import parse_markdown
from site_builder.content.maths_inline import EMPTY
from site_builder.content.positions import Fault, inline_place, locate, problem_at
from site_builder.content.typography import post_quotes
from site_builder.errors import ContentError, Problem
from site_builder.model.citations import Citations
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Cell, Post, Source
from site_builder.settings.site import Site


class ParseError(ContentError):
    """A post that is not in order, and what could be understood of it."""

    def __init__(self, problems: Sequence[Problem], post: Post) -> None:
        self.post = post
        super().__init__(problems)


def parse(site: Site, source: Source) -> Post:
    """Understand a source.

    Raises ParseError with all problems of it, in the order of their lines.
    """
    problems: list[Problem] = []
    try:
        front_matter, first = read_front_matter(source)
    except ContentError as error:
        problems += error.problems
        front_matter, first = FrontMatter(), body_line(source)
    problems_of_front_matter = bool(problems)
    quotes = post_quotes(site, front_matter)
    wanted = bool(front_matter.bibliography or site.settings.bibliography)
    tokens, env = parse_markdown(source.text, first, quotes, cites=wanted)
    marked = source.marked or site.settings.execution.fences == "marked"
    cells, found = read_cells(source, tokens, marked=marked, kernel=front_matter.kernel)
    problems += found
    problems += _token_problems(source, tokens, env)
    citations, works = Citations(wanted=wanted), tuple[str, ...]()
    if may_cite(source, front_matter):
        # Late: most posts cite nothing.
        from site_builder.content.citations.post import find_citations

        citations, works, found = find_citations(site, source, front_matter, tokens, cells, env)
        if problems_of_front_matter:  # which may name a bibliography
            found = [problem for problem in found if problem.code not in ("B004", "B005")]
        problems += found
    expressions, found = read_expressions(source, front_matter, tokens, cells, quotes)
    problems += found
    problems += _label_problems(source, tokens, cells)
    attachments, files, found = find_attachments(site.root, source, tokens, _card(front_matter))
    problems += found
    slug = slug_of(source, front_matter)
    if not slug:
        message = "no address can be made of the file's name"
        help_ = "add 'slug: …' to the front matter"
        problems.append(Problem(message, source.path, help=help_, code="F008"))
    known = (cells, attachments, tuple(dict.fromkeys((*files, *works))), expressions, citations)
    post = Post(source, front_matter, slug, tuple(tokens), *known)
    if problems:
        raise ParseError(sorted(problems, key=lambda p: (p.line, p.column)), post)
    return post


def _card(front_matter: FrontMatter) -> str:
    """The file that the social card is made of, if the front matter names one."""
    card = front_matter.card
    return card if isinstance(card, str) and not card.startswith("fig-") else ""


_UNKNOWN_NOTE = re.compile(r"\[\^([^\]\s]+)\]")


def _token_problems(
    source: Source, tokens: Sequence[Token], env: dict[str, Any]
) -> Iterator[Problem]:
    """What rules of Markdown and maths found wrong."""
    for fault in env.get("faults", ()):
        yield _of_fault(source, fault)
    for token in tokens:
        if token.type == "inline":
            yield from _inline_problems(source, token)
        elif token.type == "html_block":
            yield from _html_problems(source, token)
        elif "error" in token.meta:
            yield _block_problem(source, token)
    yield from _unused_notes(source, env)


# What runs to the end of the post if its end is missing.
_HTML_ENDS = {
    "<!--": "-->",
    "<pre": "</pre>",
    "<script": "</script>",
    "<style": "</style>",
    "<textarea": "</textarea>",
}
_HTML_START = re.compile(r"\s*(<!--|<(?:pre|script|style|textarea)(?=[\s>]))", re.IGNORECASE)
_HTML_FENCE = re.compile(r"^(```|~~~|:::)", re.MULTILINE)


def _html_problems(source: Source, token: Token) -> Iterator[Problem]:
    """HTML that swallows what stands below it."""
    content, lines = token.content, _lines(token)
    start = _HTML_START.match(content)
    if start:
        end = _HTML_ENDS[start[1].lower()]
        if end not in content.lower():
            line, column = locate(source, *lines, start[1])
            message = f"this {start[1]!r} is never closed"
            width, help_ = len(start[1]), f"add {end}"
            yield problem_at(source, line, message, help_, column=column, width=width, code="M011")
        return
    fence = _HTML_FENCE.search(content)
    if fence:
        line = lines[0] + content.count("\n", 0, fence.start())
        message = "this is read as a part of the HTML above it"
        help_ = "put a blank line above it"
        width = len(fence[1])
        yield problem_at(source, line, message, help_, column=1, width=width, code="M011")


def _inline_problems(source: Source, inline: Token) -> Iterator[Problem]:
    for token in inline.children or ():
        if token.type == "text":
            if "[^" in token.content:
                yield from _unknown_notes(source, token.content, _lines(inline))
            if "\\" in token.content:
                yield from _stray_tex(source, token.content, _lines(inline))
        elif "error" in token.meta:
            line, column = inline_place(source, inline, token.meta["offset"])
            yield _maths_problem(source, token, line, column)


def _block_problem(source: Source, token: Token) -> Problem:
    """The mistake in a block of maths."""
    below, column = token.meta.get("offset", (0, -1))
    return _maths_problem(source, token, _lines(token)[0] + below, column + 1)


def _maths_problem(source: Source, token: Token, line: int, column: int) -> Problem:
    message, help_ = str(token.meta["error"]), str(token.meta.get("help", ""))
    width = len(token.content.partition("\n")[0])
    code = "T006" if message == EMPTY else "T003"
    return problem_at(source, line, message, help_, column=column, width=width, code=code)


def _lines(token: Token) -> tuple[int, int]:
    """The first and the last line of a block, from 1."""
    return (token.map[0] + 1, token.map[1]) if token.map else (1, 1)


def _unknown_notes(source: Source, text: str, lines: tuple[int, int]) -> Iterator[Problem]:
    for match in _UNKNOWN_NOTE.finditer(text):
        line, column = locate(source, *lines, match[0])
        message = f"there is no footnote {match[1]!r}"
        help_ = f"add a line '[^{match[1]}]: …', or write \\[^ for a bracket and a caret"
        width = len(match[0])
        yield problem_at(source, line, message, help_, column=column, width=width, code="M012")


_STRAY_TEX = re.compile(r"\\(begin|cref|Cref|autoref)\{([^{}\s]+)\}")


def _stray_tex(source: Source, text: str, lines: tuple[int, int]) -> Iterator[Problem]:
    """TeX for more than formulas, which readers would see as it is written."""
    for match in _STRAY_TEX.finditer(text):
        line, column = locate(source, *lines, match[0])
        message = f"{match[0]} outside of a formula means nothing here"
        help_ = f"write @{match[2]} or \\eqref{{{match[2]}}}"
        if match[1] == "begin":
            help_ = (
                "of TeX there are formulas only; a note such as '> [!NOTE] Theorem' can frame text"
            )
        help_ += f", or `{match[0]}` to show it"
        width = len(match[0])
        yield problem_at(source, line, message, help_, column=column, width=width, code="M014")


def _unused_notes(source: Source, env: dict[str, Any]) -> Iterator[Problem]:
    for key, number in env.get("footnotes", {}).get("refs", {}).items():
        if number < 0:
            name = key.removeprefix(":")
            mark = f"[^{name}]:"
            line, column = locate(source, 1, source.text.count("\n") + 1, mark)
            message = f"the footnote {name!r} is never used"
            help_ = f"write [^{name}] where it belongs, or delete it"
            width = len(mark)
            yield problem_at(source, line, message, help_, column=column, width=width, code="M013")


def _of_fault(source: Source, fault: Fault) -> Problem:
    told = (fault.line, fault.message, fault.help)
    return problem_at(source, *told, column=fault.column, width=fault.width, code=fault.code)


def _label_problems(
    source: Source, tokens: Sequence[Token], cells: Sequence[Cell]
) -> Iterator[Problem]:
    """A label names one thing: a cell's figure, an equation, or a heading."""
    first: dict[str, tuple[int, str]] = {}
    for label, line, kind in _labels(tokens, cells):
        other, other_kind = first.setdefault(label, (line, kind))
        # Cells among themselves are compared in `cells`, ids in `headings`.
        if other != line and (kind != other_kind or kind == "equation"):
            message = f"the label {label!r} is given twice"
            help_ = f"line {source.file_line(other)} has it: rename one"
            yield problem_at(source, line, message, help_, code="M010")


def _labels(tokens: Sequence[Token], cells: Sequence[Cell]) -> Iterator[tuple[str, int, str]]:
    """Each label of the post, its line and what it names."""
    for cell in cells:
        if cell.options.label:
            yield cell.options.label, cell.fence_line, "cell"
    for token in tokens:
        if token.attrs and "id" in token.attrs and token.map:
            yield str(token.attrs["id"]), token.map[0] + 1, "id"
        if token.type == "maths_block" and token.meta["label"]:
            yield token.meta["label"], _lines(token)[0], "equation"
        for child in token.children or ():
            if child.type == "maths_inline" and child.meta["label"]:
                yield child.meta["label"], _lines(token)[0] + child.meta["offset"][0], "equation"
