"""Words of the interface: complete, checked, in the language of each page, and nowhere left out."""

from __future__ import annotations

import datetime as dt
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from made_pages import built, make_page, make_site
from markupsafe import Markup
from playwright.sync_api import Browser
from selectolax.lexbor import LexborHTMLParser
from small_site import start_cli, write_site

import site_builder
from site_builder.assembly.theme.files import ThemeFile, read_theme
from site_builder.assembly.theme.theme import load_theme
from site_builder.content.directives import KINDS
from site_builder.errors import UsageError
from site_builder.settings.site import load_site
from site_builder.words.words import Words, built_in, direction, has_words, words_for

PACKAGE = Path(site_builder.__file__).parent
TEMPLATES = PACKAGE.parent / "themes/default/templates"
ENGLISH: dict[str, Any] = dict(built_in("en") or {})
TABLES = ("rendering", "assembly")  # parts with tables of names of words
LANGUAGES = sorted(path.stem for path in (PACKAGE / "words").glob("*.toml"))
TOML = 'title = "Ж"\nurl = "https://example.org/"\n'


def run_cli(root: Path, *arguments: str) -> tuple[int, str]:
    """Run `site-builder`; its exit code, and what it told."""
    process = start_cli(root, *arguments)
    _, told = process.communicate()
    return process.returncode, told


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def own_words(root: Path, **files: str) -> Path:
    """A site with words of its own."""
    (root / "words").mkdir(parents=True)
    (root / "site.toml").write_text(TOML, encoding="utf-8")
    for name, text in files.items():
        (root / f"words/{name}.toml").write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_words_of_english_with_the_same_blanks(language: str) -> None:
    for name, text in (built_in(language) or {}).items():
        assert name in ENGLISH
        assert isinstance(text, type(ENGLISH[name])), name
        if isinstance(text, str):
            assert blanks(text) == blanks(ENGLISH[name]), name
            assert text == text.strip() != "", name


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_the_languages_that_come_with_the_program_are_complete(language: str) -> None:
    absent = ENGLISH.keys() - (built_in(language) or {}).keys()
    assert absent <= {"first_day", "singular"}  # where they are as in English


def test_every_word_that_is_asked_for_is_there_and_every_word_is_asked_for() -> None:
    asked: set[str] = set()
    maybe: set[str] = {*KINDS}
    for path in TEMPLATES.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        asked |= {*re.findall(r"\b(?:site_)?word\.(\w+)", text)}
        asked |= {*re.findall(r'word\.counted\("(\w+)"', text)}
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        asked |= {*re.findall(r"(?:draft|_draft)\.words\.(\w+)", text)}
        asked |= {*re.findall(r'words\.counted\("(\w+)"', text)}
        # Where they have a shorter name, or are named in a table.
        maybe |= {*re.findall(r"\bwords(?:_of_site\(site\)|_for\([^()]*\))?\.(\w+)", text)}
        maybe |= {*re.findall(r'"(\w+)"', text)} if path.parent.name in TABLES else set()
    for path in (TEMPLATES.parent / "assets").rglob("*.css"):
        asked |= {*re.findall(r"--word-(\w+)", path.read_text(encoding="utf-8"))}
    methods = {name for name in dir(Words) if not name.startswith("_")}
    assert asked - methods <= ENGLISH.keys()
    ones = {f"one_{name}" for name in asked}
    of_dates = {"date", "day_and_month", "first_day", "months", "singular"}
    assert ENGLISH.keys() - asked - maybe - ones - of_dates == set()


@pytest.mark.parametrize(
    ("language", "first", "other"),
    [
        ("en", "1 June 2020", "2 June 2020"),
        ("en-US", "June 1, 2020", "June 2, 2020"),
        ("de-CH", "1. Juni 2020", "2. Juni 2020"),
        ("fr", "1er juin 2020", "2 juin 2020"),
        ("es", "1 de junio de 2020", "2 de junio de 2020"),
    ],
)
def test_dates_are_written_as_the_language_has_them(language: str, first: str, other: str) -> None:
    words = words_for({}, language)
    assert words.date(dt.date(2020, 6, 1)) == first
    assert words.date(dt.date(2020, 6, 2)) == other
    assert words.day_and_month(dt.date(2020, 6, 2)) in other


def test_numbers_have_a_singular_and_a_plural() -> None:
    english, french = words_for({}, "en"), words_for({}, "fr")
    assert [english.counted("posts", n) for n in (0, 1, 2)] == ["0 posts", "1 post", "2 posts"]
    assert [french.counted("posts", n) for n in (0, 1, 2)] == [
        "0 article",
        "1 article",
        "2 articles",
    ]


def test_what_a_language_lacks_is_english_and_what_a_region_lacks_is_its_language() -> None:
    own = {"pt": {"older": "Mais antigo"}, "pt-br": {"newer": "Mais novo"}, "de": {"older": "X"}}
    portuguese = words_for(own, "pt-BR")
    assert (portuguese.older, portuguese.newer) == ("Mais antigo", "Mais novo")
    assert portuguese.archive == "Archive"
    assert words_for(own, "de").older == "X"
    assert words_for(own, "de").newer == "Neuer"
    assert has_words(own, "pt-PT")
    assert has_words({}, "de-AT")
    assert not has_words({}, "pt")


def test_a_word_that_there_is_not_is_an_error_of_the_program() -> None:
    with pytest.raises(AttributeError):
        words_for({}, "en").oldr  # noqa: B018


@pytest.mark.parametrize(
    ("language", "way"),
    [("ar", "rtl"), ("he-IL", "rtl"), ("fa", "rtl"), ("de", "ltr"), ("ks-Latn", "ltr"),
     ("az-Arab", "rtl")],
)  # fmt: skip
def test_languages_have_a_direction(language: str, way: str) -> None:
    assert direction(language) == way


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "de",
            'oldr = "Älter"\n',
            "words/de.toml:1:1: there is no word 'oldr'\n  help: did you mean 'older'?",
        ),
        (
            "de",
            '\npage_of = "Seite {nummer}"\n',
            "words/de.toml:2:1: 'page_of' has {nummer}, which nothing fills in\n"
            "  help: it can have {count}, {number}",
        ),
        (
            "de",
            'older = "{n}"\n',
            "words/de.toml:1:1: 'older' has {n}, which nothing fills in\n"
            "  help: nothing is filled in here",
        ),
        (
            "de",
            'page_of = "Seite {"\n',
            "words/de.toml:1:1: 'page_of' has a brace that is alone\n"
            "  help: write {{ or }} for a brace itself",
        ),
        (
            "de",
            'posts = "{n.__class__}"\n',
            "words/de.toml:1:1: 'posts' has {n.__class__}, which nothing fills in\n"
            "  help: it can have {n}",
        ),
        (
            "de",
            'months = ["Jan"]\n',
            "words/de.toml:1:1: 'months' should be 12 names, not 1",
        ),
        (
            "de",
            'singular = "1"\n',
            "words/de.toml:1:1: 'singular' should be a list of texts\n  help: such as ['1']",
        ),
        (
            "de",
            "older = 3\n",
            "words/de.toml:1:1: 'older' should be a text\n  help: such as 'Older'",
        ),
        (
            "de",
            "older = Alt\n",
            'words/de.toml:1:9: not TOML: Invalid value\n  help: a text needs quotes, as in "One"',
        ),
        (
            "deutsch!",
            "",
            "words/deutsch!.toml: 'deutsch!' is not a language such as 'de' or 'pt-BR'\n"
            "  help: rename the file",
        ),
    ],
)
def test_what_is_wrong_with_words_of_the_site_is_told(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_site(own_words(tmp_path, **{name: text}))
    (problem,) = caught.value.problems
    assert str(problem) == told


def test_all_files_are_looked_at(tmp_path: Path) -> None:
    root = own_words(tmp_path, de="oldr = ''\nnewr = ''", fr="x = 1", es='older = "Antes"')
    with pytest.raises(UsageError) as caught:
        load_site(root)
    assert [(p.file, p.line) for p in caught.value.problems] == [
        ("words/de.toml", 1),
        ("words/de.toml", 2),
        ("words/fr.toml", 1),
    ]


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    root = own_words(tmp_path)
    (root / "words/de.toml").write_bytes(b'older = "\xff"')
    with pytest.raises(UsageError) as caught:
        load_site(root)
    assert str(caught.value.problems[0]).startswith("words/de.toml:1:10: the file is not UTF-8")


def test_a_template_that_asks_for_a_word_that_there_is_not(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    files = read_theme(site)
    text = b"{{ word.oldr }}{{ site_word.archive }}{{ word.date }}"
    files.templates["404.html"] = ThemeFile("templates/404.html", text)  # type: ignore[index]
    with pytest.raises(UsageError) as caught:
        load_theme(site, files)
    (problem,) = caught.value.problems
    assert str(problem) == (
        "templates/404.html:1:9: there is no word 'oldr'\n  help: did you mean 'older'?"
    )


def test_a_site_speaks_its_language(tmp_path: Path) -> None:
    day = dt.date(2020, 3, 1)
    posts = [make_page(f"posts/{n}.md", date=day, updated=day, tags=("x",)) for n in "ab"]
    files = built(make_site(tmp_path, language="de"), posts)
    html = files["a/index.html"]
    assert "1. März 2020" in html
    assert "2 Min. Lesezeit" in html
    assert "Aktualisiert am" in html
    assert "<title>Archiv — Notes</title>" in files["archive/index.html"]
    assert "2 Beiträge" in files["tags/x/index.html"]
    assert "Auf der Website lesen" in files["feed.xml"]
    assert "Beiträge zum Thema x" in files["tags/x/index.html"]


def test_a_post_in_another_language_has_the_words_of_that(tmp_path: Path) -> None:
    post = make_page("posts/a.md", lang="de", tags=("x",))
    files = built(make_site(tmp_path), [post, make_page("posts/b.md")])
    tree = LexborHTMLParser(files["a/index.html"])
    html = tree.css_first("html")
    assert html is not None
    assert html.attributes["lang"] == "de"
    article, footer = tree.css_first("article"), tree.css_first("footer.site-footer")
    assert article is not None
    assert footer is not None
    assert "17. Mai 2020" in article.text()
    assert "All posts" in footer.text()
    assert footer.attributes["lang"] == "en"
    home = LexborHTMLParser(files["index.html"])
    assert [x.attributes.get("lang") for x in home.css("article")] == ["de", None] or [
        x.attributes.get("lang") for x in home.css("article")
    ] == [None, "de"]
    assert "Mai" not in home.css_first("main").text()  # type: ignore[union-attr]


def test_text_runs_from_right_to_left_where_the_language_does(tmp_path: Path) -> None:
    pages = [make_page("posts/a.md", lang="ar"), make_page("posts/b.md")]
    files = built(make_site(tmp_path), pages)
    assert '<html lang="ar" dir="rtl">' in files["a/index.html"]
    assert re.search(r'<header class="site-header[^>]*lang="en">', files["a/index.html"])
    assert '<html lang="en">' in files["b/index.html"]
    assert re.search(r'<article [^>]*lang="ar">\n<h2 dir="rtl">', files["index.html"])
    assert files["index.html"].count("dir=") == 2  # the title and the summary
    assert '<html lang="he" dir="rtl">' in built(make_site(tmp_path, language="he"), [])["404.html"]


def test_dates_in_latin_letters_stand_where_the_text_begins(
    browser: Browser, tmp_path: Path
) -> None:
    """On a narrow screen; each is written from left to right all the same."""
    aside = make_page("posts/b.md", kind="aside", body=Markup("<p>نص</p>"))
    files = built(make_site(tmp_path, language="ar"), [make_page("posts/a.md"), aside])
    context = browser.new_context(viewport={"width": 360, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.set_content(files["index.html"])
    page.add_style_tag(content=next(files[path] for path in files if "assets/style" in path))
    ends = {
        page.locator(f"article {what}").nth(number).evaluate("e => e.getBoundingClientRect().right")
        for what in ("time", "p:not(.when, .meta)")
        for number in (0, 1)
    }
    assert len(ends) == 1
    context.close()


def test_a_style_sheet_shows_words_of_the_languages_of_the_site(tmp_path: Path) -> None:
    def style(language: str) -> str:
        files = built(make_site(tmp_path, language=language), [make_page("posts/a.md", lang="fr")])
        return next(text for path, text in files.items() if re.match(r"assets/style\..*css", path))

    assert 'var(--word-output,"Output")' in style("en")
    assert ":lang(fr){" in style("en")
    assert '--word-output:"Résultat"' in style("en")
    assert ":lang(en)" not in style("en")
    assert '--word-output:"Ausgabe"' in style("de")


# A post with all that a page says by itself. What the author writes is in another script, so that
# any word in Latin letters that is not marked is one of ours.
SAYING = """\
---
title: Жук
date: 2020-01-0{day}
updated: 2020-02-01
series: Ряд
tags: [жуки, тема]
pinned: {pinned}
draft: {draft}
---

Слово{note} и `{{python}} 1 + 1`, `{{python}} 2`{{.volatile}}.

[Сумма верна]{{claim="1 + 1 == 2"}}.

- [x] да
- [ ] нет

[^1]: Сноска.

## Глава

> [!NOTE]
> Так.

> [!WARNING]
> Иначе.

| а |
|---|
| б |

```rust
fn f() {{}}
```

$$ x $$ {{#eq-x}}

$$ y $$

## Другая

См. @fig-x, @tbl-t, @eq-x.

```python
#| label: fig-x
#| fig-cap: Линия
import matplotlib.pyplot as plt
_ = plt.plot([1, 2])
```

```python
#| label: tbl-t
#| tbl-cap: Таблица
#| code-fold: true
#| volatile: true
import sys
from IPython.display import HTML
print("ж"); print("ж", file=sys.stderr)
HTML("<table><tr><td>ж</td></tr></table>")
```

```python
#| claim: Верно
assert True
```

```python
#| error: true
def ж():
    raise ValueError("ж")
ж()
```

## Третья

Конец.
"""
MARKED = "".join(
    f"{name} = {text!r}\n" if isinstance(text, list) else f'{name} = "⟦{text}⟧"\n'
    for name, text in {**ENGLISH, "months": ["⟦м⟧"] * 12}.items()
)
OURS = re.compile(
    r"⟦[^⟦⟧]*⟧|I?Python(?: [\d.]+)?|matplotlib [\d.]+|numpy [\d.]+|rust|Rust|BibTeX|html"
)
SHOWN = ("aria-label", "alt", "title", "placeholder", "data-done", "data-failed", "data-none")


def unmarked(html: str) -> Iterator[str]:
    """What a page says in Latin letters that is no word of the site's language."""
    tree = LexborHTMLParser(html)
    for element in tree.css(
        "pre, code, math, script, style, template, .cite, cite, .lang, .filename"
    ):
        if element.tag != "template":
            for label in SHOWN:
                yield from latin(element.attributes.get(label) or "")
            element.decompose()
    for element in tree.css("body *"):
        for label in SHOWN:
            yield from latin(element.attributes.get(label) or "")
    yield from latin(tree.css_first("title").text())  # type: ignore[union-attr]
    yield from latin(tree.body.text(separator=" ") if tree.body else "")


def latin(text: str) -> list[str]:
    for _ in range(3):  # words are put into words
        text = OURS.sub("", text)
    return re.findall(r"[A-Za-z][A-Za-z ]*", text)


@pytest.fixture(scope="module")
def marked_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("marked")
    posts = {
        f"p{n}": SAYING.format(
            day=n, note="[^1]", pinned=str(n == 1).lower(), draft=str(n == 5).lower()
        )
        for n in range(1, 6)
    }
    write_site(root, posts, f'{TOML}language = "uk"\nhome_posts = 2\n')
    (root / "words").mkdir()
    (root / "words/uk.toml").write_text(MARKED, encoding="utf-8")
    code, told = run_cli(root, "build", "--drafts")
    assert code == 0, told
    return root / "public"


def test_no_word_is_left_in_english(marked_site: Path) -> None:
    pages = sorted(marked_site.rglob("*.html"))
    assert len(pages) > 10
    found = {
        path.relative_to(marked_site).as_posix(): sorted(set(unmarked(path.read_text("utf-8"))))
        for path in pages
    }
    assert {path: words for path, words in found.items() if words} == {}


def test_the_test_for_that_finds_english() -> None:
    html = '<title>Ж</title><body><p aria-label="⟦Older⟧">Ж ⟦Newer⟧</p>'
    assert list(unmarked(html)) == []
    assert list(unmarked(html.replace("⟦Newer⟧", "Newer"))) == ["Newer"]
    assert list(unmarked(html.replace("⟦Older⟧", "Older posts"))) == ["Older posts"]


def test_other_words_make_other_pages_and_nothing_else_anew(tmp_path: Path) -> None:
    text = "---\ntitle: Ж\ndate: 2020-01-01\n---\n\n> [!NOTE]\n> Так.\n"
    root = write_site(tmp_path / "site", {"a": text}, f'{TOML}language = "uk"\n')
    (root / "words").mkdir()
    words = root / "words/uk.toml"
    words.write_text('note = "Раз"\n', encoding="utf-8")
    assert run_cli(root, "build")[0] == 0
    assert "Раз" in (root / "public/a/index.html").read_text("utf-8")
    words.write_text('note = "Два"\n', encoding="utf-8")
    assert run_cli(root, "build")[0] == 0
    assert "Два" in (root / "public/a/index.html").read_text("utf-8")
    words.unlink()
    assert run_cli(root, "build")[0] == 0
    assert "Note" in (root / "public/a/index.html").read_text("utf-8")


def test_words_are_toml_that_people_can_copy() -> None:
    text = (PACKAGE / "words/en.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == ENGLISH
