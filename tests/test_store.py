"""The store: what comes out is what went in, and nothing that happens to its files is a mistake."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from site_builder.errors import UsageError
from site_builder.store import DAY, FORMAT, KEPT_PER_KEY, Store, Usage, digest_of, remove

TEXT = b"The quick brown fox\n" * 20
KEY = "a1" * 32


def objects(folder: Path) -> list[Path]:
    """The files of all objects."""
    return sorted(path for path in (folder / FORMAT / "objects").rglob("*") if path.is_file())


def stamps(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, size and time of everything below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        found[path.relative_to(folder).as_posix()] = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return found


def spare_folders() -> set[str]:
    """Folders that stores of this process left in the system's temporary folder."""
    home = Path(os.environ.get("TMPDIR", "/tmp"))
    return {path.name for path in home.glob(f"site-builder-{os.getpid()}-*")}


# What comes out is what went in


@pytest.mark.parametrize("content", [b"", b"\0", TEXT, os.urandom(1 << 16)], ids=len)
def test_what_comes_out_is_what_went_in(tmp_path: Path, content: bytes) -> None:
    with Store(tmp_path / ".cache") as store:
        digest = store.put(content)
        assert digest == digest_of(content)
        assert store.get(digest) == content
    assert Store(tmp_path / ".cache").get(digest) == content
    assert [path.read_bytes() for path in objects(tmp_path / ".cache")] == [content]


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 64, "../" * 22, "A" * 64, "0" * 65])
def test_what_was_never_put_is_not_there(tmp_path: Path, digest: str) -> None:
    store = Store(tmp_path)
    store.put(TEXT)
    assert store.get(digest) is None


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


def deleted(path: Path) -> None:
    path.unlink()


def made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def made_a_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES = [truncated, emptied, flipped, deleted, made_a_folder, made_a_broken_link]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_the_same_as_never_stored(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    with Store(tmp_path) as store:
        digest = store.put(TEXT)
        damage(objects(tmp_path)[0] if objects(tmp_path) else tmp_path)
        assert store.get(digest) is None


@pytest.mark.parametrize("damage", [d for d in DAMAGES if d is not made_a_folder])
def test_damage_is_mended_by_putting_it_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    Store(tmp_path).put(TEXT)
    damage(objects(tmp_path)[0])
    with Store(tmp_path) as store:
        digest = store.put(TEXT)
        assert store.get(digest) == TEXT
        assert store.trouble == ""
    assert Store(tmp_path).get(digest) == TEXT


def test_what_stands_under_another_name_is_not_given(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one, two = store.put(b"one"), store.put(b"two")
    first, second = objects(tmp_path)
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)
    assert (store.get(one), store.get(two)) == (None, None)


# Keys and pointers


def test_a_key_remembers_several_objects_newest_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digests = [store.put(str(number).encode()) for number in range(3)]
    for age, digest in enumerate(digests):
        store.remember("runs", KEY, digest)
        path = tmp_path / FORMAT / "keys/runs" / KEY[:2] / KEY / digest
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    assert Store(tmp_path).remembered("runs", KEY) == tuple(digests)
    assert store.remembered("builds", KEY) == ()
    assert store.remembered("runs", "b2" * 32) == ()


def test_a_key_keeps_the_newest_few(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digests = [store.put(str(number).encode()) for number in range(KEPT_PER_KEY + 3)]
    folder = tmp_path / FORMAT / "keys/runs" / KEY[:2] / KEY
    for when, digest in enumerate(digests):
        store.remember("runs", KEY, digest)
        os.utime(folder / digest, (when, when))
    assert store.remembered("runs", KEY) == tuple(reversed(digests))[:KEPT_PER_KEY]
    assert len(list(folder.iterdir())) == KEPT_PER_KEY


def test_garbage_under_a_key_is_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put(TEXT)
    store.remember("runs", KEY, digest)
    folder = tmp_path / FORMAT / "keys/runs" / KEY[:2] / KEY
    for number in range(KEPT_PER_KEY + 2):
        (folder / f"garbage-{number}").write_text("x")
        os.utime(folder / f"garbage-{number}", (2**31, 2**31))
    assert store.remembered("runs", KEY) == (digest,)


def test_a_pointer_points_to_what_it_was_set_to_last(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.pointed("runs", "posts/é.md") == ""
    for digest in (digest_of(b"1"), digest_of(b"2"), digest_of(b"1")):
        store.point("runs", "posts/é.md", digest)
        assert Store(tmp_path).pointed("runs", "posts/é.md") == digest
    assert store.pointed("builds", "posts/é.md") == ""


def test_a_pointer_knows_what_it_pointed_to_before(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digests = [digest_of(content) for content in (b"1", b"2", b"3")]
    for digest, before in zip(digests, ["", *digests], strict=False):
        store.point("runs", "a", digest)
        store.point("runs", "a", digest)  # the same again is no change
        assert Store(tmp_path).pointed_before("runs", "a") == before
    assert store.pointed_before("runs", "b") == ""
    assert store.pointers("runs") == ["a"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_pointer_points_nowhere(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    Store(tmp_path).point("runs", "a", digest_of(b"1"))
    [path] = [p for p in (tmp_path / FORMAT / "last").rglob("*") if p.is_file()]
    damage(path)
    with Store(tmp_path) as store:
        assert store.pointed("runs", "a") in ("", digest_of(b"1")) or damage is flipped
        store.point("runs", "a", digest_of(b"2"))
        assert store.pointed("runs", "a") == digest_of(b"2")


# Nothing is written when nothing is new


def test_nothing_is_written_when_nothing_is_new(tmp_path: Path) -> None:
    def use(store: Store) -> None:
        digest = store.put(TEXT)
        store.remember("runs", KEY, digest)
        store.point("runs", "a", digest)
        assert store.get(digest) == TEXT
        assert store.remembered("runs", KEY) == (digest,)
        assert store.pointed("runs", "a") == digest

    with Store(tmp_path) as first:
        use(first)
        assert first.written == 3
    before = stamps(tmp_path)
    with Store(tmp_path) as second:
        use(second)
        assert second.trim(10**9) == 0
        assert second.written == 0
    assert stamps(tmp_path) == before


def test_a_store_that_was_only_looked_at_is_not_made(tmp_path: Path) -> None:
    folder = tmp_path / ".cache"
    with Store(folder) as store:
        assert store.get(digest_of(TEXT)) is None
        assert store.remembered("runs", KEY) == ()
        assert store.pointed("runs", "a") == ""
        assert store.trim(0) == 0
        assert store.usage() == Usage(0, 0)
    assert not folder.exists()


def test_a_store_that_keeps_nothing_finds_what_is_there(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        digest = store.put(TEXT)
        store.remember("runs", KEY, digest)
        store.point("runs", "a", digest)
    before = stamps(tmp_path)
    with Store(tmp_path, keep=False) as reader:
        assert reader.get(digest) == TEXT
        assert reader.pointed("runs", "a") == digest
        other = reader.put(b"other")
        reader.remember("runs", KEY, other)
        reader.point("runs", "b", other)
        assert reader.get(other) == b"other"
        assert set(reader.remembered("runs", KEY)) == {digest, other}
        assert reader.pointed("runs", "b") == other
    assert stamps(tmp_path) == before
    assert Store(tmp_path).remembered("runs", KEY) == (digest,)
    assert spare_folders() == set()


# Without a place


def kept_in(store: Store) -> str:
    """What a store is given it keeps; the digest of that."""
    digest = store.put(TEXT)
    store.remember("runs", KEY, digest)
    store.point("runs", "a", digest)
    assert store.get(digest) == TEXT
    assert store.remembered("runs", KEY) == (digest,)
    assert store.pointed("runs", "a") == digest
    return digest


def test_without_a_folder_things_are_kept_for_the_build_only(tmp_path: Path) -> None:
    before = spare_folders()
    with Store(None) as store:
        digest = kept_in(store)
        assert store.trouble == ""
        assert spare_folders() - before
    assert spare_folders() == before
    with Store(None) as store:
        assert store.get(digest) is None


def a_file(folder: Path) -> None:
    folder.write_text("in the way")


def a_link_to_nowhere(folder: Path) -> None:
    folder.symlink_to(folder.with_name("nowhere") / "at all")


def a_folder_that_takes_no_files(folder: Path) -> None:
    folder.symlink_to("/proc/self/fdinfo")  # as read-only as can be, for root too


def a_full_disk(folder: Path) -> None:
    folder.symlink_to("/dev/full")


@pytest.mark.parametrize(
    "stand_in_the_way", [a_file, a_link_to_nowhere, a_folder_that_takes_no_files, a_full_disk]
)
def test_where_nothing_can_be_written_the_build_goes_on(
    tmp_path: Path, stand_in_the_way: Callable[[Path], None]
) -> None:
    folder = tmp_path / ".cache"
    stand_in_the_way(folder)
    before = spare_folders()
    with Store(folder) as store:
        kept_in(store)
        assert store.trouble
        assert store.written == 0
        assert store.usage() == Usage(0, 0)
        assert store.trim(0) == 0
    assert spare_folders() == before
    assert [path.name for path in tmp_path.iterdir()] == [".cache"]


def test_without_any_place_it_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with Store(tmp_path / ".cache") as store:
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(UsageError, match=r"no place for intermediate results.*No space left"):
            store.put(TEXT)
        monkeypatch.undo()
        assert objects(tmp_path / ".cache") == []
        store.put(TEXT)
    assert len(objects(tmp_path / ".cache")) == 1
    assert list((tmp_path / ".cache" / FORMAT / "tmp").iterdir()) == []


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Path.write_bytes

    def half(path: Path, content: bytes) -> int:
        if path.is_relative_to(tmp_path):
            whole(path, content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        return whole(path, content)

    with Store(tmp_path) as store:
        monkeypatch.setattr(Path, "write_bytes", half)
        digest = store.put(TEXT)
        assert store.get(digest) == TEXT
        assert "No space left" in store.trouble
    monkeypatch.undo()
    assert Store(tmp_path).get(digest) is None
    left = [p for p in tmp_path.rglob("*") if p.is_file() and p.read_bytes() not in (b"",)]
    assert {p.name for p in left} <= {"CACHEDIR.TAG", ".gitignore"}


# Many at once

WRITER = """
import sys
from pathlib import Path
from site_builder.store import Store, digest_of
folder, seed = Path(sys.argv[1]), int(sys.argv[2])
with Store(folder) as store:
    for round in range(2):
        for number in range(60):
            content = str((number * 7 + seed) % 60).encode() * 300
            digest = store.put(content)
            assert store.get(digest) == content
            store.remember("runs", digest, digest)
            assert digest in store.remembered("runs", digest)
            store.point("runs", "a", digest)
            assert store.pointed("runs", "a")
    assert not store.trouble, store.trouble
"""


def test_any_number_of_processes_write_at_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path / "c"), str(seed)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(4)
    ]
    assert [(w.communicate()[1], w.returncode) for w in writers] == [("", 0)] * 4
    store = Store(tmp_path / "c")
    contents = [str(number).encode() * 300 for number in range(60)]
    assert [store.get(digest_of(content)) for content in contents] == contents
    assert store.usage().objects == 60
    assert list((tmp_path / "c" / FORMAT / "tmp").iterdir()) == []


def test_a_store_may_be_removed_while_another_build_uses_it(tmp_path: Path) -> None:
    with Store(tmp_path / ".cache") as store:
        first = store.put(TEXT)
        remove(tmp_path / ".cache")
        second = store.put(b"second")
        store.remember("runs", KEY, second)
        store.point("runs", "a", second)
        assert store.get(first) is None
        assert store.get(second) == b"second"
        assert store.remembered("runs", KEY) == (second,)
        assert store.pointed("runs", "a") == second
        assert store.trouble == ""


# Limits, leftovers, removal


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    contents = [bytes([number]) * 1000 for number in range(5)]
    digests = [store.put(content) for content in contents]
    now = time.time()
    for age, path in enumerate(tmp_path / FORMAT / "objects" / d[:2] / d[2:] for d in digests):
        os.utime(path, (now - DAY * (age + 2), now - DAY * (age + 2)))
    assert store.get(digests[4]) == contents[4]  # the oldest, and now in use again
    assert store.usage() == Usage(5, 5000)
    assert store.trim(3000) == 2
    kept = [store.get(digest) is not None for digest in digests]
    assert kept == [True, True, False, False, True]
    assert store.usage() == Usage(3, 3000)
    assert store.trim(3000) == 0
    assert store.trim(0) == 3


def test_to_put_what_is_there_is_to_use_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old, new = store.put(b"old"), store.put(b"new")
    for path in objects(tmp_path):
        os.utime(path, (1, 1))
    store.put(b"old")
    store.trim(3)
    assert (store.get(old), store.get(new)) == (b"old", None)


def test_trimming_removes_what_older_versions_and_dead_processes_left(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.put(TEXT)
    (tmp_path / "v0/objects").mkdir(parents=True)
    (tmp_path / "v0/objects/x").write_text("x")
    (tmp_path / "v999/objects").mkdir(parents=True)
    (tmp_path / "keras").mkdir()
    dead, running = (tmp_path / FORMAT / "tmp" / name for name in ("dead", "running"))
    for path in (dead, running):
        path.write_text("half")
    os.utime(dead, (1, 1))
    store.trim(10**9)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["keras", FORMAT, "v999"]
    assert (dead.exists(), running.exists()) == (False, True)
    assert store.get(digest) == TEXT


def test_a_removed_store_is_gone_and_files_of_others_stay(tmp_path: Path) -> None:
    folder = tmp_path / ".cache"
    store = Store(folder)
    store.remember("runs", KEY, store.put(TEXT))
    store.put(b"two")
    assert remove(folder) == 2
    assert not folder.exists()
    Store(folder).put(TEXT)
    (folder / "mine.txt").write_text("mine")
    assert remove(folder) == 1
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    assert remove(folder) == 0
    assert remove(tmp_path / "never was") == 0


def test_a_store_that_cannot_be_removed_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path / ".cache").put(TEXT)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(UsageError, match=r"^\.cache/ cannot be removed: Read-only file system"):
        remove(tmp_path / ".cache")


def test_git_and_backups_leave_the_store_alone(tmp_path: Path) -> None:
    folder = tmp_path / ".cache"
    Store(folder).put(TEXT)
    assert (folder / ".gitignore").read_text() == "*\n"
    tag = (folder / "CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55\n")
