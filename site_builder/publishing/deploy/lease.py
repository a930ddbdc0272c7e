"""Leases: only one deploy at a time has a target.

In: a session and a clock. Out: a lease that is held and renewed, or who holds it. Promise: a lease
that its holder lost by a crash does not block for long, and one that was lost is noticed before
the deploy ends.

A lease is a small file at the target, which anybody may read: it names no one.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass

from site_builder.errors import ContentError, Problem
from site_builder.publishing.deploy.retries import Clock, TargetError
from site_builder.publishing.deploy.target import Session

LASTS = 600.0
"""Seconds from the last sign of life."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lease."""

    deploy: str
    """A random name."""
    machine: str
    """Digest of the machine's name."""
    process: int
    since: float
    """Seconds since 1970, as is `until`."""
    until: float


class Lease:
    """The lease of a target, held until `drop`."""

    def __init__(self, session: Session, clock: Clock, held: bytes, since: float) -> None:
        self._session = session
        self._clock = clock
        self._held = held
        self._since = since

    def renew(self, *, always: bool = False) -> None:
        """Make it last, if a third of its time is over; raises TargetError if it was lost."""
        now = self._clock.now()
        if not always and now < _read(self._held, now).until - LASTS * 2 / 3:
            return
        held = _bytes(Holder(_read(self._held, now).deploy, *_here(), self._since, now + LASTS))
        if not self._session.take(held, self._held):
            message = f"another deploy took {self._session.shown} over in the meantime"
            help_ = "see what it put there, then deploy again"
            raise TargetError(Problem(message, help=help_, code="D022"))
        self._held = held

    def drop(self) -> None:
        """Let go of it."""
        self._session.drop(self._held)


def take_lease(session: Session, clock: Clock, *, break_lease: bool) -> Lease:
    """Take the lease of a target, which `break_lease` takes from whoever has it.

    Raises ContentError if another deploy has it.
    """
    now = clock.now()
    there = session.lease()
    if there is not None and not break_lease and _holds(holder := _read(there, now), now):
        raise _held(session.shown, holder.since, holder.until)
    mine = _bytes(Holder(secrets.token_hex(8), *_here(), now, now + LASTS))
    if not session.take(mine, there):
        raise _held(session.shown, now, now + LASTS)
    return Lease(session, clock, mine, now)


def _held(shown: str, since: float, until: float) -> ContentError:
    began, ends = (time.strftime("%H:%M", time.localtime(moment)) for moment in (since, until))
    message = f"another deploy to {shown} is going on since {began}"
    help_ = f"wait until it has ended, or {ends} if it crashed; if it did, add --break-lease"
    return ContentError(Problem(message, help=help_, code="D022"))


def _holds(holder: Holder, now: float) -> bool:
    """Whether a lease is in force: its time is not over, and its process may live."""
    if not now < holder.until <= now + 2 * LASTS:  # a wrong clock does not block for ever
        return False
    machine, _ = _here()
    return holder.machine != machine or _is_alive(holder.process)


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":
        return True  # there is no asking without a risk for the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _here() -> tuple[str, int]:
    name = hashlib.sha256(f"site-builder {socket.gethostname()}".encode()).hexdigest()[:16]
    return name, os.getpid()


def _bytes(holder: Holder) -> bytes:
    data = {name: getattr(holder, name) for name in Holder.__slots__}
    return (json.dumps(data) + "\n").encode()


def _read(content: bytes, now: float) -> Holder:
    """The holder of a lease; one that cannot be read may be in force."""
    try:
        data = json.loads(content)
        since, until = (min(max(0.0, float(data[name])), _LATEST) for name in ("since", "until"))
        return Holder(str(data["deploy"]), str(data["machine"]), int(data["process"]), since, until)
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return Holder("", "", 0, now, now + LASTS)


_LATEST = 4e9  # seconds since 1970 that every calendar knows
