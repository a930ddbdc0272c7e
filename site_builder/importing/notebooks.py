"""Notebooks as drafts of posts, with what their cells had put out.

In: the text of an `.ipynb` of nbformat 3 or 4. Out: a Draft, or what is wrong with the file.
Promise: nothing of the notebook is executed here, and no name in it leads to another folder.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from site_builder.content.slugs import slugify
from site_builder.errors import ContentError, Problem
from site_builder.importing.draft import Draft, StoredCell, remark
from site_builder.importing.fences import fenced, shown_only
from site_builder.importing.outputs import stored_outputs

MOST = 50_000_000  # bytes of pasted pictures


@dataclass(frozen=True, slots=True)
class _Cell:
    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[Any] = ()


def draft_of_notebook(path: str, text: str, is_kernel: Callable[[str], bool]) -> Draft:
    """The draft of a notebook; `is_kernel` tells whether a Jupyter kernel is installed.

    Raises ContentError for a file that is no notebook.
    """
    notebook = _decoded(path, text)
    cells = list(_cells(path, notebook))
    metadata = notebook.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return _draft(path, cells, metadata, is_kernel)


def draft_of_script(path: str, text: str) -> Draft:
    """The draft of a percent script; raises ContentError for what jupytext cannot read."""
    import jupytext

    try:
        notebook = jupytext.reads(text, fmt={"extension": ".py", "format_name": "percent"})
    except Exception as error:
        message = f"cannot read the script: {error}"
        raise ContentError(Problem(message, path, code="F014")) from None
    cells = [_Cell(c.cell_type, c.source, dict(c.metadata)) for c in notebook.cells]
    return _draft(path, cells, notebook.metadata, lambda _: False)


def _draft(
    path: str,
    cells: Sequence[_Cell],
    metadata: Mapping[str, Any],
    is_kernel: Callable[[str], bool],
) -> Draft:
    """The draft of cells, whatever they were read from."""
    remarks: list[Problem] = []
    language, name = _language(metadata)
    kernel = name if language != "python" and is_kernel(name) else ""
    if language != "python" and not kernel:
        message = f"there is no kernel {name!r} here: its cells are shown and do not run"
        remarks.append(remark(path, message, "install the kernel and import the notebook again"))
    front_matter, title, cells = _beginning(cells, metadata)
    blocks: list[str] = []
    files: dict[str, bytes] = {}
    stored: list[StoredCell] = []
    for number, cell in enumerate(cells, start=1):
        source = cell.source.strip("\n")
        if not source.strip():
            continue
        if cell.kind == "raw":
            if str(_format(cell.metadata)) in ("text/html", "text/markdown", "html", "markdown"):
                blocks.append(source)
            else:
                message = f"cell {number} of the notebook is raw, for other programs: left out"
                remarks.append(remark(path, message))
        elif cell.kind == "markdown":
            source = _with_pictures(path, number, source, cell.attachments, files, remarks)
            blocks.append(source if kernel else shown_only(source))
        elif language == "python" or kernel:
            outputs = stored_outputs(cell.outputs)
            count = len(stored) + 1  # as posts number their cells
            options = [*_options(cell, path, count, remarks)]
            if any(output.kind == "error" for output in outputs) and not any(
                option.startswith("#| error:") for option in [*options, *source.split("\n")]
            ):
                options.append("#| error: true")
                message = f"cell {count} raised when it was saved: it is marked '#| error: true'"
                remarks.append(remark(path, message, "delete the mark if it should not raise"))
            stored.append(StoredCell(source, outputs))
            code = "\n".join([*options, source])
            blocks.append(fenced(code, "{code-cell}" if kernel else "python"))
        else:
            blocks.append(fenced(source, language))
    body = "\n\n".join(blocks)
    return Draft(front_matter, title, body, kernel, files, tuple(stored), tuple(remarks))


def _decoded(path: str, text: str) -> dict[str, Any]:
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        excerpt = text.split("\n")[error.lineno - 1][:100]
        message = f"not a notebook: the JSON is damaged: {error.msg}"
        place = (path, error.lineno, error.colno, 1, excerpt)
        help_ = "restore the file from a copy, or save it again in Jupyter"
        raise ContentError(Problem(message, *place, help_, code="F013")) from None
    except RecursionError:
        raise ContentError(
            Problem("not a notebook: nested too deeply", path, code="F013")
        ) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        help_ = "a notebook is a JSON object with 'cells' and 'nbformat'"
        raise ContentError(Problem("not a notebook", path, help=help_, code="F013"))
    version = notebook["nbformat"]
    if version not in (3, 4):
        message = f"the notebook is of format {version}; 3 and 4 can be imported"
        help_ = "convert it with: jupyter nbconvert --to notebook --nbformat 4"
        raise ContentError(Problem(message, path, help=help_, code="F013"))
    return notebook


def _cells(path: str, notebook: Mapping[str, Any]) -> Iterator[_Cell]:
    """The cells; those of format 3 are in worksheets, and named otherwise."""
    sheets = notebook.get("worksheets") if notebook["nbformat"] == 3 else [notebook]
    if not isinstance(sheets, list):
        sheets = []
    cells = [c for s in sheets if isinstance(s, dict) for c in _list(s.get("cells"))]
    if not sheets or (notebook["nbformat"] == 4 and not isinstance(notebook.get("cells"), list)):
        message = "not a notebook: it has no cells"
        raise ContentError(Problem(message, path, help="save it again in Jupyter", code="F013"))
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
            message = f"not a notebook: its cell {number} is damaged"
            raise ContentError(Problem(message, path, help="save it again in Jupyter", code="F013"))
        kind = cell["cell_type"]
        source = _joined(cell.get("input" if kind == "code" and "input" in cell else "source"))
        if kind == "heading":
            level = cell.get("level")
            source = (
                "#" * (level if isinstance(level, int) and 1 <= level <= 6 else 1) + f" {source}"
            )
        yield _Cell(
            {"code": "code", "raw": "raw"}.get(kind, "markdown"),
            source,
            _dict(cell.get("metadata")),
            _dict(cell.get("attachments")),
            _list(cell.get("outputs")),
        )


def _joined(source: Any) -> str:
    """A text, which may be a list of its lines."""
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source.replace("\r\n", "\n").replace("\r", "\n") if isinstance(source, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _language(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """The language of the cells in lower case, and the name of their kernel."""
    spec, info = _dict(metadata.get("kernelspec")), _dict(metadata.get("language_info"))
    language = str(spec.get("language") or info.get("name") or "python").lower()
    return language, str(spec.get("name") or language)


def _format(metadata: Mapping[str, Any]) -> object:
    return metadata.get("raw_mimetype") or metadata.get("format") or ""


def _beginning(
    cells: Sequence[_Cell], metadata: Mapping[str, Any]
) -> tuple[str, str, Sequence[_Cell]]:
    """The front matter and the title that a notebook begins with, and the cells without them."""
    rest = list(cells)
    while rest and not rest[0].source.strip():
        del rest[0]
    front_matter = ""
    if rest and rest[0].kind != "code":
        block = _BLOCK.match(rest[0].source.lstrip())
        if block:
            front_matter = block[1]
            below = rest[0].source.lstrip()[block.end() :]
            rest[0] = _Cell("markdown", below, attachments=rest[0].attachments)
    while rest and not rest[0].source.strip():
        del rest[0]
    title = str(metadata.get("title") or "")
    if rest and rest[0].kind == "markdown" and not re.search(r"^title:", front_matter, re.M):
        heading = _HEADING.match(rest[0].source.lstrip("\n"))
        if heading:
            title = heading[1] or heading[2]
            below = rest[0].source.lstrip("\n")[heading.end() :]
            rest[0] = _Cell("markdown", below, rest[0].metadata, rest[0].attachments)
    return front_matter, title, rest


_BLOCK = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"#[ \t]+([^\n]*?)[ \t#]*(?:\n|\Z)|([^\n#]+)\n=+[ \t]*(?:\n|\Z)")


def _options(cell: _Cell, path: str, number: int, remarks: list[Problem]) -> Iterator[str]:
    """What tags and metadata say of a cell, as options."""
    tags = [str(tag) for tag in _list(cell.metadata.get("tags"))]
    if tags:
        yield f"#| tags: {json.dumps(tags, ensure_ascii=False)}"
    hidden = _dict(cell.metadata.get("jupyter")).get("source_hidden")
    if hidden is True and not {"hide-input", "hide_input"} & set(tags):
        yield "#| code-fold: true"
    if cell.metadata.get("jupyter", {}) and _dict(cell.metadata["jupyter"]).get("outputs_hidden"):
        message = f"the output of cell {number} was collapsed; it is shown"
        remarks.append(remark(path, message, "add '#| output: false' to hide it"))


def _with_pictures(
    path: str,
    number: int,
    source: str,
    attachments: Mapping[str, Any],
    files: dict[str, bytes],
    remarks: list[Problem],
) -> str:
    """The text with pictures that were pasted into it as files beside the post."""

    def name(match: re.Match[str]) -> str:
        written = unquote(match[1])
        content = _picture(attachments.get(written))
        if content is None:
            where = f"cell {number} of the notebook"
            message = f"the picture {written!r} that was pasted into {where} is not there"
            remarks.append(remark(path, message, "add it to the post"))
            return match[0].replace("attachment:", "")
        given = _file_name(written, content, files)
        if sum(map(len, files.values())) + len(content) > MOST:
            message = f"pictures of more than {MOST} bytes are pasted into it"
            raise ContentError(Problem(message, path, code="N011"))
        files[given] = content
        return given

    return re.sub(r"attachment:([^\s)\"'>]+)", name, source)


def _picture(bundle: Any) -> bytes | None:
    for mime, data in sorted(_dict(bundle).items()):
        if mime.startswith("image/"):
            text = _joined(data)
            if mime == "image/svg+xml":
                return text.encode("utf-8", "surrogatepass")
            try:
                return base64.b64decode(text)
            except (binascii.Error, ValueError):
                continue
    return None


def _file_name(written: str, content: bytes, files: Mapping[str, bytes]) -> str:
    """A name for a file beside the post, whatever it was called; the same for the same content."""
    place = PurePosixPath(written.replace("\\", "/").rpartition("/")[2])
    suffix = place.suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,5}", place.suffix) else ".png"
    stem = slugify(place.stem).strip("-_") or "picture"
    number = 1
    name = f"{stem}{suffix}"
    while files.get(name, content) != content:
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name
