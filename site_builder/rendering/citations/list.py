"""The list of references at the end of a page.

In: the draft, when all that cites has been rendered. Out: HTML. Promise: each work that the post
cites is in it once, with a link to each place where it is cited.
"""

from __future__ import annotations

import itertools
from html import escape

from site_builder.maths import MathsError
from site_builder.model.citations import Cited, Text
from site_builder.rendering.citations.in_text import counted_as, mark_of
from site_builder.rendering.citations.reference import CITE, LINK, reference_text
from site_builder.rendering.draft import Draft
from site_builder.rendering.formulas import latex_value


def references_html(draft: Draft) -> str:
    """The list of all works that the post cites, each with the way back to its citations."""
    items = "".join(_item(draft, cited) for cited in draft.executed.post.citations.works)
    return f"<ul>\n{items}</ul>"


def _item(draft: Draft, cited: Cited) -> str:
    html = _text_html(draft, reference_text(cited, draft.words))
    if draft.feed:
        return f"<li>{html}</li>\n"
    draft.anchor(cited.id, cited.label)
    count = draft.counts.get(counted_as(cited), 0)
    back = " ".join(_way_back(draft, cited, number, count) for number in range(1, count + 1))
    back = f' <span class="backlinks">{back}</span>' if back else ""
    return f'<li id="{escape(cited.id)}">{html}{back}</li>\n'


def _way_back(draft: Draft, cited: Cited, number: int, count: int) -> str:
    one = count == 1
    shown = "" if one else str(number)
    words = draft.words.back_to_cite if one else draft.words.back_to_one
    name = words.format(number=number, work=cited.label)
    target = f'href="#{mark_of(cited, number)}"'
    return f'<a {target} role="doc-backlink" aria-label="{escape(name)}">↩\ufe0e{shown}</a>'


def _text_html(draft: Draft, text: Text) -> str:
    """A text of a reference as inline HTML."""
    parts = []
    for is_title, runs in itertools.groupby(text, key=lambda run: run[0].startswith(CITE)):
        html = "".join(_run_html(draft, kind.removeprefix(CITE).strip(), run) for kind, run in runs)
        parts.append(f"<cite>{html}</cite>" if is_title else html)
    return "".join(parts)


_ELEMENTS = ("em", "code", "sup", "sub")


def _run_html(draft: Draft, kind: str, run: str) -> str:
    shown = escape(run, quote=False)
    if kind == "maths":
        return _formula(draft, run)
    if kind in _ELEMENTS:
        return f"<{kind}>{shown}</{kind}>"
    if kind.startswith(LINK):
        return f'<a href="{escape(kind.removeprefix(LINK))}">{shown}</a>'
    return shown


def _formula(draft: Draft, tex: str) -> str:
    try:
        return latex_value(draft, f"${tex}$")
    except MathsError:  # told when the post was parsed, but for fields that are no titles
        return f"<code>{escape(tex, quote=False)}</code>"
