"""Asking: whether there is something at an address, without reading it.

In: an http(s) address. Out: an Answer. Promise: no host is waited for without end, nothing of what
is there is kept, and no redirect leads from the internet into a private network.
"""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Any, Literal
from urllib.parse import quote, urljoin, urlsplit

from site_builder import __version__
from site_builder.evidence.web import is_private

Kind = Literal["there", "moved", "gone", "refused", "astray", "unreachable"]
_AGENT = f"Mozilla/5.0 (compatible; site-builder/{__version__}; check of links)"
_REDIRECTS = (301, 302, 303, 307, 308)
_PERMANENT = (301, 308)
_LATER = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking."""

    kind: Kind
    """`moved` is there, and for good at another address; `refused` says that the host does not
    tell programs; `astray` that its redirects lead nowhere; `unreachable` that nobody answers."""
    why: str = ""
    """In words."""
    to: str = ""
    """Where it has moved to."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much."""

    wait: float = 10.0
    """Seconds without any answer."""
    seconds: float = 60.0
    """Seconds that an address may take, with all its redirects and retries."""
    redirects: int = 10
    retries: int = 2
    """How often it is asked for again if nobody answers, or the answer is `try later`."""
    pause: float = 0.5
    """Seconds between two questions to a host; before retries, longer each time."""
    longest_pause: float = 15.0
    """Seconds that a host may ask us to wait."""
    hosts: int = 8
    """Hosts that are asked at once."""
    patience: int = 3
    """After so many addresses in a row that a host did not answer for, it is asked no more."""


class _AgainError(Exception):
    """Nobody answers, or not now; the next try might succeed."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


def ask(address: str, limits: Limits, sleep: Callable[[float], None] = time.sleep) -> Answer:
    """Ask what is at an address, again if it seems worth it."""
    for retry in range(limits.retries + 1):
        try:
            return _follow(address, limits)
        except _AgainError as error:
            if retry == limits.retries:
                return Answer("unreachable", str(error))
            pause = max(error.after, limits.pause * 2**retry)
            if pause > limits.longest_pause:
                return Answer("refused", f"{error}; asks for {pause:.0f} s of patience")
            sleep(pause)
    raise AssertionError


def _follow(address: str, limits: Limits) -> Answer:
    seen, moved = [address], address
    permanent = True
    public = not is_private(urlsplit(address).hostname or "")
    while True:
        status, headers = _status(seen[-1], limits)
        if status not in _REDIRECTS:
            return _answer(status, headers, moved if moved != address else "")
        target = urljoin(seen[-1], _quoted(headers.get("Location", "")))
        parts = urlsplit(target)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return Answer("astray", f"it redirects to {target!r}, which is no http(s) address")
        if public and is_private(parts.hostname):
            return Answer("astray", f"it redirects into a private network, to {parts.netloc}")
        if target in seen:
            return Answer("astray", "its redirects lead in a circle")
        if len(seen) > limits.redirects:
            return Answer("astray", f"there are more than {limits.redirects} redirects")
        seen.append(target)
        permanent = permanent and status in _PERMANENT
        moved = target if permanent else moved


def _answer(status: int, headers: Message, moved: str) -> Answer:
    if 200 <= status < 300 or status == http.HTTPStatus.NOT_MODIFIED:
        return Answer("moved", "it has moved for good", moved) if moved else Answer("there")
    if status in (404, 410):
        return Answer("gone", f"it is not there ({status})")
    if status in _LATER or status >= 500:
        after = headers.get("Retry-After", "")
        seconds = float(after) if after.isascii() and after.isdecimal() else 0.0
        raise _AgainError(f"the host answers with an error ({status})", seconds)
    return Answer("refused", f"the host does not tell programs ({status})")


def _status(address: str, limits: Limits) -> tuple[int, Message]:
    """The status and the headers at an address; of GET where HEAD is not understood."""
    status, headers = _open(address, "HEAD", limits)
    if status >= 400 and status not in _LATER:
        status, headers = _open(address, "GET", limits)
    return status, headers


def _open(address: str, method: str, limits: Limits) -> tuple[int, Message]:
    headers = {"User-Agent": _AGENT, "Accept": "*/*"}
    try:
        request = urllib.request.Request(address, headers=headers, method=method)
        # Whatever the answer holds is not read: the connection is closed.
        with _opener().open(request, timeout=limits.wait) as answer:
            return answer.status, answer.headers
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _AgainError(_words(error, urlsplit(address).netloc, limits)) from None


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    """What opens addresses: no handler for other kinds of them, and none follows redirects."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ):
        opener.add_handler(handler)
    return opener


def _words(error: Exception, host: str, limits: Limits) -> str:
    reason: Any = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the certificate of {host} is not valid: {reason.verify_message}"
    if isinstance(reason, socket.gaierror):
        return f"there is no host {host}"
    if isinstance(reason, TimeoutError):
        return f"{host} does not answer within {limits.wait:g} s"
    if isinstance(reason, ConnectionRefusedError):
        return f"nobody answers at {host}"
    return f"{host} cannot be reached: {getattr(reason, 'strerror', None) or reason}"


def _quoted(address: str) -> str:
    """An address in ASCII, as hosts ought to send it."""
    return quote(address, safe="/~!$&'()*+,;=:@?#[]%")
