"""The nouns: one frozen value for each stage of the pipeline, complete when it is made.

Source -> Post -> ExecutedPost, and then Page -> Recipe -> SiteFile
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

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
    execute: Literal["auto", "frozen"] = "auto"
    """`frozen` never runs the post: its frozen record is shown, whatever became of the packages."""
    ignore: tuple[str, ...] = ()
    """Codes of warnings that are not told of this post, such as `[I002]`; see `explain --codes`."""


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
    claim: str = ""
    """A sentence that the assertions of the cell prove; shown in place of the code, which folds
    away. Inline Markdown and maths are rendered."""
    tolerance: float | None = None
    """Relative difference that `verify` allows between the numbers of two runs; the precision
    that is displayed if not given."""


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
class Expression:
    """An expression in the prose: of a value that is shown there, or of a claim."""

    number: int
    """Place among the post's expressions, in the order in which they are evaluated, from 1."""
    kind: Literal["value", "claim"]
    code: str
    """A Python expression in one line."""
    after: int
    """Number of the cell after which it is evaluated; 0 for before the first that runs."""
    line: int
    """Line of the post's text on which it stands, from 1."""
    column: int
    """Column of `code`, from 1; 0 if it cannot be told."""
    conversion: str = ""
    """`r`, `s` or `a`, as after the exclamation mark of an f-string."""
    format: str = ""
    """Format specification, as after the colon of an f-string."""
    origin: str = ""
    """The text outside of the token stream that holds it: `title`, `summary`, or a cell's, such
    as `cell 3 fig-cap 1`; empty for the body."""
    index: int = 0
    """Place among the expressions of its origin, from 0."""
    sentence: str = ""
    """For claims: what is claimed, as plain text."""
    volatile: bool = False
    """Its value may change from run to run."""
    tolerance: float | None = None
    """Relative difference that `verify` allows; the precision that is displayed if None."""


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
    expressions: tuple[Expression, ...] = ()
    """In the order in which they are evaluated; `token.meta["expression"]` is one's number."""

    @property
    def runs(self) -> bool:
        """Whether there is anything to run."""
        return bool(self.expressions) or any(cell.options.eval for cell in self.cells)


MimeBundle = Mapping[str, Any]
"""Mime type to data: text for text types, base64 text for images, any JSON for JSON."""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a cell put out, in the order in which it did."""

    kind: Literal["stdout", "stderr", "display", "figure", "error", "assertion"]
    text: str = ""
    """For streams and errors: the text, as written; for assertions of a claim: the expression."""
    data: MimeBundle = field(default_factory=dict)
    """For displays and figures: the mime bundle."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """For figures `width` and `height` in CSS pixels, and `series`, what their axes show; for
    errors `name` and `message`; for assertions `holds`, `parts` (see Value) and `message`."""


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression of the prose gave."""

    text: str = ""
    """As it is shown, in plain text; empty for claims."""
    data: MimeBundle = field(default_factory=dict)
    """Its richer forms, of `text/markdown`, `text/latex` and `text/html`; empty if it has none, or
    a format is given."""
    holds: bool = True
    """For claims: whether it is true."""
    parts: tuple[tuple[str, str], ...] = ()
    """For claims: parts of the expression, as written, and the value that each had."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an execution was made of, and what it observed: the same for the same inputs."""

    keys: tuple[str, ...]
    """Of the cells that ran, in order: each of the settings and all code up to it."""
    interpreter: Mapping[str, str]
    """`python`, `implementation`, `platform`, `machine`, `cpu`."""
    packages: tuple[tuple[str, str], ...]
    """Name and version of every distribution that was imported, by name."""
    inputs: tuple[tuple[str, str], ...]
    """Files of the site that were read, and SHA-256 of each, by name."""
    impure: tuple[tuple[int, str], ...]
    """Number of a cell (0 for before the first), and what it did whose inputs nobody sees."""


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
    values: tuple[Value, ...] = ()
    """Of the post's expressions, in their order; empty if nothing has run."""
    provenance: Provenance | None = None
    """None if nothing has run."""
    pending: tuple[int, ...] = ()
    """Steps that have given nothing yet, in order, in a preview of a post that runs: numbers of
    cells, and minus those of expressions, whose values are `Value()`. Empty in every build."""
    waits: bool = True
    """Whether what is pending is to come; in a preview that runs nothing it never does."""


@dataclass(frozen=True, slots=True)
class ExecutedPost:
    """A post and what its cells gave."""

    post: Post
    execution: Execution
