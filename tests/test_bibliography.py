"""`.bib` files: what is read of them, and the references that are made of their entries."""

from __future__ import annotations

import pytest

from site_builder.content.citations.bibliography import read_bibliography
from site_builder.content.citations.named import named_works
from site_builder.content.citations.names import read_names
from site_builder.content.citations.text import tex_text, verbatim
from site_builder.content.citations.works import KINDS, read_work
from site_builder.model.citations import Cited, Name, Names, words_of
from site_builder.rendering.citations.reference import LINK, reference_of, reference_text
from site_builder.words.words import words_for

ENGLISH = words_for({}, "en")


def cited(text: str) -> tuple[Cited, ...]:
    """The works of a bibliography that is in order, as references list them."""
    bibliography = read_bibliography(text)
    assert not bibliography.faults
    works = []
    for entry in bibliography.entries.values():
        work, faults = read_work(entry, bibliography.entries)
        assert not faults, faults
        works.append(work)
    return named_works(works, set())


def written(text: str) -> str:
    """A reference as text: titles in underscores, addresses of links in angles behind them."""
    (one,) = cited(text)
    parts = []
    for kind, run in reference_text(one, ENGLISH):
        if kind.startswith("cite"):
            parts.append(f"_{run}_")
        elif kind.startswith(LINK):
            address = kind.removeprefix(LINK)
            parts.append(run if run == address else f"{run}<{address}>")
        else:
            parts.append(run)
    return "".join(parts)


# Text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"G{\"o}del, Erd{\H o}s, {\L}ukasiewicz", "Gödel, Erdős, Łukasiewicz"),
        (r"\'Etude na\"{\i}ve \c{c}a \v{c} {\aa} \k{a} \~n", "Étude naïve ça č å ą ñ"),
        (r"Stra{\ss}e {\o}re {\AE}on \oe uvre", "Straße øre Æon œuvre"),
        ("The {BERT} {M}odel", "The BERT Model"),
        ("a--b---c ``q'' it's 'x'", "a–b—c “q” it’s ’x’"),
        (r"50\% \& \$5 \# \_ \{x\}", "50% & $5 # _ {x}"),
        ("two\n   lines~here", "two lines\u00a0here"),
        (r"\textbf{bold} {\bf too} \mbox{box}", "bold too box"),
        (r"\enquote{x} \ldots{} \TeX{} \copyright", "“x” … TeX ©"),
        (r"\noopsort{1986a}1986", "1986"),
        (r"\url{https://a.b/c_d}", "https://a.b/c_d"),
        ("a lone $ sign", "a lone $ sign"),
        (r"unclosed {brace \emph{x", "unclosed brace x"),
    ],
)
def test_tex_is_read_as_its_authors_mean_it(tex: str, text: str) -> None:
    runs, unknown = tex_text(tex)
    assert words_of(runs) == text
    assert unknown == ()


def test_kinds_of_text_are_told_apart() -> None:
    runs, unknown = tex_text(r"On $O(n^2)$ \emph{and {\em on}} CO\textsubscript{2}, \foo{bar}")
    assert runs == (
        ("", "On "),
        ("maths", "O(n^2)"),
        ("", " "),
        ("em", "and on"),
        ("", " CO"),
        ("sub", "2"),
        ("", ", bar"),
    )
    assert unknown == (r"\foo",)


def test_addresses_are_no_tex() -> None:
    assert verbatim(r"https://a.b/c\_d\%20e--f~g") == "https://a.b/c_d%20e--f~g"
    assert verbatim(r"\url{https://a.b/{\textasciitilde}me}") == "https://a.b/~me"


# Names


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("van der Berg, Jan", [Name("Berg", "Jan", "van der")]),
        ("Ludwig van Beethoven", [Name("Beethoven", "Ludwig", "van")]),
        ("King, Jr., Martin Luther", [Name("King", "Martin Luther", suffix="Jr.")]),
        ("Donald E. Knuth and Plato", [Name("Knuth", "Donald E."), Name("Plato")]),
        ("{Barnes and Noble} and {OpenAI}", [Name("Barnes and Noble"), Name("OpenAI")]),
        (r"de la Vall{\'e}e Poussin, Charles", [Name("Vallée Poussin", "Charles", "de la")]),
        (r"{\'E}tienne B{\'e}zout", [Name("Bézout", "Étienne")]),
        ("Anderson, Andy\nand\nBrand, Bo", [Name("Anderson", "Andy"), Name("Brand", "Bo")]),
    ],
)
def test_names_are_taken_apart(value: str, names: list[Name]) -> None:
    assert read_names(value) == (Names(tuple(names)), ())


def test_others_are_no_name() -> None:
    assert read_names("Doe, Jane and others") == (Names((Name("Doe", "Jane"),), others=True), ())


# Entries


def test_values_are_joined_of_texts_numbers_and_names() -> None:
    text = """
        @string{nips = "Advances in {NIPS}"} @preamble{"x"} @comment{@article{no, title = {x}}}
        @article(paren, title = "A {"}quoted{"} text" # " in " # NIPS, month = jan, year = 2018)
    """
    bibliography = read_bibliography(text)
    (entry,) = bibliography.entries.values()
    assert bibliography.faults == ()
    values = {name: field.value for name, field in entry.fields.items()}
    assert values == {
        "title": 'A {"}quoted{"} text in Advances in {NIPS}',
        "month": "1",
        "year": "2018",
    }


def test_a_part_has_what_its_whole_says() -> None:
    (part, _) = cited(
        """
        @inproceedings{part, crossref = {whole}, author = {Doe, Jane}, title = {Part}}
        @proceedings{whole, title = {The Whole}, editor = {Roe, Rick}, year = 2001}
        """
    )
    text = words_of(reference_text(part, ENGLISH))
    assert text == "Doe, J. (2001). Part. In R. Roe (Ed.), The Whole."


@pytest.mark.parametrize(
    ("fields", "year", "date"),
    [
        ("year = 2018", "2018", "2018"),
        ("year = {2018}, month = mar", "2018", "2018-03"),
        ("year = {2018}, month = {March}", "2018", "2018-03"),
        ("date = {2018-03-05}", "2018", "2018-03-05"),
        ("date = {2018-03}", "2018", "2018-03"),
        ("date = {2018-12-01/2019-01-05}", "2018–2019", "2018-12-01"),
        ("date = {2018~}", "2018", "2018"),
        ("date = {1998}, year = {2001}", "1998", "1998"),
        ("year = {in press}", "in press", ""),
        ("year = {c. 1850}", "c. 1850", ""),
    ],
)
def test_dates_are_those_of_bibtex_and_biblatex(fields: str, year: str, date: str) -> None:
    (one,) = cited(f"@misc{{x, author = {{Doe, J}}, title = {{T}}, {fields}}}")
    assert (one.work.year, one.work.date) == (year, date)


# References, entry by entry

AUTHORS = "author = {Doe, Jane Q. and van der Berg, Jean-Luc}"
REFERENCES = {
    f"@article{{x, {AUTHORS}, title = {{On {{X}}}}, journal = {{J. of X}}, volume = 12, "
    "number = 3, pages = {1--5}, year = 2018, doi = {10.1000/x(1)2}}": (
        "Doe, J. Q., & van der Berg, J.-L. (2018). On X. _J. of X_, _12_(3), 1–5. "
        "https://doi.org/10.1000/x(1)2"
    ),
    "@article{x, author = {Doe, Jane}, title = {Why?}, journal = {J}, eid = {e93}, year = 2018}": (
        "Doe, J. (2018). Why? _J_, e93."
    ),
    "@article{x, author = {Doe, Jane}, title = {A}, eprint = {1801.00631v2}, year = 2018, "
    "archivePrefix = {arXiv}, url = {https://arxiv.org/abs/1801.00631}}": (
        "Doe, J. (2018). _A_. arXiv:1801.00631v2<https://arxiv.org/abs/1801.00631v2>"
    ),
    "@book{x, author = {Doe, Jane}, title = {A {Book}}, subtitle = {Of Things}, edition = 2, "
    "volume = 3, series = {Things}, number = 7, publisher = {P \\& Sons}, year = 1999}": (
        "Doe, J. (1999). _A Book__: __Of Things_ (2nd ed., Vol. 3). Things 7. P & Sons."
    ),
    "@book{x, editor = {Doe, Jane and Roe, R.}, title = {Essays}, edition = {Third}, "
    "publisher = {P}, date = {2001}}": "Doe, J., & Roe, R. (Eds.) (2001). _Essays_ (Third ed.). P.",
    f"@inproceedings{{x, {AUTHORS}, title = {{Talk}}, booktitle = {{Proc. of X}}, "
    "editor = {Roe, Rick and others}, pages = {7}, year = 2017, publisher = {ACM}}": (
        "Doe, J. Q., & van der Berg, J.-L. (2017). Talk. In R. Roe et al. (Eds.), "
        "_Proc. of X_ (p. 7). ACM."
    ),
    "@incollection{x, author = {Doe, Jane}, title = {Chapter}, booktitle = {Book}, "
    "year = 1990, pages = {1-3, 9}, volume = {I}}": (
        "Doe, J. (1990). Chapter. In _Book_ (Vol. I, pp. 1–3, 9)."
    ),
    '@phdthesis{x, author = {Doe, Jane}, title = {T}, school = {ETH Z{\\"u}rich}, year = 1999}': (
        "Doe, J. (1999). _T_ (PhD thesis). ETH Zürich."
    ),
    "@thesis{x, author = {Doe, Jane}, title = {T}, type = {Diploma thesis}, "
    "institution = {Uni}, year = 1999}": "Doe, J. (1999). _T_ (Diploma thesis). Uni.",
    "@techreport{x, author = {{ACME}}, title = {T}, number = {TR-1}, institution = {ACME}, "
    "year = 1999}": "ACME (1999). _T_ (Technical report TR-1).",
    "@misc{x, author = {Doe, Jane}, title = {T}, howpublished = {Talk at X}, "
    "note = {Unpublished}, year = {in press}}": (
        "Doe, J. (in press). _T_. Talk at X. Unpublished."
    ),
    "@online{x, author = {{OpenAI}}, title = {News!}, date = {2019-02-14}, "
    "url = {https://example.org/a~b}, organization = {Blog}}": (
        "OpenAI (2019, 14 February). _News!_ Blog. https://example.org/a~b"
    ),
    "@software{x, organization = {NumFOCUS}, title = {numpy}, version = {2.1}, year = 2024}": (
        "NumFOCUS (2024). _numpy_ (Version 2.1)."
    ),
    "@online{x, organization = {NIST}, title = {T}, year = 2020, url = {https://nist.gov/}}": (
        "NIST (2020). _T_. https://nist.gov/"
    ),
}


@pytest.mark.parametrize(("entry", "reference"), REFERENCES.items())
def test_a_reference_says_what_its_entry_does(entry: str, reference: str) -> None:
    assert written(entry) == reference


def test_many_authors_are_not_all_named() -> None:
    names = " and ".join(f"Doe, A{n}" for n in range(30))
    text = written(f"@misc{{x, author = {{{names}}}, title = {{T}}, year = 2001}}")
    assert text.count("Doe") == 20
    assert ", … Doe, A. (2001)" in text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_known_type_has_a_reference(kind: str) -> None:
    text = written(f"@{kind}{{x, author = {{Doe, Jane}}, title = {{T}}, year = 2001}}")
    assert text.startswith("Doe, J. (2001). ")
    assert text.replace("_", "").removeprefix("Doe, J. (2001). ").startswith("T")
    assert text.endswith(".")
    assert ".." not in text.replace("_", "")


def test_what_an_entry_does_not_say_leaves_no_trace() -> None:
    bibliography = read_bibliography("@article{x, title = {Only a title}}")
    work, faults = read_work(bibliography.entries["x"], bibliography.entries)
    (one,) = named_works([work], set())
    assert words_of(reference_text(one, ENGLISH)) == "Only a title (n.d.)."
    assert one.label == "“Only a title”, n.d."
    assert [fault.code for fault in faults] == ["B008"]


# What works are called


def test_works_are_sorted_and_told_apart() -> None:
    works = cited(
        """
        @misc{z, author = {Zed, A}, title = {Z}, year = 2001}
        @misc{b2, author = {{\\'A}bel, B}, title = {Second}, year = 2018, month = feb}
        @misc{b1, author = {{\\'A}bel, B}, title = {First}, year = 2018, month = jan}
        @misc{two, author = {Abel, B and Zed, A}, title = {Two}, year = 2018}
        @misc{three, author = {Abel, B and Zed, A and Moe, C}, title = {Three}, year = 2018}
        @misc{more, author = {Abel, B and others}, title = {More}, year = {n.d.}}
        @misc{more2, author = {Abel, B and others}, title = {More 2}, year = {n.d.}}
        @misc{v, author = {van Aaken, B}, title = {V}, year = 2018}
        """
    )
    assert [(one.work.key, one.label) for one in works] == [
        ("b1", "Ábel, 2018a"),
        ("b2", "Ábel, 2018b"),
        ("more", "Abel et al., n.d.-a"),
        ("more2", "Abel et al., n.d.-b"),
        ("two", "Abel & Zed, 2018"),
        ("three", "Abel et al., 2018"),
        ("v", "van Aaken, 2018"),
        ("z", "Zed, 2001"),
    ]


def test_ids_are_the_works_own() -> None:
    keys = ("DBLP:conf/x", "dblp-conf-x", "Ümlaut", "+++")
    works = cited("".join(f"@misc{{{k}, author={{A}}, title={{{k}}}, year=2001}}" for k in keys))
    ids = [one.id for one in works]
    assert len(set(ids)) == len(keys)
    assert all(id_.startswith("ref-") for id_ in ids)
    bibliography = read_bibliography("@misc{x, author = {A}, title = {T}, year = 2001}")
    work, _ = read_work(bibliography.entries["x"], bibliography.entries)
    assert [one.id for one in named_works([work], {"ref-x"})] == ["ref-x-2"]


def test_machines_are_told_of_a_work_in_plain_words() -> None:
    (one,) = cited(next(iter(REFERENCES)))
    reference = reference_of(one, ENGLISH)
    assert reference.authors == ("Jane Q. Doe", "Jean-Luc van der Berg")
    assert (reference.title, reference.container) == ("On X", "J. of X")
    assert (reference.first_page, reference.last_page) == ("1", "5")
    assert reference.address == "https://doi.org/10.1000/x(1)2"


WORKS = """
@incollection{part, author = {Doe, Jane}, editor = {Roe, R. and Poe, E.}, title = {Part},
  booktitle = {Whole}, year = 2001, edition = {2}, volume = 3, pages = {4-5}}
@phdthesis{thesis, author = {Doe, Jane}, title = {On X}, year = 2002, school = {A University}}
@online{page, author = {Doe, Jane}, title = {A page}, date = {2018-05-03}, url = {https://x.org/}}
"""


@pytest.mark.parametrize(
    ("language", "part", "thesis", "page"),
    [
        (
            "en",
            "In R. Roe & E. Poe (Eds.), Whole (2nd ed., Vol. 3, pp. 4–5)",
            "PhD thesis",
            "3 May",
        ),
        (
            "de",
            "In R. Roe & E. Poe (Hrsg.), Whole (2. Aufl., Bd. 3, S. 4–5)",
            "Dissertation",
            "Mai",
        ),
        ("fr", "Dans R. Roe & E. Poe (éds.), Whole (2e éd., vol. 3, p. 4–5)", "doctorat", "3 mai"),
        (
            "es",
            "En R. Roe & E. Poe (eds.), Whole (2.ª ed., vol. 3, pp. 4–5)",
            "doctoral",
            "3 de ma",
        ),
    ],
)
def test_what_stands_between_is_in_the_language_of_the_post(
    language: str, part: str, thesis: str, page: str
) -> None:
    words = words_for({}, language)
    told = {one.work.key: words_of(reference_text(one, words)) for one in cited(WORKS)}
    assert part in told["part"]
    assert thesis in told["thesis"]
    assert page in told["page"]
