"""MyST and Quarto documents as drafts of posts.

In: the text of a `.md` or `.qmd`. Out: a Draft. Promise: what posts read anyway (cells, options,
callouts, references, maths) is left as it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import yaml

from site_builder.content.fences import PYTHON, find_fences
from site_builder.content.markdown import parse_markdown
from site_builder.errors import Problem
from site_builder.importing.draft import Draft, remark
from site_builder.importing.fences import shown_only
from site_builder.model.post import Source

_BLOCK = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def draft_of_document(path: str, text: str, is_kernel: Callable[[str], bool]) -> Draft:
    """The draft of a document; `is_kernel` tells whether a Jupyter kernel is installed."""
    block = _BLOCK.match(text)
    front_matter = block[1] if block else ""
    body = text[block.end() :] if block else text
    lead = text.count("\n", 0, block.end()) if block else 0
    remarks: list[Problem] = []
    name = _kernel(front_matter)
    kernel = name if is_kernel(name) else ""
    title, below = _title(front_matter, body)
    lead += body[: len(body) - len(below)].count("\n")
    body = _without_directives(path, below, lead, remarks)
    for pattern, what in (
        (r"\{\{<.*?>\}\}", "shortcodes such as {}"),
        (rf"\{{(?!(?:{_ROLES})\}})[a-z][\w:-]*\}}`[^`\n]+`", "roles such as {}"),
    ):
        if found := re.search(pattern, below):
            line = lead + below.count("\n", 0, found.start()) + 1
            message = f"{what.format(found[0])} are not read: they are shown as they are written"
            remarks.append(remark(path, message, "replace them", line))
    body, marked = _with_cells(path, body, lead, bool(kernel), remarks)
    if path.endswith(".qmd") and not marked:
        body = shown_only(body)
    body = body.replace(_NEW, "\n").strip("\n")
    return Draft(front_matter, title, body, kernel, remarks=tuple(remarks))


_ROLES = "eval|python|numref|eq|ref|cite(?::[a-z]+)?"  # that posts read


def _kernel(front_matter: str) -> str:
    """The kernel that a document names, empty for Python's."""
    try:
        values = yaml.safe_load(front_matter)
    except (yaml.YAMLError, ValueError, RecursionError):
        return ""
    values = values if isinstance(values, dict) else {}
    named: Any = values.get("kernel") or values.get("jupyter") or values.get("kernelspec")
    if isinstance(named, dict):
        named = named.get("kernelspec", named)
    if isinstance(named, dict):
        named = named.get("name")
    name = str(named or "")
    return "" if name.startswith("python") else name


def _title(front_matter: str, body: str) -> tuple[str, str]:
    """The first heading is the title, if the front matter has none."""
    if re.search(r"^title\s*:", front_matter, re.MULTILINE):
        return "", body
    heading = re.match(r"\s*#[ \t]+([^\n]*?)[ \t#]*(?:\n|\Z)", body)
    return (heading[1], body[heading.end() :]) if heading else ("", body)


def _without_directives(path: str, body: str, lead: int, remarks: list[Problem]) -> str:
    """The text with figures and directives of colons, where posts do not have them, as others."""
    lines = body.split("\n")
    for fault in reversed(parse_markdown(body, 1)[1].get("faults", [])):
        start = fault.line - 1
        match = _COLONS.match(lines[start]) if fault.code == "M002" else None
        if not match:
            continue
        markup, name, title = match[1], match[2], match[3].strip()
        end = _end_of(lines, start, markup)
        if name in ("figure", "image"):
            blank = [""] * (end - start - 1)
            lines[start:end] = [*_figure(lines[start:end]), *blank]
            continue
        message = f"there is no directive {name!r} here: it is a block of its class"
        remarks.append(remark(path, message, line=lead + fault.line))
        lines[start] = f"{markup} {{.{name}}}" + (f"{_NEW}**{title}**{_NEW}" if title else "")
    return "\n".join(lines)


_NEW = "\0"  # the end of a line to be: until all is told, lines are those of the file
_COLONS = re.compile(r"(:{3,})[ \t]*\{([A-Za-z][\w-]*)\}(.*)")


def _end_of(lines: Sequence[str], start: int, markup: str) -> int:
    """The line behind the block that begins at a line."""
    for at in range(start + 1, len(lines)):
        if not lines[at].strip(" :") and lines[at].strip().startswith(markup):
            return at + 1
    return len(lines)


def _with_cells(
    path: str, body: str, lead: int, kernel: bool, remarks: list[Problem]
) -> tuple[str, bool]:
    """The text with fences that a build takes, and whether any of them is marked as a cell."""
    tokens, _ = parse_markdown(body, 1)
    lines = body.split("\n")
    marked = False
    for fence in reversed(list(find_fences(Source(path, body), tokens))):
        if fence.token.type != "fence" or not fence.token.map:
            continue
        start, end = fence.token.map
        told = remark(path, "", line=lead + fence.line)
        name, options = _opening(lines[start])
        runs = name.lower() in PYTHON or name == "code-cell" or kernel
        if name and runs:
            marked = True
            if options and name != "code-cell":
                markup = fence.token.markup
                lines[start : start + 1] = [
                    f"{markup}{{{name}}}",
                    *_options(options, told, remarks),
                ]
        elif name in ("figure", "image"):
            lines[start:end] = _figure(lines[start:end])
        elif name == "bibliography":
            lines[start:end] = ["::: {#refs}", *[""] * (end - start - 2), ":::"]
        elif fence.kind == "unknown":
            message = f"there is no {{{name}}} here: it is shown as text"
            remarks.append(remark(path, message, line=told.line))
            lines[start] = f"{fence.token.markup}{name}"
    return "\n".join(lines), marked


def _opening(line: str) -> tuple[str, str]:
    """The name in the braces of a line that opens a fence, and the options there."""
    match = re.match(r"\s*`{3,}\s*\{\s*([\w-]+)[\s,]*([^{}]*)\}", line)
    return (match[1], match[2].strip()) if match else ("", "")


def _options(text: str, told: Problem, remarks: list[Problem]) -> Iterator[str]:
    """Options in the braces, as R Markdown has them, as lines of the cell."""
    for place, part in enumerate(_split(text)):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals and place == 0 and key:
            yield f"#| label: {key}"
        elif not equals:
            message = f"the option {key!r} of a cell has no value: left out"
            remarks.append(remark(told.file, message, line=told.line))
        else:
            yield f"#| {key.replace('.', '-')}: {_value(value)}"


def _split(text: str) -> Iterator[str]:
    """What is between commas that are not within quotes or brackets."""
    for match in re.finditer(r"""(?:"[^"]*"|'[^']*'|\([^)]*\)|[^,"'(])+""", text):
        if match[0].strip():
            yield match[0].strip()


def _value(text: str) -> str:
    """A value of R as one of YAML."""
    if text in ("TRUE", "T", "true"):
        return "true"
    if text in ("FALSE", "F", "false"):
        return "false"
    if text[:1] in "\"'" and text[-1:] == text[:1] and len(text) > 1:
        return json.dumps(text[1:-1], ensure_ascii=False)
    return text if re.fullmatch(r"[\w.-]+", text) else json.dumps(text, ensure_ascii=False)


def _figure(lines: Sequence[str]) -> list[str]:
    """MyST's figure as a picture in a paragraph of its own."""
    argument = lines[0].partition("}")[2].strip()
    options: dict[str, str] = {}
    caption: list[str] = []
    for line in lines[1:-1]:
        option = re.match(r":([\w-]+):\s*(.*)", line)
        if option and not caption:
            options[option[1]] = option[2].strip()
        elif line.strip() or caption:
            caption.append(line)
    text = " ".join(" ".join(caption).split()) or options.get("alt", "")
    attributes = [f"#{options['name']}"] if "name" in options else []
    if "alt" in options and caption:
        attributes.append(f"fig-alt={json.dumps(options['alt'], ensure_ascii=False)}")
    return [f"![{text}]({argument})" + (f"{{{' '.join(attributes)}}}" if attributes else "")]
