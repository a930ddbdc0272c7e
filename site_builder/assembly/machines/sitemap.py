"""What search engines are told: `sitemap.xml` and `robots.txt`.

In: entries of posts and pages. Out: both files. Promise: dates are those that authors gave, and no
page is named that asks not to be listed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from html import escape

from site_builder.assembly.posts import Entry
from site_builder.model.files import SiteFile
from site_builder.settings.site import Site

SITEMAP = "sitemap.xml"
ROBOTS = "robots.txt"
LIMIT = 50_000
"""How many addresses a sitemap may have."""
_SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
Row = tuple[str, str]
"""An address, and the day of its last change, if it has one."""


def sitemap_files(
    site: Site, posts: Sequence[Entry], pages: Sequence[Entry], *, limit: int = LIMIT
) -> list[SiteFile]:
    """Make the sitemap of the home page, the archive, posts and pages.

    Of more than `limit` addresses there are several files, and `sitemap.xml` names them. There is
    none of a site that is not to be listed.
    """
    if not site.settings.indexed:
        return []
    newest = max((_changed(entry) for entry in posts), default="")
    rows = [(site.address, newest), (site.address + "archive/", newest)]
    rows += [(x.context.address, _changed(x)) for x in (*pages, *posts) if not x.context.draft]
    parts = [rows[start : start + limit] for start in range(0, len(rows), limit)]
    if len(parts) == 1:
        return [_file(SITEMAP, "urlset", "url", rows)]
    names = sitemap_names(len(rows), limit)
    index = [
        (site.address + name, max(changed for _, changed in part))
        for name, part in zip(names[1:], parts, strict=True)
    ]
    files = [_file(SITEMAP, "sitemapindex", "sitemap", index)]
    files += [
        _file(name, "urlset", "url", part) for name, part in zip(names[1:], parts, strict=True)
    ]
    return files


def sitemap_names(count: int, limit: int = LIMIT) -> list[str]:
    """The paths of the sitemap of so many addresses."""
    parts = -(-count // limit)
    return [SITEMAP, *(f"sitemap-{n}.xml" for n in range(1, parts + 1 if parts > 1 else 1))]


def _file(path: str, root: str, each: str, rows: Sequence[Row]) -> SiteFile:
    urls = "".join(
        f"<{each}><loc>{escape(address)}</loc>"
        + (f"<lastmod>{changed}</lastmod>" if changed else "")
        + f"</{each}>\n"
        for address, changed in rows
    )
    xml = f'<?xml version="1.0" encoding="utf-8"?>\n<{root} {_SPACE}>\n{urls}</{root}>\n'
    return SiteFile(path, xml.encode())


def _changed(entry: Entry) -> str:
    date: dt.date | None = entry.context.updated or entry.context.date
    return date.isoformat() if date else ""


def robots_file(site: Site) -> SiteFile:
    """Make `robots.txt`, which allows everything and names the sitemap.

    So it does for a site that is not to be listed: a crawler that may not read a page does not see
    that it asks for that.
    """
    text = "User-agent: *\nAllow: /\n"
    if site.settings.indexed:
        text += f"Sitemap: {site.address}{SITEMAP}\n"
    return SiteFile(ROBOTS, text.encode())
