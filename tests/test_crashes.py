"""Whatever ends a build, and wherever: no page is half or wrong, and the next build puts all right.

A build is photographed before and in the middle of each step that changes a file: what a process
that is killed there leaves behind. From each of these states another build begins.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from broken_sites import Blog, post
from edits import CACHE, changed, stamps, tree
from small_site import start_cli

from site_builder.build import Options, build
from site_builder.errors import UsageError
from site_builder.publishing.staging import MANIFEST
from site_builder.settings.site import load_site

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="links and devices of POSIX")
Tree = dict[str, bytes]
# How many of the steps of a first build, and of those on a disk that fills up, are tried.
EACH = 1 if "EXPLORE" in os.environ else 5


def site_of(root: Path, number: int) -> Blog:
    """A site in its first or second state; some of its files are there in one of them only."""
    code = f"```python\nprint('run {number}' * 400)\n```"
    site = Blog(
        root,
        {
            "posts/a.md": post(
                f"Prose {number}. ![A dot](dot.svg)\n\n{code}\n",
                "title: A\ndate: 2020-01-01\n",
            ),
            "posts/dot.svg": f'<svg xmlns="http://www.w3.org/2000/svg" width="{number}"/>\n',
            f"posts/only-{number}.md": post(f"Only {number}.\n"),
            "posts/same.md": post("The same.\n", "title: Same\ndate: 2020-01-03\n"),
        },
    )
    (root / f"posts/only-{3 - number}.md").unlink(missing_ok=True)
    return site


def build_here(site: Blog, *, cached: bool = True, output: Path | None = None) -> None:
    cache = site.root / CACHE if cached else None
    build(load_site(site.root), Options(output or site.public, jobs=1, fork=False, cache=cache))


def pages(folder: Path) -> Tree:
    """The files of a built site, without our list of them."""
    return {name: content for name, content in tree(folder).items() if name != MANIFEST}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tree, Tree]:
    """The bytes of the site as it was, and as it should become."""
    trees = []
    for number in (1, 2):
        site = site_of(tmp_path_factory.mktemp("state") / "site", number)
        build_here(site, cached=False)
        trees.append(pages(site.public))
    return trees[0], trees[1]


# What changes files: functions of the module os, and the methods that write a file at once.
MOVES = ("mkdir", "replace", "rename", "unlink", "remove", "rmdir")
WRITES = ("write_bytes", "write_text")


@contextlib.contextmanager
def stepping(root: Path, before: Callable[[str, str], None]) -> Iterator[None]:
    """Call `before(step, path)` at each step that changes a file below `root`.

    In the middle of a write it is called, too, with half of the content in the file.
    """
    lock = threading.RLock()

    def concerns(path: object) -> bool:
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        return isinstance(text, str) and (
            not os.path.isabs(text) or Path(text).is_relative_to(root)
        )

    def move(name: str) -> Callable[..., Any]:
        function = getattr(os, name)

        def stepped(path: Any, *arguments: Any, **options: Any) -> Any:
            if not concerns(path):
                return function(path, *arguments, **options)
            with lock:
                before(name, str(path))
                return function(path, *arguments, **options)

        return stepped

    def write(name: str) -> Callable[..., Any]:
        function = getattr(Path, name)

        def stepped(path: Path, content: Any, *arguments: Any, **options: Any) -> Any:
            if not concerns(path):
                return function(path, content, *arguments, **options)
            with lock:
                before(name, str(path))
                function(path, content[: len(content) // 2], *arguments, **options)
                before(f"half of {name}", str(path))
                return function(path, content, *arguments, **options)

        return stepped

    with pytest.MonkeyPatch.context() as patch:
        wrapped = {name: move(name) for name in MOVES}
        for name in WRITES:
            patch.setattr(Path, name, write(name))
        for name, function in wrapped.items():
            patch.setattr(os, name, function)
        # rmtree asks what the functions of the module can do.
        for known in (os.supports_dir_fd, os.supports_follow_symlinks):
            for name in ("unlink", "rmdir"):
                known.add(wrapped[name])
        try:
            yield
        finally:
            for known in (os.supports_dir_fd, os.supports_follow_symlinks):
                for name in ("unlink", "rmdir"):
                    known.discard(wrapped[name])


def photographs(site: Blog, album: Path) -> list[tuple[str, Path]]:
    """Build; gives the states on the way, each different from the one before, and their names."""
    taken: list[tuple[str, Path]] = []
    last: list[object] = [None]

    def take(step: str, path: str) -> None:
        now = {p: p.is_file() and p.read_bytes() for p in site.root.rglob("*")}
        if now == last[0]:
            return
        last[0] = now
        copy = album / str(len(taken))
        shutil.copytree(site.root, copy, symlinks=True)
        taken.append((f"{step} {Path(path).name}", copy))

    with stepping(site.root, take):
        build_here(site)
    return taken


@pytest.mark.parametrize("first", [True, False], ids=["the first build", "a later build"])
def test_a_build_may_be_killed_at_any_step(
    tmp_path: Path, states: tuple[Tree, Tree], first: bool
) -> None:
    old, new = states if not first else ({}, states[1])
    site = site_of(tmp_path / "site", 1)
    if not first:
        build_here(site)
    site_of(site.root, 2)
    taken = photographs(site, tmp_path / "album")
    assert pages(site.public) == new
    assert len(taken) > 30
    wrong = {}
    for number, (step, copy) in enumerate(taken[:: EACH if first else 1]):
        shutil.rmtree(site.root)
        copy.rename(site.root)
        found = pages(site.public)
        torn = [n for n in found if found[n] not in (old.get(n), new.get(n))]
        gone = [n for n in old if n in new and n not in found]
        try:
            build_here(site)
        except Exception as error:
            wrong[f"{number}: {step}"] = f"{type(error).__name__}: {error}"
            continue
        left = [p.name for p in site.root.iterdir() if "staging" in p.name]
        if torn or gone or left or pages(site.public) != new:
            differing = changed(pages(site.public), new)
            wrong[f"{number}: {step}"] = f"torn {torn}, gone {gone}, left {left}, {differing}"
        elif number % 16 == 0:
            before = stamps(site.public, site.root / CACHE)
            build_here(site)
            assert stamps(site.public, site.root / CACHE) == before, step
    assert wrong == {}


def test_a_disk_may_fill_up_at_any_step(tmp_path: Path, states: tuple[Tree, Tree]) -> None:
    old, new = states
    site = site_of(tmp_path / "site", 1)
    build_here(site)
    site_of(site.root, 2)
    shutil.copytree(site.root, tmp_path / "before")
    wrong, ends = {}, set()
    for at in range(0, 1000, EACH):
        count = 0

        def fill(step: str, path: str, at: int = at) -> None:
            nonlocal count
            count += 1
            if count > at and step in ("mkdir", "half of write_bytes", "half of write_text"):
                raise OSError(errno.ENOSPC, "No space left on device", path)

        shutil.rmtree(site.root)
        shutil.copytree(tmp_path / "before", site.root)
        try:
            with stepping(site.root, fill):
                build_here(site)
            end, expected = "built", new
        except UsageError as error:
            end, expected = "refused", old
            if "No space left on device" not in str(error):
                wrong[at] = str(error)
        except Exception as error:
            wrong[at] = f"{type(error).__name__}: {error}"
            continue
        ends.add(end)
        if pages(site.public) != expected:
            wrong[at] = f"{end}: {changed(pages(site.public), expected)}"
        if at % 2 == 0:
            build_here(site)
            if pages(site.public) != new:
                wrong[at] = f"afterwards: {changed(pages(site.public), new)}"
        if count <= at:
            break
    assert wrong == {}
    assert ends == {"built", "refused"}


# A store that cannot be written


def a_file(folder: Path) -> None:
    folder.write_text("in the way")


def a_link_to_nowhere(folder: Path) -> None:
    folder.symlink_to(folder.with_name("nowhere") / "at all")


def a_folder_that_takes_no_files(folder: Path) -> None:
    folder.symlink_to("/proc/self/fdinfo")  # as read-only as can be, for root too


@needs_posix
@pytest.mark.parametrize(
    "stand_in_the_way", [a_file, a_link_to_nowhere, a_folder_that_takes_no_files]
)
def test_without_a_place_for_the_store_the_site_is_built_with_a_warning(
    tmp_path: Path, states: tuple[Tree, Tree], stand_in_the_way: Callable[[Path], None]
) -> None:
    site = site_of(tmp_path / "site", 1)
    stand_in_the_way(site.root / CACHE)
    for number in (1, 2):
        site_of(site.root, number)
        told = site.build()
        assert told.code == 0, told.err
        assert "Traceback" not in told.err
        assert "warning[P005]: " in told.err
        assert CACHE in told.err
        assert pages(site.public) == states[number - 1]


@needs_posix
def test_a_store_that_became_read_only_is_still_read(
    tmp_path: Path, states: tuple[Tree, Tree], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_of(tmp_path / "site", 1)
    build_here(site)
    folder = site.root / CACHE
    before = stamps(folder)

    def refuse(step: str, path: str) -> None:
        if Path(path).is_relative_to(folder):
            raise OSError(errno.EROFS, "Read-only file system", path)

    with stepping(site.root, refuse):
        told = site.build()
        assert "none executed" in told.out
        assert (told.code, told.err) == (0, "")
        site_of(site.root, 2)
        told = site.build()
        assert told.code == 0, told.err
        assert "Read-only file system" in told.err
    assert stamps(folder) == before
    assert pages(site.public) == states[1]


# Several at once, and clocks that are wrong


def test_two_builds_at_once_come_to_the_same(tmp_path: Path, states: tuple[Tree, Tree]) -> None:
    site = site_of(tmp_path / "site", 1)
    build_here(site)
    site_of(site.root, 2)
    both = [start_cli(site.root, "build", "-j1") for _ in range(2)]
    said = [(*process.communicate(), process.returncode) for process in both]
    assert [code for _, _, code in said] == [0, 0], said
    assert pages(site.public) == states[1]
    before = stamps(site.public, site.root / CACHE)
    build_here(site)
    assert stamps(site.public, site.root / CACHE) == before


@pytest.mark.parametrize("shift", [-(10**8), 10**8], ids=["past", "future"])
def test_files_and_clocks_may_be_of_any_time(
    tmp_path: Path, states: tuple[Tree, Tree], monkeypatch: pytest.MonkeyPatch, shift: int
) -> None:
    site = site_of(tmp_path / "site", 1)
    build_here(site)
    then = time.time() + shift
    for path in site.root.rglob("*"):
        os.utime(path, (then, then))
    before = stamps(site.public)
    build_here(site)
    assert stamps(site.public) == before
    site_of(site.root, 2)
    for path in (site.root / "posts").rglob("*"):
        os.utime(path, (then, then))
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - shift / 2)
    build_here(site)
    assert pages(site.public) == states[1]
    site_of(site.root, 1)
    build_here(site)
    assert pages(site.public) == states[0]


def test_a_store_of_another_time_keeps_its_limit(tmp_path: Path, states: tuple[Tree, Tree]) -> None:
    """What is used is kept, also if its time is far in the future."""
    site = site_of(tmp_path / "site", 1)
    site.put(
        {"site.toml": 'title = "Notes"\nurl = "https://example.org/"\n[cache]\nlimit = 0.00005\n'}
    )
    for number in (1, 2, 1, 2):
        site_of_number = {"posts/a.md": post(f"```python\nprint('{number}' * 9000)\n```\n")}
        site.put(site_of_number)
        for path in (site.root / CACHE).rglob("*"):
            os.utime(path, (2**31, 2**31))
        build_here(site)
        build_here(site, cached=False, output=tmp_path / "clean")
        assert pages(site.public) == pages(tmp_path / "clean")
    size = sum(p.stat().st_size for p in (site.root / CACHE).rglob("objects/*/*"))
    assert size <= 50_000
