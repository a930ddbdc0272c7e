"""HTTP: one file at an address, within limits.

In: an http(s) address. Out: where it was found in the end, and its bytes. Promise: no answer is
waited for without end, or kept beyond its limit; redirects are few, stay on the host but for the
home page, and never lead from the internet into a private network or to another kind of address.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import SplitResult, urljoin, urlsplit

from site_builder import __version__

_CHUNK = 65_536  # bytes
_AGENT = f"site-builder/{__version__} (verify)"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much."""

    size: int = 50_000_000
    """Bytes of a file."""
    wait: float = 10.0
    """Seconds without any answer."""
    seconds: float = 120.0
    """Seconds that a file may take."""
    redirects: int = 5
    retries: int = 2
    """How often a file is asked for again if nobody answers, or the answer is `try later`."""
    pause: float = 0.5
    """Seconds before the first retry; twice as many before each one after."""
    patience: int = 10
    """After so many files in a row that the host did not answer for, it is asked for no more."""


class FetchError(Exception):
    """A file that cannot be had; its text says why, in a sentence."""

    def __init__(self, message: str, help_: str = "", *, again: bool = False) -> None:
        """`again` says that the next try might succeed."""
        super().__init__(message)
        self.help = help_
        self.again = again


class MissingError(FetchError):
    """There is no such file."""


class Web:
    """What fetches files; threads may share one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._unanswered = 0
        # No handler of ours opens file: or ftp: addresses, and none follows redirects by itself.
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=ssl.create_default_context()),
        ):
            self._opener.add_handler(handler)

    def get(self, address: str, *, moving: bool = False) -> tuple[str, bytes]:
        """The address where a file is in the end, and its content.

        With `moving` it may be on another host. Raises FetchError.
        """
        limits = self._limits
        if self._unanswered >= limits.patience:
            raise FetchError(f"{urlsplit(address).netloc} has stopped answering")
        for retry in range(limits.retries + 1):
            try:
                found = self._follow(address, moving)
            except FetchError as error:
                if error.again and retry < limits.retries:
                    time.sleep(limits.pause * 2**retry)
                    continue
                self._unanswered = self._unanswered + 1 if error.again else 0
                raise
            self._unanswered = 0
            return found
        raise AssertionError

    def _follow(self, address: str, moving: bool) -> tuple[str, bytes]:
        seen = [address]
        deadline = time.monotonic() + self._limits.seconds
        while True:
            found = self._ask(seen[-1], deadline)
            if isinstance(found, bytes):
                return seen[-1], found
            target = urljoin(seen[-1], found)
            _check_redirect(urlsplit(address), urlsplit(target), moving)
            if target in seen:
                raise FetchError("its redirects lead in a circle")
            seen.append(target)
            if len(seen) > self._limits.redirects + 1:
                raise FetchError(f"there are more than {self._limits.redirects} redirects")

    def _ask(self, address: str, deadline: float) -> bytes | str:
        """The content at an address, or the address that it redirects to."""
        headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
        request = urllib.request.Request(address, headers=headers)
        try:
            with self._opener.open(request, timeout=self._limits.wait) as answer:
                status = answer.status
                if status in (301, 302, 303, 307, 308):
                    return str(answer.headers.get("Location", ""))
                if status != http.HTTPStatus.OK:
                    raise _refused(status)
                content = self._read(answer, deadline)
                if answer.headers.get("Content-Encoding", "").lower() in ("gzip", "x-gzip"):
                    content = self._unpacked(content)
                return content
        except FetchError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failure(error, urlsplit(address)) from None

    def _read(self, answer: IO[bytes], deadline: float) -> bytes:
        parts, size = [], 0
        # By what has come: a slow host must not hide behind a large part.
        while part := answer.read1(_CHUNK):  # type: ignore[attr-defined]
            parts.append(part)
            size += len(part)
            if size > self._limits.size:
                raise self._too_large()
            if time.monotonic() > deadline:
                raise FetchError(f"it takes longer than {self._limits.seconds:g} s")
        length = getattr(answer, "length", None)
        if length:
            raise FetchError("the connection was cut off", again=True)
        return b"".join(parts)

    def _unpacked(self, content: bytes) -> bytes:
        """What some hosts pack though nobody asked for it."""
        try:
            packed = zlib.decompressobj(31)
            unpacked = packed.decompress(content, self._limits.size + 1)
        except zlib.error:
            raise FetchError("it is packed in a way that cannot be read") from None
        if len(unpacked) > self._limits.size:
            raise self._too_large()
        if not packed.eof:
            raise FetchError("what it is packed in is cut short")
        return unpacked

    def _too_large(self) -> FetchError:
        return FetchError(f"it is larger than {self._limits.size / 1e6:g} MB")

    def _failure(self, error: Exception, address: SplitResult) -> FetchError:
        """What stands in the way of an answer, in words."""
        reason: Any = error.reason if isinstance(error, urllib.error.URLError) else error
        host = address.netloc
        if isinstance(reason, ssl.SSLCertVerificationError):
            return FetchError(f"the certificate of {host} is not valid: {reason.verify_message}")
        if isinstance(reason, ssl.SSLError):
            message = f"{host} does not speak TLS as it should: {reason.reason or reason}"
            return FetchError(message, "is it an http:// address?")
        if isinstance(reason, socket.gaierror):
            return FetchError(f"there is no host {address.hostname}", "check the spelling")
        if isinstance(reason, TimeoutError):
            return FetchError(f"{host} does not answer within {self._limits.wait:g} s", again=True)
        if isinstance(reason, ConnectionRefusedError):
            return FetchError(f"nobody answers at {host}", "is the server running?", again=True)
        if isinstance(reason, http.client.IncompleteRead):
            return FetchError("the connection was cut off", again=True)
        if isinstance(reason, OSError | http.client.RemoteDisconnected):
            why = getattr(reason, "strerror", None) or reason
            return FetchError(f"{host} cannot be reached: {why}", again=True)
        return FetchError(f"{host} does not answer as a web server should: {reason!r}")


def _refused(status: int) -> FetchError:
    if status in (404, 410):
        return MissingError(f"it is not there ({status})")
    if status in (401, 403):
        return FetchError(f"the host does not give it to us ({status})")
    later = status in (408, 425, 429) or status >= 500
    return FetchError(f"the host answers with an error ({status})", again=later)


def _check_redirect(first: SplitResult, target: SplitResult, moving: bool) -> None:
    """Raise FetchError if an address must not lead to `target`."""
    try:
        port = target.port
    except ValueError:
        port = None
    if target.scheme not in ("http", "https") or not target.hostname:
        raise FetchError(f"it redirects to {target.geturl()!r}, which is no http(s) address")
    if first.scheme == "https" and target.scheme == "http":
        raise FetchError(f"it redirects from https to {target.geturl()}")
    if target.hostname == first.hostname and (port == first.port or {port, first.port} <= _WEB):
        return
    if not moving:
        raise FetchError(f"it redirects to another host, {target.netloc}")
    if is_private(target.hostname) and not is_private(first.hostname or ""):
        raise FetchError(f"it redirects into a private network, to {target.netloc}")


_WEB = {None, 80, 443}


def is_private(host: str) -> bool:
    """Whether a host is this machine, or in a network that is not the internet."""
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        return False  # as behind a proxy, which looks names up by itself
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return any(not address.is_global for address in addresses)
