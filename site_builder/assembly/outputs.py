"""The paths of the site and who wants them, and the files that pages bring along.

In: pages with their places, tags, series, aliases, assets. Out: a Wanted for each path, and the
files of pages. Promise: every path that the site will have is among them.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import unquote

from site_builder.assembly import lists
from site_builder.assembly.addresses import INDEX, Located, Wanted
from site_builder.assembly.attached import attachment_recipes, suffixes
from site_builder.assembly.groups import Group
from site_builder.assembly.machines.feeds import ATOM, JSON
from site_builder.assembly.machines.headers import HEADERS
from site_builder.assembly.machines.redirects import REDIRECTS, Alias
from site_builder.assembly.machines.sitemap import ROBOTS, sitemap_names
from site_builder.assembly.posts import ReadHtml
from site_builder.assembly.theme.wording import words_of_site
from site_builder.errors import Problem
from site_builder.images.sizes import ImageFile
from site_builder.model.files import Recipe, SiteFile
from site_builder.model.page import Page
from site_builder.model.post import Attachment
from site_builder.settings.site import Site


@dataclass(frozen=True, slots=True)
class Contents:
    """What gives the contents that pages name."""

    html: ReadHtml
    """The HTML of a page, by its digest."""
    stored: Callable[[str], bytes]
    """A figure or a download, by its digest."""
    digest: Callable[[str], str]
    """The digest of an attachment, by its path below the site's folder; raises OSError."""
    read: Callable[[str], bytes]
    """An attachment by that path; raises OSError."""
    font: Callable[[str], bytes]
    """The maths font with these characters."""
    image: Callable[[Attachment, ImageFile], bytes]
    """A file made of a picture of the author's; raises DamagedError."""
    memo: Callable[[str, Callable[[], bytes]], bytes]
    """What was made of a text before; if it is not known, what the function makes now."""


# With the words that are their titles.
_OURS = (
    Wanted(INDEX, "the home page", title="home"),
    Wanted(lists.ARCHIVE + INDEX, "the archive", title="archive"),
    Wanted(lists.TAGS + INDEX, "the list of tags", title="tags"),
    Wanted("404.html", "the page for addresses that lead nowhere"),
    Wanted(ATOM, "the Atom feed", title="atom_feed"),
    Wanted(JSON, "the JSON feed", title="json_feed"),
)
# The author's own take the place of these, or are taken into them.
_YIELDING = (ROBOTS, REDIRECTS, HEADERS)


def wanted_paths(
    site: Site,
    pages: Sequence[Located],
    aliases: Sequence[Alias],
    tags: Mapping[str, Group],
    series: Mapping[str, Group],
    assets: Mapping[str, SiteFile],
    static: Sequence[SiteFile],
) -> list[Wanted]:
    """List every path of the site with who wants it."""
    words = words_of_site(site)
    wanted = [replace(x, title=getattr(words, x.title) if x.title else "") for x in _OURS]
    wanted += [Wanted(path, "the sitemap") for path in sitemap_names(len(pages) + len(_OURS))]
    fronts = [x.page.front_matter for x in pages]
    posts = [front for front in fronts if front.kind != "page" and not front.unlisted]
    paths = lists.home_paths(site.settings.home_posts, sum(not front.pinned for front in posts))
    wanted += [Wanted(path, f"page {n} of the home page") for n, path in enumerate(paths[1:], 2)]
    for tag in _each_slug(tags):
        place, what = f"{lists.TAGS}{tag.slug}/", f"the tag {tag.name!r}"
        wanted.append(_of_group(tag, place + INDEX, what, "tags"))
        wanted.append(_of_group(tag, place + ATOM, f"the feed of {what}", "tags"))
    for group in _each_slug(series):
        path = f"{lists.SERIES}{group.slug}/{INDEX}"
        wanted.append(_of_group(group, path, f"the series {group.name!r}", "series"))
    wanted += [Wanted(file.path, f"assets/{name} of the theme") for name, file in assets.items()]
    wanted += [Wanted(path, path) for path in _YIELDING]
    wanted += [
        Wanted(file.path, f"static/{file.path}") for file in static if file.path not in _YIELDING
    ]
    for located in pages:
        wanted.extend(_of_page(located))
    for alias in aliases:
        source = alias.to.page.source
        what = f"the alias {alias.written!r} of {source.path}"
        wanted.append(Wanted(alias.path, what, source, "aliases", alias.written))
    return wanted


def _each_slug(named: Mapping[str, Group]) -> list[Group]:
    # Two spellings of one name are reported as such, not also as a collision.
    return list({group.slug: group for group in named.values()}.values())


def _of_group(group: Group, path: str, what: str, key: str) -> Wanted:
    source = group.members[0].page.source
    return Wanted(path, what, source, key, group.name, title=group.name)


def _of_page(located: Located) -> Iterator[Wanted]:
    page = located.page
    source, slug = page.source, page.front_matter.slug
    what = source.path
    yield Wanted(f"{located.folder}/{INDEX}", what, source, "slug", slug, title=page.title_text)
    for file in page.files:
        path = f"{located.folder}/{file.path}"
        yield Wanted(path, f"{file.path} of {what}", source, title=file.path)
    for attachment in page.attachments:
        path = _attachment_path(located, attachment)
        name = posixpath.basename(attachment.path)
        yield Wanted(path, attachment.path, source, origin=attachment.path, title=name)
        for suffix in suffixes(attachment):
            what = f"a smaller {attachment.path}"
            yield Wanted(path + suffix, what, source, origin=attachment.path, title=name)


def _attachment_path(located: Located, attachment: Attachment) -> str:
    return posixpath.normpath(f"{located.folder}/{unquote(attachment.name)}")


def page_files(pages: Sequence[Located], contents: Contents) -> tuple[list[Recipe], list[Problem]]:
    """Collect the figures, downloads and attachments of pages, each path once."""
    files: dict[str, Recipe] = {}
    problems: list[Problem] = []
    for located in pages:
        page = located.page
        for file in page.files:
            path = f"{located.folder}/{file.path}"
            files[path] = Recipe(path, file.digest, partial(contents.stored, file.digest))
        for attachment in page.attachments:
            path = _attachment_path(located, attachment)
            if path.startswith("../"):
                problems.append(_outside(page, attachment))
            elif path not in files:
                try:
                    digest = contents.digest(attachment.path)
                except OSError as error:
                    problems.append(_unreadable(page, attachment, error))
                else:
                    recipes = attachment_recipes(path, page.source, attachment, digest, contents)
                    files |= {recipe.path: recipe for recipe in recipes}
    return list(files.values()), problems


def _outside(page: Page, attachment: Attachment) -> Problem:
    message = f"the address {attachment.name!r} of {attachment.path} leads out of the site"
    path, help_ = page.source.path, "put the file beside the post"
    return Problem(message, path, help=help_, code="F011")


def _unreadable(page: Page, attachment: Attachment, error: OSError) -> Problem:
    message = f"cannot read {attachment.path}: {error.strerror or error}"
    return Problem(message, page.source.path, code="F010")
