"""Code that is shown and does not run.

In: code, its language and the name of its file. Out: HTML, numbered in the order of the page.
"""

from __future__ import annotations

from html import escape

from site_builder.rendering.draft import Draft
from site_builder.rendering.highlight import highlight


def listing_html(draft: Draft, code: str, language: str, filename: str) -> str:
    """The listing; `language` and `filename` may be empty."""
    if draft.feed:
        return f"<pre><code>{escape(code, quote=False)}</code></pre>\n"
    number = draft.number("static code")
    caption = ""
    if filename:
        name = escape(filename, quote=False)
        caption = f'<figcaption><span class="filename">{name}</span></figcaption>'
    label = escape(", ".join(part for part in (f"Listing {number}", language) if part))
    return (
        f'<figure class="code" id="listing-{number}">{caption}'
        f'<pre class="highlight" tabindex="0" role="group" aria-label="{label}">'
        f"<code>{highlight(code, language)}</code></pre></figure>\n"
    )
