"""`site-builder diff` as an author sees it: sites, revisions, the store's runs, packages."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from broken_sites import SETTINGS, Blog, Told, cell, heads, post
from made_wheels import write_wheel
from small_site import start_cli
from test_revisions import commit, everything, git

from site_builder.execution.running import Executor

MODEL = """\
```python
accuracy = {accuracy}
print("loss 0.25")
print("accuracy", accuracy)
```

It is right `{{python}} accuracy:.1%` of the time, and
[better than chance]{{claim="accuracy > 0.5"}}.
"""


def model(accuracy: float) -> str:
    """A post that trains nothing, and gives an accuracy."""
    return post(MODEL.format(accuracy=accuracy))


def diff(blog: Blog, *arguments: str) -> Told:
    return blog.run("diff", "-C", str(blog.root), "-j1", *arguments)


def document(blog: Blog, *arguments: str) -> Any:
    return json.loads(diff(blog, "--json", *arguments).out)


def moved(blog: Blog, *arguments: str) -> list[tuple[str, int, str, str, str]]:
    """What moved: post, line, kind, and the number before and after, or what was shown."""
    found = []
    for move in document(blog, *arguments)["moves"]:
        if move["standing"] == "moved":
            pair = move["numbers"][0] if move["kind"] == "output" else move
            found.append((move["post"], move["line"], move["kind"], pair["old"], pair["new"]))
    return found


def built(blog: Blog, name: str) -> str:
    """Build the site into a folder of that name; gives its path."""
    folder = blog.root.parent / name
    told = blog.build("-j1", "-o", str(folder))
    assert told.code == 0, told.err
    return str(folder)


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    files = {"posts/model.md": model(0.913), "posts/other.md": cell("print(1 + 1)")}
    return Blog(tmp_path / "site", files)


LOWER = [
    ("posts/model.md", 7, "output", "0.913", "0.887"),
    ("posts/model.md", 12, "value", "91.3%", "88.7%"),
]


# Two built folders


def test_two_built_folders(blog: Blog) -> None:
    old = built(blog, "old")
    blog.put({"posts/model.md": model(0.887)})
    new = built(blog, "new")
    told = diff(blog, old, new)
    assert (told.code, told.err) == (1, "")
    assert told.out.splitlines()[-1] == "2 posts: 1 identical, 1 moved"
    assert "0.913 → 0.887  −2.8 %  in: accuracy 0.887" in told.out
    assert "the code of cell 1 changed (posts/model.md)" in told.out
    assert moved(blog, old, new) == LOWER
    assert diff(blog, old, old).code == 0
    # The order of the sides is that of time.
    assert moved(blog, new, old)[0][3:] == ("0.887", "0.913")


def test_a_built_folder_against_the_posts_as_they_are_now(blog: Blog) -> None:
    old = built(blog, "public")
    assert diff(blog, old).code == 0
    blog.put({"posts/model.md": model(0.887), "posts/new.md": cell("print(3)")})
    assert moved(blog, old) == LOWER
    assert document(blog, old)["new_posts"] == ["posts/new.md"]
    assert not (blog.root / "public").exists()


def test_a_claim_that_became_false_is_a_move_and_no_failure(blog: Blog) -> None:
    old = built(blog, "old")
    blog.put({"posts/model.md": model(0.4)})
    first = document(blog, old)["moves"][0]
    assert (first["kind"], first["name"], first["line"]) == ("claim", "better than chance", 13)
    assert first["old"].startswith("true")
    assert first["new"].startswith("false")
    # What was run for the comparison does not let it pass later.
    told = blog.build("-j1")
    assert told.code == 1
    assert "better than chance" in told.err


def test_posts_can_be_chosen_and_drafts_are_not_meant(blog: Blog) -> None:
    old = built(blog, "old")
    draft = post(MODEL.format(accuracy=1), "title: D\ndate: 2020-01-01\ndraft: true\n")
    blog.put({"posts/model.md": model(0.887), "posts/draft.md": draft})
    assert document(blog, "--only", "posts/o*", old)["summary"] == {
        **dict.fromkeys(("within", "moved", "new", "gone", "failed"), 0),
        **{"posts": 1, "identical": 1},
    }
    assert document(blog, old)["new_posts"] == []
    assert document(blog, old, "--drafts")["new_posts"] == ["posts/draft.md"]


def test_a_tolerance_of_the_command_line(blog: Blog) -> None:
    old = built(blog, "old")
    blog.put({"posts/model.md": model(0.887)})
    assert diff(blog, old, "--tolerance", "0.1").code == 0
    assert diff(blog, old, "--tolerance", "0.01").code == 1
    told = diff(blog, old, "--tolerance", "-1")
    assert (told.code, "a number from 0 on" in told.err) == (2, True)


def test_a_page_is_written_where_it_is_wanted(blog: Blog, tmp_path: Path) -> None:
    old = built(blog, "old")
    blog.put({"posts/model.md": model(0.887)})
    page = tmp_path / "moved.html"
    assert diff(blog, old, "--html", str(page)).code == 1
    assert "0.913 → 0.887" in page.read_text(encoding="utf-8")
    told = diff(blog, old, "--html", str(tmp_path / "no" / "moved.html"))
    assert (told.code, "there is no folder for the page" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (lambda content: content[:-20], "it is cut short"),
        (lambda content: content.replace(b'"version": 1', b'"version": 99'), "of version 99"),
        (lambda _: b"<!DOCTYPE html>", "it is HTML, not a record"),
    ],
    ids=["truncated", "newer", "a page"],
)
def test_a_record_that_cannot_be_read_is_named_and_the_others_are_compared(
    blog: Blog, damaged: Callable[[bytes], bytes], message: str
) -> None:
    old = built(blog, "old")
    record = Path(old) / "other" / "other.record.json"
    record.write_bytes(damaged(record.read_bytes()))
    told = diff(blog, old)
    assert told.code == 1
    [said] = heads(told.err)
    assert said.replace("it is of", "of").startswith(f"other/other.record.json: old: {message}")
    assert "1 identical" in told.out


@pytest.mark.parametrize(
    "damaged", [b"", b"[]", b'{"cells": [{"cell_type": "code"}]}', b"[" * 9999]
)
def test_without_a_notebook_the_record_is_enough(blog: Blog, damaged: bytes) -> None:
    old = built(blog, "old")
    (Path(old) / "model" / "model.ipynb").write_bytes(damaged)
    blog.put({"posts/model.md": model(0.887)})
    assert moved(blog, old) == LOWER


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no folder and no revision 'nowhere'"),
        (["."], "there is no published record in"),
        (["a", "b", "--with", "numpy"], "--with is for the present posts"),
        ([], "there are no runs to compare"),
    ],
)
def test_a_side_that_there_is_not(
    blog: Blog, arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(blog.root)
    told = diff(blog, *arguments)
    assert told.code == 2
    assert message in told.err


# Revisions


@pytest.fixture
def versions(blog: Blog) -> Blog:
    """A site in git: the accuracy was 0.913, is 0.887, and becomes 0.95 while nobody commits."""
    git(blog.root, "init", "--quiet")
    blog.put({".gitignore": ".cache\n", "posts/where.md": cell("import os\nprint(os.getcwd())")})
    commit(blog.root)
    git(blog.root, "tag", "first")
    blog.put({"posts/model.md": model(0.887)})
    commit(blog.root)
    blog.put({"posts/model.md": model(0.95)})
    return blog


def test_two_revisions(versions: Blog) -> None:
    before = everything(versions.root)
    assert moved(versions, "first", "HEAD") == LOWER
    assert everything(versions.root) == before
    assert not list(Path(tempfile.gettempdir()).glob("site-builder-revision-*"))


def test_a_revision_against_the_posts_as_they_are_now(versions: Blog) -> None:
    assert moved(versions, "HEAD")[0] == ("posts/model.md", 7, "output", "0.887", "0.95")
    told = diff(versions, "HEAD")
    assert told.out.splitlines()[0].startswith("old: the posts at HEAD (")
    # A post that tells where it runs tells the site's folder at every revision.
    assert document(versions, "HEAD")["summary"]["identical"] == 2


def test_a_post_that_does_not_run_at_a_revision_is_told_with_its_line(versions: Blog) -> None:
    versions.put({"posts/other.md": cell("1 / 0")})
    commit(versions.root)
    versions.put({"posts/other.md": cell("print(2)")})
    told = diff(versions, "HEAD")
    assert told.code == 1
    assert heads(told.err)[0].startswith("posts/other.md:7:")
    assert ": old: " in heads(told.err)[0]
    assert "posts/other.md (old): ZeroDivisionError: division by zero" in told.out


def test_a_revision_whose_settings_are_wrong(versions: Blog) -> None:
    versions.put({"site.toml": SETTINGS + "tittle = 3\n"})
    commit(versions.root)
    versions.put({"site.toml": SETTINGS})
    told = diff(versions, "HEAD")
    assert told.code == 2
    assert heads(told.err) == ["site.toml:3:1: at HEAD: unknown setting 'tittle'"]


def test_what_is_known_need_not_run_again(versions: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    run = Executor.run

    def watched(self: Executor, tasks: Any, *rest: Any) -> Any:
        ran.extend(task.path for task in tasks)
        return run(self, tasks, *rest)

    monkeypatch.setattr(Executor, "run", watched)
    versions.build("-j1")
    ran.clear()
    diff(versions, "HEAD", "--only", "posts/[mo]*")
    assert ran == ["posts/model.md"]  # as it was: the others were proven
    ran.clear()
    diff(versions, "HEAD", "--only", "posts/[mo]*", "--no-cache")
    assert sorted(ran) == [
        *("posts/model.md", "posts/model.md", "posts/other.md", "posts/other.md")
    ]


# The store


def test_the_last_two_runs(blog: Blog) -> None:
    blog.build("-j1")
    assert document(blog)["summary"]["new"] == 2  # of which there is one run
    blog.put({"posts/model.md": model(0.887)})
    blog.build("-j1")
    assert moved(blog) == LOWER
    told = diff(blog)
    assert told.out.splitlines()[:2] == [
        "old: the run before the last of each post",
        "new: the last run of each post",
    ]


def test_the_newer_run_is_the_one_that_a_build_would_show(blog: Blog) -> None:
    for accuracy in (0.913, 0.887, 0.913):
        blog.put({"posts/model.md": model(accuracy)})
        blog.build("-j1")
    assert moved(blog)[0][3:] == ("0.887", "0.913")


def test_a_post_that_has_not_run_yet_is_compared_as_it_last_ran(blog: Blog) -> None:
    for accuracy in (0.913, 0.887):
        blog.put({"posts/model.md": model(accuracy)})
        blog.build("-j1")
    blog.put({"posts/model.md": model(0.5)})
    assert sorted(each[3:] for each in moved(blog)) == [each[3:] for each in LOWER]


# Other packages


def test_what_an_upgrade_would_change(
    blog: Blog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    for version, mean in (("1.0", "sum(x) / len(x)"), ("2.0", "sorted(x)[len(x) // 2]")):
        write_wheel(wheels, "averages", version, f"def average(x):\n    return {mean}\n")
    home = tmp_path / "own"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    packages = next((home / "lib").glob("python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(packages)]
    subprocess.run([*pip, "averages==1.0", "--no-deps"], check=True, capture_output=True)
    python = f'[execution]\npython = "{home}/bin/python"\n'
    code = "from averages import average\n\nprint('average', average([1.0, 2.0, 9.0]))"
    blog.put({"site.toml": SETTINGS + python, "posts/mean.md": cell(code)})
    blog.build("-j1")
    kept = everything(blog.root / ".cache")
    told = diff(blog, "--with", "averages==2.0")
    assert told.code == 1, told.err
    assert "averages 1.0 → 2.0" in told.err
    assert "4.0 → 2.0  −50 %  in: average 2.0" in told.out
    assert "averages 1.0 → 2.0 (posts/mean.md)" in told.out
    assert told.out.splitlines()[-1] == "3 posts: 2 identical, 1 moved"
    # What was tried is not what the next build finds.
    assert everything(blog.root / ".cache") == kept
    assert not list(Path(tempfile.gettempdir()).glob("site-builder-with-*"))
    told = diff(blog, "--with", "averages==3.0")
    assert told.code == 2
    assert "No matching distribution found for averages==3.0" in told.err


# Addresses


@contextlib.contextmanager
def served(folder: str) -> Iterator[tuple[str, list[str]]]:
    """A folder on loopback: its address, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code: object = "-", size: object = "-") -> None:
            asked.append(self.path)

        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Handler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
        server.shutdown()


@pytest.mark.parametrize("permalink", ["/{slug}/", "/{year}/{slug}/", "/{slug}/on/{day}/"])
def test_a_published_site(blog: Blog, permalink: str) -> None:
    settings = f'{SETTINGS}permalink = "{permalink}"\n'
    blog.put({"site.toml": settings})
    old = built(blog, "old")
    blog.put({"posts/model.md": model(0.887)})
    with served(old) as (address, asked):
        assert moved(blog, address) == LOWER
        notebooks = [path for path in asked if path.endswith(".ipynb")]
        # What is the same is told by its record alone.
        assert [path.rpartition("/")[2] for path in notebooks] == ["model.ipynb"]
    told = diff(blog, address)
    assert told.code == 2
    assert "nobody answers" in told.err


def test_a_published_site_whose_theme_does_not_name_its_records(blog: Blog) -> None:
    old = Path(built(blog, "old"))
    for page in old.rglob("*.html"):
        page.write_text(re.sub(r'<a [^>]*record\.json"[^>]*>.*?</a>', "", page.read_text()))
    blog.put({"posts/model.md": model(0.887)})
    with served(str(old)) as (address, _):
        assert moved(blog, address) == LOWER


def test_what_a_record_of_others_says_is_shown_as_text(blog: Blog) -> None:
    old = Path(built(blog, "old"))
    record = old / "model" / "model.record.json"
    text = record.read_text(encoding="utf-8")
    told_by_others = json.dumps("\x1b[2J\x9b2J\n<b>better")[1:-1]
    for ours, theirs in (("better than chance", told_by_others), ("accuracy > 0.5", "True")):
        assert ours in text
        text = text.replace(ours, theirs)
    record.write_text(text, encoding="utf-8")
    told = diff(blog, str(old))
    assert "claim “2J <b>better”" in told.out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", told.out)


def test_a_record_of_others_that_is_made_to_break_the_report(blog: Blog) -> None:
    old = Path(built(blog, "old"))
    record = old / "model" / "model.record.json"
    text = record.read_text(encoding="utf-8")
    text = text.replace("better than chance", "half \\ud83d of it").replace("> 0.5", "> 0.4")
    record.write_text(text, encoding="utf-8")
    page = blog.root / "page.html"
    told = diff(blog, str(old), "--html", str(page))
    assert (told.code, "half ? of it" in page.read_text(encoding="utf-8")) == (0, True)


def test_a_record_that_cannot_be_read_makes_its_post_neither_new_nor_gone(blog: Blog) -> None:
    old = Path(built(blog, "old"))
    record = old / "model" / "model.record.json"
    whole = record.read_text(encoding="utf-8")
    for damaged in (whole[:-300], whole.replace('"holds": true', '"holds": 7')):
        record.write_text(damaged, encoding="utf-8")
        told = diff(blog, str(old))
        assert told.code == 1
        assert heads(told.err)[0].startswith("model/model.record.json: old: it is ")
        assert told.out.splitlines()[-1] == "2 posts: 1 identical, 1 not to be had"
        assert diff(blog, str(blog.root / "public"), str(old)).code == 2


def test_folders_whose_names_are_commands_of_a_terminal_are_shown_as_text(blog: Blog) -> None:
    old = Path(built(blog, "old"))
    folder = old / "model\x1b[2J\u202e"
    (old / "model").rename(folder)
    (folder / "model.record.json").write_text("{")
    told = diff(blog, str(old))
    assert told.code == 1
    assert heads(told.err)[0].startswith("model/model.record.json: old: it is cut short")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", told.out + told.err)


def test_posts_that_are_not_there_are_no_success(blog: Blog) -> None:
    old = built(blog, "old")
    told = diff(blog, "--only", "modle", old)
    assert (told.code, told.out) == (2, "")
    assert "there is no post 'modle'" in told.err
    assert diff(blog, "--only", "model", old).out.endswith("1 post: 1 identical\n")


# Figures


def test_a_figure_that_moved_says_by_how_much(blog: Blog) -> None:
    code = (
        "#| label: fig-loss\n#| fig-cap: Loss\n#| fig-alt: It falls\n"
        "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3], [3, 1, {last}], label='loss')\n"
    )
    blog.put({"posts/figure.md": cell(code.format(last=0))})
    old = built(blog, "old")
    assert diff(blog, old).code == 0
    blog.put({"posts/figure.md": cell(code.format(last=1.5))})
    [move] = document(blog, old)["moves"]
    assert (move["kind"], move["line"], move["change"]) == ("figure", 10, 0.5)
    assert move["numbers"][0]["line"] == "last y of the line “loss”"
    # Less than a pixel.
    blog.put({"posts/figure.md": cell(code.format(last=0.001))})
    told = diff(blog, old)
    assert (told.code, "1 moved within tolerance" in told.out) == (0, True)


# Ends


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_what_was_made_goes_when_one_is_ended(versions: Blog, sent: signal.Signals) -> None:
    started = versions.root / "started"
    waits = f"import pathlib, time\npathlib.Path({str(started)!r}).touch()\ntime.sleep(60)"
    versions.put({"posts/slow.md": cell(waits)})
    commit(versions.root)
    process = start_cli(versions.root, "diff", "HEAD", TMPDIR=str(versions.root.parent))
    while not started.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    assert list(versions.root.parent.glob("site-builder-revision-*"))
    process.send_signal(sent)
    process.communicate()
    assert process.returncode in (130, 143)
    assert not list(versions.root.parent.glob("site-builder-*"))
