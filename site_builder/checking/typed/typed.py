"""Numbers typed by hand in prose that code could state: the lint of `site-builder check`.

In: a post and what its cells gave. Out: a warning for each number that looks like a result: one
that equals something the code gave, which could be bound to it, or one that nothing gave. Promise:
a post whose cells did not run has none; an author can silence each.

What is a result is told by tables of what is none. Two questions are asked of a number, in turn: is
it ruled out whatever it equals (NEVER); and is it ruled out unless it equals a result (UNMATCHED)?
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from site_builder.checking.typed.prose import NO_PROSE, Passage, passages
from site_builder.checking.typed.results import Match, Results
from site_builder.checking.typed.rules import NEVER, UNMATCHED, Typed, is_by_chance
from site_builder.checking.typed.stated import Stated, is_stated, stated_numbers
from site_builder.content.positions import problem_at
from site_builder.errors import Problem
from site_builder.evidence.numbers import Number, numbers_in
from site_builder.model.post import Execution, Post


def typed_numbers(post: Post, execution: Execution, *, language: str = "en") -> list[Problem]:
    """Give a warning for each number in the prose that looks like a typed result.

    They are in the order of the post's lines. In a `language` (the site's, if the post does not say
    another) that has decimal commas, numbers may be written so.
    """
    if not any(execution.outputs):
        return []
    results, stated = Results(post, execution), stated_numbers(post)
    found: dict[Problem, None] = {}
    commas = _COMMA_LANGUAGES.match((post.front_matter.lang or language).lower()) is not None
    for passage in passages(post):
        for typed in _typed(passage, results, stated, commas=commas):
            problem = _judged(post, typed, results)
            if problem:
                found[problem] = None
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _typed(passage: Passage, results: Results, stated: Stated, *, commas: bool) -> Iterator[Typed]:
    text = _plain(passage.text, commas=commas)
    numbers = [_without_stop(n) for n in numbers_in(text) if n.value.is_finite()]
    pairs = _pairs(text, numbers, results)
    for number in numbers:
        sign = _PERCENT.match(text, number.end)
        shown_end = sign.end() if number.percent and sign else number.end
        yield Typed(
            number,
            passage.text[number.start : shown_end],
            passage,
            text[: number.start],
            text[shown_end:],
            is_stated(number, stated),
            number.start in pairs,
        )


def _without_stop(number: Number) -> Number:
    """In prose the point of `5.` ends the sentence."""
    if not number.text.endswith("."):
        return number
    return replace(number, text=number.text[:-1], end=number.end - 1)


_PERCENT = re.compile(r"\s?\\?%|\sper\s?cent")


def _judged(post: Post, typed: Typed, results: Results) -> Problem | None:
    if any(rule(typed) for rule in NEVER):
        return None
    start = len(typed.before)
    line, column = typed.passage.place(post, start, start + len(typed.shown))
    match = results.equal_to(typed.number, line)
    if match and not is_by_chance(typed, match):
        (message, help_), code = _bindable(post, typed, match), "V008"
    elif any(rule(typed) for rule in UNMATCHED):
        return None
    else:
        message = f"'{typed.shown}' is typed, and equals nothing that the post's code gave"
        code = "V009"
        help_ = f"state what gives it as `{{python}} …`, or mark it: [{typed.shown}]{{.typed}}"
    width = len(typed.shown)
    return problem_at(post.source, line, message, help_, column=column, width=width, code=code)


_PAIR = re.compile(r"\s(?:of|out of|in)\s(?:the\s|all\s)?\Z")


def _pairs(text: str, numbers: list[Number], results: Results) -> set[int]:
    """Where the first numbers of pairs such as `99 of 100` are that are in one line of output."""
    found = set()
    for one, other in itertools.pairwise(numbers):
        between = _PAIR.fullmatch(text, one.end, other.start)
        if between and one.exact and other.exact and results.lines_with(one, other):
            found.add(one.start)
    return found


_SPACED = re.compile(r"(?<![\d.,] )(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d.,]\d|\d| \d)")
_COMMA_LANGUAGES = re.compile(r"(?:cs|da|de|es|fi|fr|it|nb|nl|no|pl|pt|ro|ru|sk|sv|tr|uk)\b")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})*,\d+(?![\d.,]*\d)")
_SWAP = str.maketrans(".,", ",.")


def _plain(text: str, *, commas: bool) -> str:
    """The passage with numbers as English has them, each character in its place."""
    text = _SPACED.sub(lambda match: match[0].replace(" ", "\u202f"), text)
    if commas:
        text = _DECIMAL_COMMA.sub(lambda match: match[0].translate(_SWAP), text)
    return text.replace(NO_PROSE, " ")


def _bindable(post: Post, typed: Typed, match: Match) -> tuple[str, str]:
    """The message and the help for a number that equals a result."""
    result, number = match.result, typed.number
    shown = f"{result.number.text}{' %' if result.number.percent else ''}"
    where = result.where + (f", line {post.source.file_line(result.line)}" if result.line else "")
    decimals = max(0, -int(number.unit.adjusted()))
    source, sign = result.binding or "…", ""
    if "e" in number.text.lower():
        format_ = f".{max(0, number.value.adjusted() - number.unit.adjusted())}e"
    elif number.percent and not match.scaled and not result.number.percent:
        format_, sign = f".{decimals}f", " %"
    elif number.percent:
        format_ = f".{decimals}%"
    elif typed.whole:
        format_ = "," if "," in number.text else ""
    else:
        format_ = f".{decimals}f"
    written = f"`{{python}} {source}{':' if format_ else ''}{format_}`{sign}"
    message = f"'{typed.shown}' is typed, and equals {where} ({shown})"
    return message, f"bind it: {written}, or mark it: [{typed.shown}]{{.typed}}"
