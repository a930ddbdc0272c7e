"""Read: which files of a site are posts and pages, and their text.

In: a site. Out: a source for each post and page, in the order of their paths, and a problem for
each that cannot be read. Promise: nothing outside of the site's folder is read.

    posts/name.md   posts/name/index.md   the same in pages/, and with .qmd, .ipynb or .py
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from site_builder.config import Site, encoding_problem
from site_builder.errors import ContentError, Problem
from site_builder.model import SiteFile, Source

FOLDERS = ("posts", "pages")
SUFFIXES = (".md", ".qmd", ".ipynb", ".py")


def read_sources(site: Site) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """Read all posts and pages; also returns what stands in the way of reading more."""
    problems: list[Problem] = []
    files: list[Path] = []
    for folder in FOLDERS:
        if (site.root / folder).is_dir():
            files += _files(site.root, site.root / folder, problems)
    sources: list[Source] = []
    for file in files:
        try:
            source = read_source(site.root, file.relative_to(site.root).as_posix())
        except ContentError as error:
            problems += error.problems
            continue
        if source:
            sources.append(source)
    return tuple(sources), tuple(problems)


def read_source(root: Path, path: str) -> Source | None:
    """Read one post; `path` is relative to the site's folder `root`.

    None for a Python module that is not a percent script. Raises ContentError.
    """
    full = root / path
    text = _decoded(_content(root, path), path)
    if full.suffix == ".ipynb":
        from site_builder.content.notebooks import read_notebook

        return read_notebook(path, text)
    if full.suffix == ".py":
        if not _PERCENT.search(text):
            return None
        from site_builder.content.notebooks import read_script

        return read_script(path, text)
    # In Quarto's own files plain fences are never run.
    return Source(path, text, marked=full.suffix == ".qmd")


# Folders in posts/ that hold files for several posts.
_SHARED = frozenset(("data", "images", "static"))
_PERCENT = re.compile(r"^#[ \t]*%%|\A(?:#!.*\n)?#[ \t]*---[ \t]*$", re.MULTILINE)


def _files(root: Path, folder: Path, problems: list[Problem]) -> list[Path]:
    """The files of posts in `posts/` or `pages/`, by name."""
    found: list[Path] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith(("_", ".")):
            continue
        if not entry.is_dir():
            if entry.suffix in SUFFIXES:
                found.append(entry)
        elif entry.name not in _SHARED or any((entry / f"index{x}").exists() for x in SUFFIXES):
            found += _folder(root, entry, problems)
    return found


def _folder(root: Path, folder: Path, problems: list[Problem]) -> list[Path]:
    """The post in a folder of its own."""
    path = folder.relative_to(root).as_posix()
    if not folder.resolve().is_relative_to(root.resolve()):
        message = "the folder is a link to a place outside of the site's folder"
        problems.append(Problem(message, path, help="copy the folder to where the link is"))
        return []
    try:
        names = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        problems.append(Problem(f"cannot read the folder: {error.strerror}", path))
        return []
    posts = [f"index{suffix}" for suffix in SUFFIXES if f"index{suffix}" in names]
    if len(posts) > 1:
        message = f"the folder has more than one post: {' and '.join(posts)}"
        problems.append(Problem(message, path, help="keep one, or give each a folder of its own"))
        return []
    if not posts and names - {".DS_Store"} and "__init__.py" not in names:
        help_ = "add index.md, or begin the folder's name with '_' if it is for several posts"
        problems.append(Problem("post folder without a post", path, help=help_))
    return [folder / name for name in posts]


def _content(root: Path, path: str) -> bytes:
    """The bytes of a file of the site; raises ContentError."""
    full = root / path
    # Not `Path.resolve`: until Python 3.12 that raises for a link to itself.
    if not Path(os.path.realpath(full)).is_relative_to(root.resolve()):
        message = "the file is a link to a place outside of the site's folder"
        raise ContentError(Problem(message, path, help="copy the file to where the link is"))
    try:
        if full.is_file() or not full.exists():
            return full.read_bytes()
    except OSError as error:
        raise ContentError(Problem(f"cannot read the file: {error.strerror}", path)) from None
    # To read a pipe would be to wait for someone to write into it.
    message = "this is a folder, a pipe or a device where a file should be"
    raise ContentError(Problem(message, path, help="move it away"))


def _decoded(content: bytes, path: str) -> str:
    """The text, with `\\n` at the ends of its lines and without a byte order mark."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContentError(encoding_problem(path, error)) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        problem = Problem("the file has a null character", path, line, help="save it as UTF-8 text")
        raise ContentError(problem)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_static(site: Site) -> tuple[SiteFile, ...]:
    """Read the files of `static/`, which are copied as they are.

    Raises ContentError for what cannot be read, and for links to folders or out of the site.
    """
    root = site.root / "static"
    files: list[SiteFile] = []
    problems: list[Problem] = []
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        shown = path.relative_to(site.root).as_posix()
        if path.name.startswith(".#"):  # an editor's lock: a link to nothing
            continue
        if path.is_dir():
            if path.is_symlink():
                message = "the folder is a link, which is not followed"
                problems.append(
                    Problem(message, shown, help="copy the folder to where the link is")
                )
            continue
        try:
            files.append(SiteFile(path.relative_to(root).as_posix(), _content(site.root, shown)))
        except ContentError as error:
            problems += error.problems
    if problems:
        raise ContentError(problems)
    return tuple(files)
