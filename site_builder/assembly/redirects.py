"""Aliases: old addresses of posts lead to the new ones.

In: linked pages. Out: the paths that aliases want, a small page for each, and a `_redirects` file
for hosts that read one. Promise: a redirect works on any host, and search engines follow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from posixpath import normpath
from urllib.parse import quote, unquote

from site_builder.assembly.addresses import INDEX, Located, front_matter_problem
from site_builder.config import Site
from site_builder.errors import Problem
from site_builder.files import SiteFile

REDIRECTS = "_redirects"


@dataclass(frozen=True, slots=True)
class Alias:
    """An old address of a page."""

    written: str
    """As the front matter says it."""
    path: str
    """The output path of the page that leads on."""
    to: Located


def read_aliases(pages: Iterable[Located]) -> tuple[list[Alias], list[Problem]]:
    """Collect the aliases of all pages, and the problems of those that are no address."""
    aliases: list[Alias] = []
    problems: list[Problem] = []
    for located in pages:
        for written in located.page.front_matter.aliases:
            path = unquote(written.strip()).lstrip("/")
            if not path or any(mark in written for mark in ("?", "#", "://", "\\")):
                problems.append(_no_address(located, written))
                continue
            last = path.rpartition("/")[2]
            if "." not in last:
                path = f"{path.rstrip('/')}/{INDEX}"
            if normpath(path) != path or path.startswith(".."):
                problems.append(_no_address(located, written))
                continue
            aliases.append(Alias(written, path, located))
    return aliases, problems


def _no_address(located: Located, written: str) -> Problem:
    message = f"an alias is an address of this site such as '/2019/06/name/', not {written!r}"
    source = located.page.source
    return front_matter_problem(source, "aliases", written, message, code="F018")


def redirect_page(site: Site, alias: Alias) -> SiteFile:
    """Make the page at an old address."""
    page = alias.to.page
    language = escape(page.front_matter.lang or site.settings.language)
    title = escape(page.title_text or page.slug)
    url, address = escape(alias.to.url), escape(alias.to.address)
    html = (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        f'<title>{title}</title>\n<link rel="canonical" href="{address}">\n'
        f'<meta name="robots" content="noindex">\n'
        f'<meta http-equiv="refresh" content="0; url={url}">\n'
        f'<p>This page is now at <a href="{url}">{title}</a>.</p>\n</html>\n'
    )
    return SiteFile(alias.path, html.encode("utf-8", "replace"))


def redirects_file(site: Site, aliases: Sequence[Alias], authors: bytes) -> SiteFile:
    """Make `_redirects`: the author's own lines, then one for each alias."""
    own = authors + b"\n" if authors and not authors.endswith(b"\n") else authors
    lines = [f"{site.base}{_old(alias)} {alias.to.url} 301\n" for alias in aliases]
    return SiteFile(REDIRECTS, own + "".join(lines).encode())


def _old(alias: Alias) -> str:
    return quote(alias.path.removesuffix(INDEX))
