"""Front matter: what is read, and every message about what is not."""

from __future__ import annotations

import datetime as dt
import sys

import pytest

from site_builder.content import yaml_core
from site_builder.content.front_matter import read_front_matter, slug_of
from site_builder.content.slugs import slugify
from site_builder.content.yaml_core import YamlError, read_mapping
from site_builder.errors import ContentError
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Source


def read(block: str, path: str = "posts/xor.md") -> FrontMatter:
    return read_front_matter(Source(path, f"---\n{block}---\nText.\n"))[0]


def messages(text: str, path: str = "posts/xor.md") -> list[tuple[int, int, str, str]]:
    with pytest.raises(ContentError) as caught:
        read_front_matter(Source(path, text))
    return [(p.line, p.column, p.message, p.help) for p in caught.value.problems]


def faults(block: str, path: str = "posts/xor.md") -> list[tuple[int, int, str]]:
    return [found[:3] for found in messages(f"---\n{block}---\nText.\n", path)]


WHOLE = "title: XOR\ndate: 2017-03-05\n"


def test_all_keys_are_read() -> None:
    front_matter = read(
        "title: XOR revisited\ndate: 2017-03-05T10:00\nupdated: 2018-01-01\nslug: xor\n"
        "summary: A short one.\ntags: [keras, maths]\nauthors: [Ann, Bo]\nlang: pt-BR\n"
        "kind: aside\nseries: Nets\naliases: [/old/]\ndraft: true\ntoc: false\n"
        "macros: {'\\R': '\\mathbb{R}'}\nseed: 7\nkernel: ir\ntimeout: 2.5\n"
    )
    assert front_matter == FrontMatter(
        title="XOR revisited",
        date=dt.date(2017, 3, 5),
        updated=dt.date(2018, 1, 1),
        slug="xor",
        summary="A short one.",
        tags=("keras", "maths"),
        authors=("Ann", "Bo"),
        lang="pt-BR",
        kind="aside",
        series="Nets",
        aliases=("/old/",),
        draft=True,
        toc=False,
        macros={"\\R": "\\mathbb{R}"},
        seed=7,
        kernel="ir",
        timeout=2.5,
    )
    assert type(front_matter.seed) is int


def test_keys_of_quarto_and_myst_are_synonyms() -> None:
    front_matter = read(
        WHOLE + "categories: [a]\nauthor: Ann\ndescription: D\ndate-modified: 2018-01-01\n"
        "math: {macros: {'\\E': 'E'}}\n"
    )
    assert front_matter.tags == ("a",)
    assert front_matter.authors == ("Ann",)
    assert front_matter.summary == "D"
    assert front_matter.updated == dt.date(2018, 1, 1)
    assert front_matter.macros == {"\\E": "E"}


def test_keys_of_other_tools_are_left_alone() -> None:
    foreign = "jupytext: {x: 1}\nkernelspec: {name: python3}\nformat: html\nimage: a.png\n"
    assert read(WHOLE + foreign) == read(WHOLE)


def test_languages_that_differ_by_a_sign_are_tags_of_their_own() -> None:
    tags = ("C", "C++", "C#", "F#", "f")
    assert read(WHOLE + f"tags: {list(tags)}\n").tags == tags


def test_the_body_begins_below_the_block() -> None:
    assert read_front_matter(Source("posts/a.md", f"---\n{WHOLE}---\nText.\n"))[1] == 5
    assert read_front_matter(Source("posts/a.md", f"---\n{WHOLE}...\n\nText.\n"))[1] == 5


def test_texts_are_texts_however_they_look() -> None:
    front_matter = read("title: 007\ndate: 2017-03-05\ntags: [no, 1.10, 12:30, 2019-01-01, yes]\n")
    assert front_matter.title == "007"
    assert front_matter.tags == ("no", "1.10", "12:30", "2019-01-01", "yes")


def test_pages_and_asides_may_lack_what_posts_may_not() -> None:
    assert read("title: About\n", "pages/about.md").kind == "page"
    assert read("kind: aside\ndate: 2016-10-20\n").title == ""
    assert faults("kind: aside\n") == [(1, 0, "the front matter has no date")]
    assert faults("{}\n", "pages/about.md") == [(1, 0, "the front matter has no title")]


def test_a_date_in_the_name_is_the_date() -> None:
    assert read("title: XOR\n", "posts/2017-03-05-xor.md").date == dt.date(2017, 3, 5)
    assert read("title: XOR\n", "posts/2017-03-05-xor/index.md").date == dt.date(2017, 3, 5)
    found = faults("title: XOR\n", "posts/2017-13-05-xor.md")
    message = "the file's name has 2017-13-05, which is not a date of the calendar"
    assert found == [(0, 0, message)]


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "help_"),
    [
        ("Text.\n", 1, 0, "there is no front matter", "begin the file with lines '---'"),
        ("", 1, 0, "there is no front matter", "begin the file"),
        ("---\ntitle: A\n", 1, 1, "the front matter is not closed", "end it with a line of ---"),
        ("+++\ntitle = 1\n+++\n", 1, 1, "the front matter is TOML", "write it as YAML"),
        (
            "\n\n---\ntitle: A\n---\n",
            3,
            0,
            "the front matter must begin on the first line",
            "delete what stands above it",
        ),
    ],
)
def test_no_block(text: str, line: int, column: int, message: str, help_: str) -> None:
    [found] = messages(text)
    assert found[:3] == (line, column, message)
    assert found[3].startswith(help_)


@pytest.mark.parametrize(
    ("block", "line", "column", "message"),
    [
        ("titel: XOR\n", 4, 1, "unknown front matter key 'titel'"),
        ("title: A\n", 4, 1, "'title' is given twice"),
        ("draft: on\n", 4, 1, "front matter key 'draft' should be true or false, not 'on'"),
        ("seed: 1.5\n", 4, 1, "front matter key 'seed' should be a whole number, not 1.5"),
        ("tags: {a: 1}\n", 4, 1, "front matter key 'tags' should be a list of texts, not a table"),
        ("tags: [a, '']\n", 4, 11, "a name in 'tags' is empty"),
        ("tags: [a, b, a]\n", 4, 14, "'a' is in 'tags' twice"),
        ("tags: [A b, a-b]\n", 4, 13, "'A b' and 'a-b' in 'tags' have the same address"),
        ('tags: ["a\\x07"]\n', 4, 8, "'a\\x07' in 'tags' has control characters"),
        ("tags: ['+']\n", 4, 8, "the tag '+' has no letters or digits"),
        ("slug: a/b\n", 4, 1, "'slug' should be of letters, digits, '-' and '_', not 'a/b'"),
        ("aliases: [old]\n", 4, 11, "the alias 'old' should begin with one '/'"),
        ("aliases:\n  - /a/../../b\n", 5, 5, "the alias '/a/../../b' leads out of the site"),
        ("aliases: /a?b\n", 4, 1, "the alias '/a?b' has a character that no address has"),
        ("lang: en_GB\n", 4, 1, "'lang' should be a language such as 'en' or 'pt-BR', not 'en_GB'"),
        ("updated: 2016-01-01\n", 4, 1, "'updated' (2016-01-01) is before 'date' (2017-03-05)"),
        ("macros: {R: x}\n", 4, 10, "a macro's name is a backslash and letters, not 'R'"),
        ("math: {macros: {R: x}}\n", 4, 17, "a macro's name is a backslash and letters, not 'R'"),
        ("timeout: 0\n", 4, 1, "'timeout' should be greater than 0, not 0"),
        ("seed: -1\n", 4, 1, "'seed' should be from 0 to 4294967295, not -1"),
        ("series: '!'\n", 4, 1, "the series '!' has no letters or digits"),
        ("summary: a: b\n", 4, 11, "not YAML: mapping values are not allowed in this context"),
        ("summary: 'a\n", 4, 10, "not YAML: found unexpected end of stream"),
        ("summary: *a\n", 4, 10, "not YAML: found undefined alias"),
        ("summary: \x01\n", 4, 10, "not YAML: the character U+0001 is not allowed"),
        ("summary: !!python/name:os.system x\n", 4, 10, "the tag '!!python/name:os.system'"),
        ("summary: &a [*a]\n", 4, 10, "an alias cannot stand inside what it stands for"),
        ("? [a]\n: b\n", 4, 3, "a key must be a text"),
        ("- a\n", 4, 1, "not YAML: did not find expected key"),
    ],
)
def test_each_mistake_is_named_at_its_place(
    block: str, line: int, column: int, message: str
) -> None:
    found = faults(WHOLE + block)
    assert len(found) == 1
    assert found[0][2].startswith(message)
    assert found[0][:2] == (line, column)


def test_all_mistakes_come_in_one_go() -> None:
    found = faults("draft: 5\ntags: x y\ntitel: A\nupdated: never\n")
    assert [line for line, _, _ in found] == [2, 4, 5, 1, 1]


def test_a_problem_shows_its_line() -> None:
    with pytest.raises(ContentError) as caught:
        read_front_matter(Source("posts/xor.md", f"---\n{WHOLE}titel: XOR\n---\n"))
    assert str(caught.value) == (
        "posts/xor.md:4:1: unknown front matter key 'titel'\n  help: did you mean 'title'?"
    )


@pytest.mark.parametrize(
    ("path", "slug", "expected"),
    [
        ("posts/xor-keras.md", "", "xor-keras"),
        ("posts/2017-03-05-XOR Keras.md", "", "xor-keras"),
        ("posts/2017-03-05-xor/index.md", "", "xor"),
        ("posts/2017-03-05.md", "", "2017-03-05"),
        ("posts/xor.ipynb", "", "xor"),
        ("posts/index.md", "", "index"),
        ("posts/x.md", "Other", "Other"),
        ("posts/!.md", "", ""),
    ],
)
def test_slugs_of_files(path: str, slug: str, expected: str) -> None:
    assert slug_of(Source(path, ""), FrontMatter(slug=slug)) == expected


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Über C++ & co", "uber-c-co"),
        ("Straße", "strasse"),
        ("The $\\sigma$ function: 2nd part", "the-sigma-function-2nd-part"),
        ("Don't panic", "dont-panic"),
        ("Ещё й", "ещё-й"),
        ("Сети Keras 2", "сети-keras-2"),
        ("हिन्दी", "हिन्दी"),
        ("snake_case", "snake_case"),
        ("…", ""),
    ],
)
def test_slugify(text: str, slug: str) -> None:
    assert slugify(text) == slug
    assert slugify(slug) == slug


def test_yaml_is_that_of_version_1_2() -> None:
    mapping = read_mapping(
        "a: yes\nb: 0o17\nc: 0x1F\nd: 1e3\ne: ~\nf: .5\ng: 1_000\nh: 12:30:45\n"
        "i: !!str 5\nj: +.inf\n"
    )
    assert mapping.values == {
        "a": "yes",
        "b": 15,
        "c": 31,
        "d": 1000.0,
        "e": None,
        "f": 0.5,
        "g": "1_000",
        "h": "12:30:45",
        "i": "5",
        "j": float("inf"),
    }


def test_aliases_of_aliases_cost_nothing() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    values = read_mapping("\n".join(lines)).values
    assert values["a39"][0] is values["a38"]


@pytest.mark.parametrize(
    "deep",
    ["[" * 100_000, "[" * 60 + "]" * 60, "{a: " * 60 + "}" * 60, "\n" + "- " * 60 + "x"],
    ids=["never closed", "lists", "tables", "blocks"],
)
def test_what_is_nested_without_end_does_not_end_the_build(deep: str) -> None:
    with pytest.raises(YamlError) as caught:
        read_mapping(f"title: T\ntags: {deep}\n")
    [fault] = caught.value.faults
    assert fault.message == "not YAML: nested too deeply"
    assert fault.place.line == (3 if "- " in deep else 2)
    assert read_mapping("\n".join(f"k{n}: [{{a: {n}}}]" for n in range(100))).values["k7"] == [
        {"a": 7}
    ]


def test_without_the_c_library_yaml_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "title: 'Ü: x'\ntags: [a, no, 1.10]\nmacros:\n  b: 2\n"
    in_c = read_mapping(text)
    monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    loader = yaml_core._make_loader()
    assert "CParser" not in str(loader.__mro__)
    monkeypatch.setattr(yaml_core, "_Loader", loader)
    assert read_mapping(text) == in_c
    assert faults(WHOLE + "summary: a: b\n") == [
        (4, 11, "not YAML: mapping values are not allowed here")
    ]
    assert faults(WHOLE + "summary: \x01\n") == [
        (4, 10, "not YAML: the character U+0001 is not allowed")
    ]
    with pytest.raises(YamlError):
        read_mapping("a: " + "[" * 20000)


def test_a_fault_is_never_below_the_text() -> None:
    assert [line for line, _, _ in faults(WHOLE + "summary: >\n  x\nmore\n")] == [6]


def test_deep_nesting_is_a_fault() -> None:
    with pytest.raises(YamlError):
        read_mapping("a: " + "[" * 20000)
