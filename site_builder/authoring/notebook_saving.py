"""Posts in jupytext: it finds the same cells, and a save changes only what was edited.

In: the text of a post, and what jupytext would write in its place. Out: the text to show to
jupytext, or to write. Promise: what is written opens as the notebook that was saved; every line
that nobody edited is as it was, to the byte.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from site_builder.authoring.notebook_merge import kept_text
from site_builder.content.cells import read_cells
from site_builder.content.fences import Fence, find_fences
from site_builder.content.front_matter import body_line
from site_builder.content.markdown import parse_markdown
from site_builder.model.post import Source

Reader = Callable[[str], Any]
"""What makes a notebook of a text, as jupytext does."""
Writer = Callable[[Any], str]
"""What makes a text of a notebook, as jupytext does."""


def text_for_jupytext(path: str, text: str) -> str:
    """The text of a post in which jupytext finds the cells that a build finds.

    Its format and kernel are named in the front matter, cells are in the one dialect that the
    format reads, and fences that are only shown are of tildes, which jupytext takes for prose.
    """
    text = text.removeprefix("\ufeff").translate(_HIDDEN)
    if not path.endswith(".md"):
        return text
    lines = re.split(r"\r\n|\n|\r", text)
    source = Source(path, "\n".join(lines))
    first = body_line(source)
    tokens, _ = parse_markdown(source.text, first)
    kernel = _front_matter_value(lines[:first], "kernel")
    read_cells(source, tokens, kernel=kernel)
    fences = list(find_fences(source, tokens))
    myst = any(fence.myst and "cell" in fence.token.meta for fence in fences)
    for fence in fences:
        _rewrite(lines, fence, myst=myst)
    if first > 1 and not any(re.match(r"(jupyter|jupytext|kernelspec)\s*:", x) for x in lines):
        lines[first - 2 : first - 2] = _header("myst" if myst else "markdown", kernel)
    return "\n".join(lines)


# What jupytext, but no post, takes for the end of a line, and what stands for it in a notebook.
_HIDDEN = {ord(sign): 0xE000 + ord(sign) for sign in "\v\f\x1c\x1d\x1e\x85"}
_HIDDEN |= {0x2028: 0xE028, 0x2029: 0xE029}
_SHOWN = {hidden: sign for sign, hidden in _HIDDEN.items()}


def text_to_save(path: str, old: str, new: str, read: Reader, write: Writer) -> str:
    """What to write to a post's file for `new`, which jupytext would write in place of `old`."""
    try:
        wanted = _cells(read(_with_header_of(path, old, new)))
        base = write(read(text_for_jupytext(path, old)))
    except Exception:
        return new  # jupytext cannot read what is there, so there is nothing to keep
    new = new.translate(_SHOWN)
    for regions in (False, True):
        text = kept_text(old, base.translate(_SHOWN), new, regions=regions)
        with contextlib.suppress(Exception):  # of jupytext: then it is not what was saved
            if _cells(read(text_for_jupytext(path, text))) == wanted:
                return text
    if re.search("^~~~", old, re.MULTILINE):
        return new
    return re.sub("^~{3,}", lambda tildes: "`" * len(tildes[0]), new, flags=re.MULTILINE)


def _rewrite(lines: list[str], fence: Fence, *, myst: bool) -> None:
    """Make jupytext take a fence for what it is; formulas and directives are prose to it."""
    token = fence.token
    if token.type != "fence" or not token.map or fence.nested or not fence.closed:
        return
    start, end = token.map[0], token.map[1] - 1
    if "cell" in token.meta:
        if fence.kind == "marked" and not fence.myst:
            tail = lines[start][len(token.markup) :]
            lines[start] = token.markup + ("{code-cell}" if myst else _language(tail))
    elif token.markup[0] == "`" and not myst:
        runs = (len(run) for line in lines[start + 1 : end] for run in re.findall("~{3,}", line))
        tildes = "~" * max(len(token.markup), 1 + max(runs, default=0))
        lines[start] = tildes + lines[start][len(token.markup) :]
        lines[end] = tildes


def _language(tail: str) -> str:
    """`{python}` as the language of a plain fence."""
    return re.sub(r"^\s*\{\s*([^\s{}]+)[^{}]*\}", r"\1", tail)


def _header(format_name: str, kernel: str) -> list[str]:
    """What jupytext is told of a post; it writes none of it, as `jupytext.toml` says."""
    lines = [
        "jupyter:",
        "  jupytext:",
        "    text_representation:",
        "      extension: .md",
        f"      format_name: {format_name}",
    ]
    if not kernel:
        lines += [
            "  kernelspec:",
            "    display_name: Python 3",
            "    language: python",
            "    name: python3",
        ]
    return lines


def _front_matter_value(lines: Sequence[str], key: str) -> str:
    found = next((x for x in lines if x.startswith(f"{key}:")), "")
    return found.partition(":")[2].strip().strip("\"'")


def _with_header_of(path: str, old: str, new: str) -> str:
    """The text that jupytext wrote, with what it is told of the post that it was read from."""
    shown = text_for_jupytext(path, old)
    head = _HEADER.search(shown)
    block = re.match(r"---[ \t]*\n(?:.*\n)*?(?=---[ \t]*(?:\n|\Z))", new)
    if not path.endswith(".md") or not head or not block or re.search(r"^jupyter:", block[0], re.M):
        return new
    return block[0] + head[0] + new[block.end() :]


_HEADER = re.compile(r"^jupyter:\n(?:[ \t].*\n)+", re.MULTILINE)


def _cells(notebook: Any) -> list[tuple[bool, list[str]]]:
    """Code and prose by their lines, however prose is divided and whatever its fences are of."""
    found: list[tuple[bool, list[str]]] = []
    for cell in notebook.cells:
        is_code = cell.cell_type == "code"
        text = str(cell.source) if is_code else str(cell.source).replace("~~~", "```")
        lines = [line for line in text.split("\n") if is_code or line.strip()]
        if not is_code and found and not found[-1][0]:
            found[-1][1].extend(lines)
        elif text.strip():
            found.append((is_code, lines))
    return found
