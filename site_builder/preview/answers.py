"""What the preview answers, as values.

In: a preview and an address. Out: status, type and bytes; and the news that a page hears of.
Promise: bytes are those that a build writes; a file that cannot be made is answered with why.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import threading
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, unquote, urljoin

from site_builder.codes import WARNINGS
from site_builder.diagnostics.folding import folded
from site_builder.errors import Problem, SiteBuilderError
from site_builder.model.files import Recipe
from site_builder.preview.addresses import INDEX, Place, place_of
from site_builder.preview.board import Preview
from site_builder.preview.pages import client_digest, own_page, shown_in
from site_builder.publishing.media_types import HTML, content_type

MOST = 100  # problems that a page is told of
_KEPT = 64  # pages
_LOST_PAGE = "404.html"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent for an address."""

    status: HTTPStatus
    kind: str
    """Its media type."""
    body: bytes
    path: str = ""
    """The file that it is, below the site's base; empty if there is none."""
    location: str = ""
    """The address to go to instead."""
    digest: str = ""
    """Of a page: changes with its bytes, and with the files that it shows."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """The addresses of those files on the page, with their digests."""
    problems: tuple[Problem, ...] = ()
    """Why there is a page of our own in place of the one that is wanted."""


@dataclass(frozen=True, slots=True)
class _Page:
    body: bytes
    shows: tuple[str, ...]


class Answers:
    """Answers for one site; threads may share them."""

    def __init__(self, base: str, root: Path, editor: str) -> None:
        """`editor` is the template of the addresses that open the editor; empty for none."""
        self.base = base
        self._root = root.absolute()
        self._editor = editor
        self._pages: OrderedDict[str, tuple[str, _Page]] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, preview: Preview, version: int, address: str) -> Answer:
        """Answer a request for the path `address`, percent-encoded as it was sent."""
        place = place_of(preview.files, self.base, address)
        if place.status is HTTPStatus.FOUND:
            return Answer(place.status, HTML, b"", location=place.location)
        if place.status is HTTPStatus.BAD_REQUEST:
            title = "This is no address"
            return self._own(place.status, title, "No page of the site has an address like this.")
        if not version:
            title = "The site is being made"
            text = "Its pages appear here by themselves, as soon as they are there."
            return self._own(HTTPStatus.SERVICE_UNAVAILABLE, title, text)
        if place.status is HTTPStatus.OK:
            return self._file(preview, place, address)
        if _LOST_PAGE in preview.files:
            lost = Place(HTTPStatus.NOT_FOUND, path=_LOST_PAGE)
            return self._file(preview, lost, address)
        return self._own(place.status, "Page not found", "The site has no page at this address.")

    def news(
        self, preview: Preview, version: int, address: str, was: str = ""
    ) -> dict[str, object]:
        """What the page at `address` is told, as JSON can hold it.

        `was` is the file of the post that was there when the page was told of it last.
        """
        answer = self.answer(preview, version, address)
        if answer.location:
            answer = self.answer(preview, version, answer.location)
        source = preview.sources.get(answer.path, "")
        moved = ""
        if was and answer.status is HTTPStatus.NOT_FOUND:
            moved = next((path for path, post in preview.sources.items() if post == was), "")
        all_problems = dict.fromkeys((*answer.problems, *preview.problems))
        posts = set(preview.sources.values()) if all_problems else set()
        problems = []
        for found in all_problems:
            # On a list of posts, or where no page is to blame, every problem is of interest.
            here = not source or found.file == source or found.file not in posts
            problems.append(self.problem(found) | {"here": here or found in answer.problems})
        problems.sort(key=lambda p: (not p["here"], p["warning"], p["file"] != source))
        return {
            "version": version,
            "page": answer.digest,
            "parts": dict(answer.parts),
            "source": source,
            "moved": moved and quote(f"{self.base}{moved.removesuffix(INDEX)}"),
            "problems": problems[:MOST],
            "more": max(0, len(problems) - MOST),
            "running": dict(preview.running),
            "busy": preview.busy,
            "client": client_digest(),
        }

    def problem(self, problem: Problem) -> dict[str, object]:
        """A problem as JSON can hold it, with the address that opens the editor."""
        warning = problem.code in WARNINGS  # a build succeeds all the same
        return dataclasses.asdict(problem) | {
            "notes": folded(problem),
            "warning": warning,
            "link": self._link(problem),
        }

    def _file(self, preview: Preview, place: Place, address: str) -> Answer:
        recipe = preview.files[place.path]
        kind = content_type(place.path)
        try:
            if kind != HTML:
                return Answer(place.status, kind, recipe.make(), place.path)
            page = self._made(recipe)
        except SiteBuilderError as error:
            return self._failed(place, error.problems)
        except Exception as error:  # a mistake of ours must not end the preview
            return self._failed(place, [own_mistake(error)])
        parts = {}
        for shown in page.shows:
            path = unquote(urljoin(address, shown)).removeprefix(self.base)
            if path in preview.files:
                parts[shown] = preview.files[path].made_of[:20]
        seen = [place.status.name, *(text for part in parts.items() for text in part)]
        digest = _digest(page.body, *(text.encode() for text in seen))
        return Answer(place.status, kind, page.body, place.path, "", digest, parts)

    def _made(self, recipe: Recipe) -> _Page:
        """Make a page, or take it if it was made of the same before."""
        with self._lock:  # so that a page that several ask for is made once
            made_of, page = self._pages.pop(recipe.path, ("", None))
            if page is None or made_of != recipe.made_of:
                body = recipe.make()
                page = _Page(body, shown_in(body))
            self._pages[recipe.path] = recipe.made_of, page
            if len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
            return page

    def _failed(self, place: Place, problems: Sequence[Problem]) -> Answer:
        title = "This page cannot be made"
        text = "It comes back by itself as soon as this is mended."
        body = own_page(title, text, self.base, problems)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        return Answer(
            status, HTML, body, place.path, digest=_digest(body), problems=tuple(problems)
        )

    def _own(self, status: HTTPStatus, title: str, text: str) -> Answer:
        body = own_page(title, text, self.base)
        return Answer(status, HTML, body, digest=_digest(body))

    def _link(self, problem: Problem) -> str:
        """The address that opens the editor at a problem; empty for files outside of the site."""
        if not self._editor or not problem.file:
            return ""
        path = self._root / problem.file
        if ".." in path.parts or not path.is_relative_to(self._root):
            return ""
        link = self._editor
        for name, value in {
            "{file}": quote(path.as_posix(), safe="/:"),
            "{line}": str(problem.line or 1),
            "{column}": str(problem.column or 1),
        }.items():
            link = link.replace(name, value)
        # `…//file/{file}` and `…?file={file}` are both usual, and most paths begin with a slash.
        return re.sub(r"(?<=[^:/])//", "/", link)


def own_mistake(error: Exception) -> Problem:
    """What is told of an exception that is a mistake of ours."""
    trace = "".join(traceback.format_exception(error))
    message = f"site-builder itself failed with {type(error).__name__}"
    return Problem(message, notes=(trace,), code="C099")


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:20]
