"""The files of a site that only machines read: for search engines and hosts.

In: what the site consists of. Out: sitemap, robots, redirects, headers. Promise: what the author
has written in `static/` of the same name is kept, or taken into ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from site_builder.assembly.machines.headers import HEADERS, headers_file
from site_builder.assembly.machines.redirects import (
    REDIRECTS,
    Redirect,
    redirect_page,
    redirects_file,
)
from site_builder.assembly.machines.sitemap import ROBOTS, robots_file, sitemap_files
from site_builder.assembly.posts import Entry
from site_builder.model.files import SiteFile
from site_builder.settings.site import Site

MERGED = (REDIRECTS, HEADERS)
"""Files that are made of ours and of the author's."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of a site."""

    all: Collection[str]
    named: Collection[str]
    """Those that were named by the content of the file."""


def machine_files(
    site: Site,
    policy: str,
    entries: tuple[Sequence[Entry], Sequence[Entry]],
    redirects: Sequence[Redirect],
    static: Sequence[SiteFile],
    paths: Paths,
) -> Iterator[SiteFile]:
    """Make the files for machines; `entries` are the posts and the pages that all may find."""
    authors = {file.path: file.content for file in static}
    yield from (redirect_page(site, redirect) for redirect in redirects)
    if redirects or REDIRECTS in authors:
        yield redirects_file(site, redirects, authors.get(REDIRECTS, b""))
    yield headers_file(site, policy, paths.all, paths.named, authors.get(HEADERS, b""))
    yield from sitemap_files(site, *entries)
    if ROBOTS not in authors:
        yield robots_file(site)
