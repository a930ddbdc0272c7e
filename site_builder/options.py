"""What a build is asked for, and what it says that it did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from site_builder.errors import Problem
from site_builder.inputs import Inputs
from site_builder.publishing.write import WriteReport
from site_builder.settings.site import Site

if TYPE_CHECKING:  # a build in which nothing runs needs no executor
    from site_builder.execution.running import Executor, OnProgress


@dataclass(frozen=True, slots=True)
class Options:
    """What a build is asked for."""

    output: Path
    """Folder of the built site, absolute."""
    jobs: int
    """How many posts run, or are rendered, at once."""
    drafts: bool = False
    future: bool = False
    """Whether posts with a date in the future are built."""
    fork: bool = True
    """Whether posts may run in forks of one process."""
    frozen: bool = False
    """Whether no post may run."""
    only: tuple[str, ...] = ()
    """Patterns of the files of posts that are built anew, if any; others stay as they were."""
    allow_false_claims: bool = False
    """Whether a claim that is false is marked on its page instead of failing the build."""
    strict: bool = False
    """Whether a warning fails the build."""
    cache: Path | None = None
    """Folder of what is kept between builds; None to begin and to end with nothing."""

    @property
    def kinds(self) -> str:
        """What is built beside what all may see, in words that can be compared."""
        allowed = ", false claims" if self.allow_false_claims else ""
        return f"drafts {self.drafts}, future {self.future}{allowed}"


@dataclass(frozen=True, slots=True)
class Order:
    """A build to be done."""

    site: Site
    options: Options
    today: dt.date
    inputs: Inputs
    on_progress: OnProgress
    on_wait: Callable[[], None]
    """Called if another build of the same folder has to end first."""
    executor: Executor | None = None
    """One that has begun to import for the posts of this build."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did."""

    posts: int
    hidden: tuple[str, ...]
    """Files of posts that were left out: drafts, scheduled ones, and those never built."""
    executed: int
    """How many posts ran."""
    reused: int
    """How many posts with cells did not have to run."""
    seconds_executing: float
    pages: int
    """HTML pages of the site."""
    written: WriteReport
    warnings: tuple[Problem, ...]
    cache_trouble: str = ""
    """Why something could not be kept for the next build; empty if all was."""
