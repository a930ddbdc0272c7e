"""What judges that are not ours say of the built blog: the Nu validator and Lighthouse.

`make tools` installs both, with npm; they need Node.js and Java. Where they are missing these tests
are skipped, but not in CI.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ARGUMENTS, CHROMIUM, Served

TOOLS = Path(sys.prefix) / "tools" / "node_modules"
JSON = ("--format", "json", "--stdout", "--exit-zero-always")
ENOUGH = 0.98
CATEGORIES = ("accessibility", "best-practices", "seo")
PAGES = {
    "home": "",
    "maths": "softmax-derivative/",
    "figures": "xor-keras/",
    "essay": "ai-judge-explanations/",
    "archive": "archive/",
}


def installed(program: str, file: str) -> list[str]:
    """The command that starts a judge's `file` with a program."""
    place = TOOLS / file
    found = shutil.which(program)
    if found and place.is_file():
        return [found, str(place)]
    missing = f"needs {program} and {file}: make tools"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def nu() -> list[str]:
    java, jar = installed("java", "vnu-jar/build/dist/vnu.jar")
    return [java, "-Xss1m", "-jar", jar]


@pytest.mark.parametrize("page", PAGES)
def test_lighthouse_has_next_to_nothing_to_say(blog: Served, page: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [
        *installed("node", "lighthouse/cli/index.js"),
        blog.address + PAGES[page],
        "--quiet",
        "--no-enable-error-reporting",
        "--output=json",
        f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags=--headless {' '.join(ARGUMENTS)}",
    ]
    environment = {**os.environ, "CHROME_PATH": str(CHROMIUM)}
    subprocess.run(command, env=environment, check=True, timeout=300)
    judged = json.loads(report.read_text("utf-8"))
    scores = {name: judged["categories"][name]["score"] for name in CATEGORIES}
    wanting = {
        name: (audit["score"], audit["title"], audit.get("details", {}).get("items"))
        for name, audit in judged["audits"].items()
        if audit["score"] is not None and audit["score"] < 1
    }
    assert all(score >= ENOUGH for score in scores.values()), (scores, wanting)


# MathML Core allows these on every element, of which the validator has not heard: section 2.1.3 of
# https://www.w3.org/TR/mathml-core/
_CORE = re.compile(
    "Attribute “(displaystyle|scriptlevel|mathcolor|mathbackground|mathsize|tabindex)” "
    "not allowed on element “m[a-z]+” at this point."
)


@pytest.mark.parametrize("site", ["blog", "gallery"])
def test_every_page_is_valid_html(site: str, request: pytest.FixtureRequest) -> None:
    served: Served = request.getfixturevalue(site)
    command = [*nu(), *JSON, "--skip-non-html", str(served.folder)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=600)
    errors = [
        [message.get(key) for key in ("url", "lastLine", "message", "extract")]
        for message in json.loads(done.stdout)["messages"]
        if message["type"] == "error" and not _CORE.fullmatch(message["message"])
    ]
    assert errors == []


def test_the_validator_finds_what_is_planted(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>A page</title><p><center>old</center>", "utf-8")
    command = [*nu(), *JSON, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=600)
    found = [message["message"] for message in json.loads(done.stdout)["messages"]]
    assert any("center" in message for message in found)
