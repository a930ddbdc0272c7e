"""Social cards: what stands for a page where its address is shared."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from test_images import Blog, blog, drawing, photo, saved

from site_builder.assembly.cards.drawing import (
    MOST,
    Words,
    figure_card,
    picture_card,
    words_card,
)
from site_builder.assembly.cards.text import Style, drawable, lines, shortened, width
from site_builder.assembly.cards.title import in_letters
from site_builder.errors import ContentError

__all__ = ["blog"]
STYLE = Style("serif", 60)


def card(title: str = "How a network learns", **words: Any) -> Image.Image:
    content = words_card(Words(**({"title": title, "site": "Notes", "host": "x.org"} | words)))
    assert len(content) < MOST
    image = Image.open(io.BytesIO(content))
    image.load()
    assert image.size == (1200, 630)
    return image.convert("RGB")


def inked(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    low, high = image.crop(box).convert("L").getextrema()
    return bool(high - low > 60)  # type: ignore[operator]


BOTTOM = (84, 530, 1116, 600)
EDGES = ((0, 0, 1200, 40), (0, 610, 1200, 630), (0, 0, 60, 630), (1140, 0, 1200, 630))


@pytest.mark.parametrize(
    "title",
    [
        "XOR",
        "How a network learns the exclusive or",
        "Why almost everything that you were told of gradient descent and its many variants is "
        "wrong, and what a careful reading of the first papers would have told us all along",
        "W" * 300,
        "Донаудампфшиффартсгезелльшафт",
        "“Quotes”, dashes – and é",
    ],
)
def test_a_title_of_any_length_stays_within_the_card(title: str) -> None:
    image = card(title, details=("Ann", "23 November 2026"), tags=("keras", "maths"))
    assert inked(image, (84, 150, 1116, 500))
    assert inked(image, BOTTOM)
    assert not any(inked(image, edge) for edge in EDGES)


def test_the_same_words_give_the_same_bytes_and_others_do_not() -> None:
    words = Words("A", "B", "c.org")
    assert words_card(words) == words_card(words)
    assert words_card(words) != words_card(Words("Ä", "B", "c.org"))


def test_an_author_whom_no_font_can_write_leaves_nothing_behind() -> None:
    assert card(details=("ليلى", "3 March")) == card(details=("3 March",))
    assert card(details=("Ann", "3 March")) != card(details=("3 March",))


def test_what_no_font_has_is_left_out_and_a_title_of_that_is_the_site_s() -> None:
    assert drawable("Two 🎉 dice") == "Two dice"
    assert drawable("学习 XOR") == ""
    assert drawable("مرحبا") == ""
    assert card("学习").tobytes() == card("Notes").tobytes()
    assert inked(card("学习", site="学", host="example.org"), (84, 150, 1116, 500))


def test_lines_are_about_equally_long() -> None:
    text = "a fairly long title that takes two lines on a card"
    broken = lines(text, STYLE, 1000)
    widths = [width(line, STYLE) for line in broken]
    assert " ".join(broken) == text
    assert len(broken) == 2
    assert max(widths) <= 1000
    assert min(widths) > 0.7 * max(widths)


def test_what_is_cut_off_ends_with_an_ellipsis_behind_a_word() -> None:
    assert shortened("one two three", STYLE, 10_000) == "one two three"
    assert shortened("one two three", STYLE, width("one two th…", STYLE)) == "one two…"


def test_formulas_in_titles_are_written_in_one_line() -> None:
    mathml = (
        "Why <math><semantics><mrow><msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mfrac><mn>1</mn>"
        "<mrow><mi>a</mi><mo>−</mo><mi>b</mi></mrow></mfrac></mrow><annotation>x^2</annotation>"
        "</semantics></math> &amp; <em>so</em>"
    )
    assert in_letters(mathml) == "Why x² + 1/(a − b) & so"
    assert in_letters("<img>") == ""


def test_a_picture_fills_the_card_if_little_is_cut_off() -> None:
    for size, fills in (((1600, 900), True), ((600, 900), False)):
        content = picture_card(Image.new("RGB", size, "navy"), photo=False)
        image = Image.open(io.BytesIO(content)).convert("RGB")
        assert (image.getpixel((5, 5)) == (0, 0, 128)) == fills


def test_a_card_with_a_photograph_is_small_enough() -> None:
    noise = Image.effect_noise((1600, 900), 120).convert("RGB")
    assert len(picture_card(noise, photo=True)) <= MOST
    words = Words("A", "B", "c.org")
    assert len(figure_card(words, noise)) <= MOST


# On sites.


def test_every_page_has_a_card_and_says_so(blog: Blog) -> None:
    blog.post("Words.", front="tags: [a]\n")
    blog.post("Words.", "b", "card: false\n")
    blog.build()
    page = blog.page()
    (address,) = re.findall(r'og:image" content="https://example.org/b/(.*?)"', page)
    assert Image.open(io.BytesIO(blog.published(address))).size == (1200, 630)
    assert 'og:image:width" content="1200"' in page
    assert 'og:image:alt" content="A – T"' in page
    assert "og:image" not in blog.page("b")
    home = blog.published("index.html").decode()
    (address,) = re.findall(r'og:image" content="https://example.org/b/(.*?)"', home)
    assert blog.published(address).startswith(b"\x89PNG")


def test_a_card_is_drawn_anew_if_its_words_change_and_else_not(blog: Blog) -> None:
    blog.post("Words.")
    blog.build()
    blog.post("Other words.")
    assert not [path for path in blog.build() if "card" in path]
    blog.post("Words.", front="tags: [new]\n")
    assert [path for path in blog.build() if "card" in path]
    assert len(list((blog.root / "public" / "a").glob("card.*"))) == 1


def test_a_site_can_do_without_cards(blog: Blog) -> None:
    with (blog.root / "site.toml").open("a") as settings:
        settings.write("cards = false\n")
    blog.post("Words.")
    assert not [path for path in blog.build() if "card" in path]


def test_a_card_can_be_a_picture_which_is_not_published_itself(blog: Blog) -> None:
    blog.write("posts/a/cover.jpg", saved(photo(1600, 900), "JPEG"))
    blog.post("Words.", front="card: cover.jpg\ncard-alt: A cover\n")
    written = blog.build()
    assert [path for path in written if re.fullmatch(r"a/card\.\w{10}\.jpg", path)]
    assert "a/cover.jpg" not in written
    assert 'og:image:alt" content="A cover"' in blog.page()
    blog.write("posts/a/cover.jpg", saved(photo(1600, 800), "JPEG"))
    assert [path for path in blog.build() if path.startswith("a/card.")]


def test_a_card_can_show_a_figure_of_the_post(blog: Blog) -> None:
    blog.write("posts/a/x.svg", drawing('<path d="M0 0h40v40" fill="red"/>', ' viewBox="0 0 9 9"'))
    blog.post("![A square](x.svg){#fig-x}", front="card: fig-x\n")
    (path,) = [path for path in blog.build() if path.startswith("a/card.")]
    image = Image.open(io.BytesIO(blog.published(path))).convert("RGB")
    counted: list[tuple[int, Any]] = image.getcolors(10**6) or []
    assert any(red > 200 and blue < 60 for _, (red, _, blue) in counted)
    assert 'og:image:alt" content="A square"' in blog.page()


@pytest.mark.parametrize(
    ("front", "line", "code"),
    [
        ("card: fig-lost\n", 4, "I009"),
        ("card: lost.jpg\n", 4, "I001"),
        ("card: https://example.com/a.png\n", 4, "F007"),
    ],
)
def test_a_card_of_nothing_is_told(blog: Blog, front: str, line: int, code: str) -> None:
    blog.post("Words.", front=front)
    with pytest.raises(ContentError) as raised:
        blog.build()
    assert [(p.line, p.code) for p in raised.value.problems] == [(line, code)]


def test_cards_are_the_same_in_any_folder(tmp_path: Path) -> None:
    cards = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        blog = Blog(tmp_path / name)
        blog.post("Words.", front="tags: [a, b]\n")
        cards.append([(path, blog.published(path)) for path in blog.build() if "card" in path])
    assert cards[0] == cards[1] != []
