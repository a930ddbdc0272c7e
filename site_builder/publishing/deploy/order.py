"""The order in which files are put online, so that no page is ever seen without what it shows.

In: paths. Out: stages of them. Promise: a file is put after what it needs, and removed before it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

STAGES = ("assets", "other files", "new pages", "pages", "home and feeds")
"""What is put together, first to last."""


def is_hashed(path: str) -> bool:
    """Whether the name changes with the content, so that the file never has another one."""
    return _HASHED.search(path) is not None


_HASHED = re.compile(r"\.[0-9a-f]{10}(?:\.[^./]+)?$")


def stage_of(path: str, *, new: bool) -> int:
    """The place in STAGES of a file that is `new` or replaces another."""
    if is_hashed(path):
        return 0
    if path in _LAST or path.rpartition("/")[2] in _FEEDS:
        return 4
    if path.endswith((".html", ".htm")):
        return 2 if new else 3
    return 1


_LAST = ("index.html", "sitemap.xml", "robots.txt", "_redirects", "_headers")
_FEEDS = ("feed.xml", "feed.json")


def put_stages(paths: Iterable[str], new: Collection[str]) -> list[list[str]]:
    """The paths of each of STAGES, in order of their names; `new` are those that replace none."""
    stages: list[list[str]] = [[] for _ in STAGES]
    for path in sorted(paths):
        stages[stage_of(path, new=path in new)].append(path)
    return stages


def removal_stages(paths: Iterable[str]) -> list[list[str]]:
    """What is removed first: lists and pages; then what they showed."""
    stages = put_stages(paths, ())
    return [[*stages[4], *stages[3]], [*stages[1], *stages[0]]]
