"""The same inputs give the same bytes, wherever, whenever and however they are built."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from broken_sites import Blog, Files, post
from edits import changed, stamps, tree

ROOT = Path(__file__).parents[1]

LIGHT: Files = {
    "posts/first.md": post(
        "Text with $x^2$.\n\n```python\nprint(set('hello world'), hash('x'))\n```\n\n"
        "```python\nimport random, time\nprint(random.random(), random.sample(range(99), 5))\n"
        "print(time.strftime('%c %Z', time.localtime(0)))\n```\n",
        "title: First\ndate: 2020-01-01\ntags: [Été, two, one]\n",
    ),
    "posts/second.md": post(
        "```python\nimport locale, os\nprint(locale.getlocale(), sorted(os.listdir('.')))\n"
        "print(sorted(['z', 'ä', 'a'], key=locale.strxfrm))\n```\n\n"
        "```python\n#| error: true\nraise ValueError(set('why'))\n```\n",
        "title: Second\ndate: 2020-01-02\ntags: [two]\n",
    ),
    "posts/third/index.md": post(
        "[Data](x.csv)\n\n```python\nprint(open('x.csv').read(), 'ä')\n"
        "print({b'x', None, 1.5}, frozenset('abc'))\n```\n",
        "title: Third\ndate: 2020-01-03\n",
    ),
    "posts/third/x.csv": "1,2\n",
    "static/a.txt": "a",
}
HEAVY: Files = {
    "posts/figures.md": post(
        "```python\n#| fig-alt: A line\nimport matplotlib.pyplot as plt\nimport numpy as np\n"
        "plt.plot(np.random.rand(20))\nplt.title('$\\\\alpha$')\n```\n\n"
        "```python\n#| fig-alt: Dots\nplt.scatter(*np.random.rand(2, 500), s=2)\n```\n",
        "title: Figures\ndate: 2020-01-04\n",
    ),
    "posts/table.md": post(
        "```python\nimport pandas as pd\nfrom io import StringIO\n"
        "pd.read_csv('x.csv', header=None).describe()\n```\n",
        "title: Table\ndate: 2020-01-05\n",
    ),
    "posts/x.csv": "1,2\n3,4\n5,7\n",
    "posts/training.md": post(
        "```python\nimport keras\nimport numpy as np\n"
        "model = keras.Sequential([keras.layers.Dense(3, activation='tanh'),"
        " keras.layers.Dense(1)])\nmodel.compile('adam', 'mse')\n"
        "x = np.random.rand(64, 2)\n"
        "history = model.fit(x, x.sum(axis=1), epochs=3, verbose=0)\n"
        "print(history.history, model.predict(x[:2], verbose=0))\n```\n",
        "title: Training\ndate: 2020-01-06\n",
    ),
}


@dataclass(frozen=True)
class Way:
    """How a site is built."""

    arguments: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    umask: int = 0o022
    folder: str = "site"


def built(folder: Path, files: Files, way: Way, settings: str = "") -> Path:
    """Build a site in a process of its own; gives the output folder."""
    site = Blog(folder / way.folder, files)
    toml = f'title = "Notes"\nurl = "https://example.org/"\n{settings}'
    site.put({"site.toml": toml})
    again(site.root, way)
    return site.public


def again(root: Path, way: Way) -> str:
    """Build what is there; gives what is said."""
    variables = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    ran = subprocess.run(
        [sys.executable, "-m", "site_builder", "build", "-C", str(root), *way.arguments],
        cwd=ROOT,
        env={**variables, **way.variables},
        umask=way.umask if os.name == "posix" else -1,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def epoch() -> str:
    """The end of today, as reproducible builds give it."""
    end = dt.datetime.combine(dt.datetime.now(tz=dt.UTC).date(), dt.time(23, 59), dt.UTC)
    return str(int(end.timestamp()))


WAYS = {
    "in another folder": Way(folder="another place/with 'odd' näme"),
    "some days later": Way(variables={"SOURCE_DATE_EPOCH": "4000000000"}),
    "with a clock that stands still": Way(variables={"SOURCE_DATE_EPOCH": epoch()}),
    "four at once": Way(("-j", "4")),
    "without forks": Way(("-j", "1", "--no-fork")),
    "without a cache": Way(("-j", "1", "--no-cache")),
    "with random hashes": Way(variables={"PYTHONHASHSEED": "random"}),
    "in another language": Way(variables={"LANG": "C", "LC_ALL": "POSIX", "LANGUAGE": "de",
                                          "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "in another place of the world": Way(variables={"TZ": "Pacific/Kiritimati"}),
    "as somebody else": Way(variables={"HOME": "/nowhere", "USER": "eve", "LOGNAME": "eve",
                                       "SHELL": "/bin/false"}, umask=0o077),
    "at another terminal": Way(variables={"TERM": "dumb", "COLUMNS": "40", "NO_COLOR": "1",
                                          "FORCE_COLOR": "1"}),
    "with optimised code": Way(variables={"PYTHONOPTIMIZE": "2", "PYTHONDONTWRITEBYTECODE": "1"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return tree(built(tmp_path_factory.mktemp("reference"), LIGHT, Way()))


@pytest.mark.parametrize("way", WAYS)
def test_the_same_bytes(tmp_path: Path, reference: dict[str, bytes], way: str) -> None:
    public = built(tmp_path, LIGHT, WAYS[way])
    assert changed(tree(public), reference) == []


def test_figures_tables_and_training_give_the_same_bytes(tmp_path: Path) -> None:
    """In every way at once; and a second build, which runs nothing, has them, too."""
    settings = '[execution]\nenvironment = { KERAS_BACKEND = "jax" }\n'
    one = built(tmp_path, HEAVY, Way(("-j", "1", "--no-cache")), settings)
    others = {"PYTHONHASHSEED": "77", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C"}
    way = Way(("-j", "4", "--no-fork"), others, 0o077, "another/place")
    other = built(tmp_path, HEAVY, way, settings)
    assert changed(tree(one), tree(other)) == []
    text = (one / "training/index.html").read_text()
    assert "loss" in text
    assert "<svg" in (one / "figures/index.html").read_text() or list(one.glob("figures/*.svg"))
    # Once more, from what is kept: into a folder that knows nothing.
    root = other.parent
    before = stamps(other)
    assert "none executed" in again(root, Way())
    assert stamps(other) == before
    assert "none executed" in again(root, Way(("-o", str(tmp_path / "third"))))
    assert changed(tree(tmp_path / "third"), tree(one)) == []
