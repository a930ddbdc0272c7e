"""Images of the author's, in Markdown and in HTML.

In: a token or HTML, and the draft that knows the post's files. Out: HTML with the addresses and
sizes of those files, which are thereby published.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape
from urllib.parse import quote

from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.content.positions import problem_at
from site_builder.content.references import PREFIXES
from site_builder.errors import Problem
from site_builder.images.sizes import image_files
from site_builder.model.post import Attachment
from site_builder.rendering.draft import Draft
from site_builder.rendering.foreign_html import is_remote, unseen, unseen_style
from site_builder.rendering.markup import attribute, kept
from site_builder.settings.machines import allows

DECORATION = ("presentation", "none")
_NUMBERED = tuple(f"{prefix}-" for prefix in PREFIXES if prefix != "sec")
_ID = re.compile(r"""<[A-Za-z][^<>]*?\sid\s*=\s*["']([^"'<>]+)["']""")
_SOURCE = re.compile(
    r"""(<(?:source|video|audio)\b[^>]*?\s(?:src|poster)=)(["'])(.*?)\2""", re.IGNORECASE
)
_IMG = re.compile(r"""<img\b(?:[^"'<>]|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_SRC = re.compile(r"""(\ssrc\s*=\s*)(["'])(.*?)\2""", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"""\s([A-Za-z-]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)


def image_html(draft: Draft, token: Token, *, labelled: bool = False, alone: bool = False) -> str:
    """The image of a Markdown token; one without a text alternative is a warning.

    One that is `alone` in its paragraph, or `labelled` as a figure, leads to all of its pixels.
    """
    address = str(token.attrs["src"])
    alt = str(token.attrs.get("fig-alt") or "")
    alt = alt or plain_text(token.children or ()) or str(token.attrs.get("alt", ""))
    if not alt and token.attrs.get("role") not in DECORATION:
        message = f"the image {address!r} has no text for those who cannot see it"
        help_ = "write it between the brackets; ![](…){role=presentation} marks a decoration"
        warn(draft, address, message, help_, code="I003")
    if is_remote(address) and not allows(draft.policy.images, address):
        message = f"the image {address!r} is on another site, from which pages load nothing"
        warn(draft, address, message, "save it beside the post and show that", code="I006")
    names = ("class", "title", "role") if labelled else ("id", "class", "title", "role")
    attributes = {"src": address, "alt": alt, **kept(token, *names)}
    if address.startswith("/") and not address.startswith(("//", draft.base)):
        attributes["src"] = draft.base + address[1:]  # below the home page, as for links
    attachment = draft.attachment(address)
    given = kept(token, "width", "height")
    large = ""
    if attachment is not None:
        column = FIGURE if labelled else PROSE
        attributes |= file_attributes(draft, attachment, column, given.get("width", ""))
        if labelled or (alone and attachment.width > column):
            large = quote(attachment.name) if alt and not draft.feed else ""
    attributes |= given
    html = "".join(attribute(*pair, empty=pair[0] == "alt") for pair in attributes.items())
    lazy = "" if _is_first(draft) else ' loading="lazy"'
    image = f'<img{html}{lazy} decoding="async">'
    return f'<a href="{escape(large)}">{image}</a>' if large else image


PROSE, FIGURE = 672, 780  # CSS pixels of the columns of the theme
_MARGINS = 32  # CSS pixels beside a column on a narrow screen


def file_attributes(
    draft: Draft, attachment: Attachment, column: int, width: str = ""
) -> dict[str, str]:
    """The attributes of an `img` that shows a file of the author's in a column so wide.

    `width` is that which the author gave it, if any.
    """
    attributes = {"src": quote(attachment.name)}
    if attachment.width:
        attributes |= {"width": str(attachment.width), "height": str(attachment.height)}
    if attachment.raster is None:
        return attributes
    files = image_files(attachment.raster, whole=attachment.linked)
    if files.shown:
        attributes["src"] = quote(attachment.name + files.shown.suffix)
    if files.choice and not draft.feed:
        choice = [f"{quote(attachment.name + x.suffix)} {x.width}w" for x in files.choice]
        if files.choice[0].format == attachment.raster.format and not files.shown:
            choice.append(f"{attributes['src']} {attachment.raster.width}w")
        shown = min(column, int(width) if width.isdecimal() else attachment.width)
        sizes = f"(min-width: {shown + _MARGINS}px) {shown}px, calc(100vw - {_MARGINS}px)"
        attributes |= {"srcset": ", ".join(choice), "sizes": sizes}
    return attributes


def _is_first(draft: Draft) -> bool:
    """Whether an image is the first of the page, which readers see at once."""
    return not draft.counts.get("picture") and draft.number("image") == 1


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
    name = draft.words.figure.format(number=number)
    draft.anchor(id_, name, number)
    words = f'<span class="label">{escape(name, quote=False)}.</span> {caption}'.rstrip()
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
    for what, help_ in (*unseen(html, draft.policy), *unseen_style(html, draft.policy)):
        written = html.lstrip().partition("\n")[0]
        warn(draft, written, f"this HTML has {what}", help_, code="A001")

    def fill(found: re.Match[str]) -> str:
        attachment = draft.attachment(unescape(found[3]))
        return f'{found[1]}"{escape(quote(attachment.name))}"' if attachment else found[0]

    def size(found: re.Match[str]) -> str:
        return _with_size(draft, found[0])

    return _SOURCE.sub(fill, _IMG.sub(size, html))


def _with_size(draft: Draft, tag: str) -> str:
    """An `img` of the author's own with what a Markdown image has: size, smaller files."""
    given = {name.lower(): value for name, _, value in _ATTRIBUTE.findall(tag)}
    attachment = draft.attachment(unescape(given.get("src", "")))
    if attachment is None:
        return tag
    made = file_attributes(draft, attachment, FIGURE, given.get("width", ""))
    if {"width", "height", "style"} & given.keys():
        made = {name: made[name] for name in made if name not in ("width", "height")}
    if "srcset" in given:
        made = {"src": quote(attachment.name)}
    more = "".join(attribute(*pair) for pair in made.items() if pair[0] not in ("src", *given))
    source = escape(made["src"])
    tag = _SRC.sub(lambda found: f'{found[1]}"{source}"', tag, count=1)
    return f"<img{more}{tag[4:]}"


def removed_warnings(draft: Draft) -> list[Problem]:
    """What is left out of the author's SVG files that the page shows or links to."""
    post = draft.executed.post
    told: dict[str, Problem] = {}
    for written, attachment in post.attachments.items():
        if attachment.removed and written in draft.used and attachment.path not in told:
            message = (
                f"the SVG {written!r} has {in_words(attachment.removed)}, left out on the site"
            )
            place = attachment.line
            told[attachment.path] = problem_at(post.source, place, message, _ACTS, code="I106")
    return list(told.values())


_ACTS = "who opens the file would run or load it: save the drawing without"


def in_words(removed: Sequence[str]) -> str:
    """What an SVG had, in words."""
    more = [f"{len(removed) - _FEW} more"] if len(removed) > _FEW else []
    return ", ".join([*removed[:_FEW], *more])


_FEW = 3


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
