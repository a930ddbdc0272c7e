"""Posts that hang, flood, die or leave things behind: stopped, explained, swept away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_site import Posts, Ran, is_alive, make_site, post_text, run

from site_builder.content.parse import parse
from site_builder.execution.engine import execute
from site_builder.model.post import Source
from site_builder.store import Store

posts = Posts()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Ran]:
    found = {}
    for fork in (True, False):
        folder = tmp_path_factory.mktemp("site")
        (folder / "posts" / "gone").mkdir(parents=True)
        found[fork] = run(posts, folder, fork=fork, jobs=6, output_limit=1.0, memory=0.3)
    return found


@pytest.fixture(params=[True, False], ids=["fork", "afresh"])
def ran(request: pytest.FixtureRequest, both: dict[bool, Ran]) -> Iterator[Ran]:
    yield both[request.param]


# Time.

HANGS = posts.add(
    "hangs",
    "print('before')",
    "#| timeout: 0.3\nimport time\nprint('working')\nwhile True: time.sleep(0.01)",
)
STUBBORN = posts.add(
    "stubborn",
    """
    #| timeout: 0.3
    import time
    print("10 %\\r20 %\\r", end="")
    while True:
        try:
            while True: time.sleep(0.01)
        except KeyboardInterrupt:
            pass
    """,
)
DEAF = posts.add(
    "deaf",
    "#| timeout: 0.3\nimport signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "while True: time.sleep(0.01)",
)
SWALLOWS = posts.add(
    "swallows",
    "#| timeout: 0.3\nimport time\ntry: time.sleep(60)\nexcept KeyboardInterrupt: pass",
    "time.sleep(60)",
)
QUICK_SWALLOW = posts.add(
    "quick-swallow", "#| timeout: 0.3\nimport time\ntry: time.sleep(60)\nexcept BaseException: pass"
)
WAITS = posts.add("waits", "#| timeout: 0.3\nimport subprocess\nsubprocess.run(['sleep', '60'])")


def test_a_cell_that_takes_too_long_is_stopped_and_named(ran: Ran) -> None:
    problem = ran.problem(HANGS)
    assert problem.message == "cell 2 took longer than 0.3 s and was stopped"
    assert (problem.line, problem.excerpt) == (12, "import time")
    assert problem.notes == ("last output:\n| working",)
    assert problem.help == (
        "allow more with `#| timeout: SECONDS` in the cell or [execution] timeout"
    )


@pytest.mark.parametrize("name", [STUBBORN, DEAF, SWALLOWS, QUICK_SWALLOW, WAITS])
def test_a_cell_cannot_escape_its_time(ran: Ran, name: str) -> None:
    assert ran.problem(name).message == "cell 1 took longer than 0.3 s and was stopped"


def test_the_last_output_is_what_a_terminal_would_show(ran: Ran) -> None:
    assert ran.problem(STUBBORN).notes == ("last output:\n| 20 %",)


def test_a_post_has_a_time_for_all_its_cells(tmp_path: Path) -> None:
    post = {"long": post_text("import time\ntime.sleep(0.5)", "print('a')\ntime.sleep(60)")}
    problem = run(post, tmp_path, fork=True, post_timeout=2.5).problem("long")
    assert problem.message == "the post took longer than 2.5 s; stopped in cell 2"
    assert problem.help == "allow more with [execution] post_timeout"
    assert problem.notes == ("last output:\n| a",)


# Memory and output.

GREEDY = posts.add("greedy", "print('filling')\nx = []\nwhile True: x.append(bytearray(10**7))")
FLOOD = posts.add("flood", "while True: print('x' * 1000)")
FLOOD_CAUGHT = posts.add(
    "flood-caught",
    "for i in range(2000):\n    try: print('x' * 1000)\n    except Exception: pass",
)
FLOOD_CHILD = posts.add("flood-child", "import subprocess\nsubprocess.run('yes xyz', shell=True)")
BIG_DISPLAY = posts.add("big-display", "'x' * 2_000_000")
MUCH = posts.add("much", "print('x' * 600_000)", "print('y' * 600_000)")


def test_memory_is_limited(ran: Ran) -> None:
    problem = ran.problem(GREEDY)
    assert problem.message == "MemoryError: the post needed more than 0.3 GB"
    assert problem.help == "allow more with [execution] memory"
    assert problem.line == 9
    assert problem.notes[0] == "last output:\n| filling"


@pytest.mark.parametrize("name", [FLOOD, FLOOD_CAUGHT, FLOOD_CHILD, BIG_DISPLAY])
def test_output_is_limited(ran: Ran, name: str) -> None:
    problem = ran.problem(name)
    assert problem.message == "cell 1 put out more than 1 MB and was stopped"
    assert problem.help == "print less, or allow more with [execution] output_limit"
    assert problem.line == 7


def test_the_last_output_of_a_flood_is_short(ran: Ran) -> None:
    [note] = ran.problem(FLOOD_CHILD).notes
    assert set(note.split("\n")[1:]) <= {"| xyz", "| xy", "| x", "| yz", "| z", "| "}


def test_the_limit_of_output_is_per_cell(ran: Ran) -> None:
    assert [len(cell[0].text) for cell in ran.cells(MUCH)] == [600_001, 600_001]


# Deaths.

EXITS = posts.add("exits", "print('so far')\nimport os\nos._exit(3)")
KILLED = posts.add("killed", "x = 1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
CRASHES = posts.add(
    "crashes",
    "print('so far')\nimport ctypes",
    "def f():\n    ctypes.string_at(0)\nprint('now')\nf()",
)


def test_a_process_that_ends_itself_is_explained(ran: Ran) -> None:
    problem = ran.problem(EXITS)
    assert problem.message == "cell 1 ended its own process with code 3"
    assert problem.notes == ("last output:\n| so far",)
    killed = ran.problem(KILLED)
    assert killed.message == "cell 2: its process was killed by SIGKILL"
    assert killed.help == "the system may have run out of memory"
    assert killed.line == 11


def test_a_crash_is_reported_where_it_happened(ran: Ran) -> None:
    problem = ran.problem(CRASHES)
    assert problem.message == "cell 2: its process was killed by SIGSEGV (Segmentation fault)"
    assert (problem.line, problem.excerpt) == (13, "    ctypes.string_at(0)")
    assert problem.help == "a library crashed in this line"
    assert problem.notes == ("last output:\n| now",)


# Copies and what is left behind.

FORKS = posts.add(
    "forks", "x = 1", "import os\npid = os.fork()\nprint('child' if pid == 0 else 'parent')", "x"
)
FORKS_WELL = posts.add(
    "forks-well",
    """
    import os
    if os.fork() == 0:
        os.write(1, b"child\\n")
        os._exit(0)
    os.wait()
    print("parent")
    """,
)
LEAVES = posts.add(
    "leaves",
    """
    import subprocess, time
    one = subprocess.Popen(["sleep", "300"])
    subprocess.run(["sh", "-c", "(setsid sleep 300 & echo $!)"])
    print(one.pid)
    """,
)
TIDY = posts.add(
    "tidy",
    """
    import subprocess
    subprocess.Popen(["true"])
    subprocess.run(["sh", "-c", "sleep 0.01 & exit"])
    import time
    time.sleep(1.5)
    """,
)
THREAD = posts.add(
    "thread",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(300,)).start()\nprint('a')",
)
TEMPORARY = posts.add(
    "temporary", "import tempfile\nfolder = tempfile.TemporaryDirectory()\nprint(folder.name)"
)


def test_a_copy_that_runs_on_is_ended_and_explained(ran: Ran) -> None:
    problem = ran.problem(FORKS)
    assert problem.message == "cell 2 forked, and the copy ran on past its end; ended"
    assert problem.line == 11
    assert problem.help == "end the copy with os._exit, or use subprocess or multiprocessing"


def test_a_copy_that_ends_itself_is_fine(ran: Ran) -> None:
    assert ran.stdout(FORKS_WELL) == "child\nparent\n"
    assert not ran.outcomes[FORKS_WELL].warnings


def test_processes_left_behind_are_ended_with_a_warning(ran: Ran) -> None:
    pids = [int(word) for word in ran.stdout(LEAVES).split()]
    assert len(pids) == 2
    assert not any(is_alive(pid) for pid in pids)
    impure, warning = ran.outcomes[LEAVES].warnings
    assert impure.message.startswith("runs in every build: cell 1 runs the program ")
    assert str(warning) == (
        "posts/leaves.md: the post left 2 processes running; ended\n"
        "  help: wait for what a cell starts"
    )


def test_processes_that_ended_by_themselves_are_no_matter(ran: Ran) -> None:
    ran.cells(TIDY)
    [warning] = ran.outcomes[TIDY].warnings
    assert warning.message == "runs in every build: cell 1 runs the program sleep"


def test_a_thread_that_still_runs_does_not_hold_the_build(ran: Ran) -> None:
    assert ran.stdout(THREAD) == "a\n"


def test_temporary_folders_are_removed(ran: Ran) -> None:
    assert not Path(ran.stdout(TEMPORARY).strip()).exists()


# Posts that spoil what is around them.

GONE = posts.add(
    "gone/index",
    "import os, shutil\nshutil.rmtree(os.getcwd())\nprint('gone')",
    "#| error: true\n1 / 0",
)
SPOILS = posts.add(
    "spoils",
    """
    import os, resource, signal, sys
    os.chdir("/")
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    sys.path.clear()
    sys.modules.pop("json")
    os.environ.clear()
    """,
    "print('still here')",
)


def test_a_post_may_spoil_its_own_process(ran: Ran) -> None:
    assert ran.stdout(SPOILS) == "still here\n"
    gone, error = ran.cells(GONE)
    assert gone[0].text == "gone\n"
    assert error[0].metadata["name"] == "ZeroDivisionError"


def test_a_post_whose_folder_is_missing_is_explained(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    post = parse(site, Source("posts/nowhere/a.md", post_text("print(1)")))
    [outcome] = execute([post], site, store=Store(None), jobs=1).values()
    [problem] = outcome.problems
    assert str(problem).startswith(
        "posts/nowhere/a.md: the post's process could not be made ready: FileNotFoundError: "
    )
