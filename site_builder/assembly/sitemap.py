"""What search engines are told: `sitemap.xml` and `robots.txt`.

In: entries of posts and pages. Out: both files. Promise: dates are those that authors gave.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from html import escape

from site_builder.assembly.posts import Entry
from site_builder.config import Site
from site_builder.files import SiteFile

SITEMAP = "sitemap.xml"
ROBOTS = "robots.txt"


def sitemap_file(site: Site, posts: Sequence[Entry], pages: Sequence[Entry]) -> SiteFile:
    """Make `sitemap.xml` of the home page, the archive, posts and pages."""
    newest = max((_changed(entry) for entry in posts), default="")
    rows = [(site.address, newest), (site.address + "archive/", newest)]
    rows += [(entry.context.address, _changed(entry)) for entry in (*pages, *posts)]
    urls = "".join(
        f"<url><loc>{escape(address)}</loc>"
        + (f"<lastmod>{changed}</lastmod>" if changed else "")
        + "</url>\n"
        for address, changed in rows
    )
    xml = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    )
    return SiteFile(SITEMAP, xml.encode())


def _changed(entry: Entry) -> str:
    date: dt.date | None = entry.context.updated or entry.context.date
    return date.isoformat() if date else ""


def robots_file(site: Site) -> SiteFile:
    """Make `robots.txt`, which allows everything and names the sitemap."""
    return SiteFile(ROBOTS, f"User-agent: *\nAllow: /\nSitemap: {site.address}{SITEMAP}\n".encode())
