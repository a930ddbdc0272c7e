"""The published record as a document: small, line by line, and never mistaken for another thing."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from site_builder.evidence import published
from site_builder.evidence.published import (
    PublishedCell,
    PublishedClaim,
    PublishedOutput,
    PublishedRecord,
    PublishedValue,
    RecordError,
    published_bytes,
    read_published,
)

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SERIES = {"axes": 1, "kind": "line", "label": "σ", "count": 3, "y": {"first": "1", "last": "2"}}
PLAIN = PublishedOutput("stdout", "d1", "w1", ("71.5", "−3"))
FIGURE = PublishedOutput("figure", "d2", "", (), ("a.svg",), (SERIES,), more=True)
RECORD = PublishedRecord(
    post="posts/a.md",
    title='A "quoted" title, ≤ 1 line',
    source="s",
    python="3.13.0",
    interpreter={"python": "3.13.0", "cpu": "avx2"},
    packages={"numpy": "2.4.6", "keras": "3.15.1"},
    seed=7,
    inputs={"posts/b.csv": "b", "posts/a.csv": "a"},
    cells=(
        PublishedCell(1, 12, "k1", (PLAIN, FIGURE)),
        PublishedCell(3, 20, "k3", (), volatile=True, tolerance=0.05, impure=("the network",)),
    ),
    values=(PublishedValue(1, 15, 1, "acc:.1%", "71.5%", "v1", tolerance=0.0),),
    claims=(PublishedClaim(2, 1, 16, "It is so", "x > 1", True, (("x", "2"), ("y", "")), True),),
    files={"a.ipynb": "n", "a.svg": "f"},
    shown={"cell-1": "c", "body": "3 a b"},
    frozen=dt.date(2020, 5, 17),
)
FIRST = dataclasses.replace(RECORD, cells=(), values=(), claims=(), inputs={}, frozen=None)


@pytest.mark.parametrize("record", [RECORD, FIRST], ids=["full", "empty"])
def test_a_record_comes_back_as_it_was(record: PublishedRecord) -> None:
    assert read_published(published_bytes(record)) == record


def test_the_same_record_has_the_same_bytes_whatever_the_order_of_its_mappings() -> None:
    turned: dict[str, Any] = {
        name: dict(reversed(list(getattr(RECORD, name).items())))
        for name in ("interpreter", "packages", "inputs", "files", "shown")
    }
    other = dataclasses.replace(RECORD, **turned)
    assert list(other.files) != list(RECORD.files)
    assert published_bytes(other) == published_bytes(RECORD)


def test_a_number_that_moves_changes_one_line() -> None:
    outputs = (dataclasses.replace(PLAIN, numbers=("71.6", "−3")), FIGURE)
    cells = (dataclasses.replace(RECORD.cells[0], outputs=outputs), *RECORD.cells[1:])
    old = published_bytes(RECORD).splitlines()
    new = published_bytes(dataclasses.replace(RECORD, cells=cells)).splitlines()
    assert len(old) == len(new)
    (changed,) = [line for line, other in zip(new, old, strict=True) if line != other]
    assert b'"71.6"' in changed


def test_every_output_value_claim_package_and_input_has_a_line() -> None:
    lines = [line.strip() for line in published_bytes(RECORD).decode().splitlines()]
    for start in ('{"kind": "stdout"', '{"kind": "figure"', '{"number": 1, "line": 15'):
        assert sum(line.startswith(start) for line in lines) == 1
    for line in ('"keras": "3.15.1",', '"posts/a.csv": "a",', '"a.ipynb": "n",'):
        assert line in lines


def test_what_says_nothing_is_left_out() -> None:
    written = json.loads(published_bytes(RECORD))
    assert list(written["cells"][0]) == ["number", "line", "key", "outputs"]
    assert list(written["cells"][0]["outputs"][0]) == ["kind", "digest", "words", "numbers"]
    assert "frozen" not in json.loads(published_bytes(FIRST))


def test_a_text_that_no_encoding_has_comes_back_too() -> None:
    record = dataclasses.replace(RECORD, title="half \ud83d of a pair")
    assert read_published(published_bytes(record)) == record


def test_fields_of_later_times_are_passed_over() -> None:
    document = json.loads(published_bytes(RECORD)) | {"weather": "fine"}
    assert read_published(json.dumps(document).encode()) == RECORD


Change = Callable[[dict[str, Any]], Any]
DAMAGED: dict[str, tuple[Change, str]] = {
    "a newer version": (
        lambda d: d.update(version=3),
        "it is of version 3; this site-builder knows 1: install a newer one",
    ),
    "no version": (lambda d: d.pop("version"), 'its "version" is no number'),
    "a version that is none": (lambda d: d.update(version=True), 'its "version" is no number'),
    "another format": (
        lambda d: d.update(format="notebook"),
        'this is JSON, but not a record: it has no "format": "site-builder record"',
    ),
    "a field is gone": (lambda d: d.pop("seed"), "it is damaged: seed is missing"),
    "a field of an output is gone": (
        lambda d: d["cells"][0]["outputs"][1].pop("digest"),
        "it is damaged: cells[0].outputs[1].digest is missing",
    ),
    "a text for a number": (
        lambda d: d["cells"][1].update(line="12"),
        "it is damaged: cells[1].line is not a whole number",
    ),
    "a number for a text": (
        lambda d: d["packages"].update(numpy=2),
        "it is damaged: packages['numpy'] is not a text",
    ),
    "a truth for a number": (
        lambda d: d.update(seed=True),
        "it is damaged: seed is not a whole number",
    ),
    "a number for a truth": (
        lambda d: d["claims"][0].update(holds=1),
        "it is damaged: claims[0].holds is not true or false",
    ),
    "a list for an object": (
        lambda d: d.update(files=[]),
        "it is damaged: files is not an object",
    ),
    "a part that is no pair": (
        lambda d: d["claims"][0]["parts"].append(["x"]),
        "it is damaged: claims[0].parts[2] has 1 entries, not 2",
    ),
    "no day": (lambda d: d.update(frozen="soon"), "it is damaged: frozen is no date"),
    "a tolerance that is none": (
        lambda d: d["values"][0].update(tolerance="5 %"),
        "it is damaged: values[0].tolerance is not a number",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_record_is_told_with_the_place(name: str) -> None:
    change, message = DAMAGED[name]
    document = json.loads(published_bytes(RECORD))
    change(document)
    with pytest.raises(RecordError) as error:
        read_published(json.dumps(document).encode())
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (published_bytes(RECORD)[:-300], "it is cut short: its end is missing"),
        (b"", "it is empty"),
        (b"\n<!doctype html><p>Not found", "it is HTML, not a record"),
        (b'{"format": \xff}', "it is damaged: it is no JSON"),
        (b"[" * 100_000, "it is damaged: it is no JSON"),
        (b"[]", 'this is JSON, but not a record: it has no "format": "site-builder record"'),
    ],
    ids=["truncated", "empty", "HTML", "no UTF-8", "nested", "a list"],
)
def test_what_is_no_record_says_what_it_is(content: bytes, message: str) -> None:
    with pytest.raises(RecordError) as error:
        read_published(content)
    assert str(error.value) == message


def test_a_record_cut_anywhere_is_never_read() -> None:
    content = published_bytes(RECORD).rstrip()
    for length in range(0, len(content), 7):
        with pytest.raises(RecordError):
            read_published(content[:length])


@pytest.mark.parametrize(
    ("header", "cls"),
    [
        ("record", PublishedRecord),
        ("cell", PublishedCell),
        ("output", PublishedOutput),
        ("value", PublishedValue),
        ("claim", PublishedClaim),
    ],
)
def test_the_readme_names_every_field(header: str, cls: type) -> None:
    article = "an" if header == "output" else "the" if header == "record" else "a"
    start = README.index(f"| field of {article} {header} | what it says |\n")
    rows = README[start:].partition("\n\n")[0].splitlines()[2:]
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    assert sorted(named) == sorted(field.name for field in dataclasses.fields(cls))
    assert f"`{published.NAME}` and `version` {published.FORMAT}." in README
