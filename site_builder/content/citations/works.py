"""Works: what an entry of a bibliography says, in words that readers can be shown.

In: an entry as it is written, and the others of its file. Out: a Work, and what is wrong with the
entry or missing in it. Field names of BibTeX and biblatex mean the same.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence

from site_builder.content.citations.bibliography import MONTHS, BibEntry, BibFault, BibField
from site_builder.content.citations.names import read_names
from site_builder.content.citations.text import tex_text, verbatim
from site_builder.errors import nearest
from site_builder.model.citations import Names, Text, Work, words_of

KINDS = frozenset(
    """
    article artwork audio bibnote book bookinbook booklet collection conference dataset
    electronic image inbook incollection inproceedings inreference jurisdiction legal legislation
    letter manual mastersthesis misc movie music mvbook mvcollection mvproceedings mvreference
    online patent performance periodical phdthesis preprint proceedings reference report review
    set software standard suppbook suppcollection suppperiodical techreport thesis unpublished
    video webpage www
    """.split()  # noqa: SIM905 - a table reads better
)
"""Types of entries that BibTeX, biblatex and common tools know."""
WEB = frozenset(("electronic", "online", "webpage", "www"))
"""Those of pages on the web."""
_SAME = {
    "journal": "journaltitle",
    "school": "institution",
    "address": "location",
    "archiveprefix": "eprinttype",
    "primaryclass": "eprintclass",
    "key": "sortkey",
}
_VERBATIM = frozenset(("url", "doi", "eprint", "file", "eprinttype", "eprintclass", "crossref"))
_SILENT = frozenset(
    ("abstract", "annotation", "annote", "file", "groups", "keywords", "owner", "timestamp")
)
_ARCHIVES = {"arxiv": "arXiv", "hal": "HAL", "jstor": "JSTOR", "pubmed": "PubMed"}
_NO_YEAR = re.compile(
    r"(?:in press|in preparation|forthcoming|to appear|submitted|n\.? ?d\.?|no date|undated)\Z",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\w)\d{3,4}(?![^\W_])|\A\d{1,2}\Z|\b\d+ ?B\.?C")
_ISO = re.compile(r"(-?\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


def read_work(entry: BibEntry, entries: Mapping[str, BibEntry]) -> tuple[Work, list[BibFault]]:
    """Understand an entry; `entries` are those that it may have fields from."""
    faults: list[BibFault] = []
    fields = _fields(entry, entries, faults)
    texts: dict[str, Text] = {}
    for name, written in fields.items():
        if name in _VERBATIM:
            value = verbatim(written.value)
            texts[name] = (("", value),) if value else ()
        elif name not in _SILENT:
            texts[name], unknown = tex_text(written.value)
            faults += (_unknown_command(written, command) for command in unknown)
    year, date = _date(fields, texts, faults)
    plain = {name: words_of(text) for name, text in texts.items()}
    archive, eprint = _eprint(plain)
    work = Work(
        key=entry.key,
        kind=entry.kind,
        authors=_names(fields, "author", faults),
        editors=_names(fields, "editor", faults),
        year=year,
        date=date,
        title=_title(texts),
        fields={k: v for k, v in texts.items() if v and k not in _VERBATIM},
        doi=_doi(fields, plain.get("doi", ""), faults),
        url=_url(fields, plain.get("url", ""), faults),
        archive=archive,
        eprint=eprint,
    )
    faults += _wanting(entry, work)
    return work, faults


def _fields(
    entry: BibEntry, entries: Mapping[str, BibEntry], faults: list[BibFault]
) -> dict[str, BibField]:
    """The fields by their names in biblatex, with those of the entry that this one is a part of."""
    fields = {_SAME.get(name, name): each for name, each in entry.fields.items()}
    fields |= {name: each for name, each in entry.fields.items() if name in _SAME.values()}
    reference = entry.fields.get("crossref")
    if reference is None:
        return fields
    whole = entries.get(reference.value.strip())
    if whole is None or whole is entry:
        message = f"there is no entry {reference.value.strip()!r} to have fields from"
        others = [key for key in entries if key != entry.key]
        help_ = nearest(reference.value.strip(), others) if others else ""
        faults.append(_at(reference, message, help_, reference.value.strip()))
        return fields
    for name, each in whole.fields.items():
        own = "booktitle" if name == "title" else _SAME.get(name, name)
        if own not in ("crossref", "shorttitle", "subtitle"):
            fields.setdefault(own, each)
    return fields


def _names(fields: Mapping[str, BibField], name: str, faults: list[BibFault]) -> Names:
    if name not in fields:
        return Names()
    names, found = read_names(fields[name].value)
    help_ = "names are 'Last, First' or 'First Last', with 'and' between them"
    faults += (_at(fields[name], message, help_) for message in found)
    return names


def _title(texts: Mapping[str, Text]) -> Text:
    title, below = texts.get("title", ()), texts.get("subtitle", ())
    return (*title, ("", ": "), *below) if title and below else title or below


def _date(
    fields: Mapping[str, BibField], texts: Mapping[str, Text], faults: list[BibFault]
) -> tuple[str, str]:
    """The year as it is shown, and the date as far as it is known."""
    if "date" in fields and (written := words_of(texts["date"])):
        found = _ISO.match(written)
        if found and _is_day(found):
            year = found[1].lstrip("0") or "0"
            last = _ISO.match(written.partition("/")[2])
            ends = f"–{last[1]}" if last and last[1] != found[1] else ""
            return year + ends, found[0]
        if _NO_YEAR.match(written):
            return written, ""
        help_ = "write it as 2018, 2018-01 or 2018-01-02"
        faults.append(_at(fields["date"], f"{written!r} is not a date", help_, written))
        return written, ""
    if "year" not in fields or not (written := words_of(texts["year"])):
        return "", ""
    if not _YEAR.search(written) and not _NO_YEAR.match(written):
        help_ = "write it as 2018, or 'in press', 'n.d.'"
        faults.append(_at(fields["year"], f"{written!r} is not a year", help_, written))
    if not re.fullmatch(r"\d{4}", written):
        return written, ""
    month = _month(words_of(texts.get("month", ())))
    return written, f"{written}-{month:02}" if month else written


def _month(written: str) -> int:
    if written.isdecimal():
        return int(written) if 1 <= int(written) <= 12 else 0
    name = written[:3].lower()
    return MONTHS.index(name) + 1 if name in MONTHS else 0


def _is_day(found: re.Match[str]) -> bool:
    try:
        dt.date(max(1, int(found[1])), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return False
    return True


def _doi(fields: Mapping[str, BibField], written: str, faults: list[BibFault]) -> str:
    doi = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:)", "", written, flags=re.IGNORECASE)
    if not doi or re.fullmatch(r"10\.\d{4,9}(?:\.\d+)*/\S+", doi):
        return doi
    message, help_ = f"{doi!r} is not a DOI", "such as 10.1038/nature14539"
    faults.append(_at(fields["doi"], message, help_, fields["doi"].value.strip()))
    return ""


def _url(fields: Mapping[str, BibField], written: str, faults: list[BibFault]) -> str:
    if not written or re.fullmatch(r"https?://[^\s<>\"\\^`{|}/]+(?:/[^\s<>\"]*)?", written):
        return written
    message = f"{written!r} is not an address of the web"
    help_ = "such as https://example.org/paper.pdf"
    faults.append(_at(fields["url"], message, help_, fields["url"].value.strip()))
    return ""


def _eprint(plain: Mapping[str, str]) -> tuple[str, str]:
    """The archive that has the work, and its identifier there."""
    eprint, archive = plain.get("eprint", ""), plain.get("eprinttype", "")
    named = re.match(r"arxiv:\s*", eprint, re.IGNORECASE)
    if named:
        eprint, archive = eprint[named.end() :], "arxiv"
    elif eprint and not archive and re.fullmatch(r"\d{4}\.\d{4,5}(?:v\d+)?", eprint):
        archive = "arxiv"
    return _ARCHIVES.get(archive.lower(), archive) if eprint else "", eprint


def _wanting(entry: BibEntry, work: Work) -> Iterator[BibFault]:
    """What readers need to find the work, and other things that are odd."""
    known = {
        "author": work.authors or work.editors or work.text("organization"),
        "title": work.title,
        "year": work.year,
    }
    absent = [name for name, value in known.items() if not value]
    if absent:
        message = f"the entry {entry.key!r} has no {' and no '.join(absent)}"
        help_ = f"add {_listed([f'{name} = {{…}}' for name in absent])}"
        yield BibFault(entry.line, message, help_, entry.key, code="B008")
    if entry.kind not in KINDS:
        message = f"{entry.kind!r} is no known type of entry: it is shown as 'misc'"
        yield BibFault(
            entry.line, message, nearest(entry.kind, KINDS), f"@{entry.kind}", code="B009"
        )


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _unknown_command(written: BibField, command: str) -> BibFault:
    message = f"the command {command} is not known here: what follows it is shown as text"
    return _at(written, message, "write the character that it stands for", command, code="B009")


def _at(
    written: BibField, message: str, help_: str = "", word: str = "", *, code: str = "B007"
) -> BibFault:
    """A fault in the value of a field: on the line that has the `word`, if one has."""
    below = written.value.count("\n", 0, max(0, written.value.find(word))) if word else 0
    at = written.line + below
    return BibFault(at, message, help_, word or written.name, written.name * bool(word), code=code)
