"""Code that is shown and does not run.

In: code, its language and the name of its file. Out: HTML, numbered in the order of the page.
"""

from __future__ import annotations

from html import escape

from site_builder.content.code_lines import PLAIN, CodeLines
from site_builder.rendering.code_html import code_html
from site_builder.rendering.draft import Draft


def listing_html(
    draft: Draft, code: str, language: str, filename: str, lines: CodeLines = PLAIN
) -> str:
    """The listing; `language` and `filename` may be empty."""
    if draft.feed:
        return f"<pre><code>{escape(code, quote=False)}</code></pre>\n"
    number = draft.number("static code")
    name = draft.words.listing.format(number=number)
    button = copy_button(draft, draft.words.copy_listing.format(number=number))
    label = escape(", ".join(part for part in (name, language) if part))
    return (
        f'<figure class="code" id="listing-{number}">{_head(language, filename)}'
        f'<pre class="highlight" tabindex="0" role="group" aria-label="{label}">'
        f"<code>{code_html(code, language, lines)}</code></pre>{button}</figure>\n"
    )


def copy_button(draft: Draft, name: str) -> str:
    """What copies the code that stands before it: for the theme's script, which shows it."""
    words = escape(draft.words.copy)
    return f'<button type="button" class="copy" aria-label="{escape(name)}" hidden>{words}</button>'


def _head(language: str, filename: str) -> str:
    """The line over a listing: the name of its file, or else its language."""
    kind, words = ("filename", filename) if filename else ("lang", language)
    if not words:
        return ""
    return f'<figcaption><span class="{kind}">{escape(words, quote=False)}</span></figcaption>'
