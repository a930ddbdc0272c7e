"""`site-builder explain`: say of each cell why it would run or need not, or what a code means.

In: the arguments. Out: a line for each post and each of its cells, or the text of codes. Nothing
runs.
"""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from site_builder.commands.arguments import CACHE, add_place, add_posts
from site_builder.errors import ContentError, Problem, UsageError

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.execution.explain import Explanation
    from site_builder.settings.site import Site


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "explain",
        help="say of each cell why it would run or need not, or what a code means",
        allow_abbrev=False,
    )
    add_place(parser, output=False)
    add_posts(parser, "all that have cells if none is named; or codes, such as F003")
    parser.add_argument("--codes", action="store_true", help="list all codes of problems")
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Say why each cell would run or need not; gives the exit code.

    Raises UsageError for a code that there is not.
    """
    codes = [name.upper() for name in given.posts if re.fullmatch(r"[A-Za-z]\d{3}", name)]
    if given.codes:
        _list_codes()
        return 0
    if codes:
        _explain_codes(codes)
        return 0
    from site_builder.selected import explain_posts
    from site_builder.settings.site import load_site
    from site_builder.store import Store

    site = load_site(given.directory)
    with Store(site.root / CACHE) as store:
        for explanation in explain_posts(site, given.posts, store):
            for line in _lines(explanation):
                print(line)
    return 0


def _list_codes() -> None:
    from site_builder.codes import FAMILIES
    from site_builder.diagnostics.catalogue import entries

    for family, what in FAMILIES.items():
        print(f"{family}: {what}")
        for entry in entries().values():
            if entry.code.startswith(family):
                print(f"  {entry.code}  {entry.severity:7}  {entry.title}")


def _explain_codes(codes: list[str]) -> None:
    from site_builder.diagnostics.catalogue import entries, explanation

    known = entries()
    unknown = [code for code in codes if code not in known]
    if unknown:
        raise UsageError(
            Problem(f"there is no code {code!r}", help=_nearest(code, known), code="C009")
            for code in unknown
        )
    print("\n".join(explanation(known[code]) for code in codes), end="")


def _nearest(code: str, known: Iterable[str]) -> str:
    """The help for a code that there is not: of its family, the one with the nearest number."""
    family = [other for other in known if other[0] == code[0]]
    if not family:
        return "list them with 'site-builder explain --codes'"
    near = min(family, key=lambda other: abs(int(other[1:]) - int(code[1:])))
    return f"did you mean {near!r}? 'site-builder explain --codes' lists all"


def explain_all(site: Site, cache: Path | None, on_line: Callable[[str], None]) -> None:
    """Before a build: what it will do with the cells of each post, told line by line."""
    from site_builder.selected import explain_posts
    from site_builder.store import Store

    # What is wrong with a post the build will say.
    with contextlib.suppress(ContentError), Store(cache) as store:
        for explanation in explain_posts(site, [], store):
            for line in _lines(explanation):
                on_line(line)


def _lines(explanation: Explanation) -> Iterator[str]:
    yield f"{explanation.post}: {_fate(explanation.reused)}: {explanation.why}"
    for cell in explanation.cells:
        yield f"  line {cell.line}, cell {cell.number}: {_fate(cell.reused)}: {cell.why}"


def _fate(reused: bool) -> str:
    return "reused" if reused else "runs"
