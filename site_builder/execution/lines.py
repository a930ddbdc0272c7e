"""Lines of cells: code knows those within its cell, readers are shown those of the post's file.

In: texts and outputs of a run, in which `posts/x.md, cell 2:3` is line 3 of the second cell that
ran (and so is `line 3 of posts/x.md, cell 2`, in messages of the compiler), and `posts/x.md, value
1:1` the first expression in the prose. Out: the same with today's lines, `posts/x.md:41` and `line
41`. Promise: prose that grows above a cell changes nothing
that its code can see, hence no record; only what is shown of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from site_builder.model.post import Cell, Expression, Output, Post

CELL, VALUE = ", cell ", ", value "
# The name may be quoted, as in a traceback, a repr, JSON or HTML.
_BETWEEN = r""":|(?:\\?["']|&#?\w+;)?, line """


def ran(post: Post) -> list[Cell]:
    """The cells of a post that run."""
    return [cell for cell in post.cells if cell.options.eval]


def cell_name(post: Post, place: int) -> str:
    """The name under which a cell is compiled, by its place from 1 among those that run."""
    return f"{post.source.path}{CELL}{place}"


def expression_name(post: Post, expression: Expression) -> str:
    """The name under which an expression of the prose is compiled."""
    return f"{post.source.path}{VALUE}{expression.number}"


def named_cells(post: Post) -> dict[str, Cell]:
    """The cells that run by the names under which they are compiled."""
    return {cell_name(post, place): cell for place, cell in enumerate(ran(post), start=1)}


def line_in_file(post: Post, cell: Cell, line: int) -> int:
    """The line in the post's file of a cell's line (from 1)."""
    return post.source.file_line(cell.line) + line - 1


def first_line(text: str, post: Post) -> tuple[int, str] | None:
    """The first line of the post's file that a text names by a cell, and what stands there."""
    for found in _pattern(post).finditer(text):
        if place := _place(found, post):
            return place
    return None


def placed(text: str, post: Post) -> str:
    """A text with today's lines of the post in the place of cells and the lines within them."""
    if CELL not in text and VALUE not in text:
        return text

    def change(found: re.Match[str]) -> str:
        place = _place(found, post)
        if place is None:
            # Readers know cells by their numbers, but no values.
            known = found["kind"] == VALUE and 0 < int(found["place"]) <= len(post.expressions)
            return found["name"] if known and not found["rest"] else found[0]
        line, _ = place
        if found["before"]:
            return f"line {line}{found['rest'] or ''}"
        return f"{found['name']}{found['between']}{line}"

    return _pattern(post).sub(change, text)


def with_lines(outputs: Sequence[Output], post: Post) -> tuple[Output, ...]:
    """Outputs as they are shown: `placed`, wherever they are text."""
    return tuple(_changed(output, lambda text: placed(text, post)) for output in outputs)


def text_at(post: Post, cell: Cell, line: int) -> str:
    """The text at a line (from 1) of a cell in the post."""
    if line > max(1, cell.code.count("\n")):
        return ""
    return post.source.line_text(cell.line + line - 1)


def _place(found: re.Match[str], post: Post) -> tuple[int, str] | None:
    """The line of the post's file that a cell's or an expression's is, and the text there."""
    place, line = int(found["place"]), found["before"] or found["after"]
    if not line or place < 1:
        return None
    if found["kind"] == VALUE:
        named = post.expressions[place - 1 : place]
        lines = [(post.source.file_line(e.line), post.source.line_text(e.line)) for e in named]
    else:
        cells, within = ran(post)[place - 1 : place], int(line)
        lines = [(line_in_file(post, c, within), text_at(post, c, within)) for c in cells]
    return lines[0] if lines else None


def _pattern(post: Post) -> re.Pattern[str]:
    """A cell's name with a line; the file may be told without its folder, as `logging` does it."""
    path = post.source.path
    # Whole paths are found in any text, such as after a colour or an escaped line end.
    names = rf"(?<!/){_spelled(path)}|(?<![\w/-]){_spelled(path.rpartition('/')[2])}"
    return re.compile(
        rf"(?:\bline (?P<before>\d+) of )?(?P<name>{names})(?P<kind>{CELL}|{VALUE})(?P<place>\d+)"
        rf"(?P<rest>(?P<between>{_BETWEEN})(?P<after>\d+))?"
    )


def _spelled(name: str) -> str:
    """A pattern of a name as it is, and as `faulthandler` escapes what is not ASCII."""
    spellings = (name, name.encode("ascii", "backslashreplace").decode())
    return f"(?:{'|'.join(map(re.escape, dict.fromkeys(spellings)))})"


def _changed(output: Output, change: Callable[[str], str]) -> Output:
    data = {
        mime: change(value) if isinstance(value, str) and mime.startswith("text/") else value
        for mime, value in output.data.items()
    }
    metadata: dict[str, Any] = {
        name: change(value) if isinstance(value, str) else value
        for name, value in output.metadata.items()
    }
    return replace(output, text=change(output.text), data=data, metadata=metadata)
