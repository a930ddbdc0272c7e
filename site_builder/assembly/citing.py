"""How others cite a post: in words and as BibTeX, and what machines are told of both directions.

In: a post's page and address. Out: what the box at its end says, `citation_…` metadata for search
engines and reference managers, and structured data of the works that it cites. Promise: what a
reader copies, a program reads back as it is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from site_builder.assembly.context import CiteContext
from site_builder.content.citations.writing import bibtex_entry, bibtex_text
from site_builder.content.slugs import slugify
from site_builder.model.citations import Reference
from site_builder.model.page import Page
from site_builder.settings.site import Site
from site_builder.words.words import words_for


def cite_context(
    site: Site, page: Page, address: str, authors: Sequence[str], title: str
) -> CiteContext | None:
    """What the box says; None for a page that has none.

    `title` is the page's in plain text, never empty.
    """
    front = page.front_matter
    wanted = front.citation
    if wanted is None:
        wanted = site.settings.citations.box and front.kind == "post"
    if not wanted:
        return None
    names = authors or (site.settings.title,)
    date = front.date
    when = f" ({date.isoformat()})" if date else ""
    organization = "" if names == (site.settings.title,) else site.settings.title
    told = [f"{_and(names)}{when}", title, organization]
    sentences = (
        part if part.endswith((".", "?", "!", "…")) else f"{part}." for part in told if part
    )
    year = str(date.year) if date else ""
    updated = ""
    if front.updated:
        words = words_for(site.words, front.lang or site.settings.language)
        updated = words.updated.format(date=front.updated.isoformat())
    bibtex = bibtex_entry(
        "online",
        _key(names[0], year, page.slug),
        {
            "title": f"{{{page.title_tex or bibtex_text(title)}}}",
            "author": " and ".join(_author(name, corporate=not authors) for name in names),
            "organization": bibtex_text(organization),
            "date": date.isoformat() if date else "",
            "url": quote(address, safe="/:?=&;@+,~%#[]!$'()*"),
            "note": bibtex_text(updated),
        },
    )
    return CiteContext(text=f"{' '.join(sentences)} {address}", bibtex=bibtex)


def _and(names: Sequence[str]) -> str:
    return " & ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _key(name: str, year: str, slug: str) -> str:
    """Such as `lovelace2019softmax-derivative`; of letters that every program takes."""
    words = name.partition(",")[0].split()
    surname = slugify(words[-1]).replace("-", "") if words else ""
    key = re.sub(r"[^a-z0-9-]", "", f"{surname}{year}{slugify(slug)}").strip("-")
    return key if key[:1].isalpha() else f"post{key}"


def _author(name: str, *, corporate: bool) -> str:
    """A name; one that BibTeX would take apart is in braces."""
    text = bibtex_text(name)
    odd = corporate or "," in name or re.search(r"\band\b|\bothers\b", name, re.IGNORECASE)
    return f"{{{text}}}" if odd else text


Pair = tuple[str, str]


def citation_metadata(
    site: Site, page: Page, address: str, authors: Sequence[str], title: str
) -> tuple[Pair, ...]:
    """Names and contents of `meta` elements as Highwire Press has them; none if not wanted."""
    front = page.front_matter
    if not site.settings.citations.highwire or front.kind == "page":
        return ()
    pairs = [("citation_title", title)]
    pairs += [("citation_author", name) for name in authors]
    if front.date:
        day = front.date.strftime("%Y/%m/%d") if front.date.year > 999 else front.date.isoformat()
        pairs += [("citation_publication_date", day), ("citation_online_date", day)]
    pairs += [
        ("citation_journal_title", site.settings.title),
        ("citation_language", front.lang or site.settings.language),
        ("citation_public_url", address),
        ("citation_fulltext_html_url", address),
    ]
    pairs += [("citation_keywords", tag) for tag in front.tags]
    pairs += [("citation_reference", _reference(work)) for work in page.cited]
    return tuple(pairs)


def _reference(work: Reference) -> str:
    """A cited work as pairs with semicolons between them."""
    parts = [
        ("citation_title", work.title),
        *(("citation_author", name) for name in work.authors),
        ("citation_publication_date", work.date.replace("-", "/")),
        (
            "citation_journal_title" if work.kind == "article" else "citation_inbook_title",
            work.container,
        ),
        ("citation_volume", work.volume),
        ("citation_issue", work.number),
        ("citation_firstpage", work.first_page),
        ("citation_lastpage", work.last_page),
        ("citation_publisher", work.publisher),
        ("citation_doi", work.doi),
    ]
    return " ".join(f"{name}={_flat(value)};" for name, value in parts if value)


def _flat(text: str) -> str:
    return " ".join(text.replace(";", ",").split())


_TYPES = {
    **dict.fromkeys(("article", "review", "preprint"), "ScholarlyArticle"),
    **dict.fromkeys(("inproceedings", "conference"), "ScholarlyArticle"),
    **dict.fromkeys(("incollection", "inbook"), "Chapter"),
    **dict.fromkeys(("book", "collection", "manual", "mvbook", "proceedings"), "Book"),
    **dict.fromkeys(("thesis", "phdthesis", "mastersthesis"), "Thesis"),
    **dict.fromkeys(("report", "techreport"), "Report"),
    **dict.fromkeys(("online", "electronic", "www", "webpage"), "WebPage"),
    "software": "SoftwareSourceCode",
    "dataset": "Dataset",
}


def cited_data(works: Sequence[Reference]) -> list[dict[str, Any]]:
    """The works that a post cites, as schema.org has them."""
    return [dict(_data(work)) for work in works]


def _data(work: Reference) -> Iterator[tuple[str, Any]]:
    yield "@type", _TYPES.get(work.kind, "CreativeWork")
    yield "name", work.title or work.text
    if work.authors:
        yield "author", [{"@type": "Person", "name": name} for name in work.authors]
    if work.date:
        yield "datePublished", work.date
    if work.container:
        kind = "Periodical" if work.kind == "article" else "Book"
        yield "isPartOf", {"@type": kind, "name": work.container}
    if work.doi:
        yield "sameAs", f"https://doi.org/{work.doi}"
    if work.address:
        yield "url", work.address
