"""Quotation marks as a language writes them, for authors who type straight ones.

In: a language tag. Out: its marks: outer pair, inner pair. Code, formulas and HTML are not touched;
markdown-it's rule decides which mark opens and which closes.
"""

from __future__ import annotations

from site_builder.model.front_matter import FrontMatter
from site_builder.settings.site import Site

Quotes = tuple[str, str, str, str]

ENGLISH: Quotes = ("“", "”", "‘", "’")
_BY_LANGUAGE: dict[str, Quotes] = {
    "cs": ("„", "“", "‚", "‘"),
    "da": ("»", "«", "›", "‹"),
    "de": ("„", "“", "‚", "‘"),
    "de-ch": ("«", "»", "‹", "›"),
    "es": ("«", "»", "“", "”"),
    "fi": ("”", "”", "’", "’"),
    "fr": ("«\u202f", "\u202f»", "“", "”"),
    "it": ("«", "»", "“", "”"),
    "pl": ("„", "”", "«", "»"),
    "pt": ("«", "»", "“", "”"),
    "pt-br": ENGLISH,
    "ru": ("«", "»", "„", "“"),
    "sk": ("„", "“", "‚", "‘"),
    "sv": ("”", "”", "’", "’"),
    "uk": ("«", "»", "„", "“"),
}


def quotes_of(language: str) -> Quotes:
    """The marks of a language such as `en-GB`; those of English if it is not in the table."""
    tag = language.lower()
    return _BY_LANGUAGE.get(tag) or _BY_LANGUAGE.get(tag.partition("-")[0], ENGLISH)


def post_quotes(site: Site, front_matter: FrontMatter) -> Quotes | None:
    """The marks for a post; None if the site wants them as they are typed."""
    if not site.settings.smart_quotes:
        return None
    return quotes_of(front_matter.lang or site.settings.language)
