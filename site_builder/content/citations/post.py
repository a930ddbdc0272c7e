"""The works that a post cites: found in its text, looked up in its bibliographies, given names.

In: a post's tokens and texts, and the site. Out: Citations in the order of the references, a place
for these in the token stream, every file that was looked at, and what is wrong. Promise: nothing is
read for a post that names no bibliography and cites nothing, and nothing outside of the site.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it.token import Token

from site_builder.codes import WARNINGS
from site_builder.content.citations.bibliography import BibFault, Bibliography, read_bibliography
from site_builder.content.citations.named import named_works
from site_builder.content.citations.syntax import cites_in, name_cites
from site_builder.content.citations.works import read_work
from site_builder.content.expressions import cell_texts
from site_builder.content.front_matter import body_line
from site_builder.content.markdown import make_parser
from site_builder.content.positions import locate, problem_at
from site_builder.errors import Problem, encoding_problem, nearest
from site_builder.maths import MathsError, render_inline
from site_builder.model.citations import Citations
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Cell, Source
from site_builder.settings.site import FILE, Site
from site_builder.words.words import words_for


@dataclass(frozen=True, slots=True)
class _Use:
    """A place where a key is cited."""

    key: str
    written: str
    start: int
    """First line of the block, from 1."""
    end: int


@dataclass(frozen=True, slots=True)
class _File:
    """A bibliography."""

    path: str
    """Relative to the site's folder."""
    content: Bibliography


def find_citations(
    site: Site,
    source: Source,
    front: FrontMatter,
    tokens: list[Token],
    cells: Sequence[Cell],
    env: dict[str, Any],
) -> tuple[Citations, tuple[str, ...], list[Problem]]:
    """Find what the post cites, tell its tokens, and add the place of the references to them.

    Gives the paths that were looked at, too.
    """
    wanted = bool(front.bibliography or site.settings.bibliography)
    uses = [*_uses_in(tokens), *_uses_beside(source, front, cells, wanted=wanted)]
    if not uses and not front.bibliography and not front.nocite:
        _drop_places(tokens)
        return Citations(wanted=wanted), (), []
    problems: list[Problem] = []
    looked: list[str] = []
    files = list(_files(site, source, front, looked, problems))
    keys = _known_keys(source, front, files, uses, problems, wanted=wanted)
    warnings: list[Problem] = []
    works = []
    for key in keys:
        file = next(file for file in files if key in file.content.entries)
        work, faults = read_work(file.content.entries[key], file.content.entries)
        works.append(work)
        macros = {**site.settings.math.macros, **front.macros}
        for problem in _told(file, [*faults, *_maths_faults(file, key, work.title, macros)]):
            (warnings if problem.code in WARNINGS else problems).append(problem)
    named = named_works(works, env.setdefault("ids", set()))
    known = {each.work.key: (each.names, each.year) for each in named}
    name_cites(tokens, known.get)
    if named:
        words = words_for(site.words, front.lang or site.settings.language)
        # An aside is too short for headings, and stands whole in lists beside others.
        heading = "" if front.kind == "aside" else words.references
        _add_references(tokens, env["ids"], heading)
    _drop_places(tokens)
    citations = Citations(named, wanted, tuple(warnings))
    return citations, tuple(looked), problems


def _uses_in(tokens: Sequence[Token]) -> Iterator[_Use]:
    for token, block in cites_in(tokens):
        first, last = block.map or (0, 1)
        yield _Use(token.content, token.markup, first + 1, last)


def _uses_beside(
    source: Source, front: FrontMatter, cells: Sequence[Cell], *, wanted: bool
) -> Iterator[_Use]:
    """Those in the texts outside of the token stream."""
    head = (1, max(1, body_line(source) - 1))
    texts = [(front.title, *head), (front.summary, *head)]
    for cell in cells:
        last = max(cell.fence_line, cell.line - 1)
        texts += [(text, cell.fence_line, last) for _, text in cell_texts(cell)]
    for text, start, end in texts:
        if "@" in text or "{cite" in text:
            tokens = make_parser().parseInline(text, {"cites": wanted})
            yield from (_Use(t.content, t.markup, start, end) for t, _ in cites_in(tokens))


def _files(
    site: Site, source: Source, front: FrontMatter, looked: list[str], problems: list[Problem]
) -> Iterator[_File]:
    """The bibliographies of the post, then those of the site; each file once."""
    for written in front.bibliography:
        base = "" if written.startswith("/") else source.folder
        path = posixpath.normpath(posixpath.join(base, written.lstrip("/")))
        yield from _file(site, path, looked, problems, _in_front_matter(source, written))
    for written in site.settings.bibliography:
        yield from _file(site, posixpath.normpath(written), looked, problems, _in_settings)


def _file(
    site: Site, path: str, looked: list[str], problems: list[Problem], place: Any
) -> Iterator[_File]:
    if path in looked:
        return
    full, message = site.root / path, ""
    help_ = "it is looked for beside the post; the site's are named in site.toml"
    try:
        if path.startswith("../") or "\\" in path or "\0" in path:
            message, help_ = "is outside of the site's folder", "copy it into the folder"
        else:
            looked.append(path)
            if not full.is_file():
                message = "is not a file" if full.exists() else "is not there"
            elif not full.resolve().is_relative_to(site.root.resolve()):
                message = "is a link to a file outside of the site's folder"
                help_ = "copy the file to where the link is"
        content = b"" if message else full.read_bytes()
    except OSError as error:
        message, help_ = f"cannot be read: {error.strerror}", ""
    if message:
        problems.append(place(site, path, f"the bibliography {path!r} {message}", help_))
        return
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        problems.append(encoding_problem(path, error, code="B001"))
        return
    file = _File(path, read_bibliography(text))
    problems += _told(file, file.content.faults)
    yield file


def _in_front_matter(source: Source, written: str) -> Any:
    def problem(_: Site, __: str, message: str, help_: str) -> Problem:
        line, column = locate(source, 1, body_line(source), written)
        at = {"column": column, "width": len(written)}
        return problem_at(source, line, message, help_, code="B001", **at)

    return problem


def _in_settings(site: Site, path: str, message: str, help_: str) -> Problem:
    try:
        lines = (site.root / FILE).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError):
        lines = []
    found = ((n, x.find(path)) for n, x in enumerate(lines, 1) if path in x)
    line, column = next(found, (0, -1))
    excerpt = lines[line - 1] if line else ""
    help_ = "it is named from the site's folder" if help_ else ""
    return Problem(message, FILE, line, column + 1, len(path), excerpt, help_, code="B001")


def _told(file: _File, faults: Iterable[BibFault]) -> Iterator[Problem]:
    for fault in faults:
        excerpt = file.content.lines[fault.line - 1]
        column = _column(excerpt, fault)
        width = len(fault.word) if column else 1
        at = (fault.line, column, width, excerpt)
        yield Problem(fault.message, file.path, *at, fault.help, code=fault.code)


def _column(line: str, fault: BibFault) -> int:
    """Where on a line the word stands that is at fault; 0 if it does not."""
    if not fault.word:
        return 0
    before = rf"(?<!\w){re.escape(fault.name)}\s*=" if fault.name else r"\s*@\w+\s*[{(]"
    found = None if fault.word.startswith("@") else re.search(before, line)
    return line.find(fault.word, found.end() if found else 0) + 1


def _known_keys(
    source: Source,
    front: FrontMatter,
    files: Sequence[_File],
    uses: Sequence[_Use],
    problems: list[Problem],
    *,
    wanted: bool,
) -> list[str]:
    """The keys of works that are cited, or in the references without; each once."""
    known = {key for file in files for key in file.content.entries}
    broken = {key for file in files for key in file.content.broken}
    complete = not any(problem.code == "B001" for problem in problems)
    found: dict[str, None] = {}
    for use in uses:
        if use.key in known:
            found[use.key] = None
        elif complete and use.key not in broken:
            problems.append(_unknown(source, use, known, wanted=wanted))
    for written in front.nocite:
        for key in (each.strip(" ,") for each in written.split()):
            if key == "@*":
                found |= dict.fromkeys(key for file in files for key in file.content.entries)
            elif (name := key.removeprefix("@")) in known:
                found[name] = None
            elif complete and name not in broken:
                use = _Use(name, key, 1, body_line(source))
                problems.append(_unknown(source, use, known, wanted=wanted))
    return list(found)


def _unknown(source: Source, use: _Use, known: set[str], *, wanted: bool) -> Problem:
    if wanted:
        code, message = "B004", f"there is no entry {use.key!r} in the bibliography"
        near = nearest(use.key, known) if known else "it has no entries"
        way_out = f"write \\@{use.key} for the text"
        help_ = f"{near}{' Or' if near.endswith('?') else '; or'} {way_out}" if near else way_out
    else:
        code, message = "B005", f"{use.key!r} is cited, but the post has no bibliography"
        help_ = f"add 'bibliography: references.bib' to the front matter, or write \\@{use.key}"
    line, column = locate(source, use.start, use.end, use.written)
    at = {"column": column, "width": len(use.written)}
    return problem_at(source, line, message, help_, code=code, **at)


def _maths_faults(
    file: _File, key: str, title: Iterable[tuple[str, str]], macros: dict[str, str]
) -> Iterator[BibFault]:
    """What is wrong with formulas in the title."""
    entry = file.content.entries[key]
    for kind, tex in title:
        if kind != "maths":
            continue
        try:
            render_inline(tex, macros)
        except MathsError as error:
            written = entry.fields.get("title") or entry.fields["subtitle"]
            line = written.line + written.value.count("\n", 0, max(0, written.value.find(tex)))
            yield BibFault(line, error.message, error.help, tex, code=error.code)


def _add_references(tokens: list[Token], ids: set[str], heading: str) -> None:
    """Put the place of the references where the author wants it, else at the end of the post.

    There they are under a `heading`, unless that is empty.
    """
    for index, token in enumerate(tokens):
        if token.type == "container_open" and token.attrs.get("id") == "refs":
            close = next(
                n
                for n, other in enumerate(tokens[index:], index)
                if other.type == "container_close" and other.level == token.level
            )
            tokens.insert(close, _place(""))
            return
        if _is_place(token):
            tokens[index] = _place("")
            return
    end = next((n for n, t in enumerate(tokens) if t.type == "footnote_block_open"), len(tokens))
    if end and tokens[end - 1].type == "heading_close":  # the author's own heading for them
        tokens.insert(end, _place(str(tokens[end - 3].attrs.get("id", ""))))
        return
    if not heading:
        tokens.insert(end, _place(""))
        return
    id_, number = "references", 1
    while id_ in ids:
        number += 1
        id_ = f"references-{number}"
    ids.add(id_)
    tag = "h1" if any(t.type == "heading_open" and t.tag == "h1" for t in tokens) else "h2"
    opening, closing = Token("heading_open", tag, 1), Token("heading_close", tag, -1)
    opening.block = closing.block = True
    opening.attrs["id"] = id_
    words = Token("text", "", 0, content=heading)
    inline = Token("inline", "", 0, children=[words], level=1, block=True)
    tokens[end:end] = [opening, inline, closing, _place(id_)]


def _is_place(token: Token) -> bool:
    """Whether a fence is MyST's for the references."""
    return token.type == "fence" and token.info.partition("}")[0].strip() == "{bibliography"


def _drop_places(tokens: list[Token]) -> None:
    """Take away places for references that have none."""
    tokens[:] = [token for token in tokens if not _is_place(token)]


def _place(heading: str) -> Token:
    return Token("references", "", 0, block=True, meta={"heading": heading})
