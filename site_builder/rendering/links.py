"""Links and references of a post: each leaves marks that are filled when all pages are known.

In: tokens and the draft that notes references. Out: HTML with marks for addresses and texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from markdown_it.token import Token

from site_builder.rendering.draft import Draft
from site_builder.rendering.markup import attribute, kept

_EXTERNAL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")


def link_opens(draft: Draft, tokens: Sequence[Token], index: int) -> str:
    """The start of the link at `index`; one without a text is given that of what it leads to."""
    token = tokens[index]
    address = str(token.attrs["href"])
    text = ""
    if not _EXTERNAL.match(address):
        attachment = draft.attachment(address)
        if attachment is not None:
            address = quote(attachment.name)
        else:
            bare = tokens[index + 1].type == "link_close"
            address, text = draft.refer(address, _written(address), text=bare)
    rest = "".join(attribute(*p) for p in kept(token, "title", "id", "class").items())
    return f'<a href="{escape(address)}"{rest}>{text}'


def reference_html(draft: Draft, label: str, wording: str) -> str:
    """A reference to what has a label; `wording` has `%s` for its number, or is empty."""
    address, text = draft.refer(f"#{label}", label, text=True, wording=wording)
    return f'<a href="{address}">{text}</a>'


def in_link(tokens: Sequence[Token], index: int) -> bool:
    """Whether the token at `index` stands in a link."""
    before = [token.type for token in tokens[:index]]
    return before.count("link_open") > before.count("link_close")


def without_links(tokens: Sequence[Token]) -> list[Token]:
    """Inline tokens for a place that is a link itself, or must not have notes."""
    dropped = ("link_open", "link_close", "footnote_ref", "reference")
    return [token for token in tokens if token.type not in dropped]


def in_words(draft: Draft, tokens: Sequence[Token]) -> list[Token]:
    """Inline tokens where what names a thing or a page stands as text, not as a link to it."""
    placed: list[Token] = []
    for index, token in enumerate(tokens):
        if token.type == "reference":
            wording = token.meta.get("text") or ("%s" if token.meta.get("number_only") else "")
            placed.append(_named(draft, f"#{token.content}", token.content, wording))
        elif token.type == "maths_reference":
            wording = "%s" if token.meta["kind"] == "ref" else "(%s)"
            placed.append(_named(draft, f"#{token.content}", token.content, wording))
        else:
            placed.append(token)
            bare = token.type == "link_open" and tokens[index + 1].type == "link_close"
            address = str(token.attrs.get("href", ""))
            if bare and not _EXTERNAL.match(address) and draft.attachment(address) is None:
                placed.append(_named(draft, address, _written(address), ""))
    return placed


def _named(draft: Draft, target: str, written: str, wording: str) -> Token:
    """The text of a reference that the page has, or else of a new one."""
    known = (x for x in draft.references if x.target == target and x.wording == wording)
    text = next((x.text_mark for x in known if x.text_mark), "")
    text = text or draft.refer(target, written, text=True, wording=wording)[1]
    return Token("text", "", 0, content=text)


def in_title(tokens: Sequence[Token]) -> list[Token]:
    """Inline tokens for a title, which is itself a link wherever posts are listed.

    Without links and notes; words stand for images, and no formula takes a line of its own.
    """
    kept: list[Token] = []
    for token in without_links(tokens):
        if token.type == "image":
            kept += in_title(token.children or ())
        elif token.type == "maths_inline" and token.meta.get("display"):
            kept.append(token.copy(meta=token.meta | {"display": False}))
        else:
            kept.append(token)
    return kept


def _written(address: str) -> str:
    """What of an address stands in the text as it is: the parser percent-encodes."""
    return re.split("[%#?]", address)[0] or address.lstrip("#")
