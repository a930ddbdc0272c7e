"""What stands on a page for what is still to come, in the preview of a post whose cells run.

In: the execution of a preview, and what of it is pending. Out: HTML and words that say so. Promise:
nothing of this is ever on a page that was built.
"""

from __future__ import annotations

from site_builder.model.post import Cell, Execution
from site_builder.rendering.captions import Inline, captioned_figure, captioned_table
from site_builder.rendering.draft import Draft
from site_builder.rendering.markup import attribute


def pending_html(draft: Draft, cell: Cell, inline: Inline) -> str:
    """What stands for the outputs of a pending cell.

    Figures and tables that it is to show have their numbers and captions already, so that
    references to them lead somewhere.
    """
    options = cell.options
    mark = f"{_mark(draft.executed.execution, cell.number)}\n"
    html = ""
    if options.label.startswith("fig-") or options.fig_cap:
        for place in range(max(1, len(options.fig_cap))):
            html += captioned_figure(draft, cell, mark, place, inline)
    elif options.label.startswith("tbl-") or options.tbl_cap:
        html = captioned_table(draft, cell, mark, inline)
    name = attribute("aria-label", draft.words.output_of.format(number=cell.number))
    return f'<div class="output" role="group"{name}>\n{html or mark}</div>\n'


def _mark(execution: Execution, number: int) -> str:
    if not execution.waits:
        return '<p class="pending">Not run</p>'
    if execution.pending[0] == number:
        return '<p class="pending" data-now>Running…</p>'
    return '<p class="pending">Waiting to run…</p>'
