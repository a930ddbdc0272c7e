"""The search page.

In: the index. Out: the page. Promise: its own addresses are relative to it, so that it works where
the site is not on a host but in a folder; without a script it leads to the archive and the tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from site_builder.assembly.addresses import INDEX, Wanted
from site_builder.assembly.context import Link, SearchContext, SiteContext
from site_builder.assembly.frame import Frame, page_recipe
from site_builder.assembly.metadata import search_metadata
from site_builder.assembly.search.index import HOME, Index
from site_builder.assembly.theme.theme import SEARCH_SCRIPT
from site_builder.assembly.theme.wording import words_of_site
from site_builder.model.files import Recipe, SiteFile
from site_builder.settings.site import Site

SEARCH = "search/"


def wanted_for_search(site: Site) -> Iterator[Wanted]:
    """The path of the search page."""
    if site.settings.search:
        yield Wanted(SEARCH + INDEX, "the search page", title=words_of_site(site).search)


def wanted_for_index(index: Index) -> Iterator[Wanted]:
    """The paths of the index."""
    return (Wanted(file.path, "the index for search") for file in index.files)


def search_page(
    site: Site, frame: Frame, index: Index, assets: Mapping[str, SiteFile]
) -> Iterator[Recipe]:
    """The search page, if the site has one; `assets` are the theme's, by name."""
    if not site.settings.search:
        return

    def asset(name: str) -> str:
        return HOME + assets[name].path if name in assets else ""

    context = SearchContext(
        script_url=asset(SEARCH_SCRIPT),
        style_url=asset("search.css"),
        index=index.table,
    )
    page = search_metadata(site, url=HOME + SEARCH)
    relative = replace(frame, context=_relative(frame.context, site.base))
    yield page_recipe(relative, SEARCH + INDEX, "search.html", page, {"search": context}, known={})


def _relative(context: SiteContext, base: str) -> SiteContext:
    """The same with addresses that are relative to the search page."""

    def below(url: str) -> str:
        return HOME + url.removeprefix(base) if url.startswith(base) else url

    changed: dict[str, Any] = {
        each.name: below(getattr(context, each.name))
        for each in fields(context)
        if each.name.endswith("url")
    }
    changed["navigation"] = tuple(Link(x.title, below(x.url)) for x in context.navigation)
    return replace(context, **changed)
