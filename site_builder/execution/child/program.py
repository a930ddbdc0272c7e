"""The cells of a post as one program: one namespace, one event loop.

In: a cell's code and name. Out: the value of its last expression. Promise: code knows its lines
within its cell, never those in the post, which prose moves.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

COROUTINE = 0x80  # inspect.CO_COROUTINE; `inspect` is slow to import

Watch = Callable[[ast.Module, str], Mapping[str, object]]


class Program:
    """The cells of a post as one program: a namespace, future statements, a loop of events."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._futures = 0
        self._loop: Any = None

    def run(self, code: str, name: str, watch: Watch | None = None) -> object:
        """Run a cell; the value of its last expression unless a semicolon follows.

        `watch` may change the cell's tree, and gives names that this needs.
        """
        # Python shows a warning once for each line of a module: lines of other cells do not count.
        self._namespace.pop("__warningregistry__", None)
        tree = compile(
            code,
            name,
            "exec",
            flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self._futures,
            dont_inherit=True,
        )
        assert isinstance(tree, ast.Module)
        names = watch(tree, code) if watch else {}
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        parts = [self._compiled(tree, name, "exec")]
        if isinstance(last, ast.Expr):
            parts.append(self._compiled(ast.Expression(last.value), name, "eval"))
        with _known(names):
            value = self._evaluate(parts)
        return None if last is None or _is_hushed(code, last) else value

    def evaluate(
        self,
        code: str | ast.Expression,
        name: str,
        names: Mapping[str, object] | None = None,
    ) -> object:
        """The value of an expression; `names` are known to it alone."""
        self._namespace.pop("__warningregistry__", None)
        compiled = compile(code, name, "eval", flags=self._futures, dont_inherit=True)
        with _known(names or {}):
            return eval(compiled, self._namespace)

    def run_timed(self, code: str, name: str, watch: Watch | None = None) -> object:
        """The same for a cell with `%%time`."""
        wall, processor = time.perf_counter(), time.process_time()
        try:
            return self.run(code, name, watch)
        finally:
            used, passed = time.process_time() - processor, time.perf_counter() - wall
            sys.stdout.write(f"CPU times: total: {_duration(used)}\n")
            sys.stdout.write(f"Wall time: {_duration(passed)}\n")

    def _compiled(self, tree: ast.Module | ast.Expression, name: str, mode: str) -> types.CodeType:
        # Not the future statements of this file: those of the post.
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | self._futures
        code: types.CodeType = compile(tree, name, mode, flags=flags, dont_inherit=True)
        self._futures |= code.co_flags & __future__.annotations.compiler_flag
        return code

    def _evaluate(self, parts: Sequence[types.CodeType]) -> object:
        """The value of the last part; a cell that awaits anything runs in the loop as a whole."""
        value: object = None
        if not any(part.co_flags & COROUTINE for part in parts):
            for part in parts:
                value = eval(part, self._namespace)
            return value
        import asyncio

        async def run() -> object:
            value: Any = None
            for part in parts:
                value = eval(part, self._namespace)
                if part.co_flags & COROUTINE:
                    value = await value
            return value

        self._loop = self._loop or asyncio.Runner()
        return self._loop.run(run())


@contextlib.contextmanager
def _known(names: Mapping[str, object]) -> Iterator[None]:
    """Let code use names that are not in its namespace, where it could see them."""
    builtins.__dict__.update(names)
    try:
        yield
    finally:
        for name in names:
            builtins.__dict__.pop(name, None)


def _is_hushed(code: str, last: ast.stmt) -> bool:
    """Whether a semicolon follows the last expression."""
    end = code.split("\n")[(last.end_lineno or 1) - 1].encode()
    return end[last.end_col_offset or 0 :].lstrip().startswith(b";")


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.0f} ns"
