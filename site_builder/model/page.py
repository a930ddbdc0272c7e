"""A post rendered: what the pages, lists and feeds of a site need to know of it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from site_builder.errors import Problem
from site_builder.model.citations import Reference as CitedWork
from site_builder.model.files import StoredFile
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Attachment, Environment, Source


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a post, for the table of contents."""

    level: int
    """2 to 6."""
    id: str
    html: str
    """Inline HTML without links."""


MARK = re.compile("\ue000[^\ue000\ue001]*\ue001")
"""What stands in HTML and texts for the address or the text of a reference."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An internal link of a page, to be resolved when all pages are known."""

    mark: str
    """What stands in the HTML for the address until then."""
    target: str
    """The address as written: a path, a post's file, or `#anchor`."""
    line: int
    """Line of the post's text."""
    column: int
    text_mark: str = ""
    """What stands in the HTML for the text of a link without one (`[](#eq-x)`, `@fig-y`)."""
    wording: str = ""
    """The author's words around the number, such as `Plot %s`; the anchor's own text if empty."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in a page that can be linked to."""

    id: str
    text: str
    """How a reference without a text of its own names it: `Figure 2`, `(3)`, a heading's text."""
    number: str = ""
    """Its number alone, if it has one: `2`, `3`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture that stands for a page in previews of links to it."""

    address: str
    """Relative to the page's."""
    text: str
    """What it shows."""


@dataclass(frozen=True, slots=True)
class CardSource:
    """What the social card of a page shows beside its words."""

    kind: str = "words"
    """`words` for nothing else, `figure` for one beside them, `picture` for one in their place,
    `none` if there is to be no card."""
    path: str = ""
    """The author's file, relative to the site's folder."""
    digest: str = ""
    """Digest of a figure that a cell made."""
    text: str = ""
    """What the picture shows; empty if nobody said."""


@dataclass(frozen=True, slots=True)
class Page:
    """A post rendered: what the site's pages, lists and feeds need of it, but for its HTML."""

    source: Source
    front_matter: FrontMatter
    slug: str
    body: str
    """Digest of the HTML in the store: that of the post, and that for feeds."""
    title_html: str
    """The title as inline HTML."""
    title_text: str
    """The title as plain text."""
    summary: str
    """Plain text, one or two sentences."""
    summary_html: str
    """The same as inline HTML."""
    headings: tuple[Heading, ...]
    anchors: tuple[Anchor, ...]
    references: tuple[Reference, ...]
    attachments: tuple[Attachment, ...]
    files: tuple[StoredFile, ...]
    """Figures and downloads; paths relative to the page's folder."""
    picture: Picture | None
    maths_characters: str
    """The distinct characters of the page's formulas, sorted; empty without formulas."""
    words: int
    code_lines: int
    figures: int
    environment: Environment | None
    """What the cells were run with; None if there are none that run."""
    card: CardSource = CardSource()
    frozen: dt.date | None = None
    """Day on which the author froze the outputs; None if they are not frozen."""
    warnings: tuple[Problem, ...] = ()
    """What readers would miss, though nothing is wrong: figures without a text alternative."""
    keywords: tuple[str, ...] = ()
    """What it is about: the words that it uses most, most used first."""
    terms: str = ""
    """The terms that search finds it by, a line for each part; empty without search."""
    title_tex: str = ""
    """The title as BibTeX has it: formulas are TeX, signs are escaped."""
    cited: tuple[CitedWork, ...] = ()
    """The works that it cites, in the order of its references."""
    digest: str = ""
    """Digest of all this but the source, once it is kept."""
