"""What fails at a target, and trying again.

In: a request. Out: its result, or its last failure. Promise: what will not pass is not tried again,
and waiting is left to a clock that is given, so that tests need no time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from site_builder.errors import Problem, SiteBuilderError

T = TypeVar("T")


class TargetError(SiteBuilderError):
    """The target cannot be reached, refuses or breaks off: the site is not at fault.

    What was done until then is consistent, and the same command goes on from there.
    """

    def __init__(self, problem: Problem, *, passing: bool = False) -> None:
        super().__init__(problem)
        self.passing = passing
        """Whether the same request may succeed in a moment: `Retries` tries again then."""


@dataclass(frozen=True, slots=True)
class FailureKind:
    """What targets of a kind say when they fail in one way, in our words."""

    code: str
    message: str
    """With fields such as `{shown}`, which the target fills in."""
    help: str
    passing: bool = False
    """Whether it may pass in a moment."""


class Clock(Protocol):
    """Time and chance, so that tests need neither."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def random(self) -> float:
        """A number from 0 to 1."""


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 to 1."""
        return random.random()


@dataclass(frozen=True, slots=True)
class Retries:
    """Tries again what fails for a moment, ever later: exponential backoff with full jitter."""

    clock: Clock = field(default_factory=SystemClock)
    attempts: int = 5
    first: float = 0.5
    """Seconds before the second try, at most."""
    longest: float = 20.0
    """Seconds before any try, at most."""

    def __call__(self, request: Callable[[], T]) -> T:
        """What the request gives in the end; raises its last TargetError."""
        for attempt in range(self.attempts - 1):
            try:
                return request()
            except TargetError as error:
                if not error.passing:
                    raise
                wait = min(self.longest, self.first * 2**attempt)
                self.clock.sleep(wait * self.clock.random())
        return request()
