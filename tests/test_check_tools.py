"""`check --html` and `--a11y`: what other checkers say is told with the author's line."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from checking import Written, post
from conftest import CHROMIUM
from test_check_site import PIXEL

from site_builder import cli
from site_builder.checking.site import accessibility
from site_builder.checking.site.accessibility import find_browser
from site_builder.checking.site.validator import find_validator
from site_builder.errors import UsageError

R = TypeVar("R")
# A stand-in for the Nu HTML checker: it finds `<center>`, has the form of its messages, and knows
# no more of MathML than it does.
NU = """\
#!{python}
import json, pathlib, sys

folder = pathlib.Path(sys.argv[-1])
messages = []
for page in sorted(folder.rglob("*.html")):
    text = page.read_text("utf-8", "replace")
    if "<center>" in text:
        start = text.index("<center>")
        before = min(start, 5)
        messages.append({{
            "type": "error",
            "url": page.as_uri(),
            "extract": text[start - before : start + 20],
            "hiliteStart": before,
            "hiliteLength": 8,
            "message": "The \\u201ccenter\\u201d element is obsolete.",
        }})
    messages.append({{"type": "info", "url": page.as_uri(), "message": "a hint"}})
    old = "Attribute \\u201cdisplaystyle\\u201d not allowed on element \\u201cmfrac\\u201d"
    messages.append({{"type": "error", "url": page.as_uri(), "message": old + " at this point."}})
print(json.dumps({{"messages": messages}}), end="")
"""


def put_program(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    return program


def test_what_the_validator_says_is_told_with_the_line(tmp_path: Path) -> None:
    put_program(tmp_path / "bin", "vnu", NU.format(python=sys.executable))
    environment = {"PATH": str(tmp_path / "bin")}
    files = {
        "posts/a.md": post("A", "Text.\n\n<center>x</center>"),
        "static/old.html": "<p>\n<center>y</center>",
        "posts/b.md": post("B", "Text."),
    }
    site = Written(tmp_path / "site", files)
    assert site.found(html=True, environment=environment) == [
        "A120 posts/a.md:8:1 not valid HTML in <center>: The “center” element is obsolete.",
        "A120 static/old.html:2:1 not valid HTML in <center>: The “center” element is obsolete.",
    ]
    assert site.found() == []  # as long as nobody asks for it


def test_where_the_validator_is_looked_for(tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    jar = put_program(tmp_path / "jars", "vnu.jar", "")
    path = f"{bin_}:{jar.parent}"
    with pytest.raises(UsageError, match="not installed"):
        find_validator({"PATH": str(bin_)})
    with pytest.raises(UsageError, match="needs Java"):
        find_validator({"PATH": path})
    with pytest.raises(UsageError, match="there is no such file"):
        find_validator({"PATH": path, "VNU_JAR": str(tmp_path / "none.jar")})
    java = put_program(bin_, "java", "#!/bin/sh\n")
    by_jar = [str(java), "-Xss1m", "-jar", str(jar)]
    assert find_validator({"PATH": path}) == by_jar
    vnu = put_program(bin_, "vnu", "#!/bin/sh\n")
    assert find_validator({"PATH": path}) == [str(vnu)]
    assert find_validator({"PATH": str(bin_), "VNU_JAR": str(jar)}) == by_jar


@pytest.mark.parametrize(
    "program", ["#!/bin/sh\necho broken >&2\nexit 1\n", "#!/bin/sh\necho '[]'\n", "#!/nowhere\n"]
)
def test_a_validator_that_does_not_work_is_told(tmp_path: Path, program: str) -> None:
    put_program(tmp_path / "bin", "vnu", program)
    site = Written(tmp_path / "site", {"posts/a.md": post("A", "Text.")})
    with pytest.raises(UsageError) as told:
        site.checked(html=True, environment={"PATH": str(tmp_path / "bin")})
    (problem,) = told.value.problems
    assert (problem.code, problem.message.startswith("--html: ")) == ("A190", True)
    assert ("broken" in program) == (problem.notes == ("broken",))


def test_a_checker_that_is_missing_is_an_error_of_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Written(tmp_path, {"posts/a.md": post("A", "Text.")})
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("VNU_JAR", raising=False)
    assert cli.main(["check", "-C", str(tmp_path)]) == 0
    capsys.readouterr()
    assert cli.main(["check", "-C", str(tmp_path), "--html"]) == 2
    assert "the Nu HTML checker is not installed" in capsys.readouterr().err
    monkeypatch.setattr(accessibility, "find_spec", lambda _: None)
    assert cli.main(["check", "-C", str(tmp_path), "--a11y"]) == 2
    told = capsys.readouterr().err
    assert "playwright and axe-playwright-python are missing" in told
    assert "pip install playwright axe-playwright-python" in told


def apart(function: Callable[..., R], *arguments: Any, **named: Any) -> R:
    """Call in a thread of its own: a browser that other tests use has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments, **named).result()


def test_what_axe_finds_is_told_with_the_line(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "posts/a.md": post("A", 'Text.\n\n<img src="/blog/dot.png" alt="A dot"> <select id="s">'
                                "<option>1</option></select>"),
        "posts/b.md": post("B", "Text."),
        "static/dot.png": PIXEL,
    }  # fmt: skip
    site = Written(tmp_path, files)
    checked = apart(site.checked, "a", a11y=True, environment={"PATH": str(CHROMIUM.parent)})
    assert checked.problems == ()
    (finding,) = checked.findings
    assert (finding.code, finding.file, finding.line) == ("A110", "posts/a.md", 8)
    assert finding.message.startswith("select-name: ")
    assert finding.message.endswith("at #s")  # in light and dark, narrow and wide
    assert checked.kinds == {"accessibility": 1}
    environment = {"PATH": str(CHROMIUM.parent)}
    assert apart(site.found, "b", a11y=True, environment=environment) == []


def test_the_browser_is_the_system_s(tmp_path: Path) -> None:
    assert find_browser(str(CHROMIUM.parent)) == shutil.which("chromium", path="/usr/bin")


def test_a_browser_that_does_not_start_is_told(tmp_path: Path) -> None:
    put_program(tmp_path / "bin", "chromium", "#!/bin/sh\nexit 3\n")
    site = Written(tmp_path / "site", {"posts/a.md": post("A", "Text.")})
    with pytest.raises(UsageError, match="does not start"):
        apart(site.checked, a11y=True, environment={"PATH": str(tmp_path / "bin")})


def test_findings_can_be_read_by_programs(tmp_path: Path) -> None:
    checked = Written(tmp_path, {"posts/a.md": post("A", '<p id="x"><p id="x">')}).checked()
    (finding,) = checked.findings
    assert json.loads(json.dumps(dataclasses.asdict(finding)))["code"] == "A104"
