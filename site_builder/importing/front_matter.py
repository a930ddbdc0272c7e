"""Front matter of other tools as ours.

In: YAML, and what is known of a post besides. Out: a block that a build takes, and what was changed
or left out of it. Promise: nothing is lost: what cannot be taken stays as a comment.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from site_builder.content.front_matter import body_line, read_front_matter
from site_builder.errors import ContentError, Problem
from site_builder.importing.draft import Draft, remark
from site_builder.model.post import Source

_DATES = ("%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y")
_TODAY = ("today", "now", "last-modified")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a post besides its front matter."""

    file: str
    """The file that is imported, as messages name it."""
    post: str
    """The file of the post to be, relative to the site's folder."""
    name: str
    """For a post without a title."""
    today: dt.date
    works: Mapping[str, str] = field(default_factory=dict)
    """Bibliographies by their names as written: those beside the post."""


def front_matter_text(draft: Draft, known: Known) -> tuple[str, list[Problem]]:
    """The front matter of a draft with the lines of `---`, and what was changed in it."""
    remarks: list[Problem] = []
    entries = _entries(draft.front_matter)
    try:
        values = yaml.safe_load(draft.front_matter) or {}
        if not isinstance(values, dict):
            raise yaml.YAMLError("no table")
    except (yaml.YAMLError, ValueError, RecursionError):
        remarks.append(remark(known.file, "its front matter cannot be read: it is a comment now"))
        entries, values = [("", _commented(draft.front_matter.splitlines()))], {}
    _converted(entries, values, known, remarks)
    keys = {key for key, _ in entries}
    if "title" not in keys:
        title = draft.title or known.name
        entries.insert(0, ("title", [f"title: {_scalar(title)}"]))
    is_page = known.post.startswith("pages/")
    dated = re.search(r"(?:^|/)\d{4}-\d\d-\d\d[^/]*(?:/index)?\.md$", known.post)
    if "date" not in keys and not is_page and not dated:
        entries.insert(1, ("date", [f"date: {known.today.isoformat()}"]))
        message = f"it has no date: it is of today, {known.today.isoformat()}"
        remarks.append(remark(known.file, message, "mend it if it is older"))
    if draft.kernel and "kernel" not in keys:
        entries.append(("kernel", [f"kernel: {_scalar(draft.kernel)}"]))
    return _accepted(entries, known, remarks), remarks


def _entries(block: str) -> list[tuple[str, list[str]]]:
    """The keys of the block, each with its lines; comments in front are of no key."""
    entries: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        key = re.match(r"""(?:"([^"]+)"|'([^']+)'|([^\s#:'"\[{-][^:]*?))\s*:(?:\s|$)""", line)
        if key:
            entries.append((next(filter(None, key.groups())), [line]))
        elif entries:
            entries[-1][1].append(line)
        elif line.strip():
            entries.append(("", [line]))
    return entries


def _converted(
    entries: list[tuple[str, list[str]]],
    values: Mapping[str, Any],
    known: Known,
    remarks: list[Problem],
) -> None:
    """Rewrite keys whose values have another form with us."""
    execute = values.get("execute")
    hidden = {k: v for k, v in execute.items() if v is False} if isinstance(execute, dict) else {}
    if hidden:
        told = ", ".join(f"{key}: false" for key in hidden)
        help_ = "write it into the cells, such as '#| echo: false'"
        remarks.append(remark(known.file, f"'execute' with {told} is not read here", help_))
    keys = {key for key, _ in entries}
    for place, (key, lines) in enumerate(entries):
        if key not in _CONVERSIONS or key not in values:
            continue
        other, convert = _CONVERSIONS[key]
        value = convert(values[key], known)
        if other != key and {other, *_SAME.get(other, ())} & keys:
            continue  # it has that, too: reading it tells that this one is unknown
        if value is None:
            remarks.append(remark(known.file, f"{key!r} is not read here: it is a comment now"))
            entries[place] = ("", _commented(lines))
        elif value != values[key] or other != key:
            entries[place] = (other, [f"{other}: {_scalar(value)}"])


_SAME = {"tags": ("categories",), "summary": ("description",)}


def _date(value: Any, known: Known) -> Any:
    if isinstance(value, dt.date):
        return value
    text = str(value).strip()
    if text.lower() in _TODAY:
        return known.today
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return value
    for form in _DATES:
        try:
            return dt.datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None


def _authors(value: Any, _: Known) -> Any:
    """Names, of which other tools know affiliations and more."""
    people = value if isinstance(value, list) else [value]
    names = [_name(person) for person in people]
    if all(isinstance(person, str) for person in people):
        return value
    return [name for name in names if name] or None


def _name(person: Any) -> str:
    if isinstance(person, Mapping):
        name = person.get("name") or person.get("literal") or ""
        if isinstance(name, Mapping):
            parts = (name.get("given"), name.get("family"))
            name = name.get("literal") or " ".join(str(part) for part in parts if part)
        return str(name)
    return str(person)


def _aliases(value: Any, _: Known) -> Any:
    """Addresses that begin with a slash; others are relative to the post's."""
    aliases = value if isinstance(value, list) else [value]
    found = ["/" + re.sub(r"^(\.{0,2}/)+", "", str(alias)) for alias in aliases]
    return value if found == value else found


def _words(value: Any, _: Known) -> Any:
    if isinstance(value, str) and "," in value:
        return [word.strip() for word in value.split(",") if word.strip()]
    return value


def _bibliography(value: Any, known: Known) -> Any:
    """Those that were copied beside the post."""
    written = [str(each) for each in (value if isinstance(value, list) else [value])]
    names = [known.works[each] for each in written if each in known.works]
    return value if names == written else names or None


def _text(value: Any, _: Known) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else None


# The key of ours, and what makes its value; None for a value that cannot be taken.
_CONVERSIONS: Mapping[str, tuple[str, Callable[[Any, Known], Any]]] = {
    "date": ("date", _date),
    "date-modified": ("updated", _date),
    "updated": ("updated", _date),
    "author": ("authors", _authors),
    "authors": ("authors", _authors),
    "aliases": ("aliases", _aliases),
    "categories": ("tags", _words),
    "tags": ("tags", _words),
    "keywords": ("tags", _words),
    "abstract": ("summary", _text),
    "description": ("summary", _text),
    "bibliography": ("bibliography", _bibliography),
}


def _accepted(
    entries: Sequence[tuple[str, list[str]]], known: Known, remarks: list[Problem]
) -> str:
    """The block, in which every key that a build does not take is a comment."""
    entries = list(entries)
    for _ in range(len(entries) + 1):
        lines = ["---"]
        owners = [-1]
        for place, (_key, own) in enumerate(entries):
            lines += own
            owners += [place] * len(own)
        text = "\n".join([*lines, "---", ""])
        source = Source(known.post, text)
        try:
            read_front_matter(source)
        except ContentError as error:
            found = {owners[p.line - 1]: p for p in error.problems if 0 < p.line <= len(owners)}
        else:
            return text
        found.pop(-1, None)
        if not found or body_line(source) == 1:
            return text  # a build says what is wrong
        for place, problem in found.items():
            message = f"{problem.message}: it is a comment now"
            remarks.append(remark(known.file, message))
            entries[place] = ("", _commented(entries[place][1]))
    return text


def _commented(lines: Sequence[str]) -> list[str]:
    return [f"# {line}".rstrip() for line in lines]


def _scalar(value: Any) -> str:
    """A value as YAML in one line."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"[^\W\d_][\w ]*", value):
        plain = value.strip().lower()
        if plain not in ("true", "false", "yes", "no", "on", "off", "null", "nan", "inf"):
            return value
    return json.dumps(value, ensure_ascii=False, default=str)
