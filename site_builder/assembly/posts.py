"""What templates are told about each post: made once for its own page and all lists.

In: linked pages with their places. Out: a PostContext for each, in order of date.
Promise: the order depends on dates and file names only.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from site_builder.assembly.addresses import Located, url_of
from site_builder.assembly.citing import cite_context
from site_builder.assembly.context import (
    Body,
    BuiltWith,
    Link,
    Part,
    PostContext,
    RelatedPost,
    SeriesBox,
    TagContext,
    TocEntry,
)
from site_builder.assembly.links import fill
from site_builder.evidence.published import SUFFIX
from site_builder.model.files import StoredFile
from site_builder.model.page import Page
from site_builder.rendering.page_json import Html
from site_builder.settings.site import Site
from site_builder.store import digest_of
from site_builder.words.words import words_for

ReadHtml = Callable[[str], Html]
"""What gives the HTML of a page by its digest."""
WORDS_PER_MINUTE = 220
_SECONDS_PER_FIGURE = 12
_WORDS_PER_CODE_LINE = 5  # ten words, read half as closely as prose
_FEWEST_HEADINGS = 3
_LABEL = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A post, aside or page with all that is known of it."""

    located: Located
    context: PostContext
    label: str
    """Its title as plain text, never empty: an aside is named by its first words."""
    feed: Body
    """Its HTML for feeds."""
    made_of: str
    """Digest of everything that is known of it: of its page, its links and its context."""

    @property
    def page(self) -> Page:
        """The rendered page."""
        return self.located.page


def by_date(pages: Iterable[Located]) -> list[Located]:
    """Sort pages from oldest to newest; those of one day by their files' names."""
    return sorted(
        pages, key=lambda x: (x.page.front_matter.date or dt.date.min, x.page.source.path)
    )


def post_entries(
    site: Site,
    pages: Sequence[Located],
    *,
    tags: Mapping[str, TagContext],
    series_url: Callable[[str], str],
    now: dt.date,
    read_html: ReadHtml,
    related: Sequence[Sequence[Located]],
) -> tuple[Entry, ...]:
    """Make the entries of posts and asides, which must be sorted by date.

    `tags` maps each tag as written to its context, `series_url` gives the page of a series,
    `read_html` the HTML of a page; `related` are the posts that are related to each.
    """
    links = [Link(Markup(_title_html(site, x.page)), x.url) for x in pages]
    older: list[Link | None] = [None, *links]
    newer: list[Link | None] = [*links[1:], None]
    series: dict[str, list[int]] = {}
    for place, located in enumerate(pages):
        if located.page.front_matter.series:
            series.setdefault(located.page.front_matter.series, []).append(place)
    entries = []
    for place, located in enumerate(pages):
        name = located.page.front_matter.series
        box = _series_box(name, series_url(name), series[name], place, links) if name else None
        tagged = tuple(tags[tag] for tag in dict.fromkeys(located.page.front_matter.tags))
        around = (older[place], newer[place])
        more = tuple(_related_post(site, other) for other in related[place])
        entries.append(_entry(site, located, now, read_html, tagged, box, around, more))
    return tuple(entries)


def page_entry(site: Site, located: Located, *, now: dt.date, read_html: ReadHtml) -> Entry:
    """Make the entry of a page, which is in no list."""
    return _entry(site, located, now, read_html, (), None, (None, None))


def _entry(
    site: Site,
    located: Located,
    now: dt.date,
    read_html: ReadHtml,
    tags: tuple[TagContext, ...],
    series: SeriesBox | None,
    around: tuple[Link | None, Link | None],
    related: tuple[RelatedPost, ...] = (),
) -> Entry:
    page = located.page
    front = page.front_matter
    authors = front.authors or ((site.settings.author,) if site.settings.author else ())
    marks = located.marks
    key = digest_of(repr((page.digest, page.body, marks)).encode("utf-8", "surrogatepass"))
    body = Body(key, lambda: fill(read_html(page.body).body, marks.body))
    feed = Body(key, lambda: fill(read_html(page.body).feed, marks.feed))
    context = PostContext(
        kind=front.kind,
        title=Markup(_title_html(site, page)),
        untitled=not page.title_html and front.date is not None,
        url=located.url,
        address=located.address,
        language=front.lang or site.settings.language,
        date=front.date,
        updated=front.updated,
        summary=Markup(page.summary_html),
        body=body,
        authors=authors,
        tags=tags,
        minutes=reading_minutes(page),
        draft=front.draft,
        scheduled=front.date is not None and front.date > now,
        toc=_table_of_contents(page),
        series=series,
        built_with=_built_with(site, located),
        previous=around[0],
        next=around[1],
        pinned=front.pinned,
        related=related,
        citation=cite_context(site, page, located.address, authors, label_of(site, page)),
    )
    card = (located.card.path, located.card.text) if located.card else ()
    made_of = digest_of(repr((context, card)).encode("utf-8", "surrogatepass"))
    return Entry(located, context, label_of(site, page), feed, made_of)


def date_in_words(site: Site, date: dt.date, language: str = "") -> str:
    """A date such as `2 June 2019`, in a language, or that of the site."""
    return words_for(site.words, language or site.settings.language).date(date)


def reading_minutes(page: Page) -> int:
    """How long the page takes to read, in minutes, rounded up."""
    words = page.words + page.code_lines * _WORDS_PER_CODE_LINE
    return max(1, math.ceil(words / WORDS_PER_MINUTE + page.figures * _SECONDS_PER_FIGURE / 60))


def _title_html(site: Site, page: Page) -> str:
    front = page.front_matter
    if page.title_html or front.date is None:
        return page.title_html or page.slug
    return escape(date_in_words(site, front.date, front.lang))


def label_of(site: Site, page: Page) -> str:
    """Its title as plain text; an aside is named by its first words."""
    return page.title_text or shortened(page.summary, _LABEL) or _title_html(site, page)


def shortened(text: str, limit: int) -> str:
    """Cut plain text to `limit` characters at a space, with an ellipsis if something is lost."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[:limit]
    return (cut.rpartition(" ")[0] or cut[:-1]).rstrip(" ,;:.–—-") + "…"


def _table_of_contents(page: Page) -> tuple[TocEntry, ...]:
    if not page.front_matter.toc or len(page.headings) < _FEWEST_HEADINGS:
        return ()
    shown = [h for h in page.headings if h.level in (2, 3)]
    if len(shown) < _FEWEST_HEADINGS:
        return ()
    return tuple(TocEntry(h.level, h.id, Markup(h.html)) for h in shown)


def _series_box(
    name: str, url: str, places: Sequence[int], current: int, links: Sequence[Link]
) -> SeriesBox:
    parts = tuple(Part(links[n].title, links[n].url, n == current) for n in places)
    place = places.index(current)
    before = parts[place - 1] if place else None
    after = parts[place + 1] if place + 1 < len(parts) else None
    return SeriesBox(name, url, place + 1, parts, before, after)


def _related_post(site: Site, located: Located) -> RelatedPost:
    page = located.page
    front = page.front_matter
    title, summary = Markup(_title_html(site, page)), Markup(page.summary_html)
    language = front.lang or site.settings.language
    return RelatedPost(title, located.url, summary, front.date, language)


def _built_with(site: Site, located: Located) -> BuiltWith | None:
    page = located.page
    environment = page.environment
    if environment is None:
        return None
    kernel, language = page.front_matter.kernel, page.front_matter.lang or site.settings.language
    words = words_for(site.words, language)
    return BuiltWith(
        language=words.kernel.format(name=kernel) if kernel else f"Python {environment.python}",
        packages=environment.packages,
        seed=environment.seed,
        frozen=page.frozen,
        kept=page.frozen is not None and page.front_matter.execute == "frozen",
        notebook_url=_file_url(located, page.files, ".ipynb"),
        script_url=_file_url(located, page.files, ".py"),
        record_url=_file_url(located, page.files, SUFFIX),
    )


def _file_url(located: Located, files: Sequence[StoredFile], suffix: str) -> str:
    paths = (file.path for file in files if file.path.endswith(suffix))
    return next((located.url + url_of(path) for path in paths), "")
