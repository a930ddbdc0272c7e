"""The posts that the command line names.

In: files of posts, and patterns or names from the command line. Out: whether one is meant. Promise:
a pattern that means no post at all is an error, so that a slip does not look like success.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from site_builder.errors import Problem, UsageError, nearest


def is_chosen(path: str, patterns: Sequence[str]) -> bool:
    """Whether a post is meant, by its file, a pattern or its bare name; without any, all are."""
    file = PurePosixPath(path)
    names = (path, file.stem, file.parent.name)
    return not patterns or any(
        pattern in names or fnmatch.fnmatchcase(path, pattern) for pattern in patterns
    )


def check_patterns(patterns: Sequence[str], paths: Iterable[str]) -> None:
    """Raise UsageError for each pattern that means none of these posts."""
    known = list(paths)
    problems = [
        Problem(f"there is no post {pattern!r}", help=nearest(pattern, known), code="C008")
        for pattern in patterns
        if not any(is_chosen(path, [pattern]) for path in known)
    ]
    if problems:
        raise UsageError(problems)
