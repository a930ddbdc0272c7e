"""What a post is about, by the words that it uses most."""

from __future__ import annotations

import pytest

from site_builder.content.markdown import make_parser
from site_builder.rendering.keywords import MOST, keywords, word_count


def words(text: str, title: str = "", language: str = "en") -> tuple[str, ...]:
    return keywords(title, make_parser().parse(text), language)


def test_what_is_said_often_comes_first() -> None:
    assert words("A neuron and a layer. One neuron, one layer, one more neuron.") == (
        "neuron",
        "layer",
    )


def test_what_is_said_once_is_no_keyword_unless_the_title_says_it() -> None:
    assert words("The gradient of a loss.", title="On the gradient") == ("gradient",)


def test_a_heading_counts_twice() -> None:
    assert words("## Dropout\n\nText.") == ("dropout",)


def test_capital_letters_and_plurals_make_no_difference() -> None:
    assert words("Networks have layers. A network has a layer.") == ("layer", "network")


def test_other_languages_keep_their_endings() -> None:
    text = "Das Haus, das Haus. Haus und Häuser."
    assert words(text, language="de") == ("haus",)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "There would be many which would have been there, and many which were not."),
        ("de-CH", "Aber auch nicht immer, aber dann auch nicht immer, und nicht sehr oft."),
        ("fr", "Mais dans cette vie, dans cette vie, mais toujours, et mais encore."),
        ("es", "Pero también como siempre, pero también como entonces, y como nunca."),
    ],
)
def test_words_of_grammar_are_none(language: str, text: str) -> None:
    assert set(words(text, language=language)) <= {"vie", "oft"}


def test_formulas_links_and_code_blocks_are_no_words_but_code_in_a_sentence_is() -> None:
    text = (
        "$frac frac$ and [here](https://example.org/frac), [here](https://example.org/frac).\n\n"
        "`numpy` or `numpy`.\n\n~~~\nblock block block\n~~~\n"
    )
    assert words(text) == ("numpy",)


def test_scripts_without_spaces_are_taken_in_pairs() -> None:
    assert words("深層学習は深層学習。", language="ja") == ("学習", "層学", "深層")
    assert {"เร", "รี"} <= set(words("การเรียนรู้ เรียนรู้", language="th"))


def test_there_are_a_few_dozen_at_most() -> None:
    many = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(100))
    assert len(words(f"{many} {many}")) == MOST


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("three short words", 3),
        ("", 0),
        ("Où est-il ?", 3),
        ("深層学習", 2),  # deep learning
        ("深層学習 in two words", 5),
        ("한국어 낱말 셋", 3),
        ("การเรียนรู้", 3),
    ],
)
def test_words_are_counted_by_the_script(text: str, count: int) -> None:
    assert word_count(text) == count
