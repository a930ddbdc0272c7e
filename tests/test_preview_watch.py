"""The watch: what changes is told, and what is nobody's business is not."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import watchfiles
from previews import eventually

from site_builder.preview import watch as module
from site_builder.preview.watch import watch


class Watching:
    """A folder, and all that is told of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sets: list[frozenset[str]] = []
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        for changed in watch(self.root, [self.root / "public"], self.stop):
            self.sets.append(changed)

    @property
    def told(self) -> set[str]:
        paths = {path for changed in self.sets for path in changed}
        assert all(os.path.isabs(path) for path in paths)
        return {os.path.relpath(path, self.root) for path in paths}

    def begin(self) -> None:
        self._thread.start()
        for name in ("first.txt", "posts/first.md"):  # both watches are there
            eventually(lambda name=name: self._tells_of(name))  # type: ignore[misc]
        self.sets.clear()

    def _tells_of(self, name: str) -> bool:
        with (self.root / name).open("a") as file:
            file.write("x")
        return name in self.told

    def settle(self) -> set[str]:
        """All that is told of what was done until now."""
        eventually(lambda: self._tells_of("first.txt") and self._tells_of("posts/first.md"))
        return self.told - {"first.txt", "posts/first.md"}

    def end(self) -> None:
        self.stop.set()
        self._thread.join()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watching]:
    for name in ("posts", "public", ".cache/keys", ".git", "env/lib", "data"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    watching = Watching(tmp_path)
    watching.begin()
    yield watching
    watching.end()


def test_a_save_is_told(watched: Watching) -> None:
    (watched.root / "posts" / "a.md").write_text("a")
    (watched.root / "site.toml").write_text("a")
    eventually(lambda: {"posts/a.md", "site.toml"} <= watched.told)


def test_a_save_by_renaming_is_told(watched: Watching) -> None:
    (watched.root / "posts" / "a.md").write_text("a")
    watched.settle()
    watched.sets.clear()
    (watched.root / "posts" / ".a.md.new").write_text("b")
    (watched.root / "posts" / ".a.md.new").replace(watched.root / "posts" / "a.md")
    eventually(lambda: "posts/a.md" in watched.told)


def test_what_is_deleted_is_told(watched: Watching) -> None:
    (watched.root / "data" / "x.csv").write_text("1")
    watched.settle()
    watched.sets.clear()
    (watched.root / "data" / "x.csv").unlink()
    eventually(lambda: "data/x.csv" in watched.told)


def test_of_what_tools_keep_nothing_is_told(watched: Watching) -> None:
    for name in (
        *("public/index.html", ".cache/keys/x", ".git/index", "env/lib/x.py"),
        *("posts/.a.md.swp", "posts/a.md~", "posts/4913", "posts/.#a.md", "posts/#a.md#"),
        "data/.DS_Store",
    ):
        (watched.root / name).write_text("x")
    for name in ("posts/__pycache__", "data/.ipynb_checkpoints", "node_modules/x"):
        (watched.root / name).mkdir(parents=True)
        (watched.root / name / "x").write_text("x")
    assert watched.settle() == set()


def test_a_hidden_folder_of_the_author_s_is_no_tool(watched: Watching) -> None:
    (watched.root / "data" / ".well-known").mkdir()
    (watched.root / "data" / ".well-known" / "x").write_text("x")
    eventually(lambda: any(".well-known" in path for path in watched.told))


def test_a_new_folder_is_watched(watched: Watching) -> None:
    (watched.root / "static").mkdir()
    (watched.root / "static" / "a.png").write_text("1")
    eventually(lambda: "static" in watched.told)

    def is_told() -> bool:
        (watched.root / "static" / "a.png").write_text("2")
        return "static/a.png" in watched.told

    eventually(is_told)


def test_a_folder_that_is_put_in_place_of_another_is_watched(watched: Watching) -> None:
    (watched.root / "other").mkdir()
    shutil.rmtree(watched.root / "data")
    (watched.root / "other").rename(watched.root / "data")

    def is_told() -> bool:
        (watched.root / "data" / "new.csv").write_text("2")
        return "data/new.csv" in watched.told

    eventually(is_told)


def test_a_flood_is_a_few_sets(watched: Watching) -> None:
    for number in range(1000):
        (watched.root / "posts" / f"{number}.md").write_text("x")
    eventually(lambda: len(watched.told) >= 1000)
    assert len(watched.sets) <= 20


def test_a_site_behind_a_link_is_told_of_by_that_name(tmp_path: Path) -> None:
    (tmp_path / "real" / "posts").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    watching = Watching(tmp_path / "link")
    watching.begin()
    (tmp_path / "real" / "posts" / "a.md").write_text("a")
    try:
        eventually(lambda: "posts/a.md" in watching.told)
    finally:
        watching.end()


def test_where_the_system_tells_nothing_the_watch_looks_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = watchfiles.watch

    def without_watches(*paths: Path, **options: object) -> object:
        if not options["force_polling"]:
            raise OSError("no space left on device")
        return real(*paths, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(watchfiles, "watch", without_watches)
    monkeypatch.setattr(module, "PAUSE", 0.01)
    (tmp_path / "posts").mkdir()
    watching = Watching(tmp_path)
    watching.begin()
    (tmp_path / "posts" / "a.md").write_text("a")
    try:
        eventually(lambda: "posts/a.md" in watching.told)
    finally:
        watching.end()


def test_when_it_is_stopped_nothing_is_left(tmp_path: Path) -> None:
    before = threading.active_count()
    (tmp_path / "posts").mkdir()
    watching = Watching(tmp_path)
    watching.begin()
    watching.end()
    assert threading.active_count() == before
