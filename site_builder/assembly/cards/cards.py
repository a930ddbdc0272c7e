"""Social cards: which picture stands for each page where its address is shared.

In: located pages and the settings. Out: pages with their cards, and recipes of these. Promise: the
name of a card changes with what it shows, so that sites which keep pictures for long show the new
one; to know the name nothing is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from site_builder.assembly.addresses import Card, Located, Wanted
from site_builder.assembly.posts import date_in_words, label_of
from site_builder.errors import ContentError, Problem
from site_builder.model.files import Recipe
from site_builder.model.page import MARK, CardSource
from site_builder.settings.site import Site
from site_builder.store import digest_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from site_builder.assembly.outputs import Contents

MAKER = "cards 2"
"""What draws cards: another version may draw others."""
SIZE = (1200, 630)
_PHOTOS = (".jpg", ".jpeg", ".jfif", ".avif", ".webp", ".heic")


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that a card is made of."""

    title: str
    formulas: str
    """The title as HTML, if it has formulas."""
    site: str
    host: str
    details: tuple[str, ...]
    tags: tuple[str, ...]
    source: CardSource
    picture: str
    """Digest of the picture, if there is one."""
    photo: bool


def with_cards(site: Site, pages: Iterable[Located], contents: Contents) -> list[Located]:
    """Give each page its card; those whose front matter wants none, or all if the site does."""
    if not site.settings.cards:
        return list(pages)
    return [_with_card(site, located, contents) for located in pages]


def card_paths(pages: Sequence[Located], site_card: Card | None) -> list[Wanted]:
    """The paths of cards, with the pages that want them."""
    wanted = [
        # Named by what they show: two pages that want one address are told, not also their cards.
        Wanted(x.card.path, f"the card of {x.page.source.path}", x.page.source, origin=x.card.path)
        for x in pages
        if x.card is not None
    ]
    return [*wanted, *([Wanted(site_card.path, "the card of the site")] if site_card else [])]


def card_recipes(pages: Sequence[Located], site_card: Card | None) -> Iterator[Recipe]:
    """Recipes of all cards."""
    for located in pages:
        if located.card is not None:
            yield located.card.recipe
    if site_card is not None:
        yield site_card.recipe


def card_of_site(site: Site) -> Card | None:
    """The card of the home page and of lists."""
    if not site.settings.cards:
        return None
    settings = site.settings
    details = (settings.description or settings.author,)
    plan = _plan(site, settings.title, details, (), CardSource())
    text = f"{settings.title}: {settings.description}" if settings.description else settings.title
    made_of = _made_of(plan)
    path = f"assets/card.{made_of[:10]}.png"
    return Card(path, site.address + path, text, Recipe(path, made_of, partial(_draw, plan)))


def _with_card(site: Site, located: Located, contents: Contents) -> Located:
    page, source = located.page, located.page.card
    if source.kind == "none":
        return located
    front = page.front_matter
    authors = front.authors or ((site.settings.author,) if site.settings.author else ())
    date = date_in_words(site, front.date, front.lang) if front.date else ""
    details = tuple(filter(None, (", ".join(authors), date)))
    title = MARK.sub("", label_of(site, page))  # numbers of references come too late
    plan = _plan(site, title, details, front.tags, source)
    if "<math" in page.title_html:
        plan = replace(plan, formulas=page.title_html)
    text = source.text or f"{title} – {site.settings.title}"
    batch, make = "", partial(_draw, plan)
    if source.path or source.digest:
        digest = source.digest or contents.digest(source.path)
        plan = replace(plan, picture=digest, photo=_is_photo(source))
        read = partial(contents.stored, digest)
        if source.path:
            read = partial(contents.read, source.path)
        make = partial(_kept, contents, plan, read, page.source.path)
        batch = _made_of(plan)
    made_of = _made_of(plan)
    name = f"card.{made_of[:10]}.{'jpg' if plan.photo else 'png'}"
    path = f"{located.folder}/{name}"
    card = Card(path, located.address + name, text, Recipe(path, made_of, make, batch))
    return replace(located, card=card)


def _plan(
    site: Site, title: str, details: tuple[str, ...], tags: tuple[str, ...], source: CardSource
) -> _Plan:
    host = urlsplit(site.address).hostname or ""
    return _Plan(title, "", site.settings.title, host, details, tags, source, "", photo=False)


def _is_photo(source: CardSource) -> bool:
    """Whether a card is the picture itself, and that one that loses little as a JPEG."""
    return source.kind == "picture" and source.path.lower().endswith(_PHOTOS)


def _made_of(plan: _Plan) -> str:
    # Cheap: this alone is not all of Pillow.
    import PIL

    words = repr((MAKER, PIL.__version__, plan))
    return digest_of(words.encode("utf-8", "surrogatepass"))


def _kept(contents: Contents, plan: _Plan, read: Callable[[], bytes], post: str) -> bytes:
    """A card with a picture, which takes a while."""
    return contents.memo(f"card {_made_of(plan)}", partial(_draw, plan, read, post))


def _draw(plan: _Plan, read: Callable[[], bytes] | None = None, post: str = "") -> bytes:
    # Late: it imports Pillow and reads fonts.
    from site_builder.assembly.cards.drawing import Words, figure_card, picture_card, words_card
    from site_builder.assembly.cards.title import in_letters

    title = in_letters(plan.formulas) or plan.title
    words = Words(title, plan.site, plan.host, plan.details, plan.tags)
    if read is None:
        return words_card(words)
    picture = _opened(read(), plan, post)
    if plan.source.kind == "figure":
        return figure_card(words, picture)
    return picture_card(picture, photo=plan.photo)


def _opened(content: bytes, plan: _Plan, post: str) -> Image:
    from site_builder.images.encoding import opened

    try:
        if content.lstrip()[:1] == b"<":
            content = _rasterised(content)
        return opened(content, (2 * SIZE[0], 2 * SIZE[1]))
    except (OSError, SyntaxError, ValueError) as error:
        name = plan.source.path or "the figure"
        message = f"the card cannot be made of {name}: {error}"
        help_ = "save the picture again"
        raise ContentError(Problem(message, post, help=help_, code="I004")) from None


def _rasterised(svg: bytes) -> bytes:
    """An SVG as PNG, with no font of the system's."""
    import resvg_py

    from site_builder.assembly.cards.text import font_path
    from site_builder.images.svg import cleaned_svg

    text = cleaned_svg(svg).content.decode("utf-8", "replace")
    made = resvg_py.svg_to_bytes(
        svg_string=text,
        width=SIZE[0],
        skip_system_fonts=True,
        font_files=[str(font_path("sans")), str(font_path("serif"))],
    )
    return io.BytesIO(bytes(made)).getvalue()
