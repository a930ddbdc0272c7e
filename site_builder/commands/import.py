"""`site-builder import`: bring in notebooks and documents of other tools as posts.

In: the arguments. Out: posts, and which of the outputs that were saved still come out today; exit
code 1 if a file could not be imported, or its post does not build or gives something else.
"""

# ruff: noqa: N999
from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from site_builder.commands.arguments import CACHE, add_json, add_place, add_running
from site_builder.errors import Problem, SiteBuilderError, UsageError

if TYPE_CHECKING:  # what the command needs it imports itself
    from site_builder.importing.post import Imported
    from site_builder.importing.report import Told
    from site_builder.settings.site import Site


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "import", help="bring in notebooks, MyST and Quarto documents as posts", allow_abbrev=False
    )
    parser.add_argument("files", nargs="+", metavar="FILE",
                        help="notebooks (.ipynb), documents (.md, .qmd) or scripts")  # fmt: skip
    add_place(parser, output=False)
    parser.add_argument("--to", choices=["posts", "pages"], default="posts",
                        help="where to (default: posts)")  # fmt: skip
    parser.add_argument("--slug", default="", metavar="SLUG",
                        help="its name in addresses (default: made from the file's)")  # fmt: skip
    parser.add_argument("--force", action="store_true",
                        help="overwrite a post that was imported before")  # fmt: skip
    parser.add_argument("--no-run", action="store_true",
                        help="run nothing, and compare no outputs")  # fmt: skip
    add_running(parser)
    add_json(parser)
    parser.set_defaults(command=run, writes=False)


def run(given: argparse.Namespace) -> int:
    """Import files; gives the exit code. Raises UsageError for files that are not there."""
    from site_builder.build import read_day
    from site_builder.commands.telling import print_document, print_each, print_warnings
    from site_builder.importing.post import Wanted, import_file, paths_of
    from site_builder.importing.report import Told, json_of, lines_of
    from site_builder.settings.site import load_site

    paths = paths_of(given.files)
    if given.slug and len(paths) > 1:
        raise UsageError(
            Problem("--slug is for one file", help="import them one by one", code="N017")
        )
    site = load_site(given.directory)
    wanted = Wanted(given.to, given.slug, given.force, read_day())
    imported: list[Imported] = []
    failed: list[Problem] = []
    code = 0
    for path in paths:
        try:
            imported.append(import_file(site, path, wanted))
        except SiteBuilderError as error:
            failed += error.problems
            code = max(code, error.exit_code)
    all_told: list[Told] = []
    for each in imported:
        told = Told(each) if given.no_run else _compared(site, each, given)
        all_told.append(told)
        if not given.json:
            print("\n".join(lines_of(told)), flush=True)
            print_warnings(each.remarks, given)
            print_each(each.problems, given)
    if given.json:
        print_document(json_of(all_told, failed))
    else:
        print_each(failed, given)
    return code or (0 if all(told.sound for told in all_told) else 1)


def _compared(site: Site, imported: Imported, given: argparse.Namespace) -> Told:
    """What came of an import, with its outputs compared if anything runs."""
    from site_builder.importing.comparing import compare, run_of
    from site_builder.importing.report import Told
    from site_builder.progress import Display
    from site_builder.store import Store

    if not imported.post.runs:
        return Told(imported)
    with Store(site.root / CACHE) as store, Display(sys.stderr) as display:
        execution, why = run_of(
            site, imported.post, store, fork=not given.no_fork, on_progress=display.show
        )
    return Told(imported, tuple(compare(imported.post, imported.stored, execution, why)))
