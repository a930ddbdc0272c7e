"""`site-builder init`: begin a blog.

In: the arguments. Out: a folder that builds, or files for a host beside a blog that is there; and
what comes next.
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
from typing import TYPE_CHECKING

from site_builder.authoring.hosts import DEFAULT, HOSTS, REQUIREMENTS, project_name
from site_builder.commands.arguments import shown

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.authoring.new_site import NewSite


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "init", help="begin a blog in a folder, ready to build", allow_abbrev=False
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), metavar="DIR",
                        help="a new folder, or an empty one (default: this one)")  # fmt: skip
    parser.add_argument("--host", choices=(*HOSTS,), default="",
                        help="who builds and shows the blog (default: github); beside a blog that "
                             "is there, write its files only")  # fmt: skip
    parser.add_argument("--force", action="store_true",
                        help="add what is missing to a folder with files")  # fmt: skip
    parser.set_defaults(command=run, writes=True)


def run(given: argparse.Namespace) -> int:
    """Begin a blog; gives the exit code. Raises UsageError if that cannot be."""
    from site_builder.authoring.new_site import PACKAGES, add_host, write_site
    from site_builder.build import read_day
    from site_builder.settings.site import FILE

    folder = given.folder.absolute()
    host, is_new = given.host or DEFAULT, not given.host or not (folder / FILE).exists()
    if is_new:
        new = write_site(folder, today=read_day(), force=given.force, host=host)
    else:
        new = add_host(folder, today=read_day(), host=host)
    for name in new.kept:
        print(f"kept as it is: {name}")
    files = "1 file" if len(new.written) == 1 else f"{len(new.written)} files"
    print(f"written: {files} in {shown(folder)}")
    if not is_new:
        for name in new.written:
            print(f"  {name}")
    if is_new:
        print("\nnext:")
        missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
        for command in _next(given.folder, missing):
            print(f"  {command}")
    _print_publishing(folder, host, new, is_new=is_new)
    return 0


def _print_publishing(folder: Path, host: str, new: NewSite, *, is_new: bool) -> None:
    """Say what is left to do, here and at the host."""
    print("\nto publish:")
    if REQUIREMENTS in new.written and not new.requirement:
        print(f"  say in {REQUIREMENTS} where site-builder is to be had;")
    if REQUIREMENTS in new.written and not is_new:
        print(f"  say in {REQUIREMENTS} what posts import;")
    for line in HOSTS[host].publish:
        print(f"  {line.format(name=project_name(folder))}")
    if new.repository and HOSTS[host].files:
        below = folder.relative_to(new.repository).as_posix()
        print(f"  {HOSTS[host].below.format(below=below, root=new.repository.as_posix())}")


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
