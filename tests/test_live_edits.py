"""Whatever an author does under `serve`: what is shown is what a clean run of the text gives."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from live_site import Author, seen
from small_site import post_text

SLEEP = "import time; time.sleep(0.025)\n"  # so that it is worth a snapshot
CELLS = (
    "x = [1]",
    SLEEP + "x = list(range(3))",
    "x = x + [len(x)]\nprint(x)",
    SLEEP + "try: x.append(4)\nexcept NameError: x = []\nx",
    "import random\ny = random.random()\nprint(y)",
    SLEEP + "import numpy as np\nz = np.random.rand(2)\nprint(z)",
    "import random\nprint(random.sample(range(99), 5), globals().get('y'))",
    "def f(n):\n    return n + len(globals().get('x', ()))\nprint(f(1))",
    "print(f(2) if 'f' in globals() else 'no f')",
    SLEEP + "print(open('data.txt').read())",
    SLEEP + "g = iter(range(9))\nnext(g)",
    "print(next(g) if 'g' in globals() else 'no g')",
    SLEEP + "open('out.txt', 'w').write(str(len(globals().get('x', ()))));",
    "import os\nprint(os.path.exists('extra.txt'))",
    "lines = open('data.txt')\nlines.readline()",
    "1 / 0",
    "import own\nprint(own.A)",
    "#| claim: It has few items.\nassert len(globals().get('x', ())) < 5",
    "import warnings\nwarnings.warn('careful')",
    "class C:\n    def __repr__(self): return 'C!'\nC()",
)
PROSE = (
    "",
    "\nSome words.\n",
    "\nIt is `{python} len(globals().get('x', ()))`.\n",
    "\nIt is `{python} sum(x):.2f`, and [so]{claim=\"len(globals().get('x', ())) < 4\"}.\n",
)
DATA = ("one\ntwo\n", "three\n")
FILES = ("data", "module", "extra")
MODULE = ("A = 1\n", "A = 22\n")

cells = st.lists(st.sampled_from(range(len(CELLS))), max_size=4)
edits = st.one_of(
    st.tuples(st.just("change"), st.integers(0, 5), st.sampled_from(range(len(CELLS)))),
    st.tuples(st.just("insert"), st.integers(0, 5), st.sampled_from(range(len(CELLS)))),
    st.tuples(st.just("delete"), st.integers(0, 5), st.just(0)),
    st.tuples(st.just("prose"), st.sampled_from(range(len(PROSE))), st.just(0)),
    st.tuples(st.just("data"), st.sampled_from((0, 1)), st.just(0)),
    st.tuples(st.just("module"), st.sampled_from((0, 1)), st.just(0)),
    st.tuples(st.just("extra"), st.sampled_from((0, 1)), st.just(0)),
)


def edited(now: list[int], edit: tuple[str, int, int]) -> list[int]:
    """The cells of a post after an edit."""
    kind, place, cell = edit
    place = min(place, len(now))
    if kind == "change":
        return [*now[:place], cell, *now[place + 1 :]]
    if kind == "insert":
        return [*now[:place], cell, *now[place:]]
    return [*now[:place], *now[place + 1 :]]


def look(author: Author) -> None:
    """Hold what is shown against a clean run."""
    shown, clean = author.over(), author.clean()
    told = [str(problem) for problem in clean.problems]
    assert [str(problem) for problem in shown.problems] == told
    if clean.execution is not None:
        assert seen(shown.execution) == seen(clean.execution)
        assert shown.record == clean.record


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(cells, st.lists(st.tuples(edits, st.booleans()), min_size=2, max_size=5))
def test_what_is_shown_is_what_a_clean_run_gives(
    first: list[int], steps: list[tuple[tuple[str, int, int], bool]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        author = Author(Path(folder))
        try:
            live(author, first, steps)
        finally:
            author.close()


def live(author: Author, now: list[int], steps: list[tuple[tuple[str, int, int], bool]]) -> None:
    """Do all the edits; some are not waited for."""
    posts, prose = author.root / "posts", 0
    (posts / "data.txt").write_text(DATA[0], encoding="utf-8")
    (posts / "own.py").write_text(MODULE[0], encoding="utf-8")
    author.begin(*(CELLS[cell] for cell in now))
    for edit, waits in steps:
        kind, place, _ = edit
        if kind == "data":
            (posts / "data.txt").write_text(DATA[place], encoding="utf-8")
        elif kind == "module":
            (posts / "own.py").write_text(MODULE[place], encoding="utf-8")
        elif kind == "extra" and place:
            (posts / "extra.txt").touch()
        elif kind == "extra":
            (posts / "extra.txt").unlink(missing_ok=True)
        elif kind == "prose":
            prose = place
        else:
            now = edited(now, edit)
        text = post_text(*(CELLS[cell] for cell in now)) + PROSE[prose]
        author.live.show(author.write(text), edited=kind not in FILES)
        if waits:
            look(author)
    look(author)
