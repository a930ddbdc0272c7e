"""Cells as a program: names, lines, errors, await, magics, seeds, environment, other kernels."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator

import pytest
from small_site import Posts, Ran, run

posts = Posts()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Ran]:
    os.environ["BUILDERS_SECRET"], os.environ["BUILDERS_WORD"] = "hush", "word"
    folder = tmp_path_factory.mktemp("site")
    (folder / "posts" / "folder").mkdir(parents=True)
    (folder / "posts" / "folder" / "helper.py").write_text(HELPER, encoding="utf-8")
    try:
        return {
            fork: run(
                posts,
                folder,
                fork=fork,
                pass_environment=("BUILDERS_WORD",),
                environment={"OWN": "own"},
            )
            for fork in (True, False)
        }
    finally:
        del os.environ["BUILDERS_SECRET"], os.environ["BUILDERS_WORD"]


@pytest.fixture(params=[True, False], ids=["fork", "afresh"])
def ran(request: pytest.FixtureRequest, both: dict[bool, Ran]) -> Iterator[Ran]:
    yield both[request.param]


# The program.

FIRST = posts.add("first", "only_here = 1\nprint(__name__, only_here)")
SECOND = posts.add("second", "'only_here' in globals()", "import __main__\n__main__.y = 2", "y")


def test_each_post_has_a_main_module_of_its_own(ran: Ran) -> None:
    assert ran.stdout(FIRST) == "__main__ 1\n"
    assert ran.values(SECOND) == ["False", "2"]


PICKLE = posts.add(
    "pickle",
    """
    import multiprocessing, pickle
    from dataclasses import dataclass, fields
    @dataclass
    class Point:
        x: int
        def double(self): return 2 * self.x
    pickle.loads(pickle.dumps(Point(3)))
    """,
    "fields(Point)[0].type is int",
    """
    with multiprocessing.Pool(2) as pool:
        result = pool.map(Point.double, [Point(1), Point(2)])
    result
    """,
)
FUTURE = posts.add(
    "future",
    "from __future__ import annotations\nx: int = 1",
    "def f(a: not_a_name): pass\nf.__annotations__",
)


def test_classes_of_a_post_can_be_pickled_and_sent_to_processes(ran: Ran) -> None:
    assert ran.values(PICKLE) == ["Point(x=3)", "True", "[2, 4]"]


def test_future_statements_are_the_posts_own_and_last(ran: Ran) -> None:
    assert ran.values(FUTURE) == ["{'a': 'not_a_name'}"]


HELPER = """\
import warnings
def fail():
    warnings.warn("careful")
    raise ValueError("from the helper")
"""
FOLDER = posts.add(
    "folder/index",
    "import os, sys\nfrom pathlib import Path\nfrom helper import fail\n"
    "Path.cwd() == Path(__file__).parent, sys.argv, os.path.exists('helper.py')",
    "#| error: true\nfail()",
    "os.path.exists('__pycache__')",
)


def test_a_post_runs_in_its_folder_and_imports_from_there(ran: Ran) -> None:
    assert ran.values(FOLDER) == ["(True, ['posts/folder/index.md'], True)", "False"]


def test_no_path_of_the_machine_is_shown(ran: Ran) -> None:
    _, [warning, error], _ = ran.cells(FOLDER)
    assert warning.text.startswith("posts/folder/helper.py:3: UserWarning: careful\n")
    assert 'File "posts/folder/helper.py", line 4, in fail' in error.text
    assert 'File "posts/folder/index.md", line 15, in <module>\n    fail()' in error.text


AWAIT = posts.add(
    "await",
    """
    import asyncio
    queue = asyncio.Queue()
    async def work():
        await queue.put(asyncio.get_running_loop())
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    """,
    "await queue.get() is asyncio.get_running_loop()",
    "'sync'",
    "#| error: true\nasync def boom():\n    1 / 0\nawait boom()",
)


def test_await_works_at_the_top_in_one_loop_for_all_cells(ran: Ran) -> None:
    assert ran.values(AWAIT) == ["True", "'sync'"]
    error = ran.cells(AWAIT)[3][0].text
    assert [int(n) for n in re.findall(r"line (\d+)", error)] == [27, 26]


# Lines.

LINES = posts.add(
    "lines",
    """
    import inspect, warnings
    def f(a):
        return 1 / a  # a comment

    class C:
        x = 1
        def method(self):
            return "deep"
    """,
    "#| error: true\n#| label: x\nf(0)",
    "print(inspect.getsource(f))\nprint(inspect.getsource(C))\nprint(inspect.getsource(C.method))",
    "warnings.warn('careful')",
    "#| error: true\ntry:\n    f(0)\nexcept ZeroDivisionError as e:\n"
    "    raise KeyError('k') from e",
    "#| error: true\nraise ExceptionGroup('many', [ValueError('é'), TypeError('b')])",
)


def without_call_marks(text: str) -> str:
    """Python 3.13 also marks the call that a frame is in: `~^^^` below `f(0)`."""
    return re.sub(r"\n +~+\^+(?=\n)", "", text)


def test_tracebacks_show_the_posts_lines_and_nothing_of_ours(ran: Ran) -> None:
    error = ran.cells(LINES)[1][0]
    assert error.kind == "error"
    assert error.metadata == {"name": "ZeroDivisionError", "message": "division by zero"}
    assert without_call_marks(error.text) == (
        "Traceback (most recent call last):\n"
        '  File "posts/lines.md", line 20, in <module>\n'
        "    f(0)\n"
        '  File "posts/lines.md", line 9, in f\n'
        "    return 1 / a  # a comment\n"
        "           ~~^~~\n"
        "ZeroDivisionError: division by zero\n"
    )


def test_inspect_finds_functions_and_classes(ran: Ran) -> None:
    text = ran.stdout(LINES)
    assert "def f(a):\n    return 1 / a  # a comment\n" in text
    assert 'class C:\n    x = 1\n    def method(self):\n        return "deep"\n' in text
    assert '    def method(self):\n        return "deep"\n\n' in text


def test_warnings_name_the_posts_line(ran: Ran) -> None:
    assert ran.cells(LINES)[3][0].text == (
        "posts/lines.md:30: UserWarning: careful\n  warnings.warn('careful')\n"
    )


TWICE = posts.add(
    "twice",
    "class C:\n    x = 'first'\nOld = C",
    "# a line more\nimport functools\n@functools.total_ordering\nclass C:\n    x = 'second'\n"
    "    def __lt__(self, other): return True\n    class Inner:\n        y = 1",
    "import inspect\nprint(inspect.getsource(C))\nprint(inspect.getsource(C.Inner))\n"
    "print(inspect.getsource(C.__lt__), inspect.getsourcelines(C.__lt__)[1])",
    "Old.__firstlineno__ = 1  # as since Python 3.13\nprint(inspect.getfile(Old))",
    "try:\n    inspect.getsource(type('D', (), {}))\nexcept OSError:\n    print('none')",
)
PLACES = posts.add(
    "places",
    "import inspect, sys, traceback, warnings\ndef f():\n    warnings.warn('careful')\n",
    "x = 1\nprint(inspect.currentframe().f_lineno)\nf();",
    "# the same text at the same line of its cell\n\nwarnings.warn('careful')",
    "try:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc(file=sys.stdout)",
    "print(f.__code__.co_filename)\nsys._getframe()",
    "import logging\nlogging.basicConfig(format='%(filename)s:%(lineno)d')\nlogging.warning('')",
)
COMPILED = posts.add("compiled", "x = 1", "if x:\ny = 2")
UNCOMPILED = posts.add(
    "uncompiled",
    "x = 1",
    "#| error: true\n(\n]",
    '#| error: true\nx = """\n',
    "#| error: true\nexec('\\n(\\n]')",
)
CRASHES = posts.add(
    "crashes\u00e9",
    "def f():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGSEGV)",
    "f()",
)


def test_inspect_finds_the_last_class_of_a_name(ran: Ran) -> None:
    text = ran.stdout(TWICE)
    assert "@functools.total_ordering\nclass C:\n    x = 'second'\n" in text
    assert "    class Inner:\n        y = 1\n" in text
    assert "    def __lt__(self, other): return True\n 6\n" in text
    assert "posts/twice.md, cell 1\n" in text
    assert text.endswith("none\n")


def test_code_sees_lines_within_its_cell_and_readers_those_of_the_post(ran: Ran) -> None:
    path, lines = "posts/places.md", [cell.line for cell in ran.posts[PLACES].cells]
    _, second, third, fourth, fifth, sixth = ran.cells(PLACES)
    assert second[0].text == "2\n"
    assert second[1].text.startswith(f"{path}:{lines[0] + 2}: UserWarning: careful\n")
    # Not taken for a repetition of the one in line 3 of the first cell.
    assert third[0].text.startswith(f"{path}:{lines[2] + 2}: UserWarning: careful\n")
    assert f'File "{path}", line {lines[3] + 1}, in <module>\n' in fourth[0].text
    assert fifth[0].text == f"{path}, cell 1\n"
    assert f"file '{path}', line {lines[4] + 1}, " in fifth[1].data["text/plain"]
    assert sixth[0].text == f"places.md:{lines[5] + 2}\n"


def test_lines_in_messages_of_the_compiler_are_those_of_the_post(ran: Ran) -> None:
    problem = ran.problem(COMPILED)
    line = ran.posts[COMPILED].cells[1].line
    assert problem.message == (
        f"IndentationError: expected an indented block after 'if' statement on line {line}"
    )
    assert problem.notes[-1].endswith(problem.message)
    assert problem.line == line + 1
    _, *cells = ran.posts[UNCOMPILED].cells
    closed, quoted, executed = (outputs[0] for outputs in ran.cells(UNCOMPILED)[1:])
    assert f"does not match opening parenthesis '(' on line {cells[0].line}\n" in closed.text
    assert closed.metadata["message"].endswith(f"on line {cells[0].line}")
    assert f"(detected at line {cells[1].line})\n" in quoted.text
    assert "opening parenthesis '(' on line 2\n" in executed.text


def test_a_crash_is_reported_at_the_line_that_it_happened_in(ran: Ran) -> None:
    problem = ran.problem(CRASHES)
    assert problem.line == ran.posts[CRASHES].cells[0].line + 2
    assert problem.excerpt == "    os.kill(os.getpid(), signal.SIGSEGV)"


def test_causes_and_groups_are_shown(ran: Ran) -> None:
    chained, group = (cell[0].text for cell in ran.cells(LINES)[4:])
    assert "The above exception was the direct cause of the following exception" in chained
    assert [int(n) for n in re.findall(r"line (\d+)", chained)] == [36, 9, 38]
    assert "ExceptionGroup: many (2 sub-exceptions)" in group
    assert "ValueError: é" in group


FAILS = posts.add("fails", "def f(a):\n    return '∑' + a\nprint('said')", "f(1)")
TABS = posts.add("tabs", "if 1:\n\tx = '世界' +\n")
WIDE = posts.add("wide", "ok = 1\nx = '世界' + )")
STRANGE = posts.add(
    "strange",
    "class E(Exception):\n    def __str__(self): raise RuntimeError\nraise E",
)
LONG = posts.add("long", "raise ValueError('first\\nsecond')")
EXITS = posts.add("exits", "print('a')\nimport sys\nsys.exit('enough')")
INPUT = posts.add("input", "input('name? ')")
MISSING = posts.add("missing", "import there_is_no_such_module")


def test_an_error_is_reported_at_its_deepest_line_in_the_post(ran: Ran) -> None:
    problem = ran.problem(FAILS)
    assert without_call_marks(str(problem)) == (
        'posts/fails.md:8:12: TypeError: can only concatenate str (not "int") to str\n'
        "    Traceback (most recent call last):\n"
        '      File "posts/fails.md", line 13, in <module>\n'
        "        f(1)\n"
        '      File "posts/fails.md", line 8, in f\n'
        "        return '∑' + a\n"
        "               ~~~~^~~\n"
        '    TypeError: can only concatenate str (not "int") to str'
    )


def test_syntax_errors_point_at_the_column(ran: Ran) -> None:
    tabs, wide = ran.problem(TABS), ran.problem(WIDE)
    assert (tabs.line, tabs.excerpt) == (8, "\tx = '世界' +")
    assert tabs.excerpt[: tabs.column - 1].rstrip() == "\tx = '世界' +"
    assert tabs.message == "SyntaxError: invalid syntax"
    assert (wide.line, wide.column, wide.width) == (8, 12, 1)
    assert wide.message == "SyntaxError: unmatched ')'"


def test_odd_ends_of_a_cell_are_explained(ran: Ran) -> None:
    assert ran.problem(STRANGE).message == "E: <its message cannot be made>"
    assert ran.problem(LONG).message == "ValueError: first"
    assert ran.problem(LONG).notes[-1].endswith("\nValueError: first\nsecond")
    assert ran.problem(EXITS).message == "cell 1 called sys.exit(enough)"
    assert ran.problem(EXITS).notes[0] == "last output:\n| a"
    assert ran.problem(INPUT).message.startswith("EOFError: ")
    assert ran.problem(INPUT).help == "a cell cannot wait for input: nobody is there to type"
    missing = ran.problem(MISSING)
    assert missing.message == "ModuleNotFoundError: No module named 'there_is_no_such_module'"
    assert "install it in the Python that runs the posts" in missing.help


# Magics.

MAGICS = posts.add(
    "magics",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1])",
    "%time 1 + 1",
    "%%time\nx = 5\nx + 1",
    "!echo from a shell\nlines = !echo one; echo two\nlines",
    "from IPython.display import Markdown\nget_ipython() is not None\ndisplay(Markdown('*m*'))",
    "#| error: true\n%%time\nx = 1\n1 / 0",
    "#| error: true\n%time 1 + 1\n1 / 0",
    "%%capture said\nprint('kept')",
    "said.stdout",
)


def test_magics_work_and_lines_and_displays_stay_ours(ran: Ran) -> None:
    figure, time, cell_time, shell, display, cell_error, error, capture, said = ran.cells(MAGICS)
    assert [o.kind for o in figure] == ["figure"]
    assert [o.kind for o in time] == ["stdout", "display"]
    assert time[1].data["text/plain"] == "2"
    assert "Wall time: " in cell_time[0].text
    assert cell_time[1].data["text/plain"] == "6"
    assert shell[0].text == "from a shell\n"
    assert shell[1].data["text/plain"] == "['one', 'two']"
    assert [o.data.get("text/markdown") for o in display] == ["*m*"]
    assert 'File "posts/magics.md", line 38, in <module>\n    1 / 0' in cell_error[1].text
    assert 'File "posts/magics.md", line 44, in <module>\n    1 / 0' in error[-1].text
    assert not capture
    assert said[0].data["text/plain"] == "'kept\\n'"


# Seeds and environment.

DRAW = "import random\nimport numpy as np\nprint(random.random(), np.random.random())"
SEED_A = posts.add("seed-a", DRAW)
SEED_B = posts.add(
    "seed-b", "import importlib.util\nimportlib.util.find_spec('numpy.random');", DRAW
)
SEED_C = posts.add("seed-c", DRAW, seed=7)


def test_random_numbers_are_seeded_and_front_matter_changes_the_seed(ran: Ran) -> None:
    import numpy as np

    expected = f"{random.Random(0).random()} {np.random.RandomState(0).random()}\n"
    assert ran.stdout(SEED_A) == ran.stdout(SEED_B) == expected
    assert ran.stdout(SEED_C) == (
        f"{random.Random(7).random()} {np.random.RandomState(7).random()}\n"
    )


ENVIRONMENT = posts.add(
    "environment",
    """
    import os
    names = ("BUILDERS_SECRET", "BUILDERS_WORD", "OWN", "PYTHONHASHSEED", "TZ")
    {name: os.environ.get(name) for name in names}
    """,
    "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import os; "
    'print(sorted(set(os.environ) & {"BUILDERS_SECRET", "OWN"}))\']).returncode',
    "import threading\nlen(os.listdir('/proc/self/task')), len({'a'} & {'b'})",
)


def test_the_environment_is_scrubbed_but_for_what_the_site_passes(ran: Ran) -> None:
    seen, _, threads = ran.values(ENVIRONMENT)
    assert eval(seen) == {
        "BUILDERS_SECRET": None,
        "BUILDERS_WORD": "word",
        "OWN": "own",
        "PYTHONHASHSEED": "0",
        "TZ": "UTC",
    }
    assert ran.stdout(ENVIRONMENT) == "['OWN']\n"
    assert threads == "(1, 0)"


# Other kernels.

KERNEL = posts.add(
    "kernel",
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\n1 + 1",
    "from IPython.display import HTML\nHTML('<b>x</b>')",
    "#| error: true\n1 / 0",
    kernel="python3",
)
KERNEL_FAILS = posts.add("kernel-fails", "x = 1", "print('so far')\nx / 0", kernel="python3")
KERNEL_MISSING = posts.add("kernel-missing", "x = 1", kernel="nonesuch")
KERNEL_HANGS = posts.add(
    "kernel-hangs", "#| timeout: 0.5\nimport time\ntime.sleep(60)", kernel="python3"
)


def test_a_post_can_run_in_a_jupyter_kernel(both: dict[bool, Ran]) -> None:
    first, second, third = both[True].cells(KERNEL)
    assert [(o.kind, o.text) for o in first[:-1]] == [("stdout", "out\n"), ("stderr", "err\n")]
    assert first[-1].data["text/plain"] == "2"
    assert second[0].data["text/html"] == "<b>x</b>"
    assert third[0].metadata == {"name": "ZeroDivisionError", "message": "division by zero"}


def test_problems_of_a_kernel_are_reported_at_the_cell(both: dict[bool, Ran]) -> None:
    fails, missing = both[True].problem(KERNEL_FAILS), both[True].problem(KERNEL_MISSING)
    assert (fails.line, fails.message) == (13, "ZeroDivisionError: division by zero")
    assert fails.notes[0] == "last output:\n| so far"
    assert missing.message == "there is no Jupyter kernel 'nonesuch'"
    assert "python3" in missing.help
    hangs = both[True].problem(KERNEL_HANGS)
    assert hangs.message == "cell 1 took longer than 0.5 s and was stopped"
