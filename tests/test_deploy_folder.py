"""A folder as a target: killed at every step, out of space, without rights, full of links."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from deploy_fakes import (
    FOREIGN,
    NEW,
    OLD,
    URL,
    Broken,
    Faults,
    StoppedClock,
    around,
    built_site,
    content,
    deploy,
    found,
    missing,
    put,
    site_at,
)

from site_builder.errors import ContentError, UsageError
from site_builder.publishing.deploy.deploy import carry_out, survey
from site_builder.publishing.deploy.folder import FolderSession, connect
from site_builder.publishing.deploy.guards import Wishes
from site_builder.publishing.deploy.retries import TargetError
from site_builder.publishing.deploy.target import LEASE, MANIFEST
from site_builder.settings.targets import Folder

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes of POSIX")
ADOPTING = Wishes(adopt=True, break_lease=True)


def session(tmp_path: Path) -> FolderSession:
    return FolderSession(tmp_path / "www", "www", around(tmp_path))


def updated(tmp_path: Path) -> tuple[FolderSession, Path]:
    """A folder that holds the old site, and files of others."""
    put(tmp_path / "www", FOREIGN)
    assert deploy(session(tmp_path), built_site(tmp_path / "old", OLD), ADOPTING) == []
    return session(tmp_path), tmp_path / "www"


def test_a_deploy_makes_the_folder_and_leaves_nothing_else(tmp_path: Path) -> None:
    assert deploy(session(tmp_path), built_site(tmp_path / "public", OLD)) == []
    assert found(tmp_path / "www").keys() == {*OLD, MANIFEST}
    assert site_at(found(tmp_path / "www")) == content(OLD)


def test_an_update_removes_what_is_gone_and_the_folders_left_empty(tmp_path: Path) -> None:
    target, www = updated(tmp_path)
    assert deploy(target, built_site(tmp_path / "public", NEW)) == []
    assert site_at(found(www)) == content(NEW) | FOREIGN
    assert {path.name for path in www.iterdir() if path.is_dir()} == {
        *("uploads", "one", "assets", "two", "both", "place"),
    }


def test_a_second_deploy_writes_nothing(tmp_path: Path) -> None:
    target, www = updated(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in [www, *www.rglob("*")]}
    assert deploy(target, built_site(tmp_path / "old", OLD)) == []
    assert {path: path.stat().st_mtime_ns for path in [www, *www.rglob("*")]} == before


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> Iterator[None]:
    """Each change of the file system is one step of `faults`."""

    def step(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def stand_in(*given: object, **named: object) -> object:
            result: list[object] = []
            faults(f"{name} {given[0]}", lambda: result.append(real(*given, **named)))
            return result[0]

        patched.setattr(owner, name, stand_in)

    with monkeypatch.context() as patched:
        for name in ("replace", "unlink", "rmdir", "mkdir", "write_bytes", "chmod"):
            step(Path, name)
        step(os, "link")
        yield


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whatever_breaks_off_is_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    new = built_site(tmp_path / "new", NEW)
    number = 0
    while True:
        home = tmp_path / f"{number}"
        home.mkdir()
        _, www = updated(home)
        faults = Faults(at=number, after=after)
        try:
            with breaking(monkeypatch, faults):
                deploy(session(home), new, Wishes(break_lease=True))
        except Broken:
            pass
        else:
            break
        where = f"{number}: {faults.steps[-1]}"
        assert missing(found(www)) == [], where
        assert FOREIGN.items() <= found(www).items(), where
        assert deploy(session(home), new, Wishes(break_lease=True)) == [], where
        assert site_at(found(www)) == content(NEW) | FOREIGN, where
        number += 1
    assert number > 50


DEPLOYING = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from deploy_fakes import URL, around
from site_builder.publishing.deploy.built import read_built_site
from site_builder.publishing.deploy.deploy import carry_out, survey
from site_builder.publishing.deploy.folder import FolderSession
from site_builder.publishing.deploy.guards import Wishes
home = Path({home!r})
target = FolderSession(home / "www", "www", around(home))
plan = survey(target, read_built_site(home / "new", "new"), Wishes(), url=URL).plan
def on_progress(progress):
    if progress.done == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
carry_out(target, plan, url=URL, on_progress=on_progress)
"""


@needs_posix
@pytest.mark.parametrize("number", [1, 3, 5, 8, 11])
def test_a_deploy_that_is_killed_is_ended_by_the_next(tmp_path: Path, number: int) -> None:
    _, www = updated(tmp_path)
    new = built_site(tmp_path / "new", NEW)
    tests = str(Path(__file__).parent)
    code = DEPLOYING.format(tests=tests, home=str(tmp_path), number=number)
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert missing(found(www)) == []
    assert LEASE in found(www)  # whose process is known to be dead
    assert deploy(session(tmp_path), new) == []
    assert site_at(found(www)) == content(NEW) | FOREIGN
    assert not [path for path in www.iterdir() if path.name.startswith(".deploy-staging")]


def test_two_at_once(tmp_path: Path) -> None:
    """Of many that begin together each either deploys or is told to wait; the site is whole."""
    site = built_site(tmp_path / "public", OLD)
    told: list[object] = []
    start = threading.Barrier(6)

    def one() -> None:
        start.wait()
        try:
            told.append(deploy(session(tmp_path), site))
        except (ContentError, TargetError) as error:
            told.append(error)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] in told
    others = [str(each) for each in told if each != []]
    assert [x for x in others if "another deploy" not in x and "came between" not in x] == []
    assert site_at(found(tmp_path / "www")) == content(OLD)
    assert LEASE not in found(tmp_path / "www")


def test_a_lease_is_made_by_one_only(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    taken: list[bool] = []
    start = threading.Barrier(8)

    def one(number: int) -> None:
        target = session(tmp_path)
        start.wait()
        taken.append(target.take(f"{number}".encode(), None))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


def test_a_lease_is_made_by_one_only_where_nothing_can_be_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (tmp_path / "www").mkdir()
    monkeypatch.setattr(os, "link", refuse)
    assert session(tmp_path).take(b"a", None)
    assert not session(tmp_path).take(b"b", None)
    assert session(tmp_path).take(b"b", b"a")
    assert session(tmp_path).lease() == b"b"


def test_a_deploy_between_the_plan_and_the_first_file_is_noticed(tmp_path: Path) -> None:
    target, www = updated(tmp_path)
    plan = survey(target, built_site(tmp_path / "public", NEW), Wishes(), url=URL).plan
    (www / MANIFEST).write_bytes((www / MANIFEST).read_bytes() + b" ")
    before = found(www)
    with pytest.raises(TargetError, match="another deploy to www came between"):
        carry_out(target, plan, url=URL)
    assert found(www) == before


# Links


@pytest.mark.parametrize("name", ["two", "two/index.html", "index.html"])
def test_no_link_is_followed(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    put(outside, {"index.html": b"precious"})
    www = tmp_path / "www"
    (www / name).parent.mkdir(parents=True)
    (www / name).symlink_to(outside / "index.html" if "." in name else outside)
    (problem,) = deploy(session(tmp_path), built_site(tmp_path / "public", NEW), ADOPTING)
    assert f"holds what is not ours: {name}" in problem
    assert found(outside) == {"index.html": b"precious"}


def test_nor_is_one_that_came_later(tmp_path: Path) -> None:
    """Old files of ours behind a link are neither replaced nor removed."""
    _, www = updated(tmp_path)
    (www / "both").rename(tmp_path / "outside")
    (www / "both").symlink_to(tmp_path / "outside")
    before = found(tmp_path / "outside")
    (problem,) = deploy(session(tmp_path), built_site(tmp_path / "public", NEW))
    assert "holds what is not ours: both" in problem
    third = built_site(tmp_path / "third", {"index.html": "x"})
    assert deploy(session(tmp_path), third) == []  # what is behind it is not there for us
    assert found(tmp_path / "outside") == before
    assert (www / "both").is_symlink()


def test_a_link_that_comes_after_the_plan_is_not_followed(tmp_path: Path) -> None:
    target, www = updated(tmp_path)
    plan = survey(target, built_site(tmp_path / "public", NEW), Wishes(), url=URL).plan
    (tmp_path / "outside").mkdir()
    (www / "two").symlink_to(tmp_path / "outside")
    with pytest.raises(TargetError, match="a link is in the way"):
        carry_out(target, plan, url=URL)
    assert found(tmp_path / "outside") == {}


def test_the_target_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "www").symlink_to(tmp_path / "disk")
    with connect(Folder("folder", str(tmp_path / "www")), around(tmp_path)) as target:
        assert deploy(target, built_site(tmp_path / "public", OLD)) == []
    assert site_at(found(tmp_path / "disk")) == content(OLD)


def test_a_manifest_that_is_a_link_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"precious": b"{}"})
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / MANIFEST).symlink_to(tmp_path / "precious")
    with pytest.raises(TargetError, match="it is no file"):
        deploy(session(tmp_path), built_site(tmp_path / "public", OLD))


@pytest.mark.parametrize("path", ["two/index.html", "both/index.html", "one/index.html"])
def test_what_somebody_puts_or_changes_after_the_plan_is_not_lost(
    tmp_path: Path, path: str
) -> None:
    """Where ours would be new, would replace an old one, or would go."""
    target, www = updated(tmp_path)
    plan = survey(target, built_site(tmp_path / "public", NEW), Wishes(), url=URL).plan
    put(www, {path: b"precious"})
    with pytest.raises(TargetError, match=f"{path} at www was changed by somebody else"):
        carry_out(target, plan, url=URL)
    assert (www / path).read_bytes() == b"precious"


def test_what_is_moved_to_its_place_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the power may go and leave a file that is empty, which nobody would know as ours."""
    target, www = updated(tmp_path)
    safe: set[int] = set()
    real_sync, real_replace = os.fsync, Path.replace
    moved = []

    def fsync(handle: int) -> None:
        real_sync(handle)
        safe.add(os.fstat(handle).st_ino)

    def replace(place: Path, to: Path) -> Path:
        assert place.stat().st_ino in safe, to
        moved.append(to.relative_to(www).as_posix())
        return real_replace(place, to)

    plan = survey(target, built_site(tmp_path / "public", NEW), Wishes(), url=URL).plan
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    carry_out(target, plan, url=URL)
    assert {step.path for step in plan.having("new", "changed")} < {*moved}


# Where it may be


def refused(tmp_path: Path, path: str) -> str:
    with (
        pytest.raises(UsageError) as caught,
        connect(Folder("folder", path), around(tmp_path, output=tmp_path / "root/public")),
    ):
        pass
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        (".", "is the folder of the site itself"),
        ("..", "holds the site itself"),
        ("/", "holds the site itself"),
        ("posts", "is in posts, a folder of the site's sources"),
        ("static/../posts/x", "is in posts"),
        (".git/x", "is in .git"),
        ("public", "is where the site is built"),
        ("public/www", "and the built site overlap"),
        ("file", "is no folder"),
        ("no/such", "is not there, nor the folder that it would be in"),
    ],
)
def test_a_folder_that_cannot_be_a_target_is_refused(tmp_path: Path, path: str, why: str) -> None:
    for name in ("root/posts", "root/public", "root/.git"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "root/file").write_text("x")
    assert why in refused(tmp_path, path)


def test_a_link_to_the_sources_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "root/posts").mkdir(parents=True)
    (tmp_path / "www").symlink_to(tmp_path / "root/posts")
    assert "is in posts" in refused(tmp_path, str(tmp_path / "www"))


@pytest.mark.parametrize("path", ["docs", "../www", "~/www", "~"])
def test_other_places_are_the_authors_choice(tmp_path: Path, path: str) -> None:
    (tmp_path / "home").mkdir()
    here = around(tmp_path, environment={"HOME": str(tmp_path / "home")})
    with connect(Folder("folder", path), here) as target:
        assert deploy(target, built_site(tmp_path / "public", OLD)) == []
    expected = {
        "docs": "root/docs",
        "../www": "www",
        "~/www": "home/www",
        "~": "home",
    }
    assert (tmp_path / expected[path] / "index.html").is_file()


# What the system refuses


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, name: str, error: OSError, nth: int) -> Iterator[None]:
    real: Callable[..., object] = getattr(Path, name)
    calls = [0]

    def stand_in(*given: object, **named: object) -> object:
        calls[0] += 1
        if calls[0] == nth:
            raise error
        return real(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, name, stand_in)
        yield


@pytest.mark.parametrize("nth", [1, 4, 8])
def test_a_full_disk_is_told_and_the_site_stays_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    target, www = updated(tmp_path)
    new = built_site(tmp_path / "public", NEW)
    full = OSError(28, "No space left on device", str(www))
    with (
        failing(monkeypatch, "write_bytes", full, nth),
        pytest.raises(TargetError, match="No space left on device") as caught,
    ):
        deploy(target, new)
    assert "free some space there, then deploy again" in str(caught.value)
    assert missing(found(www)) == []
    assert LEASE not in found(www)
    assert deploy(session(tmp_path), new) == []
    assert site_at(found(www)) == content(NEW) | FOREIGN


def test_what_is_busy_for_a_moment_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, www = updated(tmp_path)
    clock = StoppedClock()
    object.__setattr__(target._retries, "clock", clock)
    new = built_site(tmp_path / "public", NEW)
    with failing(monkeypatch, "replace", OSError(16, "Device or resource busy"), 4):
        assert deploy(target, new) == []
    assert clock.waits == [0.5]
    assert site_at(found(www)) == content(NEW) | FOREIGN


@contextmanager
def open_home() -> Iterator[Path]:
    """A temporary folder that others may look into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def locked_out(folder: Path) -> Iterator[None]:
    """For a moment nothing can be put in a folder, by root neither, who is nobody then."""
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@needs_posix
def test_a_folder_that_cannot_be_written_is_told() -> None:
    with open_home() as home:
        target, www = updated(home)
        new = built_site(home / "public", NEW)
        before = found(www)
        with (
            locked_out(www),
            pytest.raises(TargetError, match="Permission denied") as caught,
        ):
            deploy(target, new)
        assert "make the folder and what is ours in it writable" in str(caught.value)
        assert found(www) == before


@needs_posix
def test_one_folder_that_cannot_be_written_stops_a_deploy_half_way_and_the_site_is_whole() -> None:
    with open_home() as home:
        target, www = updated(home)
        new = built_site(home / "public", NEW)
        if os.geteuid() == 0:
            for path in [www, *www.rglob("*")]:
                if path != www / "both":
                    os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
        with (
            locked_out(www / "both"),
            pytest.raises(TargetError, match=r"Permission denied.*both"),
        ):
            deploy(target, new)
        assert (www / "assets/style.bbbbbbbbbb.css").exists()
        assert missing(found(www)) == []
        assert LEASE not in found(www)
        assert deploy(session(home), new) == []
        assert site_at(found(www)) == content(NEW) | FOREIGN


@needs_posix
def test_files_can_be_read_by_all_and_keep_the_mode_that_they_have_there(tmp_path: Path) -> None:
    target, www = updated(tmp_path)
    assert (www / "index.html").stat().st_mode & 0o777 == 0o644
    (www / "index.html").chmod(0o640)
    deploy(target, built_site(tmp_path / "public", NEW))
    assert (www / "index.html").stat().st_mode & 0o777 == 0o640
    assert (www / "two/index.html").stat().st_mode & 0o777 == 0o644
    assert (www / MANIFEST).stat().st_mode & 0o777 == 0o644


@needs_posix
def test_what_is_put_can_be_read_by_all_however_private_the_author_s_files_are(
    tmp_path: Path,
) -> None:
    before = os.umask(0o077)
    try:
        assert deploy(session(tmp_path), built_site(tmp_path / "public", OLD)) == []
    finally:
        os.umask(before)
    www = tmp_path / "www"
    modes = {path.stat().st_mode & 0o777 for path in [www, *www.rglob("*")] if path.is_dir()}
    assert modes == {0o755}
    assert {p.stat().st_mode & 0o777 for p in www.rglob("*") if p.is_file()} == {0o644}


def test_what_looks_like_ours_and_is_not_stays(tmp_path: Path) -> None:
    """A folder with the name of those in which files wait, but with other files in it."""
    target, www = updated(tmp_path)
    put(www, {".deploy-staging-mine/precious.txt": b"mine", ".deploy-staging-x/7": b"left"})
    assert deploy(target, built_site(tmp_path / "public", NEW)) == []
    assert (www / ".deploy-staging-mine/precious.txt").read_bytes() == b"mine"
    assert not (www / ".deploy-staging-x").exists()


def test_the_manifest_says_what_is_ours(tmp_path: Path) -> None:
    _, www = updated(tmp_path)
    manifest = json.loads((www / MANIFEST).read_text())
    assert manifest["format"] == "site-builder deploy manifest"
    assert manifest["site"] == URL
    assert manifest["files"].keys() == OLD.keys()
    assert "pending" not in manifest
