"""Outline: the headings of pages, and ids that are given twice.

In: a made site. Out: flaws. Promise: what programs that read pages aloud use to find their way is
in order on every page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from site_builder.checking.site.flaws import Flaw
from site_builder.checking.site.look import Heading, Look
from site_builder.checking.site.made import MadeSite


def outline_flaws(made: MadeSite) -> Iterator[Flaw]:
    """Look at the headings and ids of every page."""
    for path, look in made.looks.items():
        if not look.moved_to:
            # Lists may show two posts of one title, which are told of by their front matter.
            own = path in made.posts or path in made.static
            yield from _of_headings(path, look.headings, twice=own)
            yield from _of_ids(path, look)


def _of_headings(page: str, headings: Sequence[Heading], *, twice: bool) -> Iterator[Flaw]:
    above: list[Heading] = []
    said: set[tuple[str, ...]] = set()
    for heading in headings:
        while above and above[-1].level >= heading.level:
            above.pop()
        if not heading.text:
            message = f"a heading of level {heading.level} has no text"
            yield _flaw("A102", message, page, heading, "write its text, or remove it")
            continue
        if above and heading.level > above[-1].level + 1:
            message = (
                f"the heading {heading.text!r} of level {heading.level} follows one of level "
                f"{above[-1].level}"
            )
            help_ = f"make it level {above[-1].level + 1}: {'#' * (above[-1].level + 1)}"
            yield _flaw("A101", message, page, heading, help_)
        # By its place: chapters may all have an `Example`.
        place = (*(each.text for each in above), heading.text.casefold())
        if twice and place in said and heading.level > 1:
            message = f"the heading {heading.text!r} stands there twice"
            help_ = "readers of the table of contents cannot tell them apart: rename one"
            yield _flaw("A103", message, page, heading, help_)
        said.add(place)
        above.append(heading)
    first = [heading for heading in headings if heading.level == 1]
    for heading in first[1:]:
        message = f"the heading {heading.text!r} is another one of level 1"
        yield _flaw("A105", message, page, heading, "the title of the page is the only one: use ##")


def _of_ids(page: str, look: Look) -> Iterator[Flaw]:
    for id_, count in Counter(look.ids).items():
        if count > 1:
            message = f"the id {id_!r} is given {count} times on a page"
            help_ = "links lead to the first of them: rename the others"
            written = (f'id="{id_}"', f"id='{id_}'", f"id={id_}", f"#{id_}", id_)
            yield Flaw("A104", message, page, written, help=help_)


def _flaw(code: str, message: str, page: str, heading: Heading, help_: str) -> Flaw:
    written = tuple(filter(None, (f'id="{heading.id}"' if heading.id else "", heading.text)))
    written = written or (f"<h{heading.level}",)
    return Flaw(code, message, page, written, heading.id, help_)
