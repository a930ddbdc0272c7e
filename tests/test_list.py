"""`site-builder list`: which posts there are, what they are, whether they are fresh."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from broken_sites import GOOD, Blog, Told, heads, post

ASIDE = "---\ndate: 2021-03-04\nkind: aside\ntags: [c++]\n---\n\nText.\n"
LATER = "---\ntitle: Later\ndate: 2999-01-01\n---\n\nText.\n"
DRAFT = "---\ntitle: Half of it\ndate: 2020-05-18\ndraft: true\n---\n\nText.\n"
PAGE = "---\ntitle: About\n---\n\nText.\n"
RUNS = post("```python\nprint('once')\n```\n\n```python\nprint('twice')\n```\n")


@pytest.fixture
def blog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blog:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1640995200")  # 2022-01-01
    files = {
        "posts/good.md": GOOD,
        "posts/aside.md": ASIDE,
        "posts/later.md": LATER,
        "posts/draft.md": DRAFT,
        "pages/about.md": PAGE,
        "posts/runs.md": RUNS,
    }
    return Blog(tmp_path, files)


def listed(blog: Blog, *options: str) -> Told:
    return blog.run("list", "-C", str(blog.root), *options)


def names(told: Told) -> list[str]:
    """The posts in a table."""
    assert (told.code, told.err) == (0, "")
    return [line.split()[4] for line in told.out.splitlines()[1:-1]]


def test_all_posts_the_newest_first(blog: Blog) -> None:
    told = listed(blog)
    assert (told.code, told.err) == (0, "")
    assert told.out == (
        "DATE        STATUS     CELLS  OUTPUTS  POST            TITLE\n"
        "2999-01-01  scheduled      0  -        posts/later.md  Later\n"
        "2021-03-04  published      0  -        posts/aside.md\n"
        "2020-05-18  draft          0  -        posts/draft.md  Half of it\n"
        "2020-05-17  published      0  -        posts/good.md   Good\n"
        "2020-05-17  published      2  stale    posts/runs.md   A\n"
        "-           published      0  -        pages/about.md  About\n"
        "5 posts, 1 page, 1 stale\n"
    )
    assert not blog.public.exists()


def test_what_is_in_no_list_is_called_so(blog: Blog) -> None:
    hidden, later = (text.replace("---\n", "---\nunlisted: true\n", 1) for text in (GOOD, LATER))
    blog.put({"posts/hidden.md": hidden, "posts/later.md": later})
    assert "unlisted       0  -        posts/hidden.md" in listed(blog).out
    assert "scheduled      0  -        posts/later.md" in listed(blog).out


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--drafts"], ["posts/draft.md"]),
        (["--future"], ["posts/later.md"]),
        (["--drafts", "--future"], ["posts/later.md", "posts/draft.md"]),
        (["--stale"], ["posts/runs.md"]),
        (["--stale", "--drafts"], []),
        (["--tag", "C++"], ["posts/aside.md"]),
    ],
)
def test_some_of_them(blog: Blog, options: list[str], found: list[str]) -> None:
    assert names(listed(blog, *options)) == found


def test_a_post_is_fresh_once_it_ran_and_stale_once_it_changed(blog: Blog) -> None:
    assert blog.build().code == 0
    assert "fresh    posts/runs.md" in listed(blog).out
    assert listed(blog, "--stale").out == "0 posts\n"
    blog.put({"posts/runs.md": RUNS.replace("twice", "thrice")})
    assert names(listed(blog, "--stale")) == ["posts/runs.md"]
    assert names(listed(blog, "--stale")) == ["posts/runs.md"]  # for it did not run


def test_a_document(blog: Blog) -> None:
    told = listed(blog, "--json", "--stale")
    assert (told.code, told.err) == (0, "")
    assert json.loads(told.out) == {
        "format": "site-builder list",
        "version": 1,
        "posts": [
            {
                "post": "posts/runs.md",
                "title": "A",
                "date": "2020-05-17",
                "kind": "post",
                "status": "published",
                "tags": [],
                "cells": 2,
                "state": "stale",
                "why": "no run of it is kept",
            }
        ],
    }


def test_posts_that_cannot_be_read_are_in_the_list(blog: Blog) -> None:
    blog.put({"posts/bad.md": "no front matter", "posts/worse.md": b"\xff"})
    told = listed(blog)
    assert told.code == 1
    assert "-           broken         -  -        posts/bad.md" in told.out
    assert heads(told.err) == [
        "posts/bad.md:1: there is no front matter",
        "posts/worse.md:1:1: the file is not UTF-8",
    ]
    assert "posts/good.md" in told.out


def test_a_damaged_frozen_record_is_told(blog: Blog) -> None:
    assert blog.run("freeze", "-C", str(blog.root), "runs").code == 0
    assert "fresh    posts/runs.md" in listed(blog).out
    for path in (blog.root / "posts/runs.frozen").rglob("*.json"):
        path.write_text("{", encoding="utf-8")
    told = listed(blog)
    assert told.code == 1
    assert "broken         -  -        posts/runs.md" in told.out
    assert "posts/runs.frozen" in told.err


def test_a_tag_that_nobody_has(blog: Blog) -> None:
    told = listed(blog, "--tag", "c+")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith(
        "error[C010]: no post has the tag 'c+'\n  = help: did you mean 'c++'?\n"
    )


def test_a_site_without_posts(tmp_path: Path) -> None:
    told = listed(Blog(tmp_path))
    assert (told.code, told.out, told.err) == (0, "0 posts\n", "")
