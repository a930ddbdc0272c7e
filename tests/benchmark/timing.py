"""Timing whole commands: medians, pairs, peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build(root: Path, *arguments: str) -> None:
    """Run `site-builder build` on a site as a user would."""
    run("build", root, *arguments)


def run(name: str, root: Path, *arguments: str) -> None:
    """Run a command of `site-builder`, which has to end well."""
    command = [sys.executable, "-m", "site_builder", name, "-C", str(root), *arguments]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)


def peak_memory(root: Path, *arguments: str) -> float:
    """The most memory that the process of a build held, in MB (not its workers)."""
    command = [sys.executable, "-m", "site_builder", "build", "-C", str(root), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1000


def seconds(function: Callable[[], object]) -> float:
    """Wall clock of a call."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def median(
    function: Callable[[], object], runs: int, *, before: Callable[[], object] = lambda: None
) -> float:
    """Median wall clock of several calls; `before` each of them, untimed."""
    walls = []
    for _ in range(runs):
        before()
        walls.append(seconds(function))
    return statistics.median(walls)


def paired(
    first: Callable[[], object], second: Callable[[], object], runs: int
) -> tuple[float, float, float]:
    """Medians of two functions called in turns, and the median of their ratios."""
    pairs = [(seconds(first), seconds(second)) for _ in range(runs)]
    ratios = [a / b for a, b in pairs]
    ones, others = [a for a, _ in pairs], [b for _, b in pairs]
    return statistics.median(ones), statistics.median(others), statistics.median(ratios)
