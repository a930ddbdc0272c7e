"""Values and claims, really run: what they give, what is told of those that fail, what is kept."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from broken_sites import heads
from edits import stamps
from hypothesis import given, settings
from hypothesis import strategies as st
from small_site import Ran, make_site, run
from test_reuse import Watched

from site_builder.content.parse import parse
from site_builder.errors import Problem
from site_builder.execution.child.claims import Assertions
from site_builder.execution.child.program import Program
from site_builder.execution.engine import execute
from site_builder.execution.running import Executor
from site_builder.model.post import Source, Value
from site_builder.store import Store

HEAD = "---\ntitle: T\ndate: 2020-01-01\n---\n"
TEXTS: dict[str, str] = {}


def post(name: str, *parts: str, head: str = HEAD) -> str:
    """A post for all to be run at once, of such parts as `text` has; gives its name."""
    assert name not in TEXTS
    TEXTS[name] = text(*parts, head=head)
    return name


def text(*parts: str, head: str = HEAD) -> str:
    """A post of prose, in one line, and of cells, which end in a line end."""
    blocks = [f"```python\n{p}```\n" if p.endswith("\n") else f"{p}\n" for p in parts]
    return head + "\n".join(blocks)


@dataclass(frozen=True)
class Results:
    ran: Ran

    def texts(self, name: str) -> list[str]:
        return [value.text for value in self.values(name)]

    def values(self, name: str) -> tuple[Value, ...]:
        outcome = self.ran.outcomes[name]
        assert outcome.execution is not None, "\n".join(map(str, outcome.problems))
        return outcome.execution.values

    def problems(self, name: str) -> list[Problem]:
        found = self.ran.outcomes[name].problems
        return sorted(found, key=lambda p: (p.line, p.column))

    def told(self, name: str) -> list[str]:
        """Place and message of each problem; the place is really that of what is at fault."""
        for problem in self.problems(name):
            assert problem.excerpt == TEXTS[name].split("\n")[problem.line - 1]
            if problem.column > 1:
                assert problem.excerpt[problem.column - 2] in " `\"'(:"
        return [f"{p.line}:{p.column} {p.message}" for p in self.problems(name)]

    def assertions(self, name: str) -> list[tuple[str, bool, dict[str, str]]]:
        """Each assertion of the claims of cells, whether it holds, and its parts."""
        return [
            (o.text, o.metadata["holds"], dict(o.metadata["parts"]))
            for cell in self.ran.cells(name)
            for o in cell
            if o.kind == "assertion"
        ]


@pytest.fixture(scope="module", params=[True, False], ids=["forked", "fresh"])
def results(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("site")
    (folder / "posts").mkdir()
    (folder / "posts/data.txt").write_text("21")
    return Results(run(TEXTS, folder, fork=request.param, memory=4.0))


# What values are

ORDER = post("order", "`{python} 1 + 1`", "n = 1\n", "`{python} n`", "n = n + 1\n", "`{python} n`")


def test_values_before_between_and_after_cells(results: Results) -> None:
    assert results.texts(ORDER) == ["2", "1", "2"]


EFFECTS = post(
    "effects",
    "import itertools\ncounter = itertools.count()\n",
    "`{python} next(counter)` `{python} next(counter)` $x = `{python} next(counter)`$",
    "print(next(counter))\n",
)


def test_each_expression_is_evaluated_once_and_in_order(results: Results) -> None:
    assert results.texts(EFFECTS) == ["0", "1", "2"]
    assert results.ran.stdout(EFFECTS) == "3\n"


EVERYWHERE = post(
    "everywhere",
    "# Head `{python} n`",
    "#| fig-cap: cap `{python} n`\nn = n + 1\n",
    "After `{python} n`",
    "n = n + 1\n",
    head=HEAD.replace("title: T", "title: T `{python} n`\nsummary: S `{python} n * 10`")
    + "```python\nn = 1\n```\n",
)


def test_captions_come_after_their_cell_and_the_title_in_the_end(results: Results) -> None:
    assert results.texts(EVERYWHERE) == ["1", "2", "2", "3", "30"]


FORMATS = post(
    "formats",
    "import datetime, fractions, numpy as np\nx, a = np.float64(0.97312), np.array([1.0, 2.5])\n"
    "s, d, p = 'text', datetime.date(2020, 1, 2), object()\n",
    "`{python} x` `{python} x:.1%` `{python} a` `{python} a!r` `{python} s` `{python} s!r:>8` "
    "`{python} d:%d.%m.%Y` `{python} 10**6:,` `{python} p` `{python} 'a\\nb'` `{python} True` "
    "`{python} '\\ud800'` `{python} fractions.Fraction(1, 3)` `{python} ''` `{python} x:` "
    "`{python} len([y for y in a if y > x])` `{python} f'{x:.2f}'` `{python} 'ü'!a`",
)


def test_values_are_formatted_as_in_an_f_string(results: Results) -> None:
    assert results.texts(FORMATS) == [
        "0.97312", "97.3%", "[1.  2.5]", "array([1. , 2.5])", "text", "  'text'",
        "02.01.2020", "1,000,000", "<object object at 0x…>", "a b", "True",
        "\\ud800", "1/3", "", "0.97312", "2", "0.97", "'\\xfc'",
    ]  # fmt: skip


CONTROLS = post(
    "controls",
    r"shown = 'a\x00b \x1b[1;31mred\x1b[0m \x07 c\r\nd\re\tf'" + "\n",
    "`{python} shown` `{python} shown!r:.6`",
)


def test_a_value_holds_no_character_that_nobody_can_see(results: Results) -> None:
    assert results.texts(CONTROLS) == ["a\\x00b red \\x07 c d e\tf", "'a\\x00"]


RICH = post(
    "rich",
    "class Rich:\n"
    "    def _repr_markdown_(self): return '**m**'\n"
    "    def _repr_latex_(self): return '$m$'\n"
    "    def _repr_html_(self): return '<b>m</b>'\n"
    "    def __str__(self): return 'm'\n"
    "class Lazy:\n"
    "    def _repr_html_(self): raise NotImplementedError\n"
    "    def __str__(self): return 'lazy'\n"
    "rich, lazy = Rich(), Lazy()\n",
    "`{python} rich` `{python} rich!s` `{python} lazy`",
)


def test_richer_forms_unless_a_text_is_asked_for(results: Results) -> None:
    rich, plain, lazy = results.values(RICH)
    assert dict(rich.data) == {
        "text/markdown": "**m**",
        "text/latex": "$m$",
        "text/html": "<b>m</b>",
    }
    assert [rich.text, plain.text, lazy.text] == ["m", "m", "lazy"]
    assert not plain.data
    assert not lazy.data


NO_CELLS = post("no-cells", "It is `{python} 6 * 7`.", "[Six]{claim='2 * 3 == 6'}")
UNRUN = post("unrun", "`{python} 1`", "#| eval: false\nx = 1\n", "`{python} 'x' in globals()`")
MAGICS = post("magics", "%matplotlib inline\nx = 2\n", "`{python} x` [So]{claim='x == 2'}")
FUTURE = post(
    "future", "from __future__ import annotations\nx = 2\n", "`{python} (lambda: x)()` `{python} _`"
)
READS = post("reads", "`{python} int(open('data.txt').read()) * 2`")
LINES = post(
    "lines",
    "import inspect\n",
    "`{python} inspect.currentframe().f_lineno` "
    "`{python} inspect.currentframe().f_code.co_filename` "
    "`{python} f'{inspect.currentframe().f_code.co_filename}:1'`",
)


def test_posts_without_cells_that_run(results: Results) -> None:
    assert results.texts(NO_CELLS) == ["42", ""]
    assert results.texts(UNRUN) == ["1", "False"]


def test_posts_with_magics_and_future_statements(results: Results) -> None:
    assert results.texts(MAGICS) == ["2", ""]
    outcome = results.ran.outcomes[FUTURE]
    assert outcome.problems == () or "'_'" in outcome.problems[0].message


def test_a_value_may_read_a_file(results: Results) -> None:
    assert results.texts(READS) == ["42"]


def test_the_name_under_which_a_value_is_compiled_reaches_nobody(results: Results) -> None:
    assert results.texts(LINES) == ["1", "posts/lines.md", "posts/lines.md:9"]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_outcome_tells_inner_names(results: Results, name: str) -> None:
    outcome = results.ran.outcomes[name]
    told = "\n".join(map(str, (*outcome.problems, *outcome.warnings, outcome.execution)))
    assert not re.search(r", (?:value|cell) \d|@note|@check|site_builder/execution", told)


# What values are not

PROBLEMS = post(
    "problems",
    "def inverse(x):\n    return 1 / x\naccuracy = 0.5\n",
    "`{python} inverse(0)` `{python} acuracy` `{python} below`",
    "`{python} accuracy:d` `{python} accuracy` `{python} None` `{python} print('hey')`",
    '[It is]{claim="accuracy > 0.9"} [so `{python} accuracy`]{claim="inverse(0)"}',
    "below = 1\n1 / 0\n",
)


def test_all_that_fails_in_a_post_is_told_in_one_run(results: Results) -> None:
    assert results.told(PROBLEMS) == [
        "11:11 ZeroDivisionError: division by zero",
        "11:33 NameError: name 'acuracy' is not defined",
        "11:52 NameError: name 'below' is not defined",
        "13:20 the format 'd' does not fit: Unknown format code 'd' for object of type 'float' "
        "(it is 0.5)",
        "13:53 the value is None: there is nothing to show",
        "13:69 the value prints 'hey'",
        "15:16 the claim 'It is' is false",
        "15:65 ZeroDivisionError: division by zero",
        "19:1 ZeroDivisionError: division by zero",
    ]


def test_what_to_do_about_it(results: Results) -> None:
    assert [p.help for p in results.problems(PROBLEMS)] == [
        "",
        "did you mean 'accuracy'?",
        "the cell in line 18 defines it, which runs later: move one of them",
        "",
        "name what the cell above made",
        "print in a cell; here its value alone is shown",
        "",
        "",
        "",
    ]


def test_an_error_within_a_function_of_a_cell_has_both_lines(results: Results) -> None:
    [note] = results.problems(PROBLEMS)[0].notes
    lines = re.findall(r'File "posts/problems.md", line (\d+), in (\S+)', note)
    assert lines == [("11", "<module>"), ("7", "inverse")]


def test_a_false_claim_tells_the_values_in_it(results: Results) -> None:
    claim = results.problems(PROBLEMS)[6]
    assert claim.notes == ("accuracy > 0.9\n  accuracy = 0.5",)


MISPLACED = post(
    "misplaced",
    "import matplotlib.pyplot as plt\nfigure = plt.figure()\nlong = 'x' * 10_000_000\n"
    "class Loud:\n    def __str__(self): raise ValueError('loud')\n",
    "`{python} figure` `{python} len(plt.plot([1]))` `{python} long` `{python} list(range(10**6))`",
    "`{python} Loud()` `{python} display(1)` `{python} input()` `{python} exit(3)`",
    "print('the end')\n",
)


def test_what_fits_into_no_sentence(results: Results) -> None:
    assert results.told(MISPLACED) == [
        "13:11 the value is a figure, which does not fit into a sentence",
        "13:29 the value shows something by itself",
        "13:59 the value is a text of 10000000 characters, which does not fit into a sentence",
        "13:75 the value is a text of 7888890 characters, which does not fit into a sentence",
        "15:11 ValueError: loud",
        "15:29 the value shows something by itself",
        "15:51 EOFError: a post has no standard input: nobody is there to type",
        "15:70 the value calls sys.exit(3)",
    ]


NOWHERE = post("nowhere", "`{python} nothing`")
DYING = post("dying", "x = 1\n", "`{python} x` `{python} __import__('os')._exit(3)` `{python} y`")
KILLED = post("killed", "`{python} __import__('os').kill(__import__('os').getpid(), 9)`")
SLOW = post("slow", "`{python} __import__('time').sleep(60)`", head=HEAD.replace(
    "title: T", "title: T\ntimeout: 0.3"))  # fmt: skip
SLOW_CLAIM = post(
    "slow-claim",
    "#| timeout: 30\nimport time\n",
    "[So]{claim='time.sleep(60)'}",
    head=HEAD.replace("title: T", "title: T\ntimeout: 0.3"),
)
GREEDY = post("greedy", "`{python} len(bytearray(10**12))` `{python} 1 / 0`")
FORKING = post("forking", "import os\n", "`{python} min(os.fork(), 0)` `{python} 1`")
OTHER_ENDS = post(
    "other-ends",
    "class End(BaseException): pass\ndef end(): raise End('x')\n",
    "`{python} end()` `{python} 1 / 0`",
)


@pytest.mark.parametrize(
    ("name", "told", "help_"),
    [
        (NOWHERE, ["5:11 NameError: name 'nothing' is not defined"],
         "no cell above defines any name"),
        (DYING, ["9:24 a value in the prose ended its own process with code 3"],
         "a cell must not call os._exit"),
        (KILLED, ["5:11 a value in the prose: its process was killed by SIGKILL"],
         "the system may have run out of memory"),
        (SLOW, ["6:11 a value in the prose took longer than 0.3 s and was stopped"],
         "allow more with 'timeout: SECONDS' in the front matter or [execution] timeout"),
        (SLOW_CLAIM, ["11:13 a claim in the prose took longer than 0.3 s and was stopped"],
         "allow more with 'timeout: SECONDS' in the front matter or [execution] timeout"),
        (GREEDY, ["5:15 MemoryError: the post needed more than 4 GB",
                  "5:45 ZeroDivisionError: division by zero"],
         "allow more with [execution] memory"),
        (FORKING, ["9:11 a value in the prose forked, and the copy ran on past its end; ended"],
         "end the copy with os._exit, or use subprocess or multiprocessing"),
        (OTHER_ENDS, ["10:11 End: x", "10:28 ZeroDivisionError: division by zero"], ""),
    ],
)  # fmt: skip
def test_whatever_ends_a_value_its_place_is_told(
    results: Results, name: str, told: list[str], help_: str
) -> None:
    assert results.told(name) == told
    assert results.problems(name)[0].help == help_


# Claims in prose

TRUE = post(
    "true",
    "import numpy as np, pandas as pd\nS = np.array([0.5, 0.5])\n"
    "frame = pd.DataFrame({'a': [1, 2]})\n"
    "class Equal:\n"
    "    def __init__(self, *sides): self.sides = sides\n"
    "    def __eq__(self, other): return Equal(self, other)\n"
    "    def __bool__(self): return self.sides[0] is self.sides[1]\n"
    "e = Equal(0, 0)\n",
    '[One]{claim="abs(S.sum() - 1) < 1e-12"}',
    '[All]{claim="(S > 0).all()"} [All]{claim="all(x > 0 for x in S)"} [a]{claim="np.True_"} '
    '[b]{claim="np.array(True)"} [c]{claim="(frame.a > 0).all()"} [d]{claim="e == e"} '
    '[e]{claim="S[0] == 0.5 or S[9]"} [f]{claim="0 < S[0] < 1"}',
)


def test_claims_hold_with_the_values_of_their_parts(results: Results) -> None:
    first, *others = results.values(TRUE)
    assert first.holds
    assert first.parts == (
        ("S", "[0.5 0.5]"),
        ("S.sum()", "1.0"),
        ("abs(S.sum() - 1)", "0.0"),
    )
    assert all(value.holds for value in others)
    assert dict(others[-2].parts) == {"S": "[0.5 0.5]", "S[0]": "0.5"}


UNCLEAR = post(
    "unclear",
    "import numpy as np, pandas as pd\nS = np.array([0.5, 0.5])\n"
    "class Relational:\n"
    "    def __bool__(self): raise TypeError('cannot determine truth value')\n"
    "    def __repr__(self): return 'x < y'\n",
    '[a]{claim="S > 0"}',
    '[b]{claim="S.sum()"}',
    '[c]{claim="len(S)"}',
    '[d]{claim="pd.DataFrame({1: [2]})"}',
    '[e]{claim="Relational()"}',
    '[f]{claim="None"}',
    '[g]{claim="[x for x in range(2)]"}',
    '[h]{claim="np.array([True])"}',
    '[i]{claim="pd.NA"}',
    '[j]{claim="object"}',
)


def test_what_is_neither_true_nor_false(results: Results) -> None:
    assert [
        re.sub(r"^\S+ the claim's expression gives ", "", p) for p in results.told(UNCLEAR)
    ] == [
        "an array of 2 values: say 'all' or 'any' of them",
        "1.0, which is neither true nor false: compare it with something",
        "2, which is neither true nor false: compare it with something",
        "an array of 1 × 1 values: say 'all' or 'any' of them",
        "x < y, which is neither true nor false: cannot determine truth value",
        "None, which is neither true nor false: compare it with something",
        "[0, 1], which is neither true nor false: compare it with something",
        "an array of 1 values: say 'all' or 'any' of them",
        "<NA>, which is neither true nor false: boolean value of NA is ambiguous",
        "<class 'object'>, which is neither true nor false",
    ]


JAX = post(
    "jax",
    "import jax.numpy as jnp\nA = jnp.array([1.0, 2.0])\n",
    '[a]{claim="(A > 0).all()"} `{python} A.sum():.2f` [b]{claim="A.sum() == 4"}',
    '[c]{claim="A > 0"}',
)


def test_arrays_of_jax(results: Results) -> None:
    assert results.told(JAX) == [
        "10:62 the claim 'b' is false",
        "12:12 the claim's expression gives an array of 2 values: say 'all' or 'any' of them",
    ]
    assert results.problems(JAX)[0].notes == ("A.sum() == 4\n  A = [1. 2.]\n  A.sum() = 3.0",)


PATHS = post(
    "paths",
    "from pathlib import Path\nhere = Path.cwd()\n",
    '[a]{claim="here.exists()"} [b]{claim="(here.parent / \'posts\').samefile(here)"}',
    "#| claim: It is there\nassert here.parent.exists()\n",
)


def test_parts_tell_no_paths_of_the_machine(results: Results) -> None:
    first, second = results.values(PATHS)
    assert first.parts == (("here", "PosixPath('posts')"),)
    assert dict(second.parts)["here.parent"] == "PosixPath('.')"
    [(_, _, parts)] = results.assertions(PATHS)
    assert parts == {"here": "PosixPath('posts')", "here.parent": "PosixPath('.')"}


# Claims of cells

CLAIM = "#| claim: It *holds*\n"
PROVEN = post(
    "proven",
    CLAIM + "import asyncio\nx, made = [1, 2], []\n"
    "def make():\n    made.append(1)\n    return made\n"
    "async def later(): return 7\n"
    "assert x[0] == 1, 1 / 0\n"
    "assert make() and len(made) == 1\n"
    "assert (y := 5) > 3\n"
    "assert await later() == 7\n"
    "for i in range(3):\n    assert i < 5\n"
    "assert all(i < 3 for i in range(3)); assert not made == []\n"
    "assert 1 < y < 10\n"
    "assert f'{y}' == '5'\n"
    "'a value'\n",
)


def test_assertions_are_noted_with_their_parts(results: Results) -> None:
    assert results.assertions(PROVEN) == [
        ("x[0] == 1", True, {"x": "[1, 2]", "x[0]": "1"}),
        ("make() and len(made) == 1", True, {"make()": "[1]", "made": "[1]", "len(made)": "1"}),
        ("(y := 5) > 3", True, {}),
        ("await later() == 7", True, {"await later()": "7"}),
        ("i < 5", True, {"i": "2"}),
        ("all(i < 3 for i in range(3))", True, {}),
        ("not made == []", True, {"made": "[1]"}),
        ("1 < y < 10", True, {"y": "5"}),
        ("f'{y}' == '5'", True, {}),
    ]
    assert results.ran.values(PROVEN) == ["'a value'"]


INSIDE = post(
    "inside",
    CLAIM + "def check(x):\n    assert x\ncheck(1)\n",
    CLAIM + "import numpy as np\nnp.testing.assert_allclose([1.0], [1.0])\n",
)


def test_a_claim_may_be_proven_by_what_is_called(results: Results) -> None:
    assert results.assertions(INSIDE) == []


FALSE = post(
    "false",
    CLAIM + "for i in range(3):\n    assert i < 2, f'i is {i}'\n",
    '[It does not]{claim="i < 2"}',
    CLAIM + "import numpy as np\nnp.testing.assert_allclose([1.0, 2.0], [1.0, 2.1])\n",
    CLAIM + "def check(x):\n    assert x > 1, 'small'\ncheck(1)\nx = 1\n",
    CLAIM + "raise AssertionError('own')\n",
    CLAIM + "assert i == 1 and 1 / 0\n",
    CLAIM + "assert i == 2\n",
    "`{python} i`",
)


def test_every_false_claim_of_a_post_is_told_in_one_run(results: Results) -> None:
    assert results.told(FALSE) == [
        "8:0 the claim 'It *holds*' is false: i is 2",
        "11:22 the claim 'It does not' is false",
        "16:0 the claim 'It *holds*' is false: Not equal to tolerance rtol=1e-07, atol=0",
        "23:0 the claim 'It *holds*' is false: small",
        "29:0 the claim 'It *holds*' is false: own",
        "34:0 the claim 'It *holds*' is false",
    ]
    problems = results.problems(FALSE)
    assert problems[0].notes == ("assert i < 2\n  i = 2",)
    assert problems[1].notes == ("i < 2\n  i = 2",)
    assert "Max absolute difference" in problems[2].notes[0]
    assert problems[5].notes == ("assert i == 1 and 1 / 0\n  i = 2",)


SPACED = post("spaced", CLAIM + "assert '  '  != ' '\nassert (1 ==\n        1)\n")


def test_an_assertion_is_told_as_it_is_written(results: Results) -> None:
    assert [text for text, _, _ in results.assertions(SPACED)] == ["'  '  != ' '", "1 == 1"]


CAUGHT = post(
    "caught",
    CLAIM + "def f(x): return 1 / x\n"
    "try: assert f(3) == f(0)\nexcept ZeroDivisionError: n = 2\n"
    "for i in range(2):\n    try: assert i\n    except AssertionError: n += 1\n"
    "try: assert n < 0\nexcept AssertionError: pass\n"
    "assert n == 3\n",
)


def test_assertions_whose_failure_the_cell_awaits_make_no_claim_false(results: Results) -> None:
    assert results.assertions(CAUGHT) == [("i", True, {}), ("n == 3", True, {"n": "3"})]


UNREACHED = post(
    "unreached",
    "rows = []\n",
    CLAIM + "for row in rows:\n    assert row > 0\n",
    CLAIM + "def check(x):\n    assert x > 0\nif rows:\n    assert rows\ncheck(1)\n",
    CLAIM + "try: assert rows\nexcept AssertionError: raise AssertionError('own') from None\n",
)


def test_a_claim_is_false_if_no_assertion_of_it_was_reached(results: Results) -> None:
    assert results.told(UNREACHED) == [
        "12:0 the claim 'It *holds*' is false: none of its assertions was reached",
        "26:0 the claim 'It *holds*' is false: own",
    ]


RAISING = post("raising", CLAIM + "assert 1 == 1\n1 / 0\n", "`{python} 1`")


def test_a_cell_that_claims_and_raises_fails_like_any_other(results: Results) -> None:
    assert results.told(RAISING) == ["8:1 ZeroDivisionError: division by zero"]


LONG = post(
    "long", CLAIM + "many = list(range(10**6))\nfor i in range(2000):\n    assert many[i] == i\n"
)


def test_assertions_in_a_loop_do_not_write_out_what_is_long(results: Results) -> None:
    [(_, holds, parts)] = results.assertions(LONG)
    assert holds
    assert parts["many"].startswith("[0, 1, 2")
    assert len(parts["many"]) <= 160
    assert parts["many[i]"] == "1999"


# Code with a claim does what it does without


def ended(code: str, *, claim: bool) -> tuple[list[object], dict[str, str], str]:
    """What code called, the variables it left, and what it raised."""
    called: list[object] = []

    def f(value: Any, *_: object, **__: object) -> Any:
        called.append(value)
        return value

    namespace: dict[str, Any] = {"f": f, "a": [1, 2, 3], "d": {"k": 2}, "n": 2}
    raised = ""
    try:
        Program(namespace).run(code, "cell", Assertions("").watch if claim else None)
    except Exception as error:
        raised = f"{type(error).__name__}: {error}"
    shown = {
        name: repr(value)
        for name, value in namespace.items()
        if not callable(value) and name != "__builtins__"
    }
    return called, shown, raised


NUMBER = st.sampled_from(["n", "1", "f(1)", "f(n)", "a[0]", "a[f(1)]", "d['k']", "len(a)", "f(0)"])
TERM = st.recursive(
    NUMBER,
    lambda inner: st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("f({}, *a, key={})".format, inner, inner),
        st.builds("max(*[{}, {}])".format, inner, inner),
        st.builds("(m := {})".format, inner),
        st.builds("sum(x for x in a if x > {})".format, inner),
        st.builds("[{}, {}][1]".format, inner, inner),
        st.builds("a[0:{}][-1]".format, inner),
        st.builds("int(f'{{{}}}')".format, NUMBER.filter(lambda t: "'" not in t)),
        st.builds("(lambda q: q + {})({})".format, NUMBER, inner),
        st.builds("a.index({})".format, inner),
        st.builds("({} / {})".format, inner, inner),
    ),
    max_leaves=5,
)
TEST = st.one_of(
    TERM,
    st.builds("{} == {}".format, TERM, TERM),
    st.builds("{} < {} <= {}".format, TERM, TERM, TERM),
    st.builds("not {}".format, TERM),
    st.builds("{} and {} or {}".format, TERM, TERM, TERM),
    st.builds("{} in a".format, TERM),
)
ASSERT = st.one_of(
    st.builds("assert {}".format, TEST), st.builds("assert {}, f({})".format, TEST, TERM)
)
STATEMENT = st.one_of(
    ASSERT,
    st.builds("n = {}".format, TERM),
    st.builds("for i in a:\n    {}".format, ASSERT),
    st.builds("try:\n    {}\nexcept AssertionError as e:\n    n = str(e)".format, ASSERT),
    st.builds("def g():\n    {}\n    return 1\nn = g()".format, ASSERT),
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(STATEMENT, min_size=1, max_size=4).map("\n".join))
def test_code_with_a_claim_does_what_it_does_without(code: str) -> None:
    assert ended(code, claim=True) == ended(code, claim=False)


# Whole builds: what runs again, and what is told


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Watched]:
    """Makes a site of posts, of which is noted which run."""
    ran: list[str] = []
    whole = Executor.run

    def watched(self: Executor, tasks: Sequence[Any], *rest: Any) -> Any:
        ran.extend(task.path for task in tasks)
        return whole(self, tasks, *rest)

    monkeypatch.setattr(Executor, "run", watched)

    def make(**posts: str) -> Watched:
        files = {f"posts/{name}.md": content for name, content in posts.items()}
        return Watched(tmp_path / "site", files, ran)

    return make


Make = Callable[..., Watched]
ONE = text(
    "x = 3\n", "It is `{python} x:.1f` now.", "y = 4\n", 'And `{python} y`. [So]{claim="y > x"}'
)


def values(site: Watched, name: str = "one") -> list[str]:
    """The values in the HTML of a page, in their order."""
    html = (site.public / name / "index.html").read_text()
    return re.findall(r'id="value-\d+"[^>]*>([^<]*)<', html)


def test_what_did_not_change_does_not_run_and_shows_the_same(make: Make) -> None:
    site = make(one=ONE)
    assert site.runs() == ["one"]
    assert values(site) == ["3.0", "4"]
    before = stamps(site.root)
    assert site.runs() == []
    assert stamps(site.root) == before
    shutil.rmtree(site.public)
    assert site.runs() == []
    assert values(site) == ["3.0", "4"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("It is", "Above\n\nmore\n\nand more. It is"),
        ("now.", "then."),
        ("[So]", "[So it is]"),
        ("`{python} y`", "`{python} y`{tolerance=0.5}"),
        ("`{python} y`", "`{python} y`{.volatile}"),
        ("`{python} y`", "{eval}`y`"),
        ("`{python} y`", "**`{python}  y `**"),
    ],
)
def test_prose_around_an_expression_runs_nothing(make: Make, old: str, new: str) -> None:
    site = make(one=ONE)
    site.built()
    site.edit("posts/one.md", old, new)
    assert site.runs() == []
    assert values(site) == ["3.0", "4"]


@pytest.mark.parametrize(
    ("old", "new", "shown", "why"),
    [
        ("x:.1f`", "x:.2f`", ["3.00", "4"],
         "line 9 shows 'x:.2f', which is new"),
        ("x:.1f`", "x!r`", ["3", "4"], "line 9 shows 'x!r', which is new"),
        ("And ", "And `{python} x + y` ", ["3.0", "7", "4"],
         "line 15 shows 'x + y', which is new"),
        ("It is `{python} x:.1f` now.", "It is.", ["4"],
         "the value of 'x:.1f' is shown no more"),
        (' [So]{claim="y > x"}', "", ["3.0", "4"], "the value of 'y > x' is shown no more"),
        ('claim="y > x"', 'claim="y >= x"', ["3.0", "4"],
         "line 15 shows 'y >= x', which is new"),
        ("title: T", "title: T `{python} x`", ["3.0", "4"],
         "line 2 shows 'x', which is new"),
    ],
)  # fmt: skip
def test_an_expression_that_changes_runs_the_post(
    make: Make, old: str, new: str, shown: list[str], why: str
) -> None:
    site = make(one=ONE)
    site.built()
    site.edit("posts/one.md", old, new)
    assert why in "\n".join(site.explained())
    assert site.runs() == ["one"]
    assert values(site) == shown
    assert site.runs() == []


def test_the_order_of_expressions_counts(make: Make) -> None:
    site = make(one=text("x = [1]\n", "`{python} x.append(2) or x` then `{python} len(x)`"))
    site.built()
    assert values(site) == ["[1, 2]", "2"]
    site.put(
        {"posts/one.md": text("x = [1]\n", "`{python} len(x)` then `{python} x.append(2) or x`")}
    )
    assert site.runs() == ["one"]
    assert values(site) == ["1", "[1, 2]"]


def test_an_expression_that_moves_past_a_cell_runs_the_post(make: Make) -> None:
    site = make(one=text("x = 1\n", "`{python} x`", "x = 2\n", "End."))
    site.built()
    site.put({"posts/one.md": text("x = 1\n", "Now.", "x = 2\n", "`{python} x`")})
    assert site.runs() == ["one"]
    assert values(site) == ["2"]


@pytest.mark.parametrize("prose_first", [True, False])
def test_what_a_cell_says_of_its_inputs_is_not_said_of_values(
    make: Make, prose_first: bool
) -> None:
    parts = ["`{python} __import__('subprocess').getoutput('cat n.txt')`", "#| reads: []\nx = 1\n"]
    site = make(one=text(*(parts if prose_first else reversed(parts))))
    site.put({"posts/n.txt": "1"})
    told = site.built()
    assert values(site) == ["1"]
    assert "a value in the prose runs the program" in told.err
    site.put({"posts/n.txt": "2"})
    site.built()
    assert values(site) == ["2"]


def test_a_file_that_a_value_reads_is_observed(make: Make) -> None:
    site = make(one=text("`{python} open('n.txt').read()`"))
    site.put({"posts/n.txt": "1"})
    site.built()
    assert site.runs() == []
    site.put({"posts/n.txt": "2"})
    assert site.explained() == ["posts/one.md: runs: posts/n.txt changed"]
    assert site.runs() == ["one"]
    assert values(site) == ["2"]


def test_a_value_whose_inputs_nobody_sees_runs_in_every_build(make: Make) -> None:
    site = make(one=text("`{python} __import__('subprocess').run(['true']).returncode`"))
    told = site.built()
    [warning] = heads(told.err, "warning")
    assert warning.startswith("posts/one.md")
    assert "runs in every build: a value in the prose runs the program true" in warning
    assert site.runs() == ["one"]


NOISE = text("import os\n", "`{python} os.urandom(4).hex()`", "[So]{claim='os.urandom(9) != 1'}")


def test_a_value_that_differs_between_runs_is_told_of(make: Make) -> None:
    site = make(one=NOISE)
    site.built()
    site.edit("posts/one.md", "claim='os", "claim='1 and os")
    [warning] = heads(site.built().err, "warning")
    assert warning == (
        "posts/one.md:9:11: 'os.urandom(4).hex()' has another value than in its last run, "
        "though nothing that it reads changed"
    )
    site.edit("posts/one.md", "hex()`", "hex()`{.volatile}")
    site.edit("posts/one.md", "claim='1", "claim='2")
    assert "warning" not in site.built().err


def test_frozen_builds_run_nothing(make: Make) -> None:
    site = make(one=ONE)
    site.built()
    assert site.runs("--frozen") == []
    site.edit("posts/one.md", "x:.1f", "x:.2f")
    told = site.build("--frozen")
    assert heads(told.err) == [
        "posts/one.md:6: the post would have to run: line 9 shows 'x:.2f', which is new"
    ]


def test_frozen_values_are_shown_where_nothing_is_kept(make: Make) -> None:
    site = make(one=ONE, two=text("`{python} 6 * 7` [So]{claim='1 == 1'}"))
    assert site.run("freeze", "-C", str(site.root), "posts/*").code == 0
    shutil.rmtree(site.root / ".cache")
    assert site.runs() == []
    assert (values(site), values(site, "two")) == (["3.0", "4"], ["42"])
    site.edit("posts/one.md", "It is", "Above\n\nit is")
    assert site.runs() == []
    site.edit("posts/one.md", "x:.1f", "x:.2f")
    assert site.runs() == ["one"]
    assert values(site) == ["3.00", "4"]


NEVER = ONE.replace("title: T", "title: T\nexecute: frozen")


def test_a_post_that_never_runs_shows_its_frozen_record(make: Make) -> None:
    site = make(one=ONE.replace("y = 4", "import missing_package\ny = 4"))
    site.put({"posts/missing_package.py": ""})
    assert site.run("freeze", "-C", str(site.root), "posts/*").code == 0
    shutil.rmtree(site.root / ".cache")
    (site.root / "posts/missing_package.py").unlink()
    site.edit("posts/one.md", "title: T", "title: T\nexecute: frozen")
    site.ran.clear()
    told = site.build()
    assert (told.code, site.ran) == (1, [])
    assert heads(told.err) == [
        "posts/one.md: the post says 'execute: frozen': "
        "posts/missing_package.py is gone since it was frozen"
    ]


def test_a_post_that_never_runs_and_has_nothing_to_show_fails(make: Make) -> None:
    site = make(one=NEVER)
    for arguments in ((), ("--frozen",)):
        told = site.build(*arguments)
        assert (told.code, site.ran) == (1, [])
        assert heads(told.err) == [
            "posts/one.md: the post says 'execute: frozen', and has no frozen record"
        ]
    assert site.run("freeze", "-C", str(site.root), "posts/*").code == 0
    shutil.rmtree(site.root / ".cache")
    site.ran.clear()
    assert site.runs() == []
    assert site.runs("--frozen") == []
    assert values(site) == ["3.0", "4"]
    site.edit("posts/one.md", "x:.1f", "x:.2f")
    site.ran.clear()
    told = site.build()
    assert (told.code, site.ran) == (1, [])
    assert heads(told.err) == [
        "posts/one.md: the post says 'execute: frozen': "
        "line 10 shows 'x:.2f', which is new since it was frozen"
    ]


def test_a_post_that_never_runs_is_shown_whatever_became_of_packages(make: Make) -> None:
    site = make(one=NEVER)
    assert site.run("freeze", "-C", str(site.root), "posts/*").code == 0
    record = site.root / "posts/one.frozen/record.json"
    document = json.loads(record.read_text())
    document["trace"]["packages"] = {"gone": "1.0"}
    document["trace"]["interpreter"]["python"] = "3.1.4"
    record.write_text(json.dumps(document))
    shutil.rmtree(site.root / ".cache")
    site.ran.clear()
    assert site.runs() == []
    assert values(site) == ["3.0", "4"]


# False claims

FALSE_ONE = text("x = 3\n", '[It is]{claim="x > 9"}', "#| claim: It is\nassert x > 8\n")
SAID = [
    "posts/one.md:9:16: the claim 'It is' is false",
    "posts/one.md:13: the claim 'It is' is false",
]


def test_false_claims_of_all_posts_fail_the_build_each_time(make: Make) -> None:
    site = make(one=FALSE_ONE, two=FALSE_ONE, good=ONE)
    for _ in range(2):
        told = site.build("-j1")
        assert told.code == 1
        assert heads(told.err) == [*SAID, *(line.replace("one.md", "two.md") for line in SAID)]
        assert not site.public.exists()
    assert site.ran.count("posts/one.md") == 2
    assert site.ran.count("posts/good.md") == 1


def test_false_claims_can_be_allowed_and_are_marked(make: Make) -> None:
    site = make(one=FALSE_ONE)
    assert site.runs("--allow-false-claims") == ["one"]
    assert "false" in site.page("one").lower()
    assert site.runs("--allow-false-claims") == []
    assert site.explained()[0] == "posts/one.md: runs: a claim was false in its last run"
    # Nothing changed but that they are not allowed any more.
    before = stamps(site.public)
    for arguments in ((), (), ("--frozen",)):
        told = site.build(*arguments)
        assert told.code == 1
        assert heads(told.err) == SAID
        assert stamps(site.public) == before
    assert site.runs("--allow-false-claims") == []


def test_a_claim_that_is_mended_is_shown_again(make: Make) -> None:
    site = make(one=FALSE_ONE)
    assert site.build().code == 1
    site.edit("posts/one.md", "x = 3", "x = 10")
    assert site.runs() == ["one"]
    assert site.runs("--allow-false-claims") == []
    assert site.runs() == []


def test_a_frozen_claim_that_is_false(make: Make) -> None:
    site = make(one=FALSE_ONE)
    told = site.run("freeze", "-C", str(site.root), "posts/*")
    assert told.code == 1
    assert heads(told.err) == SAID
    assert not (site.root / "posts/one.frozen").exists()


def test_a_claim_that_depends_on_a_file_is_checked_again(make: Make) -> None:
    site = make(one=text("n = int(open('n.txt').read())\n", '[So]{claim="n == 1"}'))
    site.put({"posts/n.txt": "1"})
    site.built()
    site.put({"posts/n.txt": "2"})
    assert heads(site.build().err) == ["posts/one.md:9:13: the claim 'So' is false"]
    site.put({"posts/n.txt": "1"})
    assert site.built().out.startswith("1 post: ")


# Notebooks and scripts


def notebook(*cells: tuple[str, str]) -> str:
    raw = ("raw", "---\ntitle: T\ndate: 2020-01-01\n---")
    made: list[dict[str, Any]] = [
        {
            "cell_type": kind,
            "metadata": {},
            "source": source.splitlines(keepends=True),
            "id": f"c{n}",
        }
        | ({"outputs": [], "execution_count": None} if kind == "code" else {})
        for n, (kind, source) in enumerate((raw, *cells))
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def line_of(content: str, what: str) -> int:
    return content[: content.index(what)].count("\n") + 1


def test_values_of_notebooks_and_scripts(make: Make) -> None:
    book = notebook(("code", "x = 3"), ("markdown", "It is `{python} x`.\n\n[So]{claim='x > 9'}"))
    script = (
        "# ---\n# title: T\n# date: 2020-01-01\n# ---\n\n# %%\nx = 3\n\n# %% [markdown]\n"
        "# It is `{python} x` and `{python} z`.\n"
    )
    site = make()
    site.put({"posts/book.ipynb": book, "posts/script.py": script})
    told = site.build("-j1")
    assert heads(told.err) == [
        f"posts/book.ipynb:{line_of(book, 'claim')}:13: the claim 'So' is false",
        f"posts/script.py:{line_of(script, '`{python} z`')}:34: NameError: name 'z' is not defined",
    ]
    site.put({"posts/book.ipynb": book.replace("x > 9", "x > 1")})
    site.put({"posts/script.py": script.replace("python} z", "python} x + 1")})
    site.built()
    assert values(site, "book") == ["3"]
    assert values(site, "script") == ["3", "4"]


# Records


def test_a_record_of_values_reads_as_it_was_written(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    content = text("x = 3\n", "`{python} x` `{python} 'é' * 3000` [So]{claim='x > 2'}")
    (tmp_path / "posts/a.md").write_text(content)
    one = parse(site, Source("posts/a.md", content))

    def made(store: Store) -> Mapping[str, Any]:
        return execute([one], site, store=store, jobs=1)

    with Store(tmp_path / ".cache") as store:
        first = made(store)["posts/a.md"]
    with Store(tmp_path / ".cache") as store:
        again = made(store)["posts/a.md"]
    assert (first.reused, again.reused) == (False, True)
    assert first.execution == again.execution
    assert [v.text[:3] for v in again.execution.values] == ["3", "ééé", ""]
