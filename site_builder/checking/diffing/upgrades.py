"""A throw-away environment: the Python of a site's posts with other versions of some packages.

In: that Python, and requirements as pip reads them. Out: the path of another Python that imports
those, and for all else what the site's Python imports. Promise: nothing is installed into, or
removed from, the site's own environment, and the throw-away one always goes.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.execution.interpreter import Probe
from site_builder.execution.processes import StartError
from site_builder.execution.program import site_environment, site_python
from site_builder.execution.reuse import unstartable
from site_builder.settings.site import Site

OnSay = Callable[[str], None]
"""Is told what happens, a line at a time."""
_SHOWN = ("Collecting ", "Downloading ", "Building ", "Installing ", "Processing ")


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An environment that differs from the site's."""

    python: str
    """The path of its Python."""
    changes: tuple[tuple[str, str, str], ...]
    """Name, version before and version now, of each distribution; empty where there was none."""
    conflicts: tuple[str, ...]
    """What pip says does not fit together now."""


@contextlib.contextmanager
def upgraded(site: Site, requirements: Sequence[str], on_say: OnSay) -> Iterator[Upgrade]:
    """Make the environment of `site` with `requirements`, such as `numpy==2.3.0`, over it.

    It goes when the context is left. Raises UsageError for a requirement that is an option, if
    there is no pip, or if pip fails, with its last lines.
    """
    for requirement in requirements:
        if requirement.startswith("-") or not requirement.strip():
            message = f"--with takes a package such as 'numpy==2.3.0', not {requirement!r}"
            raise UsageError(Problem(message, code="C009"))
    base = site_python(site)
    before = _packages(site, base)
    with tempfile.TemporaryDirectory(
        prefix="site-builder-with-", ignore_cleanup_errors=True
    ) as folder:
        python = _over(base, Path(folder, "environment"))
        on_say(f"installing {', '.join(requirements)} over the packages of {base}")
        conflicts = _install(python, requirements, on_say)
        changes = _changes(before, _packages(site, python))
        yield Upgrade(python, changes, conflicts)


def _over(base: str, home: Path) -> str:
    """An empty environment that sees what `base` sees, behind its own packages."""
    made = _run([base, "-m", "venv", "--without-pip", str(home)])
    if made.returncode:
        message = f"no environment can be made with {base}: {_tail(made, 1)}"
        help_ = "Debian has the module venv in a package of its own, such as python3-venv"
        raise UsageError(Problem(message, help=help_, code="C016"))
    python = str(home / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    own = _search_path(python)
    beneath = [folder for folder in _search_path(base) if folder not in own]
    packages = next(folder for folder in own if Path(folder).name == "site-packages")
    # `addsitedir`, as .pth files of the base count too: those of editable packages.
    lines = "".join(f"import site; site.addsitedir({folder!a})\n" for folder in beneath)
    Path(packages, "beneath.pth").write_text(lines, encoding="ascii")
    return python


def _search_path(python: str) -> list[str]:
    """Folders in which a Python looks for modules: those that are there, without the current."""
    code = "import json, os, sys; print(json.dumps([p for p in sys.path if os.path.isdir(p)]))"
    told = _run([python, "-P", "-c", code])
    try:
        found: list[str] = json.loads(told.stdout)
    except ValueError:
        message = f"the Python that runs posts, {python!r}, does not start: {_tail(told, 1)}"
        raise UsageError(Problem(message, code="C014")) from None
    return found


def _install(python: str, requirements: Sequence[str], on_say: OnSay) -> tuple[str, ...]:
    """Install; gives the conflicts that pip tells of."""
    if _run([python, "-m", "pip", "--version"]).returncode:
        bundled = _run([python, "-m", "ensurepip"])
        if bundled.returncode:
            message = f"--with needs pip: {_tail(bundled, 1)}"
            help_ = "install pip for the Python that runs posts"
            raise UsageError(Problem(message, help=help_, code="C016"))
    arguments = ("install", "--upgrade", "--no-input", "--disable-pip-version-check")

    def show(line: str) -> None:
        if line.strip().startswith(_SHOWN):
            on_say(line.strip())

    done = _run([python, "-m", "pip", *arguments, "--progress-bar=off", "--", *requirements], show)
    if done.returncode:
        message = f"pip could not install {', '.join(requirements)}"
        # Of a mistake of its own, the last line says as much as pip knows.
        count = 1 if "Traceback (most recent call last)" in done.stderr else 8
        raise UsageError(Problem(message, notes=(_tail(done, count),), code="C016"))
    return tuple(
        line.strip()
        for line in done.stderr.splitlines()
        if " requires " in line and " which is incompatible" in line
    )


def _packages(site: Site, python: str) -> Mapping[str, str]:
    """Version of each distribution that a Python sees."""
    probe = None
    try:
        probe = Probe(python, site_environment(site))
        return probe.interpreter.packages
    except StartError as error:
        raise unstartable(python, error) from None
    finally:
        if probe is not None:
            probe.close()


def _changes(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (name, before.get(name, ""), after.get(name, ""))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _run(
    command: Sequence[str], on_line: OnSay = lambda _: None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end; `on_line` is told each line that it prints, as soon as it does.

    Raises UsageError if it cannot be started.
    """
    # The modules of whoever started us are no part of the environment.
    environment = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "PYTHONHOME")}
    said = []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        try:
            process = subprocess.Popen(
                list(command),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            message = f"{command[0]!r} does not start: {error.strerror}"
            raise UsageError(Problem(message, code="C014")) from None
        with process:
            assert process.stdout
            for line in process.stdout:
                said.append(line)
                on_line(line)
        complaints.seek(0)
        text = complaints.read()
    return subprocess.CompletedProcess(list(command), process.returncode, "".join(said), text)


def _tail(done: subprocess.CompletedProcess[str], count: int) -> str:
    """The last lines of what a program complained, or else said."""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "\n".join(lines[-count:]) or f"it ended with code {done.returncode}"
