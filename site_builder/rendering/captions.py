"""Captions, numbers and text alternatives of what a cell shows.

In: a cell, the HTML of its figure or table and its place among them, from 0. Out: the HTML as a
numbered figure, or problems of captions and labels that are about nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from site_builder.content.expressions import cell_texts
from site_builder.content.positions import problem_at
from site_builder.model.post import Cell
from site_builder.rendering.draft import Draft
from site_builder.rendering.markup import attribute
from site_builder.rendering.values import plain

Inline = Callable[[Draft, str, str], str]
"""What renders inline Markdown whose expressions are those of an origin."""


def captioned_figure(draft: Draft, cell: Cell, image: str, place: int, inline: Inline) -> str:
    """An image of a cell with the caption and the label that are meant for it."""
    options = cell.options
    caption = options.fig_cap[place] if place < len(options.fig_cap) else ""
    label = options.label if options.label.startswith("fig-") else ""
    if not caption and not label:
        return f'<figure class="figure">{image}</figure>\n'
    number = draft.number("figure")
    id_ = label or f"figure-{number}"
    id_ = f"{id_}-{place + 1}" if place and label else id_
    name = draft.words.figure.format(number=number)
    draft.anchor(id_, name, number)
    html = inline(draft, caption, f"cell {cell.number} fig-cap {place + 1}")
    words = f'<span class="label">{escape(name, quote=False)}.</span> {html}'
    return (
        f'<figure class="figure" id="{escape(id_)}">{image}'
        f"<figcaption>{words.rstrip()}</figcaption></figure>\n"
    )


def captioned_table(draft: Draft, cell: Cell, html: str, inline: Inline) -> str:
    """The first table of a cell, with its caption and label if it has any."""
    options = cell.options
    if not options.tbl_cap and not options.label.startswith("tbl-"):
        return html
    number = draft.number("table")
    id_ = options.label or f"table-{number}"
    name = draft.words.table.format(number=number)
    draft.anchor(id_, name, number)
    caption = inline(draft, options.tbl_cap, f"cell {cell.number} tbl-cap 1")
    words = f'<span class="label">{escape(name, quote=False)}.</span> {caption}'.rstrip()
    if not draft.feed:
        label = attribute("aria-label", name)
        html = re.sub(' aria-label="[^"]*"', lambda _: label, html, count=1)
    return (
        f'<figure class="figure" id="{escape(id_)}"><figcaption>{words}</figcaption>'
        f"{html}</figure>\n"
    )


def alternative(draft: Draft, cell: Cell, place: int) -> tuple[str, bool]:
    """The text for those who cannot see a figure, and whether it is a decoration."""
    given, captions = cell.options.fig_alt, cell.options.fig_cap
    if given is not None and place < len(given):
        text = plain(draft, given[place], f"cell {cell.number} fig-alt {place + 1}")
        return text, not text
    if not draft.feed:
        source = draft.executed.post.source
        message = f"a figure of cell {cell.number} has no text for those who cannot see it"
        help_ = "add `#| fig-alt: …`, empty for a decoration"
        warning = problem_at(source, cell.fence_line, message, help_, code="I002")
        if warning not in draft.warnings:  # once for all of a loop's figures
            draft.warnings.append(warning)
    if place < len(captions):
        return plain(draft, captions[place], f"cell {cell.number} fig-cap {place + 1}"), False
    return draft.words.unnamed_figure, False


def check_captions(draft: Draft, cell: Cell, figures: int, tables: int, inline: Inline) -> None:
    """Report captions and labels of what the cell, which shows so many, does not show."""
    options = cell.options
    if not options.eval:
        return
    if draft.executed.execution.environment is None:
        # Nothing has run yet, so nothing is shown; but what is written can be looked at.
        for origin, text in cell_texts(cell):
            if text and "fig-alt" not in origin:
                inline(draft, text, origin)
        return
    if draft.problems:
        return
    if not figures and (options.fig_cap or options.label.startswith("fig-")):
        _report(draft, cell, "is about a figure, but the cell shows none", "fig-cap", "label")
    elif len(options.fig_cap) > max(figures, 1):
        _report(draft, cell, f"has {len(options.fig_cap)} texts for {figures} figure(s)", "fig-cap")
    if not tables and (options.tbl_cap or options.label.startswith("tbl-")):
        _report(draft, cell, "is about a table, but the cell shows none", "tbl-cap", "label")


def _report(draft: Draft, cell: Cell, what: str, *keys: str) -> None:
    source = draft.executed.post.source
    for key in keys:
        for line in range(cell.fence_line, cell.line):
            if re.search(rf"\b{key}\b", source.line_text(line)):
                message = f"{key!r} {what}"
                problem = problem_at(source, line, message, "remove it", code="I005")
                draft.problems.append(problem)
                return
