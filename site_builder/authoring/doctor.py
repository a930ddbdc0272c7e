"""What a site needs of the machine that it is built on, and what of that is missing.

In: a site. Out: facts with a verdict each. Promise: no post runs, and nothing is changed.
"""

from __future__ import annotations

import ast
import json
import locale
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from site_builder import __version__
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.errors import ContentError, UsageError
from site_builder.execution.imports import imported, modules_in, uses_magics
from site_builder.execution.interpreter import Interpreter, Probe, normalised
from site_builder.execution.processes import StartError, Zygote, ZygoteError
from site_builder.execution.program import site_environment, site_python
from site_builder.model.post import Cell, Post
from site_builder.settings.site import Site

OLDEST = (3, 11)  # of the Pythons that can run posts
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
MAGICS = "IPython"
KERNELS = ("jupyter_client", "nbclient", "nbformat")
"""What posts in other languages need in the Python that runs posts."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing about the machine."""

    name: str
    value: str
    verdict: Literal["ok", "missing", "absent"] = "ok"
    """`missing` if the site cannot be built without it, `absent` if only some commands need it."""
    help: str = ""
    """What to do about it."""


def general_facts() -> Iterator[Fact]:
    """What is true with or without a site."""
    yield Fact("site-builder", f"{__version__} in {Path(__file__).parents[1]}")
    yield Fact("system", f"{platform.platform()}, {os.cpu_count()} processors")
    yield Fact("its Python", f"{platform.python_version()}, {sys.executable}")
    encodings = f"{locale.getpreferredencoding(do_setlocale=False)}, {sys.getfilesystemencoding()}"
    variables = [f"{name}={os.environ[name]}" for name in _LOCALE if name in os.environ]
    yield Fact("locale", f"{' '.join(variables) or 'not set'} (text {encodings} for files)")
    yield _program("git", ("git",), "diff needs it for revisions")
    yield _program("Chromium", CHROMIUM, "checks in a browser need it")


_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG", "TZ")


def site_facts(site: Site, *, output: Path, cache: Path) -> Iterator[Fact]:
    """What the site needs, and whether it is there."""
    yield Fact("site", f"{site.root}, at {site.address}")
    for name, folder in (("output", output), ("cache", cache)):
        yield _writable(name, folder)
    posts, broken = _posts(site)
    if broken:
        told = f"{', '.join(broken)}: 'site-builder build' says what is wrong"
        yield Fact("unreadable posts", told, "missing", "mend them")
    environment = site_environment(site)
    try:
        python = site_python(site)
        interpreter = _asked(python, environment)
    except UsageError as error:
        yield Fact("posts' Python", error.problems[0].message, "missing", error.problems[0].help)
        return
    except StartError as error:
        help_ = "set 'execution.python' to the path of a Python from 3.11 on"
        yield Fact("posts' Python", f"{python} does not start: {error}", "missing", help_)
        return
    yield _python(python, interpreter)
    yield _processes(python, environment)
    yield from _packages(site, posts, interpreter, environment, python)
    yield from _kernels(posts, interpreter, python, environment)


def _program(name: str, commands: Sequence[str], why: str) -> Fact:
    for command in commands:
        if path := shutil.which(command):
            version = _first_line([path, "--version"])
            return Fact(name, f"{version or 'does not say its version'}, {path}")
    return Fact(name, f"not found; {why}", "absent")


def _first_line(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """The first line that a program says; empty if it fails or takes long."""
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=20, env=environment
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    return lines[0].strip() if lines and not done.returncode else ""


def _writable(name: str, folder: Path) -> Fact:
    """Whether a file can be made in a folder, or in the one that it would be made in."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        value = f"{folder} cannot be written: {error.strerror}"
        return Fact(name, value, "missing", f"see who owns {there}, and whether its disk is full")
    return Fact(name, f"{folder}, can be written")


def _posts(site: Site) -> tuple[list[Post], list[str]]:
    """The posts with something to run, and the files of those that cannot be read."""
    sources, problems = read_sources(site)
    posts, broken = [], [problem.file for problem in problems]
    for source in sources:
        try:
            posts.append(parse(site, source))
        except ContentError:
            broken.append(source.path)
    return [post for post in posts if post.runs], broken


def _asked(python: str, environment: Mapping[str, str]) -> Interpreter:
    probe = Probe(python, environment)
    try:
        return probe.interpreter
    finally:
        probe.close()


def _python(python: str, interpreter: Interpreter) -> Fact:
    facts = interpreter.facts
    value = f"{facts['python']} ({facts['implementation']}, {facts['machine']}), {python}"
    version = tuple(int(part) for part in facts["python"].split(".")[:2])
    if version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Fact("posts' Python", value, "missing", f"posts need Python {oldest} or newer")
    return Fact("posts' Python", value)


def _processes(python: str, environment: Mapping[str, str]) -> Fact:
    """How posts get their processes, as a build would find."""
    try:
        Zygote(python, environment).close()
    except ZygoteError as error:
        return Fact("processes", f"each post is started anew (spawn): {error}")
    return Fact("processes", "forks of one that has imported (fork)")


def _packages(
    site: Site,
    posts: Sequence[Post],
    interpreter: Interpreter,
    environment: Mapping[str, str],
    python: str,
) -> Iterator[Fact]:
    """The packages that posts import, with versions, and those that are missing."""
    users: dict[str, list[str]] = {}
    elsewhere: set[str] = set()  # posts that import from folders of their own
    for post in posts:
        if post.front_matter.execute == "frozen" or post.front_matter.kernel:
            continue  # runs elsewhere
        beside = modules_in(site.root / post.source.folder)
        needed = set(imported(_needed(post.cells))) - beside - sys.stdlib_module_names
        if uses_magics(post.cells):
            needed.add(MAGICS)
        if "keras" in needed and "KERAS_BACKEND" in environment:
            needed.add(environment["KERAS_BACKEND"])
        if any("sys.path" in cell.code for cell in post.cells):
            elsewhere.add(post.source.path)
        for name in needed:
            users.setdefault(name, []).append(post.source.path)
    for name, paths in sorted(users.items()):
        if name in interpreter.names:
            yield Fact(f"package {name}", _version(name, interpreter))
        elif elsewhere.issuperset(paths):
            value = f"not found; {_used(paths)}, and changes where it looks"
            yield Fact(f"package {name}", value, "absent")
        else:
            help_ = f"install it: {python} -m pip install {name}"
            yield Fact(f"package {name}", f"not found; {_used(paths)}", "missing", help_)


def _used(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more} needs it"


def _version(module: str, interpreter: Interpreter) -> str:
    """The distributions that a module is of, with their versions."""
    if (own := normalised(module)) in interpreter.packages:
        return interpreter.packages[own]
    for folder in interpreter.path:
        if owners := interpreter.owners(module, folder):
            return ", ".join(f"{version} ({name})" for name, version in sorted(owners.items()))
    return "found"


def _needed(cells: Sequence[Cell]) -> Iterator[Cell]:
    """The cells without what may fail: cells that are meant to raise, imports that are tried."""
    for cell in cells:
        if cell.options.error:
            continue
        try:
            tree = ast.parse(cell.code)
        except SyntaxError:
            yield cell  # magics
            continue
        yield replace(cell, code=ast.unparse(_Untried().visit(tree)))


class _Untried(ast.NodeTransformer):
    """Takes away what stands in a `try` with handlers."""

    def visit_Try(self, node: ast.Try) -> ast.AST:
        return ast.Pass() if node.handlers else self.generic_visit(node)


def _kernels(
    posts: Sequence[Post], interpreter: Interpreter, python: str, environment: Mapping[str, str]
) -> Iterator[Fact]:
    """The Jupyter kernels that posts in other languages need."""
    users: dict[str, list[str]] = {}
    for post in posts:
        if post.front_matter.kernel and post.front_matter.execute != "frozen":
            users.setdefault(post.front_matter.kernel, []).append(post.source.path)
    if not users:
        return
    if absent := [name for name in KERNELS if name not in interpreter.names]:
        help_ = f"install them: {python} -m pip install {' '.join(absent)}"
        paths = [path for each in users.values() for path in each]
        yield Fact("Jupyter", f"not found: {', '.join(absent)}; {_used(paths)}", "missing", help_)
        return
    known = json.loads(_first_line([python, "-c", _LIST], environment) or "[]")
    for name, paths in sorted(users.items()):
        if name in known:
            yield Fact(f"kernel {name}", "found")
        else:
            help_ = f"known are: {', '.join(known)}" if known else "install one"
            yield Fact(f"kernel {name}", f"not found; {_used(paths)}", "missing", help_)


_LIST = (
    "import json, jupyter_client.kernelspec as k; "
    "print(json.dumps(sorted(k.KernelSpecManager().find_kernel_specs())))"
)
