"""What the social card of a post shows: what its front matter names.

In: the draft of a page and its tokens. Out: where the picture is; or a problem, if what is named is
not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import unescape

from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.content.positions import problem_at
from site_builder.errors import nearest
from site_builder.model.page import CardSource
from site_builder.rendering.draft import Draft
from site_builder.store import digest_of

_FORMATS = ("png", "jpg", "svg")


def card_source(draft: Draft, tokens: Sequence[Token], body: str) -> CardSource:
    """The picture of a card; what is wrong with it is a problem of the draft.

    `body` is the HTML of the page.
    """
    post = draft.executed.post
    card, text = post.front_matter.card, post.front_matter.card_alt
    if isinstance(card, bool):
        return CardSource("words" if card else "none")
    if not card.startswith("fig-"):
        attachment = post.attachments.get(card)
        return CardSource("picture", attachment.path, text=text) if attachment else CardSource()
    if (image := dict(_images(tokens)).get(card)) is not None:
        attachment = post.attachments.get(str(image.attrs["src"]))
        words = text or plain_text(image.children or ())
        return CardSource("figure", attachment.path, text=words) if attachment else CardSource()
    named = re.compile(rf"{re.escape(card)}\.[0-9a-f]{{10}}\.({'|'.join(_FORMATS)})")
    found = {name.rpartition(".")[2]: name for name in draft.files if named.fullmatch(name)}
    name = next((found[each] for each in _FORMATS if each in found), "")
    if not name:
        _tell(draft, card, [*dict(_images(tokens)), *(cell.options.label for cell in post.cells)])
        return CardSource()
    text = text or _alternative(body, found.values())
    return CardSource("figure", digest=digest_of(draft.files[name].content), text=text)


def _images(tokens: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    for token in tokens:
        for child in token.children or ():
            if child.type == "image" and "id" in child.attrs:
                yield str(child.attrs["id"]), child


def _alternative(body: str, names: object) -> str:
    """The text of the image that shows one of the files."""
    for name in names:  # type: ignore[attr-defined]
        if found := re.search(rf'<img src="{re.escape(name)}"[^>]*? alt="([^"]*)"', body):
            return unescape(found[1])
    return ""


def _tell(draft: Draft, card: str, labels: Sequence[str]) -> None:
    ran = draft.executed.execution.environment is not None
    if card in labels and not ran:
        return  # its cell has not run
    source = draft.executed.post.source
    line, column = draft.place(card)
    known = [label for label in labels if label.startswith("fig-")]
    help_ = "its cell shows no figure" if card in labels else nearest(card, known)
    message = f"there is no figure {card!r} for the card"
    problem = problem_at(source, line, message, help_, column=column, width=len(card), code="I009")
    draft.problems.append(problem)
