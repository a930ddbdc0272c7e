"""Tampering: what is published is held against its own record; nothing runs for that.

In: a published site and the folder of a page. Out: what was read of it, and a finding for each file
and each piece of the page that is not what the record says. Promise: only files beside the page are
read, whatever the record names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape

from site_builder.checking.verifying.verification import Finding, claim_name, value_name
from site_builder.evidence.fetch import FetchError, MissingError, Published, is_beside
from site_builder.evidence.numbers import numbers_in, words_of
from site_builder.evidence.pieces import BODY, altered_pieces, pieces
from site_builder.evidence.published import SUFFIX, PublishedRecord, RecordError, read_published
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of a page and beside it."""

    record: PublishedRecord | None
    """None if there is none that can be read."""
    why: str = ""
    """Why there is none."""
    missing: bool = False
    """Whether there is no record at all."""
    pieces: Mapping[str, str] = field(default_factory=dict)
    """What the page shows."""
    findings: tuple[Finding, ...] = ()
    """What was tampered with, and what could not be had."""


def read_record(published: Published, folder: str, slug: str) -> Seen:
    """Read the record of a page. Threads may call it."""
    path = published.beside(folder, slug + SUFFIX)
    try:
        return Seen(read_published(published.read(path)))
    except MissingError:
        page = _has_page(published, folder)
        why = "its page has no record" if page else "it is not published"
        return Seen(None, why, missing=True)
    except FetchError as error:
        return Seen(None, str(error))
    except RecordError as error:
        return Seen(None, f"its record cannot be read: {error}")


def look_at(published: Published, folder: str, record: PublishedRecord) -> Seen:
    """Hold a page and the files beside it against their record. Threads may call it."""
    findings: list[Finding] = []
    shown: Mapping[str, str] = {}
    try:
        html = published.read(published.page(folder)).decode("utf-8", "replace")
    except FetchError as error:
        findings.append(_unread("the page", error))
    else:
        shown = pieces(html)
        findings += [_piece(name, record) for name in _told(altered_pieces(record.shown, shown))]
        findings += _title(record, html)
    for name, digest in record.files.items():
        findings += _file(published, folder, name, digest)
    return Seen(record, pieces=shown, findings=tuple(findings))


_ALTERED = "the page shows it otherwise than its record says"


def _has_page(published: Published, folder: str) -> bool:
    try:
        published.read(published.page(folder))
    except FetchError:
        return False
    return True


def _told(altered: tuple[str, ...]) -> tuple[str, ...]:
    """The text is altered wherever a piece of it is: of that nobody need be told."""
    return tuple(name for name in altered if name != BODY) or altered


def _piece(name: str, record: PublishedRecord) -> Finding:
    """The finding of a piece that the page shows otherwise."""
    found = Finding("tampered", repr(name), why=_ALTERED)
    for cell in record.cells:
        if name == f"cell-{cell.number}":
            what = f"the output of cell {cell.number}"
            return replace(found, what=what, line=cell.line, cell=cell.number)
    for value in record.values:
        if name == f"value-{value.number}":
            return replace(found, what=value_name(value), line=value.line, cell=value.after)
    for claim in record.claims:
        if name == f"claim-{claim.expression}":
            return replace(found, what=claim_name(claim), line=claim.line, cell=claim.cell)
    return replace(found, what="the text of the page") if name == BODY else found


def _title(record: PublishedRecord, html: str) -> Iterator[Finding]:
    """The heading of the page, which themes write: if it is the title, then with its numbers."""
    for heading in _HEADING.findall(html):
        text = " ".join(unescape(re.sub(r"<[^<>]*>", "", heading)).split())
        title = " ".join(record.title.split())
        numbers = [[number.text for number in numbers_in(each)] for each in (text, title)]
        if numbers[0] != numbers[1] and words_of(text) == words_of(title):
            yield Finding("tampered", "the title", why=_ALTERED, old=title, new=text)


# No heading begins in another: looked for to the end of the page, many would take hours.
_HEADING = re.compile(r"<h1\b[^<>]*>((?:(?!<h1\b).)*?)</h1>", re.DOTALL | re.IGNORECASE)


def _file(published: Published, folder: str, name: str, digest: str) -> Iterator[Finding]:
    what = f"the file {name}"
    if not is_beside(name):
        why = "the record names a file that is not beside its page"
        yield Finding("tampered", f"the file {name!r}", why=why)
        return
    try:
        content = published.read(published.beside(folder, name))
    except MissingError:
        yield Finding("tampered", what, why="the record names it, but it is not there")
    except FetchError as error:
        yield _unread(what, error)
    else:
        if digest_of(content) != digest:
            yield Finding("tampered", what, why="it is not the file that its record names")


def _unread(what: str, error: FetchError) -> Finding:
    return Finding("not checkable", what, why=str(error))
