"""The output folder: what may be one, and what is in it that is not ours.

In: the folder, the files that must go there, and those that are ours. Out: nothing, or Problems.
Promise: nothing is changed here but that empty folders go.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.model.files import Recipe
from site_builder.store import digest_of

SOURCES = ("posts", "pages", "themes", "templates", "static", ".git", ".cache", ".venv")
"""Folders of a site that no output may be in."""


def check_place(folder: Path, shown: str, root: Path) -> None:
    """Refuse a folder that is or holds the site itself, or is in its sources; raises UsageError."""
    help_ = "choose a folder that only the built site is in, such as public"
    if root == folder or root.is_relative_to(folder):
        holds = "is" if root == folder else "holds"
        message = f"the output folder {shown} {holds} the folder of the site itself"
        raise UsageError(Problem(message, help=help_, code="P001"))
    if folder.exists() and not folder.is_dir():
        message = f"the output folder {shown} is a file"
        raise UsageError(Problem(message, help=help_, code="P001"))
    for above in folder.parents:
        if above.is_file():
            message = f"the output folder {shown} would be in {above}, which is a file"
            raise UsageError(Problem(message, help=help_, code="P001"))
    for name in SOURCES:
        if folder.is_relative_to(root / name):
            message = f"the output folder {shown} is in {name}, a folder of the site's sources"
            raise UsageError(Problem(message, help=help_, code="P001"))


def check_content(
    folder: Path, shown: str, new: Mapping[str, Recipe], old: Mapping[str, str] | None
) -> None:
    """Refuse an output folder with files that are not ours where writing would harm them.

    `new` are the files by path; `old` are our paths there, None if we never wrote to it.
    Raises UsageError.
    """
    problems: list[Problem] = []
    if old is None and (foreign := _foreign_files(folder, new)):
        example = foreign[0] if len(foreign) == 1 else f"{foreign[0]} and {len(foreign) - 1} more"
        message = f"the output folder {shown} holds files that site-builder did not write"
        help_ = "choose another folder, or empty this one"
        raise UsageError(Problem(f"{message}: {example}", help=help_, code="P002"))
    ours = old or {}
    links: set[str] = set()
    link_above = LinkFinder(folder)
    for path in new:
        if not is_inside(path):
            message = f"{path!r} is not a path inside the output folder"
            problems.append(Problem(message, code="P003"))
        elif link := link_above(path):
            links.add(link)
        elif _is_in_the_way(folder, path, new[path], ours):
            message = f"{shown}/{path} was not written by site-builder, and the site has that file"
            help_ = "move it away; to publish it, use static/"
            problems.append(Problem(message, help=help_, code="P002"))
    for link in sorted(links):
        message = f"{shown}/{link} is a link, which is not followed"
        help_ = "remove the link, or use another output folder"
        problems.append(Problem(message, help=help_, code="P003"))
    if problems:
        raise UsageError(problems)


def _foreign_files(folder: Path, new: Mapping[str, Recipe]) -> list[str]:
    """What is in a folder that we never wrote to, but for hidden files and what is like ours."""
    found = []
    for home, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(home, name).relative_to(folder).as_posix()
            mine = path in new and is_same(folder / path, new[path].make())
            if not name.startswith(".") and not mine:
                found.append(path)
    return found


class LinkFinder:
    """Finds links among the folders above paths; looks at each folder once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, str] = {"": ""}

    def __call__(self, path: str) -> str:
        """The first folder above `path`, in the folder, that is a symbolic link; else empty."""
        above = path.rpartition("/")[0]
        if above not in self._known:
            link = self(above)
            if not link and (self._folder / above).is_symlink():
                link = above
            self._known[above] = link
        return self._known[above]


def _is_in_the_way(folder: Path, path: str, new: Recipe, ours: Mapping[str, str]) -> bool:
    """Whether something that is not ours stands where `path` must go."""
    place = folder / path
    try:
        mode = os.lstat(place).st_mode
    except FileNotFoundError:
        return False
    except NotADirectoryError:
        above = [p.relative_to(folder).as_posix() for p in place.parents if p.is_file()]
        return above[0] not in ours
    if stat.S_ISDIR(mode):
        inside = (x for x in place.rglob("*") if x.is_symlink() or not x.is_dir())
        return any(x.relative_to(folder).as_posix() not in ours for x in inside)
    return path not in ours and not is_same(place, new.make())


def is_same(place: Path, content: bytes) -> bool:
    """Whether a regular file of this content is there."""
    try:
        found = os.lstat(place)
        if not stat.S_ISREG(found.st_mode) or found.st_size != len(content):
            return False
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123
            return file.readall() == content
    except OSError:
        return False


def digest_at(place: str) -> str:
    """The digest of the regular file that is there; empty if there is none that can be read."""
    try:
        if not stat.S_ISREG(os.lstat(place).st_mode):
            return ""
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123
            return digest_of(file.readall())
    except OSError:
        return ""


def is_inside(path: str) -> bool:
    """Whether a path names a file inside the output folder."""
    parts = path.split("/")
    is_relative = not os.path.splitdrive(path)[0]  # a drive, on systems that have them
    return (
        is_relative
        and not {"", ".", ".."}.intersection(parts)
        and "\\" not in path
        and "\0" not in path
    )


def shown_path(folder: Path, site_root: Path) -> str:
    """The folder for messages: relative to the site's if it is inside."""
    root = site_root.resolve()
    inside = folder.is_relative_to(root) and folder != root
    return (folder.relative_to(root) if inside else folder).as_posix()


def remove_empty_above(folder: Path, place: Path) -> None:
    """Remove the folders above a place, and in `folder`, that are empty."""
    for parent in place.parents:
        if parent == folder:
            break
        try:
            parent.rmdir()
        except OSError:
            break
