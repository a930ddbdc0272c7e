"""Read: which files of a site are posts and pages, and their text.

In: a site. Out: a source for each post and page, in the order of their paths, and a problem for
each that cannot be read. Promise: nothing outside of the site's folder is read.

    posts/name.md   posts/name/index.md   the same in pages/, and with .qmd, .ipynb or .py
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from site_builder.errors import ContentError, Problem, encoding_problem
from site_builder.model.files import SiteFile
from site_builder.model.post import Source
from site_builder.settings.site import Site
from site_builder.store import digest_of

FOLDERS = ("posts", "pages")
SUFFIXES = (".md", ".qmd", ".ipynb", ".py")


@dataclass(frozen=True, slots=True)
class PostFile:
    """The file of a post or page, as it is on the disk."""

    path: str
    """Relative to the site's folder, with forward slashes."""
    content: bytes


def read_sources(site: Site) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """Read all posts and pages; also returns what stands in the way of reading more."""
    files, unreadable = read_files(site)
    sources, problems = sources_of(files)
    return sources, (*unreadable, *problems)


def read_files(site: Site) -> tuple[tuple[PostFile, ...], tuple[Problem, ...]]:
    """Read the files of all posts and pages, and find which cannot be read."""
    problems: list[Problem] = []
    found: list[PostFile] = []
    root = os.path.realpath(site.root)
    for folder in FOLDERS:
        if (site.root / folder).is_dir():
            for path in _files(site.root, folder, problems):
                try:
                    found.append(PostFile(path, _content(root, path)))
                except ContentError as error:
                    problems += error.problems
    return tuple(found), tuple(problems)


def sources_of(files: Iterable[PostFile]) -> tuple[tuple[Source, ...], tuple[Problem, ...]]:
    """The texts of the files that are posts, and what is wrong with the others."""
    problems: list[Problem] = []
    sources: list[Source] = []
    for file in files:
        try:
            source = source_of(file)
        except ContentError as error:
            problems += error.problems
            continue
        if source:
            sources.append(source)
    return tuple(sources), tuple(problems)


def source_of(file: PostFile) -> Source | None:
    """The text of a post; None for a Python module that is not a percent script.

    Raises ContentError.
    """
    path = file.path
    suffix = path[path.rindex(".") :]
    text = _decoded(file.content, path)
    if suffix == ".ipynb":
        from site_builder.content.notebooks import read_notebook

        return read_notebook(path, text)
    if suffix == ".py":
        if not _PERCENT.search(text):
            return None
        from site_builder.content.notebooks import read_script

        return read_script(path, text)
    # In Quarto's own files plain fences are never run.
    return Source(path, text, marked=suffix == ".qmd")


def state_of(root: Path, path: str) -> str:
    """What is at a path below the site's folder `root`: posts that name it change with it.

    The digest of a file, or a word for anything else.
    """
    full = root / path
    try:
        if full.is_dir():
            return "folder"
        if not full.is_file():
            return "nothing"
        if not full.resolve().is_relative_to(root.resolve()):
            return "outside"
        return digest_of(full.read_bytes())
    except (OSError, ValueError):
        return "unreadable"


# Folders in posts/ that hold files for several posts.
_SHARED = frozenset(("data", "images", "static"))
_INDEX = tuple(f"index{suffix}" for suffix in SUFFIXES)
_PERCENT = re.compile(r"^#[ \t]*%%|\A(?:#!.*\n)?#[ \t]*---[ \t]*$", re.MULTILINE)


def _files(root: Path, folder: str, problems: list[Problem]) -> list[str]:
    """The files of posts in `posts/` or `pages/`, by name, relative to the site's folder."""
    found: list[str] = []
    with os.scandir(root / folder) as entries:
        by_name = sorted(entries, key=lambda entry: entry.name)
    for entry in by_name:
        path = f"{folder}/{entry.name}"
        if entry.name.startswith(("_", ".")) or entry.name.endswith(".frozen"):
            continue
        # What a link leads to is asked of the path: an entry raises for one to itself.
        if not (Path(entry.path).is_dir() if entry.is_symlink() else entry.is_dir()):
            if entry.name.endswith(SUFFIXES):
                found.append(path)
        elif entry.name not in _SHARED or any((root / path / x).exists() for x in _INDEX):
            found += _folder(root, path, problems)
    return found


def _folder(root: Path, path: str, problems: list[Problem]) -> list[str]:
    """The post in a folder of its own."""
    folder = root / path
    if not folder.resolve().is_relative_to(root.resolve()):
        message = "the folder is a link to a place outside of the site's folder"
        help_ = "copy the folder to where the link is"
        problems.append(Problem(message, path, help=help_, code="F011"))
        return []
    try:
        names = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        message = f"cannot read the folder: {error.strerror}"
        problems.append(Problem(message, path, code="F010"))
        return []
    posts = [name for name in _INDEX if name in names]
    if len(posts) > 1:
        message = f"the folder has more than one post: {' and '.join(posts)}"
        help_ = "keep one, or give each a folder of its own"
        problems.append(Problem(message, path, help=help_, code="F012"))
        return []
    if not posts and names - {".DS_Store"} and "__init__.py" not in names:
        help_ = "add index.md, or begin the folder's name with '_' if it is for several posts"
        problems.append(Problem("post folder without a post", path, help=help_, code="F012"))
    return [f"{path}/{name}" for name in posts]


def _content(root: str, path: str) -> bytes:
    """The bytes of a file of the site, whose folder is `root`, resolved; raises ContentError."""
    full = f"{root}/{path}"
    # Not `Path.resolve`: until Python 3.12 that raises for a link to itself; and this is faster.
    if not os.path.realpath(full).startswith(f"{root}{os.sep}"):
        message = "the file is a link to a place outside of the site's folder"
        help_ = "copy the file to where the link is"
        raise ContentError(Problem(message, path, help=help_, code="F011"))
    try:
        if os.path.isfile(full) or not os.path.exists(full):  # noqa: PTH110, PTH113
            return Path(full).read_bytes()
    except OSError as error:
        message = f"cannot read the file: {error.strerror}"
        raise ContentError(Problem(message, path, code="F010")) from None
    # To read a pipe would be to wait for someone to write into it.
    message = "this is a folder, a pipe or a device where a file should be"
    raise ContentError(Problem(message, path, help="move it away", code="F010"))


def _decoded(content: bytes, path: str) -> str:
    """The text, with `\\n` at the ends of its lines and without a byte order mark."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContentError(encoding_problem(path, error, code="F009")) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        message, help_ = "the file has a null character", "save it as UTF-8 text"
        raise ContentError(Problem(message, path, line, help=help_, code="F009"))
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_static(site: Site) -> tuple[SiteFile, ...]:
    """Read the files of `static/`, which are copied as they are.

    Raises ContentError for what cannot be read, and for links to folders or out of the site.
    """
    root = site.root / "static"
    files: list[SiteFile] = []
    problems: list[Problem] = []
    home = os.path.realpath(site.root)
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        shown = path.relative_to(site.root).as_posix()
        if path.name.startswith(".#"):  # an editor's lock: a link to nothing
            continue
        if path.is_dir():
            if path.is_symlink():
                message = "the folder is a link, which is not followed"
                help_ = "copy the folder to where the link is"
                problems.append(Problem(message, shown, help=help_, code="F011"))
            continue
        try:
            files.append(SiteFile(path.relative_to(root).as_posix(), _content(home, shown)))
        except ContentError as error:
            problems += error.problems
    if problems:
        raise ContentError(problems)
    return tuple(files)
