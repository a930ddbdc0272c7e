"""The nouns: one frozen value for each stage of the pipeline, complete when it is made.

Source -> Post -> ExecutedPost, and then Page -> Recipe -> SiteFile
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from site_builder.model.cell_options import CellOptions
from site_builder.model.front_matter import FrontMatter

if TYPE_CHECKING:  # a build that finds nothing to do reads no Markdown
    from markdown_it.token import Token

    from site_builder.model.citations import Citations


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
class Raster:
    """What the file of a picture says of its pixels."""

    format: str
    """Such as `jpeg`, whatever the file's name is."""
    width: int
    """In pixels, the right side up."""
    height: int
    size: int
    """In bytes."""
    moves: bool = False
    """Whether it is several pictures."""
    lossless: bool = False


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
    raster: Raster | None = None
    """For images made of pixels that the post shows."""
    linked: bool = False
    """Whether the post links to it: then readers get all of its pixels."""
    removed: tuple[str, ...] = ()
    """What an SVG has that acts, and is left out of what is published."""
    line: int = 0
    """Line of the post's text on which it is named first."""


def _no_citations() -> Citations:
    from site_builder.model.citations import (
        Citations,  # late: a build that finds nothing to do has no posts
    )

    return Citations()


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
    citations: Citations = field(default_factory=_no_citations)
    """The works that the post cites."""

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
