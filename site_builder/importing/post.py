"""Files of other tools as posts of a site, each whole or not at all.

In: a file, and where it should go. Out: the post in the site's folder. Promise: what is there is
overwritten only if that is asked for; all files of a post appear at once.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from site_builder.content.parse import ParseError, parse
from site_builder.content.slugs import is_slug_character, slugify
from site_builder.errors import ContentError, Problem, UsageError, encoding_problem
from site_builder.importing.beside import bibliographies_beside, files_beside
from site_builder.importing.documents import draft_of_document
from site_builder.importing.draft import Draft, StoredCell
from site_builder.importing.front_matter import Known, front_matter_text
from site_builder.importing.notebooks import draft_of_notebook, draft_of_script
from site_builder.model.post import Post, Source
from site_builder.settings.site import Site

MOST = 200_000_000  # bytes of a file
ROUNDS = 5  # of parsing a post and commenting out what it cannot have
SUFFIXES = (".ipynb", ".md", ".qmd", ".py")


@dataclass(frozen=True, slots=True)
class Wanted:
    """How files are imported."""

    to: str
    """`posts` or `pages`."""
    slug: str
    """Name of the post; made from the file's if empty."""
    force: bool
    """Whether a post that is there is overwritten."""
    today: dt.date


@dataclass(frozen=True, slots=True)
class Imported:
    """A post that was written."""

    file: str
    """What was imported, as it was named."""
    post: Post
    """As far as it could be understood."""
    files: tuple[str, ...]
    """What was written, relative to the site's folder."""
    stored: tuple[StoredCell, ...]
    remarks: tuple[Problem, ...]
    """What was left out or changed."""
    problems: tuple[Problem, ...]
    """What the author has to mend before it builds."""


def import_file(site: Site, file: Path, wanted: Wanted) -> Imported:
    """Write a post that is made of a file.

    Raises ContentError for what cannot be read as a post, UsageError if it cannot be written.
    """
    shown = file.as_posix()
    draft = _draft(file, shown)
    name = _slug(file, wanted)
    files = dict(draft.files)
    body, remarks = files_beside(shown, draft.body, file.parent, files)
    works, missing = bibliographies_beside(shown, draft.front_matter, file.parent, files)
    place = f"{wanted.to}/{name}/index.md" if files else f"{wanted.to}/{name}.md"
    _check_free(site, wanted, name)
    plain = re.sub(r"^\d{4}-\d\d-\d\d[-_]?", "", name) or name
    title = plain.replace("-", " ").replace("_", " ").strip().capitalize() or name
    known = Known(shown, place, title, wanted.today, works)
    head, changed = front_matter_text(draft, known)
    text = f"{head}\n{body.strip(chr(10))}\n"
    text = text.encode("utf-8", "replace").decode()  # JSON can hold halves of characters
    with _staged(site, wanted.to, files) as folder:
        text, mended = _mended(site, folder, text, shown)
        _put(site, folder, text, wanted, name, as_folder=bool(files))
    post, problems = _parsed(site, Source(place, text))
    written = (place, *(f"{wanted.to}/{name}/{each}" for each in sorted(files)))
    told = (*draft.remarks, *remarks, *missing, *changed, *mended)
    return Imported(shown, post, written, draft.stored, told, problems)


def _draft(file: Path, shown: str) -> Draft:
    if file.suffix not in SUFFIXES:
        message = f"{file.suffix or 'a file without a suffix'} cannot be imported"
        help_ = f"known are: {', '.join(SUFFIXES)}"
        raise ContentError(Problem(message, shown, help=help_, code="N012"))
    try:
        if file.stat().st_size > MOST:
            message = f"the file is larger than {MOST // 1_000_000} MB"
            help_ = "clear the outputs in Jupyter and save it"
            raise ContentError(Problem(message, shown, help=help_, code="N012"))
        content = file.read_bytes()
    except OSError as error:
        message = f"cannot read the file: {error.strerror}"
        raise ContentError(Problem(message, shown, code="N012")) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContentError(encoding_problem(shown, error, code="F009")) from None
    if "\0" in text:
        message = "the file has a null character: it is no text"
        raise ContentError(Problem(message, shown, code="N012"))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if file.suffix == ".ipynb":
        return draft_of_notebook(shown, text, is_kernel)
    if file.suffix == ".py":
        return draft_of_script(shown, text)
    return draft_of_document(shown, text, is_kernel)


@functools.cache
def _kernels() -> frozenset[str]:
    try:
        from jupyter_client.kernelspec import find_kernel_specs
    except ImportError:
        return frozenset()
    return frozenset(find_kernel_specs())


def is_kernel(name: str) -> bool:
    """Whether a Jupyter kernel of this name is installed."""
    return bool(name) and name in _kernels()


def _slug(file: Path, wanted: Wanted) -> str:
    name = wanted.slug
    if name:
        if not name[:1].isalnum() or not all(map(is_slug_character, name)):
            message = f"--slug should be of letters, digits, '-' and '_', not {name!r}"
            help_ = f"such as {slugify(name).lstrip('_-') or 'my-post'!r}"
            raise UsageError(Problem(message, help=help_, code="C012"))
        return name
    stem = file.parent.name if file.stem == "index" else file.stem
    slug = slugify(stem).lstrip("_-")
    if not slug:
        message = "no name for the post can be made of the file's"
        raise ContentError(
            Problem(message, file.as_posix(), help="name it with --slug", code="N013")
        )
    return slug


def _check_free(site: Site, wanted: Wanted, name: str) -> None:
    """Refuse a name that a post has, whatever its format is; raises UsageError."""
    folder = site.root / wanted.to
    there = [folder / f"{name}{suffix}" for suffix in SUFFIXES] + [folder / name]
    found = [path for path in there if path.exists() or path.is_symlink()]
    for path in found:
        # What is replaced must be what an import writes.
        if not wanted.force or path.suffix not in (".md", "") or len(found) > 1:
            shown = path.relative_to(site.root).as_posix()
            help_ = "give another name with --slug, or overwrite it with --force"
            if wanted.force:
                help_ = "move it away first: --force overwrites what an import writes"
            message = "there is a post of this name already"
            raise UsageError(Problem(message, shown, help=help_, code="N014"))


@contextlib.contextmanager
def _staged(site: Site, to: str, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder beside the posts, which no build looks at, with the files of a post to be."""
    folder = site.root / to / f".import-{os.getpid()}"
    try:
        folder.mkdir(parents=True)
        try:
            for name, content in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        message = f"the post cannot be written: {error.strerror}"
        raise UsageError(Problem(message, to, code="N015")) from None


def _parsed(site: Site, source: Source) -> tuple[Post, tuple[Problem, ...]]:
    try:
        return parse(site, source), ()
    except ParseError as error:
        return error.post, error.problems


def _mended(site: Site, folder: Path, text: str, shown: str) -> tuple[str, list[Problem]]:
    """The text without options of cells that nobody knows here: they are comments then."""
    place = (folder / "index.md").relative_to(site.root).as_posix()
    remarks: list[Problem] = []
    for _ in range(ROUNDS):
        _, problems = _parsed(site, Source(place, text))
        lines = text.split("\n")
        found = {p.line - 1: p for p in problems if 0 < p.line <= len(lines)}
        found = {at: problem for at, problem in found.items() if _OPTION.match(lines[at])}
        for at, problem in sorted(found.items(), reverse=True):
            _comment_out(lines, at)
            message = f"{problem.message}: it is a comment now"
            remarks.append(Problem(message, shown, code="N010"))
        text = "\n".join(lines)
        if not found:
            break
    return text, remarks[::-1]


_OPTION = re.compile(r"(#\||:(?=[A-Za-z][\w-]*:))(.*)")


def _comment_out(lines: list[str], at: int) -> None:
    """Make an option of a cell a comment below the other options."""
    mark = lines[at][:1]
    own = [lines.pop(at)]
    while mark == "#" and lines[at].startswith(("#|  ", "#| -")):
        own.append(lines.pop(at))
    while lines[at].startswith("#|" if mark == "#" else ":"):
        at += 1
    lines[at:at] = [f"# {line.removeprefix('#|').removeprefix(':').strip()}" for line in own]


def _put(
    site: Site, staged: Path, text: str, wanted: Wanted, name: str, *, as_folder: bool
) -> None:
    """Move the post to its place in one step."""
    (staged / "index.md").write_text(text, encoding="utf-8", newline="\n")
    home = site.root / wanted.to
    old = [path for path in (home / f"{name}.md", home / name) if path.exists()]
    aside = staged.with_name(f"{staged.name}-old")
    for path in old:
        path.rename(aside)
    try:
        if as_folder:
            staged.rename(home / name)
        else:
            _move(staged / "index.md", home / f"{name}.md")
    except OSError:
        for path in old:
            aside.rename(path)
        raise
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    """Move a file to where none is; also where a file cannot have two names."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        with target.open("xb") as file:
            file.write(source.read_bytes())


def paths_of(names: Sequence[str]) -> list[Path]:
    """The files that are named; raises UsageError for each that is not there."""
    paths = [Path(name) for name in names]
    problems = [
        Problem(f"there is no file {path.as_posix()!r}", code="N016")
        for path in paths
        if not path.is_file()
    ]
    if problems:
        raise UsageError(problems)
    return paths
