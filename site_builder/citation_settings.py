"""Settings of citations: the works that posts cite, and how others can cite posts.

In: what `site.toml` says of these. Out: what types cannot say of it: the path of a setting, what is
wrong, what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Fault = tuple[tuple[str, ...], str, str]


@dataclass(frozen=True, slots=True)
class Citing:
    """`[citations]`: how others can cite posts."""

    box: bool = True
    """Whether posts end with a box that says how to cite them, also as BibTeX."""
    highwire: bool = False
    """Whether pages have `citation_…` metadata. Search engines for scholars ask for it; reference
    managers take such a page for an article in a journal, and else for a web page."""


def bibliography_faults(files: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with the names of bibliographies of the site."""
    for place, file in enumerate(files):
        parts = file.split("/")
        if not file.strip() or ".." in parts or re.search(r"^/|\\|:|\0", file):
            message = f"setting 'bibliography' should name a file of the site, not {file!r}"
            yield ("bibliography", str(place)), message, "such as 'references.bib'"
