"""Claims: statements that were checked when the page was built, with what shows it at hand.

In: the claim of a span or of a cell, and what its expressions gave. Out: HTML: the statement, and
a mark or a disclosure that shows the code and the values. Promise: what is false is called so
wherever the statement stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.model.post import Cell, Output
from site_builder.rendering.draft import Draft
from site_builder.rendering.highlight import highlight
from site_builder.rendering.marks import note_mark
from site_builder.rendering.values import is_pending, text_tokens, told_false, value_of

Inline = Callable[[Draft, str, str], str]


def claim_opens(draft: Draft, token: Token, *, bare: bool) -> str:
    """The start of what a sentence claims; `bare` is the text alone."""
    if bare or draft.feed:
        return ""
    number = token.meta.get("expression")
    if number is None:  # Markdown that a cell gave: nothing is evaluated there
        return "<span>"
    value = value_of(draft.executed, number)
    kind = "claim" if value is None or value.holds else "claim false"
    if is_pending(draft.executed, -number):
        kind = "pending"  # nobody knows yet
    return f'<span class="{kind}" id="claim-{number}">'


def claim_closes(draft: Draft, token: Token, *, bare: bool, marked: bool) -> str:
    """The end of it, of which `token` is the start, and its mark, if there is room for one."""
    if bare or draft.feed:
        return ""
    number = token.meta.get("expression")
    value = None if number is None else value_of(draft.executed, number)
    if number is None or value is None or not marked:
        return "</span>"
    code = draft.executed.post.expressions[number - 1].code
    told = _told(draft, holds=value.holds)
    strong = f"<strong>{escape(told, quote=False)}.</strong>"
    html = f"{strong} {_asserted(code, value.parts, block=False)}"
    kind, how = "" if value.holds else "false", draft.words.show_how.format(what=told)
    mark = note_mark(f"claim-{number}-proof", _sign(value.holds), (told, how), html, kind=kind)
    return f"</span>{mark}"


def opening_span(tokens: Sequence[Token], index: int) -> Token:
    """The token that opens the span which the one at `index` closes."""
    depth = 0
    for token in reversed(tokens[: index + 1]):
        depth += {"span_close": 1, "span_open": -1}.get(token.type, 0)
        if not depth:
            return token
    raise ValueError("a span that was never opened")


def claim_of_cell(
    draft: Draft, cell: Cell, outputs: Sequence[Output], code: str, inline: Inline
) -> str:
    """The statement that a cell proves, its `code` (HTML) folded away with what it asserts."""
    origin = f"cell {cell.number} claim 1"
    sentence = inline(draft, cell.options.claim, origin)
    checks = [output for output in outputs if output.kind == "assertion"]
    holds = is_proven(outputs)
    statement = f"<p>{sentence}{'' if holds else escape(told_false(draft), quote=False)}</p>\n"
    if draft.feed or not draft.executed.execution.environment:
        return statement
    told = _told(draft, holds=holds)
    sign = f'<span aria-hidden="true">{_sign(holds)}</span>'
    items = "".join(f"<li>{_of_output(output)}</li>\n" for output in checks)
    listed = f'<ul class="checks">\n{items}</ul>\n' if items else ""
    folded = f"<summary>{sign} {escape(told, quote=False)}</summary>\n{code}{listed}"
    return f'{statement}<details class="fold">{folded}</details>\n'


def is_proven(outputs: Sequence[Output]) -> bool:
    """Whether all that a cell asserts is so."""
    return all(output.metadata["holds"] for output in outputs if output.kind == "assertion")


def claim_text(draft: Draft, cell: Cell) -> str:
    """What a cell claims, as plain text: what references to it say."""
    origin = f"cell {cell.number} claim 1"
    return " ".join(plain_text(text_tokens(draft, cell.options.claim, origin)).split())


def _told(draft: Draft, *, holds: bool) -> str:
    """When a claim was found to be so, or not."""
    frozen = draft.executed.execution.frozen
    words = draft.words
    if frozen is None:
        return words.checked if holds else words.found_false
    return (words.checked_on if holds else words.found_false_on).format(date=words.date(frozen))


def _of_output(output: Output) -> str:
    metadata = output.metadata
    html = _asserted(output.text, metadata["parts"], block=True)
    if metadata["holds"]:
        return html
    message = escape(str(metadata.get("message", "")), quote=False)
    return f"{_sign(False)} {html}" + (f" <code>{message}</code>" if message else "")


def _asserted(code: str, parts: Sequence[Sequence[str]], *, block: bool) -> str:
    """An expression and the values of its parts."""
    shown = f'<code class="highlight">{highlight(code, "python")}</code>' if code else ""
    if not parts:
        return shown
    told = [highlight(f"{source} = {value}", "python") for source, value in parts]
    items = [f"<code>{each}</code>" for each in told]
    if block:
        listed = "".join(f"<li>{item}</li>" for item in items)
        return f'{shown}<ul class="highlight">{listed}</ul>'
    listed = "".join(f'<span role="listitem">{item}</span>' for item in items)
    return f'{shown}<span role="list" class="highlight">{listed}</span>'


def _sign(holds: bool, /) -> str:
    return "✓" if holds else "✗"
