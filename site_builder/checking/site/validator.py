"""Validator: what the Nu HTML checker says of the pages of a site, where it is installed.

In: a made site, and the environment. Out: flaws. Promise: one run for all pages; what it says of a
page is told with the author's line where that can be found.

Source: https://validator.github.io/validator/
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from site_builder.checking.site.flaws import Flaw
from site_builder.checking.site.made import MadeSite
from site_builder.errors import Problem, UsageError

MINUTES = 10  # that it may take


def find_validator(environment: Mapping[str, str]) -> list[str]:
    """The command that starts it: the jar of `VNU_JAR`, else `vnu` or `vnu.jar` on the PATH.

    Raises UsageError if it is not installed.
    """
    search = environment.get("PATH", os.defpath)
    jars = [Path(place, "vnu.jar") for place in search.split(os.pathsep) if place]
    named = environment.get("VNU_JAR", "")
    jar = named or next((str(each) for each in jars if each.is_file()), "")
    java = shutil.which("java", path=search)
    if named and not Path(named).is_file():
        raise _unusable(f"VNU_JAR is {named!r}, and there is no such file")
    if jar and java and (named or not shutil.which("vnu", path=search)):
        return [java, "-Xss1m", "-jar", jar]
    if command := shutil.which("vnu", path=search):
        return [command]
    if jar:
        raise _unusable(f"--html: {jar} needs Java, which is not installed")
    raise _unusable("--html: the Nu HTML checker is not installed")


def _unusable(message: str, said: str = "") -> UsageError:
    help_ = (
        "put `vnu`, or `vnu.jar` and Java, on the PATH, or name the jar in VNU_JAR: "
        "https://validator.github.io/validator/"
    )
    return UsageError(Problem(message, help=help_, notes=(said,) if said else (), code="A190"))


def html_flaws(made: MadeSite, command: list[str]) -> Iterator[Flaw]:
    """Let the validator read all pages. Raises UsageError if it cannot."""
    with tempfile.TemporaryDirectory(prefix="site-builder-html-") as name:
        folder = Path(name).resolve()
        for path in made.looks:
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(made.files[path].make())
        for message in _messages(command, folder):
            yield from _flaws(message, made, folder)


# Attributes that it knows of some elements only, and MathML Core allows on all: section 2.1.3 of
# https://www.w3.org/TR/mathml-core/
_BEHIND = re.compile(
    r"Attribute “(?:displaystyle|scriptlevel|mathcolor|mathbackground|mathsize|tabindex)” "
    r"not allowed on element “m[a-z]+” at this point\."
)


def _messages(command: list[str], folder: Path) -> list[dict[str, Any]]:
    # Whether there are errors is what its messages say, not its exit code.
    options = ["--format", "json", "--exit-zero-always", "--skip-non-html", "--stdout"]
    try:
        done = subprocess.run(
            [*command, *options, str(folder)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MINUTES * 60,
            check=False,
        )
        found = json.loads(done.stdout.decode("utf-8", "replace"))["messages"]
    except subprocess.TimeoutExpired:
        raise _unusable(f"--html: it takes more than {MINUTES} minutes") from None
    except OSError as error:
        raise _unusable(f"--html: {command[0]}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        said = done.stderr.decode("utf-8", "replace").strip()[-1000:]
        message = f"--html: {' '.join(command)} does not answer as the Nu HTML checker does"
        raise _unusable(message, said) from None
    return [each for each in found if isinstance(each, dict)]


def _flaws(message: Mapping[str, Any], made: MadeSite, folder: Path) -> Iterator[Flaw]:
    kind, text = str(message.get("type", "")), " ".join(str(message.get("message", "")).split())
    path = Path(url2pathname(urlsplit(str(message.get("url", ""))).path))
    page = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else ""
    if kind == "non-document-error" and not page:
        raise _unusable(f"--html: {text}")
    if kind not in ("error", "non-document-error") or page not in made.looks:
        return  # hints
    if _BEHIND.fullmatch(text):
        return
    extract, start = str(message.get("extract", "")), message.get("hiliteStart")
    length = message.get("hiliteLength")
    marked = ""
    if isinstance(start, int) and isinstance(length, int):
        marked = extract[start : start + length].strip()
    written = (marked, *re.findall(r"""(?:id|src|href)=["']([^"']+)["']""", marked))
    shown = f" in {marked.splitlines()[0][:80]}" if marked else ""
    yield Flaw("A120", f"not valid HTML{shown}: {text}", page, tuple(filter(None, written)))
