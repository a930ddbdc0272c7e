"""The tables of `site.toml`: one dataclass for each, one field for each setting.

In: nothing. Out: frozen values with defaults, which their docstrings describe to authors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from site_builder.settings.machines import Feeds, Policy
from site_builder.settings.targets import Target


@dataclass(frozen=True, slots=True)
class Execution:
    """`[execution]`: how the cells of posts are run."""

    python: str = ""
    """The Python that runs posts, such as `.venv/bin/python`; that of `site-builder` if empty."""
    fences: Literal["all", "marked"] = "all"
    """Which fences are cells in plain Markdown posts: every `python` fence, or marked only."""
    seed: int = 0
    """Seed of `random`, NumPy and Keras in each post."""
    timeout: float = 120.0
    """Seconds that a cell may take."""
    post_timeout: float = 1200.0
    """Seconds that all cells of a post may take together."""
    memory: float = 8.0
    """Memory that a post may allocate, in gigabytes (10^9 bytes)."""
    output_limit: float = 10.0
    """How much a cell may print or show, in megabytes (10^6 bytes)."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for posts, such as `KERAS_BACKEND = "jax"`."""
    pass_environment: tuple[str, ...] = ()
    """Names of variables that posts get from the environment of the build; all others are
    withheld, but for the search path, the home folder and the like."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`[figures]`: how matplotlib's figures are saved."""

    format: Literal["svg", "png"] = "svg"
    """`svg`, or `png` at twice the resolution of the screen."""
    width: float = 6.4
    """Width in inches, where neither the cell nor its code says."""
    height: float = 4.0
    """Height in inches, where neither the cell nor its code says."""
    svg_limit: float = 150.0
    """A figure whose SVG is larger than this many kilobytes (10^3 bytes) is saved as PNG."""
    dark: Literal["auto", "card"] = "auto"
    """On dark pages: `auto` draws black ink light on a clear ground, `card` keeps it white."""


@dataclass(frozen=True, slots=True)
class Math:
    """`[math]`: formulas."""

    macros: Mapping[str, str] = field(default_factory=dict)
    """TeX macros for all posts, such as `"\\\\R" = "\\\\mathbb{R}"`; `#1` is the first argument."""


@dataclass(frozen=True, slots=True)
class Citing:
    """`[citations]`: how others can cite posts."""

    box: bool = True
    """Whether posts end with a box that says how to cite them, also as BibTeX."""
    highwire: bool = False
    """Whether pages have `citation_…` metadata. Search engines for scholars ask for it; reference
    managers take such a page for an article in a journal, and else for a web page."""


@dataclass(frozen=True, slots=True)
class Cache:
    """`[cache]`: what is kept in `.cache/` so that it need not be made again."""

    limit: float = 2.0
    """Gigabytes (10^9 bytes) that are kept; what was used least recently goes first."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All that `site.toml` can say."""

    title: str
    """Title of the site."""
    url: str
    """Address of the home page, such as `https://example.org/blog/`."""
    description: str = ""
    """One sentence on the site, for search engines and feeds."""
    author: str = ""
    """Author of posts that name none."""
    author_url: str = ""
    """Address of a page on the author, such as `https://example.org/about/`."""
    author_profiles: tuple[str, ...] = ()
    """Addresses of the author elsewhere, such as `["https://mathstodon.xyz/@ada"]`."""
    author_fediverse: str = ""
    """The author's name in the Fediverse, such as `@ada@mathstodon.xyz`."""
    language: str = "en"
    """Language of posts that name none, such as `en` or `pt-BR`."""
    permalink: str = "/{slug}/"
    """Address of a post below the home page, of `{slug}`, `{year}`, `{month}` and `{day}`."""
    theme: str = "default"
    """Name of a folder in `themes/`, of the site or of site-builder itself."""
    typeface: Literal["serif", "sans"] = "serif"
    """Of texts and headings: `serif`, or `sans`, the one that the reader's system has."""
    notes: Literal["margin", "end"] = "margin"
    """Where footnotes stand: beside the text, on narrow pages below the paragraph; or all at the
    end of the post."""
    smart_quotes: bool = True
    """Whether straight quotation marks and apostrophes become those of the post's language."""
    cards: bool = True
    """Whether pages have a picture with their title, for previews of links to them."""
    home_posts: int = 10
    """How many posts the home page lists."""
    feed_posts: int = 20
    """How many posts a feed holds."""
    indexed: bool = True
    """Whether search engines may list the site; `false` for what is not for all, as `--noindex`."""
    redirects: Mapping[str, str] = field(default_factory=dict)
    """Old addresses of the site and where they lead, such as `"/old/" = "/new/"`."""
    related_posts: int = 3
    """How many related posts are shown at most below a post; 0 for none."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """A sentence on a tag for the top of its page, such as `keras = "Posts with networks."`."""
    series: Mapping[str, str] = field(default_factory=dict)
    """A sentence on a series for the top of its page."""
    search: bool = True
    """Whether the site has a search page, with an index of all posts."""
    ignore: tuple[str, ...] = ()
    """Codes of warnings that are not told, such as `["I002"]`; see `explain --codes`."""
    bibliography: tuple[str, ...] = ()
    """Files of works that posts cite, such as `references.bib`, in the site's folder."""
    execution: Execution = field(default_factory=Execution)
    """How cells are run."""
    figures: Figures = field(default_factory=Figures)
    """How figures are saved."""
    math: Math = field(default_factory=Math)
    """Formulas."""
    citations: Citing = field(default_factory=Citing)
    """How others can cite posts."""
    feeds: Feeds = field(default_factory=Feeds)
    """What feed readers are given."""
    policy: Policy = field(default_factory=Policy)
    """What pages may load from elsewhere."""
    cache: Cache = field(default_factory=Cache)
    """What is kept between builds."""
    deploy: Mapping[str, Target] = field(default_factory=dict, repr=False)  # no part of a build
    """Where the site is put online, by name."""
