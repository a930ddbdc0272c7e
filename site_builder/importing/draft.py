"""What is made of a file that is imported, before it is a post.

In: facts. Out: values that the parts of the import hand on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from site_builder.errors import Problem
from site_builder.model.post import Output


@dataclass(frozen=True, slots=True)
class StoredCell:
    """A cell whose outputs were saved with it."""

    code: str
    """Without its options and blank lines around it."""
    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A post to be."""

    front_matter: str
    """YAML as it stood between the `---` lines; empty if there was none."""
    title: str
    """Title for a post whose front matter has none."""
    body: str
    """Markdown."""
    kernel: str = ""
    """Name of the Jupyter kernel that runs its cells; empty for Python."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Contents of files that go beside the post, by their names."""
    stored: tuple[StoredCell, ...] = ()
    """Cells that were saved with their outputs, in order."""
    remarks: tuple[Problem, ...] = ()
    """What was left out or changed."""


def remark(path: str, message: str, help_: str = "", line: int = 0) -> Problem:
    """Something that the author should know of an import."""
    return Problem(message, path, line, help=help_, code="N010")
