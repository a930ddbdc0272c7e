"""Files beside what is imported that it shows or links to.

In: Markdown, and the folder it was in. Out: the files to put beside the post, and the Markdown with
their new names. Promise: nothing outside of that folder is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

import yaml
from markdown_it.token import Token

from site_builder.content.markdown import parse_markdown
from site_builder.content.slugs import slugify
from site_builder.errors import Problem
from site_builder.importing.draft import remark

MOST = 50_000_000  # bytes of a file
_POSTS = (".md", ".qmd", ".ipynb", ".py", ".html", ".rst")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/#?]|\Z")
_HTML = re.compile(r"""<(?:img|source|video|audio)\b[^>]*?\ssrc\s*=\s*(["'])(.*?)\1""", re.I | re.S)


def files_beside(
    path: str, body: str, folder: Path, taken: dict[str, bytes]
) -> tuple[str, list[Problem]]:
    """Adds to the files that are `taken`; gives the Markdown, and what is not there."""
    remarks: list[Problem] = []
    tokens, _ = parse_markdown(body, 1)
    for address in dict.fromkeys(_addresses(tokens)):
        written = unquote(re.split(r"[?#]", address, maxsplit=1)[0])
        if _ELSEWHERE.match(address) or written in taken or written.endswith(_POSTS):
            continue
        place = folder / written.replace("\\", "/")
        content, why = _read(place, folder)
        if why == _MISSING:
            remarks.append(remark(path, f"the file {written!r} {why}", "add it to the post"))
            continue
        if why:
            message = f"the file {written!r} {why}: it was not copied"
            remarks.append(remark(path, message, "copy it beside the post yourself"))
            continue
        name = _name(written, content, taken)
        taken[name] = content
        for old in {address, written, address.replace("%20", " ")} - {name}:
            body = re.sub(rf"(?<=[(<\"' ]){re.escape(old)}(?=[)>\"' #?])", name, body)
    return body, remarks


def bibliographies_beside(
    path: str, front_matter: str, folder: Path, taken: dict[str, bytes]
) -> tuple[dict[str, str], list[Problem]]:
    """Adds to the files that are `taken`; gives the new names by the old, and what is not there."""
    try:
        values = yaml.safe_load(front_matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        values = None
    named = values.get("bibliography") if isinstance(values, dict) else None
    names: dict[str, str] = {}
    remarks: list[Problem] = []
    for written in named if isinstance(named, list) else [named] if named else []:
        content, why = _read(folder / str(written), folder)
        if why:
            message = f"the bibliography {str(written)!r} {why}: it was not copied"
            remarks.append(remark(path, message, "copy it beside the post, and name it there"))
            continue
        name = _name(str(written), content, taken)
        taken[name] = content
        names[str(written)] = name
    return names, remarks


_MISSING = "is not there"


def _read(place: Path, folder: Path) -> tuple[bytes, str]:
    """The content of a file, or why it is not copied."""
    try:
        real = place.resolve()
        if not real.is_relative_to(folder.resolve()):
            return b"", "is outside of its folder"
        # In a home folder keys and passwords are in such: what others wrote must not publish them.
        if any(part.startswith(".") for part in real.relative_to(folder.resolve()).parts):
            return b"", "is hidden"
        if not real.is_file():
            return b"", _MISSING
        if real.stat().st_size > MOST:
            return b"", f"is larger than {MOST} bytes"
        return real.read_bytes(), ""
    except (OSError, ValueError):
        return b"", _MISSING


def _addresses(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image":
            yield str(token.attrs["src"])
        elif token.type == "link_open":
            yield str(token.attrs["href"])
        elif token.type in ("html_block", "html_inline"):
            yield from (match[2] for match in _HTML.finditer(token.content))
        yield from _addresses(token.children or ())


def _name(written: str, content: bytes, taken: dict[str, bytes]) -> str:
    """A name below the post's folder, without anything that an address must not hold."""
    parts = [part for part in re.split(r"[/\\]", written) if part not in ("", ".", "..")]
    stem, dot, suffix = parts[-1].rpartition(".")
    if not dot:
        stem, suffix = parts[-1], ""
    folders = [slugify(part) or "files" for part in parts[:-1]]
    plain = re.fullmatch(r"[\w@.-]*", stem) and stem.isascii() and not stem.startswith((".", "_"))
    stem = stem if plain and stem else slugify(stem).strip("-_") or "file"
    number, name = 1, "/".join([*folders, stem + dot + suffix])
    while taken.get(name, content) != content or name.startswith("index."):
        number += 1
        name = "/".join([*folders, f"{stem}-{number}{dot}{suffix}"])
    return name
