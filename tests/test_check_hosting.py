"""`check`: what of the files for hosts Cloudflare Pages would not read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from site_builder.checking.site.hosting import host_problems
from site_builder.model.files import Recipe


def told(**texts: str) -> list[str]:
    files = {name: Recipe(name, "", text.encode) for name, text in texts.items()}
    made: Any = SimpleNamespace(files=files)
    problems = list(host_problems(made))
    assert {problem.code for problem in problems} <= {"F114"}
    return [problem.message.partition(",")[0] for problem in problems]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_redirects", "/a/ /b/ 301\n" * 2000 + "/a/* /b/ 301\n" * 100 + "# x\n" * 9),
        ("_redirects", "/" + "a" * 990 + " /b/ 301"),
        ("_headers", "/a\n  X: 1\n" * 100),
        ("_headers", "/*\n  X: " + "1" * 1990),
    ],
)
def test_as_much_as_is_read(name: str, text: str) -> None:
    assert told(**{name: text}) == []


def test_more_than_is_read() -> None:
    assert told(_redirects="/a/ /b/\n" * 2001) == ["_redirects has more than 2"]
    assert told(_redirects="/:a/ /b/\n" * 101) == [
        "_redirects has more than 100 redirects with * or :"
    ]
    assert told(_redirects="/a /" + "b" * 1000) == ["_redirects has a line of more than 1"]
    assert told(_headers="/a\n  X: 1\n" * 101) == ["_headers has more than 100 rules"]
    assert told(_headers="/*\n  X: " + "1" * 2000) == ["_headers has a line of more than 2"]
    assert told() == []
