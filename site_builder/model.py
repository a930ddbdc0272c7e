"""The nouns: one frozen value for each stage of the pipeline, complete when it is made.

Source -> Post -> ExecutedPost -> Page -> Recipe -> SiteFile
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from site_builder.errors import Problem
from site_builder.files import StoredFile

if TYPE_CHECKING:  # a build that finds nothing to do reads no Markdown
    from markdown_it.token import Token

Kind = Literal["post", "aside", "page"]


@dataclass(frozen=True, slots=True)
class Source:
    """A post or page as read: Markdown, whatever the file's format is."""

    path: str
    """The file, relative to the site's folder, with forward slashes."""
    text: str
    """Markdown with front matter, line ends as `\\n`."""
    lines: tuple[int, ...] = ()
    """For notebooks and scripts: the file's line for each line of `text`; empty for Markdown."""
    marked: bool = False
    """Only marked fences are cells (`{python}`, `{code-cell}`), as in text made from a notebook."""

    @property
    def folder(self) -> str:
        """The folder the file is in, relative to the site's folder: where its cells run."""
        return self.path.rpartition("/")[0]

    def file_line(self, line: int) -> int:
        """The line in the file of line `line` (from 1) of the text."""
        return self.lines[line - 1] if 0 < line <= len(self.lines) else line

    def line_text(self, line: int) -> str:
        """The text of line `line` (from 1), empty beyond the end."""
        lines = self.text.split("\n")
        return lines[line - 1] if 0 < line <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the author says about a post in the YAML block at its top."""

    title: str = ""
    """Title; required but for asides. Inline Markdown and maths are rendered."""
    date: dt.date | None = None
    """Date of publication, `2019-06-02` or with a time; required for posts and asides. A date in
    the future schedules the post: it is built with `--future` only."""
    updated: dt.date | None = None
    """Date of the last change that readers should know of."""
    slug: str = ""
    """Last part of the address; made from the file's name if not given."""
    summary: str = ""
    """One or two sentences for lists, feeds and search engines; else the first paragraph."""
    tags: tuple[str, ...] = ()
    """Tags, each with a page and a feed of its own. `categories` is a synonym."""
    authors: tuple[str, ...] = ()
    """Names of the authors; the site's author if not given. `author` is a synonym."""
    lang: str = ""
    """Language of the post, such as `en` or `pt-BR`; the site's if not given."""
    kind: Kind = "post"
    """`post`, `aside` (a short note, shown whole in lists, without a title) or `page`."""
    series: str = ""
    """Name of the series that the post is a part of, in order of date."""
    aliases: tuple[str, ...] = ()
    """Old addresses, such as `/2019/06/old-name/`, that should lead to this post."""
    draft: bool = False
    """A draft is built with `--drafts` only."""
    toc: bool = True
    """Whether a table of contents is shown when there are three headings or more."""
    macros: Mapping[str, str] = field(default_factory=dict)
    """TeX macros of this post, such as `"\\\\R": "\\\\mathbb{R}"`, over those of the site."""
    seed: int | None = None
    """Seed of `random`, NumPy and Keras for this post; the site's if not given."""
    kernel: str = ""
    """Name of the Jupyter kernel that runs the marked cells; our own runner for Python if empty."""
    timeout: float | None = None
    """Seconds that a cell of this post may take; the site's limit if not given."""


@dataclass(frozen=True, slots=True)
class CellOptions:
    """What an author can say about a cell in `#| key: value` lines at its top."""

    echo: bool = True
    """Show the code."""
    eval: bool = True
    """Run the code."""
    output: bool | Literal["asis"] = True
    """Show the output; `asis` takes what the cell prints as Markdown."""
    include: bool = True
    """Show anything of the cell at all; it runs either way."""
    error: bool = False
    """The cell is meant to raise: show the error instead of failing the build."""
    warning: bool = True
    """Show warnings and all else that is written to standard error."""
    label: str = ""
    """Name for references, such as `fig-loss` for `@fig-loss`."""
    fig_cap: tuple[str, ...] = ()
    """Caption of the figure; a list for several. Inline Markdown and maths are rendered."""
    fig_alt: tuple[str, ...] | None = None
    """What the figure shows, for those who cannot see it; a list for several. An empty text marks
    a decoration."""
    fig_width: float | None = None
    """Width of the figure in inches."""
    fig_height: float | None = None
    """Height of the figure in inches."""
    code_fold: bool = False
    """Fold the code away behind a summary that opens it."""
    tbl_cap: str = ""
    """Caption of the table that the cell shows."""
    timeout: float | None = None
    """Seconds that the cell may take."""
    reads: tuple[str, ...] | None = None
    """Files that the cell reads in ways that cannot be seen (HDF5, databases, programs that it
    starts), as patterns such as `data/*.h5`, relative to the post; `[]` if there are none."""
    volatile: bool = False
    """The output may change from run to run, such as timings; readers are told."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A fence whose code belongs to the post's program."""

    number: int
    """Place among the post's cells, from 1."""
    code: str
    """The code without its option lines; ends with a line end unless empty."""
    line: int
    """Line of the post's text on which `code` begins, from 1."""
    column: int
    """Columns that the code is indented by in the post, as in a list."""
    fence_line: int
    """Line of the post's text on which the fence opens, from 1."""
    language: str
    """`python`, or the language of the post's kernel."""
    options: CellOptions


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of the author's beside a post that the post links to or shows."""

    path: str
    """The file, relative to the site's folder."""
    name: str
    """Its address relative to the post's."""
    width: int = 0
    """Width in CSS pixels, for images."""
    height: int = 0
    """Height in CSS pixels, for images."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post understood: what it says about itself, its one token stream, its cells."""

    source: Source
    front_matter: FrontMatter
    slug: str
    tokens: tuple[Token, ...]
    """markdown-it-py's tokens of the whole text; `token.meta["cell"]` is a cell's number."""
    cells: tuple[Cell, ...]
    attachments: Mapping[str, Attachment]
    """Local files by the address as written in the post."""
    files: tuple[str, ...] = ()
    """Every path, relative to the site's folder, that was looked at to find these, also in vain."""


MimeBundle = Mapping[str, Any]
"""Mime type to data: text for text types, base64 text for images, any JSON for JSON."""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a cell put out, in the order in which it did."""

    kind: Literal["stdout", "stderr", "display", "figure", "error"]
    text: str = ""
    """For streams and errors: the text, as written."""
    data: MimeBundle = field(default_factory=dict)
    """For displays and figures: the mime bundle."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """For figures `width` and `height` in CSS pixels; for errors `name` and `message`."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a post was run with."""

    python: str
    """Version of Python, or name of the kernel."""
    packages: tuple[tuple[str, str], ...]
    """Name and version of the distributions that the post imported itself, by name."""
    seed: int
    """The seed that `random`, NumPy and Keras were given."""


@dataclass(frozen=True, slots=True)
class Execution:
    """What came of running a post's cells."""

    outputs: tuple[tuple[Output, ...], ...]
    """The outputs of each cell, in the order of the post's cells."""
    environment: Environment | None
    """None if the post has no cell that runs."""
    frozen: dt.date | None = None
    """Day on which the author froze the outputs; None if they are not frozen."""


@dataclass(frozen=True, slots=True)
class ExecutedPost:
    """A post and what its cells gave."""

    post: Post
    execution: Execution


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a post, for the table of contents."""

    level: int
    """2 to 6."""
    id: str
    html: str
    """Inline HTML without links."""


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
    frozen: dt.date | None = None
    """Day on which the author froze the outputs; None if they are not frozen."""
    warnings: tuple[Problem, ...] = ()
    """What readers would miss, though nothing is wrong: figures without a text alternative."""
    digest: str = ""
    """Digest of all this but the source, once it is kept."""
