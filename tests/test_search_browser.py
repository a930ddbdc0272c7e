"""Search as readers meet it: typing in a real browser, with the policy that hosts send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import Served
from hosting import hosted
from made_pages import make_site
from made_search import made_pages, write_search
from playwright.sync_api import Browser, Page, Route, expect

from site_builder.build import Options, build
from site_builder.rendering.search_terms import bucket, terms
from site_builder.settings.site import load_site

POSTS = {
    "softmax": """\
title: The derivative of softmax
tags: [maths, networks]
---

The gradient of the softmax function, a matrix.

```python .noeval
def softmax_grad(x):
    return np.outer(x, x)
```

$$\\frac{\\partial S_i}{\\partial x_j}$$
""",
    "poincare": """\
title: Poincaré’s lemma
---

Closed forms, and the straße of Łukasz. A LayerNorm is written as one word. $\\nabla f$
""",
    "mention": """\
title: A word in passing
---

This one mentions softmax, and a gradient, but is about neither.
""",
    "nihongo": "title: 深層学習の基礎\nlang: ja\n---\n\nこの記事では深層学習について説明します。\n",
    "arabi": "title: مقدمة في الشبكات\nlang: ar\n---\n\nهذا نص عربي عن الشبكات العصبية.\n",
    "markup": 'title: A title with `<b>` & "quotes" 🎉\n---\n\nWhat <em>is</em> bold.\n',
    "hidden": "title: A hidden thing\nunlisted: true\n---\n\nSecretword.\n",
    "draft": "title: A draft\ndraft: true\n---\n\nDraftword.\n",
}


@dataclass
class Reader:
    """Somebody at the search page."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """For files of the index."""

    def note(self, url: str) -> None:
        if "/assets/search/" in url:
            self.requests.append(url)

    def types(self, text: str) -> None:
        """Type a text and wait until the page has answered it."""
        with self.answered():
            self.page.fill("#q", text)

    @contextmanager
    def answered(self) -> Iterator[None]:
        """Do something and wait for the answer; what is said before must not pass for it."""
        self.page.evaluate("document.querySelector('#search .told').textContent = 'waiting'")
        yield
        expect(self.page.locator("#search .told")).not_to_have_text("waiting")

    @property
    def told(self) -> str:
        return self.page.locator("#search .told").inner_text()

    @property
    def titles(self) -> list[str]:
        return self.page.locator(".result h2").all_inner_texts()

    @property
    def marked(self) -> set[str]:
        return set(self.page.locator("mark").all_inner_texts())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small site, built."""
    root = tmp_path_factory.mktemp("search")
    (root / "posts").mkdir()
    (root / "site.toml").write_text('title = "Notes"\nurl = "https://example.org/"\n', "utf-8")
    posts = dict(POSTS)
    posts |= {f"other-{n}": f"title: Filler {n}\n---\n\nOrdinary.\n" for n in range(14)}
    for number, (name, text) in enumerate(posts.items(), 1):
        post = f"---\ndate: 2020-05-{number:02}\n{text}"
        (root / "posts" / f"{name}.md").write_text(post, "utf-8")
    build(load_site(root), Options(root / "public", jobs=1))
    return root / "public"


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with hosted(folder) as address:
        yield address


@contextmanager
def reading(browser: Browser, address: str, **options: object) -> Iterator[Reader]:
    context = browser.new_context(**options)  # type: ignore[arg-type]
    reader = Reader(context.new_page())
    reader.page.on("console", lambda said: reader.complaints.append(said.text))
    reader.page.on("pageerror", lambda error: reader.complaints.append(str(error)))
    reader.page.on("request", lambda request: reader.note(request.url))
    reader.page.goto(address)
    yield reader
    assert reader.complaints == []
    context.close()


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[Reader]:
    with reading(browser, f"{address}search/") as reader:
        yield reader


@pytest.mark.parametrize(
    ("typed", "found", "marked"),
    [
        ("matrix", "The derivative of softmax", {"matrix"}),
        ("deriv", "The derivative of softmax", {"derivative"}),
        ("MATRIX", "The derivative of softmax", {"matrix"}),
        ("np.outer", "The derivative of softmax", set()),
        ("softmax_grad", "The derivative of softmax", set()),
        ("grad softmax_g", "The derivative of softmax", {"gradient"}),
        ("\\frac", "The derivative of softmax", set()),
        ("\\frac{\\partial S_i}", "The derivative of softmax", set()),
        ("\\nabla", "Poincaré’s lemma", set()),
        ("networks matrix", "The derivative of softmax", {"networks", "matrix"}),
        ("poincare", "Poincaré’s lemma", {"Poincaré"}),
        ("POINCARÉ'S", "Poincaré’s lemma", {"Poincaré", "s"}),
        ("strasse lukasz", "Poincaré’s lemma", {"straße", "Łukasz"}),
        ("norm", "Poincaré’s lemma", set()),
        ("layernorm", "Poincaré’s lemma", {"LayerNorm"}),
        ("深層学習", "深層学習の基礎", {"深", "層", "学", "習"}),
        ("説", "深層学習の基礎", {"説"}),
        ("الشبكات", "مقدمة في الشبكات", {"الشبكات"}),
        ("quotes", 'A title with <b> & "quotes" 🎉', {"quotes"}),
    ],
)
def test_what_is_typed_is_found_and_marked(
    reader: Reader, typed: str, found: str, marked: set[str]
) -> None:
    reader.types(typed)
    assert reader.told == "1 result"
    assert _plain(reader.titles) == [_plain([found])[0]]
    assert marked <= reader.marked


def _plain(titles: list[str]) -> list[str]:
    return [title.replace("“", '"').replace("”", '"') for title in titles]


@pytest.mark.parametrize(
    "typed",
    [
        *("matirx", "matrixx", "matix", "mattrix", "natrix", "amtrix", "mmatrix"),
        *("derivatvie", "deriwatibe", "\\partail", "softmax_gard"),
    ],
)
def test_a_slip_of_the_fingers_is_forgiven(reader: Reader, typed: str) -> None:
    reader.types(typed)
    assert reader.titles == ["The derivative of softmax"]


def test_what_a_post_is_about_comes_before_what_it_mentions(reader: Reader) -> None:
    reader.types("softmax")
    assert reader.titles == ["The derivative of softmax", "A word in passing"]
    assert reader.told == "2 results"


def test_a_word_that_nobody_uses_does_not_hide_those_that_somebody_does(reader: Reader) -> None:
    reader.types("softmax xyzzyx")
    assert reader.titles == ["The derivative of softmax", "A word in passing"]


@pytest.mark.parametrize(
    "typed",
    [
        *("xyzzyx", "!!!", "<script>alert()</script>", "'\"`", "constructor", "__proto__", "[^"),
        *("\\", "\\\\", "🤷", "z" * 10_000, "\u202e", "secretword", "draftword", "(((", "ab*"),
    ],
)
def test_what_is_not_there_is_not_found(reader: Reader, typed: str) -> None:
    reader.types(typed)
    assert reader.told == "Nothing found."
    assert reader.titles == []


def test_a_long_query_is_answered(reader: Reader) -> None:
    reader.page.evaluate("document.getElementById('q').removeAttribute('maxlength')")
    reader.types("softmax " * 1250)
    assert reader.titles == ["The derivative of softmax", "A word in passing"]


def test_markup_in_titles_stays_text(reader: Reader) -> None:
    reader.types("title bold")
    assert reader.page.locator(".result h2 b").count() == 0
    assert "<b>" in reader.titles[0]


def test_a_search_is_in_the_address_so_that_it_can_be_linked_and_back_leads_to_it(
    browser: Browser, address: str
) -> None:
    with reading(browser, f"{address}search/?q=poincar%C3%A9") as reader:
        expect(reader.page.locator(".result")).to_have_count(1)
        assert reader.page.input_value("#q") == "poincaré"
        reader.types("matrix & more")
        assert reader.page.url.endswith("?q=matrix%20%26%20more")
        reader.page.click(".result a")
        reader.page.wait_for_url("**/softmax/")
        reader.page.go_back()
        expect(reader.page.locator(".result a")).to_have_text("The derivative of softmax")
        assert reader.page.input_value("#q") == "matrix & more"


def test_it_works_from_the_keyboard_alone(reader: Reader) -> None:
    expect(reader.page.locator("#q")).to_be_focused()
    reader.page.keyboard.type("filler")
    expect(reader.page.locator(".result")).to_have_count(10)
    with reader.answered():
        reader.page.keyboard.press("Enter")
    assert reader.told == "14 results"
    assert reader.page.url.endswith("?q=filler")
    reader.page.focus("#search .more")
    reader.page.keyboard.press("Enter")
    expect(reader.page.locator(".result")).to_have_count(14)
    expect(reader.page.locator(".result a").nth(10)).to_be_focused()
    expect(reader.page.locator("#search .more")).to_be_hidden()
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/other-*/")


def test_an_empty_field_shows_nothing(reader: Reader) -> None:
    reader.types("matrix")
    reader.types("")
    assert (reader.told, reader.titles) == ("", [])


def test_only_the_answer_to_what_was_typed_last_is_shown(browser: Browser, address: str) -> None:
    with reading(browser, f"{address}search/") as reader:
        held: list[Route] = []

        # The first question waits for its answer until the second one is asked.
        def hold(route: Route) -> None:
            held.append(route)

        reader.page.route("**/assets/search/t*", hold)
        with reader.page.expect_request("**/assets/search/t*"):
            reader.page.fill("#q", "poincare")
        with reader.answered():
            reader.page.fill("#q", "matrix")
            reader.page.wait_for_url("**/search/?q=matrix")
            for route in held:
                route.continue_()
        assert reader.titles == ["The derivative of softmax"]


def test_what_cannot_be_loaded_is_told(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/assets/search/**", lambda route: route.abort())
    page.goto(f"{address}search/?q=matrix")
    expect(page.locator("#search .told")).to_contain_text("could not be loaded")
    context.close()


def test_it_works_from_a_file_on_disk(browser: Browser, folder: Path) -> None:
    with reading(browser, (folder / "search/index.html").as_uri()) as reader:
        reader.types("matirx")
        assert reader.titles == ["The derivative of softmax"]
        style = "getComputedStyle(document.querySelector('.result h2')).fontFamily"
        assert reader.page.evaluate(style) not in ("", '"Times New Roman"')
        assert reader.complaints == []
        reader.page.click(".result a")
        reader.page.wait_for_url("**/softmax/index.html")
        reader.complaints.clear()  # pages with absolute addresses need a host


def test_without_a_script_it_leads_to_archive_and_tags(browser: Browser, address: str) -> None:
    with reading(browser, f"{address}search/", java_script_enabled=False) as reader:
        assert "scripts are switched off" in reader.page.inner_text("main")
        expect(reader.page.locator("#q")).to_be_hidden()
        for name in ("archive", "tags"):
            link = reader.page.locator(f"main a[href*={name}]")
            answer = reader.page.request.get(f"{address}search/{link.get_attribute('href')}")
            assert answer.ok


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_results_are_free_of_violations(
    browser: Browser, address: str, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 740}
    with reading(browser, f"{address}search/", color_scheme=scheme, viewport=size) as reader:
        reader.types("softmax")
        found = Axe().run(reader.page).response["violations"]
        assert [(x["id"], x["nodes"][0]["html"]) for x in found] == []
        assert reader.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_for_lost_readers_leads_to_what_they_look_for(
    browser: Browser, address: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}where/is/the/matrix/")
    page.fill("#q", "matrix")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=matrix")
    expect(page.locator(".result a")).to_have_text("The derivative of softmax")
    context.close()


HARD = (
    "plain words, and more",
    "Poincaré’s naïve Łukasz Straße ÆTHER Œuvre søren ðe İstanbul ıI ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ",
    "np.outer(softmax_grad, __init__) _private a__b x_1_ 0x1F 1e-5 3.14 CamelCase HTTPServer",
    r"\frac{a}{b} \nabla_\theta L \\[2pt] \Gamma^{i}_{jk} \mathbb{R}^n C:\path \ \1",
    "深層学習GPU加速 人々 〇 カタカナ・ヒラガナ がぎぐ ｶﾞ ﾊﾟ 中a文 한국어 텍스트 ภาษาไทย ខ្មែរ မြန်မာ",
    "سَلام، عالم؟ שָׁלוֹם־עולם हिन्दी। தமிழ் ক্ষ Ελληνικά Привет Ёлка",
    "x² ½ ⅷ ① ﬁne ﬄ ™ ª º µm ℝⁿ 𝔸𝕓 Ａｂｃ １２３ ǅ ẞ ﷺ",
    "👩\u200d🔬 🇩🇪 ❤️ a\u200bb c\u00add \ufeffe \u202ertl \x00 \x1f",
    "e\u0301 a\u0308\u0323 \u0301alone Å Å q\u0307\u0323",
    "",
    "   ",
    "!\"#$%&'()*+,-./:;<=>?@[]^`{|}~",
)


def test_script_and_index_make_the_same_terms(browser: Browser, folder: Path) -> None:
    """The script is asked which parts of the index it would load, and what it takes for terms."""
    source = next(folder.glob("assets/search.*.js")).read_text("utf-8")
    # Its names are its own: a copy of it is asked.
    asked = source.replace(
        "self.searchPart=", "self.ask={terms,bucket:w=>code(w,1)+code(w,3)*16};self.searchPart=", 1
    )
    assert asked != source
    context = browser.new_context()
    page = context.new_page()
    page.route("**/search.js", lambda route: route.fulfill(body=asked))
    html = (folder / "search/index.html").read_text("utf-8")
    body = html[html.index('<div id="search"') : html.index("<noscript>")].replace(
        " src=", " data-src="
    )
    page.goto((folder / "robots.txt").as_uri())
    page.set_content(body)
    page.add_script_tag(content=asked)
    for text in HARD:
        expected = list(terms(text))
        found = page.evaluate("text => ask.terms(text)", text)
        assert found == expected, json.dumps(text)
        for term in expected:
            assert page.evaluate("term => ask.bucket(term)", term) == bucket(term[:3]), term
    context.close()


COUNT = 10_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The search of a site of 10,000 posts."""
    folder = tmp_path_factory.mktemp("large")
    write_search(make_site(folder), made_pages(COUNT, words=120), folder)
    with hosted(folder) as address:
        yield address


def test_ten_thousand_posts_load_only_what_a_query_needs(browser: Browser, large: str) -> None:
    title = f"{COUNT - 1}"
    with reading(browser, f"{large}search/") as reader:
        before = len(reader.requests)
        reader.types(title)
        assert title in reader.titles[0]
        loaded = reader.requests[before:]
        assert len(loaded) == 2, loaded
        words = reader.page.locator(".result .summary").inner_text().split()
        before = len(reader.requests)
        reader.types(f"{words[0]} {words[1]}")
        loaded = reader.requests[before:]
        # A part of the index for each word, and where the ten results stand.
        assert len(loaded) <= 12, loaded
        assert _bytes(reader, loaded) < 250_000


def test_a_slip_loads_few_words_more(browser: Browser, large: str) -> None:
    with reading(browser, f"{large}search/") as reader:
        reader.types(f"{COUNT - 1}")
        title = reader.titles[0].split(" ")[0]
        longest = max(reader.titles[0].partition(",")[0].split(" and "), key=len)
        assert title
        slip = longest[0] + longest[2] + longest[1] + longest[3:]
        before = len(reader.requests)
        reader.types(slip)
        assert any(longest in found for found in reader.titles)
        assert len(reader.requests[before:]) <= 16


def _bytes(reader: Reader, addresses: list[str]) -> int:
    return sum(len(reader.page.request.get(address).body()) for address in addresses)


def test_the_blog_finds_what_it_is_about(browser: Browser, blog: Served) -> None:
    with reading(browser, f"{blog.address}search/") as reader:
        reader.types("softmax derivative")
        assert "softmax" in reader.titles[0].lower()
        reader.types("keras")
        assert reader.titles
