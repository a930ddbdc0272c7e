"""What a result shows of a page, some pages to a file.

In: pages in the order of their numbers. Out: the text of each file, a line of JSON for each page.
Promise: everything is plain text; addresses are relative to the home page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from site_builder.assembly.addresses import Located
from site_builder.assembly.posts import date_in_words, shortened
from site_builder.settings.site import Site

PER_FILE = 32
_SUMMARY = 220
_TITLE = 60


def documents(site: Site, pages: Sequence[Located]) -> list[str]:
    """A line for each page, of some pages each."""
    lines = [
        json.dumps(_row(site, located), ensure_ascii=False, separators=(",", ":"))
        for located in pages
    ]
    return ["\n".join(lines[start : start + PER_FILE]) for start in range(0, len(pages), PER_FILE)]


def _row(site: Site, located: Located) -> tuple[str, ...]:
    """Address, date, language; then as they are shown title, date, tags and summary."""
    page, front = located.page, located.page.front_matter
    day = date_in_words(site, front.date) if front.date else ""
    return (
        located.url.removeprefix(site.base),
        front.date.isoformat() if front.date else "",
        front.lang or site.settings.language,
        page.title_text or shortened(page.summary, _TITLE) or day or page.slug,
        day,
        ", ".join(front.tags),
        shortened(page.summary, _SUMMARY),
    )
