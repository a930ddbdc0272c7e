"""`site-builder list`: the posts of the site, and whether their outputs are fresh.

In: the arguments. Out: a line for each post, or JSON. Nothing runs. Exit code 1 if a post cannot be
read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from site_builder.commands.arguments import CACHE, add_place
from site_builder.commands.telling import print_document, print_each

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.authoring.listing import Row, Status


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "list", help="list the posts, and whether their outputs are fresh", allow_abbrev=False
    )
    add_place(parser, output=False)
    parser.add_argument("--drafts", action="store_true", help="list drafts")
    parser.add_argument("--future", action="store_true",
                        help="list posts whose date is in the future")  # fmt: skip
    parser.add_argument("--stale", action="store_true",
                        help="list posts that a build would run")  # fmt: skip
    parser.add_argument("--tag", action="append", default=[], metavar="TAG",
                        help="list posts that have the tag")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print a JSON document")
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """List posts; gives the exit code."""
    from site_builder.authoring.listing import Wanted, list_posts
    from site_builder.build import read_day
    from site_builder.settings.site import load_site
    from site_builder.store import Store

    asked: list[tuple[bool, Status]] = [(given.drafts, "draft"), (given.future, "scheduled")]
    statuses = tuple(status for wanted, status in asked if wanted)
    site = load_site(given.directory)
    with Store(site.root / CACHE) as store:
        wanted = Wanted(statuses, given.stale, tuple(given.tag))
        listing = list_posts(site, wanted, store, today=read_day())
    if given.json:
        print_document(_document(listing.rows))
    else:
        for line in _table(listing.rows):
            print(line)
    print_each(listing.problems, given)
    return 1 if listing.problems else 0


def _document(rows: Sequence[Row]) -> str:
    import dataclasses

    from site_builder.evidence.documents import document

    posts = [
        dataclasses.asdict(row) | {"date": row.date.isoformat() if row.date else None}
        for row in rows
    ]
    return document("list", posts=posts)


HEADER = ("DATE", "STATUS", "CELLS", "OUTPUTS", "POST", "TITLE")
NUMBERS = frozenset(("CELLS",))


def _table(rows: Sequence[Row]) -> Iterator[str]:
    """The rows in columns, and how many they are."""
    if rows:
        lines = [HEADER, *(_cells(row) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            yield "  ".join(map(_padded, line, widths, HEADER)).rstrip()
    stale = sum(row.state == "stale" for row in rows)
    pages = sum(row.kind == "page" for row in rows)
    counts = [_counted(len(rows) - pages, "post")]
    if pages:
        counts.append(_counted(pages, "page"))
    if stale:
        counts.append(f"{stale} stale")
    yield ", ".join(counts)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _cells(row: Row) -> tuple[str, ...]:
    date = row.date.isoformat() if row.date else "-"
    cells = "-" if row.status == "broken" else str(row.cells)
    return (date, row.status, cells, row.state or "-", row.post, " ".join(row.title.split()))


def _padded(text: str, width: int, header: str) -> str:
    blanks = " " * (width - len(text))
    return blanks + text if header in NUMBERS else text + blanks
