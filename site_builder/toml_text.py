"""The text of a TOML file: its values, and where each key stands.

In: the text. Out: values and places, or the one mistake that ends the reading, at its place.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from site_builder.errors import Problem, UsageError
from site_builder.schema import Path, Place


def read_toml(text: str, file: str) -> tuple[dict[str, Any], dict[Path, Place]]:
    """Give the values of a TOML text and the places of its keys.

    `file` names it in problems. Raises UsageError if it is not TOML.
    """
    lines = text.split("\n")
    try:
        return tomllib.loads(text), _places(lines)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(_syntax_problem(str(error), lines, file)) from None


def _syntax_problem(message: str, lines: list[str], file: str) -> Problem:
    found = re.search(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", message, re.S)
    if not found:
        return Problem(f"not TOML: {message}", file, code="C002")
    line = int(found[2] or len(lines))
    column = int(found[3] or 0)
    help_ = next((advice for part, advice in _HELP if part in found[1]), "")
    told, excerpt = f"not TOML: {found[1]}", lines[line - 1]
    return Problem(told, file, line, column, 1, excerpt, help_, code="C002")


# What tomllib says -> what to do about it.
_HELP = (
    ("Illegal character '\\n'", "close the quote, or use three quotes for several lines"),
    ("Cannot overwrite", "the key is given twice: delete one"),
    ("Cannot declare", "the table is given twice: put all its keys under one"),
    ("Invalid value", 'a text needs quotes, as in "One"'),
    ("Invalid statement", "a line is a comment, key = value, or [table]"),
    ("Expected '=' after a key", "write key = value"),
    ("at the end of a table", "close the bracket"),
    ("Unclosed array", "close the bracket, with commas between the values"),
    ("Expected newline", 'one setting a line; a quote inside of quotes is written \\"'),
    ("Unescaped '\\'", "write \\\\ for a backslash, or use 'single quotes'"),
)


def _places(lines: list[str]) -> dict[Path, Place]:
    """Where each key stands. Reads keys only; the values are tomllib's."""
    places: dict[Path, Place] = {}
    table: Path = ()
    name = r"""(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
    dotted = rf"{name}(?:\s*\.\s*{name})*"
    for number, line in enumerate(lines, start=1):
        if header := re.match(rf"\s*\[\[?\s*({dotted})\s*\]", line):
            table = _key(header[1])
            places.setdefault(table, Place(number, header.start(1) + 1, len(header[1])))
        elif key := re.match(rf"\s*({dotted})\s*=", line):
            place = Place(number, key.start(1) + 1, len(key[1]))
            places.setdefault((*table, *_key(key[1])), place)
    return places


def _key(dotted: str) -> Path:
    parts = re.findall(r"""[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*'""", dotted)
    return tuple(tomllib.loads(f"{part} = 0").popitem()[0] for part in parts)
