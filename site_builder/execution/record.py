"""The record of a run: what each cell put out, and everything that the run observed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from site_builder.model.post import Output, Value

Conditions = Mapping[str, str]
"""Everything that a run is given beside its cells, by name."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """What a run saw of a file."""

    kind: Literal["read", "missing", "folder", "listed", "wrote"]
    path: str
    """Relative to the site's folder, or absolute."""
    digest: str
    """SHA-256 of the content, of a folder's sorted names; empty for `missing` and `folder`."""
    cell: int
    """Number of the first cell that saw it, 0 before the first."""


@dataclass(frozen=True, slots=True)
class SeenVariable:
    """An environment variable of this machine that a run read."""

    name: str
    value: str | None
    cell: int


@dataclass(frozen=True, slots=True)
class Impure:
    """Something that a cell or a value did whose inputs nobody sees."""

    what: str
    cell: int
    """Number of the cell, or of the one that the value comes after; 0 before the first."""
    value: int = 0
    """Number of the expression that did it; 0 if a cell did."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What `reads:` of a cell says that it reads."""

    pattern: str
    digest: str
    """Of the names and contents of all files that the pattern names."""
    cell: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that a run observed beside its conditions and cells."""

    interpreter: Mapping[str, str]
    """Python's version, platform, class of processor."""
    packages: Mapping[str, str]
    """Version of each distribution that the run imported from."""
    modules: tuple[str, ...]
    """Top-level names that were imported, or sought in vain."""
    sought: tuple[str, ...]
    """Those that were sought in vain."""
    local: Mapping[str, tuple[str, ...]]
    """For each folder of the site on the path of modules: what in it can be imported under one of
    the names in `modules`."""
    inner: Mapping[str, tuple[str, ...]]
    """For each folder of a local package: everything in it that can be imported."""
    variables: tuple[SeenVariable, ...]
    files: tuple[SeenFile, ...]
    declared: tuple[Declared, ...]
    impure: tuple[Impure, ...]
    root: str
    """The site's folder, where outputs tell it; else empty."""

    def unseen(self) -> tuple[Impure, ...]:
        """What is impure, and no cell says what it reads; for values none can say it."""
        declared = {seen.cell for seen in self.declared}
        return tuple(
            each
            for each in self.impure
            if each.value or not (each.cell in declared or (declared and not each.cell))
        )


@dataclass(frozen=True, slots=True)
class RecordedCell:
    """A cell that ran."""

    key: str
    """Of the conditions and all cells up to this one."""
    code: str
    options: Mapping[str, Any]
    """Those that its outputs depend on."""
    outputs: tuple[Output, ...]
    """As they were put out: lines in them are those within a cell, see `lines.placed`."""


@dataclass(frozen=True, slots=True)
class RecordedValue:
    """An expression of the prose that was evaluated."""

    key: str
    """Of the conditions, all cells and all expressions up to this one."""
    after: int
    """Place of the cell after which it was evaluated, 0 for before the first."""
    code: tuple[str, ...]
    """Its kind, the expression, conversion and format."""
    value: Value
    """As it was given: lines in it are those within a cell, see `lines.placed`."""


@dataclass(frozen=True, slots=True)
class Record:
    """A run that came to its end."""

    post: str
    """The post's file, relative to the site's folder."""
    conditions: Conditions
    cells: tuple[RecordedCell, ...]
    """In the order in which they ran; cells that are only shown are left out."""
    values: tuple[RecordedValue, ...]
    """Of the expressions in the prose, in the order in which they were evaluated."""
    key: str
    """The key of the whole run: that of its last cell or expression."""
    trace: Trace
    python: str
    """What ran it, for readers: Python's version, or the name of a Jupyter kernel."""
    packages: Mapping[str, str]
    """What the post imported itself, for readers: name and version."""
    seed: int
    leftovers: int
    """Processes that the post left running."""
    frozen: dt.date | None = None
    """The day on which the author froze the outputs."""
