"""Images of the author's, in Markdown and in HTML.

In: a token or HTML, and the draft that knows the post's files. Out: HTML with the addresses and
sizes of those files, which are thereby published.
"""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.content.positions import problem_at
from site_builder.rendering.draft import Draft
from site_builder.rendering.markup import attribute, kept

DECORATION = ("presentation", "none")
_SOURCE = re.compile(
    r"""(<(?:img|source|video|audio)\b[^>]*?\s(?:src|poster)=)(["'])(.*?)\2""", re.I
)


def image_html(draft: Draft, token: Token) -> str:
    """The image of a Markdown token; one without a text alternative is a warning."""
    address = str(token.attrs["src"])
    alt = plain_text(token.children or ()) or str(token.attrs.get("alt", ""))
    if not alt and token.attrs.get("role") not in DECORATION and not draft.feed:
        _warn_of_image(draft, address)
    attributes = {"src": address, "alt": alt, **kept(token, "id", "class", "title", "role")}
    attachment = draft.attachment(address)
    if attachment is not None:
        attributes["src"] = quote(attachment.name)
        if attachment.width:
            attributes |= {"width": str(attachment.width), "height": str(attachment.height)}
    attributes |= kept(token, "width", "height")
    given = "".join(attribute(*pair, empty=pair[0] == "alt") for pair in attributes.items())
    return f'<img{given} loading="lazy" decoding="async">'


def with_attachments(draft: Draft, html: str) -> str:
    """The author's own HTML, with the addresses of local files."""

    def fill(found: re.Match[str]) -> str:
        attachment = draft.attachment(found[3])
        return f'{found[1]}"{escape(quote(attachment.name))}"' if attachment else found[0]

    return _SOURCE.sub(fill, html) if "<" in html else html


def _warn_of_image(draft: Draft, address: str) -> None:
    line, column = draft.place(address)
    message = f"the image {address!r} has no text for those who cannot see it"
    help_ = "write it between the brackets; ![](…){role=presentation} marks a decoration"
    source = draft.executed.post.source
    draft.warnings.append(
        problem_at(source, line, message, help_, column=column, width=len(address))
    )
