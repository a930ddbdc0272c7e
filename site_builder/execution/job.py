"""What the process of a post needs to know, and the keys of what it will do.

In: a post and its site. Out: the job as JSON; the conditions of its run; a key for each step.
Promise: two runs with the same key are given the same: whatever a job says that can change an
output is in the conditions or in a cell's key. Prose, captions and where in the post a cell stands
it does not say; time limits can only fail.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from site_builder.execution.child.protocol import Message
from site_builder.execution.documents import FORMAT
from site_builder.execution.imports import imported, uses_magics
from site_builder.execution.lines import expression_name, named_cells, ran
from site_builder.execution.processes import FIXED
from site_builder.execution.record import Conditions
from site_builder.model.post import Cell, Expression, Post
from site_builder.settings.site import Site
from site_builder.store import digest_of

RUNNER_CONDITION = "site-builder's runner"
VARIABLE = "environment variable"
RUNNER = Path(__file__).parent / "child"
"""Whose code decides, with a few modules beside it, what is captured and how."""


def job_of(post: Post, site: Site) -> Message:
    """What the child needs to know, as JSON."""
    source, front = post.source, post.front_matter
    limits = site.settings.execution
    timeout = front.timeout or limits.timeout
    return {
        "name": source.path,
        "file": str(site.root / source.path),
        "folder": str(site.root / source.folder),
        "root": str(site.root),
        "cells": [_cell(name, cell, timeout) for name, cell in named_cells(post).items()],
        "expressions": [_expression(post, each, timeout) for each in post.expressions],
        "imports": imported(post.cells),
        "magics": not front.kernel and uses_magics(post.cells),
        "kernel": front.kernel,
        "seed": seed_of(post, site),
        "figures": _figures(site),
        "limits": {
            "post_timeout": limits.post_timeout,
            "memory": int(limits.memory * 1e9),
            "output": int(limits.output_limit * 1e6),
        },
    }


def conditions_of(post: Post, site: Site) -> Conditions:
    """Everything that the run of a post is given beside its cells, by name.

    Values of variables that are passed through from outside may be secret: of those only a part of
    their SHA-256 is told.
    """
    limits = site.settings.execution
    return {
        RUNNER_CONDITION: runner_digest(),
        "the post's file": post.source.path,
        "kernel": post.front_matter.kernel,
        "seed": str(seed_of(post, site)),
        "setting execution.memory": f"{limits.memory:g}",
        "setting execution.output_limit": f"{limits.output_limit:g}",
        **{f"setting figures.{name}": str(value) for name, value in _figures(site).items()},
        **variables_of(site),
    }


def variables_of(site: Site) -> Conditions:
    """The environment variables of posts that are the same on every machine, as conditions."""
    limits = site.settings.execution
    passed = {
        name: "sha256:" + digest_of(os.environ[name].encode())[:12]
        for name in limits.pass_environment
        if name in os.environ
    }
    variables = {**FIXED, **passed, **limits.environment}
    return {f"{VARIABLE} {name}": value for name, value in variables.items()}


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a run: each is of the conditions and of all code up to its end."""

    cells: tuple[str, ...]
    """Of the cells that run."""
    expressions: tuple[str, ...]
    run: str
    """Of the whole run."""


def keys_of(post: Post, conditions: Conditions) -> Keys:
    """The keys of a post's run."""
    key = _hash("", dict(conditions))
    cells: list[str] = []
    expressions: list[str] = []
    for step in steps(post):
        key = _hash(key, code_of(step))
        (cells if isinstance(step, Cell) else expressions).append(key)
    return Keys(tuple(cells), tuple(expressions), key)


def steps(post: Post) -> list[Cell | Expression]:
    """All that a post evaluates, in order: its cells that run, and the expressions after each."""
    found: list[Cell | Expression] = [e for e in post.expressions if not e.after]
    for cell in ran(post):
        found += [cell, *(each for each in post.expressions if each.after == cell.number)]
    return found


def code_of(step: Cell | Expression) -> list[Any]:
    """What the run of a cell, or of an expression, depends on."""
    if isinstance(step, Cell):
        return [step.code, options_of(step)]
    return [step.kind, step.code, step.conversion, step.format]


def options_of(cell: Cell) -> dict[str, Any]:
    """The options of a cell that its run depends on."""
    options = cell.options
    return {
        "error": options.error,
        "fig_width": options.fig_width,
        "fig_height": options.fig_height,
        "reads": None if options.reads is None else list(options.reads),
        "claim": bool(options.claim),
    }


@functools.cache
def runner_digest() -> str:
    """Of the code that runs cells, so that what an older one put out is made anew."""
    digest = hashlib.sha256(f"record {FORMAT}".encode())
    beside = [RUNNER.parent / name for name in ("report.py", "recording.py", "lines.py")]
    for path in (*beside, *sorted(RUNNER.glob("*.py"))):
        digest.update(f"{path.name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def seed_of(post: Post, site: Site) -> int:
    """The seed of a post: its own, or the site's."""
    own = post.front_matter.seed
    return site.settings.execution.seed if own is None else own


def _hash(before: str, value: object) -> str:
    text = json.dumps([before, value], sort_keys=True, ensure_ascii=True)
    return digest_of(text.encode())


def _figures(site: Site) -> dict[str, Any]:
    figures = site.settings.figures
    return {
        "format": figures.format,
        "width": figures.width,
        "height": figures.height,
        "svg_limit": figures.svg_limit * 1000,
    }


def _cell(name: str, cell: Cell, timeout: float) -> Message:
    options: Sequence[str] = ("error", "fig_width", "fig_height", "claim")
    known = options_of(cell)
    return {
        "number": cell.number,
        "name": name,
        "code": cell.code,
        "timeout": cell.options.timeout or timeout,
        "options": {name: known[name] for name in options},
    }


def _expression(post: Post, expression: Expression, timeout: float) -> Message:
    return {
        "number": expression.number,
        "name": expression_name(post, expression),
        "kind": expression.kind,
        "code": expression.code,
        "conversion": expression.conversion,
        "format": expression.format,
        "after": expression.after,
        "timeout": timeout,
    }
