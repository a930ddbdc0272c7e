"""The command line: the only module that prints.

In: arguments. Out: an exit code: 0 for done, 1 for problems of the content, 2 for problems of usage
or configuration, 130 if interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from site_builder import __version__
from site_builder.errors import ContentError, SiteBuilderError, nearest

if TYPE_CHECKING:  # what a command needs it imports itself
    from site_builder.config import Site
    from site_builder.execution.explain import Explanation

INTERRUPTED = 130
CACHE = ".cache"  # below the site's folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (those of the process if None) ask for."""
    for stream in (sys.stdout, sys.stderr):
        # An arrow or a file's name that the terminal cannot show must not end the build.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    parser, commands = _parser()
    given = _parsed(parser, commands, sys.argv[1:] if arguments is None else arguments)
    if given.command is None:
        parser.print_help()
        return 2
    try:
        code: int = given.command(given)
        return code
    except SiteBuilderError as error:
        _print_problems(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted; nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parsed(
    parser: argparse.ArgumentParser,
    commands: Mapping[str, argparse.ArgumentParser],
    arguments: Sequence[str],
) -> argparse.Namespace:
    """Parse, and name the nearest known word for what is not known."""
    name = next((word for word in arguments if not word.startswith("-")), "")
    if name and name not in commands:
        parser.error(f"unknown command {name!r}: {nearest(name, commands)}")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        command = commands.get(name, parser)
        option = unknown[0].partition("=")[0]
        if not option.startswith("-"):
            command.error(f"unexpected argument {option!r}")
        known = re.findall(r"(?<!\S)--?[a-z][a-z-]*", command.format_help())
        command.error(f"unknown option {option!r}: {nearest(option, set(known))}")
    return given


def _parser() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser, and those of the commands by their names."""
    parser = argparse.ArgumentParser(
        prog="site-builder",
        allow_abbrev=False,
        description="Build a blog whose code runs: every printed number is real.",
    )
    parser.add_argument("--version", action="version", version=f"site-builder {__version__}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    build = commands.add_parser(
        "build", help="run the posts and write the site", allow_abbrev=False
    )
    _add_place(build)
    _add_running(build)
    build.add_argument("--base-url", default="", metavar="URL",
                       help="address of the home page, in place of the setting url")  # fmt: skip
    build.add_argument("--drafts", action="store_true", help="build drafts too")
    build.add_argument("--future", action="store_true",
                       help="build posts whose date is in the future too")  # fmt: skip
    build.add_argument("--only", action="append", default=[], metavar="GLOB",
                       help="build posts that match anew, take others as last built")  # fmt: skip
    build.add_argument("--frozen", action="store_true",
                       help="run nothing; fail if a post would have to run")  # fmt: skip
    build.add_argument("--no-cache", action="store_true",
                       help="do everything anew, and keep nothing for the next build")  # fmt: skip
    build.add_argument("--explain", action="store_true",
                       help="say of each post first why it runs or need not")  # fmt: skip
    build.set_defaults(command=_build)
    explain = commands.add_parser(
        "explain", help="say of each cell why it would run or need not", allow_abbrev=False
    )
    _add_place(explain, output=False)
    _add_posts(explain, "all that have cells if none is named")
    explain.set_defaults(command=_explain)
    freeze = commands.add_parser(
        "freeze", help="write the outputs of posts beside them", allow_abbrev=False
    )
    _add_place(freeze, output=False)
    _add_posts(freeze, "by file, pattern or name", required=True)
    _add_running(freeze)
    freeze.set_defaults(command=_freeze)
    cache = commands.add_parser(
        "cache", help="show what is kept between builds", allow_abbrev=False
    )
    _add_place(cache, output=False)
    cache.set_defaults(command=_cache)
    clean = commands.add_parser(
        "clean", help="remove the built site; files not ours stay", allow_abbrev=False
    )
    _add_place(clean)
    clean.add_argument("--cache", action="store_true",
                       help="remove what is kept between builds, not the site")  # fmt: skip
    clean.set_defaults(command=_clean)
    return parser, commands.choices


def _add_posts(parser: argparse.ArgumentParser, what: str, *, required: bool = False) -> None:
    parser.add_argument("posts", nargs="+" if required else "*", metavar="POST",
                        help=f"posts: {what}")  # fmt: skip


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-j", "--jobs", type=_count, default=os.cpu_count() or 1, metavar="N",
                        help="how many posts run at once (default: one for each core)")  # fmt: skip
    parser.add_argument("--no-fork", action="store_true",
                        help="start each post in a process of its own, no fork")  # fmt: skip


def _add_place(parser: argparse.ArgumentParser, *, output: bool = True) -> None:
    parser.add_argument("-C", "--directory", type=Path, default=Path(), metavar="DIR",
                        help="folder of the site (default: this one)")  # fmt: skip
    if output:
        parser.add_argument("-o", "--output", type=Path, default=None, metavar="OUTPUT",
                            help="folder to write to (default: public in the site's)")  # fmt: skip


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a number from 1 on, not {text!r}")
    return number


def _output(given: argparse.Namespace) -> Path:
    # A path on the command line is relative to where the author is, the default to the site.
    path: Path = given.output or given.directory / "public"
    return path.absolute()


def _build(given: argparse.Namespace) -> int:
    # Tokens are made by the million and die together: looking for cycles among them is waste.
    gc.set_threshold(50_000)
    # Late: `--help` and `clean` need none of this.
    from site_builder import config
    from site_builder.build import Options, build
    from site_builder.progress import Display

    site = config.load(given.directory, base_url=given.base_url)
    options = Options(
        output=_output(given),
        jobs=given.jobs,
        drafts=given.drafts,
        future=given.future,
        fork=not given.no_fork,
        cache=None if given.no_cache else site.root / CACHE,
        only=tuple(given.only),
        frozen=given.frozen,
    )
    if given.explain:
        _explain_all(site, options.cache)
    with Display(sys.stderr) as display:
        report = build(site, options, on_progress=display.show, on_wait=_say_waiting)
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if report.cache_trouble:
        trouble = f"not all could be kept in {CACHE}/ for the next build: {report.cache_trouble}"
        print(f"warning: {trouble}", file=sys.stderr)
    ran = "none executed"
    if report.executed:
        ran = f"{report.executed} executed in {report.seconds_executing:.1f} s"
    if report.reused:
        ran += f", {report.reused} reused"
    posts = "1 post" if report.posts == 1 else f"{report.posts} posts"
    print(f"{posts}: {ran}; {report.pages} pages → {_shown(options.output)}")
    if report.hidden:
        # Otherwise a post that is not there would look lost.
        why = "drafts, scheduled or never built" if options.only else "drafts or scheduled"
        print(f"left out, as {why}: {', '.join(report.hidden)}")
    return 0


def _explain(given: argparse.Namespace) -> int:
    from site_builder import config
    from site_builder.selected import explain_posts
    from site_builder.store import Store

    site = config.load(given.directory)
    with Store(site.root / CACHE) as store:
        for explanation in explain_posts(site, given.posts, store):
            _print_explanation(explanation)
    return 0


def _explain_all(site: Site, cache: Path | None) -> None:
    """Before a build: what it will do with the cells of each post."""
    from site_builder.selected import explain_posts
    from site_builder.store import Store

    # What is wrong with a post the build will say.
    with contextlib.suppress(ContentError), Store(cache) as store:
        for explanation in explain_posts(site, [], store):
            _print_explanation(explanation)


def _print_explanation(explanation: Explanation) -> None:
    print(f"{explanation.post}: {_fate(explanation.reused)}: {explanation.why}")
    for cell in explanation.cells:
        print(f"  line {cell.line}, cell {cell.number}: {_fate(cell.reused)}: {cell.why}")


def _fate(reused: bool) -> str:
    return "reused" if reused else "runs"


def _freeze(given: argparse.Namespace) -> int:
    from site_builder import config
    from site_builder.build import read_day
    from site_builder.progress import Display
    from site_builder.selected import freeze_posts
    from site_builder.store import Store

    site = config.load(given.directory)
    with Store(site.root / CACHE) as store, Display(sys.stderr) as display:
        folders = freeze_posts(
            site,
            given.posts,
            store,
            today=read_day(),
            jobs=given.jobs,
            fork=not given.no_fork,
            on_progress=display.show,
        )
    for folder in folders:
        print(f"written: {_shown(folder)}")
    return 0


def _cache(given: argparse.Namespace) -> int:
    from site_builder import config
    from site_builder.store import Store

    site = config.load(given.directory)
    folder = site.root / CACHE
    with Store(folder) as store:
        usage = store.usage()
        limit = site.settings.cache.limit
        print(f"{_shown(folder)}: {usage.size / 1e6:.1f} MB of {1000 * limit:g} MB allowed")
        print(f"{usage.objects} objects; last runs are kept of:")
        for path in store.pointers("runs"):
            print(f"  {path}")
    return 0


def _say_waiting() -> None:
    print("waiting for another build of the same folder to end", file=sys.stderr)


def _clean(given: argparse.Namespace) -> int:
    from site_builder import config
    from site_builder.publishing.write import clean

    site = config.load(given.directory)  # `clean` in a folder that is no site is a slip
    if given.cache:
        from site_builder.store import remove

        objects = remove(site.root / CACHE)
        print(f"{objects} objects removed from {_shown(site.root / CACHE)}")
        return 0
    output = _output(given)
    count = clean(output, on_wait=_say_waiting)
    files = "1 file" if count == 1 else f"{count} files"
    print(f"{files} removed from {_shown(output)}")
    return 0


def _shown(folder: Path) -> str:
    here = Path.cwd()
    if folder.is_relative_to(here):
        return f"{folder.relative_to(here).as_posix()}/"
    return f"{folder.as_posix()}/"


def _print_problems(error: SiteBuilderError) -> None:
    for problem in error.problems:
        print(f"error: {problem}\n", file=sys.stderr)
    count = len(error.problems)
    what = "1 problem" if count == 1 else f"{count} problems"
    print(f"{what}; nothing was written", file=sys.stderr)
