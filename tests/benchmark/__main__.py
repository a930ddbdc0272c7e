"""Measure what the README claims and print it as a table: `make bench`.

Every figure is a median of several runs; comparisons are paired, A B A B, so that a machine whose
speed drifts changes both. Nothing here passes or fails.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from loop import cell_edits, growth, prose_edits, ready
from scripts import run_in_forks, run_two_at_a_time, scripts_of
from sites import FIGURE, NUMPY, TRIVIAL, executing_site, prose_site, training_site
from timing import ROOT, build, median, paired, peak_memory, run

from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.execution.engine import execute
from site_builder.model.post import Post
from site_builder.settings.site import Site, load_site
from site_builder.store import Store

RUNS = 5
POSTS = 20
VALUES = 100
SAVES = 500


def main() -> None:
    """Run all measurements."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print("| what | measured |\n|---|---|")
    # In memory where that is possible: a slow disk is not what is measured.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        folder = Path(name)
        for rows in (_blog, _evidence, _prose, _executing, _training, _overheads, _loop):
            for what, measured in rows(folder):
                print(f"| {what} | {measured} |", flush=True)


def _blog(folder: Path) -> Iterator[tuple[str, str]]:
    """The blog of this repository: cold, unchanged, one line of prose edited."""
    root = folder / "blog"
    _copy_blog(root)
    scripts = scripts_of(root, folder / "blog-scripts", figures=True)
    cold, plain, ratio = paired(partial(_cold, root), partial(run_two_at_a_time, root, scripts), 3)
    yield "the blog cold", f"{cold:.1f} s"
    yield "its cells as plain scripts, two at a time", f"{plain:.1f} s; paired ratio {ratio:.2f}"
    yield "the blog, nothing changed", f"{median(partial(build, root), 2 * RUNS):.2f} s"
    edit = partial(_edit, sorted((root / "posts").glob("*.md"))[0])
    yield "the blog, one prose edit", f"{median(partial(build, root), RUNS, before=edit):.2f} s"


def _copy_blog(root: Path) -> None:
    for name in ("site.toml", "posts", "pages", "static", "themes"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name)
        elif (ROOT / name).exists():
            root.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, root / name)


def _evidence(folder: Path) -> Iterator[tuple[str, str]]:
    """Verifying the blog that `_blog` has built; what values in the prose cost."""
    root = folder / "blog"
    verify, cold, ratio = paired(partial(run, "verify", root), partial(_cold, root), 3)
    yield "the blog verified: every post run anew and compared", f"{verify:.1f} s"
    yield "the blog cold, measured beside that", f"{cold:.1f} s; paired ratio {ratio:.2f}"
    without = executing_site(folder / "without", POSTS, TRIVIAL)
    values = executing_site(folder / "values", POSTS, TRIVIAL)
    for post in (values / "posts").glob("*.md"):
        with post.open("a", encoding="utf-8") as file:
            file.write("\nMore.\n" + "\nIt is `{python} 2 + 2`.\n" * VALUES)
    more, less, _ = paired(partial(_cold, values), partial(_cold, without), RUNS)
    each = 1000 * (more - less) / (POSTS * VALUES)
    yield f"a value in the prose, of {VALUES} in a post", f"{each:.2f} ms"


def _prose(folder: Path) -> Iterator[tuple[str, str]]:
    """Prose posts: cold, unchanged, one line edited."""
    for count, runs in ((1_000, RUNS), (10_000, 1)):
        root = prose_site(folder / f"prose-{count}", count)
        what = f"{count:,} prose posts"
        clear = partial(_clear, root)
        yield f"{what} cold", f"{median(partial(build, root), runs, before=clear):.2f} s"
        yield f"{what}, nothing changed", f"{median(partial(build, root), RUNS):.2f} s"
        edit = partial(_edit, root / "posts" / "post-00500.md")
        edited = median(partial(build, root), RUNS, before=edit)
        yield f"{what}, one prose edit", f"{edited:.2f} s"
        if count == 10_000:
            _clear(root)
            yield f"{what} cold, peak memory", f"{peak_memory(root):.0f} MB"
        shutil.rmtree(root)


def _executing(folder: Path) -> Iterator[tuple[str, str]]:
    """Small posts that run: cold against their cells as plain scripts."""
    root = executing_site(folder / "fifty", 50, NUMPY)
    scripts = scripts_of(root, folder / "fifty-scripts", figures=True)
    cold, plain, ratio = paired(partial(_cold, root), partial(run_two_at_a_time, root, scripts), 3)
    yield "50 posts of 5 numpy cells and a figure, cold", f"{cold:.2f} s"
    yield "their cells as plain scripts, two at a time", f"{plain:.1f} s; paired ratio {ratio:.2f}"


def _training(folder: Path) -> Iterator[tuple[str, str]]:
    """Two posts that train for about 3 s, one with formulas and figures, seven essays."""
    root = training_site(folder / "training")
    scripts = scripts_of(root, folder / "training-scripts", figures=False)
    cold, floor, ratio = paired(partial(_cold, root), partial(run_in_forks, root, scripts), 5)
    yield "two training posts, one of figures, seven essays, cold", f"{cold:.2f} s"
    yield (
        "the forked floor: import once, run the cells, two at a time",
        f"{floor:.2f} s; paired ratio {ratio:.2f}",
    )


def _overheads(folder: Path) -> Iterator[tuple[str, str]]:
    """What a post costs beyond the first, on both paths, one post at a time."""
    for name, cells in (("trivial five-cell post", TRIVIAL), ("numpy-and-figure post", FIGURE)):
        root = executing_site(folder / name.split()[0], POSTS + 1, cells)
        site = load_site(root)
        posts = [parse(site, source) for source in read_sources(site)[0]]
        for path, fork in (("zygote", True), ("spawn", False)):
            count = POSTS if fork else POSTS // 4
            many = median(partial(_execute, site, posts[: count + 1], fork), RUNS)
            one = median(partial(_execute, site, posts[:1], fork), RUNS)
            yield f"{name}, {path}", f"{1000 * (many - one) / count:.1f} ms"


def _loop(folder: Path) -> Iterator[tuple[str, str]]:
    """From a save to the screen of a browser, under `serve`."""
    root = folder / "blog"
    if not root.is_dir():
        _copy_blog(root)
    build(root)
    yield "`serve` ready, the blog with a warm store", f"{ready(root, RUNS):.2f} s"
    name = "posts/softmax-derivative.md"
    took = prose_edits(root, name, "/softmax-derivative/", 2 * RUNS)
    yield "a prose edit to the screen, the blog", f"{took:.0f} ms"
    many = prose_site(folder / "many", 1_000)
    build(many)
    took = prose_edits(many, "posts/post-00500.md", "/post-00500/", 2 * RUNS)
    yield "a prose edit to the screen, 1,000 posts", f"{took:.0f} ms"
    small = executing_site(folder / "small", 1, FIGURE)
    post, address = "posts/post-00000.md", "/post-00000/"
    took = cell_edits(small, post, address, "plt.plot(x, x**3)\nprint({n})", 2 * RUNS)
    yield "an edit of the last cell of a numpy-and-figure post", f"{took:.0f} ms"
    train = training_site(folder / "train")
    for other in sorted((train / "posts").glob("*.md"))[1:]:
        other.unlink()
    code = "print(history.history['loss'][-1], {n})"
    took = cell_edits(train, post, address, code, RUNS, pause=12.0)
    yield "the same after a training of 3 s with Keras on JAX", f"{took:.0f} ms"
    before, after, processes, left = growth(small, post, SAVES)
    yield (
        f"{SAVES} saves: memory, processes after a tenth and after all",
        f"{before:.0f} and {after:.0f} MB, {processes} and {left}",
    )


def _execute(site: Site, posts: list[Post], fork: bool) -> None:
    with Store(None) as store:
        outcomes = execute(posts, site, store=store, jobs=1, fork=fork)
    assert all(outcome.execution for outcome in outcomes.values())


def _cold(root: Path) -> None:
    _clear(root)
    build(root)


def _clear(root: Path) -> None:
    for name in ("public", ".cache"):
        shutil.rmtree(root / name, ignore_errors=True)


def _edit(post: Path) -> None:
    """Change a word of the prose at the end of a post."""
    with post.open("a", encoding="utf-8") as file:
        file.write("\nOne more remark.\n")


if __name__ == "__main__":
    main()
