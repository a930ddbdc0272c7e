"""Lists of posts: home, archive, tags, series, and the page for addresses that lead nowhere.

In: entries, oldest first. Out: recipes of pages. Promise: a post is in every list that its front
matter puts it in, and once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from site_builder.assembly import metadata
from site_builder.assembly.addresses import path_of
from site_builder.assembly.context import Body, PostContext, TagContext, Year
from site_builder.assembly.frame import Frame, page_recipe
from site_builder.assembly.groups import Group
from site_builder.assembly.portable import portable
from site_builder.assembly.posts import Entry
from site_builder.config import Site
from site_builder.files import Recipe

ARCHIVE = "archive/"
TAGS = "tags/"
SERIES = "series/"


def listed(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Make entries fit for lists: the body of an aside, shown whole, must fit any page."""
    return tuple(_listed(entry) for entry in entries)


def _listed(entry: Entry) -> Entry:
    if entry.context.kind != "aside":
        return entry
    own, base, prefix = entry.context.body, entry.context.url, entry.page.slug + "-"
    body = Body(entry.made_of, lambda: portable(str(own), base=base, prefix=prefix))
    return dataclasses.replace(entry, context=dataclasses.replace(entry.context, body=body))


def tag_context(site: Site, tag: Group) -> TagContext:
    """Say what templates need of a tag."""
    url = f"{site.base}{TAGS}{quote(tag.slug)}/"
    return TagContext(tag.name, url, url + "feed.xml", len(tag.members))


def home_page(site: Site, frame: Frame, newest: Sequence[Entry]) -> Recipe:
    """The home page of the newest posts and asides."""
    shown = newest[: site.settings.home_posts]
    page = metadata.home_metadata(site, has_maths=_has_maths(shown))
    values = {"posts": _contexts(shown)}
    known = {"posts": _digests(shown)}
    return page_recipe(frame, "index.html", "home.html", page, values, known=known)


def archive_page(site: Site, frame: Frame, newest: Sequence[Entry]) -> Recipe:
    """The list of all posts and asides by year."""
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
    values = {"years": tuple(Year(year, tuple(posts)) for year, posts in years.items())}
    known = {"years": _digests(newest)}
    return page_recipe(frame, ARCHIVE + "index.html", "archive.html", page, values, known=known)


def tag_index(site: Site, frame: Frame, tags: Sequence[TagContext]) -> Recipe:
    """The list of tags."""
    about = f"The subjects of {site.settings.title}"
    page = metadata.list_metadata(site, "tags", [("Tags", TAGS)], about, has_maths=False)
    values = {"tags": tuple(tags)}
    return page_recipe(frame, TAGS + "index.html", "tags.html", page, values, known={})


def tag_page(site: Site, frame: Frame, tag: TagContext, newest: Sequence[Entry]) -> Recipe:
    """The list of the posts with a tag."""
    page = metadata.tag_metadata(site, tag, has_maths=_has_maths(newest))
    path = path_of(tag.url.removeprefix(site.base))
    values = {"tag": tag, "posts": _contexts(newest)}
    return page_recipe(frame, path, "tag.html", page, values, known={"posts": _digests(newest)})


def series_page(site: Site, frame: Frame, series: Group, oldest: Sequence[Entry]) -> Recipe:
    """The list of the parts of a series, first part first."""
    place = f"{SERIES}{quote(series.slug)}/"
    about = f"A series in {len(oldest)} part{'s' if len(oldest) != 1 else ''}"
    crumbs = [(series.name, place)]
    maths = _has_maths(oldest)
    page = metadata.list_metadata(site, "series", crumbs, about, has_maths=maths)
    values = {"name": series.name, "posts": _contexts(oldest)}
    known = {"posts": _digests(oldest)}
    return page_recipe(frame, path_of(place), "series.html", page, values, known=known)


def missing_page(site: Site, frame: Frame) -> Recipe:
    """The page that hosts show for addresses that lead nowhere."""
    page = metadata.missing_metadata(site)
    return page_recipe(frame, "404.html", "404.html", page, {}, known={})


def _contexts(entries: Sequence[Entry]) -> tuple[PostContext, ...]:
    return tuple(entry.context for entry in entries)


def _digests(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(entry.made_of for entry in entries)


def _has_maths(entries: Sequence[Entry]) -> bool:
    return any(
        # The formulas of an aside are where it is shown whole.
        entry.context.kind == "aside"
        or "<math" in entry.context.title
        or "<math" in entry.context.summary
        for entry in entries
        if entry.page.maths_characters
    )
