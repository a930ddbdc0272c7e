"""The record of a run: what each cell put out, and everything that the run observed.

In: values, or a document with its blobs. Out: the other. Promise: the same record gives the same
bytes; what is damaged, foreign or of another format reads as None, never as something else.

A record is one JSON document, a value to a line, so that it can be diffed and merged; long texts
and pictures are blobs beside it, named by their SHA-256.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from site_builder.model import Output

FORMAT = 1
LONG = 2_000  # characters from which on a text is a blob

Conditions = Mapping[str, str]
"""Everything that a run is given beside its cells, by name."""
PutBlob = Callable[[bytes, str], str]
"""Keeps bytes of a mime type; gives their SHA-256."""
GetBlob = Callable[[str, str], bytes | None]
"""The bytes of a SHA-256 and a mime type."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """What a run saw of a file."""

    kind: Literal["read", "missing", "folder", "listed", "wrote"]
    path: str
    """Relative to the site's folder, or absolute."""
    digest: str
    """SHA-256 of the content, of a folder's sorted names; empty for `missing` and `folder`."""
    cell: int
    """Number of the first cell that saw it, 0 before the first."""


@dataclass(frozen=True, slots=True)
class SeenVariable:
    """An environment variable of this machine that a run read."""

    name: str
    value: str | None
    cell: int


@dataclass(frozen=True, slots=True)
class Impure:
    """Something that a cell did whose inputs nobody sees."""

    what: str
    cell: int


@dataclass(frozen=True, slots=True)
class Declared:
    """What `reads:` of a cell says that it reads."""

    pattern: str
    digest: str
    """Of the names and contents of all files that the pattern names."""
    cell: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that a run observed beside its conditions and cells."""

    interpreter: Mapping[str, str]
    """Python's version, platform, class of processor."""
    packages: Mapping[str, str]
    """Version of each distribution that the run imported from."""
    modules: tuple[str, ...]
    """Top-level names that were imported, or sought in vain."""
    sought: tuple[str, ...]
    """Those that were sought in vain."""
    local: Mapping[str, tuple[str, ...]]
    """For each folder of the site on the path of modules: what in it can be imported under one of
    the names in `modules`."""
    inner: Mapping[str, tuple[str, ...]]
    """For each folder of a local package: everything in it that can be imported."""
    variables: tuple[SeenVariable, ...]
    files: tuple[SeenFile, ...]
    declared: tuple[Declared, ...]
    impure: tuple[Impure, ...]
    root: str
    """The site's folder, where outputs tell it; else empty."""


@dataclass(frozen=True, slots=True)
class RecordedCell:
    """A cell that ran."""

    key: str
    """Of the conditions and all cells up to this one."""
    code: str
    options: Mapping[str, Any]
    """Those that its outputs depend on."""
    outputs: tuple[Output, ...]
    """As they were put out: lines in them are those within a cell, see `lines.placed`."""


@dataclass(frozen=True, slots=True)
class Record:
    """A run that came to its end."""

    post: str
    """The post's file, relative to the site's folder."""
    conditions: Conditions
    cells: tuple[RecordedCell, ...]
    """In the order in which they ran; cells that are only shown are left out."""
    trace: Trace
    python: str
    """What ran it, for readers: Python's version, or the name of a Jupyter kernel."""
    packages: Mapping[str, str]
    """What the post imported itself, for readers: name and version."""
    seed: int
    leftovers: int
    """Processes that the post left running."""
    frozen: dt.date | None = None
    """The day on which the author froze the outputs."""

    @property
    def key(self) -> str:
        """The key of the whole run: that of its last cell."""
        return self.cells[-1].key


def record_bytes(record: Record, put: PutBlob) -> bytes:
    """The document of a record; its blobs go to `put`."""
    document = {
        "format": FORMAT,
        "post": record.post,
        **({"frozen": record.frozen.isoformat()} if record.frozen else {}),
        "python": record.python,
        "packages": dict(sorted(record.packages.items())),
        "seed": record.seed,
        "leftovers": record.leftovers,
        "conditions": dict(sorted(record.conditions.items())),
        "cells": [_cell_document(cell, put) for cell in record.cells],
        "trace": _trace_document(record.trace),
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def read_record(content: bytes, get: GetBlob) -> Record | None:
    """The record of a document, None if that or one of its blobs is not what it should be."""
    try:
        document = json.loads(content)
        if document["format"] != FORMAT:
            return None
        return Record(
            post=document["post"],
            conditions=document["conditions"],
            cells=tuple(_cell(cell, get) for cell in document["cells"]),
            trace=_trace(document["trace"]),
            python=document["python"],
            packages=document["packages"],
            seed=document["seed"],
            leftovers=document["leftovers"],
            frozen=dt.date.fromisoformat(document["frozen"]) if "frozen" in document else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError, LookupError):
        return None


def _cell_document(cell: RecordedCell, put: PutBlob) -> dict[str, Any]:
    return {
        "key": cell.key,
        "code": _lines_of(cell.code),
        "options": dict(cell.options),
        "outputs": [_output_document(output, put) for output in cell.outputs],
    }


def _cell(document: Mapping[str, Any], get: GetBlob) -> RecordedCell:
    return RecordedCell(
        key=document["key"],
        code="".join(document["code"]),
        options=document["options"],
        outputs=tuple(_output(output, get) for output in document["outputs"]),
    )


def _output_document(output: Output, put: PutBlob) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": output.kind}
    if output.text:
        document["text"] = _text_document(output.text, "text/plain", put)
    if output.data:
        document["data"] = {
            mime: _text_document(value, mime, put) if isinstance(value, str) else {"json": value}
            for mime, value in output.data.items()
        }
    if output.metadata:
        document["metadata"] = dict(output.metadata)
    return document


def _output(document: Mapping[str, Any], get: GetBlob) -> Output:
    data = document.get("data", {})
    return Output(
        kind=document["kind"],
        text=_text(document.get("text", []), "text/plain", get),
        data={mime: _data(value, mime, get) for mime, value in data.items()},
        metadata=document.get("metadata", {}),
    )


def _data(document: Any, mime: str, get: GetBlob) -> Any:
    if isinstance(document, dict) and "json" in document:
        return document["json"]
    return _text(document, mime, get)


def _text_document(text: str, mime: str, put: PutBlob) -> list[str] | dict[str, str]:
    if len(text) < LONG:
        return _lines_of(text)
    binary = _decoded(text) if mime.startswith("image/") else None
    if binary is not None:
        return {"base64": put(binary, mime)}
    return {"blob": put(text.encode("utf-8", "surrogatepass"), mime)}


def _text(document: list[str] | dict[str, str], mime: str, get: GetBlob) -> str:
    if isinstance(document, list):
        return "".join(document)
    kind, digest = next(iter(document.items()))
    content = get(digest, mime)
    if content is None:
        raise LookupError(digest)
    if kind == "base64":
        return base64.b64encode(content).decode("ascii")
    return content.decode("utf-8", "surrogatepass")


def _decoded(text: str) -> bytes | None:
    """What base64 stands for, if the text is the one way to write it."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.b64encode(content).decode("ascii") == text else None


def _lines_of(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")[:-1]] + list(filter(None, [_rest(text)]))


def _rest(text: str) -> str:
    return text.rpartition("\n")[2]


def _trace_document(trace: Trace) -> dict[str, Any]:
    return {
        "interpreter": dict(trace.interpreter),
        "packages": dict(sorted(trace.packages.items())),
        "modules": " ".join(trace.modules),
        "sought": " ".join(trace.sought),
        "local": {folder: list(names) for folder, names in trace.local.items()},
        "inner": {folder: list(names) for folder, names in trace.inner.items()},
        "variables": [[v.name, v.value, v.cell] for v in trace.variables],
        "files": [f"{f.cell} {f.kind} {f.digest or '-'} {f.path}" for f in trace.files],
        "declared": [[d.pattern, d.digest, d.cell] for d in trace.declared],
        "impure": [[i.what, i.cell] for i in trace.impure],
        "root": trace.root,
    }


def _trace(document: Mapping[str, Any]) -> Trace:
    return Trace(
        interpreter=document["interpreter"],
        packages=document["packages"],
        modules=tuple(document["modules"].split()),
        sought=tuple(document["sought"].split()),
        local={folder: tuple(names) for folder, names in document["local"].items()},
        inner={folder: tuple(names) for folder, names in document["inner"].items()},
        variables=tuple(SeenVariable(*each) for each in document["variables"]),
        files=tuple(_seen_file(each) for each in document["files"]),
        declared=tuple(Declared(*each) for each in document["declared"]),
        impure=tuple(Impure(*each) for each in document["impure"]),
        root=document["root"],
    )


_KINDS = ("read", "missing", "folder", "listed", "wrote")


def _seen_file(text: str) -> SeenFile:
    cell, kind, digest, path = text.split(" ", 3)
    if kind not in _KINDS:
        raise ValueError(kind)
    known = cast(Literal["read", "missing", "folder", "listed", "wrote"], kind)
    return SeenFile(known, path, digest.strip("-"), int(cell))
