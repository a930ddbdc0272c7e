"""What can be shown of a live post at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from site_builder.errors import Problem
from site_builder.model.post import Execution


@dataclass(frozen=True, slots=True)
class Shown:
    """What can be shown of a post now, and how far it is."""

    execution: Execution | None
    """Partial where `execution.pending` says so; None if there is nothing to show."""
    problems: tuple[Problem, ...] = ()
    """Why the post did not come to its end, or which claims are false."""
    warnings: tuple[Problem, ...] = ()
    record: str = ""
    """Digest of the record in the store, once it is proven."""
    running: int = 0
    """Number of the cell that runs now, minus that of an expression; 0 if none does."""
    reused: bool = False
    """Whether all of it is proven from the store, so that nothing ran."""
    seconds: float = 0.0
    """How long the cells took that ran for it."""
    ran: tuple[int, ...] = ()
    """Numbers of the cells that ran since the save; those taken from a state are not in it."""
