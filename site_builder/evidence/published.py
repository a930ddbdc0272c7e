"""The published record of a post: what its page claims, for anybody to hold against a new run.

In: values. Out: a JSON document, small, a fact to a line, and back. Promise: the same record gives
the same bytes; a document that is damaged or newer than this program raises RecordError.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from site_builder.evidence.typed_json import MisfitError, read_typed

FORMAT = 1
NAME = "site-builder record"
SUFFIX = ".record.json"
"""How the file beside a page ends, whose name is the post's slug."""


class RecordError(Exception):
    """A document that is no published record; its text says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class PublishedOutput:
    """One thing that a cell put out."""

    kind: str
    """`stdout`, `stderr`, `display`, `figure` or `error`."""
    digest: str
    """SHA-256 of all of it."""
    words: str
    """SHA-256 of its text with a mark in the place of each number; empty if it has no text."""
    numbers: tuple[str, ...]
    """The numbers in its text, as displayed."""
    files: tuple[str, ...] = ()
    """Files beside the page that show it."""
    series: tuple[Mapping[str, Any], ...] = ()
    """For figures: what their axes show, as the process of the post told it."""
    more: bool = False
    """Whether its text has more numbers than are kept here."""


@dataclass(frozen=True, slots=True)
class PublishedCell:
    """A cell that ran."""

    number: int
    line: int
    """Line of the post's file on which its code begins, when it was published."""
    key: str
    """Of the settings and all code up to it; the same key is the same program."""
    outputs: tuple[PublishedOutput, ...]
    volatile: bool = False
    tolerance: float | None = None
    impure: tuple[str, ...] = ()
    """What it did whose inputs nobody sees."""


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """A value in the prose."""

    number: int
    """The expression's number in the post."""
    line: int
    after: int
    """Number of the cell after which it was evaluated."""
    code: str
    """As written, with its format, such as `acc:.1%`."""
    text: str
    """As displayed."""
    digest: str
    """SHA-256 of the text and the richer forms."""
    volatile: bool = False
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class PublishedClaim:
    """A sentence that was checked."""

    expression: int
    """The expression's number in the post; 0 for the claim of a cell."""
    cell: int
    """Number of the cell whose claim it is, or after which it was checked."""
    line: int
    sentence: str
    """As plain text, with `{acc:.1%}` in the place of a value."""
    code: str
    """The expression, or that of the cell's assertion."""
    holds: bool
    parts: tuple[tuple[str, str], ...]
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class PublishedRecord:
    """What a page claims, and what it was made with."""

    post: str
    """The post's file, relative to the site's folder."""
    title: str
    source: str
    """SHA-256 of the post's text."""
    python: str
    interpreter: Mapping[str, str]
    packages: Mapping[str, str]
    """Every distribution that was imported, and its version."""
    seed: int
    inputs: Mapping[str, str]
    """Files of the site that were read, and SHA-256 of each."""
    cells: tuple[PublishedCell, ...]
    values: tuple[PublishedValue, ...]
    claims: tuple[PublishedClaim, ...]
    files: Mapping[str, str]
    """Files beside the page, and SHA-256 of each: figures, notebook, script."""
    shown: Mapping[str, str]
    """What the page shows, by the name of the piece (`cell-3`, `value-1`, `body`): digests, see
    `evidence.pieces`."""
    frozen: dt.date | None = None
    """The day on which the author froze the outputs."""


def published_bytes(record: PublishedRecord) -> bytes:
    """The JSON document of a record: an output, value, claim, file to a line."""
    head: dict[str, object] = {"format": NAME, "version": FORMAT}
    blocks: dict[str, list[str]] = {}
    for name, value in _fields(record).items():
        if isinstance(value, Mapping):
            blocks[name] = [f"{_json(key)}: {_json(value[key])}" for key in sorted(value)]
        elif isinstance(value, tuple):
            blocks[name] = [_line(each) for each in value]
        else:
            head[name] = value
    lines = [f" {_json(name)}: {_json(value)}" for name, value in head.items()]
    for name, entries in blocks.items():
        opening, closing = "[]" if name in _LISTS else "{}"
        inner = ",".join(f"\n  {entry}" for entry in entries) + "\n " if entries else ""
        lines.append(f" {_json(name)}: {opening}{inner}{closing}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    # What no encoding has, such as half of a surrogate pair, JSON can still name.
    return _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def read_published(content: bytes) -> PublishedRecord:
    """The record of a document; raises RecordError for anything else, and for a newer one."""
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RecordError(_no_json(content)) from None
    if not isinstance(document, dict) or document.get("format") != NAME:
        raise RecordError(f'this is JSON, but not a record: it has no "format": "{NAME}"')
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RecordError('its "version" is no number')
    if version > FORMAT:
        known = f"this site-builder knows {FORMAT}: install a newer one"
        raise RecordError(f"it is of version {version}; {known}")
    try:
        return read_typed(PublishedRecord, document)
    except MisfitError as error:
        raise RecordError(f"it is damaged: {error}") from None


_LISTS = ("cells", "values", "claims")
_LONE = re.compile("[\ud800-\udfff]")


def _fields(value: Any) -> dict[str, Any]:
    """Its fields, without those that hold what they hold if nothing is said."""
    return {
        field.name: shown
        for field in fields(value)
        if (shown := getattr(value, field.name)) != field.default
    }


def _line(value: Any) -> str:
    """An entry of a list; the outputs of a cell are lines of their own."""
    if not isinstance(value, PublishedCell):
        return _json(_fields(value))
    rest = _json({name: each for name, each in _fields(value).items() if name != "outputs"})
    outputs = ",".join(f"\n   {_line(output)}" for output in value.outputs)
    end = "\n  " if outputs else ""
    return f'{rest[:-1]}, "outputs": [{outputs}{end}]}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _no_number(name: str) -> float:
    raise ValueError(f"{name}, which Python reads, is not in JSON")


def _no_json(content: bytes) -> str:
    start = content.lstrip()[:1]
    if start == b"<":
        return "it is HTML, not a record"
    if not content.strip():
        return "it is empty"
    if start == b"{" and not content.rstrip().endswith(b"}"):
        return "it is cut short: its end is missing"
    return "it is damaged: it is no JSON"
