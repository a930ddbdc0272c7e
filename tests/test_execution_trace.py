"""What a run observes is in its trace: files, folders, modules, variables, and what nobody sees.

Each post below runs twice, in a fork and in a process of its own, in two copies of one site.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
import pytest
from small_site import Posts, make_site, post_text, run

from site_builder.content.parse import parse
from site_builder.execution.child.environment import PASSED
from site_builder.execution.child.protocol import Message
from site_builder.execution.forks import Forks
from site_builder.execution.job import job_of
from site_builder.execution.processes import (
    BOOT,
    PACKAGE,
    Spawner,
    Zygote,
    ZygoteError,
    post_environment,
)
from site_builder.model.post import Source

posts = Posts()
HELPERS = {
    "posts/data/points.csv": "x,y\n1,2\n3,4\n",
    "posts/data/more.csv": "x,y\n",
    "posts/helper.py": "import deeper\nVALUE = deeper.VALUE\n",
    "posts/deeper.py": "VALUE = 3\n",
    "posts/runs.py": "import subprocess\nsubprocess.run(['true'])\n",
    "posts/counter.txt": "1",
    "posts/log.txt": "first\n",
    "posts/kept.txt": "kept",
    "posts/one.txt": "one",
    "posts/two.txt": "two",
    "lib/beside.py": "import helped_by\n",
    "lib/helped_by.py": "",
    "home/notes.txt": "notes",
    # Else matplotlib makes them in the first run.
    "home/.config/matplotlib/any.txt": "",
    "home/.cache/matplotlib/any.txt": "",
}
Traces = dict[str, Message]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def traces(root: Path, *, fork: bool, names: Posts = posts) -> Traces:
    """The traces of all posts, run one after the other in a site of their own."""
    site = make_site(root)
    for name, text in HELPERS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    with h5py.File(root / "posts" / "given.h5", "w") as file:
        file["a"] = [1]
    given = {"KERAS_BACKEND": "jax", "HOME": str(root / "home"), "OUTSIDE": str(OUTSIDE)}
    environment = post_environment(given, (), root)
    processes = (Forks if fork else Spawner)(sys.executable, environment)
    found = {}
    try:
        for name, text in names.texts.items():
            job = job_of(parse(site, Source(f"posts/{name}.md", text)), site)
            events = list(processes.run(job))
            ends = [event for event in events if event["event"] in ("finished", "failed")]
            assert [event["event"] for event in ends] == ["finished"], (name, ends)
            found[name] = ends[0]["trace"]
    finally:
        processes.close()
    return found


OUTSIDE = Path(__file__).with_name("gallery.py")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, tuple[Path, Traces]]:
    roots = {fork: tmp_path_factory.mktemp("site") for fork in (True, False)}
    return {fork: (root, traces(root, fork=fork)) for fork, root in roots.items()}


@pytest.fixture(params=[True, False], ids=["fork", "afresh"])
def ran(
    request: pytest.FixtureRequest, both: dict[bool, tuple[Path, Traces]]
) -> Iterator[tuple[Path, Traces]]:
    yield both[request.param]


def files(trace: Message) -> list[tuple[str, str, int]]:
    """Kind, path and cell of the entries inside the site; of all digests one can be sure."""
    return [
        (f["kind"], f["path"], f["cell"]) for f in trace["files"] if not os.path.isabs(f["path"])
    ]


def seen(trace: Message) -> dict[tuple[str, str], str]:
    """The digests of a trace."""
    return {(f["kind"], f["path"]): f["digest"] for f in trace["files"]}


def impure(trace: Message) -> list[tuple[str, int]]:
    return [(entry["what"], entry["cell"]) for entry in trace["impure"]]


def variables(trace: Message) -> list[str]:
    return [entry["name"] for entry in trace["variables"]]


# Files.

READERS = {
    "open": "with open('data/points.csv') as f: f.read()",
    "path": "from pathlib import Path\nPath('data/points.csv').read_text()",
    "os-open": "import os\nos.close(os.open('data/points.csv', os.O_RDONLY))",
    "bytes": "with open(b'data/points.csv') as f: pass",
    "loadtxt": "import numpy as np\nnp.loadtxt('data/points.csv', delimiter=',', skiprows=1)",
    "read-csv": "import pandas as pd\npd.read_csv('data/points.csv')",
    "fd": "import os\nfd = os.open('data/points.csv', os.O_RDONLY)\n"
    "os.fstat(fd), os.stat(fd)\nos.fdopen(fd).close()",
    "dir-fd": "import os\nfd = os.open('data', os.O_RDONLY)\n"
    "os.close(os.open('points.csv', os.O_RDONLY, dir_fd=fd))",
    "stat-dir-fd": "import os\nfd = os.open('data', os.O_RDONLY)\nos.stat('points.csv', dir_fd=fd)",
    "chdir": "import os\nos.chdir('data')\nopen('points.csv').close()",
    "up": "open('data/../data/./points.csv').close()",
    "isfile": "import os.path\nos.path.isfile('data/points.csv')",
    "getsize": "import os.path\nos.path.getsize('data/points.csv')",
    "access": "import os\nos.access('data/points.csv', os.R_OK)",
    "path-exists": "from pathlib import Path\nPath('data/points.csv').exists()",
    "path-resolve": "from pathlib import Path\nPath('data/points.csv').resolve().read_bytes()",
    "pool": "import multiprocessing\n"
    "with multiprocessing.Pool(1) as pool: pool.map(len, [''])\n"
    "def read(path):\n    with open(path) as f: return f.read()",
    "fork": "import os\nif os.fork() == 0:\n    open('data/points.csv').close()\n    os._exit(0)\n"
    "os.wait()",
    "thread": "import threading\n"
    "t = threading.Thread(target=lambda: open('data/points.csv').close())\nt.start(); t.join()",
    "copy": "import shutil\nshutil.copy('data/points.csv', '/dev/null')",
    "scandir": "import os\n[entry.stat().st_size for entry in os.scandir('data')]",
    "zip": "import zipfile\nzipfile.is_zipfile('data/points.csv')",
}
for name, code in READERS.items():
    posts.add(f"read-{name}", "x = 1", code)
POOL_READS = posts.add(
    "pool-reads",
    "def read(path):\n    with open(path) as f: return f.read()",
    "import multiprocessing\n"
    "with multiprocessing.Pool(1) as pool: print(pool.map(read, ['data/points.csv']))",
)
NP_LOAD = posts.add(
    "np-load",
    "import numpy as np\nnp.save('made.npy', [1, 2])\nnp.load('made.npy')",
    "try: np.load('never.npy')\nexcept FileNotFoundError: pass",
)
SYMLINK = posts.add(
    "symlink",
    "import os\nif not os.path.islink('link.csv'): os.symlink('data/points.csv', 'link.csv')",
    "open('link.csv').close()",
)
OUTSIDE_READ = posts.add("outside", "import os\nopen(os.environ['OUTSIDE']).close()")


@pytest.mark.parametrize("name", [n for n in READERS if n != "pool"])
def test_a_file_is_seen_however_it_is_read(ran: tuple[Path, Traces], name: str) -> None:
    trace = ran[1][f"read-{name}"]
    assert seen(trace)["read", "posts/data/points.csv"] == digest(HELPERS["posts/data/points.csv"])
    assert ("read", "posts/data/points.csv", 2) in files(trace)
    assert trace["changed"] == []
    assert trace["impure"] == []


def test_what_a_pool_reads_is_seen(ran: tuple[Path, Traces]) -> None:
    assert files(ran[1][POOL_READS]) == [("read", "posts/data/points.csv", 2)]
    assert ran[1][POOL_READS]["impure"] == []
    assert files(ran[1]["read-pool"]) == []


def test_what_a_run_made_itself_is_no_input(ran: tuple[Path, Traces]) -> None:
    root, found = ran
    assert files(found[NP_LOAD]) == [
        ("wrote", "posts/made.npy", 1),
        ("missing", "posts/never.npy", 2),
    ]
    content = (root / "posts" / "made.npy").read_bytes()
    assert seen(found[NP_LOAD])["wrote", "posts/made.npy"] == hashlib.sha256(content).hexdigest()


def test_a_link_and_what_it_leads_to_are_seen(ran: tuple[Path, Traces]) -> None:
    entries = seen(ran[1][SYMLINK])
    assert entries["read", "posts/data/points.csv"] == digest(HELPERS["posts/data/points.csv"])
    assert ("missing", "posts/link.csv") in entries


def test_a_file_outside_the_site_is_told_by_its_whole_path(ran: tuple[Path, Traces]) -> None:
    content = OUTSIDE.read_text(encoding="utf-8")
    assert seen(ran[1][OUTSIDE_READ]) == {("read", str(OUTSIDE)): digest(content)}


# Files that are not there, folders, listings.

MISSING = {
    "exists": "import os\nassert not os.path.exists('none.csv')",
    "path-exists": "from pathlib import Path\nassert not Path('none.csv').exists()",
    "stat": "import os\ntry: os.stat('none.csv')\nexcept FileNotFoundError: pass",
    "open": "try: open('none.csv')\nexcept FileNotFoundError: pass",
    "access": "import os\nassert not os.access('none.csv', os.R_OK)",
    "lexists": "import os\nassert not os.path.lexists('none.csv')",
    "glob": "import glob\nassert not glob.glob('none.csv')",
    "listdir": "import os\ntry: os.listdir('none.csv')\nexcept FileNotFoundError: pass",
    "remove": "import os\ntry: os.remove('none.csv')\nexcept FileNotFoundError: pass",
}
for name, code in MISSING.items():
    posts.add(f"missing-{name}", code)
LISTINGS = {
    "glob": "import glob\nglob.glob('data/*.csv')",
    "path-glob": "from pathlib import Path\nlist(Path('data').glob('*.csv'))",
    "iterdir": "from pathlib import Path\nlist(Path('data').iterdir())",
    "listdir": "import os\nos.listdir('data')",
    "walk": "import os\nlist(os.walk('data'))",
    "list-fd": "import os\nos.listdir(os.open('data', os.O_RDONLY))",
}
for name, code in LISTINGS.items():
    posts.add(f"list-{name}", code)
FOLDER = posts.add("folder", "import os\nos.path.isdir('data'), os.path.isdir('.')")
IMPORTS_NOTHING_LISTS_NOTHING = posts.add("lists-nothing", "import csv, wave, colorsys")


@pytest.mark.parametrize("name", MISSING)
def test_a_file_that_is_not_there_is_seen(ran: tuple[Path, Traces], name: str) -> None:
    assert ("missing", "posts/none.csv", 1) in files(ran[1][f"missing-{name}"])


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_is_seen(ran: tuple[Path, Traces], name: str) -> None:
    entries = seen(ran[1][f"list-{name}"])
    assert entries["listed", "posts/data"] == digest("more.csv\npoints.csv")


def test_a_folder_is_seen_but_not_the_one_that_the_post_is_in(ran: tuple[Path, Traces]) -> None:
    assert files(ran[1][FOLDER]) == [("folder", "posts/data", 1)]


def test_to_import_is_not_to_list_folders(ran: tuple[Path, Traces]) -> None:
    assert files(ran[1][IMPORTS_NOTHING_LISTS_NOTHING]) == []


# What a run writes.

WRITES_AND_READS = posts.add(
    "writes",
    "from pathlib import Path\nPath('out.txt').write_text('made')",
    "open('out.txt').read()",
)
CREATES_IF_MISSING = posts.add(
    "creates",
    "from pathlib import Path\nfile = Path('cache.txt')\n"
    "if not file.exists(): file.write_text('c')",
    "Path('cache.txt').read_text()",
)
COUNTS = posts.add(
    "counts",
    "from pathlib import Path\nfile = Path('counter.txt')\n"
    "file.write_text(str(int(file.read_text()) + 1))",
)
APPENDS = posts.add("appends", "with open('log.txt', 'a') as f: f.write('more\\n')")
OVERWRITES = posts.add("overwrites", "with open('kept.txt', 'w') as f: f.write('new')")
DELETES = posts.add(
    "deletes",
    "from pathlib import Path\nPath('gone.txt').write_text('')\nPath('gone.txt').unlink()",
)
RENAMES = posts.add(
    "renames", "import os\nopen('before.txt', 'w').close()\nos.replace('before.txt', 'after.txt')"
)
MOVES = posts.add("moves", "import os\nos.rename('one.txt', 'uno.txt')\nopen('uno.txt').close()")
REMOVES = posts.add("removes", "import os\nos.remove('two.txt')")
FOLDERS = posts.add(
    "folders",
    "import os\nos.makedirs('deep/er')\nopen('deep/er/a.txt', 'w').close()\n"
    "os.listdir('deep'), os.path.exists('deep/b.txt')",
)
TEMPORARY = posts.add(
    "temporary",
    "import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
    "    os.path.exists(folder + '/a')\n    open(folder + '/a', 'w').close()\n"
    "    open(folder + '/a').close()\n    os.listdir(folder)",
    "tempfile.TemporaryFile().close(), tempfile.NamedTemporaryFile().close()",
)
READ_PLUS = posts.add("read-plus", "open('data/points.csv', 'r+').close()")


def test_what_is_written_and_then_read(ran: tuple[Path, Traces]) -> None:
    trace = ran[1][WRITES_AND_READS]
    assert seen(trace) == {("wrote", "posts/out.txt"): digest("made")}
    assert trace["changed"] == []


def test_what_is_made_if_it_is_missing(ran: tuple[Path, Traces]) -> None:
    trace = ran[1][CREATES_IF_MISSING]
    assert seen(trace) == {
        ("missing", "posts/cache.txt"): "",
        ("wrote", "posts/cache.txt"): digest("c"),
    }
    assert trace["changed"] == []


@pytest.mark.parametrize(
    ("name", "path", "after"),
    [(COUNTS, "posts/counter.txt", "2"), (APPENDS, "posts/log.txt", "first\nmore\n")],
)
def test_what_is_read_and_then_changed(
    ran: tuple[Path, Traces], name: str, path: str, after: str
) -> None:
    trace = ran[1][name]
    assert trace["changed"] == [path]
    assert seen(trace)["wrote", path] == digest(after)
    assert ("read", path) in seen(trace)


@pytest.mark.parametrize(("name", "path"), [(MOVES, "posts/one.txt"), (REMOVES, "posts/two.txt")])
def test_what_was_there_and_is_gone(ran: tuple[Path, Traces], name: str, path: str) -> None:
    assert ran[1][name]["changed"] == [path]


def test_what_is_written_whole_was_no_input(ran: tuple[Path, Traces]) -> None:
    assert seen(ran[1][OVERWRITES]) == {("wrote", "posts/kept.txt"): digest("new")}
    assert ran[1][OVERWRITES]["changed"] == []
    assert seen(ran[1][DELETES]) == {}
    assert seen(ran[1][RENAMES]) == {("wrote", "posts/after.txt"): digest("")}


def test_what_could_have_been_written_but_was_not(ran: tuple[Path, Traces]) -> None:
    assert files(ran[1][READ_PLUS]) == [("read", "posts/data/points.csv", 1)]


def test_folders_that_a_run_made_are_its_own(ran: tuple[Path, Traces]) -> None:
    assert files(ran[1][FOLDERS]) == [
        ("missing", "posts/deep", 1),
        ("wrote", "posts/deep/er/a.txt", 1),
    ]


def test_temporary_files_are_no_inputs(ran: tuple[Path, Traces]) -> None:
    trace = ran[1][TEMPORARY]
    assert trace["files"] == []
    assert trace["changed"] == []
    assert "TMPDIR" in variables(trace)


# Modules.

LOCAL = posts.add("local", "import helper\nhelper.VALUE")
OPTIONAL = posts.add(
    "optional", "try: import no_such_module\nexcept ImportError: pass\nimport colorsys"
)
OPTIONAL_SPEC = posts.add(
    "spec", "import importlib.util\nimportlib.util.find_spec('no_such_module')"
)
PATHS = posts.add("paths", "import sys\nsys.path.append('../lib')", "import beside")
NUMPY = posts.add("numpy", "import numpy as np\nprint(np.arange(3).sum())")


def test_local_modules_are_read_files(ran: tuple[Path, Traces]) -> None:
    entries = seen(ran[1][LOCAL])
    assert entries["read", "posts/helper.py"] == digest(HELPERS["posts/helper.py"])
    assert entries["read", "posts/deeper.py"] == digest(HELPERS["posts/deeper.py"])
    assert {"helper", "deeper", "random"} <= set(ran[1][LOCAL]["modules"])
    assert ran[1][LOCAL]["local_paths"][0] == "posts"


@pytest.mark.parametrize("name", [OPTIONAL, OPTIONAL_SPEC])
def test_modules_that_are_not_there_are_sought(ran: tuple[Path, Traces], name: str) -> None:
    assert ran[1][name]["sought"] == ["no_such_module"]
    assert "no_such_module" in ran[1][name]["modules"]


def test_folders_that_a_post_adds_for_its_modules(ran: tuple[Path, Traces]) -> None:
    trace = ran[1][PATHS]
    assert trace["local_paths"] == ["posts", "lib"]
    assert {path for kind, path in seen(trace) if kind == "read"} == {
        "lib/beside.py",
        "lib/helped_by.py",
    }


def test_installed_modules_are_told_by_where_they_are(ran: tuple[Path, Traces]) -> None:
    trace = ran[1][NUMPY]
    assert trace["installed"]["numpy"] == str(Path(np.__file__).parents[1])
    assert "pandas" not in trace["modules"]  # which other posts have preloaded
    assert trace["files"] == []


def test_a_module_that_is_written_while_the_post_runs_is_changed(tmp_path: Path) -> None:
    some = Posts()
    some.add("a", "from pathlib import Path\nPath('deeper.py').touch()", "import deeper")
    some.add("b", "from pathlib import Path\nPath('fresh.py').write_text('')", "import fresh")
    found = traces(tmp_path, fork=True, names=some)
    assert found["a"]["changed"] == ["posts/deeper.py"]
    assert found["b"]["changed"] == []
    assert ("wrote", "posts/fresh.py", 1) in files(found["b"])


# What nobody sees.

IMPURE = {
    "subprocess": ("import subprocess\nsubprocess.run(['true', 'x'])", "runs the program true"),
    "shell": ("import subprocess\nsubprocess.run('true x', shell=True)", "runs the program true"),
    "system": ("import os\nos.system('true x')", "runs the program true"),
    "spawn": (
        "import os\nos.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
        "runs the program true",
    ),
    "exec": (
        "import os\nif os.fork() == 0: os.execv('/bin/true', ['true'])\nos.wait()",
        "runs the program true",
    ),
    "local": ("import runs", "runs the program true"),
    "socket": (
        "import socket\ntry: socket.create_connection(('127.0.0.1', 1), timeout=1)\n"
        "except OSError: pass",
        "uses the network (127.0.0.1)",
    ),
    "sqlite": (
        "import sqlite3\nsqlite3.connect('x.db').close()",
        "opens the database posts/x.db with sqlite3",
    ),
    "ctypes": ("import ctypes\nctypes.CDLL('libc.so.6')", "loads a C library (libc.so.6)"),
    "hdf": (
        "import h5py\nwith h5py.File('given.h5') as f: f['a']",
        "reads posts/given.h5 through h5py",
    ),
    "hdf-keras": (
        "import keras, h5py\nwith h5py.File('given.h5') as f: f['a']",
        "reads posts/given.h5 through h5py",
    ),
    "blind": (
        "try: import polars\nexcept ImportError: pass",
        "imports polars, which reads files by itself",
    ),
    "spawned": (
        "import multiprocessing\nc = multiprocessing.get_context('spawn')\n"
        "p = c.Process(target=print)\np.start()\np.join()",
        f"runs the program {Path(sys.executable).name}",
    ),
}  # fmt: skip
for name, (code, _) in IMPURE.items():
    posts.add(f"impure-{name}", "x = 1", code)
PURE = {
    "unix": "import socket\na, b = socket.socketpair()\na.close(), b.close()",
    "memory": "import sqlite3\nsqlite3.connect(':memory:').close()",
    "c-library": "import ctypes\nctypes.CDLL(None)",
    "asyncio": "import asyncio\nasync def f(): pass\nasyncio.run(f())",
    "libraries": "import scipy.stats, PIL.Image, uuid, platform, matplotlib.pyplot",
    "traitlets": "import IPython.core.interactiveshell",
    "fork": "import os\nif os.fork() == 0: os._exit(0)\nos.wait()",
    "hdf": "import h5py\nwith h5py.File('made.h5', 'w') as f: f['a'] = [1]\n"
    "with h5py.File('made.h5') as f: f['a']",
}
for name, code in PURE.items():
    posts.add(f"pure-{name}", code)


@pytest.mark.parametrize("name", IMPURE)
def test_what_nobody_sees_is_told(ran: tuple[Path, Traces], name: str) -> None:
    words = IMPURE[name][1]
    assert impure(ran[1][f"impure-{name}"]) == [(words, 2)]


def test_a_file_that_the_run_made_in_c_is_its_own(ran: tuple[Path, Traces]) -> None:
    assert files(ran[1]["pure-hdf"]) == [("wrote", "posts/made.h5", 1)]


@pytest.mark.parametrize("name", PURE)
def test_what_is_harmless_is_not_told(ran: tuple[Path, Traces], name: str) -> None:
    assert impure(ran[1][f"pure-{name}"]) == []


# The environment.

HOME = posts.add("home", "import os\nos.environ['HOME']", "os.environ.get('SHELL')")
ABSENT = posts.add("absent", "import os\nos.environ.get('APPDATA'), 'USERPROFILE' in os.environ")
EXPANDS = posts.add("expands", "import os\nopen(os.path.expanduser('~/notes.txt')).close()")
ITERATES = posts.add("iterates", "import os\ndict(os.environ)")
BYTES = posts.add("bytes", "import os\nos.environb[b'HOME']")
SETS = posts.add("sets", "import os\nos.environ['HOME'] = '/x'\nos.environ['HOME']")
FIXED = posts.add("fixed", "import os\nos.environ['TZ'], os.getenv('KERAS_BACKEND')")


def test_variables_of_the_machine_are_told(ran: tuple[Path, Traces]) -> None:
    root, found = ran
    home = {"name": "HOME", "value": str(root / "home"), "cell": 1}
    assert found[HOME]["variables"][0] == home
    assert variables(found[HOME]) == ["HOME", "SHELL"]
    assert found[ABSENT]["variables"] == [
        {"name": "APPDATA", "value": None, "cell": 1},
        {"name": "USERPROFILE", "value": None, "cell": 1},
    ]
    assert found[EXPANDS]["variables"] == [home]
    assert files(found[EXPANDS]) == [("read", "home/notes.txt", 1)]
    assert found[BYTES]["variables"] == [home]


def test_to_go_through_the_environment_is_to_read_it(ran: tuple[Path, Traces]) -> None:
    there = {name for name in PASSED if name in os.environ} | {"HOME"}
    assert set(variables(ran[1][ITERATES])) == there


def test_variables_that_are_the_same_everywhere_are_not_told(ran: tuple[Path, Traces]) -> None:
    assert variables(ran[1][FIXED]) == []
    assert variables(ran[1][SETS]) == []


# Nothing shows.

INVISIBLE = posts.add(
    "invisible",
    """
    import inspect, os, pickle, shutil, tempfile, traceback
    assert os.stat in os.supports_follow_symlinks
    assert os.stat in os.supports_dir_fd
    assert os.stat in os.supports_fd
    assert shutil.rmtree.avoids_symlink_attacks
    assert repr(os.stat) == "<built-in function stat>"
    assert list(inspect.signature(os.stat).parameters) == ["path", "dir_fd", "follow_symlinks"]
    assert pickle.loads(pickle.dumps(os.stat)) is os.stat
    class A: look = os.stat
    assert A().look(".").st_ino == os.stat(".").st_ino
    for look in (lambda: os.stat("none"), lambda: os.environ["NONE"], lambda: os.stat(),
                 lambda: open("none"), lambda: os.stat("a\\0")):
        try: look()
        except Exception as error:
            names = [f.filename for f in traceback.extract_tb(error.__traceback__)]
            assert not any("child" in name for name in names), names
            assert error.__context__ is None or isinstance(error, KeyError)
    tempfile.TemporaryDirectory().cleanup()
    """,
)


def test_a_post_that_is_watched_cannot_tell(ran: tuple[Path, Traces]) -> None:
    assert ran[1][INVISIBLE]["impure"] == []  # its own assertions hold


# As a whole.

KERAS = posts.add(
    "keras",
    "import keras\nimport matplotlib.pyplot as plt\nimport numpy as np",
    "model = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile('sgd', 'mse')\n"
    "x = np.ones((4, 2))\nhistory = model.fit(x, x[:, :1], epochs=2, verbose=0)",
    "plt.plot(history.history['loss'])",
)


def test_keras_brings_no_surprise(ran: tuple[Path, Traces]) -> None:
    trace = ran[1][KERAS]
    assert files(trace) == [("missing", "home/.config/matplotlib/stylelib", 0)]
    assert trace["variables"] == []
    assert trace["impure"] == []
    assert trace["changed"] == []
    assert {"jax", "keras", "matplotlib"} <= trace["installed"].keys()
    assert (ran[0] / ".cache" / "keras" / "keras.json").exists()


@pytest.mark.parametrize("name", posts.texts)
def test_both_ways_give_the_same_trace(both: dict[bool, tuple[Path, Traces]], name: str) -> None:
    def told(fork: bool) -> Any:
        root, found = both[fork]
        return json.loads(json.dumps(found[name]).replace(str(root), "ROOT"))

    assert told(True) == told(False)


def test_a_trace_is_sorted_and_has_nothing_twice(ran: tuple[Path, Traces]) -> None:
    for trace in ran[1].values():
        keys = [(f["path"], f["kind"]) for f in trace["files"]]
        assert keys == sorted(set(keys))
        assert trace["modules"] == sorted(set(trace["modules"]))
        assert trace["interpreter"]["python"] == sys.version.split()[0]


def test_another_run_gives_the_same(tmp_path: Path) -> None:
    """Where the first one has left nothing behind."""
    chosen = (KERAS, "read-read-csv", LOCAL, "list-glob")
    some = Posts({name: posts.texts[name] for name in chosen})
    first, second = (traces(tmp_path, fork=True, names=some) for _ in range(2))
    assert first == second


def test_a_probe_tells_about_the_interpreter() -> None:
    command = [sys.executable, "-P", "-c", BOOT, str(PACKAGE), "probe"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert answer["interpreter"]["implementation"] == "cpython"
    assert answer["path"] == [entry for entry in sys.path if entry in answer["path"]]
    assert any(entry.endswith("site-packages") for entry in answer["path"])
    assert os.path.dirname(os.__file__) in answer["stdlib"]


# Zygotes.


def test_a_branch_of_a_zygote_goes_its_own_way_and_ends_with_the_first(tmp_path: Path) -> None:
    zygote = Zygote(sys.executable, post_environment({}, (), tmp_path))
    try:
        branch = zygote.branch()
        branch.preload("numpy")
        other = branch.branch()
        other.preload("wave")
        assert [{"numpy", "wave"} & z.modules() for z in (zygote, branch, other)] == [
            set(),
            {"numpy"},
            {"numpy", "wave"},
        ]
        branch.close()
        assert "wave" in other.modules()
    finally:
        zygote.close()
    with pytest.raises(ZygoteError, match=r"^the zygote is gone$"):
        other.modules()
    other.close()


# Modules with the name of a preloaded one.


@pytest.mark.parametrize("file", ["numpy.py", "numpy/__init__.py", "random.py"])
def test_a_module_beside_the_post_comes_before_a_preloaded_one(tmp_path: Path, file: str) -> None:
    name = file.partition("/")[0].partition(".")[0]
    (tmp_path / "posts" / file).parent.mkdir(parents=True)
    (tmp_path / "posts" / file).write_text("OWN = True\n", encoding="utf-8")
    ran = run({"a": post_text(f"import {name}\n{name}.OWN")}, tmp_path, fork=True)
    assert ran.values("a") == ["True"]
