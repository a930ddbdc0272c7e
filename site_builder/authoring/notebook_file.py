"""The post that becomes a notebook, and the file of that.

In: what was named on the command line. Out: a post and its execution; a file, whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from site_builder.content.parse import parse
from site_builder.errors import ContentError, Problem, UsageError
from site_builder.execution.engine import execute
from site_builder.execution.running import OnProgress
from site_builder.model.post import Execution, Post
from site_builder.selected import chosen_sources
from site_builder.settings.site import Site
from site_builder.store import Store

POSTS = ("posts", "pages")


def post_named(site: Site, name: str) -> Post:
    """The one post of a name; raises UsageError if there is none or several, ContentError."""
    sources, _ = chosen_sources(site, [name])
    if len(sources) > 1:
        names = ", ".join(source.path for source in sources)
        raise UsageError(Problem(f"{name!r} is more than one post: {names}", code="N001"))
    return parse(site, sources[0])


def execution_of_post(
    site: Site, post: Post, store: Store, *, fork: bool, on_progress: OnProgress
) -> Execution | None:
    """What came of running a post, now or earlier; raises ContentError if it fails."""
    outcomes = execute([post], site, store=store, jobs=1, fork=fork, on_progress=on_progress)
    outcome = outcomes[post.source.path]
    if outcome.problems:
        raise ContentError(outcome.problems)
    return outcome.execution


def check_place(site: Site, path: Path, *, force: bool) -> None:
    """Refuse a place where a notebook must not be written; raises UsageError."""
    if path.is_dir():
        message = f"{path.name} is a folder, not a file"
        raise UsageError(Problem(message, help="name a file with -o", code="N002"))
    if path.exists() and not force:
        message = f"there is a file {path.name} already"
        help_ = "name another with -o, or overwrite it with --force"
        raise UsageError(Problem(message, help=help_, code="N002"))
    root = site.root.resolve()
    folder = path.parent.resolve()
    if any(folder.is_relative_to(root / name) for name in POSTS):
        message = "a notebook in posts/ or pages/ would be a post of its own"
        raise UsageError(Problem(message, help="name a file elsewhere with -o", code="N003"))


def write_notebook(path: Path, text: str) -> None:
    """Write the file; raises UsageError if that cannot be."""
    waiting = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        waiting.write_text(text, encoding="utf-8", newline="\n")
        waiting.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            waiting.unlink()
        message = f"the notebook cannot be written: {error.strerror}"
        raise UsageError(Problem(message, help=f"to {path}", code="N004")) from None
