"""Images of the author's, in Markdown and in HTML.

In: a token or HTML, and the draft that knows the post's files. Out: HTML with the addresses and
sizes of those files, which are thereby published.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.content.positions import problem_at
from site_builder.content.references import PREFIXES
from site_builder.rendering.draft import Draft
from site_builder.rendering.foreign_html import is_remote, unseen, unseen_style
from site_builder.rendering.markup import attribute, kept

DECORATION = ("presentation", "none")
_NUMBERED = tuple(f"{prefix}-" for prefix in PREFIXES if prefix != "sec")
_ID = re.compile(r"""<[A-Za-z][^<>]*?\sid\s*=\s*["']([^"'<>]+)["']""")
_SOURCE = re.compile(
    r"""(<(?:img|source|video|audio)\b[^>]*?\s(?:src|poster)=)(["'])(.*?)\2""", re.I
)


def image_html(draft: Draft, token: Token, *, labelled: bool = False) -> str:
    """The image of a Markdown token; one without a text alternative is a warning."""
    address = str(token.attrs["src"])
    alt = str(token.attrs.get("fig-alt") or "")
    alt = alt or plain_text(token.children or ()) or str(token.attrs.get("alt", ""))
    if not alt and token.attrs.get("role") not in DECORATION:
        message = f"the image {address!r} has no text for those who cannot see it"
        help_ = "write it between the brackets; ![](…){role=presentation} marks a decoration"
        warn(draft, address, message, help_, code="I003")
    if is_remote(address):
        message = f"the image {address!r} is on another site, from which pages load nothing"
        warn(draft, address, message, "save it beside the post and show that", code="I006")
    names = ("class", "title", "role") if labelled else ("id", "class", "title", "role")
    attributes = {"src": address, "alt": alt, **kept(token, *names)}
    if address.startswith("/") and not address.startswith(("//", draft.base)):
        attributes["src"] = draft.base + address[1:]  # below the home page, as for links
    attachment = draft.attachment(address)
    if attachment is not None:
        attributes["src"] = quote(attachment.name)
        if attachment.width:
            attributes |= {"width": str(attachment.width), "height": str(attachment.height)}
    attributes |= kept(token, "width", "height")
    given = "".join(attribute(*pair, empty=pair[0] == "alt") for pair in attributes.items())
    return f'<img{given} loading="lazy" decoding="async">'


def is_figure(tokens: Sequence[Token] | None) -> bool:
    """Whether inline tokens are one image with a figure's label, such as `![…](a.png){#fig-a}`."""
    return bool(
        tokens
        and len(tokens) == 1
        and tokens[0].type == "image"
        and str(tokens[0].attrs.get("id", "")).startswith("fig-")
    )


def figure_html(draft: Draft, token: Token, caption: str) -> str:
    """The image as a numbered figure; its text is the caption, `fig-alt` says what it shows."""
    id_ = str(token.attrs["id"])
    number = draft.number("figure")
    draft.anchor(id_, f"Figure {number}", number)
    words = f'<span class="label">Figure {number}.</span> {caption}'.rstrip()
    return (
        f'<figure class="figure" id="{escape(id_)}">{image_html(draft, token, labelled=True)}'
        f"<figcaption>{words}</figcaption></figure>\n"
    )


def note_ids(draft: Draft, token: Token) -> None:
    """Let links lead to what the author gave an id, where nothing has a number or a text."""
    for each in (token, *(token.children or ())):
        if "id" in each.attrs and each.type != "heading_open":
            id_ = str(each.attrs["id"])
            if not id_.startswith(_NUMBERED):
                draft.anchor(id_, id_)
        if each.type in ("html_block", "html_inline"):
            for found in _ID.finditer(each.content):
                draft.anchor(found[1], found[1])


def authors_html(draft: Draft, html: str) -> str:
    """The author's own HTML, with the addresses of local files; what is kept back is a warning."""
    if "<" not in html:
        return html
    for what, help_ in (*unseen(html), *unseen_style(html)):
        written = html.lstrip().partition("\n")[0]
        warn(draft, written, f"this HTML has {what}", help_, code="A001")

    def fill(found: re.Match[str]) -> str:
        attachment = draft.attachment(found[3])
        return f'{found[1]}"{escape(quote(attachment.name))}"' if attachment else found[0]

    return _SOURCE.sub(fill, html)


def warn(draft: Draft, written: str, message: str, help_: str, *, code: str) -> None:
    """Warn of what is `written` in the block that is being rendered; once, on the page."""
    if draft.feed:
        return
    line, column = draft.place(written)
    source = draft.executed.post.source
    width = len(written)
    draft.warnings.append(
        problem_at(source, line, message, help_, column=column, width=width, code=code)
    )
