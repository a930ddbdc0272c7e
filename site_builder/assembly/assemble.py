"""Assemble: rendered pages and a theme become the files of the site.

In: pages, a theme, the site's static files. Out: a recipe of every file of the site, in the order
in which they should appear: what pages need, then pages, then lists and feeds. Promise: no two
outputs share a path, no link inside the site is broken, and what is made of the same recipe is the
same. Nothing is made here, so that what did not change never has to be.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from markupsafe import Markup, escape

from site_builder.assembly import lists
from site_builder.assembly.addresses import INDEX, Located, Wanted, collisions, locate
from site_builder.assembly.cards.cards import card_of_site, card_paths, card_recipes, with_cards
from site_builder.assembly.context import Link, SiteContext, TagContext
from site_builder.assembly.frame import Frame, made_of, make_frame
from site_builder.assembly.groups import Group, groups, series_names, tag_names
from site_builder.assembly.links import link_page, link_targets
from site_builder.assembly.machines.feeds import ATOM, JSON, TagFeed, feed_recipes, guid_problems
from site_builder.assembly.machines.files import MERGED, Paths, machine_files
from site_builder.assembly.machines.headers import HEADERS, header_problems
from site_builder.assembly.machines.redirects import (
    Alias,
    all_redirects,
    read_aliases,
    wanted_by_settings,
)
from site_builder.assembly.metadata import post_metadata
from site_builder.assembly.outputs import Contents, page_files, wanted_paths
from site_builder.assembly.policy import policy
from site_builder.assembly.posts import Entry, by_date, page_entry, post_entries
from site_builder.assembly.related import related_posts
from site_builder.assembly.search.index import Index, search_index
from site_builder.assembly.search.page import (
    SEARCH,
    search_page,
    wanted_for_index,
    wanted_for_search,
)
from site_builder.assembly.theme.assets import FONT, MATHS, STYLE, TOUCH_ICON, site_assets
from site_builder.assembly.theme.theme import ICON, Theme, render
from site_builder.assembly.theme.wording import words_of_site
from site_builder.errors import ContentError, Problem, in_order
from site_builder.model.files import Recipe, SiteFile
from site_builder.model.page import Page
from site_builder.settings.site import Site
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class _Site:
    """The whole site, linked and grouped: what the lists are made of."""

    site: Site
    frame: Frame
    posts: tuple[Entry, ...]
    """Posts and asides that are listed, oldest first."""
    pages: tuple[Entry, ...]
    """Pages that are listed, in order of their files."""
    unlisted: tuple[Entry, ...]
    """Those that have their page and nothing else."""
    tags: Mapping[str, Group]
    series: Mapping[str, Group]


def assemble(
    site: Site,
    pages: Sequence[Page],
    theme: Theme,
    *,
    now: dt.date,
    contents: Contents,
    static: Sequence[SiteFile] = (),
    unbuilt: Mapping[str, str] | None = None,
    on_broken: Callable[[Problem], object] | None = None,
) -> tuple[Recipe, ...]:
    """Say how all files of the site are made.

    `pages` are those to publish. `static` are files to copy; a `robots.txt` among them replaces
    ours, lines of `_redirects` come before ours. `unbuilt` says of posts that are not in `pages`
    why: `failed` if their problems are reported elsewhere, or such as `is a draft`, for links to
    them. With `on_broken` broken links are told to it, and their pages are made all the same.

    Raises ContentError with all broken links, collisions and unreadable files. To make a page
    raises UsageError for a template that cannot be rendered.
    """
    located = by_date(with_cards(site, [locate(page, site) for page in pages], contents))
    posts = [x for x in _listed(located) if x.page.front_matter.kind != "page"]
    tags, problems = groups(posts, tag_names, "tags")
    series, series_problems = groups(posts, series_names, "series")
    aliases, alias_problems = read_aliases(site, located)
    problems += [*series_problems, *alias_problems]
    assets = site_assets(site, theme, pages, contents)
    wanted = wanted_paths(site, located, aliases, tags, series, assets, static)
    wanted += (*wanted_by_settings(site), *wanted_for_search(site))
    linked, link_problems = _link(site, located, wanted, aliases, unbuilt or {})
    index = search_index(site, _listed(linked))
    wanted += wanted_for_index(index)
    site_card = card_of_site(site)
    wanted += card_paths(located, site_card)
    problems += collisions(wanted)
    named = _named_by_content(located, assets, index)
    named |= {site_card.path} if site_card else set()
    paths = Paths({want.path for want in wanted}, named)
    redirects, redirect_problems = all_redirects(site, aliases, paths.all)
    for file in static:
        problems += header_problems(file.content) if file.path == HEADERS else ()
    problems += [*redirect_problems, *guid_problems(posts)]
    files, unreadable = page_files(linked, contents)
    related, misnamed = related_posts(site, linked, unbuilt or {}, contents.memo)
    tell = on_broken or problems.append
    for problem in (*link_problems, *misnamed):
        tell(problem)
    problems += unreadable
    if problems:
        raise ContentError(in_order(problems))
    whole = _whole(site, theme, linked, tags, series, related, assets, now, contents)
    return (
        *_ready(assets.values()),
        *_ready(file for file in static if file.path not in MERGED),
        *files,
        *card_recipes(linked, site_card),
        *(post_recipe(site, whole.frame, x) for x in (*whole.pages, *whole.posts, *whole.unlisted)),
        *index.files,
        *_lists(whole),
        *search_page(site, whole.frame, index, assets),
        *_feeds(whole),
        *_ready(
            machine_files(
                site,
                str(whole.frame.context.policy),
                (whole.posts, whole.pages),
                redirects,
                static,
                paths,
            )
        ),
    )


def _listed(pages: Iterable[Located]) -> list[Located]:
    return [located for located in pages if not located.page.front_matter.unlisted]


def _named_by_content(
    pages: Iterable[Located], assets: Mapping[str, SiteFile], index: Index
) -> set[str]:
    named = {f"{x.folder}/{file.path}" for x in pages for file in x.page.files}
    named |= {x.card.path for x in pages if x.card}
    return named | {x.path for x in assets.values()} | {x.path for x in index.files}


def _ready(files: Iterable[SiteFile]) -> Iterator[Recipe]:
    """Recipes of what takes no time to make."""
    for file in files:
        yield Recipe(file.path, digest_of(file.content), partial(bytes, file.content))


def post_recipe(site: Site, frame: Frame, entry: Entry) -> Recipe:
    """The page of a post, an aside or a page."""
    template = "page.html" if entry.context.kind == "page" else "post.html"

    def make() -> bytes:
        # What the page's head says is made of the same as its entry, and of the settings.
        page = post_metadata(site, entry)
        return render(frame.theme, template, site=frame.context, page=page, post=entry.context)

    path = f"{entry.located.folder}/{INDEX}"
    return Recipe(path, made_of(frame.digest, template, entry.made_of), make)


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
    related: Sequence[Sequence[Located]],
    assets: Mapping[str, SiteFile],
    now: dt.date,
    contents: Contents,
) -> _Site:
    listed = _listed(linked)
    pages = sorted(
        (x for x in listed if x.page.front_matter.kind == "page"),
        key=lambda x: x.page.source.path,
    )
    posts = [x for x in listed if x.page.front_matter.kind != "page"]
    alone = partial(page_entry, site, now=now, read_html=contents.html)
    entries = post_entries(
        site,
        posts,
        tags={name: lists.tag_context(site, tag) for name, tag in tags.items()},
        series_url=lambda name: f"{site.base}{lists.SERIES}{quote(series[name].slug)}/",
        now=now,
        read_html=contents.html,
        related=related,
    )
    return _Site(
        site=site,
        frame=make_frame(site, theme, _site_context(site, pages, assets, theme.script)),
        posts=entries,
        pages=tuple(map(alone, pages)),
        unlisted=tuple(alone(x) for x in linked if x.page.front_matter.unlisted),
        tags=tags,
        series=series,
    )


def _site_context(
    site: Site, pages: Sequence[Located], assets: Mapping[str, SiteFile], script: str
) -> SiteContext:
    def asset(name: str) -> str:
        return site.base + quote(assets[name].path) if name in assets else ""

    settings, base = site.settings, site.base
    navigation = [Link(Markup(x.page.title_html), x.url) for x in pages]
    words = words_of_site(site)
    navigation.append(Link(escape(words.archive), base + lists.ARCHIVE))
    navigation.append(Link(escape(words.tags), base + lists.TAGS))
    search_url = base + SEARCH if settings.search else ""
    if search_url:
        navigation.append(Link(escape(words.search), search_url))
    return SiteContext(
        title=settings.title,
        description=settings.description,
        author=settings.author,
        author_url=settings.author_url,
        author_profiles=settings.author_profiles,
        author_fediverse=settings.author_fediverse,
        language=settings.language,
        url=base,
        address=site.address,
        navigation=tuple(navigation),
        archive_url=base + lists.ARCHIVE,
        tags_url=base + lists.TAGS,
        search_url=search_url,
        atom_url=base + ATOM,
        json_feed_url=base + JSON,
        style_url=asset(STYLE),
        icon_url=asset(ICON),
        touch_icon_url=asset(TOUCH_ICON),
        maths_style_url=asset(MATHS),
        maths_font_url=asset(FONT),
        typeface=settings.typeface,
        script=Markup(script),
        policy=Markup(policy(script, settings.policy)),
    )


def _lists(whole: _Site) -> Iterator[Recipe]:
    site, frame = whole.site, whole.frame
    oldest = lists.listed(whole.posts)
    newest = oldest[::-1]
    by_source = {entry.page.source.path: entry for entry in oldest}

    def members(group: Group) -> list[Entry]:
        return [by_source[located.page.source.path] for located in group.members]

    tags: list[TagContext] = [lists.tag_context(site, tag) for tag in whole.tags.values()]
    for tag in tags:
        yield lists.tag_page(site, frame, tag, members(whole.tags[tag.name])[::-1])
    yield lists.tag_index(site, frame, tags)
    for series in whole.series.values():
        yield lists.series_page(site, frame, series, members(series))
    yield lists.archive_page(site, frame, newest)
    yield from lists.home_pages(site, frame, newest)
    yield lists.missing_page(site, frame)


def _feeds(whole: _Site) -> Iterator[Recipe]:
    site = whole.site
    by_source = {entry.page.source.path: entry for entry in whole.posts}
    tags = [
        TagFeed(
            title=f"{site.settings.title}: {name}",
            home=f"{lists.TAGS}{quote(tag.slug)}/",
            newest=[by_source[x.page.source.path] for x in tag.members[::-1]],
        )
        for name, tag in whole.tags.items()
    ]
    yield from feed_recipes(site, whole.frame, whole.posts[::-1], tags)
