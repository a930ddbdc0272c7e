"""What an author can say about a cell.

In: nothing. Out: the noun that options are read into, one field for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
    code_line_numbers: bool | str | tuple[str, ...] = False
    """Number the lines of the code; lines such as `3,5-7` are marked besides."""
    filename: str = ""
    """Name of a file, shown above the code."""
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
