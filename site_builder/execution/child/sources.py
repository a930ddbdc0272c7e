"""The code of cells for whoever asks for source lines: tracebacks, warnings, `inspect`.

In: cells as they begin. Out: their lines, under the names they are compiled with. Promise: a line
is always one within its cell; where in the post the cell stands nobody here knows.
"""

from __future__ import annotations

import ast
import functools
import linecache
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from site_builder.execution.child.protocol import Message


class Sources:
    """The code of all cells that have begun."""

    def __init__(self, job: Message) -> None:
        self._begun: dict[str, str] = {}
        # The file of the post's module is no Python: better no source than Markdown.
        linecache.cache[job["file"]] = (0, None, [], job["file"])

    def begin(self, cell: Message) -> None:
        """Make the lines of a cell known."""
        name, code = cell["name"], cell["code"]
        lines = [line + "\n" for line in code.removesuffix("\n").split("\n")]
        linecache.cache[name] = (0, None, lines, name)
        self._begun[name] = code

    def prepare(self, inspect: ModuleType) -> None:
        """Let `inspect` look for classes in their cells: they tell only their module."""
        if not hasattr(inspect, "getfile"):  # a module of the author's may have this name
            return
        whole = inspect.__dict__["getfile"]

        @functools.wraps(whole)
        def getfile(object: Any) -> str:
            own = isinstance(object, type) and object.__module__ == "__main__"
            name: str = self._cell_of(object) if own else ""
            return name or whole(object)

        inspect.__dict__["getfile"] = getfile

    def _cell_of(self, cls: type) -> str:
        """The name of the last cell that defines a class, at its line where it tells that."""
        line = cls.__dict__.get("__firstlineno__")  # since Python 3.13
        found = [
            (name, first)
            for name, code in self._begun.items()
            for qualname, first in _classes(code)
            if qualname == cls.__qualname__
        ]
        exact = [each for each in found if each[1] == line]
        return (exact or found or [("", 0)])[-1][0]


def _classes(code: str) -> Iterator[tuple[str, int]]:
    """The qualified name of every class in a cell, and its first line, that of a decorator too."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = f"{prefix}{child.name}.<locals>."
            elif isinstance(child, ast.ClassDef):
                lines = [child.lineno, *(each.lineno for each in child.decorator_list)]
                yield prefix + child.name, min(lines)
                inner = f"{prefix}{child.name}."
            waiting.append((child, inner))
