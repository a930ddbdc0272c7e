"""Numbers are found as they are displayed, and held against each other to that precision."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal

import pytest

from site_builder.evidence.numbers import (
    Number,
    agrees,
    numbers_in,
    relative_change,
    words_of,
)


def test_numbers_that_are_padded_before_a_comma_change_no_words() -> None:
    assert words_of("[[ 0.148 , -0.05],\n [12.5   ,  3.  ]]") == words_of("[[0.1, 2],\n [3, 4]]")


def test_the_mark_itself_is_no_number() -> None:
    assert words_of("a ⌗") != words_of("a 5")


def one(text: str) -> Number:
    (number,) = numbers_in(text)
    return number


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("71.5", "71.5", "0.1"),
        ("-3", "-3", "1"),
        ("−3", "-3", "1"),
        ("+3", "3", "1"),
        ("1200", "1200", "1"),
        ("1,234.5", "1234.5", "0.1"),
        ("1\u2009234", "1234", "1"),
        ("1\u00a0234\u00a0567", "1234567", "1"),
        ("1\u202f234.5", "1234.5", "0.1"),
        (".5", "0.5", "0.1"),
        ("-.5", "-0.5", "0.1"),
        ("5.", "5", "1"),
        ("1e-05", "0.00001", "0.00001"),
        ("1.2E+10", "12000000000", "1E+9"),
        ("2.50e3", "2500", "10"),
        ("2.5 × 10^-3", "0.0025", "0.0001"),
        ("2.5 × 10⁻³", "0.0025", "0.0001"),
        (r"2.5 \times 10^{-3}", "0.0025", "0.0001"),
        (r"2.5\cdot 10^{3}", "2500", "100"),
        ("1{,}234", "1234", "1"),
        ("10^{-9}", "1E-9", "1E-9"),
        ("-10⁶", "-1E+6", "1E+6"),
        ("71.5%", "71.5", "0.1"),
        ("12ms", "12", "1"),
        ("99/", "99", "1"),
    ],
)
def test_a_number_is_read_with_the_precision_that_it_shows(
    text: str, value: str, unit: str
) -> None:
    number = one(text)
    assert number.value == Decimal(value)
    assert number.unit == Decimal(unit)
    assert number.text == text[number.start : number.end]
    # Records keep the text of a number alone, and read it again.
    again = one(number.text)
    assert (again.value, again.unit, again.text) == (number.value, number.unit, number.text)


@pytest.mark.parametrize(
    "word",
    [
        *("x1", "layer_2", "float32", "0x7f", "7f3a9c", "550e8400-e29b-41d4-a716-446655440000"),
        *("3.11.7", "v1.2", "192.168.0.1", "2.0.1rc1", "1_000"),
        *("2019-06-02", "2019-06-02T12:30:05Z", "12:30:05", "0:12", "0:00:05.25"),
        *("COVID-19", "GPT-4", "MI6", "1st", "2D", "28x28", "5²", "nano", "info"),
    ],
)
def test_digits_within_words_are_no_numbers(word: str) -> None:
    assert numbers_in(word) == []
    assert numbers_in(f"({word}), {word} {word}.") == []
    assert words_of(word) == word


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("[0.1, 0.25 -3.]", "0.1 0.25 -3"),
        ("[[ 1. -3. ]\n [ 0.5  2. ]]", "1 -3 0.5 2"),
        ("[100 200 300]", "100 200 300"),
        ("1,2,3", "1 2 3"),
        ("100,200,3000", "100 200 3000"),
        ("0.5,123,456", "0.5 123 456"),
        ("5,1e-3,2", "5 0.001 2"),
        ("0,5", "0 5"),
        ("(3,-4)", "3 -4"),
        ("1+2j and 1.5-2.5j", "1 2 1.5 -2.5"),
        ("10-20, 10–20, 5−3", "10 20 10 20 5 3"),
        ("99 of 100; 3/4", "99 100 3 4"),
        ("a=0.5, b:3; c→7", "0.5 3 7"),
        ("精度71.5%です", "71.5"),
        ("$5, £1,300 and €2.50", "5 1300 2.50"),
        ("1... 1..2", "1 1 2"),
        ("nan -inf [NaN inf]", "NaN -Infinity NaN Infinity"),
        ("a model-0.5 of 2.5e-03-ish", ""),
        ("", ""),
    ],
)
def test_every_number_of_a_text_is_found(text: str, values: str) -> None:
    assert [str(n.value) for n in numbers_in(text)] == [
        str(Decimal(value)) for value in values.split()
    ]


def test_a_percentage_is_known_by_its_sign_or_word_and_not_by_that_of_another() -> None:
    text = "71.5%, 71.5 %, 71.5\u202f%, 71.5 per cent, 71.5 percent, 71.5\\%"
    assert [n.percent for n in numbers_in(text)] == [True] * 6
    assert [n.text for n in numbers_in(text)] == ["71.5"] * 6
    assert not any(n.percent for n in numbers_in("71.5, 5 %d, 7 percentages"))
    assert one("71.5 %").share == Decimal("0.715")


def test_places_are_those_of_the_text() -> None:
    text = "loss −0.25 → 1,234.5 (99 %)"
    assert [text[n.start : n.end] for n in numbers_in(text)] == ["−0.25", "1,234.5", "99"]
    assert [n.text for n in numbers_in(text)] == ["−0.25", "1,234.5", "99"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loss 0.5, accuracy 71.5 %", "loss 12.25, accuracy 9 %"),
        ("[ 1.5 -3. ]", "[10.25  3. ]"),
        ("[1.5 2.5\n 3.5]", "[1.5\n 2.5 3.5]"),
        ("  7 members\n", "117 members\n"),
        ("loss 0.5", "loss nan"),
        ("n     a\n-----\n 1     2", "n        a\n--------\n 1000000  2"),
        ("1+2j", "1-2j"),
    ],
)
def test_texts_in_which_only_numbers_differ_have_the_same_words(old: str, new: str) -> None:
    assert numbers_in(old) != numbers_in(new)
    assert words_of(old) == words_of(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loss 0.5", "cost 0.5"),
        ("1 of 2", "1 of 2 3"),
        ("x1", "x2"),
        ("Python 3.11.7", "Python 3.12.1"),
        ("5 %", "5"),
    ],
)
def test_texts_that_differ_in_more_have_other_words(old: str, new: str) -> None:
    assert words_of(old) != words_of(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("71.5", "71.6"),  # 71.549 and 71.551
        ("0.7153", "0.7152"),
        ("9.99", "10"),  # `.3g` of 9.994 and 9.996
        ("1e-05", "9.9e-06"),
        ("0.30000000000000004", "0.3"),
        ("0.1234567890123456", "0.1234567890123463"),
        ("99 %", "100 %"),
        ("71.5 %", "0.715"),
        ("1,234", "1234"),
        ("nan", "NaN"),
        ("-inf", "-inf"),
        ("3", "3.0"),
    ],
)
def test_numbers_agree_to_the_precision_displayed(old: str, new: str) -> None:
    assert agrees(one(old), one(new), None)
    assert agrees(one(new), one(old), None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("71.5", "71.7"),
        ("0", "1"),  # labels, counts
        ("99", "100"),
        ("1.", "0."),
        ("0", "0.97"),
        ("0.5", "0.41234567"),
        ("1e-05", "1.2e-05"),
        ("98 %", "100 %"),
        ("71.5 %", "71.5"),
        ("nan", "1.0"),
        ("inf", "-inf"),
        ("inf", "1e300"),
    ],
)
def test_and_not_beyond(old: str, new: str) -> None:
    assert not agrees(one(old), one(new), None)
    assert not agrees(one(new), one(old), None)


def test_a_stated_tolerance_takes_the_place_of_the_precision() -> None:
    assert agrees(one("100"), one("104"), 0.05)
    assert not agrees(one("100"), one("110"), 0.05)
    assert agrees(one("-1.00"), one("-1.04"), 0.05)
    assert not agrees(one("0.72"), one("0.71"), 1e-9)
    assert not agrees(one("nan"), one("1"), 0.05)
    # Nothing is near zero by a share of zero.
    assert agrees(one("0.000"), one("0.001"), 0.05)
    assert not agrees(one("0.000"), one("0.100"), 0.05)


def test_the_change_is_relative_to_the_old() -> None:
    assert relative_change(one("2"), one("1")) == -0.5
    assert relative_change(one("-2"), one("-1")) == 0.5
    assert relative_change(one("50 %"), one("0.75")) == 0.5
    assert relative_change(one("0"), one("0.0")) == 0
    assert relative_change(one("0"), one("-3")) == -math.inf
    assert relative_change(one("1"), one("nan")) == math.inf
    assert relative_change(one("nan"), one("nan")) == 0
    assert relative_change(one("1e-300"), one("1e300")) == math.inf or math.isfinite(
        relative_change(one("1e-300"), one("1e300"))
    )


def test_the_arithmetic_of_others_changes_nothing() -> None:
    old, new = one("0.123456789"), one("0.123456788")
    with decimal.localcontext() as context:
        context.prec = 3
        context.traps[decimal.Inexact] = True
        assert agrees(old, new, None)
        assert not agrees(old, one("0.123456786"), None)
        assert relative_change(old, new) == pytest.approx(-8.1e-9, rel=0.01)


@pytest.mark.parametrize(
    "piece", ["7", "1,", "100,200,", "1.5-", "1.2.", "1e", "[ ", "a-", "10^", "1 x ", "=", "1+"]
)
def test_a_megabyte_of_anything_is_read(piece: str) -> None:
    """What takes time that grows with the square would take hours here."""
    text = piece * (200_000 // len(piece)) + "j"
    assert len(numbers_in(text)) <= len(text)
    assert words_of(text)
