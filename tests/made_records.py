"""Published records for tests, made by hand: a cell is the text that it printed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from site_builder.checking.diffing.sides import Side, SidePost, side_post
from site_builder.evidence.numbers import numbers_in, words_of
from site_builder.evidence.published import (
    PublishedCell,
    PublishedClaim,
    PublishedOutput,
    PublishedRecord,
    PublishedValue,
)
from site_builder.store import digest_of


def printed(text: str, kind: str = "stdout") -> PublishedOutput:
    numbers = tuple(number.text for number in numbers_in(text))
    digest = digest_of(text.encode())
    return PublishedOutput(kind, digest, digest_of(words_of(text).encode()), numbers)


def figure(*series: dict[str, Any], look: str = "") -> PublishedOutput:
    return PublishedOutput("figure", digest_of(f"{series}{look}".encode()), "", (), (), series)


def cell(number: int, *outputs: str | PublishedOutput, **more: Any) -> PublishedCell:
    shown = tuple(printed(each) if isinstance(each, str) else each for each in outputs)
    return PublishedCell(number, 10 * number, more.pop("key", f"key {number}"), shown, **more)


def value(number: int, code: str, text: str, **more: Any) -> PublishedValue:
    return PublishedValue(number, 100 + number, 1, code, text, digest_of(text.encode()), **more)


def claim(sentence: str, code: str, holds: bool, **parts: str) -> PublishedClaim:
    return PublishedClaim(1, 1, 55, sentence, code, holds, tuple(parts.items()))


def record(*cells: PublishedCell, post: str = "posts/a.md", **more: Any) -> PublishedRecord:
    plain = PublishedRecord(
        post=post,
        title="A",
        source="",
        python="3.11.7",
        interpreter={},
        packages={},
        seed=0,
        inputs={},
        cells=cells,
        values=(),
        claims=(),
        files={},
        shown={},
    )
    return dataclasses.replace(plain, **more)


def side(*records: PublishedRecord | SidePost, name: str = "side", **more: Any) -> Side:
    posts = [side_post(each) if isinstance(each, PublishedRecord) else each for each in records]
    return Side(name, {post.record.post: post for post in posts}, **more)


def texts(*cells: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """What each cell put out, by its number."""
    return {number: tuple(each) for number, each in enumerate(cells, start=1)}
