"""The document of a record.

In: a record, or a document with its blobs. Out: the other. Promise: the same record gives the same
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
from typing import Any, Literal, cast

from site_builder.execution.record import (
    Declared,
    Impure,
    Record,
    RecordedCell,
    RecordedValue,
    SeenFile,
    SeenVariable,
    Trace,
)
from site_builder.model.post import Output, Value

FORMAT = 2  # another one for whatever an older version of this program would misread
LONG = 2_000  # characters from which on a text is a blob

PutBlob = Callable[[bytes, str], str]
"""Keeps bytes of a mime type; gives their SHA-256."""
GetBlob = Callable[[str, str], bytes | None]
"""The bytes of a SHA-256 and a mime type."""


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
        "key": record.key,
        "cells": [_cell_document(cell, put) for cell in record.cells],
        "values": [_value_document(value, put) for value in record.values],
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
            values=tuple(_value(value, get) for value in document["values"]),
            key=document["key"],
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


def _value_document(recorded: RecordedValue, put: PutBlob) -> dict[str, Any]:
    value = recorded.value
    document: dict[str, Any] = {
        "key": recorded.key,
        "after": recorded.after,
        "code": list(recorded.code),
        "text": _text_document(value.text, "text/plain", put),
    }
    if value.data:
        document["data"] = _data_document(value.data, put)
    if recorded.code[0] == "claim":
        document |= {"holds": value.holds, "parts": [list(part) for part in value.parts]}
    return document


def _value(document: Mapping[str, Any], get: GetBlob) -> RecordedValue:
    value = Value(
        text=_text(document["text"], "text/plain", get),
        data={m: _data(each, m, get) for m, each in document.get("data", {}).items()},
        holds=document.get("holds", True),
        parts=tuple((source, shown) for source, shown in document.get("parts", ())),
    )
    return RecordedValue(document["key"], document["after"], tuple(document["code"]), value)


def _output_document(output: Output, put: PutBlob) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": output.kind}
    if output.text:
        document["text"] = _text_document(output.text, "text/plain", put)
    if output.data:
        document["data"] = _data_document(output.data, put)
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


def _data_document(data: Mapping[str, Any], put: PutBlob) -> dict[str, Any]:
    return {
        mime: _text_document(value, mime, put) if isinstance(value, str) else {"json": value}
        for mime, value in data.items()
    }


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
        "impure": [[i.what, i.cell, i.value] for i in trace.impure],
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
