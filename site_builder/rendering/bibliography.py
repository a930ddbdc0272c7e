"""References: a cited work as a sentence of the list at the end, for readers and for machines.

In: a work and what citations call it. Out: the pieces of its reference, in the author-date style
that most readers know; and the same in plain words. Promise: what an entry does not say leaves no
trace of commas and brackets.

    Marcus, G. (2018). Deep learning: A critical appraisal. arXiv:1801.00631
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from site_builder.cited import Cited, Names, Reference, Run, Text, Work, words_of
from site_builder.content.bibliography_works import WEB
from site_builder.content.citations_named import people_of
from site_builder.rendering.reference_names import first_last, last_first, listed

LINK = "link "
"""How the kind of a run begins that is a link: its address follows."""
CITE = "cite"
"""How the kind of a run begins that is of the title of a whole work: its own kind follows."""
_WORDS = {
    "in": "In ",
    "editor": "Ed.",
    "editors": "Eds.",
    "edition": "ed.",
    "volume": "Vol.",
    "page": "p.",
    "pages": "pp.",
    "version": "Version",
    "number": "No.",
    "phdthesis": "PhD thesis",
    "mastersthesis": "Master’s thesis",
    "thesis": "Thesis",
    "techreport": "Technical report",
    "report": "Report",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


def reference_text(cited: Cited) -> Text:
    """The whole reference as runs: those of texts, titles and links."""
    work = cited.work
    lead = _lead(work)
    sentences = [*_sentences(work)]
    head = [_plain(lead)] if lead else [sentences.pop(0)] if sentences else []
    runs: list[Run] = []
    for place, sentence in enumerate((*head, _plain(_when(cited)), *sentences)):
        # The year follows names without a full stop between them.
        if place != 1 and runs:
            runs.append(("", "" if _ends(runs) else "."))
        runs += [("", " "), *sentence] if runs else sentence
    if runs and not runs[-1][0].startswith(LINK) and not _ends(runs):
        runs.append(("", "."))
    return tuple(run for run in runs if run[1])


def reference_of(cited: Cited) -> Reference:
    """The work for machines."""
    work = cited.work
    first, _, last = words_of(_pages(work)).partition("–")
    container = work.text("journaltitle") or work.text("booktitle")
    publisher = work.text("publisher") or work.text("institution") or work.text("organization")
    return Reference(
        kind=work.kind,
        title=words_of(work.title),
        authors=tuple(name.whole for name in work.authors.people),
        date=work.date,
        container=words_of(container),
        volume=words_of(work.text("volume")),
        number=words_of(work.text("number") or work.text("issue")),
        first_page=first,
        last_page=last,
        publisher=words_of(publisher),
        doi=work.doi,
        address=_address(work)[0],
        text=words_of(reference_text(cited)),
    )


def _plain(text: str) -> list[Run]:
    return [("", text)] if text else []


def _ends(runs: list[Run]) -> bool:
    """Whether what has been said ends a sentence by itself."""
    return words_of(tuple(runs)).rstrip("”’»\"'").endswith((".", "?", "!", "…"))


def _lead(work: Work) -> str:
    """Who made the work; empty if its title has to begin."""
    names = people_of(work)
    if not names:
        return words_of(work.text("organization"))
    role = ""
    if not work.authors:
        role = f" ({_WORDS['editors' if len(names.people) > 1 or names.others else 'editor']})"
    return listed(names, last_first) + role


def _when(cited: Cited) -> str:
    """The year in brackets; of pages on the web the day."""
    parts = cited.work.date.split("-") if cited.work.kind in WEB else ()
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        return f"({cited.year})"
    day = f"{int(parts[2])} " if len(parts) > 2 else ""
    return f"({cited.year}, {day}{_MONTHS[int(parts[1]) - 1]})"


def _sentences(work: Work) -> Iterator[list[Run]]:
    """What follows the year, sentence by sentence."""
    kind = work.kind
    for sentence in _FORMS.get(kind, _misc)(work):
        if sentence:
            yield sentence
    if note := list(work.text("note")):
        yield note
    address, shown = _address(work)
    if work.eprint and work.archive and shown != f"{work.archive}:{work.eprint}":
        yield _eprint(work)
    if address:
        yield [(LINK + address, shown)]
    elif work.eprint and not work.archive:
        yield _plain(work.eprint)


def _address(work: Work) -> tuple[str, str]:
    """Where the work can be read, and what is shown of it."""
    if work.doi:
        address = f"https://doi.org/{quote(work.doi, safe='/:;()._-')}"
        return address, f"https://doi.org/{work.doi}"
    if work.url and "arxiv.org/" not in work.url:
        return work.url, work.url
    if work.eprint and (address := _eprint_address(work)):
        return address, f"{work.archive}:{work.eprint}"
    return work.url, work.url


def _eprint_address(work: Work) -> str:
    host = _HOSTS.get(work.archive)
    return host + quote(work.eprint, safe="/") if host else ""


_HOSTS = {
    "arXiv": "https://arxiv.org/abs/",
    "HAL": "https://hal.science/",
    "JSTOR": "https://www.jstor.org/stable/",
    "PubMed": "https://pubmed.ncbi.nlm.nih.gov/",
}


def _eprint(work: Work) -> list[Run]:
    address, text = _eprint_address(work), f"{work.archive}:{work.eprint}"
    return [(LINK + address if address else "", text)]


def _cite(text: Text) -> list[Run]:
    """The title of a whole work, with all that is in it."""
    return [(f"{CITE} {kind}".strip(), run) for kind, run in text]


def _with(runs: list[Run], *details: str) -> list[Run]:
    """Details in brackets behind a title."""
    told = ", ".join(detail for detail in details if detail)
    return [*runs, ("", f" ({told})")] if told and runs else runs


def _edition(work: Work) -> str:
    edition = words_of(work.text("edition"))
    if edition.isdecimal():
        number = int(edition)
        teen = number % 100 in (11, 12, 13)
        ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        edition = f"{number}{ending}"
    if not edition or re.search(r"\bed(?:ition|\.)", edition):
        return edition
    return f"{edition} {_WORDS['edition']}"


def _numbered(word: str, value: Text) -> str:
    return f"{_WORDS[word]} {words_of(value)}" if value else ""


def _pages(work: Work) -> Text:
    """Pages with a dash between the first and the last."""
    pages = words_of(work.text("pages"))
    dashed = re.sub(r"(?<=\w)\s*[-–—]+\s*(?=\w)", "–", pages)
    return (("", dashed),) if dashed else ()


def _at_pages(work: Work) -> str:
    pages = words_of(_pages(work))
    several = re.search(r"[–,]", pages)
    return _numbered("pages" if several else "page", _pages(work))


def _publisher(work: Work) -> list[Run]:
    maker = work.text("publisher") or work.text("institution") or work.text("organization")
    if words_of(maker) == _lead(work):  # as of a report of those who wrote it
        return []
    return list(maker)


def _article(work: Work) -> Iterator[list[Run]]:
    journal = work.text("journaltitle")
    if not journal:
        yield from _misc(work)
        return
    yield list(work.title)
    number = words_of(work.text("number") or work.text("issue"))
    volume = words_of(work.text("volume"))
    place: list[Run] = _cite(journal)
    if volume:
        place += [("", ", "), (CITE, volume)]
    if number:
        place.append(("", f"({number})" if volume else f", ({number})"))
    where = words_of(_pages(work)) or words_of(work.text("eid"))
    yield [*place, ("", f", {where}")] if where else place


def _part(work: Work) -> Iterator[list[Run]]:
    """A part of a book or of proceedings."""
    yield list(work.title)
    book = _cite(work.text("booktitle"))
    details = (_edition(work), _numbered("volume", work.text("volume")), _at_pages(work))
    if book:
        editors = work.editors if work.authors else Names()
        lead = _WORDS["in"]
        if editors:
            several = len(editors.people) > 1 or editors.others
            role = _WORDS["editors" if several else "editor"]
            lead += f"{listed(editors, first_last)} ({role}), "
        yield [("", lead), *_with(book, *details)]
    elif work.text("journaltitle"):
        yield _cite(work.text("journaltitle"))
    yield from _series(work)
    yield _publisher(work)


def _book(work: Work) -> Iterator[list[Run]]:
    volume = _numbered("volume", work.text("volume"))
    yield _with(_cite(work.title), _edition(work), volume, _at_pages(work))
    yield from _series(work)
    yield _publisher(work)


def _series(work: Work) -> Iterator[list[Run]]:
    number = words_of(work.text("number"))
    series = list(work.text("series"))
    yield [*series, ("", f" {number}")] if series and number else series


def _thesis(work: Work) -> Iterator[list[Run]]:
    yield _with(_cite(work.title), words_of(work.text("type")) or _WORDS[work.kind])
    yield _publisher(work)


def _report(work: Work) -> Iterator[list[Run]]:
    kind = words_of(work.text("type")) or _WORDS[work.kind]
    number = words_of(work.text("number"))
    yield _with(_cite(work.title), f"{kind} {number}".strip())
    yield _publisher(work)


def _misc(work: Work) -> Iterator[list[Run]]:
    version = _numbered("version", work.text("version"))
    yield _with(_cite(work.title), words_of(work.text("type")), version)
    yield list(work.text("howpublished"))
    yield list(work.text("journaltitle"))
    yield _publisher(work)


_FORMS: Mapping[str, Callable[[Work], Iterator[list[Run]]]] = {
    **dict.fromkeys(("article", "review", "suppperiodical"), _article),
    **dict.fromkeys(("conference", "inproceedings", "incollection", "inbook"), _part),
    **dict.fromkeys(("bookinbook", "inreference", "suppbook", "suppcollection"), _part),
    **dict.fromkeys(("book", "booklet", "collection", "manual", "proceedings"), _book),
    **dict.fromkeys(("mvbook", "mvcollection", "mvproceedings", "mvreference"), _book),
    **dict.fromkeys(("reference", "periodical"), _book),
    **dict.fromkeys(("phdthesis", "mastersthesis", "thesis"), _thesis),
    **dict.fromkeys(("techreport", "report"), _report),
}
