"""The sides of a comparison: what is known of each post there.

In: a built site in a folder or at an address. Out: a Side. Promise: what is read is never executed,
and texts are taken for a cell's only if they hold the very numbers of its record.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from site_builder.errors import Problem, UsageError
from site_builder.evidence.fetch import (
    FetchError,
    MissingError,
    Published,
    is_beside,
    open_published,
)
from site_builder.evidence.numbers import numbers_in
from site_builder.evidence.published import (
    SUFFIX,
    PublishedCell,
    PublishedOutput,
    PublishedRecord,
    RecordError,
    published_bytes,
    read_published,
)
from site_builder.execution.failures import CONTROL
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class Details:
    """What records do not hold, as far as it is known, by the numbers of cells."""

    codes: Mapping[int, str] = field(default_factory=dict)
    texts: Mapping[int, tuple[str | None, ...]] = field(default_factory=dict)
    """The text of each output of a cell; None where it is not known."""


FindDetails = Callable[[PublishedRecord], Details]


@dataclass(frozen=True, slots=True)
class SidePost:
    """What is known of a post on one side: there may be very many, most the same on both."""

    file: str
    """The name of its record; empty if it is in no site."""
    title: str
    given: str
    """Digest of all that its run gave."""
    packed: bytes
    """Its record."""
    find_details: FindDetails

    @property
    def record(self) -> PublishedRecord:
        """Its record, unpacked."""
        return read_published(zlib.decompress(self.packed))


@dataclass(frozen=True, slots=True)
class Side:
    """A built site, the posts at a revision, runs in the store."""

    name: str
    """What it is, for readers."""
    posts: Mapping[str, SidePost]
    """By their files."""
    failed: tuple[Problem, ...] = ()
    """Why nothing is known of other posts."""
    frozen: tuple[str, ...] = ()
    """Posts whose outputs are as they were frozen, whatever this side is made with."""


def side_post(
    record: PublishedRecord, find_details: FindDetails = lambda _: Details(), file: str = ""
) -> SidePost:
    """What is known of a post by its record; `find_details` is asked when more is needed."""
    given = (
        [(cell.number, [output.digest for output in cell.outputs]) for cell in record.cells],
        [(value.code, value.digest) for value in record.values],
        [(claim.sentence, claim.code, claim.holds, claim.parts) for claim in record.claims],
    )
    digest = digest_of(repr(given).encode("utf-8", "surrogatepass"))
    packed = zlib.compress(published_bytes(record), level=1)
    return SidePost(file, record.title, digest, packed, find_details)


def published_side(where: str) -> Side:
    """The side of a built site: its records, in a folder or at an http(s) address.

    Raises UsageError if it cannot be read, or holds no record at all.
    """
    published = open_published(where)
    posts: dict[str, SidePost] = {}
    failed: list[Problem] = []
    try:
        folders = list(dict.fromkeys(published.folders()))
    except FetchError as error:
        message = f"{published.where}: {error}"
        raise UsageError(Problem(message, help=error.help, code="C017")) from None
    with ThreadPoolExecutor(published.at_once) as pool:
        for found in pool.map(lambda folder: list(_posts_in(published, folder)), folders):
            for post in found:
                if isinstance(post, Problem):
                    failed.append(post)
                else:
                    posts[post[0]] = post[1]
    if not posts and not failed:
        message = f"there is no published record in {published.where}"
        help_ = "was it built by a site-builder that writes none? Build it anew"
        raise UsageError(Problem(message, help=help_, code="C018"))
    return Side(published.where, posts, tuple(failed))


def details_of(
    cells: Sequence[PublishedCell],
    codes: Mapping[int, str],
    texts: Mapping[int, Sequence[str]],
) -> Details:
    """Details with the texts that are those of the cells' outputs."""
    known = {
        cell.number: tuple(
            text if _is_of(output, text) else None
            for output, text in zip(cell.outputs, texts[cell.number], strict=True)
        )
        for cell in cells
        if len(texts.get(cell.number, ())) == len(cell.outputs)
    }
    return Details(codes, known)


def _is_of(output: PublishedOutput, text: str) -> bool:
    """Whether a text has the numbers of an output: the first ones, if there are more."""
    numbers = tuple(number.text for number in numbers_in(text))
    kept = output.numbers
    return numbers == kept or (output.more and numbers[: len(kept)] == kept)


def _posts_in(published: Published, folder: str) -> Iterator[tuple[str, SidePost] | Problem]:
    """The posts whose pages are in a folder, which need not have any, and their files."""
    try:
        names = list(_names(published, folder))
    except FetchError as error:
        yield Problem(str(error), folder, code="C017")
        return
    for name in names:
        path = published.beside(folder, name)
        try:
            record = read_published(published.read(path))
        except MissingError:
            continue
        except (FetchError, RecordError) as error:
            yield Problem(str(error), path, code="C017")
            continue
        notebook = name.removesuffix(SUFFIX) + ".ipynb"
        has_one = notebook in record.files and is_beside(notebook)
        path = published.beside(folder, notebook) if has_one else ""
        yield record.post, side_post(record, functools.partial(_details, published, path), name)


def _names(published: Published, folder: str) -> Iterator[str]:
    """The names of the records in a folder: at an address those that its page tells."""
    if not published.remote:
        yield from sorted(p.name for p in Path(published.where, folder).glob(f"*{SUFFIX}"))
        return
    with contextlib.suppress(MissingError):
        page = published.read(published.page(folder)).decode("utf-8", "replace")
        links = re.findall(rf'href=["\']?(?:[^"\'\s>]*/)?([^"\'/\s>]+{re.escape(SUFFIX)})', page)
        names = [name for name in dict.fromkeys(map(unquote, links)) if is_beside(name)]
        # A theme may not show it: then the folder tells its name, if that is the post's.
        yield from names or [folder.rpartition("/")[2] + SUFFIX]


def _details(published: Published, path: str, record: PublishedRecord) -> Details:
    """What the notebook beside a page adds to its record; nothing if that cannot be had."""
    if not path:
        return Details()
    codes: dict[int, str] = {}
    texts: dict[int, tuple[str, ...]] = {}
    try:
        cells = json.loads(published.read(path))["cells"]
        for cell in (cell for cell in cells if cell["cell_type"] == "code"):
            number = int(str(cell["id"]).removeprefix("cell-"))
            codes[number] = "".join(cell["source"])
            texts[number] = tuple(map(_notebook_text, cell["outputs"]))
    except (FetchError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Details()
    return details_of(record.cells, codes, texts)


def _notebook_text(output: Mapping[str, Any]) -> str:
    if output["output_type"] == "stream":
        return CONTROL.sub("", "".join(output["text"]))
    if output["output_type"] == "error":
        return "\n".join(output["traceback"])
    return CONTROL.sub("", "".join(output["data"].get("text/plain", "")))
