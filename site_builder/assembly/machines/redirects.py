"""Old addresses lead to the new ones: aliases of posts, and the redirects of `site.toml`.

In: linked pages and settings. Out: the paths that old addresses want, a small page for each, and a
`_redirects` file for hosts that read one. Promise: a redirect works on any host, leads to its end
in one step, and search engines follow it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from posixpath import normpath
from urllib.parse import quote, unquote, urljoin

from site_builder.assembly.addresses import (
    INDEX,
    Located,
    Wanted,
    front_matter_problem,
    path_of,
)
from site_builder.errors import Problem
from site_builder.model.files import SiteFile
from site_builder.settings.site import FILE, Site
from site_builder.words.words import words_for

REDIRECTS = "_redirects"


@dataclass(frozen=True, slots=True)
class Alias:
    """An old address of a page."""

    written: str
    """As the front matter says it."""
    path: str
    """The output path of the page that leads on."""
    to: Located


@dataclass(frozen=True, slots=True)
class Redirect:
    """An old address of the site, and where it leads in the end."""

    path: str
    """The output path of the page that leads on."""
    url: str
    """Where it leads: relative to the host, or an address of another site."""
    title: str
    """Of what is there, as plain text."""
    language: str


def read_aliases(site: Site, pages: Iterable[Located]) -> tuple[list[Alias], list[Problem]]:
    """Collect the aliases of all pages, and the problems of those that are no address."""
    aliases: list[Alias] = []
    problems: list[Problem] = []
    for located in pages:
        for written in located.page.front_matter.aliases:
            if path := _old_path(site, written.strip()):
                aliases.append(Alias(written, path, located))
            else:
                problems.append(_no_address(located, written))
    return aliases, problems


def _old_path(site: Site, address: str) -> str:
    """The output path of a page at an old address; empty if there can be none.

    The address may be written from the home page or from the root of the host.
    """
    if address.startswith(site.base):
        address = "/" + address.removeprefix(site.base)
    path = unquote(address).lstrip("/")
    if not path or _NO_PATH.search(address) or _CONTROL.search(path):
        return ""
    if "." not in path.rpartition("/")[2]:
        path = f"{path.rstrip('/')}/{INDEX}"
    return "" if normpath(path) != path or path.startswith("..") else path


_NO_PATH = re.compile(r"[?#\\]|://")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


def _no_address(located: Located, written: str) -> Problem:
    message = f"an alias is an address of this site such as '/2019/06/name/', not {written!r}"
    help_ = ""
    if "?" in written:
        help_ = (
            "hosts of files do not see what is behind '?'; some can be told in static/_redirects"
        )
    source = located.page.source
    return front_matter_problem(source, "aliases", written, message, help_, code="F018")


def wanted_by_settings(site: Site) -> list[Wanted]:
    """The paths of the redirects of `site.toml`."""
    return [
        Wanted(_old_path(site, old), f"the redirect from {old!r} in {FILE}", key="redirects")
        for old in site.settings.redirects
    ]


def all_redirects(
    site: Site, aliases: Sequence[Alias], paths: Collection[str]
) -> tuple[list[Redirect], list[Problem]]:
    """Follow aliases and redirects to their ends; `paths` are those of all files of the site."""
    redirects = [_to_page(site, alias.path, alias.to) for alias in aliases]
    problems: list[Problem] = []
    by_path = {alias.path: alias for alias in aliases}
    told = {old: _from_root(site, new) for old, new in site.settings.redirects.items()}
    leading = {_old_path(site, old): new for old, new in told.items()}
    for old, first in told.items():
        end = _end(site, first, leading)
        path = _below(site, end)
        if path in leading:
            problems.append(_astray(f"the redirect from {old!r} leads round in a circle"))
        elif path in by_path:
            redirects.append(_to_page(site, _old_path(site, old), by_path[path].to))
        elif path and path not in paths:
            message = f"the redirect from {old!r} leads to {end!r}, where there is nothing"
            problems.append(_astray(message))
        else:
            redirects.append(Redirect(_old_path(site, old), end, "", site.settings.language))
    return redirects, problems


def _from_root(site: Site, url: str) -> str:
    """An address of this site from the root of its host; it may be written from the home page."""
    if not url.startswith("/") or url.startswith(("//", site.base)):
        return url
    return site.base if f"{url}/" == site.base else site.base + url[1:]


def _end(site: Site, url: str, leading: Mapping[str, str]) -> str:
    """Where an address leads over other redirects; one of a circle if it never ends."""
    for _ in leading:
        path = _below(site, url)
        if path not in leading:
            break
        url = leading[path]
    return url


def _to_page(site: Site, path: str, to: Located) -> Redirect:
    language = to.page.front_matter.lang or site.settings.language
    return Redirect(path, to.url, to.page.title_text or to.page.slug, language)


def _below(site: Site, url: str) -> str:
    """The output path that an address leads to; empty for one of elsewhere."""
    url = url.partition("#")[0].partition("?")[0]
    if url.startswith(site.address):
        return path_of(url.removeprefix(site.address))
    if not url.startswith(site.base):
        return ""
    path = path_of(url.removeprefix(site.base))
    return path if "." in path.rpartition("/")[2] else f"{path}/{INDEX}"


def _astray(message: str) -> Problem:
    return Problem(message, FILE, help="see the table [redirects]", code="F111")


def redirect_page(site: Site, redirect: Redirect) -> SiteFile:
    """Make the page at an old address."""
    title = escape(redirect.title or redirect.url)
    url, address = escape(redirect.url), escape(urljoin(site.address, redirect.url))
    words = words_for(site.words, redirect.language)
    moved = escape(words.moved).format(page=f'<a href="{url}">{title}</a>')
    html = (
        f'<!doctype html>\n<html lang="{escape(redirect.language)}">\n<meta charset="utf-8">\n'
        f'<title>{title}</title>\n<link rel="canonical" href="{address}">\n'
        f'<meta name="robots" content="noindex">\n'
        # Else browsers would ask for /favicon.ico on the way.
        f'<link rel="icon" href="data:,">\n<meta http-equiv="refresh" content="0; url={url}">\n'
        f"<p>{moved}</p>\n</html>\n"
    )
    return SiteFile(redirect.path, html.encode("utf-8", "replace"))


def redirects_file(site: Site, redirects: Sequence[Redirect], authors: bytes) -> SiteFile:
    """Make `_redirects`: the author's own lines, then one for each old address."""
    own = authors + b"\n" if authors and not authors.endswith(b"\n") else authors
    lines = [f"{site.base}{_old(redirect)} {redirect.url} 301\n" for redirect in redirects]
    return SiteFile(REDIRECTS, own + "".join(lines).encode())


def _old(redirect: Redirect) -> str:
    # With all marks encoded: a star or a colon would stand for other addresses.
    return quote(redirect.path.removesuffix(INDEX))
