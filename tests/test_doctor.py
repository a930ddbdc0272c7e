"""`site-builder doctor`: what is there, what is missing, and what to do about it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest
from broken_sites import GOOD, Blog, Told, cell, post

from site_builder import __version__


def asked(blog: Blog, *options: str) -> Told:
    return blog.run("doctor", "-C", str(blog.root), *options)


def line(told: Told, name: str) -> str:
    """What is said of one thing, with its mark and help."""
    lines = told.out.splitlines()
    (place,) = [n for n, text in enumerate(lines) if text[2:].startswith(f"{name}: ")]
    helped = lines[place + 1] if lines[place + 1 : place + 2] else ""
    return lines[place] + (f"\n{helped}" if helped.startswith("    ") else "")


def test_a_site_that_lacks_nothing(tmp_path: Path) -> None:
    told = asked(Blog(tmp_path, {"posts/a.md": cell("import sys, json\nimport numpy as np")}))
    assert (told.code, told.err) == (0, "")
    assert told.out.splitlines()[-1] == "nothing that the site needs is missing"
    assert line(told, "site-builder").startswith(f"+ site-builder: {__version__} in ")
    assert f"{platform.python_version()} (cpython, " in line(told, "posts' Python")
    assert sys.executable in line(told, "posts' Python")
    assert line(told, "site") == "+ site: SITE, at https://example.org/"
    assert line(told, "output") == "+ output: SITE/public, can be written"
    assert [text for text in told.out.splitlines() if "package" in text] == [
        line(told, "package numpy")
    ]
    assert line(told, "package numpy").split(": ")[1][0].isdigit()
    # Nothing is changed by asking.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["posts", "site.toml"]


@pytest.mark.skipif(sys.platform != "linux", reason="posts are forked on Linux only")
def test_how_posts_get_their_processes(tmp_path: Path) -> None:
    told = asked(Blog(tmp_path))
    assert line(told, "processes") == "+ processes: forks of one that has imported (fork)"


def test_packages_that_are_missing(tmp_path: Path) -> None:
    files = {
        "posts/a.md": cell("import no_such_package.part\nfrom other_missing import x"),
        "posts/b.md": cell("def f():\n    import no_such_package"),
    }
    told = asked(Blog(tmp_path, files))
    assert told.code == 1
    assert line(told, "package no_such_package") == (
        "! package no_such_package: not found; posts/a.md and 1 more needs it\n"
        f"    help: install it: {sys.executable} -m pip install no_such_package"
    )
    assert line(told, "package other_missing").startswith("! ")
    assert told.out.splitlines()[-1] == "2 things are missing"


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    import no_such_package\nexcept ImportError:\n    pass",
        "#| error: true\nimport no_such_package",
        "#| eval: false\nimport no_such_package",
        "import beside",
        "import xml.etree",
    ],
)
def test_what_a_post_can_do_without(tmp_path: Path, code: str) -> None:
    told = asked(Blog(tmp_path, {"posts/a.md": cell(code), "posts/beside.py": "x = 1\n"}))
    assert (told.code, "package" in told.out) == (0, False)


def test_a_post_that_looks_in_folders_of_its_own(tmp_path: Path) -> None:
    code = "import sys\nsys.path.append('../lib')\nimport in_there"
    told = asked(Blog(tmp_path, {"posts/a.md": cell(code)}))
    assert (told.code, line(told, "package in_there")[0]) == (0, "-")


def test_a_post_that_is_frozen_needs_no_packages(tmp_path: Path) -> None:
    front = "title: A\ndate: 2020-05-17\nexecute: frozen\n"
    body = "```python\nimport no_such_package\n```\n"
    assert asked(Blog(tmp_path, {"posts/a.md": post(body, front)})).code == 0
    assert asked(Blog(tmp_path, {"posts/a.md": post(body)})).code == 1


def test_kernels(tmp_path: Path) -> None:
    front = "title: A\ndate: 2020-05-17\nkernel: {}\n"
    body = "```{code-cell}\n1\n```\n"
    files = {f"posts/{name}.md": post(body, front.format(name)) for name in ("python3", "nosuch")}
    told = asked(Blog(tmp_path, files))
    assert told.code == 1
    assert line(told, "kernel python3") == "+ kernel python3: found"
    assert line(told, "kernel nosuch").startswith(
        "! kernel nosuch: not found; posts/nosuch.md needs it\n    help: known are: "
    )


@pytest.mark.parametrize("python", ["no/python", "site.toml"])
def test_a_python_that_does_not_start(tmp_path: Path, python: str) -> None:
    blog = Blog(tmp_path)
    text = (tmp_path / "site.toml").read_text(encoding="utf-8")
    blog.put({"site.toml": f"{text}\n[execution]\npython = '{python}'\n"})
    (tmp_path / "site.toml").chmod(0o755)
    told = asked(blog)
    assert (told.code, told.err) == (1, "")
    assert line(told, "posts' Python").startswith("! ")
    assert "help: " in line(told, "posts' Python")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    blog = Blog(tmp_path, {"taken": "a file"})
    told = asked(blog, "-o", str(tmp_path / "taken/public"))
    assert told.code == 1
    assert line(told, "output").startswith("! output: SITE/taken/public cannot be written: ")


def test_programs_that_only_some_commands_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told = asked(Blog(tmp_path))
    assert told.code == 0
    assert line(told, "git") == "- git: not found; diff needs it for revisions"
    assert line(told, "Chromium")[0] == "-"


@pytest.mark.skipif(os.name != "posix", reason="a script with its interpreter in the first line")
def test_a_program_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    told = asked(Blog(tmp_path))
    assert line(told, "git") == "+ git: does not say its version, SITE/git"


def test_posts_that_cannot_be_read(tmp_path: Path) -> None:
    told = asked(Blog(tmp_path, {"posts/a.md": "no front matter", "posts/b.md": GOOD}))
    assert told.code == 1
    assert line(told, "unreadable posts").startswith("! unreadable posts: posts/a.md: ")


def test_outside_of_a_site_the_rest_is_told(tmp_path: Path) -> None:
    blog = Blog(tmp_path)
    (tmp_path / "site.toml").unlink()
    told = asked(blog)
    assert told.code == 2
    assert line(told, "system")
    assert told.err.startswith("error[C001]: there is no site.toml in SITE\n")
