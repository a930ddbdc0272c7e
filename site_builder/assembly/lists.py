"""Lists of posts: home, archive, tags, series, and the page for addresses that lead nowhere.

In: entries, oldest first. Out: site files. Promise: a post is in every list that its front matter
puts it in, and once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from markupsafe import Markup

from site_builder.assembly import metadata
from site_builder.assembly.addresses import path_of
from site_builder.assembly.context import PostContext, SiteContext, TagContext, Year
from site_builder.assembly.groups import Group
from site_builder.assembly.portable import portable
from site_builder.assembly.posts import Entry
from site_builder.assembly.theme import Theme, render
from site_builder.config import Site
from site_builder.model import SiteFile

ARCHIVE = "archive/"
TAGS = "tags/"
SERIES = "series/"


def listed(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Make entries fit for lists: the body of an aside, shown whole, must fit any page."""
    return tuple(_listed(entry) for entry in entries)


def _listed(entry: Entry) -> Entry:
    if entry.context.kind != "aside":
        return entry
    body = portable(entry.page.body, base=entry.context.url, prefix=entry.page.slug + "-")
    return dataclasses.replace(entry, context=dataclasses.replace(entry.context, body=Markup(body)))


def tag_context(site: Site, tag: Group) -> TagContext:
    """Say what templates need of a tag."""
    url = f"{site.base}{TAGS}{quote(tag.slug)}/"
    return TagContext(tag.name, url, url + "feed.xml", len(tag.members))


def home_page(site: Site, theme: Theme, context: SiteContext, newest: Sequence[Entry]) -> SiteFile:
    """Make the home page of the newest posts and asides."""
    shown = newest[: site.settings.home_posts]
    page = metadata.home_metadata(site, has_maths=_has_maths(shown))
    html = render(theme, "home.html", site=context, page=page, posts=_contexts(shown))
    return SiteFile("index.html", html)


def archive_page(
    site: Site, theme: Theme, context: SiteContext, newest: Sequence[Entry]
) -> SiteFile:
    """Make the list of all posts and asides by year."""
    years: dict[int, list[PostContext]] = {}
    for entry in newest:
        if entry.context.date:
            years.setdefault(entry.context.date.year, []).append(entry.context)
    page = metadata.list_metadata(
        site,
        "archive",
        [("Archive", ARCHIVE)],
        f"All posts of {site.settings.title}",
        has_maths=any("<math" in entry.context.title for entry in newest),
    )
    groups = tuple(Year(year, tuple(posts)) for year, posts in years.items())
    html = render(theme, "archive.html", site=context, page=page, years=groups)
    return SiteFile(ARCHIVE + "index.html", html)


def tag_index(
    site: Site, theme: Theme, context: SiteContext, tags: Sequence[TagContext]
) -> SiteFile:
    """Make the list of tags."""
    about = f"The subjects of {site.settings.title}"
    page = metadata.list_metadata(site, "tags", [("Tags", TAGS)], about, has_maths=False)
    html = render(theme, "tags.html", site=context, page=page, tags=tuple(tags))
    return SiteFile(TAGS + "index.html", html)


def tag_page(
    site: Site, theme: Theme, context: SiteContext, tag: TagContext, newest: Sequence[Entry]
) -> SiteFile:
    """Make the list of the posts with a tag."""
    page = metadata.tag_metadata(site, tag, has_maths=_has_maths(newest))
    html = render(theme, "tag.html", site=context, page=page, tag=tag, posts=_contexts(newest))
    return SiteFile(path_of(tag.url.removeprefix(site.base)), html)


def series_page(
    site: Site, theme: Theme, context: SiteContext, series: Group, oldest: Sequence[Entry]
) -> SiteFile:
    """Make the list of the parts of a series, first part first."""
    place = f"{SERIES}{quote(series.slug)}/"
    about = f"A series in {len(oldest)} part{'s' if len(oldest) != 1 else ''}"
    crumbs = [(series.name, place)]
    maths = _has_maths(oldest)
    page = metadata.list_metadata(site, "series", crumbs, about, has_maths=maths)
    html = render(
        theme,
        "series.html",
        site=context,
        page=page,
        name=series.name,
        posts=_contexts(oldest),
    )
    return SiteFile(path_of(place), html)


def missing_page(site: Site, theme: Theme, context: SiteContext) -> SiteFile:
    """Make the page that hosts show for addresses that lead nowhere."""
    page = metadata.missing_metadata(site)
    return SiteFile("404.html", render(theme, "404.html", site=context, page=page))


def _contexts(entries: Sequence[Entry]) -> tuple[PostContext, ...]:
    return tuple(entry.context for entry in entries)


def _has_maths(entries: Sequence[Entry]) -> bool:
    return any(
        "<math" in shown
        for entry in entries
        if entry.page.maths_characters
        for shown in (
            entry.context.title,
            entry.context.summary,
            entry.context.body if entry.context.kind == "aside" else "",
        )
    )
