"""Measure what the README claims and print it as a table: `make bench`.

Every figure is a median of several runs; comparisons are paired, A B A B, so that a machine whose
speed drifts changes both. Nothing here passes or fails.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sites import FIGURE, TRIVIAL, executing_site, prose_site

from site_builder import config
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.execution.engine import execute
from site_builder.execution.processes import post_environment
from site_builder.model import Post

ROOT = Path(__file__).parents[2]
RUNS = 5
POSTS = 20
PROSE = 1000


def main() -> None:
    """Run all measurements."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print("| what | measured |\n|---|---|")
    # In memory where that is possible: a slow disk is not what is measured.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for row in (*_overheads(Path(folder)), *_prose(Path(folder)), *_blog(Path(folder))):
            print(row, flush=True)


def _overheads(folder: Path) -> list[str]:
    """What a post costs beyond the first, on both paths, one post at a time."""
    rows = []
    for name, cells in (("trivial five-cell post", TRIVIAL), ("numpy-and-figure post", FIGURE)):
        root = executing_site(folder / name.split()[0], POSTS + 1, cells)
        site = config.load(root)
        posts = [parse(site, source) for source in read_sources(site)[0]]
        for path, fork in (("zygote", True), ("spawn", False)):
            count = POSTS if fork else POSTS // 4
            many = _median(partial(_execute, site, posts[: count + 1], fork))
            one = _median(partial(_execute, site, posts[:1], fork))
            rows.append(f"| {name}, {path} | {1000 * (many - one) / count:.1f} ms |")
    return rows


def _execute(site: config.Site, posts: list[Post], fork: bool) -> None:
    outcomes = execute(posts, site, jobs=1, fork=fork)
    assert all(outcome.execution for outcome in outcomes.values())


def _prose(folder: Path) -> list[str]:
    """A cold build of prose posts: wall clock, and processor time per post."""
    root = prose_site(folder / "prose", PROSE)
    rows = []
    for jobs in (1, 2):
        walls, processor = [], []
        for _ in range(RUNS):
            shutil.rmtree(root / "public", ignore_errors=True)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            walls.append(_timed(partial(_build, root, root / "public", jobs=jobs)))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        wall, used = statistics.median(walls), statistics.median(processor)
        per_post = f"{1000 * used / PROSE:.2f} ms of processor per post"
        rows.append(f"| {PROSE} prose posts cold, -j {jobs} | {wall:.2f} s, {per_post} |")
    return rows


def _blog(folder: Path) -> list[str]:
    """The blog of this repository against its cells as plain scripts, two at a time."""
    scripts = _scripts(folder / "scripts")
    pairs = []
    for number in range(3):
        built = _timed(partial(_build, ROOT, folder / f"blog-{number}", jobs=2))
        pairs.append((built, _timed(partial(_run, scripts))))
    built = statistics.median(pair[0] for pair in pairs)
    plain = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(a / b for a, b in pairs)
    return [
        f"| the blog cold, -j 2 | {built:.1f} s |",
        f"| its cells as plain scripts, two at a time | {plain:.1f} s |",
        f"| ratio, paired | {ratio:.2f} |",
    ]


def _scripts(folder: Path) -> list[Path]:
    """Each post's cells as a script that saves its figures as the build does."""
    folder.mkdir()
    site = config.load(ROOT)
    scripts = []
    for source in read_sources(site)[0]:
        cells = [cell for cell in parse(site, source).cells if cell.options.eval]
        if not cells:
            continue
        code = "\n".join(_with_figures(cell.code) for cell in cells)
        path = folder / f"{source.path.replace('/', '-')}.py"
        path.write_text(f"{_SAVE}\n{code}", encoding="utf-8")
        scripts.append(path)
    return scripts


_SAVE = """\
import sys
def _save():
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums() if pyplot else ():
        pyplot.figure(number).savefig(f"{__file__}.{number}.svg", bbox_inches="tight")
    if pyplot:
        pyplot.close("all")
"""


def _with_figures(code: str) -> str:
    return f"{code}\n_save()"


def _run(scripts: list[Path]) -> None:
    environment = post_environment(config.load(ROOT).settings.execution.environment, ())

    def run(script: Path) -> None:
        command = [sys.executable, str(script)]
        subprocess.run(command, env=environment, check=True, capture_output=True, cwd=script.parent)

    # The long ones first, as a careful author would start them.
    scripts = sorted(scripts, key=lambda s: "keras" not in s.read_text(encoding="utf-8"))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, scripts))


def _build(root: Path, output: Path, *, jobs: int) -> None:
    command = [sys.executable, "-m", "site_builder", "build", "-C", str(root), "-o", str(output)]
    subprocess.run([*command, "-j", str(jobs)], check=True, capture_output=True, cwd=ROOT)


def _median(function: Callable[[], object]) -> float:
    return statistics.median(_timed(function) for _ in range(RUNS))


def _timed(function: Callable[[], object]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
