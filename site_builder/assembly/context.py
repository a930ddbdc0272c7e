"""What templates are given: plain frozen values, the whole contract between program and theme.

Every template has `site` and `page`; the comments say which has what else. All `url`s are relative
to the host (`/blog/xor/`), all `address`es absolute (`https://example.org/blog/xor/`). Texts that
are `Markup` are HTML, all others are escaped by Jinja.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup


class Body:
    """HTML of a post, read when a template shows it and not before: a list of ten thousand posts
    shows none."""

    __slots__ = ("_key", "_read")

    def __init__(self, key: str, read: Callable[[], str]) -> None:
        """`key` is the digest of all that the HTML is made of."""
        self._key, self._read = key, read

    def __html__(self) -> str:
        return self._read()

    __str__ = __html__

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        """What stands for the HTML where a page is named by what it is made of."""
        return f"Body({self._key!r})"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in the navigation, or to the page before or after."""

    title: Markup
    url: str


@dataclass(frozen=True, slots=True)
class SiteContext:
    """`site`: the same on every page."""

    title: str
    description: str
    author: str
    author_url: str
    """Page on the author, absolute; empty if none is known."""
    author_profiles: tuple[str, ...]
    """The author elsewhere, absolute."""
    author_fediverse: str
    """The author's name in the Fediverse, such as `@ada@example.org`; may be empty."""
    language: str
    url: str
    """Home page relative to the host, such as `/` or `/blog/`."""
    address: str
    """Home page, absolute."""
    navigation: tuple[Link, ...]
    """Pages that the header links to: those in `pages/`, the archive, the tags."""
    archive_url: str
    tags_url: str
    search_url: str
    """The search page, to which a form can send `q`; empty if the site has none."""
    atom_url: str
    json_feed_url: str
    style_url: str
    """The one style sheet, with a name that changes with its content."""
    icon_url: str
    touch_icon_url: str
    """The icon as PNG of 180 pixels, for home screens; empty if it cannot be drawn."""
    maths_style_url: str
    """The theme's `maths.css`, which brings in the maths font; empty if it has none."""
    maths_font_url: str
    """The site's maths font; empty if no page has maths."""
    typeface: str
    """`serif` or `sans`, of texts and headings."""
    script: Markup
    """The theme's inline script, for a `script` element of the head; empty if it has none."""
    policy: Markup
    """The Content Security Policy for a `meta` element of the head: it lets that script run."""


@dataclass(frozen=True, slots=True)
class PageContext:
    """`page`: what the head of each page says about it."""

    type: str
    """`home`, `older` (what goes on with it), `post`, `aside`, `page`, `archive`, `tag`, `tags`,
    `series`, `search` or `404`."""
    title: str
    """Plain text, without the site's title."""
    description: str
    url: str
    address: str
    """Canonical address; empty for the 404 page."""
    language: str
    image_address: str
    """Picture for link previews, absolute; empty if there is none."""
    image_alt: str
    image_width: int
    """In pixels; 0 if it is not known, as is the height."""
    image_height: int
    published: str
    """ISO 8601, empty if the page has no date."""
    modified: str
    tags: tuple[str, ...]
    feed_url: str
    """Atom feed of this page's own subject (a tag), else empty."""
    structured_data: Markup
    """JSON-LD, safe to stand in a `script` element; empty if there is none."""
    has_maths: bool
    previous_url: str = ""
    """The page of newer posts, if this is one of several that the home page goes over."""
    next_url: str = ""
    """The page of older ones."""
    noindex: bool = False
    """Whether search engines are asked not to list the page."""
    citation_metadata: tuple[tuple[str, str], ...] = ()
    """Name and content of `meta` elements for search engines for scholars; for sites that want
    them."""


@dataclass(frozen=True, slots=True)
class TagContext:
    """A tag with its page."""

    name: str
    url: str
    feed_url: str
    count: int
    description: str
    """The author's sentence on it; may be empty."""


@dataclass(frozen=True, slots=True)
class TocEntry:
    """A heading of level 2 or 3 in the table of contents."""

    level: int
    id: str
    html: Markup


@dataclass(frozen=True, slots=True)
class Part:
    """A post's place in a series."""

    title: Markup
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class SeriesBox:
    """The series that a post belongs to."""

    name: str
    url: str
    position: int
    parts: tuple[Part, ...]
    previous: Part | None
    """The part before this one."""
    next: Part | None
    """The part after it."""


@dataclass(frozen=True, slots=True)
class RelatedPost:
    """A post that a reader of another may want to read."""

    title: Markup
    url: str
    summary: Markup
    date: dt.date | None
    language: str


@dataclass(frozen=True, slots=True)
class BuiltWith:
    """How the numbers of a post were made."""

    language: str
    """`Python 3.13.0`, or such as `the kernel ir`."""
    packages: tuple[tuple[str, str], ...]
    """Name and version of each distribution that the post imports."""
    seed: int
    frozen: dt.date | None
    """Day on which the author froze the outputs; None if they are of the code as it is."""
    kept: bool
    """Whether the post is not run any more: `frozen` is when its outputs were last verified."""
    notebook_url: str
    """Empty for posts that a Jupyter kernel ran, as is `script_url`."""
    script_url: str
    record_url: str
    """The published record, see `evidence.published`."""


@dataclass(frozen=True, slots=True)
class CiteContext:
    """How to cite a post."""

    text: str
    """In words, for copying."""
    bibtex: str
    """An entry for a bibliography."""


@dataclass(frozen=True, slots=True)
class PostContext:
    """A post, aside or page, in full and in lists."""

    kind: str
    """`post`, `aside` or `page`."""
    title: Markup
    """Inline HTML; for an aside without a title, its date in words."""
    untitled: bool
    """Whether the title is the date."""
    url: str
    address: str
    language: str
    date: dt.date | None
    updated: dt.date | None
    summary: Markup
    body: Body
    authors: tuple[str, ...]
    tags: tuple[TagContext, ...]
    minutes: int
    """Reading time."""
    draft: bool
    scheduled: bool
    toc: tuple[TocEntry, ...]
    """Empty if the post has fewer than three headings or does not want one."""
    series: SeriesBox | None
    built_with: BuiltWith | None
    """None for posts without cells that run."""
    previous: Link | None
    """The next older post."""
    next: Link | None
    """The next newer post."""
    pinned: bool
    """Whether it stands first on the home page."""
    related: tuple[RelatedPost, ...]
    """A few posts on the same subjects, or those that the author names."""
    citation: CiteContext | None
    """None for a post that does not say how to cite it."""


@dataclass(frozen=True, slots=True)
class SearchContext:
    """What the search page needs beside its markup."""

    script_url: str
    """The theme's `search.js`, relative to the page, as all addresses of this page are: it also
    works from a file on disk. Empty if the theme has none."""
    style_url: str
    """The theme's `search.css`, in the same way."""
    index: str
    """JSON for that script."""


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the archive, newest post first."""

    year: int
    posts: tuple[PostContext, ...]


# Template -> what it is given besides `site` and `page`. A theme has all of these.
TEMPLATES: dict[str, tuple[str, ...]] = {
    # The page's number, of how many; the pinned posts, on the first; then the newest posts and
    # asides: int, int, tuple[PostContext, ...], tuple[PostContext, ...]
    "home.html": ("number", "count", "pinned", "posts"),
    "post.html": ("post",),  # also for asides
    "page.html": ("post",),
    "archive.html": ("years",),  # tuple[Year, ...]
    "tag.html": ("tag", "posts"),  # TagContext, tuple[PostContext, ...]
    "tags.html": ("tags",),  # tuple[TagContext, ...] by name
    # str, str, tuple[PostContext, ...] oldest first
    "series.html": ("name", "description", "posts"),
    "search.html": ("search",),  # SearchContext; only if the site has a search page
    "404.html": (),
}
