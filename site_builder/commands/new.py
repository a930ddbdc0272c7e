"""`site-builder new`: begin a post.

In: the arguments. Out: the path of a new file, and the file in the author's editor if wanted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shlex
import subprocess
from pathlib import Path

from site_builder.commands.arguments import add_place, shown_file
from site_builder.errors import Problem, UsageError


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser("new", help="begin a post, and print its path", allow_abbrev=False)
    parser.add_argument("title", metavar="TITLE", help="its title, such as 'Three dice'")
    add_place(parser, output=False)
    parser.add_argument("--kind", choices=["post", "aside", "page"], default="post",
                        help="what it is (default: post)")  # fmt: skip
    parser.add_argument("--tags", type=_tags, action="extend", default=[], metavar="TAGS",
                        help="its tags, with commas between them")  # fmt: skip
    parser.add_argument("--date", type=_date, default=None, metavar="DATE",
                        help="day of publication, such as 2019-06-02 (default: today)")  # fmt: skip
    parser.add_argument("--slug", default="", metavar="SLUG",
                        help="its name in addresses (default: made from the title)")  # fmt: skip
    parser.add_argument("--draft", action="store_true", help="keep it off the site for now")
    parser.add_argument("--edit", action="store_true",
                        help="open it in the editor that VISUAL or EDITOR names")  # fmt: skip
    parser.set_defaults(command=run, writes=True)


def run(given: argparse.Namespace) -> int:
    """Begin a post; gives the exit code. Raises UsageError if that cannot be."""
    from site_builder.authoring.new_post import NewPost, write_post
    from site_builder.build import read_day
    from site_builder.settings.site import load_site

    editor = _editor() if given.edit else []
    new = NewPost(
        title=" ".join(given.title.split()),
        date=given.date or read_day(),
        kind=given.kind,
        tags=tuple(given.tags),
        slug=given.slug,
        draft=given.draft,
    )
    path = write_post(load_site(given.directory), new)
    print(shown_file(path), flush=True)
    return _edit(editor, path) if given.edit else 0


def _editor() -> list[str]:
    """The author's editor, with its options; asked before anything is written."""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        # On Windows a backslash is a part of paths.
        words = shlex.split(command, posix=os.name == "posix")
    except ValueError as error:
        message = f"the editor {command!r} is no command: {error}"
        raise UsageError(Problem(message, code="C013")) from None
    if not words:
        help_ = "set EDITOR, such as EDITOR=nano, or open the file yourself"
        message = "neither VISUAL nor EDITOR names an editor"
        raise UsageError(Problem(message, help=help_, code="C013"))
    return words


def _edit(editor: list[str], path: Path) -> int:
    try:
        code = subprocess.run([*editor, str(path)], check=False).returncode
    except OSError as error:
        message = f"the editor {editor[0]!r} does not start: {error.strerror}"
        help_ = "the post is written; set EDITOR"
        raise UsageError(Problem(message, help=help_, code="C013")) from None
    return 1 if code else 0


def _tags(text: str) -> list[str]:
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a date such as 2019-06-02, not {text!r}") from None
