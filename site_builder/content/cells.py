"""Cells: which fences of a post are its program, in each of the three dialects.

In: a source and its token stream. Out: the cells in order, each with its code, options and place,
or every fault. Promise: jupytext, told the post's format, sees the same cells.

    MyST     ```{code-cell} python     Quarto   ```{python}     both: only marked fences run
    plain    ```python                 every one runs but for those marked .noeval
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it.token import Token

from site_builder.content.code_lines import HELP, lines_of_fence
from site_builder.content.directives import KINDS
from site_builder.content.fences import PYTHON, Fence, find_fences
from site_builder.content.options import is_shown_only, read_options
from site_builder.content.positions import problem_at
from site_builder.errors import Problem, nearest
from site_builder.model.post import Cell, Source


def read_cells(
    source: Source, tokens: Sequence[Token], *, marked: bool = False, kernel: str = ""
) -> tuple[tuple[Cell, ...], list[Problem]]:
    """Find the cells; their tokens get `meta["cell"]`, and all fences `meta["language"]`.

    `marked` makes plain fences shown only even where no fence is marked; `kernel` is the name of
    the Jupyter kernel that runs the post, if not our own Python.
    """
    fences = list(find_fences(source, tokens))
    marked = marked or bool(kernel) or any(fence.kind == "marked" for fence in fences)
    cells: list[Cell] = []
    problems: list[Problem] = []
    for fence in fences:
        fence.token.meta["language"] = fence.language
        problems += _closing_problem(source, fence)
        if not _is_cell(fence, marked=marked, kernel=kernel):
            problems += _static_problem(source, fence)
            problems += _lines_problems(source, fence)
            continue
        found = _cell_problem(source, fence, kernel)
        if found:
            problems.append(found)
            continue
        cell, faults = _cell(source, fence, len(cells) + 1, kernel)
        problems += faults
        fence.token.meta["cell"] = cell.number
        cells.append(cell)
    problems += _duplicate_labels(source, cells)
    return tuple(cells), problems


# Languages that other tools run in marked fences, so that their absence here is explained.
_LANGUAGES = frozenset(
    (
        *("bash", "c", "cpp", "dot", "haskell", "java", "javascript", "js", "julia", "lua"),
        *("mermaid", "node", "octave", "ojs", "perl", "r", "ruby", "rust", "scala", "sh", "sql"),
        *("stata", "typescript"),
    )
)


def _is_cell(fence: Fence, *, marked: bool, kernel: str) -> bool:
    if fence.kind == "plain":
        return not marked
    if fence.kind == "marked":
        return not is_shown_only(fence.attributes)
    return fence.kind == "unknown" and bool(kernel)


def _closing_problem(source: Source, fence: Fence) -> Iterator[Problem]:
    """CommonMark runs an unclosed fence to the end of the post, without a word."""
    if not fence.closed:
        markup = fence.token.markup
        column = source.line_text(fence.line).find(markup) + 1
        message = "this fence is never closed"
        help_ = f"end it with a line of {markup}"
        width = len(markup)
        yield problem_at(
            source, fence.line, message, help_, column=column, width=width, code="M001"
        )


def _static_problem(source: Source, fence: Fence) -> Iterator[Problem]:
    if fence.kind != "unknown":
        return
    name, code = fence.language, "M003"
    column = source.line_text(fence.line).find("{") + 2
    if name in _LANGUAGES:
        message = f"there is no kernel to run a cell of {name!r}"
        help_ = (
            f"name a Jupyter kernel in the front matter, such as 'kernel: ir', or write ```{name}"
        )
    else:
        message, code = f"unknown directive {name!r}", "M002"
        help_ = nearest(name, {"code-cell", "code", "math", "python", *KINDS})
    width = len(name)
    yield problem_at(source, fence.line, message, help_, column=column, width=width, code=code)


def _lines_problems(source: Source, fence: Fence) -> Iterator[Problem]:
    """Lines to be numbered or marked that cannot be."""
    info = fence.token.info
    for message, at, width in lines_of_fence(info, fence.token.content)[1]:
        line = fence.line
        column = source.line_text(line).find(info.strip()) + 1 + at - info.index(info.strip())
        yield problem_at(source, line, message, HELP, column=column, width=width, code="M017")


def _cell_problem(source: Source, fence: Fence, kernel: str) -> Problem | None:
    """Why a fence that is meant as a cell cannot be one."""

    def problem(message: str, help_: str, code: str, column: int, width: int) -> Problem:
        line = fence.line
        return problem_at(source, line, message, help_, column=column, width=width, code=code)

    column = source.line_text(fence.line).find(fence.token.markup) + 1
    width = len(fence.token.markup)
    if fence.token.markup.startswith("~"):
        message = "a cell's fence is of backticks, not tildes"
        return problem(message, "write ```", "M004", column, width)
    if fence.nested:
        message = "a cell must stand at the left margin, outside of lists, quotations and fences"
        help_ = "move it there, or write ```python .noeval to show it without running it"
        return problem(message, help_, "M005", column, width)
    if fence.kind == "marked" and not fence.myst and fence.attributes:
        message = "options in the braces are not read"
        help_ = "write them as lines at the top of the cell, such as '#| echo: false'"
        width = len(fence.attributes)
        start = source.line_text(fence.line).find(fence.attributes, fence.column - 1) + 1
        return problem(message, help_, "M006", start, width)
    if fence.myst and not kernel and fence.language not in PYTHON | {""}:
        message = f"there is no kernel to run a cell of {fence.language!r}"
        help_ = "name a Jupyter kernel in the front matter, such as 'kernel: ir'"
        start = source.line_text(fence.line).lower().rfind(fence.language) + 1
        width = len(fence.language)
        return problem(message, help_, "M003", start, width)
    return None


def _cell(source: Source, fence: Fence, number: int, kernel: str) -> tuple[Cell, list[Problem]]:
    content = fence.token.content
    options, taken, problems = read_options(
        source,
        fence.line,
        content,
        attributes=fence.attributes if fence.kind == "plain" else "",
        column=fence.column,
        myst=fence.myst,
    )
    code = content.split("\n", taken)[-1] if taken else content
    if taken and content.count("\n") < taken:
        code = ""
    language = fence.language
    if not kernel:
        language = "python"
    elif not language:
        language = _KERNEL_LANGUAGES.get(kernel, kernel.rstrip("0123456789.-"))
    fence.token.meta["language"] = language
    cell = Cell(
        number=number,
        code=code,
        line=fence.line + 1 + taken,
        column=0,
        fence_line=fence.line,
        language=language,
        options=options,
    )
    return cell, problems


_KERNEL_LANGUAGES = {"ir": "r", "python3": "python", "xpython": "python", "deno": "typescript"}


def _duplicate_labels(source: Source, cells: Sequence[Cell]) -> Iterator[Problem]:
    first: dict[str, Cell] = {}
    for cell in cells:
        label = cell.options.label
        if not label:
            continue
        other = first.setdefault(label, cell)
        if other is not cell:
            line = source.file_line(other.fence_line)
            message = f"the label {label!r} is given twice"
            help_ = f"the cell in line {line} has it: rename one"
            yield problem_at(source, cell.fence_line, message, help_, code="M010")
