"""Attachments: the author's own files that a post shows or links to.

In: the site's folder, a source and its tokens. Out: each local file by its address as it stands in
the tokens (percent-encoded), with the size of images; or a problem for each that is not there; and
every path that was looked at, since the post changes with what is there.
Promise: nothing outside of the site's folder is ever taken.
"""

from __future__ import annotations

import difflib
import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from markdown_it.token import Token

from site_builder.content.front_matter import body_line
from site_builder.content.positions import locate, problem_at
from site_builder.errors import Problem
from site_builder.model.post import Attachment, Source


@dataclass(frozen=True, slots=True)
class Address:
    """An address that a post mentions."""

    text: str
    """As it stands in the token."""
    is_image: bool
    start: int
    """First line of its block, from 1."""
    end: int
    """Last line of its block."""


def find_attachments(
    root: Path, source: Source, tokens: Sequence[Token], card: str = ""
) -> tuple[dict[str, Attachment], tuple[str, ...], list[Problem]]:
    """Find the local files that the post shows or links to, and the paths looked at.

    `root` is the site's folder, `card` a picture that the front matter names. Links to posts, to
    folders and to other sites are not attachments.
    """
    found: dict[str, Attachment] = {}
    problems: list[Problem] = []
    names: dict[str, str] = {"index.html": ""}
    asked: set[str] = set()
    looked: list[str] = []
    addresses = [*_addresses(tokens)]
    if card:
        addresses.append(Address(card, True, 1, max(1, body_line(source) - 1)))
    for address in sorted(addresses, key=lambda each: not each.is_image):
        if address.text in asked or not _is_local(address.text):
            continue
        asked.add(address.text)
        outcome = _attachment(root, source, address, names, looked)
        if isinstance(outcome, Problem):
            problems.append(outcome)
        elif outcome:
            found[address.text] = outcome
    links = {each.text for each in addresses if not each.is_image}
    whole = {attachment.path for text, attachment in found.items() if text in links}
    for text, attachment in found.items():
        if attachment.path in whole:
            found[text] = replace(attachment, linked=True)
    return found, tuple(dict.fromkeys(looked)), problems


POST_SUFFIXES = frozenset((".md", ".ipynb", ".py", ".qmd"))
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/#?]|\Z")
_HTML = re.compile(
    r"""<(img|source|video|audio|a)\b[^>]*?\s(?:src|href)\s*=\s*(["'])(.*?)\2""",
    re.IGNORECASE | re.DOTALL,
)


def _is_local(address: str) -> bool:
    return not _ELSEWHERE.match(address)


def _addresses(tokens: Sequence[Token]) -> Iterator[Address]:
    for token in tokens:
        first, last = token.map or (0, 1)
        if token.type == "inline":
            yield from _inline_addresses(token.children or (), first + 1, last)
        elif token.type == "html_block":
            yield from _html_addresses(token.content, first + 1, last)
        elif token.type == "admonition_open":
            yield from _inline_addresses(token.meta["title"], first + 1, first + 1)


def _inline_addresses(tokens: Sequence[Token], start: int, end: int) -> Iterator[Address]:
    for token in tokens:
        if token.type == "image":
            yield Address(str(token.attrs["src"]), True, start, end)
        elif token.type == "link_open":
            yield Address(str(token.attrs["href"]), False, start, end)
        elif token.type == "html_inline":
            yield from _html_addresses(token.content, start, end)


def _html_addresses(content: str, start: int, end: int) -> Iterator[Address]:
    for match in _HTML.finditer(content):
        yield Address(html.unescape(match[3]), match[1].lower() == "img", start, end)


def _attachment(
    root: Path, source: Source, address: Address, names: dict[str, str], looked: list[str]
) -> Attachment | Problem | None:
    """The file at an address; None if it is for others to resolve. Notes where it `looked`."""
    written = unquote(re.split(r"[?#]", address.text, maxsplit=1)[0])
    path = _joined(source.folder, written)
    what = "image" if address.is_image else "file"
    if path is None:
        message = f"{what} {written!r} is outside of the site's folder"
        return _problem(source, address, written, message, "copy it beside the post", "F011")
    if not address.is_image and (_is_post(path) or not PurePosixPath(path).suffix):
        return None
    if address.is_image and _is_post(path):
        message = f"{written!r} is a post, not an image"
        help_ = "link to it without the '!'"
        return _problem(source, address, written, message, help_, "I001")
    full = root / path
    looked.append(path)
    try:
        is_file = full.is_file()
    except (OSError, ValueError):
        is_file = False
    if not is_file:
        if not address.is_image and (full.is_dir() or written.endswith((".html", "/"))):
            return None
        message = f"{what} {written!r} not found"
        code = "I001" if address.is_image else "L006"
        help_ = _cut_off(root, source, address.text) or _nearest_file(full)
        return _problem(source, address, written, message, help_, code)
    # It may be a link itself, or in a folder that is one.
    if not full.resolve().is_relative_to(root.resolve()):
        message = f"{what} {written!r} is a link to a file outside of the site's folder"
        return _problem(source, address, written, message, "copy the file beside the post", "F011")
    attachment = Attachment(path, _name(path, source.folder, names), line=address.start)
    if not address.is_image and full.suffix.lower() != ".svg":
        return attachment
    # Late: half of all posts have no image of their own.
    from site_builder.images.cleaning import DamagedError
    from site_builder.images.looking import UnfitError, look

    try:
        seen = look(written, full.read_bytes())
    except OSError as error:
        message = f"cannot read {what} {written!r}: {error.strerror}"
        return _problem(source, address, written, message, "", "F010")
    except DamagedError as error:
        message = f"{what} {written!r} is damaged, or not an image: {error}"
        return _problem(source, address, written, message, "save it again", "I004")
    except UnfitError as error:
        message = f"{what} {written!r} {error.message}"
        return _problem(source, address, written, message, error.help, error.code)
    if not address.is_image:
        return replace(attachment, removed=seen.removed)
    return replace(
        attachment,
        width=seen.width,
        height=seen.height,
        raster=seen.raster,
        removed=seen.removed,
    )


def _joined(folder: str, written: str) -> str | None:
    """The path relative to the site's folder; None if it leads out of it."""
    if "\0" in written or "\\" in written:
        return None
    parts: list[str] = []
    for part in [*folder.split("/"), *written.split("/")]:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts) or None


def _is_post(path: str) -> bool:
    """Whether the file would be read as a post or page, by its place and name."""
    place = PurePosixPath(path)
    if place.suffix not in POST_SUFFIXES or place.parts[0] not in ("posts", "pages"):
        return False
    if len(place.parts) == 2:
        return True
    return len(place.parts) == 3 and place.stem == "index"


def _cut_off(root: Path, source: Source, address: str) -> str:
    """How to write the name of a file that has a `#` or a `?`, where an address ends."""
    path = _joined(source.folder, unquote(address))
    if not re.search("[?#]", address) or path is None or not (root / path).is_file():
        return ""
    return f"what begins with '#' or '?' is no part of a name: write {_encoded(address)!r}"


def _encoded(address: str) -> str:
    return address.replace("#", "%23").replace("?", "%3F")


def _nearest_file(full: Path) -> str:
    try:
        files = sorted(entry.name for entry in full.parent.iterdir() if entry.is_file())
    except OSError:
        return f"there is no folder {full.parent.name!r}"
    close = difflib.get_close_matches(full.name, files, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


def _problem(
    source: Source, address: Address, written: str, message: str, help_: str, code: str
) -> Problem:
    for needle in dict.fromkeys((written, address.text, html.escape(written))):
        line, column = locate(source, address.start, address.end, needle)
        if column:
            break
    width = len(needle)
    return problem_at(source, line, message, help_, column=column, width=width, code=code)


def _name(path: str, folder: str, names: dict[str, str]) -> str:
    """The address below the post's own, different for each file."""
    inside = path.startswith(folder + "/")
    name = path[len(folder) + 1 :] if inside else path.partition("/")[2] or path
    stem, dot, suffix = name.rpartition(".")
    number = 1
    while names.setdefault(name, path) != path:
        number += 1
        name = f"{stem}-{number}{dot}{suffix}"
    return name
