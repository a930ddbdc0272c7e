"""Stories of a newcomer with values, claims and the commands that check them, all typed by hand."""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from broken_sites import Blog, Told, heads, post

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
# What the examples of the README take for granted.
BEFORE = """\
```python
import numpy as np

test = range(1024)
right = [True] * 732 + [False] * 292
acc, acc_std = np.mean(right), 0.0312
z = np.array([1.0, 2, 3])


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


S = softmax(z)
```

"""
RATES = """\
```python
rates = [float(line) for line in open("rates.csv")]
print("smallest:", min(rates))
```

The mean is `{python} sum(rates) / len(rates):.2f`, and [all are positive]{claim="min(rates) > 0"}.
"""


def examples(section: str) -> list[str]:
    """What a section of the README shows of posts."""
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^````markdown\n(.*?)^````$", text, re.MULTILINE | re.DOTALL)


def told_by(blog: Blog, command: str, *arguments: str) -> Told:
    """A command in the blog's folder; whatever happens, it does not end in a traceback of ours."""
    told = blog.run(command, *arguments, "-C", str(blog.root))
    assert "Traceback" not in told.err.replace("    Traceback", "")
    return told


# What the README shows.


def test_the_examples_of_the_readme_do_what_it_says(tmp_path: Path) -> None:
    [first] = examples("A first post in a minute")
    values = "\n".join(examples("Values and claims"))
    blog = Blog(tmp_path, {"posts/dice.md": first, "posts/values.md": post(BEFORE + values)})
    built = told_by(blog, "build")
    assert (built.code, built.out[:20]) == (0, "2 posts: 2 executed ")
    page = (blog.public / "values/index.html").read_text(encoding="utf-8")
    words = re.sub(r"<annotation.*?</annotation>|<span popover.*?</span></span></span>", "", page)
    words = " ".join(re.sub(r"<[^>]+>", "", words).split())
    said = re.search(r"becomes \*(.*?)\*", README)
    assert said
    assert said[1].replace(" ", "") in words.replace(" ", "")
    assert "The outputs sum to one✓, whatever the logits are." in words
    verified = told_by(blog, "verify")
    assert (verified.code, "0 diverged, 0 tampered" in verified.out) == (0, True)
    assert told_by(blog, "diff", str(blog.public)).code == 0
    assert told_by(blog, "check").code == 0


# A number that moves.


@pytest.fixture
def rates(tmp_path: Path) -> Blog:
    """A blog whose numbers come from a file, built."""
    files = {"posts/rates/index.md": post(RATES), "posts/rates/rates.csv": "0.5\n0.75\n"}
    blog = Blog(tmp_path, files)
    assert told_by(blog, "build").code == 0
    return blog


def test_a_number_that_moves_is_told_by_verify_and_diff_with_its_line(rates: Blog) -> None:
    rates.put({"posts/rates/rates.csv": "0.5\n0.95\n"})
    verified = told_by(rates, "verify")
    assert verified.code == 1
    assert "posts/rates/index.md:11: diverged" in verified.out
    diff = told_by(rates, "diff", str(rates.public))
    assert diff.code == 1
    assert "0.62 → 0.72" in diff.out
    again = told_by(rates, "build")
    assert again.code == 0
    assert told_by(rates, "verify").code == 0


def test_a_claim_that_became_false_leaves_the_old_site_as_it_was(rates: Blog) -> None:
    before = (rates.public / "rates/index.html").read_bytes()
    rates.put({"posts/rates/rates.csv": "0.5\n-0.75\n"})
    told = told_by(rates, "build")
    assert told.code == 1
    assert "the claim 'all are positive' is false" in told.err
    assert "min(rates) = -0.75" in told.err
    assert (rates.public / "rates/index.html").read_bytes() == before
    assert told_by(rates, "build", "--allow-false-claims").code == 0
    page = (rates.public / "rates/index.html").read_text(encoding="utf-8")
    assert "all are positive (false)" in page
    assert told_by(rates, "verify").code == 0  # it is as false as it says


def test_a_page_that_was_touched_up_is_found(rates: Blog) -> None:
    page = rates.public / "rates/index.html"
    text = page.read_text(encoding="utf-8")
    assert text.count(">0.62<") == 1
    page.write_text(text.replace(">0.62<", ">0.92<"), encoding="utf-8")
    told = told_by(rates, "verify")
    assert told.code == 1
    assert "posts/rates/index.md:11: tampered" in told.out


def test_a_site_is_verified_wherever_it_was_built_for(rates: Blog, tmp_path: Path) -> None:
    output = str(tmp_path / "elsewhere")
    built = told_by(rates, "build", "--base-url", "https://else.example/deep/blog/", "-o", output)
    assert built.code == 0
    told = told_by(rates, "verify", output)
    assert (told.code, " 3 reproduced, 0 within" in told.out) == (0, True)


# Mistakes, as their author sees them.


MISTAKES = r"""
```python
n = 3
```

A backtick in a value: `{python} "`"`.

No expression: [it is so]{claim=""}; no sentence: []{claim="n == 3"}.

No sentence in brackets: `n`{claim="n == 4"}, [n](https://example.org/){claim="n == 4"}.

Apart: [it is three] {claim="n == 3"}, and [so is that] {claim="n == 3"}.

The same: `{python} lambda x: x`.
"""


def test_all_mistakes_of_a_post_are_told_at_their_places(tmp_path: Path) -> None:
    blog = Blog(tmp_path, {"posts/a.md": post(MISTAKES)})
    told = told_by(blog, "build")
    found = "\n".join(heads(told.err))
    places = re.findall(r"^posts/a\.md:(\d+):(\d+): (.*)$", found, re.MULTILINE)
    lines = post(MISTAKES).split("\n")
    braces = "the braces of this claim cannot be read"
    known = [
        ('"`"', "a value in the prose is no Python expression: unterminated string literal"),
        ('"}; no', "a claim without an expression"),
        ("n == 3", "a claim without a sentence"),
        ('claim="n == 4"}, [', "only a sentence in brackets can be a claim"),
        ('claim="n == 4"}.', "only a sentence in brackets can be a claim"),
        ('{claim="n == 3"}, and', braces),
        ('{claim="n == 3"}.', braces),
        ("lambda", "a value in the prose is no Python expression: invalid syntax"),
    ]
    assert told.code == 1
    assert len(places) == len(known)
    for (line, column, message), (where, said) in zip(places, known, strict=True):
        assert lines[int(line) - 1][int(column) - 1 :].startswith(where), (line, column, message)
        assert message.startswith(said)
    assert len(re.findall(r"^ += help: ", told.err, re.MULTILINE)) == len(known)


COMMANDS = ("build", "verify", "diff", "audit", "check", "explain", "freeze", "cache", "clean")


@pytest.mark.parametrize("command", COMMANDS)
def test_outside_of_a_site_every_command_says_so(tmp_path: Path, command: str) -> None:
    blog = Blog(tmp_path)
    (tmp_path / "site.toml").unlink()
    told = told_by(blog, command, *(["a"] if command == "freeze" else []))
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error[C001]: there is no site.toml in ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["audit", "check", "explain", "freeze"])
def test_a_post_that_there_is_not_is_told_with_those_that_there_are(
    rates: Blog, command: str
) -> None:
    told = told_by(rates, command, "rats")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("error[C008]: there is no post 'rats'\n  = help: ")
    assert "posts/rates/index.md" in told.err


@pytest.mark.parametrize(
    "words", [("verify",), ("diff",), ("diff", "public"), ("audit",)], ids=" ".join
)
def test_a_document_is_all_that_is_printed(rates: Blog, words: tuple[str, ...]) -> None:
    arguments = [str(rates.public) if word == "public" else word for word in words[1:]]
    told = told_by(rates, words[0], *arguments, "--json")
    assert told.code == 0
    assert isinstance(json.loads(told.out), dict)


# An address that leads nowhere.


class _Circle(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/a/" if self.path != "/a/" else "/")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def circle() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Circle) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("command", ["verify", "diff"])
def test_redirects_in_a_circle_are_told(rates: Blog, circle: str, command: str) -> None:
    told = told_by(rates, command, circle)
    assert told.code == 2
    assert f"error[C017]: {circle}" in told.err
    assert "redirect" in told.err


# Ctrl-C.


SLOW = """\
```python
import time
from pathlib import Path

Path("started").touch()
time.sleep(600 if Path("slow").exists() else 0)
```
"""


@pytest.mark.parametrize("words", ["verify", "diff public", "audit", "check", "freeze slow"])
def test_an_interrupt_ends_every_command_and_leaves_nothing_running(
    tmp_path: Path, words: str
) -> None:
    blog = Blog(tmp_path, {"posts/slow/index.md": post(SLOW)})
    assert told_by(blog, "build").code == 0
    started = tmp_path / "posts/slow/started"
    started.unlink()
    blog.put({"posts/slow/slow": ""})
    process = subprocess.Popen(
        [sys.executable, "-m", "site_builder", *words.split(), "-C", "."],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not started.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (130, False)
    listed = subprocess.run(["ps", "-eo", "sid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    assert [row for row in rows if row[0] == str(process.pid) and row[1][0] != "Z"] == []
