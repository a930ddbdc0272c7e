"""Fetch: the files of a built site, in a folder or at an address.

In: a folder, or the http(s) address of a home page. Out: a Published that reads files by their
paths. Promise: what is read is bounded in size and time, comes from the place that was named or
where its home page moved to, and is never executed; what goes wrong is a FetchError in words.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from site_builder.errors import Problem, UsageError
from site_builder.evidence.published import SUFFIX
from site_builder.evidence.web import FetchError, Limits, MissingError, Web

__all__ = [
    "FetchError",
    "Limits",
    "MissingError",
    "Published",
    "is_beside",
    "open_published",
]

SITEMAP = "sitemap.xml"
INDEX = "index.html"
_SAFE = "/~!$'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Published:
    """A built site that somebody can read."""

    where: str
    """The folder or address, for readers."""
    read: Callable[[str], bytes]
    """The content of a file by its path below the home page, not percent-encoded. Raises
    MissingError if there is none, FetchError if it cannot be had. Threads may call it."""
    folders: Callable[[], Iterator[str]]
    """The folders of pages, as far as the site itself tells them: of every record in a folder, of
    every page in the site map of an address. Raises FetchError."""
    remote: bool
    """Whether it is at an address."""

    @property
    def at_once(self) -> int:
        """How many files may be read at once."""
        return 8 if self.remote else 2

    def beside(self, folder: str, name: str) -> str:
        """The path of a file beside the page of a folder."""
        return f"{folder}/{name}".removeprefix("/")

    def page(self, folder: str) -> str:
        """The path of the page of a folder: hosts know which file that is."""
        return self.beside(folder, "" if self.remote else INDEX)


def open_published(where: str, limits: Limits | None = None) -> Published:
    """Look at a folder, or an address that begins with `http://` or `https://`.

    Raises UsageError if there is no such folder or nobody answers at the address.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", where) and not _is_drive(where):
        return _at_address(where, limits or Limits())
    folder = Path(where)
    if not folder.is_dir():
        help_ = "give the folder of a built site, or the https:// address of its home page"
        message = f"there is no folder {where}"
        raise UsageError(Problem(message, help=help_, code="C017"))
    return _in_folder(folder, limits or Limits())


def is_beside(name: str) -> bool:
    """Whether a name in a record, which anybody may have written, is of a file by its page."""
    parts = name.split("/")
    return not (re.search(r"[\\:?#\x00-\x1f]", name) or {"", ".", ".."}.intersection(parts))


def _is_drive(where: str) -> bool:
    return os.name == "nt" and len(where.partition(":")[0]) == 1


def _in_folder(folder: Path, limits: Limits) -> Published:
    def read(path: str) -> bytes:
        try:
            if not (folder / path).is_file():  # nor a pipe, at which one would wait for ever
                raise MissingError(f"there is no {path}")
            with (folder / path).open("rb") as file:
                content = file.read(limits.size + 1)
        except FileNotFoundError:
            raise MissingError(f"there is no {path}") from None
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise FetchError(f"{path} cannot be read: {why}") from None
        if len(content) > limits.size:
            raise FetchError(f"{path} is larger than {limits.size / 1e6:g} MB")
        return content

    def folders() -> Iterator[str]:
        for place, below, names in os.walk(folder):
            below.sort()
            for _ in filter(lambda name: name.endswith(SUFFIX), names):
                yield Path(place).relative_to(folder).as_posix().removeprefix(".")

    return Published(folder.as_posix(), read, folders, remote=False)


def _at_address(where: str, limits: Limits) -> Published:
    home = _home(where)
    web = Web(limits)
    try:
        # Moved home pages, as from http to https, are moved for all other files, too.
        address, _ = web.get(home, moving=True)
    except FetchError as error:
        raise UsageError(Problem(f"{home}: {error}", help=error.help, code="C017")) from None
    base = address.rpartition("/")[0] + "/"

    def read(path: str) -> bytes:
        try:
            return web.get(base + quote(path, safe=_SAFE))[1]
        except MissingError:
            raise MissingError(f"there is no {path}") from None
        except FetchError as error:
            raise type(error)(f"{path}: {error}", error.help) from None

    def folders() -> Iterator[str]:
        """Where the site map says that pages are, wherever the site was when it was built."""
        text = read(SITEMAP).decode("utf-8", "replace")
        told = [unquote(urlsplit(x).path) for x in re.findall(r"<loc>\s*([^<\s]+)\s*</loc>", text)]
        start = min(told, key=len, default="")  # that of the home page
        for path in told:
            if path.endswith("/") and path != start:
                yield path[len(start) :].strip("/")

    return Published(base, read, folders, remote=True)


def _home(where: str) -> str:
    """The address of a home page, with a slash at its end. Raises UsageError."""
    help_ = "give the folder of a built site, or the https:// address of its home page"
    try:
        address = urlsplit(where)
        _ = address.port  # raises ValueError if it is no number
    except ValueError:
        message = f"this is no address: {where}"
        raise UsageError(Problem(message, help=help_, code="C017")) from None
    if address.scheme.lower() not in ("http", "https") or not address.hostname:
        message = f"only http(s) addresses can be read, not {where}"
        raise UsageError(Problem(message, help=help_, code="C017"))
    if address.username is not None or re.search(r"[\s\\<>\"\x00-\x20\x7f]", where):
        message = f"this is no address of a home page: {where}"
        raise UsageError(Problem(message, help=help_, code="C017"))
    path = address.path.removesuffix("index.html").rstrip("/")
    return f"{address.scheme.lower()}://{address.netloc}{path}/"
