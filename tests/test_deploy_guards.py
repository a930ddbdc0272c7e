"""What a deploy refuses before it asks the target, how it waits, and who may deploy at a time."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from deploy_fakes import (
    NEW,
    OLD,
    URL,
    MemorySession,
    StoppedClock,
    built_site,
    content,
    deploy,
    site_at,
)

from site_builder.errors import ContentError, Problem
from site_builder.publishing.deploy.built import read_built_site
from site_builder.publishing.deploy.deploy import Progress, carry_out, survey
from site_builder.publishing.deploy.guards import Wishes, built_problems
from site_builder.publishing.deploy.lease import LASTS, take_lease
from site_builder.publishing.deploy.order import STAGES, is_hashed, put_stages
from site_builder.publishing.deploy.retries import Retries, SystemClock, TargetError
from site_builder.publishing.deploy.target import LEASE, MANIFEST
from site_builder.publishing.lock import locked
from site_builder.publishing.staging import Built, read_built

TODAY = dt.date(2026, 11, 24)


# The built site


def refusal(folder: Path) -> str:
    with pytest.raises(ContentError) as caught:
        read_built_site(folder, "public")
    return str(caught.value)


def test_the_site_is_what_the_build_wrote(tmp_path: Path) -> None:
    built_site(tmp_path / "public", OLD)
    (tmp_path / "public/mine.txt").write_text("not of the build")
    site = read_built_site(tmp_path / "public", "public")
    assert {file.path: file.read() for file in site.files} == content(OLD)
    assert site.built == Built(URL)


@pytest.mark.parametrize("path", ["index.html", "one/fig.1111111111.svg"])
def test_a_site_that_was_edited_is_refused(tmp_path: Path, path: str) -> None:
    built_site(tmp_path / "public", OLD)
    (tmp_path / "public" / path).write_text("edited")
    assert f"public/{path} is not as it was written" in refusal(tmp_path / "public")


def test_all_that_is_wrong_with_it_is_told(tmp_path: Path) -> None:
    built_site(tmp_path / "public", OLD)
    (tmp_path / "public/index.html").unlink()
    (tmp_path / "public/feed.xml").unlink()
    (tmp_path / "public/feed.xml").symlink_to("robots.txt")
    (tmp_path / "public/robots.txt").write_text("edited")
    told = refusal(tmp_path / "public")
    assert "public/index.html is not there any more" in told
    assert "public/feed.xml is not there any more, or is no file" in told
    assert "public/robots.txt is not as it was written" in told


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    built_site(tmp_path / "public", OLD)
    (tmp_path / "public/one").rename(tmp_path / "elsewhere")
    (tmp_path / "public/one").symlink_to(tmp_path / "elsewhere")
    assert "public/one/index.html is not as it was written" in refusal(tmp_path / "public")


def test_half_a_site_is_refused(tmp_path: Path) -> None:
    """As a build leaves it that is killed between its first and its last move."""
    folder = tmp_path / "public"
    built_site(folder, OLD)
    manifest = json.loads((folder / ".site-builder.json").read_text())
    assert "built" in manifest
    del manifest["built"]
    (folder / ".site-builder.json").write_text(json.dumps(manifest))
    assert "is not whole" in refusal(folder)


def test_so_is_one_with_files_that_wait(tmp_path: Path) -> None:
    built_site(tmp_path / "public", OLD)
    (tmp_path / ".public.staging-123").mkdir()
    assert "is not whole" in refusal(tmp_path / "public")


def test_no_site_is_refused(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    assert "there is no built site in public" in refusal(tmp_path / "public")


def test_an_empty_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="is empty"):
        built_site(tmp_path / "public", {})
    with pytest.raises(ContentError, match="has no home page"):
        built_site(tmp_path / "public", {"about.html": "x"})


@pytest.mark.parametrize("name", [MANIFEST, LEASE])
def test_names_of_ours_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ContentError, match="which deploys need for themselves"):
        built_site(tmp_path / "public", {"index.html": "x", name: "x"})


@pytest.mark.parametrize(
    "text", ["", "[]", '{"built": 3}', '{"built": {"url": "x"}}', '{"built": {"drafts": 3}}']
)
def test_what_cannot_be_read_of_a_site_is_not_known(tmp_path: Path, text: str) -> None:
    (tmp_path / ".site-builder.json").write_text(text)
    assert read_built(tmp_path) is None


# What it was built for


def told(built: Built, *, site: str = URL, target: str = "", indexed: bool = True) -> list[str]:
    problems = built_problems(
        built, site=site, indexed=indexed, target=target, name="live", today=TODAY
    )
    return [str(problem) for problem in problems]


def test_a_site_for_all_to_see_is_fine() -> None:
    assert told(Built(URL)) == []
    assert told(Built(URL.rstrip("/"))) == []


def test_drafts_are_refused_each() -> None:
    first, second = told(Built(URL, drafts=("posts/a.md", "posts/b.md")))
    assert "posts/a.md: the built site has this draft" in first
    assert "posts/b.md" in second
    assert "without --drafts" in second


def test_scheduled_posts_are_refused_until_their_day() -> None:
    (problem,) = told(Built(URL, scheduled={"posts/a.md": "2026-11-25", "b": "2026-11-24"}))
    assert "posts/a.md: the built site has this post, which is scheduled for 2026-11-25" in problem


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://localhost:8000/", "of this machine only"),
        ("http://127.0.0.1/", "of this machine only"),
        ("http://[::1]:80/", "of this machine only"),
        ("http://my.localhost/", "of this machine only"),
        ("https://example.org/", "for examples"),
        ("https://www.example.com/blog/", "for examples"),
        ("https://blog.example/", "for examples"),
        ("https://blog.test/", "for examples"),
        ("https://laptop.local/", "of a local network"),
    ],
)
def test_addresses_where_no_reader_is_are_refused(url: str, why: str) -> None:
    (problem,) = told(Built(url), site=url)
    assert why in problem
    assert told(Built(url), target=url) == []  # the author says so


@pytest.mark.parametrize(
    "url", ["https://example.de/", "https://notexample.org/", "http://10.0.0.2/"]
)
def test_others_are_not(url: str) -> None:
    assert told(Built(url), site=url) == []


def test_a_site_for_another_address_is_refused() -> None:
    preview = "https://preview.nowhere.net/"
    (problem,) = told(Built(preview))
    assert f"built for {preview}, and is to be deployed to {URL}" in problem
    assert "add --build" in problem
    (problem,) = told(Built(URL), target=preview)
    assert f"to be deployed to {preview}" in problem
    assert told(Built(preview), target=preview) == []


def test_a_site_that_is_not_to_be_listed_is_for_previews() -> None:
    hidden = Built(URL, indexed=False)
    (problem,) = told(hidden)
    assert "--noindex" in problem
    assert told(hidden, indexed=False) == []  # as the settings say
    preview = Built("https://preview.nowhere.net/", indexed=False)
    assert told(preview, target="https://preview.nowhere.net/") == []


# The order


def test_names_with_a_hash_are_known() -> None:
    assert is_hashed("assets/style.0123456789.css")
    assert is_hashed("fig.0123456789")
    assert not is_hashed("assets/style.css")
    assert not is_hashed("style.01234567890.css")
    assert not is_hashed("posts.0123456789/index.html")


def test_every_file_has_its_stage_and_a_new_page_comes_before_lists_that_lead_to_it() -> None:
    paths = [*NEW, "tags/index.html", "tags/a/feed.xml", "sitemap.xml", "feed.json", "404.html"]
    stages = put_stages(paths, {"two/index.html"})
    assert sorted(path for stage in stages for path in stage) == sorted(paths)
    assert stages[STAGES.index("new pages")] == ["two/index.html"]
    assert {*stages[-1]} == {
        *("feed.json", "feed.xml", "tags/a/feed.xml"),
        *("index.html", "sitemap.xml", "robots.txt"),
    }


# Waiting


def failing(times: int, *, passing: bool = True) -> tuple[Retries, StoppedClock, list[int]]:
    clock, calls = StoppedClock(), [times]
    return Retries(clock), clock, calls


def request(calls: list[int], *, passing: bool = True) -> str:
    calls[0] -= 1
    if calls[0] >= 0:
        raise TargetError(Problem(f"{calls[0]} left", code="D030"), passing=passing)
    return "done"


def test_what_passes_is_tried_again_ever_later() -> None:
    retries, clock, calls = failing(4)
    assert retries(lambda: request(calls)) == "done"
    assert clock.waits == [0.5, 1.0, 2.0, 4.0]


def test_not_for_ever() -> None:
    retries, clock, calls = failing(9)
    with pytest.raises(TargetError, match="4 left"):
        retries(lambda: request(calls))
    assert len(clock.waits) == 4


def test_what_does_not_pass_is_not_tried_again() -> None:
    retries, clock, calls = failing(1)
    with pytest.raises(TargetError):
        retries(lambda: request(calls, passing=False))
    assert clock.waits == []


def test_pauses_are_spread_and_have_an_end() -> None:
    clock, calls = StoppedClock(chance=0.25), [9]
    assert Retries(clock, attempts=10, longest=3.0)(lambda: request(calls)) == "done"
    assert clock.waits[:4] == [0.125, 0.25, 0.5, 0.75]
    assert set(clock.waits[3:]) == {0.75}


def test_the_clock_of_the_machine_goes_on() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.0)
    assert clock.now() >= before
    assert 0 <= clock.random() <= 1


# Leases


def held_by_another(until: float, *, machine: str = "elsewhere", process: int = 1) -> bytes:
    data = {"deploy": "x", "machine": machine, "process": process, "since": 0.0, "until": until}
    return json.dumps(data).encode()


def test_a_target_that_is_deployed_to_is_refused() -> None:
    clock = StoppedClock()
    session = MemorySession({})
    lease = take_lease(session, clock, break_lease=False)
    with pytest.raises(ContentError, match="another deploy to memory is going on") as caught:
        take_lease(session, clock, break_lease=False)
    assert "--break-lease" in str(caught.value)
    lease.drop()
    assert session.files == {}


def test_a_lease_ends_and_can_be_broken() -> None:
    clock = StoppedClock()
    until = held_by_another(clock.now() + LASTS / 2)
    for moment, break_lease in ((0.0, True), (LASTS, False)):
        clock.time += moment
        session = MemorySession({LEASE: until})
        take_lease(session, clock, break_lease=break_lease)
        assert session.files[LEASE] != until


def test_a_lease_in_force_is_kept() -> None:
    clock = StoppedClock()
    session = MemorySession({LEASE: held_by_another(clock.now() + LASTS / 2)})
    with pytest.raises(ContentError):
        take_lease(session, clock, break_lease=False)


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'{"deploy": 1}', b"[" * 200_000])
def test_a_lease_that_cannot_be_read_may_be_in_force(text: bytes) -> None:
    with pytest.raises(ContentError):
        take_lease(MemorySession({LEASE: text}), StoppedClock(), break_lease=False)


@pytest.mark.parametrize(
    "odd", [{"process": 1e999}, {"process": 10**30}, {"since": 1e300}, {"since": -1e300}]
)
def test_so_may_one_with_numbers_that_nobody_wrote(odd: dict[str, float]) -> None:
    clock, session = StoppedClock(), MemorySession({})
    take_lease(session, clock, break_lease=False)
    session.files[LEASE] = json.dumps({**json.loads(session.files[LEASE]), **odd}).encode()
    with pytest.raises(ContentError, match="another deploy to memory is going on since"):
        take_lease(session, clock, break_lease=False)


def test_a_lease_of_a_clock_that_is_wrong_does_not_block() -> None:
    clock = StoppedClock()
    session = MemorySession({LEASE: held_by_another(clock.now() + 100 * LASTS)})
    take_lease(session, clock, break_lease=False)


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is asked there")
def test_a_lease_of_a_process_that_died_here_does_not_block() -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    clock, session = StoppedClock(), MemorySession({})
    take_lease(session, clock, break_lease=False)
    mine = json.loads(session.files[LEASE])
    assert mine["process"] == os.getpid()
    session.files[LEASE] = json.dumps({**mine, "process": dead.pid}).encode()
    take_lease(session, clock, break_lease=False)


def test_a_lease_names_nobody() -> None:
    session = MemorySession({})
    take_lease(session, StoppedClock(), break_lease=False)
    assert socket.gethostname() not in session.files[LEASE].decode()
    assert set(json.loads(session.files[LEASE])) == {
        "deploy",
        "machine",
        "process",
        "since",
        "until",
    }


def test_a_lease_is_renewed_in_time(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    clock, session = StoppedClock(), MemorySession({})
    ends: list[float] = []

    def on_progress(_: Progress) -> None:
        clock.time += LASTS / 2
        ends.append(json.loads(session.files[LEASE])["until"] - clock.time)

    plan = survey(session, site, Wishes(), url=URL).plan
    carry_out(session, plan, url=URL, clock=clock, on_progress=on_progress)
    assert min(ends) > 0
    assert site_at(session.files) == content(OLD)


def test_a_lease_that_was_lost_ends_the_deploy(tmp_path: Path) -> None:
    site = built_site(tmp_path / "public", OLD)
    clock, session = StoppedClock(), MemorySession({})
    other = held_by_another(clock.now() + LASTS)

    def on_progress(progress: Progress) -> None:
        if progress.done == 3:
            session.files[LEASE] = other

    plan = survey(session, site, Wishes(), url=URL).plan
    with pytest.raises(TargetError, match="another deploy took memory over"):
        carry_out(session, plan, url=URL, clock=clock, on_progress=on_progress)
    assert session.files[LEASE] == other  # it is not ours to remove
    assert "finish" not in session._faults.steps


def test_progress_counts_puts_and_removals(tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    deploy(MemorySession(files), built_site(tmp_path / "public", OLD))
    session = MemorySession(files)
    site = built_site(tmp_path / "public", NEW)
    told: list[Progress] = []
    plan = survey(session, site, Wishes(), url=URL).plan
    carry_out(session, plan, url=URL, clock=StoppedClock(), on_progress=told.append)
    count = len(plan.having("new", "changed", "removed"))
    assert [(each.done, each.of) for each in told] == [(n + 1, count) for n in range(count)]
    assert told[-1].stage == "removals"


# Builds and deploys of one folder take turns


def test_a_build_waits_for_a_deploy(tmp_path: Path) -> None:
    built_site(tmp_path / "public", OLD)
    waited: list[bool] = []
    code = f"""
from pathlib import Path
from site_builder.publishing.lock import locked
with locked(Path({str(tmp_path / "public")!r}), lambda: print("waiting", flush=True)):
    print("has it")
"""
    with locked(tmp_path / "public", lambda: None):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        waited.append(child.stdout.readline() == "waiting\n")
    out, _ = child.communicate()
    assert waited == [True]
    assert out == "has it\n"
