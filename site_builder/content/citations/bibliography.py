"""A `.bib` file: its entries with their fields, and what is wrong with it.

In: the text of a file. Out: a Bibliography, in which what could be read is, and every fault of the
file with its place. Promise: nothing that is wrong with one entry hides another.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from site_builder.errors import nearest

if TYPE_CHECKING:
    from bibtexparser.model import Block


@dataclass(frozen=True, slots=True)
class BibFault:
    """Something that is wrong with the file."""

    line: int
    """From 1."""
    message: str
    help: str = ""
    word: str = ""
    """What is at fault on that line; the whole line if empty."""
    name: str = ""
    """The field that it stands in, as it is written."""
    code: str = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class BibField:
    """The value of a field, joined of its parts and without what encloses these."""

    value: str
    line: int
    """Of its name, from 1."""
    name: str
    """As it is written."""


@dataclass(frozen=True, slots=True)
class BibEntry:
    """An entry as it is written."""

    key: str
    kind: str
    """In lower case."""
    fields: Mapping[str, BibField]
    """By their names in lower case."""
    line: int


@dataclass(frozen=True, slots=True)
class Bibliography:
    """A file as read."""

    lines: tuple[str, ...]
    entries: Mapping[str, BibEntry]
    """By their keys, in the order of the file."""
    faults: tuple[BibFault, ...]
    broken: frozenset[str] = frozenset()
    """Keys of entries that are there and cannot be read."""


@functools.lru_cache(maxsize=8)
def read_bibliography(text: str) -> Bibliography:
    """Read the text of a `.bib` file, whose line ends are `\\n`. The same text is read once."""
    # Late, as all posts but those that cite do without it.
    from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Entry, String
    from bibtexparser.model import ParsingFailedBlock as Failed

    faults: list[BibFault] = []
    strings = dict(_NUMBERS)
    entries: dict[str, BibEntry] = {}
    broken: set[str] = set()
    for block in _blocks(text):
        line = (block.start_line or 0) + 1
        if isinstance(block, DuplicateBlockKeyBlock):
            again = block.ignore_error_block
            what = "entries" if isinstance(again, Entry) else "texts"
            first = (block.previous_block.start_line or 0) + 1
            faults.append(_again(what, block.key, line, first))
        elif isinstance(block, DuplicateFieldKeyBlock):
            entry = block.ignore_error_block
            assert isinstance(entry, Entry)
            faults += _twice(entry)
            _add(entries, _entry(entry, strings, faults), faults)
        elif isinstance(block, Failed):
            broken.update(_KEY.findall(block.raw or ""))
            faults.append(_failure(text, block, line))
        elif isinstance(block, String):
            at = BibField(str(block.value), line, block.key)
            strings[block.key.lower()] = _joined(at, strings, faults)
        elif isinstance(block, Entry):
            _add(entries, _entry(block, strings, faults), faults)
    found = sorted(faults, key=lambda fault: fault.line)
    return Bibliography(tuple(text.split("\n")), entries, tuple(found), frozenset(broken))


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = {name: str(number) for number, name in enumerate(MONTHS, 1)}


_KEY = re.compile(r"\A@\s*\w+\s*[{(]\s*([^\s,{}]+)\s*,")


def _again(what: str, key: str, line: int, first: int) -> BibFault:
    help_ = f"the other is in line {first}: rename one, or delete it"
    return BibFault(line, f"there are two {what} {key!r}", help_, key, code="B003")


def _blocks(text: str) -> Sequence[Block]:
    import logging

    from bibtexparser.splitter import Splitter

    # What it would log is told as faults.
    logging.getLogger("bibtexparser.splitter").setLevel(logging.CRITICAL + 1)
    blocks: Sequence[Block] = Splitter(text).split().blocks
    return blocks


def _entry(entry: Any, strings: Mapping[str, str], faults: list[BibFault]) -> BibEntry:
    fields: dict[str, BibField] = {}
    for each in entry.fields:
        name = each.key.lower()
        line = each.start_line + 1
        if not re.fullmatch(r"[A-Za-z][\w:+./*-]*", each.key):
            word = each.key.split("\n")[0].strip()
            message = f"{word!r} is not the name of a field"
            help_ = "is a comma, a quotation mark or a brace missing above it?"
            faults.append(BibFault(line, message, help_, each.key.split()[-1], code="B002"))
            continue
        written = BibField(str(each.value), line, each.key)
        value = _joined(written, strings, faults)
        fields.setdefault(name, BibField(value, line, each.key))
    return BibEntry(entry.key, entry.entry_type, fields, (entry.start_line or 0) + 1)


def _add(entries: dict[str, BibEntry], entry: BibEntry, faults: list[BibFault]) -> None:
    if not entry.key or re.search(r"[\s{}\"]", entry.key):
        shown = " ".join(entry.key.split())
        message = f"an entry cannot have the key {shown!r}" if shown else "the entry has no key"
        help_ = f"such as @{entry.kind}{{marcus2018, …}}"
        faults.append(BibFault(entry.line, message, help_, f"@{entry.kind}", code="B002"))
    elif entry.key in entries:
        faults.append(_again("entries", entry.key, entry.line, entries[entry.key].line))
    else:
        entries[entry.key] = entry


_PART = re.compile(r"[^\s{}\",#=]+")


def _joined(written: BibField, strings: Mapping[str, str], faults: list[BibFault]) -> str:
    """The value of a field: texts in braces or quotation marks, numbers and names, joined by #."""
    parts: list[str] = []
    rest, expected = written.value.strip(), True
    while rest:
        if rest[0] == "#" and not expected:
            expected, rest = True, rest[1:].lstrip()
            continue
        end = _end_of_text(rest) if rest[0] in '{"' else 0
        named = _PART.match(rest)
        if not expected or (not end and not named):
            line = written.line + written.value[: written.value.rindex(rest)].count("\n")
            message = f"the value of {written.name!r} goes on after its end"
            help_ = "is a comma missing, or a brace or quotation mark too much?"
            faults.append(BibFault(line, message, help_, rest.split("\n")[0].strip(), code="B002"))
            break
        if end:
            parts.append(rest[1 : end - 1])
        elif named:
            end = named.end()
            parts.append(_named(named[0], written, strings, faults))
        expected, rest = False, rest[end:].lstrip()
    if not written.value.strip():
        message = f"the field {written.name!r} has no value"
        help_ = "write it in braces, or delete the field"
        faults.append(BibFault(written.line, message, help_, written.name, code="B002"))
    return "".join(parts)


def _named(word: str, written: BibField, strings: Mapping[str, str], faults: list[BibFault]) -> str:
    """A number, or the text that a name stands for."""
    if re.fullmatch(r"\d+", word):
        return word
    known = strings.get(word.lower())
    if known is None:
        own = [name for name in strings if name not in _NUMBERS]
        message = f"there is no @string {word!r}"
        help_ = f"write {{{word}}} for these words"
        near = nearest(word.lower(), own or _NUMBERS)
        help_ = f"{near} Or {help_}" if near.startswith("did") else help_
        faults.append(BibFault(written.line, message, help_, word, code="B006"))
        return word
    return known


def _end_of_text(value: str) -> int:
    """The place behind a text in braces or quotation marks, with which `value` begins; or 0."""
    quoted, depth = value[0] == '"', 0
    for found in re.finditer(r"(?<!\\)[{}]|\"", value):
        if found[0] == '"':
            if quoted and not depth and found.start():
                return found.end()
            continue
        depth += 1 if found[0] == "{" else -1
        if not depth and not quoted:
            return found.end()
    return 0


def _twice(entry: Any) -> Iterator[BibFault]:
    first: dict[str, int] = {}
    for each in entry.fields:
        line = each.start_line + 1
        if each.key in first:
            message = f"the entry {entry.key!r} has the field {each.key!r} twice"
            help_ = f"the other is in line {first[each.key]}: delete one"
            yield BibFault(line, message, help_, each.key, code="B003")
        first.setdefault(each.key, line)


def _failure(text: str, block: Any, line: int) -> BibFault:
    """Why a block cannot be read."""
    reason, end = block.error.abort_reason, block.error.end_index
    head = re.match(r"@\s*\w*", text.split("\n")[line - 1].lstrip())
    word = head[0] if head else ""
    if "end of file" in reason or "block start" in reason or "found `@" in reason:
        first = f"{text}\n".split("\n", line - 1)[-1]
        own = first[: len(block.raw)]
        below, name = _unclosed(own)
        if name:
            message = f"the field {name!r} is never closed"
            help_ = "add a brace or a quotation mark"
            return BibFault(line + below, message, help_, name, code="B002")
        return BibFault(line, "this entry is never closed", "add a '}' below it", word, code="B002")
    at = text.count("\n", 0, max(0, end - 1)) + 1  # the parser counts a line end at the start
    if "comma after entry key" in reason:
        help_ = f"such as {word}{{marcus2018, title = {{…}} }}"
        return BibFault(line, "the entry has no key", help_, word, code="B002")
    dangling = re.search(r"entry key `([^`]*)`", reason, re.DOTALL)
    if dangling:
        name = dangling[1].split("\n")[-1].strip()
        at = text.count("\n", 0, max(0, text.rfind(name, 0, end))) + 1
        return BibFault(at, f"the field {name!r} has no value", "add '= {…}'", name, code="B002")
    message = "this is no field: a name, '=', a value in braces"
    help_ = "is a comma or a brace missing above it, or too much?"
    return BibFault(at, message, help_, code="B002")


_FIELD = re.compile(r"(?:^|,)[ \t]*([A-Za-z][\w-]*)[ \t]*=[ \t]*", re.MULTILINE)


def _unclosed(entry: str) -> tuple[int, str]:
    """The line (from 0) and the name of the field whose text does not end before the next one."""
    fields = list(_FIELD.finditer(entry))
    for place, found in enumerate(fields):
        stop = fields[place + 1].start() if place + 1 < len(fields) else len(entry)
        value = entry[found.end() : stop]
        if value[:1] in ("{", '"') and not _end_of_text(value):
            return entry.count("\n", 0, found.start(1)), found[1]
    return 0, ""
