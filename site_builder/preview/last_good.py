"""The last good pages: what stays on the screen while something is wrong.

In: pages that could be shown, then posts that cannot. Out: the page that stands in for each, if
there ever was one. Promise: a page that stood in the way of the whole site is never put back.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from site_builder.making import Made
from site_builder.memory import KnownPost
from site_builder.model.page import Page


@dataclass
class LastGood:
    """The last good page of each post, and what it was made of."""

    _pages: dict[str, tuple[KnownPost, Page]] = field(default_factory=dict)

    def __contains__(self, path: str) -> bool:
        return path in self._pages

    def note(self, made: Made, pending: Container[str]) -> None:
        """These pages were shown; those of `pending` posts are not whole yet."""
        for path, page in made.pages.items():
            if path not in pending:
                self._pages[path] = made.known[path], page

    def keep(self, paths: Container[str]) -> None:
        """Forget all posts but these."""
        self._pages = {path: good for path, good in self._pages.items() if path in paths}

    def restore(self, made: Made, path: str) -> None:
        """Put the last good page of a post in the place of what is there, or nothing."""
        if path in self._pages:
            made.known[path], made.pages[path] = self._pages[path]
        else:
            made.known.pop(path, None)
            made.pages.pop(path, None)

    def without(self, made: Made, paths: Iterable[str]) -> bool:
        """Take posts that stand in the way of the site back to their last good pages.

        Gives whether that changes anything. If it is a last good page that does, there is none.
        """
        changed = False
        for path in paths:
            there = made.pages.get(path)
            if there is None:
                continue
            if path in self._pages and self._pages[path][1] is there:
                del self._pages[path]
            self.restore(made, path)
            changed = True
        return changed
