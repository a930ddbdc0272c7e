"""What cells put out: streams, displays, figures, in order, the same from a fork and afresh."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from small_site import Posts, Ran, post_text, run, terminal_text

posts = Posts()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Ran]:
    return {f: run(posts, tmp_path_factory.mktemp("site"), fork=f) for f in (True, False)}


@pytest.fixture(params=[True, False], ids=["fork", "afresh"])
def ran(request: pytest.FixtureRequest, both: dict[bool, Ran]) -> Iterator[Ran]:
    yield both[request.param]


def test_forked_or_afresh_the_outputs_are_the_same(both: dict[bool, Ran]) -> None:
    for name in posts.texts.keys() - {LATE, FIT}:
        forked, afresh = (both[f].outcomes[name].execution for f in (True, False))
        assert forked is not None, both[True].outcomes[name].problems
        assert afresh is not None, both[False].outcomes[name].problems
        assert forked == afresh, name


# Streams.

ORDER = posts.add(
    "order",
    """
    import ctypes, os, subprocess, sys
    c = ctypes.CDLL(None)
    print("one")
    c.puts(b"two")
    subprocess.run(["echo", "three"])
    os.write(1, b"four\\n")
    print("five")
    sys.stdout.buffer.write(b"six\\n")
    sys.stdout.flush()
    os.system("echo seven")
    """,
)


def test_output_of_python_c_and_child_processes_comes_in_order(ran: Ran) -> None:
    assert ran.stdout(ORDER).split() == ["one", "two", "three", "four", "five", "six", "seven"]
    assert ran.values(ORDER) == ["0"]  # what os.system returned


STDERR = posts.add(
    "stderr",
    """
    import logging, sys
    print("out")
    print("err", file=sys.stderr)
    print("out again", flush=True)
    logging.warning("logged")
    """,
)


def test_standard_error_is_marked_and_in_its_place(ran: Ran) -> None:
    assert ran.outputs(STDERR) == [
        ("stdout", "out\n"),
        ("stderr", "err\n"),
        ("stdout", "out again\n"),
        ("stderr", "WARNING:root:logged\n"),
    ]


BAR = posts.add(
    "bar",
    r"""
    import sys
    for i in range(11):
        print(f"\r{i * 10:3}%|" + "#" * i, end="")
    print()
    print("\x1b[31mred\x1b[0m and ab\bc")
    """,
)


def test_a_progress_bar_is_read_as_its_last_state(ran: Ran) -> None:
    assert ran.stdout(BAR).count("\r") == 11
    assert terminal_text(ran.stdout(BAR)) == "100%|##########\nred and ac\n"


ODD = posts.add(
    "odd",
    r"""
    import os
    print("lone \ud800 surrogate, NUL \0, é ∑ 🙂")
    _ = os.write(1, b"bytes \xff\xfe\n")
    class Odd:
        def __repr__(self):
            return "\udfff"
        def _repr_html_(self):
            return "<b>\udfff</b>"
    Odd()
    """,
)


def test_text_that_is_no_unicode_is_written_out(ran: Ran) -> None:
    assert ran.stdout(ODD) == ("lone \\ud800 surrogate, NUL \0, é ∑ 🙂\nbytes \\xff\\xfe\n")
    [[_, shown]] = ran.cells(ODD)
    assert shown.data == {"text/html": "<b>\\udfff</b>", "text/plain": "\\udfff"}


LONG = posts.add("long", "print('x' * 9_000_000)\nprint('end')")


def test_a_huge_line_is_kept_whole(ran: Ran) -> None:
    assert ran.stdout(LONG) == "x" * 9_000_000 + "\nend\n"


LATE = posts.add(
    "late",
    r"""
    import threading, time
    go = threading.Event()
    def late():
        go.wait()
        for number in range(200):
            print(f"late {number}\n", end="")
    thread = threading.Thread(target=late)
    thread.start()
    print("first")
    """,
    r"""
    go.set()
    for number in range(200):
        print(f"main {number}\n", end="")
    thread.join()
    """,
)


def test_a_thread_that_prints_later_prints_into_the_cell_that_runs_then(ran: Ran) -> None:
    first, second = ran.cells(LATE)
    assert [o.text for o in first] == ["first\n"]
    words = "".join(o.text for o in second).split()
    for who in ("late", "main"):
        assert [int(n) for w, n in pairwise(words) if w == who] == list(range(200))


CLOSED = posts.add(
    "closed",
    """
    import io, os, sys
    os.close(1)
    print("still here")
    real, sys.stdout = sys.stdout, io.StringIO()
    print("kept for myself")
    """,
    "sys.stdout.getvalue()",
    "sys.stdout = real\nprint('back')",
)


def test_a_post_may_close_or_replace_its_streams(ran: Ran) -> None:
    assert ran.outputs(CLOSED) == [
        ("stdout", "still here\n"),
        ("display", "'kept for myself\\n'"),
        ("stdout", "back\n"),
    ]


# Values and displays.

VALUES = posts.add(
    "values",
    "1 + 1",
    "2;",
    "3  # not hushed;",
    "(4\n);  # hushed",
    "None",
    "x = 5",
    "'text'",
    "{'key': list(range(30)), 'other': 'word ' * 3}",
    "{3, 1, 2}",
    "print('printed')\n'value'",
    "_",
    "'''é''' ; 'ü'",
)


def test_the_last_expression_of_a_cell_is_shown_unless_hushed(ran: Ran) -> None:
    assert ran.outputs(VALUES) == [
        ("display", "2"),
        ("display", "3"),
        ("display", "'text'"),
        (
            "display",
            "{'key': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,\n"
            "         20, 21, 22, 23, 24, 25, 26, 27, 28, 29],\n"
            " 'other': 'word word word '}",
        ),
        ("display", "{1, 2, 3}"),
        ("stdout", "printed\n"),
        ("display", "'value'"),
        ("display", "'value'"),
        ("display", "'ü'"),
    ]


RICH = posts.add(
    "rich",
    r"""
    class Rich:
        def __repr__(self): return "plain"
        def _repr_html_(self): return "<b>x</b>", {"isolated": True}
        def _repr_markdown_(self): return None
        def _repr_latex_(self): raise NotImplementedError
        def _repr_svg_(self): return b"<svg/>"
        def _repr_png_(self): return b"\x89PNG"
        def _repr_json_(self): return {"a": [1, None]}, {"expanded": False}
    Rich()
    """,
    """
    class Bundle:
        def __repr__(self): return "plain"
        def _repr_mimebundle_(self, include=None, exclude=None):
            return {"text/html": "<i>y</i>", "image/png": b"png", "a/b": {1}}, {"k": 1}
        def _repr_html_(self): return "not asked"
    Bundle()
    """,
    """
    class Nothing:
        def __repr__(self): return "plain"
        def _repr_mimebundle_(self, **_): return None
    Nothing()
    """,
    "Rich",
    "from unittest.mock import MagicMock\nMagicMock(name='m', spec=None)._repr_html_ is not None",
    """
    class Anything:
        def __getattr__(self, name): return lambda *_, **__: Anything()
        def __repr__(self): return "anything"
    Anything()
    """,
    """
    class Itself:
        def _ipython_display_(self): print("shown by itself")
    Itself()
    """,
)


def test_values_show_themselves_by_ipythons_protocols(ran: Ran) -> None:
    rich, bundle, nothing, kind, mock, anything, itself = (c[0] for c in ran.cells(RICH))
    assert rich.data == {
        "text/html": "<b>x</b>",
        "image/svg+xml": "<svg/>",
        "image/png": base64.b64encode(b"\x89PNG").decode(),
        "application/json": {"a": [1, None]},
        "text/plain": "plain",
    }
    assert rich.metadata == {
        "text/html": {"isolated": True},
        "application/json": {"expanded": False},
    }
    assert bundle.data == {
        "text/html": "<i>y</i>",
        "image/png": base64.b64encode(b"png").decode(),
        "a/b": "{1}",
        "text/plain": "plain",
    }
    assert bundle.metadata == {"k": 1}
    assert nothing.data == {"text/plain": "plain"}
    assert kind.data == {"text/plain": "<class '__main__.Rich'>"}
    assert mock.data == {"text/plain": "True"}
    assert anything.data == {"text/plain": "anything"}
    assert itself.text == "shown by itself\n"


DISPLAY = posts.add(
    "display",
    """
    print("before")
    display(1, "two")
    print("between")
    handle = display("first state", display_id=True)
    display({"text/markdown": "*m*", "text/plain": "m"}, raw=True)
    """,
    "handle.update('second state')\ndisplay('other', display_id='name')",
    """
    handle.update("third state")
    display("replaced", display_id="name", update=True)
    print("last")
    """,
)


def test_displays_come_in_order_and_can_be_updated_by_later_cells(ran: Ran) -> None:
    first, second, third = ran.cells(DISPLAY)
    assert [o.text or o.data["text/plain"] for o in first] == [
        "before\n", "1", "'two'", "between\n", "'third state'", "m",
    ]  # fmt: skip
    assert first[-1].data["text/markdown"] == "*m*"
    assert [o.data["text/plain"] for o in second] == ["'replaced'"]
    assert [(o.kind, o.text) for o in third] == [("stdout", "last\n")]


CLEAR = posts.add(
    "clear",
    """
    from IPython.display import clear_output
    print("gone")
    display("gone too")
    clear_output()
    for step in range(30_000):
        clear_output(wait=True)
        print("step", step, "." * 1000)
    """,
    "print('stays')\nclear_output(wait=True)",
)


def test_cleared_output_is_gone_and_does_not_count_against_the_limit(ran: Ran) -> None:
    # 30 MB in all, of which no more than one line was ever there.
    assert ran.outputs(CLEAR) == [
        ("stdout", "step 29999 " + "." * 1000 + "\n"),
        ("stdout", "stays\n"),
    ]


IPYTHON = posts.add(
    "ipython",
    """
    from IPython.display import HTML, Markdown, display, clear_output, update_display
    display(Markdown("**bold**"))
    display(HTML("<b>h</b>"), display_id="h")
    update_display(Markdown("*new*"), display_id="h")
    """,
    "import IPython.display\nIPython.display.display(IPython.display.JSON({'a': 1}))",
)


def test_names_from_ipython_are_ours_too(ran: Ran) -> None:
    [bold, new], [json] = ran.cells(IPYTHON)
    assert bold.data["text/markdown"] == "**bold**"
    assert new.data["text/markdown"] == "*new*"
    assert "text/html" not in new.data
    assert json.data["application/json"] == {"a": 1}


PANDAS = posts.add("pandas", "import pandas as pd\npd.DataFrame({'a': [1, 2]})")


def test_a_table_of_pandas_is_html(ran: Ran) -> None:
    [[table]] = ran.cells(PANDAS)
    assert "<table" in table.data["text/html"]
    assert table.data["text/plain"].split() == ["a", "0", "1", "1", "2"]


STEADY = posts.add(
    "steady",
    "class C: pass\nC()",
    "import pandas as pd\ntable = pd.DataFrame({'a': [1]}).style.format('{:.1f}')\ntable",
    "pd.DataFrame({'b': [1]}).style.highlight_max()",
    "import matplotlib.pyplot as plt\nplt.style.use('default')\nplt.plot([1, 2])",
    "plt.colorbar(plt.imshow([[1, 2]]))",
)


def test_what_is_drawn_at_random_or_by_address_is_the_same_in_each_run(ran: Ran) -> None:
    # That both paths agree on this post is in the first test; here is what they agree on.
    plain, first, second, figure, colorbar = (cell[0] for cell in ran.cells(STEADY))
    assert plain.data["text/plain"] == "<__main__.C object at 0x…>"
    assert 'id="T_00001"' in first.data["text/html"]
    assert "#T_00002_row0_col0" in second.data["text/html"]
    assert (figure.kind, colorbar.kind) == ("figure", "figure")
    assert len(ran.cells(STEADY)[4]) == 1


# Figures.

FIGURES = posts.add(
    "figures",
    """
    import matplotlib.pyplot as plt
    plt.plot([1, 2])
    plt.figure(figsize=(3, 2))
    plt.hist([1, 2, 2])
    """,
    "print('a')\nplt.plot([1])\nplt.show()\nprint('b')\nplt.plot([2])",
    "#| fig-width: 2\n#| fig-height: 1\nplt.plot([1])",
    "fig, ax = plt.subplots(figsize=(4, 4))\nax.plot([1])\nfig",
    "fig, ax = plt.subplots()\nax.plot([1])\ndisplay(fig)\nprint('once')",
    "ax.plot([3])\nplt.figure()\nplt.close('all')",
    "plt.boxplot([1, 2, 3])",
    "fig, ax = plt.subplots()\nax.plot([1])\nfig.show()\nprint('shown')",
    "plt.subplots(2, 2)",
)


def test_every_open_figure_is_shown_once_and_in_order(ran: Ran) -> None:
    assert [[o.kind for o in cell] for cell in ran.cells(FIGURES)] == [
        ["figure", "figure"],
        ["stdout", "figure", "stdout", "figure"],
        ["figure"],
        ["figure"],
        ["figure", "stdout"],
        [],
        ["figure"],
        ["figure", "stdout"],
        ["figure"],
    ]
    sizes = [[o.metadata["width"] for o in c if o.kind == "figure"] for c in ran.cells(FIGURES)]
    usual, small = sizes[0]
    assert small < usual
    assert sizes[2][0] < small
    assert small < min(sizes[1])


def test_what_plotting_calls_return_is_not_shown(ran: Ran) -> None:
    assert not any(
        o.kind == "display" for place in (0, 1, 2, 3, 6, 8) for o in ran.cells(FIGURES)[place]
    )


AGAIN = posts.add(
    "again",
    "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"
    "(line,) = ax.plot([1, 2], color='black')\nfig",
    "line.set_color('red')\nax.plot([2, 1], color='black')\nax.text(0, 1, 'new')\nfig",
)


def test_a_figure_that_is_shown_again_has_the_ids_of_its_colours_now(ran: Ran) -> None:
    first, second = (cell[0].data["image/svg+xml"] for cell in ran.cells(AGAIN))
    for svg in (first, second):
        ids = re.findall(r'\bid="([^"]*)"', svg)
        assert len(ids) == len(set(ids))
        assert any(each.startswith("ink-") for each in ids)
    red = re.search(r'<g id="([^"]*)">\s*<path[^>]*stroke: #ff0000', second)
    assert red
    assert red[1].startswith("line2d_")


FORMATS = {
    "plain": post_text("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('t')"),
    "large": post_text(
        "import matplotlib.pyplot as plt\nplt.plot([i % 7 for i in range(40_000)], 'o')"
    ),
}


def test_a_figure_is_svg_unless_that_is_large_or_png_is_asked_for(tmp_path: Path) -> None:
    svg = run(FORMATS, tmp_path / "a", fork=True)
    again = run(FORMATS, tmp_path / "b" / "elsewhere", fork=True, jobs=1)
    png = run(FORMATS, tmp_path / "c", fork=True, figures={"format": "png", "width": 3.0})
    assert svg.outputs("plain") == [("figure", "image/svg+xml")]
    assert svg.outputs("large") == [("figure", "image/png")]
    assert png.outputs("plain") == [("figure", "image/png")]
    assert svg.cells("plain") == again.cells("plain")
    assert svg.cells("large") == again.cells("large")
    [[figure]] = png.cells("plain")
    assert figure.metadata["width"] < svg.cells("plain")[0][0].metadata["width"]


BROKEN_FIGURE = posts.add(
    "broken-figure",
    "#| error: true\nimport matplotlib.pyplot as plt\nplt.title('$\\\\frac$')",
    "print('goes on')",
    "#| error: true\nplt.plot([1, 2])\n1 / 0",
)


def test_a_figure_that_cannot_be_drawn_fails_in_its_cell_alone(ran: Ran) -> None:
    broken, fine, drawn = ran.cells(BROKEN_FIGURE)
    assert [o.kind for o in broken] == ["error"]
    assert [o.text for o in fine] == ["goes on\n"]
    assert [o.kind for o in drawn] == ["figure", "error"]


KERAS = posts.add(
    "keras",
    """
    import random
    import numpy as np
    print(random.random(), np.random.random())
    import keras
    print(random.random(), np.random.random(), keras.random.uniform((1,)))
    """,
)
FIT = posts.add(
    "fit",
    "import keras\nimport numpy as np",
    """
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    history = model.fit(np.ones((64, 2)), np.ones(64), epochs=2, batch_size=1, verbose=1)
    """,
)


def test_keras_progress_is_reduced_to_the_last_state_of_each_epoch(ran: Ran) -> None:
    _, [fit] = ran.cells(FIT)
    lines = [line for line in terminal_text(fit.text).split("\n") if line.strip()]
    assert len(lines) == 4
    assert [line.split()[0] for line in lines] == ["Epoch", "64/64", "Epoch", "64/64"]


def test_what_is_drawn_before_keras_is_not_drawn_again_after(ran: Ran) -> None:
    before, after = ran.cells(KERAS)[0][0].text.splitlines()
    assert not set(before.split()) & set(after.split())


def test_environment_names_what_was_imported(ran: Ran) -> None:
    execution = ran.outcomes[KERAS].execution
    assert execution is not None
    assert execution.environment is not None
    assert [name for name, _ in execution.environment.packages] == ["jax", "keras", "numpy"]
