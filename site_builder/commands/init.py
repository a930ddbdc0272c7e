"""`site-builder init`: begin a blog.

In: the arguments. Out: a folder that builds, and the commands that come next.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from site_builder.commands.arguments import shown


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "init", help="begin a blog in a folder, ready to build", allow_abbrev=False
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an empty one")
    parser.add_argument("--force", action="store_true",
                        help="add what is missing to a folder with files")  # fmt: skip
    parser.set_defaults(command=run, writes=True)


def run(given: argparse.Namespace) -> int:
    """Begin a blog; gives the exit code. Raises UsageError if that cannot be."""
    from site_builder.authoring.new_site import PACKAGES, write_site
    from site_builder.build import read_day

    folder = given.folder.absolute()
    new = write_site(folder, today=read_day(), force=given.force)
    for name in new.kept:
        print(f"kept as it is: {name}")
    print(f"written: {len(new.written)} files in {shown(folder)}")
    if not new.requirement:
        print("before you publish: say in requirements.txt where site-builder is to be had")
    print("\nnext:")
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    for command in _next(given.folder, missing):
        print(f"  {command}")
    return 0


def _next(folder: Path, missing: list[str]) -> Iterator[str]:
    """Commands that work here as they stand."""
    if folder.resolve() != Path.cwd():
        yield _line("cd", str(folder))
    if missing and importlib.util.find_spec("pip") is not None:
        yield _line(sys.executable, "-m", "pip", "install", *missing)
    elif missing:  # an environment that uv made
        yield _line("uv", "pip", "install", "--python", sys.executable, *missing)
    yield _line(*_ours(), "build")
    yield _line(*_ours(), "serve", "--open")


def _ours() -> tuple[str, ...]:
    """How this very program is started."""
    found = shutil.which("site-builder")
    if found and Path(found).absolute().parent == Path(sys.executable).absolute().parent:
        return ("site-builder",)
    return (sys.executable, "-m", "site_builder")


def _line(*words: str) -> str:
    return shlex.join(words) if os.name == "posix" else subprocess.list2cmdline(words)
