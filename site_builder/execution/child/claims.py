"""Claims: what an expression's parts had for values when it was evaluated.

In: the syntax tree of an expression, or of a cell's assertions. Out: the same that also notes the
value of each part that a reader would ask for. Promise: every part is evaluated as often, and in
the same order, as without.
"""

from __future__ import annotations

import ast
import itertools
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from site_builder.execution.child.display import clean, without_address
from site_builder.execution.child.streams import Entry

NOTE, BEGIN, CHECK = "@note", "@begin", "@check"  # no names that code can have
MOST = 8  # parts of an expression that are told
LONGEST = 160  # characters of a value
MANY = 24  # assertions of a cell that are told

# In these a name is not one of the post's, or is evaluated many times; or, as in f-strings before
# Python 3.12, nobody can tell how it is written.
_OPAQUE: tuple[type[ast.AST], ...] = (
    *(ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.JoinedStr, getattr(ast, "TemplateStr", ast.JoinedStr)),
)


class Noted:
    """The parts of one evaluation, in order."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._parts: dict[str, str] = {}

    def note(self, source: str, value: object) -> object:
        """Note what a part gave."""
        told = not isinstance(value, ModuleType | type) and not callable(value)
        if told and (source in self._parts or len(self._parts) < MOST):
            self._parts[source] = shown(value, self._root)
        return value

    def take(self) -> list[list[str]]:
        """The parts noted since the last time, each with its value."""
        parts, self._parts = self._parts, {}
        return [[source, value] for source, value in parts.items()]


def shown(value: object, root: str = "") -> str:
    """A value in a line; what it tells of the site's folder, `root`, is nobody's business."""
    try:
        # NumPy's numbers and arrays say their type in a repr, which tells readers nothing.
        text = str(value) if hasattr(value, "dtype") else _repr(value)
    except Exception as error:
        text = f"<its repr raises {type(error).__name__}>"
    if root:
        text = text.replace(root + os.sep, "").replace(root, ".")
    text = " ".join(without_address(clean(text)).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _repr(value: Any) -> str:
    """The `repr` of a value; of a long one that of its beginning, as assertions may be in loops."""
    kind = type(value)
    if kind is str:
        return repr(value[:LONGEST])
    if kind in (list, tuple, set, frozenset, dict) and len(value) > LONGEST:
        items = value.items() if kind is dict else value
        return repr(kind(itertools.islice(items, LONGEST)))[:LONGEST] + "…"
    return repr(value)


def noting(tree: ast.expr, code: str) -> ast.expr:
    """The expression, noting its parts but not itself."""
    noted = _Noting(code, tree).visit(tree)
    assert isinstance(noted, ast.expr)
    return noted


def truth(value: object) -> bool:
    """Whether a claim's value says that it is true; raises ValueError, with why, if it cannot."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        told = " × ".join(map(str, shape))
        raise ValueError(f"gives an array of {told} values: say 'all' or 'any' of them")
    if isinstance(value, bool) or str(getattr(value, "dtype", "")) == "bool":
        return bool(value)
    kind = type(value)
    if isinstance(value, int | float | complex | str | bytes | list | tuple | dict | set | None):
        told = shown(value)
        raise ValueError(
            f"gives {told}, which is neither true nor false: compare it with something"
        )
    if hasattr(value, "dtype") or not hasattr(kind, "__bool__"):
        raise ValueError(f"gives {shown(value)}, which is neither true nor false")
    try:
        return bool(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"gives {shown(value)}, which is neither true nor false: {error}"
        ) from None


class _Noting(ast.NodeTransformer):
    """Wraps parts of an expression in calls that note their values."""

    def __init__(self, code: str, whole: ast.expr) -> None:
        self._code = code
        self._whole = whole

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, _OPAQUE):
            return node
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            self._within(node.value)
        elif not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            return self.generic_visit(node)
        source = _written(self._code, node)
        if isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
            # The chain up to here is one part; what it begins with, and what is in it, are others.
            self._within(node)
        if node is self._whole or not isinstance(
            node.ctx if hasattr(node, "ctx") else ast.Load(), ast.Load
        ):
            return node
        return _call(NOTE, [ast.Constant(source), node], node)

    def _within(self, node: ast.Call | ast.Attribute | ast.Subscript) -> None:
        if isinstance(node, ast.Call):
            node.args = [self.visit(each) for each in node.args]
            for keyword in node.keywords:
                keyword.value = self.visit(keyword.value)
            if isinstance(node.func, ast.Attribute):
                node.func.value = self.visit(node.func.value)
        elif isinstance(node, ast.Subscript):
            node.value = self.visit(node.value)
            node.slice = self.visit(node.slice)
        else:
            node.value = self.visit(node.value)


class Assertions:
    """The assertions of a cell with a claim; `root` is the site's folder."""

    def __init__(self, root: str) -> None:
        self._noted = Noted(root)
        self._holding: dict[tuple[int, str], Entry] = {}
        self._false: Entry | None = None
        self._unreached = 0
        """Line of the first assertion as long as none was reached and nothing else can prove."""

    def watch(self, tree: ast.Module, code: str) -> dict[str, Callable[..., object]]:
        """Let the assertions outside of functions be noted; gives the names this needs."""
        watched = [node for node in _outside_functions(tree) if isinstance(node, ast.Assert)]
        if watched and len(watched) == sum(map(_can_prove, ast.walk(tree))):
            self._unreached = min(node.lineno for node in watched)
        for node in watched:
            source = _written(code, node.test)
            line = _call(BEGIN, [ast.Constant(node.lineno)], node.test)
            at = [line, ast.Constant(source)]
            node.test = _call(CHECK, [*at, noting(node.test, code)], node.test)
        ast.fix_missing_locations(tree)
        return {NOTE: self._noted.note, BEGIN: self._begin, CHECK: self._check}

    def _begin(self, line: int) -> int:
        self._noted.take()  # of an assertion that raised something else
        self._unreached = 0
        return line

    def _check(self, line: int, source: str, value: object) -> object:
        holds = bool(value)
        entry = _entry(source, line, parts=self._noted.take(), holds=holds)
        self._holding.pop((line, source), None)
        if holds:
            self._holding[line, source] = entry
        self._false = None if holds else entry
        return holds

    def entries(self, raised: dict[str, Any] | None) -> list[Entry]:
        """What was asserted; `raised` is the assertion's error that ended the cell, if one did.

        An assertion that failed where the cell caught that proves nothing, and is not told.
        """
        entries = list(self._holding.values())[:MANY]
        if raised is not None:
            false = self._false
            if false is None or len(raised["frames"]) > 1:
                # Of a function, such as `numpy.testing.assert_allclose`.
                line = next((f["line"] for f in raised["frames"] if f["line"]), 1)
                false = _entry("", line, parts=[], holds=False)
            false["metadata"]["message"] = raised["message"]
            entries.append(false)
        elif self._unreached:
            unproven = _entry("", self._unreached, parts=[], holds=False)
            unproven["metadata"]["message"] = "none of its assertions was reached"
            entries.append(unproven)
        return entries


def _entry(source: str, line: int, *, parts: list[list[str]], holds: bool) -> Entry:
    metadata = {"holds": holds, "parts": parts, "line": line}
    return {"kind": "assertion", "text": source, "metadata": metadata}


def _can_prove(node: ast.AST) -> bool:
    """Whether it is an assertion, or calls what is named like one."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
        return "assert" in name.lower()
    return isinstance(node, ast.Assert)


def _written(code: str, node: ast.expr) -> str:
    """A part of some code, in one line."""
    source = ast.get_source_segment(code, node) or ""
    return " ".join(source.split()) if "\n" in source else source


def _outside_functions(tree: ast.AST) -> list[ast.AST]:
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
        waiting += [each for each in ast.iter_child_nodes(node) if not isinstance(each, inner)]
    return found


def _call(name: str, arguments: list[ast.expr], place: ast.expr) -> ast.Call:
    function = ast.Name(name, ast.Load())
    return ast.copy_location(ast.Call(function, arguments, []), place)
