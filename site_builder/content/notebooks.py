"""Notebooks and percent scripts: the same posts, kept in other formats.

In: the text of an `.ipynb` or of a `.py` in the percent format. Out: a source whose text is
Markdown with marked fences, and the file's line for each of its lines; or what is wrong with the
file. Outputs saved in a notebook are left out: what a page shows comes from a run.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from site_builder.errors import ContentError, Problem
from site_builder.model.post import Source


@dataclass(frozen=True, slots=True)
class _Part:
    """A cell of a notebook: its lines, each with its line in the file."""

    kind: str
    """`code`, `markdown` or `raw`."""
    texts: tuple[str, ...]
    lines: tuple[int, ...]
    metadata: dict[str, Any]


def read_notebook(path: str, text: str) -> Source:
    """The source of a notebook; `path` names it in problems. Raises ContentError."""
    try:
        notebook = _decoder().decode(text)
    except json.JSONDecodeError as error:
        excerpt = text.split("\n")[error.lineno - 1]
        message = f"not a notebook: the JSON is damaged: {error.msg}"
        help_ = "restore the file from a copy, or save it again in Jupyter"
        problem = Problem(
            message, path, error.lineno, error.colno, 1, excerpt[:100], help_, code="F013"
        )
        raise ContentError(problem) from None
    except RecursionError:
        message = "not a notebook: nested too deeply"
        raise ContentError(Problem(message, path, code="F013")) from None
    _check_notebook(path, notebook)
    parts = list(_notebook_parts(path, notebook["cells"], text))
    return _source(path, parts, _kernel(notebook.get("metadata")))


def read_script(path: str, text: str) -> Source:
    """The source of a script in the percent format (`# %%`). Raises ContentError."""
    named = re.search(r"^#\s+format_name:\s*(\S+)", text, re.MULTILINE)
    if named and named[1] != "percent":
        message = f"the script is in jupytext's format {named[1]!r}"
        line = text.count("\n", 0, named.start()) + 1
        help_ = "convert it with: jupytext --to py:percent"
        raise ContentError(Problem(message, path, line, help=help_, code="F014"))
    # Late: only sites with scripts pay for this import.
    import jupytext

    try:
        notebook = jupytext.reads(text, fmt={"extension": ".py", "format_name": "percent"})
    except Exception as error:
        message = f"cannot read the script: {error}"
        help_ = "is it in the percent format?"
        raise ContentError(Problem(message, path, help=help_, code="F014")) from None
    parts = list(_script_parts(notebook.cells, text.split("\n")))
    return _source(path, parts, _kernel(notebook.metadata))


class _Located(str):
    """A text of a JSON file that knows where in the file it begins."""

    __slots__ = ("offset",)
    offset: int


def _decoder() -> json.JSONDecoder:
    """A JSON decoder whose texts know their places."""

    def scan(text: str, end: int, strict: bool = True) -> tuple[str, int]:
        value, after = json.decoder.scanstring(text, end, strict)  # type: ignore[attr-defined]
        located = _Located(value)
        located.offset = end
        return located, after

    decoder: Any = json.JSONDecoder()
    decoder.parse_string = scan
    decoder.scan_once = json.scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    return decoder  # type: ignore[no-any-return]


def _check_notebook(path: str, notebook: Any) -> None:
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        help_ = "a notebook is a JSON object with 'cells' and 'nbformat'"
        raise ContentError(Problem("not a notebook", path, help=help_, code="F013"))
    if notebook["nbformat"] < 4:
        message = f"the notebook is of format {notebook['nbformat']}, older than 4"
        help_ = "convert it with: jupyter nbconvert --to notebook --nbformat 4"
        raise ContentError(Problem(message, path, help=help_, code="F013"))
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        message = "not a notebook: its cells are damaged"
        help_ = "save it again in Jupyter"
        raise ContentError(Problem(message, path, help=help_, code="F013"))


def _is_cell(cell: Any) -> bool:
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
        return False
    source = cell.get("source")
    if isinstance(source, list):
        return all(isinstance(line, str) for line in source)
    return isinstance(source, str)


def _notebook_parts(path: str, cells: Sequence[dict[str, Any]], text: str) -> Iterator[_Part]:
    ends = [match.start() for match in re.finditer("\n", text)]
    problems: list[Problem] = []
    for cell in cells:
        source: Any = cell["source"]
        texts: list[str] = []
        lines: list[int] = []
        # A list holds a line each as a rule, but an item may hold several or a part of one.
        whole = True
        items: list[Any] = [source] if isinstance(source, str) else source
        for item in items:
            line = bisect_right(ends, item.offset) + 1
            for piece in _LINE.findall(item.replace("\r\n", "\n")):
                if whole or not texts:
                    texts.append("")
                    lines.append(line)
                texts[-1] += piece.removesuffix("\n")
                whole = piece.endswith("\n")
        if cell["cell_type"] == "markdown":
            problems += _pasted(path, texts, lines)
        metadata = cell.get("metadata")
        metadata = metadata if isinstance(metadata, dict) else {}
        yield _Part(cell["cell_type"], tuple(texts), tuple(lines), metadata)
    if problems:
        raise ContentError(problems)


_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def _pasted(path: str, texts: Sequence[str], lines: Sequence[int]) -> Iterator[Problem]:
    """Pictures that were pasted into a notebook."""
    for text, line in zip(texts, lines, strict=True):
        at = text.find("](attachment:")
        if at >= 0:
            message = "pictures pasted into a notebook are not supported"
            help_ = "save it beside the post and link to that, or use site-builder import"
            width = len("attachment:")
            yield Problem(message, path, line, at + 3, width, text, help_, code="F015")


def _script_parts(cells: Sequence[Any], file_lines: Sequence[str]) -> Iterator[_Part]:
    """Cells as jupytext read them; each line is found again below the one before it."""
    at = 0
    for cell in cells:
        texts = cell.source.split("\n") if cell.source else []
        lines: list[int] = []
        for text in texts:
            found = _next_line(file_lines, at, text)
            if found is not None:
                at = found + 1
            lines.append(max(1, at))
        yield _Part(cell.cell_type, tuple(texts), tuple(lines), dict(cell.metadata))


def _next_line(file_lines: Sequence[str], at: int, text: str) -> int | None:
    """The first line from `at` on that is `text`, as code or in a comment."""
    if not text.strip():
        # Blank lines follow the line above them; they look like all others.
        blank = at < len(file_lines) and not file_lines[at].strip(" #\t")
        return at if at and blank else None
    wanted = {text.rstrip(), f"# {text}".rstrip(), f"#{text}".rstrip()}
    for number in range(at, len(file_lines)):
        line = file_lines[number].rstrip()
        # A docstring's quotes may stand on the same line as its text.
        if line in wanted or line.lstrip('r"').rstrip('"') == text.rstrip():
            return number
    return None


def _kernel(metadata: Any) -> str:
    """The kernel that the notebook names, empty for Python."""
    metadata = metadata if isinstance(metadata, dict) else {}
    spec = metadata.get("kernelspec")
    spec = spec if isinstance(spec, dict) else {}
    info = metadata.get("language_info")
    language = spec.get("language") or (info.get("name") if isinstance(info, dict) else "")
    name = str(spec.get("name") or "")
    if str(language or "python").lower() == "python":
        return ""
    return name or str(language)


def _source(path: str, parts: Sequence[_Part], kernel: str) -> Source:
    """Write the parts as Markdown."""
    texts: list[str] = []
    lines: list[int] = []
    first = next((n for n, part in enumerate(parts) if "".join(part.texts).strip()), 0)
    for number, part in enumerate(parts):
        if number < first:
            continue
        if part.kind == "markdown":
            _check_fences(path, part)
        written = list(_written(part, front_matter=number == first, kernel=kernel))
        if texts and written:
            texts.append("")
            lines.append(lines[-1])
        texts += [text for text, _ in written]
        lines += [line for _, line in written]
    text = "\n".join(texts) + "\n"
    return Source(path, text, tuple(lines), marked=True)


def _check_fences(path: str, part: _Part) -> None:
    """A fence that is open at the end of its cell would swallow the cells below."""
    opened, at = "", 0
    for number, text in enumerate(part.texts):
        match = _FENCE.match(text)
        if not match:
            continue
        if not opened:
            opened, at = match[1], number
        elif match[1].startswith(opened) and not match[2].strip():
            opened = ""
    if opened:
        message, help_ = "this fence is never closed", f"end it with a line of {opened}"
        text = part.texts[at]
        where = (part.lines[at], text.index(opened) + 1, len(opened))
        raise ContentError(Problem(message, path, *where, text, help_, code="M001"))


_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*\Z)|~{3,})(.*)")


def _written(part: _Part, *, front_matter: bool, kernel: str) -> Iterator[tuple[str, int]]:
    """The Markdown lines of a part, each with its line in the file."""
    pairs = list(zip(part.texts, part.lines, strict=True))
    while pairs and not pairs[-1][0].strip():
        pairs.pop()
    if not pairs:
        return
    if part.kind == "code":
        yield from _fenced(part, pairs)
    elif front_matter and part.kind != "code":
        while not pairs[0][0].strip():
            del pairs[0]
        yield pairs[0]
        says = any(re.match(r"kernel\s*:", text) for text, _ in pairs)
        if kernel and not says and pairs[0][0].rstrip() == "---":
            yield f"kernel: {json.dumps(kernel)}", pairs[0][1]
        yield from pairs[1:]
    elif part.kind == "markdown" or _is_shown_raw(part):
        yield from pairs


def _fenced(part: _Part, pairs: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    longest = max((len(run) for text, _ in pairs for run in re.findall("`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    top = pairs[0][1]
    yield f"{fence}{{code-cell}}", top
    tags = part.metadata.get("tags")
    if isinstance(tags, list) and tags:
        yield f":tags: {json.dumps([str(tag) for tag in tags])}", top
    yield from pairs
    yield fence, pairs[-1][1]


def _is_shown_raw(part: _Part) -> bool:
    """Raw cells of HTML and Markdown belong on a page, those for other formats do not."""
    kind = part.metadata.get("raw_mimetype") or part.metadata.get("format") or ""
    return str(kind) in ("text/html", "text/markdown", "html", "markdown")
