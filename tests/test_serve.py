"""Writing with `serve`: what an author saves, and what the browser is given."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from broken_sites import post
from serving import EPOCH, Serving, as_built, below, serving

from site_builder.build import Options, build
from site_builder.preview.loop import Told, Wish, serve
from site_builder.preview.refresh import Refresher
from site_builder.settings.site import load_site

SETTINGS = 'title = "Notes"\nurl = "https://example.org/"\n'
CELLS = """\
One: a start.

```python
one = 1
print("first", one)
```

It is `{python} one`.

```python
two = one + 1
print("second", two)
```

```python
print("third", one + two)
```
"""
SITE = {
    "site.toml": SETTINGS,
    "posts/cells.md": post(CELLS, "title: Cells\ndate: 2020-01-02\n"),
    "posts/prose.md": post("Some prose. See [](cells.md).\n", "title: Prose\ndate: 2020-01-01\n"),
}


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Serving]:
    with serving(write(tmp_path / "site", SITE)) as served:
        served.settle()
        yield served


def clean(root: Path, to: Path) -> dict[str, bytes]:
    """The pages of a first build with all posts."""
    shutil.rmtree(to, ignore_errors=True)
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    try:
        build(load_site(root), Options(output=to, jobs=1, drafts=True, future=True, cache=None))
    finally:
        del os.environ["SOURCE_DATE_EPOCH"]
    return {
        path.relative_to(to).as_posix(): path.read_bytes()
        for path in sorted(to.rglob("*"))
        if path.is_file() and path.name != ".site-builder.json"
    }


def assert_like_a_build(served: Serving, to: Path) -> None:
    for path, content in clean(served.root, to).items():
        if path.startswith("."):
            continue
        address = "/" + re.sub(r"(^|/)index\.html$", r"\1", path)
        if path == "404.html":
            continue
        assert as_built(served.ask(address)[2]) == as_built(content), path


# --- what is shown ---


def test_what_is_served_is_what_a_build_makes(served: Serving, tmp_path: Path) -> None:
    assert_like_a_build(served, tmp_path / "clean")
    assert not (served.root / "public").exists()


def test_an_edit_of_the_prose_is_shown_and_runs_nothing(served: Serving) -> None:
    assert "third 3" in served.page("/cells/")
    ran = served.said.read_text().count(" ran in ")
    served.edit("posts/cells.md", "One:", "The one:")
    page = served.shows("/cells/", "The one:")
    assert "third 3" in page
    assert served.settle()["running"] == {}
    assert served.said.read_text().count(" ran in ") == ran


def test_an_edit_of_a_cell_is_shown_at_once_and_its_output_when_it_is_there(
    served: Serving, tmp_path: Path
) -> None:
    served.edit(
        "posts/cells.md",
        'print("second", two)',
        'import time; time.sleep(1.5); print("now", two)',
    )
    page = served.shows("/cells/", "time.sleep")  # the code is there
    assert "first 1" in page  # and what is still valid
    assert "second 2" not in page
    assert "third 3" not in page
    assert page.count('<p class="pending"') == 2
    assert "Running…" in page
    assert "Waiting to run…" in page
    state = served.until(lambda state: state["running"])
    assert state["running"] == {"posts/cells.md": "cell 2 of 3"}
    page = served.shows("/cells/", "now 2")
    served.shows("/cells/", "third 3")
    served.settle()
    assert "pending" not in served.page("/cells/")
    assert_like_a_build(served, tmp_path / "clean")


def test_a_build_finds_proven_what_ran_under_serve(served: Serving) -> None:
    served.edit("posts/cells.md", '"third"', '"3rd"')
    served.shows("/cells/", "3rd 3")
    served.settle()
    report = build(
        load_site(served.root),
        Options(output=served.root / "public", jobs=1, cache=served.root / ".cache"),
    )
    assert (report.executed, report.reused) == (0, 1)


def test_a_new_save_ends_what_it_makes_obsolete(served: Serving) -> None:
    served.edit("posts/cells.md", 'print("second", two)', "while True: pass")
    served.until(lambda state: state["running"])
    served.edit("posts/cells.md", "while True: pass", 'print("over", two)')
    served.shows("/cells/", "over 2")
    served.shows("/cells/", "third 3")
    assert served.settle()["running"] == {}


def test_what_still_runs_does_not_hide_a_mistake_made_meanwhile(served: Serving) -> None:
    slow = "import time\ntime.sleep(1.5); open('ran', 'a').write('x')\nprint('late', two)"
    served.edit("posts/cells.md", 'print("second", two)', slow)
    served.until(lambda state: state["running"])
    served.edit("posts/cells.md", "title: Cells", "titel: Cells")
    served.until(lambda state: state["problems"])
    assert any("titel" in problem for problem in served.problems())
    assert (served.root / "posts/ran").exists()
    served.edit("posts/cells.md", "titel: Cells", "title: Cells")
    served.shows("/cells/", "late 2")
    assert served.problems() == []


def test_cells_that_are_taken_out_while_they_run_leave_nothing_behind(served: Serving) -> None:
    served.edit("posts/cells.md", 'print("second", two)', "import time; time.sleep(1)")
    served.until(lambda state: state["running"])
    served.save("posts/cells.md", post("Prose now.\n", "title: Cells\ndate: 2020-01-02\n"))
    served.shows("/cells/", "Prose now.")
    time.sleep(1.5)
    served.settle()
    assert "Prose now." in served.page("/cells/")


def test_an_edit_of_the_prose_does_not_end_a_run(served: Serving) -> None:
    served.edit(
        "posts/cells.md",
        'print("second", two)',
        "import time, os\ntime.sleep(1); open('ran', 'a').write('x')",
    )
    served.until(lambda state: state["running"])
    served.edit("posts/cells.md", "One:", "Uno:")
    served.shows("/cells/", "Uno:")
    served.settle()
    assert (served.root / "posts/ran").read_text() == "x"


def test_what_is_wrong_is_told_and_the_last_good_page_stays(served: Serving) -> None:
    served.edit("posts/cells.md", "two = one + 1", "two = one / 0")
    state = served.until(lambda state: state["problems"])
    served.settle()
    [problem] = state["problems"]
    assert problem["file"] == "posts/cells.md"
    assert "one / 0" in problem["excerpt"]
    text = (served.root / "posts/cells.md").read_text().split("\n")
    assert "one / 0" in text[problem["line"] - 1]
    assert "second 2" in served.page("/cells/")
    assert "posts/cells.md" in served.said.read_text()
    served.edit("posts/cells.md", "two = one / 0", "two = one + 2")
    served.shows("/cells/", "second 3")
    assert served.settle()["problems"] == []


def test_a_syntax_error_and_its_repair(served: Serving) -> None:
    served.edit("posts/cells.md", "two = one + 1", "two = (one + 1")
    served.until(lambda state: state["problems"])
    served.settle()
    assert "second 2" in served.page("/cells/")
    served.edit("posts/cells.md", "two = (one + 1", "two = (one + 2)")
    served.shows("/cells/", "second 3")
    assert served.problems() == []


@pytest.mark.parametrize("content", [b"---\ntitle: Caf\xe9\n---\n", b""])
def test_a_file_that_is_no_text_and_one_that_is_empty(served: Serving, content: bytes) -> None:
    served.save("posts/cells.md", content)
    served.until(lambda state: state["problems"])
    assert "third 3" in served.page("/cells/")
    served.save("posts/cells.md", SITE["posts/cells.md"].replace('"third"', '"3rd"'))
    served.shows("/cells/", "3rd 3")
    assert served.problems() == []


def test_two_posts_with_one_address_are_told_once(served: Serving) -> None:
    served.save("posts/other.md", post("Other.\n", "title: O\ndate: 2020-02-01\nslug: cells\n"))
    served.until(lambda state: state["problems"])
    assert len(served.problems()) == 1
    assert served.ask("/cells/")[0] == 200


def test_front_matter_and_links_that_are_wrong(served: Serving) -> None:
    served.edit("posts/prose.md", "title: Prose", "titel: Prose")
    served.until(lambda state: state["problems"])
    assert any("titel" in problem for problem in served.problems())
    assert "Some prose" in served.page("/prose/")
    served.edit("posts/prose.md", "titel: Prose", "title: Prose")
    served.edit("posts/prose.md", "cells.md", "cels.md")
    served.until(lambda state: any("cels" in x["message"] for x in state["problems"]))
    served.edit("posts/prose.md", "cels.md", "cells.md")
    assert served.problems() == []


def test_a_post_that_was_never_in_order_is_not_there_but_its_fault_is_told(
    tmp_path: Path,
) -> None:
    files = {**SITE, "posts/new.md": post("Text.\n", "titel: New\ndate: 2020-01-09\n")}
    with serving(write(tmp_path / "site", files)) as served:
        assert any("titel" in problem for problem in served.problems())
        assert served.ask("/new/")[0] == 404
        assert "Some prose" in served.page("/prose/")
        served.edit("posts/new.md", "titel:", "title:")
        served.shows("/new/", "Text.")


def test_drafts_and_scheduled_posts_are_shown_and_say_so(served: Serving) -> None:
    served.save("posts/draft.md", post("Later.\n", "title: Later\ndate: 2020-02-01\ndraft: true\n"))
    served.save("posts/soon.md", post("Soon.\n", "title: Soon\ndate: 2031-02-01\n"))
    assert 'class="badge"' in served.shows("/draft/", "Later.")
    assert "Scheduled" in served.shows("/soon/", "Soon.")
    served.settle()
    assert served.page("/").count('class="badge"') == 2


def test_the_style_the_templates_and_the_settings_follow_a_save(served: Serving) -> None:
    shutil.copytree(Path(__file__).parents[1] / "themes/default", served.root / "themes/own")
    served.save("site.toml", SETTINGS + 'theme = "own"\n')
    served.settle()
    base = served.root / "themes/own/templates/base.html"
    served.save(
        "themes/own/templates/base.html", base.read_text().replace("<body", "<!-- own --><body")
    )
    served.shows("/prose/", "<!-- own -->")
    served.save("site.toml", SETTINGS.replace("Notes", "Other notes") + 'theme = "own"\n')
    served.shows("/prose/", "Other notes")
    served.save("site.toml", "title = \n")
    served.until(lambda state: state["problems"])
    assert "Other notes" in served.page("/prose/")
    served.save("site.toml", SETTINGS)
    served.until(lambda state: not state["problems"])
    served.shows("/prose/", "Notes")


def test_words_of_the_site_follow_a_save(served: Serving) -> None:
    (served.root / "words").mkdir()
    served.save("words/en.toml", 'all_posts = "Every post"\n')
    served.shows("/prose/", "Every post")
    served.save("words/en.toml", 'all_postz = "Every post"\n')
    served.until(lambda state: state["problems"])
    assert "Every post" in served.page("/prose/")
    served.save("words/en.toml", 'all_posts = "Everything"\n')
    served.shows("/prose/", "Everything")


def test_data_and_modules_that_a_cell_has_read(served: Serving) -> None:
    served.save("posts/data.csv", "1\n")
    served.save("posts/helper.py", "FACTOR = 10\n")
    served.save(
        "posts/data.md",
        post(
            "```python\nimport helper\n\ndata = int(open('data.csv').read())\n"
            "print('is', helper.FACTOR * data)\n```\n",
            "title: Data\ndate: 2020-01-05\n",
        ),
    )
    served.shows("/data/", "is 10")
    served.settle()
    served.save("posts/data.csv", "2\n")
    served.shows("/data/", "is 20")
    served.settle()
    served.save("posts/helper.py", "FACTOR = 100\n")
    served.shows("/data/", "is 200")


def test_nothing_runs_if_that_is_wished(tmp_path: Path) -> None:
    with serving(write(tmp_path / "site", SITE), "--no-exec") as served:
        served.settle()
        page = served.page("/cells/")
        assert page.count("Not run") == 3
        assert "first" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)
        served.edit("posts/cells.md", "One:", "Two:")
        served.shows("/cells/", "Two:")


# --- what is said in the terminal ---


def test_a_problem_is_told_once_until_it_is_mended(served: Serving) -> None:
    def told() -> str:
        served.settle()
        return served.said.read_text()

    served.edit("posts/cells.md", '"third", one', '"third", one / 0')
    served.until(lambda state: state["problems"])
    assert told().count("ZeroDivisionError") == 1
    served.edit("posts/cells.md", "One:", "One\n\nmore:")  # it is at another line now
    served.shows("/prose/", "prose")
    assert "1 problem left" in told()
    served.edit("posts/cells.md", "one = 1", "import time; time.sleep(0.5); one = 2")
    served.until(lambda state: state["busy"])
    assert told().count("ZeroDivisionError") == 1
    assert "in order again" not in told()
    served.edit("posts/prose.md", "title:", "titel:")
    assert told().splitlines()[-1] == "3 problems"
    served.edit("posts/prose.md", "titel:", "title:")
    assert told().splitlines()[-1] == "1 problem left"
    served.edit("posts/cells.md", "one / 0", "one / 1")
    served.shows("/cells/", "third 5.0")
    assert told().splitlines()[-1] == "all is in order again"


def test_what_fails_in_another_way_was_not_in_order_meanwhile(served: Serving) -> None:
    last = '"third", one + two'
    for number in range(20):
        failing = f"unknown_{number}"
        served.edit("posts/cells.md", last, failing)
        served.until(lambda state: failing in str(state["problems"]))  # noqa: B023 -- called now
        last = failing
    assert "in order again" not in served.said.read_text()


def test_a_warning_is_told_as_one(served: Serving) -> None:
    served.edit("posts/prose.md", "Some prose.", "Some prose. ![](a.png)")
    served.save("static/a.png", b"")
    served.save(
        "posts/figure.md",
        post(
            "```python\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\n```\n",
            "title: Figure\ndate: 2020-01-05\n",
        ),
    )
    served.until(lambda state: any(x["code"] == "I002" for x in state["problems"]))
    served.settle()
    assert "warning[I002]" in served.said.read_text()
    assert "error[I002]" not in served.said.read_text()


def test_settings_that_are_wrong_are_told_until_they_are_right(served: Serving) -> None:
    for wrong in ("title = \n", SETTINGS + '[execution]\npython = "nowhere/python"\n'):
        served.save("site.toml", wrong)
        served.until(lambda state: state["problems"])
        served.edit("posts/cells.md", '"third"', '"3rd"')  # those before still hold
        served.shows("/cells/", "3rd 3")
        assert len(served.problems()) == 1
        served.save("site.toml", SETTINGS)
        served.until(lambda state: not state["problems"])
        served.edit("posts/cells.md", '"3rd"', '"third"')
        served.shows("/cells/", "third 3")


# --- how editors save ---


def test_an_editor_that_saves_by_renaming(served: Serving) -> None:
    new = served.root / "posts/.prose.md.swp"
    new.write_text(SITE["posts/prose.md"].replace("Some prose", "Renamed prose"))
    new.replace(served.root / "posts/prose.md")
    served.shows("/prose/", "Renamed prose")
    assert served.problems() == []


def test_a_save_in_two_halves(served: Serving) -> None:
    text = SITE["posts/cells.md"].replace("third", "3rd")
    with (served.root / "posts/cells.md").open("w") as file:
        file.write(text[:90])
        file.flush()
        time.sleep(0.3)
        file.write(text[90:])
    served.shows("/cells/", "3rd 3")
    assert served.problems() == []


def test_two_saves_within_ten_milliseconds(served: Serving) -> None:
    for word in ("alpha", "beta"):
        served.save("posts/cells.md", SITE["posts/cells.md"].replace("third", word))
        time.sleep(0.008)
    served.shows("/cells/", "beta 3")
    served.settle()
    assert "alpha" not in served.page("/cells/")


def test_a_post_that_is_deleted_while_it_runs(served: Serving) -> None:
    served.edit("posts/prose.md", " See [](cells.md).", "")
    served.edit("posts/cells.md", 'print("second", two)', "import time; time.sleep(30)")
    served.until(lambda state: state["running"])
    (served.root / "posts/cells.md").unlink()
    served.until(lambda state: not state["running"])
    served.settle()
    assert served.ask("/cells/")[0] == 404
    assert served.problems() == []


def test_a_thousand_files_that_change_at_once(served: Serving) -> None:
    for number in range(1000):
        name = served.root / f"posts/many-{number}.md"
        name.write_text(post(f"Text {number}.\n", f"title: Many {number}\ndate: 2020-03-01\n"))
    served.shows("/many-999/", "Text 999.")
    served.settle()
    for number in range(1000):
        (served.root / f"posts/many-{number}.md").unlink()
    served.until(lambda _: served.ask("/many-0/")[0] == 404)
    served.edit("posts/prose.md", "Some prose", "Still prose")
    served.shows("/prose/", "Still prose")


def test_a_huge_file_and_one_that_cannot_be_read(served: Serving) -> None:
    words = "word " * 400_000
    served.save("posts/huge.md", post(words + "\n", "title: Huge\ndate: 2020-03-01\n"))
    served.shows("/huge/", "word word")
    locked = served.root / "posts/locked"
    locked.mkdir()
    (locked / "a.md").write_text(post("Text.\n", "title: A\n"))
    locked.chmod(0)
    try:
        served.edit("posts/prose.md", "Some prose", "More prose")
        served.shows("/prose/", "More prose")
    finally:
        locked.chmod(0o755)


def test_the_store_may_be_deleted_meanwhile(served: Serving, tmp_path: Path) -> None:
    shutil.rmtree(served.root / ".cache")
    served.edit("posts/prose.md", "Some prose", "More prose")
    served.shows("/prose/", "More prose")
    served.settle()
    assert_like_a_build(served, tmp_path / "clean")


def test_the_site_s_folder_may_go_and_come_back(served: Serving) -> None:
    shutil.rmtree(served.root, ignore_errors=True)
    served.until(lambda state: "there is no" in str(state["problems"]))
    write(served.root, SITE)
    served.shows("/cells/", "third 3")
    assert served.problems() == []
    served.edit("posts/cells.md", '"third"', '"3rd"')
    served.shows("/cells/", "3rd 3")


# --- beginning and end ---


def test_a_port_in_use(tmp_path: Path) -> None:
    import subprocess
    import sys

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "site_builder", "serve", "-C",
             str(write(tmp_path / "site", SITE)), "--port", str(port)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_outlives_the_server(tmp_path: Path, how: int) -> None:
    files = {
        **SITE,
        "posts/busy.md": post(
            "```python\nimport time\n```\n\n```python\ntime.sleep(600)\n```\n",
            "title: Busy\ndate: 2020-01-03\n",
        ),
    }
    with serving(write(tmp_path / "site", files)) as served:
        served.until(lambda state: state["running"])
        served.edit("posts/cells.md", '"third"', '"3rd"')
        served.shows("/cells/", "3rd 3")
        processes = below(served.process.pid)
        assert processes
        code = served.stop(how)
        assert code == (-how if how == signal.SIGKILL else 0)
        end = time.monotonic() + 10
        while (left := {p for p in processes if is_alive(p)}) and time.monotonic() < end:
            time.sleep(0.05)
        assert not left


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_the_next_server_runs_nothing_that_is_proven(tmp_path: Path) -> None:
    root = write(tmp_path / "site", SITE)
    with serving(root) as served:
        served.settle()
    (root / "posts/cells.md").write_text(SITE["posts/cells.md"].replace("One:", "Uno:"))
    with serving(root) as served:
        state = served.settle()
        assert "third 3" in served.page("/cells/")
        assert state["problems"] == []
        assert "pending" not in served.page("/cells/")


def test_many_saves_leave_nothing_behind(served: Serving) -> None:
    def used() -> tuple[int, int, int]:
        pid = served.process.pid
        status = Path(f"/proc/{pid}/status").read_text()
        memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]
        threads = int(re.search(r"Threads:\s+(\d+)", status)[1])  # type: ignore[index]
        return memory, threads, len(below(pid))

    text = SITE["posts/cells.md"]

    def save(number: int) -> None:
        served.save(
            "posts/cells.md",
            text.replace("third", f"round {number}")
            if number % 2
            else text.replace("One", f"No {number}"),
        )
        served.shows("/cells/", f"round {number}" if number % 2 else f"No {number}")

    for number in range(30):
        save(number)
    served.settle()
    memory, threads, processes = used()
    for number in range(30, 130):
        save(number)
    served.settle()
    after = used()
    assert after[0] < memory * 1.1
    assert after[1] <= threads + 1
    assert after[2] <= processes + 1


@contextlib.contextmanager
def served_here(root: Path) -> Iterator[queue.Queue[Told]]:
    """What is told of a site that a thread of ours serves; nothing runs."""
    ready: queue.Queue[str] = queue.Queue()
    told: queue.Queue[Told] = queue.Queue()
    stop = threading.Event()
    options = {"on_ready": ready.put, "on_told": told.put, "stop": stop}
    wish = Wish(root, 0, execute=False)
    thread = threading.Thread(target=serve, args=(wish,), kwargs=options, daemon=True)
    thread.start()
    ready.get(timeout=60)
    try:
        yield told
    finally:
        stop.set()
        thread.join(timeout=60)
    assert not thread.is_alive()


def is_told(told: queue.Queue[Told], code: str) -> bool:
    """Whether a problem of this code comes to be told, or with no code that all is in order."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(queue.Empty):
            codes = [problem.code for problem in told.get(timeout=1).preview.problems]
            if code in codes or not (code or codes):
                return True
    return False


def test_a_mistake_of_ours_does_not_end_the_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path / "site", SITE)
    with served_here(root) as told:
        with monkeypatch.context() as patch:
            patch.setattr(Refresher, "refresh", lambda *_, **__: 1 / 0)
            (root / "posts/prose.md").write_text(SITE["posts/prose.md"] + "More.\n")
            assert is_told(told, "C099")
        (root / "posts/prose.md").write_text(SITE["posts/prose.md"])
        assert is_told(told, "")


def test_a_save_before_the_watch_has_begun_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(_root: Path, _ignored: object, stop: threading.Event) -> Iterator[frozenset[str]]:
        stop.wait()
        yield frozenset()

    monkeypatch.setattr("site_builder.preview.loop.watch", deaf)
    root = write(tmp_path / "site", SITE)
    with served_here(root) as told:
        (root / "posts/prose.md").write_text("---\ntitel: x\n---\n")
        assert is_told(told, "F003")
