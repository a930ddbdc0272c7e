"""What a post imports, read from its code without running it, and what lies beside it."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable
from pathlib import Path

from site_builder.model.post import Cell

# Module named in a post -> what a zygote imports for it. Only libraries whose
# import has no effect but time, and whose forked copies were found to work.
PRELOADED = {
    "numpy": ("numpy",),
    "matplotlib": ("numpy", "matplotlib.pyplot"),
    "pandas": ("numpy", "pandas"),
    "scipy": ("numpy", "scipy"),
    "keras": ("numpy", "keras"),
    "IPython": ("IPython",),
}
SLOW = frozenset(("keras",))  # takes seconds, where others take tenths
# Zygotes share what comes first: the slowest, so that it is imported once for all that need it.
ORDER = ("numpy", "keras", "scipy", "pandas", "matplotlib.pyplot", "IPython")
_MODULE = re.compile(r"([A-Za-z_]\w*)(?:\.[\w-]+)*?\.(?:py|pyc|so|pyd)")


def imported(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Top-level names of the modules that the cells import, sorted."""
    names: set[str] = set()
    for cell in cells:
        if cell.options.eval:
            names |= _imported(cell.code)
    return tuple(sorted(names))


def _imported(code: str) -> set[str]:
    try:
        tree = ast.parse(code)
    except SyntaxError:
        # Magics, or a mistake that running it will report: lines that look like imports will do.
        return set(re.findall(r"^\s*(?:import|from)\s+([A-Za-z_]\w*)", code, re.MULTILINE))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def preloads(names: Iterable[str]) -> tuple[str, ...]:
    """What a zygote should import for posts that import `names`, in order."""
    wanted = {module for name in names for module in PRELOADED.get(name, ())}
    return tuple(module for module in ORDER if module in wanted)


def is_slow(names: Iterable[str]) -> bool:
    """Whether a post with these imports has long to wait for them."""
    return not SLOW.isdisjoint(names)


def modules_in(folder: Path) -> frozenset[str]:
    """Names of the modules and packages in a folder that come before all others with their name."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - the names alone, quickly
    except OSError:
        return frozenset()
    modules = {found[1] for name in names if (found := _MODULE.fullmatch(name))}
    packages = {
        name for name in names if name.isidentifier() and (folder / name / "__init__.py").exists()
    }
    return frozenset(modules | packages)


def uses_magics(cells: Iterable[Cell]) -> bool:
    """Whether a post needs IPython's shell: magics, `!command`, or `get_ipython`."""
    for cell in cells:
        if not cell.options.eval:
            continue
        if re.search(r"\bget_ipython\b", cell.code):
            return True
        if re.search(r"^\s*(?:[\w, ]+=\s*)?[%!]", cell.code, re.MULTILINE):
            try:
                ast.parse(cell.code)
            except SyntaxError:
                return True
    return False
