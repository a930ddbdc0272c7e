"""References: a cited work as a sentence of the list at the end, for readers and for machines.

In: a work and what citations call it. Out: the pieces of its reference, in the author-date style
that most readers know; and the same in plain words. Promise: what an entry does not say leaves no
trace of commas and brackets.

    Marcus, G. (2018). Deep learning: A critical appraisal. arXiv:1801.00631
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from site_builder.content.citations.named import people_of
from site_builder.content.citations.works import WEB
from site_builder.model.citations import Cited, Names, Reference, Run, Text, Work, words_of
from site_builder.rendering.citations.names import first_last, last_first, listed
from site_builder.words.words import Words

LINK = "link "
"""How the kind of a run begins that is a link: its address follows."""
CITE = "cite"
"""How the kind of a run begins that is of the title of a whole work: its own kind follows."""


def reference_text(cited: Cited, words: Words) -> Text:
    """The whole reference as runs: those of texts, titles and links."""
    work = cited.work
    lead = _lead(work, words)
    sentences = [*_sentences(work, words)]
    head = [_plain(lead)] if lead else [sentences.pop(0)] if sentences else []
    runs: list[Run] = []
    for place, sentence in enumerate((*head, _plain(_when(cited, words)), *sentences)):
        # The year follows names without a full stop between them.
        if place != 1 and runs:
            runs.append(("", "" if _ends(runs) else "."))
        runs += [("", " "), *sentence] if runs else sentence
    if runs and not runs[-1][0].startswith(LINK) and not _ends(runs):
        runs.append(("", "."))
    return tuple(run for run in runs if run[1])


def reference_of(cited: Cited, words: Words) -> Reference:
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
        text=words_of(reference_text(cited, words)),
    )


def _plain(text: str) -> list[Run]:
    return [("", text)] if text else []


def _ends(runs: list[Run]) -> bool:
    """Whether what has been said ends a sentence by itself."""
    return words_of(tuple(runs)).rstrip("”’»\"'").endswith((".", "?", "!", "…"))


def _lead(work: Work, words: Words) -> str:
    """Who made the work; empty if its title has to begin."""
    names = people_of(work)
    if not names:
        return words_of(work.text("organization"))
    role = ""
    if not work.authors:
        role = f" ({_editors(names, words)})"
    return listed(names, last_first) + role


def _editors(names: Names, words: Words) -> str:
    return words.editors if len(names.people) > 1 or names.others else words.editor


def _when(cited: Cited, words: Words) -> str:
    """The year in brackets; of pages on the web the day."""
    parts = cited.work.date.split("-") if cited.work.kind in WEB else ()
    if len(parts) < 2 or not all(part.isdecimal() for part in parts):
        return f"({cited.year})"
    month = int(parts[1])
    when = words.month(month)
    if len(parts) > 2:
        when = words.day_and_month(dt.date(2000, month, int(parts[2])))  # a leap year
    return f"({cited.year}, {when})"


def _sentences(work: Work, words: Words) -> Iterator[list[Run]]:
    """What follows the year, sentence by sentence."""
    kind = work.kind
    for sentence in _FORMS.get(kind, _misc)(work, words):
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


def _edition(work: Work, words: Words) -> str:
    edition = words_of(work.text("edition"))
    if edition.isdecimal():
        return words.edition.format(number=edition + _ending(int(edition), words))
    if not edition or re.search(r"\bed(?:ition|\.)", edition):
        return edition
    return words.named_edition.format(edition=edition)


def _ending(number: int, words: Words) -> str:
    endings = words.ordinal.split() or [""]
    place = number % 10 if number % 100 not in (11, 12, 13) else 0
    return endings[place - 1] if 0 < place < len(endings) else endings[-1]


def _numbered(word: str, value: Text) -> str:
    return f"{word} {words_of(value)}" if value else ""


def _pages(work: Work) -> Text:
    """Pages with a dash between the first and the last."""
    pages = words_of(work.text("pages"))
    dashed = re.sub(r"(?<=\w)\s*[-–—]+\s*(?=\w)", "–", pages)
    return (("", dashed),) if dashed else ()


def _at_pages(work: Work, words: Words) -> str:
    pages = words_of(_pages(work))
    several = re.search(r"[–,]", pages)
    return _numbered(words.at_pages if several else words.at_page, _pages(work))


def _publisher(work: Work, words: Words) -> list[Run]:
    maker = work.text("publisher") or work.text("institution") or work.text("organization")
    if words_of(maker) == _lead(work, words):  # as of a report of those who wrote it
        return []
    return list(maker)


def _article(work: Work, words: Words) -> Iterator[list[Run]]:
    journal = work.text("journaltitle")
    if not journal:
        yield from _misc(work, words)
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


def _part(work: Work, words: Words) -> Iterator[list[Run]]:
    """A part of a book or of proceedings."""
    yield list(work.title)
    book = _cite(work.text("booktitle"))
    details = (
        _edition(work, words),
        _numbered(words.volume, work.text("volume")),
        _at_pages(work, words),
    )
    if book:
        editors = work.editors if work.authors else Names()
        lead = f"{words.in_work} "
        if editors:
            lead += f"{listed(editors, first_last)} ({_editors(editors, words)}), "
        yield [("", lead), *_with(book, *details)]
    elif work.text("journaltitle"):
        yield _cite(work.text("journaltitle"))
    yield from _series(work)
    yield _publisher(work, words)


def _book(work: Work, words: Words) -> Iterator[list[Run]]:
    volume = _numbered(words.volume, work.text("volume"))
    yield _with(_cite(work.title), _edition(work, words), volume, _at_pages(work, words))
    yield from _series(work)
    yield _publisher(work, words)


def _series(work: Work) -> Iterator[list[Run]]:
    number = words_of(work.text("number"))
    series = list(work.text("series"))
    yield [*series, ("", f" {number}")] if series and number else series


def _thesis(work: Work, words: Words) -> Iterator[list[Run]]:
    yield _with(_cite(work.title), words_of(work.text("type")) or getattr(words, work.kind))
    yield _publisher(work, words)


def _report(work: Work, words: Words) -> Iterator[list[Run]]:
    kind = words_of(work.text("type")) or getattr(words, work.kind)
    number = words_of(work.text("number"))
    yield _with(_cite(work.title), f"{kind} {number}".strip())
    yield _publisher(work, words)


def _misc(work: Work, words: Words) -> Iterator[list[Run]]:
    version = _numbered(words.version, work.text("version"))
    yield _with(_cite(work.title), words_of(work.text("type")), version)
    yield list(work.text("howpublished"))
    yield list(work.text("journaltitle"))
    yield _publisher(work, words)


_FORMS: Mapping[str, Callable[[Work, Words], Iterator[list[Run]]]] = {
    **dict.fromkeys(("article", "review", "suppperiodical"), _article),
    **dict.fromkeys(("conference", "inproceedings", "incollection", "inbook"), _part),
    **dict.fromkeys(("bookinbook", "inreference", "suppbook", "suppcollection"), _part),
    **dict.fromkeys(("book", "booklet", "collection", "manual", "proceedings"), _book),
    **dict.fromkeys(("mvbook", "mvcollection", "mvproceedings", "mvreference"), _book),
    **dict.fromkeys(("reference", "periodical"), _book),
    **dict.fromkeys(("phdthesis", "mastersthesis", "thesis"), _thesis),
    **dict.fromkeys(("techreport", "report"), _report),
}
