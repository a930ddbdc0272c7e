"""Assemble: rendered pages and a theme become the files of the site.

In: pages, a theme, the site's static files. Out: every file of the site, in the order in which
they should appear: what pages need, then pages, then lists and feeds. Promise: no two outputs
share a path, no link inside the site is broken, and the bytes depend on the arguments only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from markupsafe import Markup

from site_builder.assembly import lists
from site_builder.assembly.addresses import INDEX, Located, Wanted, collisions, locate
from site_builder.assembly.context import Link, SiteContext, TagContext
from site_builder.assembly.feeds import ATOM, JSON, atom_feed, feed_item, json_feed
from site_builder.assembly.groups import Group, groups, series_names, tag_names
from site_builder.assembly.links import link_page, link_targets
from site_builder.assembly.metadata import post_metadata
from site_builder.assembly.outputs import attachment_files, wanted_paths
from site_builder.assembly.posts import Entry, by_date, page_entry, post_entries
from site_builder.assembly.redirects import (
    REDIRECTS,
    Alias,
    read_aliases,
    redirect_page,
    redirects_file,
)
from site_builder.assembly.sitemap import ROBOTS, robots_file, sitemap_file
from site_builder.assembly.style import font_face
from site_builder.assembly.theme import ICON, Theme, hashed_path, render
from site_builder.config import Site
from site_builder.errors import ContentError, Problem
from site_builder.maths.font import subset_font
from site_builder.model import Page, SiteFile


@dataclass(frozen=True, slots=True)
class _Site:
    """The whole site, linked and grouped: what the lists are made of."""

    site: Site
    theme: Theme
    context: SiteContext
    posts: tuple[Entry, ...]
    """Posts and asides, oldest first."""
    pages: tuple[Entry, ...]
    """Pages, in order of their files."""
    tags: Mapping[str, Group]
    series: Mapping[str, Group]


def assemble(
    site: Site,
    pages: Sequence[Page],
    theme: Theme,
    *,
    now: dt.date,
    read_file: Callable[[str], bytes],
    static: Sequence[SiteFile] = (),
    unbuilt: Mapping[str, str] | None = None,
) -> tuple[SiteFile, ...]:
    """Make all files of the site.

    `pages` are those to publish. `read_file` gives the bytes of an attachment, by its path below
    the site's folder. `static` are files to copy; a `robots.txt` among them replaces ours, lines
    of `_redirects` come before ours. `unbuilt` says of posts that are not in `pages` why: `failed`
    if their problems are reported elsewhere, or such as `is a draft`, for links to them.

    Raises ContentError with all broken links, collisions and unreadable files, and UsageError for
    a template that cannot be rendered.
    """
    located = by_date([locate(page, site) for page in pages])
    posts = [x for x in located if x.page.front_matter.kind != "page"]
    tags, problems = groups(posts, tag_names, "tags")
    series, series_problems = groups(posts, series_names, "series")
    aliases, alias_problems = read_aliases(located)
    problems += [*series_problems, *alias_problems]
    assets = _assets(theme, pages)
    wanted = wanted_paths(located, aliases, tags, series, assets, static)
    problems += collisions(wanted)
    linked, link_problems = _link(site, located, wanted, aliases, unbuilt or {})
    attachments, unreadable = attachment_files(linked, read_file)
    problems += [*link_problems, *unreadable]
    if problems:
        raise ContentError(sorted(problems, key=lambda x: (x.file, x.line, x.column)))
    whole = _whole(site, theme, linked, tags, series, assets, now)
    return (
        *assets.values(),
        *(file for file in static if file.path != REDIRECTS),
        *attachments,
        *_redirects(site, aliases, static),
        *(render_post(theme, whole.context, site, x) for x in (*whole.pages, *whole.posts)),
        *_lists(whole, static),
        *_feeds(whole),
    )


def render_post(theme: Theme, context: SiteContext, site: Site, entry: Entry) -> SiteFile:
    """Render the page of a post, an aside or a page; raises UsageError."""
    template = "page.html" if entry.context.kind == "page" else "post.html"
    page = post_metadata(site, entry)
    html = render(theme, template, site=context, page=page, post=entry.context)
    return SiteFile(f"{entry.located.folder}/{INDEX}", html)


def _assets(theme: Theme, pages: Sequence[Page]) -> dict[str, SiteFile]:
    """The theme's assets by name, with the maths font if there is maths, and the style sheet."""
    assets = dict(theme.assets)
    style = theme.style
    characters = "".join(sorted(set().union(*(page.maths_characters for page in pages))))
    if characters:
        font = subset_font(characters)
        assets[_FONT] = SiteFile(hashed_path(_FONT, font), font)
        style = font_face(assets[_FONT].path.rpartition("/")[2]) + style
    content = style.encode()
    assets[_STYLE] = SiteFile(hashed_path(_STYLE, content), content)
    return assets


_FONT = "maths.woff2"
_STYLE = "style.css"


def _link(
    site: Site,
    located: Sequence[Located],
    wanted: Sequence[Wanted],
    aliases: Sequence[Alias],
    unbuilt: Mapping[str, str],
) -> tuple[list[Located], list[Problem]]:
    targets = link_targets(
        site,
        located,
        others={want.path: want.title for want in wanted},
        aliases={alias.path: alias.to for alias in aliases},
        unbuilt=unbuilt,
    )
    linked: list[Located] = []
    problems: list[Problem] = []
    for each in located:
        filled, found = link_page(each, targets)
        linked.append(filled)
        problems += found
    return linked, problems


def _whole(
    site: Site,
    theme: Theme,
    linked: Sequence[Located],
    tags: Mapping[str, Group],
    series: Mapping[str, Group],
    assets: Mapping[str, SiteFile],
    now: dt.date,
) -> _Site:
    pages = sorted(
        (x for x in linked if x.page.front_matter.kind == "page"),
        key=lambda x: x.page.source.path,
    )
    posts = [x for x in linked if x.page.front_matter.kind != "page"]
    entries = post_entries(
        site,
        posts,
        tags={name: lists.tag_context(site, tag) for name, tag in tags.items()},
        series_url=lambda name: f"{site.base}{lists.SERIES}{quote(series[name].slug)}/",
        now=now,
    )
    return _Site(
        site=site,
        theme=theme,
        context=_site_context(site, pages, assets),
        posts=entries,
        pages=tuple(page_entry(site, page, now=now) for page in pages),
        tags=tags,
        series=series,
    )


def _site_context(
    site: Site, pages: Sequence[Located], assets: Mapping[str, SiteFile]
) -> SiteContext:
    def asset(name: str) -> str:
        return site.base + quote(assets[name].path) if name in assets else ""

    settings, base = site.settings, site.base
    navigation = [Link(Markup(x.page.title_html), x.url) for x in pages]
    navigation.append(Link(Markup("Archive"), base + lists.ARCHIVE))
    navigation.append(Link(Markup("Tags"), base + lists.TAGS))
    return SiteContext(
        title=settings.title,
        description=settings.description,
        author=settings.author,
        language=settings.language,
        url=base,
        address=site.address,
        navigation=tuple(navigation),
        archive_url=base + lists.ARCHIVE,
        tags_url=base + lists.TAGS,
        atom_url=base + ATOM,
        json_feed_url=base + JSON,
        style_url=asset(_STYLE),
        icon_url=asset(ICON),
        maths_font_url=asset(_FONT),
    )


def _redirects(
    site: Site, aliases: Sequence[Alias], static: Sequence[SiteFile]
) -> Iterator[SiteFile]:
    yield from (redirect_page(site, alias) for alias in aliases)
    authors = next((file.content for file in static if file.path == REDIRECTS), b"")
    if aliases or authors:
        yield redirects_file(site, aliases, authors)


def _lists(whole: _Site, static: Sequence[SiteFile]) -> Iterator[SiteFile]:
    site, theme, context = whole.site, whole.theme, whole.context
    oldest = lists.listed(whole.posts)
    newest = oldest[::-1]
    by_source = {entry.page.source.path: entry for entry in oldest}

    def members(group: Group) -> list[Entry]:
        return [by_source[located.page.source.path] for located in group.members]

    tags: list[TagContext] = [lists.tag_context(site, tag) for tag in whole.tags.values()]
    for tag in tags:
        posts = members(whole.tags[tag.name])[::-1]
        yield lists.tag_page(site, theme, context, tag, posts)
    yield lists.tag_index(site, theme, context, tags)
    for series in whole.series.values():
        yield lists.series_page(site, theme, context, series, members(series))
    yield lists.archive_page(site, theme, context, newest)
    yield lists.home_page(site, theme, context, newest)
    yield lists.missing_page(site, theme, context)
    yield sitemap_file(site, whole.posts, whole.pages)
    if not any(file.path == ROBOTS for file in static):
        yield robots_file(site)


def _feeds(whole: _Site) -> Iterator[SiteFile]:
    site, limit = whole.site, whole.site.settings.feed_posts
    entries = {entry.page.source.path: entry for entry in whole.posts}
    newest = [entry.page.source.path for entry in whole.posts[::-1][:limit]]
    of_tags = {
        tag.name: [located.page.source.path for located in tag.members[::-1][:limit]]
        for tag in whole.tags.values()
    }
    needed = dict.fromkeys([*newest, *(path for paths in of_tags.values() for path in paths)])
    items = {path: feed_item(site, entries[path]) for path in needed}
    for name, paths in of_tags.items():
        home = f"{lists.TAGS}{quote(whole.tags[name].slug)}/"
        title = f"{site.settings.title}: {name}"
        feed = atom_feed(
            site, [items[path] for path in paths], title=title, below=home + ATOM, home=home
        )
        yield SiteFile(unquote(home) + ATOM, feed)
    recent = [items[path] for path in newest]
    title = site.settings.title
    yield SiteFile(ATOM, atom_feed(site, recent, title=title, below=ATOM, home=""))
    yield SiteFile(JSON, json_feed(site, recent))
