"""Lists of posts: home, archive, tags, series, and the page for addresses that lead nowhere.

In: entries, oldest first. Out: recipes of pages. Promise: a post is in every list that its front
matter puts it in, and once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from site_builder.assembly import metadata
from site_builder.assembly.addresses import path_of, url_of
from site_builder.assembly.context import Body, PostContext, TagContext, Year
from site_builder.assembly.frame import Frame, page_recipe
from site_builder.assembly.groups import Group
from site_builder.assembly.portable import portable
from site_builder.assembly.posts import Entry
from site_builder.assembly.theme.wording import words_of_site
from site_builder.model.files import Recipe
from site_builder.settings.site import Site

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
    description = site.settings.tags.get(tag.name, "")
    return TagContext(tag.name, url, url + "feed.xml", len(tag.members), description)


def home_paths(posts_a_page: int, posts: int) -> list[str]:
    """The paths of the home page and of the pages that go on with it, for so many posts."""
    count = max(1, -(-posts // posts_a_page))
    return ["index.html", *(f"page/{number}/index.html" for number in range(2, count + 1))]


def home_pages(site: Site, frame: Frame, newest: Sequence[Entry]) -> Iterator[Recipe]:
    """The home page of the newest posts and asides, below the pinned ones; then older ones."""
    pinned = [entry for entry in newest if entry.context.pinned]
    others = [entry for entry in newest if not entry.context.pinned]
    size = site.settings.home_posts
    paths = home_paths(size, len(others))
    for place, path in enumerate(paths):
        shown, first = others[place * size : (place + 1) * size], () if place else pinned
        belows = [url_of(each) for each in paths]
        maths = _has_maths([*first, *shown])
        page = metadata.home_metadata(site, belows, place, has_maths=maths)
        values = {
            "number": place + 1,
            "count": len(paths),
            "pinned": _contexts(first),
            "posts": _contexts(shown),
        }
        known = {"pinned": _digests(first), "posts": _digests(shown)}
        yield page_recipe(frame, path, "home.html", page, values, known=known)


def archive_page(site: Site, frame: Frame, newest: Sequence[Entry]) -> Recipe:
    """The list of all posts and asides by year."""
    years: dict[int, list[PostContext]] = {}
    for entry in newest:
        if entry.context.date:
            years.setdefault(entry.context.date.year, []).append(entry.context)
    words = words_of_site(site)
    page = metadata.list_metadata(
        site,
        "archive",
        [(words.archive, ARCHIVE)],
        words.all_posts_of.format(site=site.settings.title),
        has_maths=any("<math" in entry.context.title for entry in newest),
    )
    values = {"years": tuple(Year(year, tuple(posts)) for year, posts in years.items())}
    known = {"years": _digests(newest)}
    return page_recipe(frame, ARCHIVE + "index.html", "archive.html", page, values, known=known)


def tag_index(site: Site, frame: Frame, tags: Sequence[TagContext]) -> Recipe:
    """The list of tags."""
    words = words_of_site(site)
    about = words.subjects_of.format(site=site.settings.title)
    page = metadata.list_metadata(site, "tags", [(words.tags, TAGS)], about, has_maths=False)
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
    description = site.settings.series.get(series.name, "")
    about = description or words_of_site(site).counted("series_parts", len(oldest))
    crumbs = [(series.name, place)]
    maths = _has_maths(oldest)
    page = metadata.list_metadata(site, "series", crumbs, about, has_maths=maths)
    values = {"name": series.name, "description": description, "posts": _contexts(oldest)}
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
