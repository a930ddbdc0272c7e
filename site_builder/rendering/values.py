"""Values in the prose: as text wherever that is all there is room for, and as HTML in sentences.

In: tokens and what the expressions in them gave. Out: copies of the tokens with the values' texts,
and HTML. Promise: a page that is looked through before its cells ran has no values and no faults
of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape, unescape

from markdown_it.token import Token

from site_builder.content.expressions import holding, number_tokens
from site_builder.content.headings import plain_text
from site_builder.content.markdown import make_parser
from site_builder.content.positions import problem_at
from site_builder.maths import MathsError
from site_builder.model.post import ExecutedPost, Expression, Value
from site_builder.rendering.citations.in_text import parser_environment, tell_citations, tell_given
from site_builder.rendering.draft import Draft
from site_builder.rendering.foreign_html import shown_html, unfit_for_sentence
from site_builder.rendering.formulas import latex_value
from site_builder.rendering.links import in_title, without_links
from site_builder.rendering.marks import note_mark
from site_builder.rendering.tex_values import bare_tex, fill_tex

RenderInline = Callable[[Sequence[Token]], str]
TO_COME = "…"


def filled(draft: Draft, tokens: Sequence[Token]) -> list[Token]:
    """The tokens, blocks or inline ones, with values in them: copies of those that hold any."""
    if not draft.executed.post.expressions:
        return list(tokens)
    blocks = any(token.block for token in tokens)
    return [_block(draft, token) for token in tokens] if blocks else _inline(draft, tokens)


def text_tokens(draft: Draft, text: str, origin: str) -> Sequence[Token]:
    """The inline tokens of a text outside of the token stream, with its values."""
    inline, *_ = make_parser(draft.quotes).parseInline(text, parser_environment(draft))
    tokens = tell_citations(draft.executed.post, inline.children or [])
    tokens = in_title(tokens) if origin == "title" else tokens
    numbers = _numbers(draft, origin)
    if not numbers:
        return tokens
    number_tokens(holding(tokens), numbers)
    return filled(draft, tokens)


def plain(draft: Draft, text: str, origin: str) -> str:
    """A text that is no Markdown but for its values."""
    return plain_text(text_tokens(draft, text, origin)) if _numbers(draft, origin) else text


def value_html(
    draft: Draft, token: Token, render: RenderInline, *, bare: bool, marked: bool
) -> str:
    """A value in a sentence; `bare` without an id, `marked` if there is room for a mark after it.

    `render` renders the inline Markdown of a value that is Markdown.
    """
    number = token.meta.get("expression")
    if number is None:  # Markdown that a cell gave: nothing is evaluated there
        return f"<code>{escape(token.markup.strip('`'), quote=False)}</code>"
    expression, value = _of(draft.executed, number)
    if value is None and is_pending(draft.executed, -number) and not bare and not draft.feed:
        return f'<span class="value pending" id="value-{number}">{TO_COME}</span>'
    if value is None:
        return _text(draft.executed, number)
    html = _rich(draft, expression, value, render, linked=marked)
    if html is None:
        html = escape(value.text, quote=False)
    if bare:
        return html
    mark = volatile_mark(draft, [number]) if expression.volatile and marked else ""
    if draft.feed:
        return html + mark
    kind = "value volatile" if expression.volatile else "value"
    return f'<span class="{kind}" id="value-{number}">{html}</span>{mark}'


def volatile_mark(draft: Draft, numbers: Sequence[int]) -> str:
    """The mark behind values that may change from run to run; in feeds it is words."""
    if draft.feed:
        return f" ({escape(draft.words.volatile)})"
    told = _told(draft)
    note = escape(f"{told}: {draft.words.volatile_note}", quote=False)
    how = draft.words.show_how.format(what=told)
    return note_mark(f"value-{numbers[0]}-note", "~", (told, how), note, kind="volatile")


def volatile_line(draft: Draft) -> str:
    """The same as a line below a block."""
    return f'<p class="volatile">{escape(_told(draft), quote=False)}</p>\n'


def _told(draft: Draft) -> str:
    words = draft.words.volatile
    return words[:1].upper() + words[1:]


def volatile_numbers(draft: Draft, formula: Token) -> list[int]:
    """The values in a formula that readers are told of; reports those that it cannot hold."""
    if "filled" not in formula.meta:
        return []
    expressions = draft.executed.post.expressions
    for number in formula.meta["filled"].unfit:
        message = "the value has no form that a formula can hold"
        help_ = "show it outside of the formula, or as a number or as TeX"
        _report(draft, expressions[number - 1], message, help_, code="V005")
    return [n for n in formula.meta["expressions"] if expressions[n - 1].volatile]


def value_of(executed: ExecutedPost, number: int) -> Value | None:
    """What an expression gave; None if nothing has run, or it is to come."""
    return _of(executed, number)[1]


def is_pending(executed: ExecutedPost, step: int) -> bool:
    """Whether a cell, or an expression, whose number is told as minus it, is still to run."""
    return step in executed.execution.pending


def _of(executed: ExecutedPost, number: int) -> tuple[Expression, Value | None]:
    values = executed.execution.values
    there = values and not is_pending(executed, -number)
    return executed.post.expressions[number - 1], values[number - 1] if there else None


def _text(executed: ExecutedPost, number: int) -> str:
    """A value as plain text; that of a run to come in a preview, nothing if none is."""
    value = value_of(executed, number)
    if value is None:
        return TO_COME if is_pending(executed, -number) else ""
    return text_of(value)


def _numbers(draft: Draft, origin: str) -> list[int]:
    """The numbers of the expressions of a text, in order."""
    found = [each for each in draft.executed.post.expressions if each.origin == origin]
    return [each.number for each in sorted(found, key=lambda each: each.index)]


def _block(draft: Draft, token: Token) -> Token:
    if token.type == "inline" and any(True for _ in holding(token.children or ())):
        children = _inline(draft, token.children or ())
        return token.copy(children=children, content=plain_text(children))
    if token.type == "admonition_open":
        title = _inline(draft, token.meta["title"])
        return token.copy(meta={**token.meta, "title": title})
    return _one(draft, token)


def _inline(draft: Draft, tokens: Sequence[Token]) -> list[Token]:
    """Inline tokens with values; what is claimed and false says so."""
    placed: list[Token] = []
    false: list[bool] = []
    for token in tokens:
        if token.type == "span_open":
            value = value_of(draft.executed, token.meta["expression"]) if _claims(token) else None
            false.append(value is not None and not value.holds)
        elif token.type == "span_close" and false and false.pop():
            placed.append(Token("text", "", 0, content=told_false(draft)))
        placed.append(_one(draft, token))
    return placed


def told_false(draft: Draft) -> str:
    """What stands behind a claim that is not so."""
    return f" {draft.words.not_so}"


def _claims(token: Token) -> bool:
    return "claim" in token.attrs and "expression" in token.meta


def _one(draft: Draft, token: Token) -> Token:
    executed = draft.executed
    if token.type == "value" and "expression" in token.meta:
        text = _text(executed, token.meta["expression"])
        return token.copy(meta={**token.meta, "text": text})
    if "expressions" in token.meta:
        numbers = token.meta["expressions"]
        values = [value_of(executed, number) for number in numbers]
        unknown = r"\ldots" if any(is_pending(executed, -n) for n in numbers) else "0"
        tex, places = fill_tex(token.content, numbers, values, unknown)
        return token.copy(content=tex, meta={**token.meta, "filled": places})
    if token.type == "image":
        return token.copy(children=_inline(draft, token.children or ()))
    return token


def text_of(value: Value) -> str:
    """A value as plain text: that of its rich form if its own text says only what it is."""
    if not _OPAQUE.fullmatch(value.text):
        return value.text
    if markdown := value.data.get("text/markdown"):
        (inline,) = make_parser().parseInline(markdown)
        return " ".join(plain_text(inline.children or ()).split())
    if latex := value.data.get("text/latex"):
        return bare_tex(latex)
    if html := value.data.get("text/html"):
        return " ".join(unescape(_TAG.sub("", html)).split())
    return value.text


_OPAQUE = re.compile(r"<.*>", re.DOTALL)
_TAG = re.compile(r"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_LINK = re.compile(r"""</?a\b(?:[^<>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)


def _rich(
    draft: Draft, expression: Expression, value: Value, render: RenderInline, *, linked: bool
) -> str | None:
    """The richest form of a value; None if it has none but its text, or that does not fit.

    Without links, unless `linked`: there may be one around it.
    """
    if markdown := value.data.get("text/markdown"):
        return _markdown(draft, expression, markdown, render, linked=linked)
    if latex := value.data.get("text/latex"):
        try:
            return latex_value(draft, latex)
        except MathsError as error:
            message = f"the value is LaTeX that cannot be shown: {error.message}"
            help_ = error.help or f"it is {latex.strip()!r}"
            _report(draft, expression, message, help_, code="T009")
            return None
    if html := value.data.get("text/html"):
        unfit = unfit_for_sentence(html)
        if unfit:
            message = f"the value is {unfit}, which does not fit into a sentence"
            _report(draft, expression, message, "show it with a cell", code="V005")
            return None
        name = f"value-{expression.number}"
        what = f"the value of {expression.code!r}"
        html = shown_html(draft, html.strip(), name=name, line=expression.line, what=what)
        return html if linked else _LINK.sub("", html)
    return None


def _markdown(
    draft: Draft, expression: Expression, text: str, render: RenderInline, *, linked: bool
) -> str | None:
    tokens = make_parser(draft.quotes).parse(text, parser_environment(draft))
    tell_given(draft, tokens)
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        message = "the value is more than a paragraph, which does not fit into a sentence"
        _report(draft, expression, message, "show it with a cell", code="V005")
        return None
    children = tokens[1].children or []
    return render(children if linked else without_links(children))


def _report(draft: Draft, expression: Expression, message: str, help_: str, *, code: str) -> None:
    if draft.feed:
        return  # said for the page
    source, line, column = draft.executed.post.source, expression.line, expression.column
    width = max(1, len(expression.code))
    problem = problem_at(source, line, message, help_, column=column, width=width, code=code)
    if problem not in draft.problems:
        draft.problems.append(problem)
