"""Posts under `serve`: an edit runs what it changes, and gives what a clean run gives."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_site import Author, seen, texts
from small_site import is_alive, post_text

SLOW = "import time\ntime.sleep(0.06)\n"  # worth a snapshot, and a process that runs ahead


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Author]:
    author = Author(tmp_path)
    yield author
    author.close()


def same_as_clean(author: Author, name: str = "a") -> None:
    """What is shown is what a clean build gives: to the byte of its record."""
    shown, clean = author.over(name), author.clean(name)
    assert not clean.problems, "\n".join(map(str, clean.problems))
    assert not shown.problems, "\n".join(map(str, shown.problems))
    assert seen(shown.execution) == seen(clean.execution)
    assert shown.record == clean.record


# What runs.


def test_the_first_save_shows_at_once_that_all_is_to_come(author: Author) -> None:
    first = author.begin(SLOW, "print(1)", prose="\nIt is `{python} 1 + 1`.\n")
    assert first.execution is not None
    assert first.execution.pending == (1, 2, -1)
    assert first.execution.waits
    assert first.record == ""
    shown = author.over()
    assert shown.ran == (1, 2)
    assert shown.execution is not None
    assert shown.execution.pending == ()
    assert shown.execution.values[0].text == "2"
    assert shown.record
    assert author.changes
    same_as_clean(author)


def test_each_cell_is_shown_as_soon_as_it_is_through(author: Author) -> None:
    author.begin("print(1)", "import time\nwhile not open('go').read(): time.sleep(0.01)")
    (author.root / "posts/go").write_text("", encoding="utf-8")
    author.until(lambda: (s := author.live.shown("posts/a.md")) and s.running == 2)
    shown = author.live.shown("posts/a.md")
    assert shown is not None
    assert texts(shown.execution) == ["1\n", ""]
    assert shown.execution is not None
    assert shown.execution.pending == (2,)
    (author.root / "posts/go").write_text("go", encoding="utf-8")
    assert author.over().ran == (1, 2)


def test_an_edit_of_the_last_cell_runs_only_that(author: Author) -> None:
    author.save(SLOW + "x = [1]", "x.append(2)", "print(x)")
    author.save(SLOW + "x = [1]", "x.append(2)", "print(x, 1)")  # leaves a snapshot behind
    for number in range(2, 5):
        shown = author.save(SLOW + "x = [1]", "x.append(2)", f"print(x, {number})")
        assert shown.ran in ((3,), (2, 3))  # a cell that takes no time has no snapshot of its own
        assert texts(shown.execution)[2] == f"[1, 2] {number}\n"
        same_as_clean(author)


def test_an_edit_in_the_middle_runs_what_follows(author: Author) -> None:
    author.save(SLOW + "x = [1]", "x.append(2)", "print(x)")
    author.save(SLOW + "x = [1]", "x.append(3)", "print(x)")
    shown = author.begin(SLOW + "x = [1]", "x.append(4)", "print(x)")
    assert shown.execution is not None
    assert shown.execution.pending == (2, 3)
    shown = author.over()
    assert shown.ran == (2, 3)
    assert texts(shown.execution)[2] == "[1, 4]\n"
    same_as_clean(author)


def test_appended_cells_continue_the_process(author: Author) -> None:
    author.save("import threading\nlock = threading.Lock()\nx = [1]")
    for last in range(2, 5):
        cells = [f"x.append({number})\nprint(x, lock.locked())" for number in range(2, last + 1)]
        shown = author.save("import threading\nlock = threading.Lock()\nx = [1]", *cells)
        assert shown.ran == (last,)
        same_as_clean(author)


def test_prose_runs_nothing_and_moves_the_lines_of_errors(author: Author) -> None:
    cells = "x = 1", "import warnings\nwarnings.warn('careful')"
    author.save(*cells)
    shown = author.begin(*cells, prose="\nMore words.\n")
    assert shown.reused
    assert shown.ran == ()
    author.save("x = 1", "1 / 0")
    [problem] = author.over().problems
    text = "\n\nMore words.\n\n```python\n1 / 0\n```\n"
    author.live.show(
        author.write(f"---\ntitle: T\ndate: 2020-01-01\n---\n\n```python\nx = 1\n```{text}"),
        edited=True,
    )
    [moved] = author.over().problems
    assert author.over().ran == ()
    assert moved.message == problem.message
    assert (problem.line, moved.line) == (11, 13)


def test_what_a_build_left_is_shown_at_once_up_to_the_edit(author: Author, tmp_path: Path) -> None:
    author.save("print(1)", "print(2)", "print(3)")
    author.live.close()
    later = Author(tmp_path, mark=author.mark)
    try:
        assert later.begin("print(1)", "print(2)", "print(3)").reused
        shown = later.begin("print(1)", "print(22)", "print(3)")
        assert texts(shown.execution) == ["1\n", "", ""]
        assert shown.execution is not None
        assert shown.execution.pending == (2, 3)
        assert texts(later.over().execution) == ["1\n", "22\n", "3\n"]
    finally:
        later.close()


def test_an_expression_is_evaluated_without_its_cell(author: Author) -> None:
    author.save(SLOW + "x = 1", prose="\nIt is `{python} x`.\n")
    author.save(SLOW + "x = 1", prose="\nIt is `{python} x + 1`.\n")
    shown = author.save(SLOW + "x = 1", prose="\nIt is `{python} x + 2`.\n")
    assert shown.ran == ()
    assert shown.execution is not None
    assert shown.execution.values[0].text == "3"
    same_as_clean(author)


def test_magics_and_kernels_give_what_a_build_gives(author: Author) -> None:
    for number in range(3):
        author.save(SLOW + "x = 1", f"%time y = x + 1\nprint({number})")
        assert texts(author.over().execution)[1].endswith(f"{number}\n")
    for number in range(2):
        text = post_text("x = 1", f"print(x, {number})", kernel="python3")
        author.live.show(author.write(text, "k"), edited=True)
        assert texts(author.over("k").execution)[1] == f"1 {number}\n"
        author.settle()
        assert not author.post("k").states


def test_a_frozen_post_never_runs(author: Author) -> None:
    text = post_text("print(1)", execute="frozen")
    shown = author.live.show(author.write(text), edited=True)
    assert shown.execution is None
    assert shown.problems
    assert author.live.is_idle()


def test_without_execution_nothing_runs(tmp_path: Path) -> None:
    author = Author(tmp_path, run=False)
    try:
        shown = author.save("print(1)")
        assert shown.execution is not None
        assert shown.execution.pending == (1,)
        assert not shown.execution.waits
        assert author.running() == set()
    finally:
        author.close()


@pytest.mark.parametrize("fork", [True, False])
def test_without_forks_the_same_is_shown(tmp_path: Path, fork: bool) -> None:
    author = Author(tmp_path, fork=fork)
    try:
        author.save(SLOW + "x = [1]", "print(x)")
        author.save(SLOW + "x = [1]", "print(x, 2)")
        author.settle()
        shown = author.save(SLOW + "x = [1]", "print(x, 3)")
        assert shown.ran == (2,)
        same_as_clean(author)
        author.save(SLOW + "x = [1]", "print(x, 3)", "print(x, 4)")
        same_as_clean(author)
    finally:
        author.close()


# States that are sound, and those that are not.

RANDOM = """
import random
import numpy as np
random.random(), np.random.rand()
generator = np.random.default_rng(3)
"""


def test_random_numbers_go_on_where_they_were(author: Author) -> None:
    for number in range(4):
        cells = (
            SLOW + RANDOM,
            f"print(random.random(), np.random.rand(), generator.random(), {number})",
        )
        shown = author.save(*cells)
        same_as_clean(author)
    assert shown.ran == (2,)


def test_what_was_imported_for_an_older_text_is_not_observed(author: Author) -> None:
    cells = SLOW + "x = 1", "print(x)"
    author.save(*cells, "import numpy as np\nprint(np.ones(2))")
    author.save(*cells, "import numpy as np\nprint(np.ones(3))")
    author.save(*cells, "print(3)")
    same_as_clean(author)
    author.save(*cells, "import numpy as np\nprint(np.ones(4))")
    same_as_clean(author)


UNFIT = {
    "a generator": (
        "def count():\n    yield from range(9)\ng = count()\nnext(g)",
        "print(next(g))",
    ),
    "an open file": ("f = open('data.txt')\nf.readline()", "print(f.readline())"),
    "a thread": (
        "import threading\ne = threading.Event()\n"
        "t = threading.Thread(target=e.wait, daemon=True)\nt.start()",
        "e.set(); t.join(); print(t.is_alive())",
    ),
    "a written file": (
        "f = open('out.txt', 'a')\nf.write('x')\nf.close()\nimport os",
        "print(os.path.getsize('out.txt'))\nos.remove('out.txt')",
    ),
    "a child process": (
        "import subprocess\np = subprocess.Popen(['cat'], stdin=subprocess.PIPE)",
        "p.stdin.close()\nprint(p.wait())",
    ),
    "a fork and its child": (
        "import os\nr, w = os.pipe()\nif (pid := os.fork()) == 0:\n    os.read(r, 1); os._exit(3)",
        "os.write(w, b'x'); print(os.waitpid(pid, 0)[1] >> 8)",
    ),
    "its own number": ("import os\npid = os.getpid()", "print(pid == os.getpid())"),
    "its number, of another name": (
        "import multiprocessing\nnumber = multiprocessing.current_process().pid",
        "print(number == multiprocessing.current_process().pid)",
    ),
    "its place in the system": (
        "import os\nplace = os.readlink('/proc/self')",
        "print(place == os.readlink('/proc/self'))",
    ),
    "a function of its own for files": (
        "import builtins\nopening = builtins.open\ndef told(*given, **options):\n"
        "    print('opens', given)\n    return opening(*given, **options)\nbuiltins.open = told",
        "print(opening('data.txt').read())",
    ),
    "a function of its own for folders": (
        "import os\nlist_folder = os.listdir\n"
        "os.listdir = lambda *given: print('lists', given) or list_folder(*given)",
        "print(1)",
    ),
    "no way to fork": ("import os\nos.fork = None", "print(os.fork)"),
    "no sockets": ("import socket\nsocket.socket = None", "print(socket.socket)"),
    "generators that nobody seeds": ("import random\nrandom.getstate = None", "print(1)"),
    "room for few files": (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (7, 7))",
        "print(1)",
    ),
    "what watches everything": (
        "import sys\nevents = []\nsys.addaudithook(lambda event, _: events.append(event))",
        "print('os.fork' in events)",
    ),
    "what follows every call": (
        "import sys\ncalls = []\n"
        "sys.setprofile(lambda frame, *_: calls.append(frame.f_code.co_name))",
        "sys.setprofile(None)\nprint('take' in calls, '_wait' in calls)",
    ),
    "how deep it is": (
        "def deep(n):\n    try: return deep(n + 1)\n    except RecursionError: return n\n"
        "depth = deep(0)",
        "print(depth, deep(0))",
    ),
    "what programs may inherit": (
        "import os\nos.set_inheritable(1, False)",
        "print(os.get_inheritable(1), os.get_inheritable(2))",
    ),
    "time that it used": (
        "import time\nt = time.process_time()\nsum(range(10**6))",
        "print(time.process_time() >= t)",
    ),
    "an event loop": (
        "import asyncio\nasync def f(): return 1\nx = await f()",
        "print(x, await f())",
    ),
    "an alarm": (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 9)",
        "print(signal.getitimer(signal.ITIMER_REAL)[0] > 0, signal.alarm(0) > 0)",
    ),
    "shared memory": (
        "import mmap, os\nm = mmap.mmap(-1, 9)\nm[0] = 7",
        "if os.fork() == 0:\n    m[0] = 8\n    os._exit(0)\nos.wait()\nprint(m[0])",
    ),
    "what is called in a copy": (
        "import os\nx = []\nos.register_at_fork(after_in_child=lambda: x.append(1))",
        "print(x)",
    ),
    "collected garbage": (
        "import gc, weakref\ngc.collect()\nclass C: pass\n"
        "c = C(); c.c = c; r = weakref.ref(c); del c",
        "print(r() is None, gc.collect() > 0, r() is None)",
    ),
}


@pytest.mark.parametrize("what", UNFIT)
def test_whatever_a_state_holds_the_result_is_right(author: Author, what: str) -> None:
    (author.root / "posts/data.txt").write_text("one\ntwo\nthree\n", encoding="utf-8")
    before, after = UNFIT[what]
    for number in range(3):
        shown = author.save(SLOW + before, f"{after}\nprint({number})")
        author.settle()  # perhaps one runs ahead
        assert not shown.problems
        clean = author.clean()
        assert seen(shown.execution) == seen(clean.execution)
        assert shown.record == clean.record


def test_a_module_that_knows_its_process_has_no_copies(author: Author) -> None:
    (author.root / "posts/own.py").write_text("import os\nPID = os.getpid()\n", encoding="utf-8")
    os.utime(author.root / "posts/own.py", (1e9, 1e9))
    for number in range(3):
        shown = author.save(SLOW + "import own", f"print(own.os.getpid() == own.PID, {number})")
        author.settle()
        assert texts(shown.execution)[1] == f"True {number}\n"


def test_what_leaves_a_process_running_is_told_and_ended(author: Author) -> None:
    shown = author.save("import subprocess\np = subprocess.Popen(['sleep', '99'])\nprint(1)")
    assert any("left a process running" in str(warning) for warning in shown.warnings)
    assert [str(w) for w in shown.warnings] == [str(w) for w in author.clean().warnings]


# What posts read.


def test_a_state_that_read_what_has_changed_is_not_used(author: Author) -> None:
    data = author.root / "posts/data.txt"
    data.write_text("1", encoding="utf-8")
    author.save(SLOW + "x = open('data.txt').read()", "print(x)")
    author.save(SLOW + "x = open('data.txt').read()", "print(x, 1)")
    data.write_text("2", encoding="utf-8")
    shown = author.save(SLOW + "x = open('data.txt').read()", "print(x, 2)")
    assert shown.ran == (1, 2)
    assert texts(shown.execution) == ["", "2 2\n"]
    data.write_text("3", encoding="utf-8")
    assert texts(author.again().execution) == ["", "3 2\n"]
    same_as_clean(author)


@pytest.mark.parametrize("name", ["data.txt", "own.py"])
def test_what_was_written_anew_as_it_was_is_no_change(author: Author, name: str) -> None:
    file = author.root / "posts" / name
    file.write_text("A = 1\n", encoding="utf-8")
    os.utime(file, (1e9, 1e9))
    cell = SLOW + ("x = open('data.txt').read()" if name == "data.txt" else "import own\nx = own.A")
    author.save(cell, "print(x)")
    author.save(cell, "print(x, 1)")
    file.write_text("A = 1\n", encoding="utf-8")
    os.utime(file, (2e9, 1e9 + 1))
    shown = author.save(cell, "print(x, 2)")
    assert not shown.warnings
    if name == "data.txt":  # a build says of a module as new as this that it may have changed
        same_as_clean(author)


@pytest.mark.parametrize("kind", ["snapshot", "feed"])
def test_a_folder_that_was_removed_and_made_anew_is_another_one(author: Author, kind: str) -> None:
    held = "" if kind == "snapshot" else "held = open('/dev/null')\n"
    posts = author.root / "posts"
    cells = SLOW + held + "x = 1", "print(open('data.txt').read())"
    (posts / "data.txt").write_text("one", encoding="utf-8")
    author.save(*cells, "print(1)")
    author.save(cells[0], cells[1] + "\nprint(2)")
    author.settle()
    assert any((s.feed is None) == (kind == "snapshot") for s in author.post().states)
    posts.rename(author.root / "away")  # as it looks where another version was checked out
    posts.mkdir()
    (posts / "data.txt").write_text("two", encoding="utf-8")
    shown = author.save(cells[0], cells[1] + "\nprint(3)")
    assert texts(shown.execution)[1] == "two\n3\n"
    same_as_clean(author)


def test_a_state_that_imported_a_module_which_changed_is_not_used(author: Author) -> None:
    module = author.root / "posts/own.py"
    module.write_text("A = 1\n", encoding="utf-8")
    os.utime(module, (1e9, 1e9))
    author.save(SLOW + "import own", "print(own.A)")
    author.save(SLOW + "import own", "print(own.A, 1)")
    module.write_text("A = 2\n", encoding="utf-8")
    shown = author.save(SLOW + "import own", "print(own.A, 2)")
    assert texts(shown.execution)[1] == "2 2\n"
    author.over()


def test_a_file_that_appears_where_a_state_missed_it_counts(author: Author) -> None:
    cell = SLOW + "import os\nthere = os.path.exists('new.txt')"
    author.save(cell, "print(there)")
    author.save(cell, "print(there, 1)")
    (author.root / "posts/new.txt").write_text("", encoding="utf-8")
    assert texts(author.save(cell, "print(there, 2)").execution)[1] == "True 2\n"


def test_what_changes_while_a_post_runs_is_run_again(author: Author) -> None:
    data, go = author.root / "posts/data.txt", author.root / "posts/go"
    data.write_text("1", encoding="utf-8")
    wait = "import os, time\nwhile not os.path.lexists('go'): time.sleep(0.01)"
    author.begin("print(open('data.txt').read())", wait)
    author.until(lambda: (s := author.live.shown("posts/a.md")) and s.running == 2)
    data.write_text("2", encoding="utf-8")
    go.write_text("", encoding="utf-8")
    assert not author.over().problems
    assert texts(author.over().execution)[0] == "2\n"


def test_a_post_that_writes_what_it_reads_does_not_run_in_a_circle(author: Author) -> None:
    (author.root / "posts/n.txt").write_text("0", encoding="utf-8")
    cell = "n = int(open('n.txt').read()) + 1\nopen('n.txt', 'w').write(str(n));\nprint(n)"
    assert texts(author.save(cell).execution) == ["1\n"]
    for _ in range(3):
        shown = author.again()
        assert texts(shown.execution) == ["1\n"]
        assert shown.ran == ()


def test_posts_that_write_for_each_other_come_to_rest(author: Author) -> None:
    for name in "ab":
        (author.root / f"posts/{name}.txt").write_text("0", encoding="utf-8")
    code = "n = int(open('{}.txt').read()) + 1\nopen('{}.txt', 'w').write(str(n));\nprint(n)"
    author.save(code.format("a", "b"), name="a")
    author.save(code.format("b", "a"), name="b")
    runs = [author.again(name).ran for _ in range(6) for name in "ab"]
    assert runs[0] == (1,)
    assert runs[-4:] == [()] * 4


def test_what_nobody_sees_runs_again_only_with_another_text(author: Author) -> None:
    cell = "import subprocess\nprint(subprocess.run(['echo', '1'], capture_output=True).stdout)"
    shown = author.save(cell)
    assert shown.ran == (1,)
    assert shown.record == ""
    assert any("runs in every build" in str(w) or "program" in str(w) for w in shown.warnings)
    assert author.again().ran == ()
    assert author.save(cell, prose="\nMore.\n").ran == ()


def test_an_installed_package_begins_all_anew(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "given.py").write_text("A = 1\n", encoding="utf-8")
    author = Author(tmp_path, environment={"PYTHONPATH": str(library)})
    try:
        cell = SLOW + "try: import extra\nexcept ImportError: extra = None"
        author.save(cell, "print(extra is None)")
        author.save(cell, "print(extra is None, 1)")
        (library / "extra.py").write_text("", encoding="utf-8")
        shown = author.save(cell, "print(extra is None, 2)")
        assert texts(shown.execution)[1] == "False 2\n"
        same_as_clean(author)
    finally:
        author.close()


# What goes wrong.


def test_an_error_is_shown_and_what_came_before_stays(author: Author) -> None:
    author.save("print(1)", "print(2)", "print(3)")
    shown = author.save("print(1)", "1 / 0", "print(3)")
    [problem] = shown.problems
    assert problem.message == "ZeroDivisionError: division by zero"
    assert texts(shown.execution) == ["1\n", "", ""]
    assert shown.execution is not None
    assert shown.execution.pending == (2, 3)
    assert not shown.execution.waits
    assert [p.message for p in author.clean().problems] == [problem.message]
    assert author.again().ran == ()  # nothing has changed
    author.save("print(1)", "print(22)", "print(3)")
    same_as_clean(author)


def test_what_failed_for_want_of_a_file_runs_when_that_is_there(author: Author) -> None:
    [problem] = author.save("print(open('data.txt').read())").problems
    assert problem.message.startswith("FileNotFoundError")
    (author.root / "posts/data.txt").write_text("1", encoding="utf-8")
    assert texts(author.again().execution) == ["1\n"]


def test_a_new_save_ends_an_infinite_loop(author: Author) -> None:
    author.save("print(1)", "print(2)")
    author.begin("print(1)", "while True: pass")
    author.until(lambda: (s := author.live.shown("posts/a.md")) and s.running == 2)
    began = author.post().run
    assert began is not None
    assert began.drive is not None
    pid = began.drive.feed.pid
    shown = author.save("print(1)", "print(3)")
    assert texts(shown.execution) == ["1\n", "3\n"]
    author.until(lambda: not is_alive(pid))


def test_two_saves_at_once_show_the_last(author: Author) -> None:
    author.begin("print(1)", SLOW)
    author.begin("print(1)", SLOW, "print(2)")
    author.begin("print(1)", SLOW, "print(3)")
    assert texts(author.over().execution) == ["1\n", "", "3\n"]
    same_as_clean(author)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("import os\nos._exit(3)", "cell 2 ended its own process with code 3"),
        ("import os\nos.kill(os.getpid(), 9)", "cell 2: its process was killed by SIGKILL"),
        ("import os\nif os.fork() == 0: pass", "cell 2 forked, and the copy ran on past its end"),
        ("x = 'x' * 2_000_000\nprint(x)", "cell 2 put out more than 1 MB and was stopped"),
        ("#| timeout: 0.3\nwhile True: pass", "cell 2 took longer than 0.3 s and was stopped"),
        ("assert x == 2", "AssertionError"),
        ("x = = 2", "SyntaxError: invalid syntax"),
    ],
)
def test_it_fails_in_the_words_of_a_build(tmp_path: Path, cell: str, message: str) -> None:
    author = Author(tmp_path, output_limit=1.0)
    try:
        author.save(SLOW + "x = 1", "print(1)")
        author.save(SLOW + "x = 1", "print(2)")
        shown, clean = author.save(SLOW + "x = 1", cell), author.clean()
        assert [str(p) for p in shown.problems] == [str(p) for p in clean.problems]
        assert shown.problems[0].message.startswith(message)
        author.save(SLOW + "x = 1", "print(x)")
        same_as_clean(author)
    finally:
        author.close()


def test_the_time_of_a_post_counts_across_states(tmp_path: Path) -> None:
    author = Author(tmp_path, post_timeout=1.0)
    try:
        author.save("import time\ntime.sleep(0.5)", "print(1)")
        author.save("import time\ntime.sleep(0.5)", "print(2)")
        [problem] = author.save("import time\ntime.sleep(0.5)", "time.sleep(5)").problems
        assert problem.message == "the post took longer than 1 s; stopped in cell 2"
    finally:
        author.close()


def test_what_took_too_long_runs_again_when_it_may_take_longer(author: Author) -> None:
    [problem] = author.save("#| timeout: 0.2\nimport time; time.sleep(0.5)\nprint(1)").problems
    assert problem.message == "cell 1 took longer than 0.2 s and was stopped"
    shown = author.save("#| timeout: 20\nimport time; time.sleep(0.5)\nprint(1)")
    assert texts(shown.execution) == ["1\n"]


def test_a_false_claim_is_told_and_shown(author: Author) -> None:
    prose = '\n[It is two]{claim="x == 2"}.\n'
    shown = author.save("x = 1", prose=prose)
    assert [str(p) for p in shown.problems] == [str(p) for p in author.clean().problems]
    assert shown.problems
    assert shown.execution is not None
    assert not shown.execution.values[0].holds
    assert not author.save("x = 2", prose=prose).problems


@pytest.mark.parametrize("kind", ["snapshot", "feed"])
def test_a_state_that_was_killed_is_not_missed(author: Author, kind: str) -> None:
    author.save(SLOW + "x = 1", "print(x)")
    author.save(SLOW + "x = 1", "print(x, 2)")
    [state] = [s for s in author.post().states if (s.feed is None) == (kind == "snapshot")]
    os.kill(state.pid, signal.SIGKILL)
    author.until(lambda: not is_alive(state.pid))
    more = ("print(x, 2)", "print(x, 3)") if kind == "feed" else ("print(x, 3)",)
    assert not author.save(SLOW + "x = 1", *more).problems
    same_as_clean(author)


# What is kept.


def test_one_runs_ahead_where_no_copy_can_be_had(author: Author) -> None:
    lock = SLOW + "import threading, time\nf = open('data.txt')\nx = [f.readline()]"
    (author.root / "posts/data.txt").write_text("one\ntwo\n", encoding="utf-8")
    author.save(lock, "print(x)")
    author.save(lock, "print(x, 2)")
    author.settle()
    for number in range(3, 6):
        shown = author.save(lock, f"x.append(f.readline()); print(x, {number})")
        assert shown.ran == (2,)
        same_as_clean(author)
        author.settle()


def test_who_runs_ahead_is_waited_for(author: Author) -> None:
    cell = "import time\nf = open('data.txt')\ntime.sleep(0.5)\nx = 1"
    (author.root / "posts/data.txt").write_text("one\ntwo\n", encoding="utf-8")
    author.save(cell, "print(x)")
    author.save(cell, "print(x, 2)")
    author.until(lambda: (run := author.post().run) and run.ahead and run.step)
    shown = author.save(cell, "print(x, 3)")
    assert texts(shown.execution)[1] == "1 3\n"
    same_as_clean(author)


def test_who_runs_ahead_is_ended_by_an_edit_above(author: Author) -> None:
    cell = "import time\nf = open('data.txt')\ntime.sleep(0.3)\nx = {}"
    (author.root / "posts/data.txt").write_text("one\ntwo\n", encoding="utf-8")
    author.save(cell.format(1), "print(x)")
    author.save(cell.format(1), "print(x, 2)")
    author.until(lambda: (run := author.post().run) and run.ahead and run.step)
    shown = author.save(cell.format(2), "print(x, 2)")
    assert texts(shown.execution)[1] == "2 2\n"
    same_as_clean(author)


def test_a_run_outlives_the_snapshot_it_comes_from(author: Author) -> None:
    author.save(SLOW, "print(1)")
    author.save(SLOW, "print(2)")
    author.settle()
    (author.root / "posts/go").write_text("", encoding="utf-8")
    author.begin(SLOW, "import time\nwhile not open('go').read(): time.sleep(0.01)\nprint(3)")
    author.until(lambda: (s := author.live.shown("posts/a.md")) and s.running == 2)
    for state in author.post().states:
        author.post().drop(state)
    (author.root / "posts/go").write_text("go", encoding="utf-8")
    assert texts(author.over().execution)[1] == "3\n"


def test_too_many_processes_are_ended_the_least_useful_first(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("site_builder.execution.live.states.KEPT", 2)
    cells = [f"import time; time.sleep({seconds})" for seconds in (0.03, 0.05, 0.07)]
    author.save(*cells, "print(1)")
    author.save(*cells, "print(2)")
    author.settle()
    saved = [len(state.chain) for state in author.post().states]
    assert len(saved) == 2
    assert min(saved) >= 3


def test_too_many_copies_are_ended_while_they_are_made(
    author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("site_builder.execution.live.states.KEPT", 2)
    most, trim = [0], author.live._trim

    def trimmed() -> None:
        most.append(author.live.processes())
        trim()

    cells = [f"import time; time.sleep(0.03); x = {number}" for number in range(8)]
    author.save(*cells, "print(1)")
    author.post().trim = trimmed
    author.save(*cells, "print(2)")
    assert 1 < max(most) <= 2 + 1 + 1  # those that may wait, the newest, the one that runs


def test_temporary_folders_go_with_their_process(tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    author = Author(tmp_path, environment={"TMPDIR": str(folder)})
    try:
        for number in range(6):
            author.save("import tempfile\nd = tempfile.TemporaryDirectory()", f"print({number})")
    finally:
        author.close()
    assert os.listdir(folder) == []


def test_what_a_post_puts_in_place_of_ours_is_not_heard_in_what_follows(author: Author) -> None:
    (author.root / "posts/data.txt").write_text("one\n", encoding="utf-8")
    noisy = (
        "import builtins\nopening = builtins.open\ndef told(*given, **options):\n"
        "    print('opens', given)\n    return opening(*given, **options)\nbuiltins.open = told"
    )
    author.save(noisy, "print(opening('data.txt').read())")
    author.save(noisy, "print(opening('data.txt').read())", "print(1)")
    same_as_clean(author)


def test_what_a_process_does_not_hear_any_more_is_no_job_for_the_next(author: Author) -> None:
    author.save("print(1)")
    plan = author.post().plan
    assert plan is not None
    for _ in range(12):  # who takes it for one comes to tell of it now and then only
        feed = author.live._world.feed(plan.job)
        ready = feed.hear()
        os.kill(feed.pid, signal.SIGKILL)
        feed.tell({"trace": True})
        events = [event["event"] for event in iter(feed.hear, None)]
        feed.close()
        assert ready is not None
        assert [ready["event"], *events] == ["ready", "exited"]


def test_a_file_that_others_put_in_the_place_of_the_one_written_is_not_what_is_open(
    author: Author,
) -> None:
    cell = "f = open('out.txt', 'w+')\nf.write('one');\nf.flush()"
    author.save(cell)
    author.clean()
    author.save(cell, "f.write(' two')\nf.flush()\nprint(open('out.txt').read())")
    assert texts(author.over().execution)[1] == "one two\n"


def test_a_post_that_is_gone_leaves_nothing(author: Author) -> None:
    author.save(SLOW, "print(1)")
    author.save(SLOW, "print(2)")
    assert author.live.processes() > 0
    author.begin(SLOW, "while True: pass")
    author.live.forget("posts/a.md")
    assert author.live.shown("posts/a.md") is None
    author.until(lambda: author.live.processes() == 0 and len(author.running()) <= 1)


def test_posts_that_nobody_edits_leave_no_process(author: Author) -> None:
    for name in "abc":
        author.begin("print(1)", name=name, edited=False)
    for name in "abc":
        assert texts(author.over(name).execution) == ["1\n"]
    author.settle()
    assert author.live.processes() == 0


def test_who_is_edited_does_not_wait_for_others(tmp_path: Path) -> None:
    author = Author(tmp_path, jobs=1)
    try:
        author.begin("while True: pass", name="slow", edited=False)
        author.begin("print(1)", name="b", edited=False)
        author.begin("print(2)", name="a", edited=True)
        author.until(lambda: (s := author.live.shown("posts/a.md")) and s.record)
        waiting = author.live.shown("posts/b.md")
        assert waiting is not None
        assert waiting.execution is not None
        assert waiting.execution.pending == (1,)
    finally:
        author.close()


def test_a_hundred_saves_leave_no_more_than_a_few(author: Author) -> None:
    counts = []
    for number in range(100):
        shown = author.save(SLOW[:11], "x = 1\nimport time; time.sleep(0.03)", f"print({number})")
        assert texts(shown.execution)[2] == f"{number}\n"
        if number in (20, 99):
            author.settle()
            files, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
            counts.append((len(author.running()), author.live.processes(), files, threads))
    assert counts[1] == counts[0]


def test_when_the_server_is_killed_all_ends(tmp_path: Path) -> None:
    ours, mark = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            author = Author(tmp_path)
            author.save(SLOW, "print(1)")
            author.save(SLOW, "print(2)")
            os.write(mark, author.mark.encode())
            time.sleep(60)
        finally:
            os._exit(1)
    name = os.read(ours, 100).decode()
    os.close(ours)
    os.close(mark)
    author = Author(tmp_path / "other")
    author.mark, own = name, author.mark
    assert len(author.running()) > 2
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    author.until(lambda: not author.running())
    author.mark = own
    author.close()


def test_it_ends_at_once_in_the_middle_of_an_import(author: Author) -> None:
    author.begin("import keras\nprint(keras.__version__)")
    author.live.close()
    assert not author.running()


def test_keras_trains_once_for_many_edits(author: Author) -> None:
    train = (
        "import keras\nimport numpy as np\nx = np.random.rand(32, 2)\n"
        "m = keras.Sequential([keras.layers.Dense(1)])\nm.compile('sgd', 'mse')\n"
        "h = m.fit(x, x.sum(1), epochs=20, verbose=0)"
    )
    for number in range(3):
        shown = author.save(train, f"print(round(h.history['loss'][-1], 6), {number})")
        author.settle()
    assert shown.ran == (2,)
    same_as_clean(author)


def test_what_nobody_can_see_is_asked_anew(author: Author) -> None:
    (author.root / "posts/x.txt").write_text("old")
    asking = (
        "import subprocess\nprint(subprocess.run(['cat', 'x.txt'], capture_output=True).stdout)"
    )
    author.save(asking)
    (author.root / "posts/x.txt").write_text("new")
    shown = author.save(asking, "print('appended')")
    assert texts(shown.execution) == ["b'new'\n", "appended\n"]
    assert shown.ran == (1, 2)
