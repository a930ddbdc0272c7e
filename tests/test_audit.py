"""Audit: a cause is planted in each post, real processes run it, and it is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from small_site import TOML, post_text, write_site

from site_builder import cli
from site_builder.checking.auditing import audit as auditing
from site_builder.checking.auditing.audit import KERNEL, Audited, audit
from site_builder.checking.auditing.causes import Seen, cause_of
from site_builder.checking.auditing.variants import (
    AGAIN,
    FOLDER,
    SPAWN,
    THREADS,
    VARIANTS,
    prepared,
)
from site_builder.errors import ContentError, UsageError
from site_builder.execution.running import Progress
from site_builder.settings.site import Site, load_site
from site_builder.settings.tables import Execution, Settings

SET = "{'alpha', 'beta', 'gamma', 'delta'}"
EVERY = frozenset(v.name for v in VARIANTS)
SEEDS = frozenset(("hash seed 1", "hash seed 2"))


class Planted(NamedTuple):
    cells: tuple[str, ...]
    cause: str
    """Words of the cause that is to be named."""
    variants: frozenset[str] = EVERY
    """In which the post must differ."""


ALONE = frozenset(("another folder",))
PLANTED = {
    "rng": Planted(
        ("import numpy as np\nx = np.random.default_rng().normal()", "print('mean', x)"),
        "random numbers without a seed",
    ),
    "uuid": Planted(("import uuid\nprint(uuid.uuid4())",), "random numbers without a seed"),
    "clock": Planted(("import time\nprint(time.time())",), "the clock"),
    "duration": Planted(
        # Long enough that no two runs come to the same by chance.
        (
            "from time import perf_counter\nt = perf_counter()\n"
            "print(sum(range(20_000)) and perf_counter() - t)",
        ),
        "the clock",
    ),
    "address": Planted(
        ("class Layer:\n    pass\n", "print('Layer@' + hex(id(Layer())))"), "the address"
    ),
    "id": Planted(("print(id([]))",), "the address"),
    "process": Planted(("import os\nprint(os.getpid())",), "the number of a process"),
    "temporary": Planted(("import tempfile\nprint(tempfile.mkdtemp())",), "a temporary file"),
    "left": Planted(
        (
            "with open('log.txt', 'a') as file:\n    file.write('x')",
            "print(len(open('log.txt').read()))",
        ),
        "an earlier run left",
        EVERY - ALONE,
    ),
    "set": Planted((f"print('names', {SET})",), "the order of a set", SEEDS),
    "hash": Planted(("print(hash('text'))",), "hash() of a text", SEEDS),
    "cwd": Planted(("import os\nprint('in', os.getcwd())",), "the site's own path", ALONE),
    "part-of-path": Planted(
        ("import os\nprint(len(os.getcwd()), os.getcwd().split(os.sep)[-2])",),
        "where the site's folder is",
        ALONE,
    ),
    "local-time": Planted(
        ("import datetime\nprint(datetime.datetime.fromtimestamp(10**9))",),
        "local time",
        frozenset(("another time zone",)),
    ),
    "thread-count": Planted(
        ("import os\nprint(os.environ['OMP_NUM_THREADS'])",),
        "the number of threads",
        frozenset(("more threads",)),
    ),
    "shared": Planted(
        ("import sys\nprint(len(sys.modules))",),
        "the process shared by all posts",
        frozenset(("no fork",)),
    ),
}
CLEAN = post_text(
    "import numpy as np\nprint(np.random.default_rng(1).normal(size=3), np.random.normal())",
    f"print(sorted({SET}))\nobject()",
)
VOLATILE = post_text("#| volatile: true\nimport time\nt = time.time()\nprint(t)", "print(1)")
VALUES = (
    post_text(f"import time\nnames = {SET}\nt = time.time()")
    + "\nAt `{python} t:.6f`{.volatile} the first is `{python} next(iter(names))`, "
    + 'and [there are four]{claim="len(names) == 4"}.\n'
)
MIXED = post_text(
    "import random\nprint(random.SystemRandom().random())",
    "print(1)",
    f"print({SET})",
    "import os\nprint(os.getcwd())",
)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Audited]:
    """What the audit of all posts found, by their names."""
    texts = {name: post_text(*planted.cells) for name, planted in PLANTED.items()}
    more = {"clean": CLEAN, "volatile": VOLATILE, "values": VALUES, "mixed": MIXED}
    root = write_site(tmp_path_factory.mktemp("audit"), texts | more)
    found = audit(load_site(root), [], jobs=2)
    return {Path(each.post).stem: each for each in found}


def tried(each: Audited) -> frozenset[str]:
    return frozenset(run.variant for run in each.runs if not run.untried)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_cause_is_named(audited: Mapping[str, Audited], name: str) -> None:
    planted, each = PLANTED[name], audited[name]
    (finding,) = each.findings
    assert planted.cause in finding.cause.what
    assert finding.place.cell == len(planted.cells)
    assert set(finding.variants) == planted.variants & tried(each)
    assert finding.was != finding.now
    assert {run.variant for run in each.runs if run.first} == set(finding.variants)


@pytest.mark.parametrize("name", ["clean", "volatile"])
def test_what_is_the_same_or_may_change_is_no_finding(
    audited: Mapping[str, Audited], name: str
) -> None:
    each = audited[name]
    assert each.findings == ()
    assert all(run.first is None for run in each.runs)
    assert len(tried(each)) >= len(VARIANTS) - 1  # a system may have no other locale


def test_a_value_in_the_prose_is_compared(audited: Mapping[str, Audited]) -> None:
    (finding,) = audited["values"].findings
    assert finding.place.expression == "next(iter(names))"
    assert set(finding.variants) == SEEDS
    assert "the order of a set" in finding.cause.what


def test_each_cell_that_differs_for_its_own_reason_is_named(
    audited: Mapping[str, Audited],
) -> None:
    each = audited["mixed"]
    assert [finding.place.cell for finding in each.findings] == [1, 3, 4]
    whats = [finding.cause.what for finding in each.findings]
    words = ["without a seed", "order of a set", "own path"]
    assert all(word in what for word, what in zip(words, whats, strict=True))
    assert [set(f.variants) for f in each.findings] == [tried(each), SEEDS, set(ALONE)]
    # But the first cell that differs is the same in every run.
    assert {run.first.cell for run in each.runs if run.first} == {1}


def only(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """Try some variants alone."""
    chosen = tuple(variant for variant in VARIANTS if variant.kind in kinds)
    monkeypatch.setattr(auditing, "VARIANTS", chosen)


def test_a_run_that_fails_is_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os\nassert os.getcwd().startswith(HOME), 'moved'"
    cells = ("print(1)", f"HOME = {str(tmp_path)!r}", code, "print(2)")
    site = load_site(write_site(tmp_path / "site", {"a": post_text(*cells)}))
    only(monkeypatch, AGAIN, FOLDER)
    ((same, other), findings) = ((e := audit(site, [], jobs=2)[0]).runs, e.findings)
    assert not same.first
    assert other.first
    assert (other.first.cell, other.failure) == (3, "AssertionError: moved")
    assert findings[0].failure == other.failure
    assert "on this machine only" in findings[0].cause.what


def test_a_claim_that_is_false_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = "#| claim: It is one thread\nimport os\nassert os.environ['OMP_NUM_THREADS'] == '1'"
    site = load_site(write_site(tmp_path, {"a": post_text(claim)}))
    only(monkeypatch, THREADS)
    (each,) = audit(site, [], jobs=1)
    (finding,) = each.findings
    assert not finding.failure
    assert ("is true" in finding.was, "is false" in finding.now) == (True, True)


def test_sums_in_threads_differ_in_their_last_digits() -> None:
    def cause(was: str, now: str) -> str:
        kinds = frozenset((THREADS,))
        seen = Seen(kinds, frozenset((AGAIN, THREADS)), was, now, ("",), (), ("/a", "/b"), False)
        return cause_of(seen).what

    assert "sums" in cause("loss [0.123456 2.5]", "loss [0.123457 2.5]")
    assert "number of threads" in cause("loss [0.123456 2.5]", "loss [0.523456 2.5]")
    assert "number of threads" in cause("1 thread", "4 threads")


@pytest.mark.skipif(not shutil.which("localedef"), reason="no locale can be made")
def test_another_locale(tmp_path: Path) -> None:
    made = subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", "--no-archive", str(tmp_path / "de_DE.UTF-8")],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("the system has no definitions of locales")
    toml = f'{TOML}[execution]\nenvironment = {{ LOCPATH = "{tmp_path}" }}\n'
    code = "import locale\nlocale.setlocale(locale.LC_ALL, '')\nprint(locale.str(0.5))"
    site = load_site(write_site(tmp_path / "site", {"a": post_text(code)}, toml))
    (each,) = audit(site, [], jobs=2)
    (finding,) = each.findings
    assert finding.variants == ("another locale",)
    assert (finding.was, finding.now) == ("0.5", "0,5")
    assert "locale" in finding.cause.what


def test_nothing_is_written_to_the_site(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"a": CLEAN, "b": post_text(f"print({SET})")})
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert [bool(each.findings) for each in audit(load_site(root), [], jobs=2)] == [False, True]
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert not (root / ".cache").exists()


def test_runs_of_a_post_that_writes_files_do_not_meet(tmp_path: Path) -> None:
    code = "with open('x.txt', 'w') as file:\n    file.write('x')"
    site = load_site(write_site(tmp_path, {"a": post_text(code, "print(open('x.txt').read())")}))
    shown: list[str] = []

    def show(progress: Progress) -> None:
        if shown[-1:] != [progress.path]:
            shown.append(progress.path)

    (each,) = audit(site, [], jobs=8, on_progress=show)
    assert each.findings == ()
    assert len(shown) == len(set(shown)) == 1 + len(tried(each))


def test_a_kernel_is_never_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = load_site(write_site(tmp_path, {"a": post_text("print(1)", kernel="python3")}))
    only(monkeypatch, SPAWN)
    (each,) = audit(site, [], jobs=1)
    assert [run.untried for run in each.runs] == [KERNEL]


def test_a_post_that_is_frozen_for_good_runs_only_if_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = load_site(write_site(tmp_path, {"a": post_text("print(1)", execute="frozen")}))
    only(monkeypatch, AGAIN)
    assert audit(site, [], jobs=1) == []
    assert [each.post for each in audit(site, ["a"], jobs=1)] == ["posts/a.md"]


def test_all_posts_that_fail_as_in_a_build_are_told(tmp_path: Path) -> None:
    texts = {"a": post_text("1 / 0"), "b": post_text("print(1)"), "c": post_text("nothing")}
    with pytest.raises(ContentError) as raised:
        audit(load_site(write_site(tmp_path, texts)), [], jobs=2)
    assert [(p.file, p.line) for p in raised.value.problems] == [
        ("posts/a.md", 7),
        ("posts/c.md", 7),
    ]


def test_a_post_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        audit(load_site(write_site(tmp_path, {"a": CLEAN})), ["b"], jobs=1)


def test_the_copy_of_a_site(tmp_path: Path) -> None:
    root = write_site(tmp_path / "site", {"a": CLEAN})
    (tmp_path / "beside.csv").write_text("1,2", encoding="utf-8")
    (root / "posts" / "beside.csv").symlink_to("../../beside.csv")
    (root / "posts" / "own.md").symlink_to("a.md")
    for name, mark in ((".git", "HEAD"), ("venv", "pyvenv.cfg"), ("kept", "CACHEDIR.TAG")):
        (root / name).mkdir()
        (root / name / mark).write_text("x", encoding="utf-8")
    os.mkfifo(root / "pipe")
    (variant,) = [variant for variant in VARIANTS if variant.kind == FOLDER]
    own = Site(root, Settings("T", "https://example.org/", execution=Execution(python="bin/py")))
    (root / "bin").mkdir()
    (root / "bin" / "py").write_text("#!/bin/sh\n", encoding="utf-8")
    (root / "bin" / "py").chmod(0o755)
    made = prepared(own, variant, tmp_path)
    assert not isinstance(made, str)
    copy = made.site.root
    assert copy != root
    assert (copy / "posts" / "a.md").resolve() == copy / "posts" / "a.md"
    assert (copy / "posts" / "own.md").resolve() == copy / "posts" / "a.md"
    assert (copy / "posts" / "beside.csv").read_text(encoding="utf-8") == "1,2"
    linked = {path.name for path in copy.iterdir() if path.is_symlink()}
    assert linked == {".git", "venv", "kept", "pipe"}
    # The interpreter stays that of the site: a copy of it would find other packages.
    python = str(root / "bin" / "py")
    execution = replace(own.settings.execution, python=python)
    assert made.site.settings == replace(own.settings, execution=execution)


def test_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import os\nprint(os.environ['OMP_NUM_THREADS'])"
    root = write_site(tmp_path, {"bad": post_text("x = 1", code), "good": CLEAN})
    only(monkeypatch, AGAIN, THREADS)
    assert cli.main(["audit", "-C", str(root), "good"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "posts/good.md: the same in 2 more runs",
        "1 post audited: 1 the same in every run, 0 not",
    ]
    assert cli.main(["audit", "-C", str(root)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "posts/bad.md: differs",
        "  again         the same",
        "  more threads  differs at line 11, cell 2",
        "  line 11, cell 2: more threads",
        "    was 1",
        f"    is  {'4' if os.cpu_count() != 4 else '3'}",
        "    perhaps the number of threads",
        "    help: set it in the code that shows it",
        "posts/good.md: the same in 2 more runs",
        "2 posts audited: 1 the same in every run, 1 not",
    ]
    assert cli.main(["audit", "-C", str(root), "--json", "bad"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["format"], document["version"]) == ("site-builder audit", 1)
    (post,) = document["posts"]
    assert post["post"] == "posts/bad.md"
    assert [run["first"] and run["first"]["line"] for run in post["runs"]] == [None, 11]
    (finding,) = post["findings"]
    assert finding["cause"]["what"] == "the number of threads"
    assert finding["variants"] == ["more threads"]


def test_a_python_that_does_not_start_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/nowhere/at/all\n")
    python.chmod(0o755)
    toml = f'{TOML}[execution]\npython = "{python}"\n'
    root = write_site(tmp_path / "site", {"a": post_text("print(1)")}, toml)
    assert cli.main(["audit", "-C", str(root)]) == 2
    assert "the Python that runs posts" in capsys.readouterr().err
