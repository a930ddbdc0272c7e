"""Deploys: a target becomes the site, keeps what is not ours, and survives whatever breaks off."""

from __future__ import annotations

import json
import ntpath
import os
from pathlib import Path

import pytest
from deploy_fakes import (
    NEW,
    OLD,
    URL,
    Broken,
    Faults,
    MemorySession,
    StoppedClock,
    around,
    built_site,
    content,
    deploy,
    missing,
    site_at,
)

from site_builder.errors import ContentError
from site_builder.publishing.deploy.deploy import carry_out, survey
from site_builder.publishing.deploy.folder import FolderSession
from site_builder.publishing.deploy.guards import Wishes
from site_builder.publishing.deploy.manifest import Manifest, manifest_if_read, read_manifest
from site_builder.publishing.deploy.retries import TargetError
from site_builder.publishing.deploy.target import LEASE, MANIFEST

FOREIGN = {"uploads/cat.jpg": b"a cat", "robots.old": b"mine", "one/notes.txt": b"mine"}
ADOPTING = Wishes(adopt=True)


def test_a_first_deploy_puts_everything(tmp_path: Path) -> None:
    target = MemorySession({})
    assert deploy(target, built_site(tmp_path / "public", OLD)) == []
    assert site_at(target.files) == content(OLD)
    assert LEASE not in target.files


def test_a_deploy_puts_and_removes_what_changed_only(tmp_path: Path) -> None:
    target = MemorySession({})
    deploy(target, built_site(tmp_path / "public", OLD))
    faults = Faults()
    again = MemorySession(target.files, faults)
    deploy(again, built_site(tmp_path / "public", NEW))
    assert site_at(target.files) == content(NEW)
    assert "put robots.txt" not in faults.steps


def test_a_second_deploy_does_nothing(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), site)
    faults = Faults()
    before = dict(files)
    deploy(MemorySession(files, faults), site)
    assert faults.steps == []
    assert files == before


@pytest.mark.parametrize("atomic", [False, True])
def test_what_is_not_ours_stays(tmp_path: Path, atomic: bool) -> None:
    files = dict(FOREIGN)
    assert (
        deploy(MemorySession(files, atomic=atomic), built_site(tmp_path / "public", OLD), ADOPTING)
        == []
    )
    assert deploy(MemorySession(files, atomic=atomic), built_site(tmp_path / "public", NEW)) == []
    assert site_at(files) == content(NEW) | FOREIGN


def test_the_order_keeps_every_page_whole(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    faults = Faults(on_step=lambda step: steps.append((step, missing(files))))
    steps: list[tuple[str, list[str]]] = []
    deploy(MemorySession(files, faults), built_site(tmp_path / "public", NEW))
    assert {step: lost for step, lost in steps if lost} == {}
    puts = [step.removeprefix("put ") for step, _ in steps if step.startswith("put ")]
    assert puts == [
        "assets/style.bbbbbbbbbb.css",
        "both/fig.4444444444.svg",
        "two/fig.3333333333.svg",
        "place/inside.txt",
        "spot",
        "two/index.html",
        "both/index.html",
        "feed.xml",
        "index.html",
    ]
    names = [step for step, _ in steps]
    assert names[:2] == ["take", "begin"]
    assert names[-2:] == ["finish", "drop"]
    last_put = names.index("put index.html")
    gone = ["one/index.html", "assets/style.aaaaaaaaaa.css", "one/fig.1111111111.svg"]
    assert [names.index(f"remove {path}") > last_put for path in gone] == [True] * 3
    assert names.index(f"remove {gone[0]}") < names.index(f"remove {gone[1]}")


def steps_of_an_update(tmp_path: Path) -> int:
    files = dict(FOREIGN)
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD), ADOPTING)
    faults = Faults()
    deploy(MemorySession(files, faults), built_site(tmp_path / "public", NEW))
    return len(faults.steps)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("first", [False, True], ids=["update", "first"])
def test_whatever_breaks_off_is_put_right(tmp_path: Path, after: bool, first: bool) -> None:
    """The power is cut at each step in turn: the site is whole, and the next deploy ends it."""
    old = built_site(tmp_path / "old", OLD)
    new = built_site(tmp_path / "new", NEW)
    number = 0
    while True:
        files = dict(FOREIGN)
        if not first:
            deploy(MemorySession(files), old, ADOPTING)
        faults = Faults(at=number, after=after)
        try:
            deploy(MemorySession(files, faults), new, ADOPTING)
        except Broken:
            pass
        else:
            break
        where = faults.steps[-1]
        assert "index.html" not in files or missing(files) == [], where
        assert FOREIGN.items() <= files.items(), where
        # The process is alive, so its lease is broken by hand; without --adopt if it has begun.
        wishes = Wishes(break_lease=True, adopt=MANIFEST not in files)
        assert deploy(MemorySession(files), new, wishes) == [], where
        assert site_at(files) == content(NEW) | FOREIGN, where
        assert not manifest_if_read(files[MANIFEST]).pending, where
        number += 1
    assert number > 12


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_what_broke_off_can_be_followed_by_another_site(tmp_path: Path, after: bool) -> None:
    """The next deploy may be of other files than the one that broke off, and break off, too."""
    old, new = built_site(tmp_path / "old", OLD), built_site(tmp_path / "new", NEW)
    third = {"index.html": "third", "two/index.html": "third", "spot/inside.txt": "third"}
    other = built_site(tmp_path / "third", third)
    for number in range(steps_of_an_update(tmp_path)):
        for second in (2, 4, 6):
            files = dict(FOREIGN)
            deploy(MemorySession(files), old, ADOPTING)
            breaking = Wishes(break_lease=True, max_removals=100)
            for site, at in ((new, number), (old, second)):
                with pytest.raises(Broken):
                    deploy(MemorySession(files, Faults(at=at, after=after)), site, breaking)
                    raise Broken  # there was less to do
            assert deploy(MemorySession(files), other, breaking) == []
            assert site_at(files) == content(third) | FOREIGN


def test_a_target_with_other_files_is_refused(tmp_path: Path) -> None:
    files = dict(FOREIGN)
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    assert "memory is not empty, and was never deployed to: it holds one/notes.txt" in problem
    assert "--adopt" in problem
    assert files == FOREIGN


def test_adopting_takes_over_what_is_just_as_ours(tmp_path: Path) -> None:
    files = {"robots.txt": b"same", **FOREIGN}
    assert deploy(MemorySession(files), built_site(tmp_path / "public", OLD), ADOPTING) == []
    assert deploy(MemorySession(files), built_site(tmp_path / "public", {"index.html": "x"})) == []
    assert site_at(files) == {"index.html": b"x"} | FOREIGN  # so robots.txt was ours


def test_adopting_overwrites_nothing(tmp_path: Path) -> None:
    files = {"robots.txt": b"other", "index.html": b"welcome"}
    before = dict(files)
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", OLD), ADOPTING)
    assert "holds what is not ours: index.html, robots.txt" in problem
    assert files == before


def test_a_foreign_file_that_came_later_is_not_overwritten(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    files["two/index.html"] = b"not ours"
    before = dict(files)
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", NEW))
    assert "what is not ours: two/index.html" in problem
    assert files == before


def test_one_that_is_just_as_ours_is_asked_for(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    files["two/index.html"] = NEW["two/index.html"].encode()
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", NEW))
    assert "--adopt takes them over" in problem
    assert deploy(MemorySession(files), built_site(tmp_path / "public", NEW), ADOPTING) == []
    assert site_at(files) == content(NEW)


@pytest.mark.parametrize("path", ["both/index.html", "one/index.html", "robots.txt"])
def test_what_somebody_changed_is_told(tmp_path: Path, path: str) -> None:
    """Whether the site has it changed, not any more, or unchanged."""
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    files[path] = b"a repair by hand"
    before = dict(files)
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", NEW))
    assert f"somebody changed files of ours at memory: {path}" in problem
    assert files == before
    overwriting = Wishes(overwrite=True)
    assert deploy(MemorySession(files), built_site(tmp_path / "public", NEW), overwriting) == []
    assert site_at(files) == content(NEW)


def test_what_somebody_changed_is_told_also_after_a_deploy_that_broke_off(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), site)
    files["robots.txt"] = b"a repair by hand"
    with pytest.raises(Broken):  # after the journal, before the file
        deploy(MemorySession(files, Faults(at=1, after=True)), site, Wishes(overwrite=True))
    (problem,) = deploy(MemorySession(files), site, Wishes(break_lease=True))
    assert "somebody changed files of ours at memory: robots.txt" in problem


def test_what_somebody_removed_is_put_back(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), site)
    del files["robots.txt"]
    (step,) = survey(MemorySession(files), site, Wishes(), url=URL).plan.having("new")
    assert (step.path, step.was_gone) == ("robots.txt", True)
    deploy(MemorySession(files), site)
    assert site_at(files) == content(OLD)


def test_a_change_by_hand_to_what_is_wanted_is_no_change(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    files["both/index.html"] = NEW["both/index.html"].encode()
    faults = Faults()
    assert deploy(MemorySession(files, faults), built_site(tmp_path / "public", NEW)) == []
    assert "put both/index.html" not in faults.steps


@pytest.mark.parametrize("folder", ["two", "both"])
def test_a_file_where_a_folder_must_be_is_told(tmp_path: Path, folder: str) -> None:
    files: dict[str, bytes] = {folder: b"not ours"}
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", NEW), ADOPTING)
    assert f"what is not ours: {folder}" in problem


@pytest.mark.parametrize("inside", ["spot/inside.txt", "spot/deeper/file"])
def test_a_folder_where_a_file_must_be_is_told(tmp_path: Path, inside: str) -> None:
    files = {inside: b"not ours"}
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", NEW), ADOPTING)
    assert "what is not ours: spot" in problem


def test_so_is_one_that_holds_ours_and_others(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    files["spot/mine.txt"] = b"not ours"
    (problem,) = deploy(MemorySession(files), built_site(tmp_path / "public", NEW))
    assert "what is not ours: spot" in problem


@pytest.mark.parametrize(
    ("count", "removed", "wishes", "refused"),
    [
        (30, 20, Wishes(), False),
        (30, 21, Wishes(), True),
        (300, 30, Wishes(), False),
        (300, 31, Wishes(), True),
        (300, 31, Wishes(max_removals=31), False),
        (300, 31, Wishes(max_removals=30), True),
        (30, 1, Wishes(max_removals=0), True),
    ],
)
def test_many_removals_are_asked_for(
    tmp_path: Path, count: int, removed: int, wishes: Wishes, refused: bool
) -> None:
    def site(numbers: range) -> dict[str, str]:
        return {"index.html": "x"} | {f"{number}.txt": "x" for number in numbers}

    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", site(range(count - 1))))
    fewer = built_site(tmp_path / "public", site(range(count - 1 - removed)))
    problems = deploy(MemorySession(files), fewer, wishes)
    if refused:
        assert f"{removed} of {count} files would be removed" in problems[0]
        assert f"--max-deletes {removed}" in problems[0]
    else:
        assert problems == []
    assert len(site_at(files)) == (count if refused else count - removed)


def test_another_site_is_not_overwritten(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    before = dict(files)
    elsewhere = "https://elsewhere.nowhere.net/"
    site = built_site(tmp_path / "public", NEW)
    (problem,) = deploy(MemorySession(files), site, url=elsewhere)
    assert f"another site lives at memory: that of {URL}" in problem
    assert files == before
    (problem,) = deploy(MemorySession(files), site, Wishes(moved_from=elsewhere), url=elsewhere)
    assert "another site lives" in problem
    assert deploy(MemorySession(files), site, Wishes(moved_from=URL), url=elsewhere) == []
    assert json.loads(files[MANIFEST])["site"] == elsewhere
    assert deploy(MemorySession(files), site, url=elsewhere) == []


def test_a_site_that_moved_is_written_down_even_if_no_file_changed(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), site)
    deploy(MemorySession(files), site, Wishes(moved_from=URL), url="https://new.nowhere.net/")
    assert json.loads(files[MANIFEST])["site"] == "https://new.nowhere.net/"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: {**data, "files": {"../../etc/passwd": ["aa", 1]}},
        lambda data: {**data, "files": {"/etc/passwd": ["aa", 1]}},
        lambda data: {**data, "files": {LEASE: ["aa", 1]}},
        lambda data: {**data, "files": {"x": "y"}},
        lambda data: {**data, "files": [1]},
        lambda data: {**data, "pending": {"../x": ["aa", 1]}},
        lambda data: {**data, "format": "something else"},
        lambda data: {"files": {}},
        lambda data: {**data, "files": {"half a character \ud800": ["aa", 1]}},
        lambda data: {**data, "files": {"x": []}},
        lambda data: {**data, "files": {"x": {}}},
        lambda data: {**data, "version": "1"},
        lambda data: {**data, "version": 0},
        lambda data: [data],
        lambda data: b"\xff{",
        lambda data: b"[" * 200_000,
    ],
)
def test_a_damaged_manifest_makes_nothing_ours(tmp_path: Path, damage: object) -> None:
    site = built_site(tmp_path / "public", OLD)
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), site)
    data = damage(json.loads(files[MANIFEST]))  # type: ignore[operator]
    files[MANIFEST] = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(ContentError, match="damaged, so it is not known what is ours"):
        survey(MemorySession(files), site, Wishes(), url=URL)
    assert manifest_if_read(files[MANIFEST]) == Manifest("")


def test_a_manifest_that_names_a_drive_is_damaged_where_there_are_drives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", {**OLD, "C:/x": "a name"}))
    assert "C:/x" in manifest_if_read(files[MANIFEST]).files
    monkeypatch.setattr(os.path, "splitdrive", ntpath.splitdrive)
    with pytest.raises(ContentError, match="damaged"):
        read_manifest(files[MANIFEST], "www")


def test_a_manifest_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), site)
    files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), "version": 2}).encode()
    with pytest.raises(ContentError, match="a newer site-builder"):
        survey(MemorySession(files), site, Wishes(), url=URL)


def test_a_plan_that_is_not_that_of_a_moment_ago_is_not_carried_out(tmp_path: Path) -> None:
    """While the author was asked somebody put a file there."""
    site = built_site(tmp_path / "public", OLD)
    files: dict[str, bytes] = {}
    session = MemorySession(files)
    plan = survey(session, site, Wishes(), url=URL).plan
    files["index.html"] = b"not ours"
    with pytest.raises(TargetError, match="changed since the plan was made"):
        carry_out(
            session,
            plan,
            url=URL,
            again=lambda: survey(session, site, Wishes(), url=URL).plan,
            clock=StoppedClock(),
        )
    assert files == {"index.html": b"not ours"}


def test_a_site_that_changes_meanwhile_is_not_put(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    (tmp_path / "public/robots.txt").write_text("edited")
    session = FolderSession(tmp_path / "www", "www", around(tmp_path))
    with pytest.raises(TargetError, match=r"robots\.txt changed in the output folder"):
        deploy(session, site)
    assert not (tmp_path / "www/robots.txt").exists()
    assert not (tmp_path / "www/index.html").exists()
