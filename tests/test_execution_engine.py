"""The builder's side: which Python, fork or not, progress, interrupts, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_site import PROJECT, Posts, is_alive, post_text, run, start_cli, write_site

from site_builder.content.parse import parse
from site_builder.errors import UsageError
from site_builder.execution.child import protocol
from site_builder.execution.imports import imported, preloads, uses_magics
from site_builder.execution.processes import BOOT, PACKAGE, Zygote, ZygoteError, post_environment
from site_builder.execution.running import Progress
from site_builder.model.post import Source
from site_builder.settings.site import Site
from site_builder.settings.tables import Settings

HELLO = post_text("print('hello')")
WAIT = 30.0  # seconds after which a test gives up


def until(path: Path) -> str:
    """The text of a file, as soon as there is one."""
    for _ in range(int(WAIT / 0.02)):
        if path.exists() and (text := path.read_text(encoding="utf-8")):
            return text
        time.sleep(0.02)
    raise TimeoutError(path)


def children(pid: int) -> set[int]:
    """All processes below a process."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text(encoding="utf-8").split()):
            found |= {child} | children(child)
    return found


def all_end(pids: set[int]) -> bool:
    """Whether all processes end soon."""
    for _ in range(int(WAIT / 0.02)):
        if not any(map(is_alive, pids)):
            return True
        time.sleep(0.02)
    return False


# The Python that runs posts.


@pytest.mark.parametrize("fork", [True, False])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("#!/bin/sh\nexit 3\n", "it ended with code 3 at once"),
        ("#!/bin/sh\necho too old >&2\nexit 1\n", "too old"),
        ("not a program", "Exec format error"),
    ],
)
def test_a_python_that_does_not_start_is_a_mistake_of_usage(
    tmp_path: Path, fork: bool, content: str, reason: str
) -> None:
    program = tmp_path / "python"
    program.write_text(content, encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(UsageError) as caught:
        run({"a": HELLO, "b": HELLO}, tmp_path, fork=fork, python="python")
    assert str(caught.value) == (
        f"site.toml: the Python that runs posts, '{program}', does not start: {reason}\n"
        "  help: set 'execution.python' to the path of a Python from 3.11 on"
    )


@pytest.mark.parametrize("given", ["no/such/python", "posts"])
def test_a_python_that_does_not_exist_is_a_mistake_of_usage(tmp_path: Path, given: str) -> None:
    with pytest.raises(UsageError, match=f"there is no program '{given}'"):
        run({"a": HELLO}, tmp_path, fork=True, python=given)


def test_another_python_may_be_named_relative_to_the_site(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(sys.executable)
    post = post_text("import sys\nprint(sys.executable)")
    ran = run({"a": post}, tmp_path, fork=True, python="python")
    assert ran.stdout("a") == f"{tmp_path / 'python'}\n"


# Preloading.


@pytest.fixture
def zygote(tmp_path: Path) -> Iterator[Zygote]:
    library = tmp_path / "library"
    library.mkdir()
    (library / "starts_thread.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n",
        encoding="utf-8",
    )
    (library / "dies.py").write_text("import os\nos._exit(1)\n", encoding="utf-8")
    (library / "fails.py").write_text("1 / 0\n", encoding="utf-8")
    environment = post_environment({"PYTHONPATH": str(library)}, (), tmp_path)
    zygote = Zygote(sys.executable, environment)
    yield zygote
    zygote.close()


def test_what_the_site_sets_is_stronger_than_what_is_fixed_or_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("SECRET", "s3cret")
    root = Path("/site")
    assert post_environment({}, (), root)["TZ"] == "UTC"
    assert post_environment({}, ("TZ",), root)["TZ"] == "Asia/Tokyo"
    assert post_environment({"TZ": "Europe/Paris"}, ("TZ",), root)["TZ"] == "Europe/Paris"
    assert "SECRET" not in post_environment({}, ("TZ",), root)


def test_a_zygote_refuses_a_module_that_starts_threads(zygote: Zygote) -> None:
    zygote.preload("json")
    zygote.preload("fails")  # the post that imports it will say what is wrong
    with pytest.raises(ZygoteError, match=r"^importing starts_thread started threads \(1\)$"):
        zygote.preload("starts_thread")


def test_a_zygote_that_dies_is_noticed(zygote: Zygote) -> None:
    with pytest.raises(ZygoteError, match=r"^the zygote did not survive importing dies$"):
        zygote.preload("dies")


@pytest.mark.parametrize(
    "code",
    [
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(99,), daemon=True).start()\n",
        "import os, sys\nif 'zygote' in sys.argv: os._exit(1)\n",
        "1 / 0 if 'zygote' in __import__('sys').argv else None\n",
    ],
)
def test_posts_run_even_if_what_they_import_cannot_be_preloaded(tmp_path: Path, code: str) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "pandas.py").write_text(code + "name = 'fake'\n", encoding="utf-8")
    posts = {name: post_text("import pandas\npandas.name") for name in "abc"}
    posts["d"] = post_text("import numpy\nnumpy.__name__")
    environment = {"PYTHONPATH": str(tmp_path / "library")}
    ran = run(posts, tmp_path, fork=True, environment=environment)
    assert [ran.values(name) for name in "abc"] == [["'fake'"]] * 3
    assert ran.values("d") == ["'numpy'"]


def test_a_fork_of_what_keras_is_preloaded_in_has_one_thread_and_no_back_end(
    tmp_path: Path,
) -> None:
    post = post_text(
        "import keras, os, sys\nprint(len(os.listdir('/proc/self/task')))",
        "from jax._src import xla_bridge\nprint(xla_bridge.backends_are_initialized())",
        "print(float(keras.ops.sum(keras.ops.ones((2,)))))",
    )
    ran = run({"a": post, "b": post}, tmp_path, fork=True)
    assert ran.stdout("a") == ran.stdout("b") == "1\nFalse\n2.0\n"


def test_imports_are_read_from_code_that_may_have_magics_or_mistakes() -> None:
    posts = Posts()
    posts.add("a", "import numpy.linalg as la, os\nfrom keras import layers\nfrom . import x")
    posts.add("b", "%matplotlib inline\nimport matplotlib.pyplot as plt")
    posts.add("c", "#| eval: false\nimport pandas", "x = 5 % 3\ns = '''\n%time\n'''")
    cells = {name: _cells(text) for name, text in posts.texts.items()}
    assert imported(cells["a"]) == ("keras", "numpy", "os")
    assert preloads(imported(cells["a"])) == ("numpy", "keras")
    assert imported(cells["b"]) == ("matplotlib",)
    assert imported(cells["c"]) == ()
    assert [uses_magics(cells[name]) for name in "abc"] == [False, True, False]


def _cells(text: str):  # type: ignore[no-untyped-def]

    site = Site(Path("/nowhere"), Settings("T", "https://example.org/"))
    return parse(site, Source("posts/a.md", text)).cells


# Progress, many posts, descriptors.


@pytest.mark.parametrize("fork", [True, False])
def test_progress_is_told_in_order(tmp_path: Path, fork: bool) -> None:
    posts = {
        "good": post_text("1", "#| eval: false\n2", "3"),
        "bad": post_text("1", "1 / 0", "3"),
        "idle": post_text("#| eval: false\n2"),
    }
    ran = run(posts, tmp_path, fork=fork, jobs=2)
    told = {name: [p for p in ran.progress if p.path == f"posts/{name}.md"] for name in posts}
    assert told["good"] == [
        Progress("posts/good.md", 1, 2),
        Progress("posts/good.md", 2, 2),
        Progress("posts/good.md", 0, 2, finished=True),
    ]
    assert told["bad"] == [
        Progress("posts/bad.md", 1, 3),
        Progress("posts/bad.md", 2, 3),
        Progress("posts/bad.md", 0, 3),
    ]
    assert told["idle"] == []
    assert ran.outcomes["idle"].execution is not None


def test_many_posts_leave_no_descriptor_and_no_process_behind(tmp_path: Path) -> None:
    posts = {f"p{number}": post_text(f"print({number})") for number in range(150)}
    run({"first": HELLO}, tmp_path / "first", fork=True)
    before = len(os.listdir("/proc/self/fd")), children(os.getpid())
    forked = run(posts, tmp_path / "fork", fork=True, jobs=2)
    afresh = run(dict(list(posts.items())[:20]), tmp_path / "afresh", fork=False, jobs=1)
    assert (len(os.listdir("/proc/self/fd")), children(os.getpid())) == before
    assert [forked.stdout(f"p{n}") for n in range(150)] == [f"{n}\n" for n in range(150)]
    assert afresh.stdout("p19") == "19\n"


def test_large_outputs_come_through_whole(tmp_path: Path) -> None:
    post = post_text("print('é' * 4_000_000)", "'x' * 9_000_000")
    outputs = run({"a": post}, tmp_path, fork=True).outputs("a")
    assert outputs == [
        ("stdout", "é" * 4_000_000 + "\n"),
        ("display", repr("x" * 9_000_000)),
    ]


def test_messages_survive_being_cut_into_pieces() -> None:
    read, write = os.pipe()
    messages: list[protocol.Message] = [{"a": "x" * 300}, {"b": [1, "é\n"]}]
    for message in messages:
        protocol.send(write, message)
    os.write(write, b'{"unfinished": \n')
    protocol.send(write, {"c": None})
    os.close(write)
    assert list(protocol.receive(read)) == [*messages, {"c": None}]
    os.close(read)


# Interrupts and ends from outside.

SLEEPS = """
import os, subprocess, time
from pathlib import Path
child = subprocess.Popen(["sleep", "300"], start_new_session=True)
Path("pids").write_text(f"{os.getpid()} {child.pid}")
while True:
    try: time.sleep(1)
    except BaseException: pass
"""


@pytest.mark.parametrize("arguments", [(), ("--no-fork",)], ids=["fork", "afresh"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["int", "kill"])
def test_when_the_builder_ends_nothing_stays_running(
    tmp_path: Path, arguments: tuple[str, ...], number: int
) -> None:
    site = write_site(tmp_path / "site", {"hangs": post_text(SLEEPS)})
    output = tmp_path / "out"
    output.mkdir()
    (output / "kept.txt").write_text("kept", encoding="utf-8")
    process = start_cli(site, "build", "-o", str(output), *arguments)
    pids = set(map(int, until(site / "posts" / "pids").split())) | children(process.pid)
    assert len(pids) >= 3
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=WAIT)
    assert all_end(pids)
    assert [path.name for path in output.iterdir()] == ["kept.txt"]
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert errors.strip() == "interrupted; nothing was written"


def test_the_end_of_a_supervisor_ends_the_post_and_is_explained(tmp_path: Path) -> None:
    post = post_text(
        "x = 1",
        "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)",
    )
    for fork in (True, False):
        problem = run({"a": post}, tmp_path / str(fork), fork=fork).problem("a")
        assert problem.message == "the processes of the post were ended from outside, in cell 2"
        assert problem.line == 11


# Other systems.

WITHOUT = """\
import os, sys
for name in ("fork", "memfd_create", "pidfd_open", "register_at_fork", "setsid", "killpg",
             "getppid", "waitid", "WIFSIGNALED", "WTERMSIG", "WNOHANG", "setpgid"):
    if hasattr(os, name):
        delattr(os, name)
import select, signal
for name in ("poll", "POLLRDHUP", "POLLIN", "epoll"):
    if hasattr(select, name):
        delattr(select, name)
for name in ("SIGKILL", "SIGCHLD"):
    delattr(signal, name)
for name in ("resource", "fcntl"):
    sys.modules[name] = None
"""


def run_without_fork(folder: Path, code: str) -> dict[str, protocol.Message]:
    """The events of a post of one cell, by their names."""
    job = {
        **{"name": "posts/a.md", "file": str(folder / "a.md"), "folder": str(folder)},
        **{"root": str(folder), "imports": [], "magics": False},
        **{"kernel": "", "seed": 0, "figures": {}, "expressions": []},
        "cells": [
            {
                **{"number": 1, "name": "posts/a.md, cell 1", "code": code, "timeout": 0.5},
                "options": {"error": False, "fig_width": None, "fig_height": None, "claim": False},
            }
        ],
        "limits": {"post_timeout": 9.0, "memory": 10**9, "output": 10**6},
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", WITHOUT + BOOT, str(PACKAGE), "spawn"],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        protocol.send(process.stdin.fileno(), job)
        process.stdin.close()
        events = {event["event"]: event for event in protocol.receive(process.stdout.fileno())}
    process.wait()
    return events


def test_where_there_is_no_fork_a_post_runs_in_the_process_started_for_it(tmp_path: Path) -> None:
    events = run_without_fork(tmp_path, "print(1)\n2\n")
    assert [entry["kind"] for entry in events["done"]["outputs"]] == ["stdout", "display"]
    assert events["exited"]["stopped"] == ""


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("while True:\n    pass\n", "time"),
        (
            "import time\nwhile True:\n    try:\n        time.sleep(9)\n"
            "    except KeyboardInterrupt:\n        print('no')\n",
            "time",
        ),
        ("import os\nwhile True:\n    os.write(1, b'x' * 10_000)\n", "output"),
    ],
    ids=["hangs", "will not end", "floods"],
)
def test_where_there_is_no_fork_the_limits_hold_all_the_same(
    tmp_path: Path, code: str, why: str
) -> None:
    events = run_without_fork(tmp_path, code)
    assert "done" not in events
    assert (events["exited"]["stopped"], events["exited"]["number"]) == (why, 1)


def test_all_modules_can_be_imported_where_there_is_no_fork() -> None:
    modules = sorted(path.stem for path in (PACKAGE / "execution" / "child").glob("[a-z]*.py"))
    assert "supervisor" in modules
    names = [f"site_builder.execution.child.{name}" for name in modules if name != "zygote"]
    names += ["site_builder.execution.engine", "site_builder.execution.forks"]
    # The standard library as it is here needs what this platform has; our modules must not.
    library = "import asyncio, concurrent.futures, multiprocessing, socket, subprocess\n"
    code = (
        library
        + WITHOUT
        + f"import importlib\nfor name in {names}: importlib.import_module(name)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)
