"""Bad input: whatever an author gets wrong is told in full, and the old site stays as it was."""

from __future__ import annotations

import re
import shutil
import unicodedata
from pathlib import Path

import pytest
from broken_sites import GOOD, Blog, Broken, broken_sites, cell, heads, post, snapshot

SITES = list(broken_sites())


@pytest.fixture(scope="module")
def old_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of an earlier build."""
    blog = Blog(tmp_path_factory.mktemp("old"), {"posts/old.md": GOOD})
    assert blog.build().code == 0
    return blog.public


@pytest.fixture
def blog(tmp_path: Path, old_site: Path) -> Blog:
    """A site that was built before, now without a post."""
    shutil.copytree(old_site, tmp_path / "public")
    return Blog(tmp_path)


@pytest.mark.parametrize("broken", SITES, ids=str)
def test_a_mistake_is_told_in_full_and_changes_nothing(blog: Blog, broken: Broken) -> None:
    blog.put(broken.files)
    before = outside_cache(blog)
    told = blog.build("-j", "1")
    assert told.err == broken.said
    assert (told.code, told.out) == (broken.code, "")
    assert outside_cache(blog) == before


def outside_cache(blog: Blog) -> dict[str, tuple[bytes, int]]:
    files = snapshot(blog.root).items()
    return {path: file for path, file in files if not path.startswith(".cache/")}


EXCERPT = re.compile(r"^ +(\d+) \| (.*)\n +\| ([\t ]*)(\^+)$", re.MULTILINE)
PLACE = re.compile(r"^ +--> (\S+?):(\d+):(\d+)$", re.MULTILINE)


def columns(text: str) -> int:
    """How many cells of a terminal a text takes, tabs aside."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - text.count("\t")


def line_of(broken: Broken, file: str, number: str) -> str:
    content = broken.files[file]
    assert isinstance(content, bytes)
    return content.decode(errors="replace").split("\n")[int(number) - 1].rstrip("\r")


@pytest.mark.parametrize("broken", [s for s in SITES if EXCERPT.search(s.said)], ids=str)
def test_carets_stand_under_the_column_that_is_named(broken: Broken) -> None:
    excerpts = EXCERPT.findall(broken.said)
    places = PLACE.findall(broken.said)
    assert len(excerpts) == len(places)
    for (number, text, lead, _), (file, line, column) in zip(excerpts, places, strict=True):
        left_out = 0
        if text.startswith("…"):  # of a long line only a part is shown
            left_out = line_of(broken, file, line).index(text.strip("…")) - 1
        before = text[: int(column) - 1 - left_out]
        assert number == line
        assert lead.count("\t") == before.count("\t")
        assert columns(lead) == columns(before)


@pytest.mark.parametrize("broken", SITES, ids=str)
def test_excerpts_are_lines_of_the_file(broken: Broken) -> None:
    shown = re.findall(r"^ +--> (\S+?):(\d+)(?::\d+)?\n +\|\n +\2 \| (.*)$", broken.said, re.M)
    assert len(shown) == len(re.findall(r"^ +\d+ \| ", broken.said, re.M))
    for file, number, text in shown:
        line = line_of(broken, file, number)
        # Of notebooks and scripts the text is shown, without what makes it JSON or a comment.
        if file.endswith((".ipynb", ".py")):
            assert text in line
        else:
            assert text == line or (len(line) > 100 and text.strip("…") in line)


def test_all_broken_posts_are_told_in_one_run_by_file_and_line(blog: Blog) -> None:
    blog.put(
        {
            "posts/b.md": cell("x = 1\n1 / 0"),
            "posts/a.md": post("One $\\foo$.\n\nTwo $\\baz$.\n"),
            "posts/c.md": "No front matter.\n",
            "pages/d.md": post("[there](none.md)\n"),
            "posts/e.md": "Schön".encode("latin-1"),
            "posts/f/data.csv": "1",
            "posts/good.md": post("See [the first](a.md) and [the second](b.md).\n"),
        }
    )
    told = blog.build()
    assert told.code == 1
    assert heads(told.err) == [
        "pages/d.md:6:9: link to 'none.md': there is no such post",
        "posts/a.md:6:6: unknown command \\foo",
        "posts/a.md:8:6: unknown command \\baz",
        "posts/b.md:8:1: ZeroDivisionError: division by zero",
        "posts/c.md:1: there is no front matter",
        "posts/e.md:1:4: the file is not UTF-8",
        "posts/f: post folder without a post",
    ]
    assert told.err.endswith("\n7 problems; nothing was written\n")
