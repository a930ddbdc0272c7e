"""What templates say in words: `word` in the page's language, `site_word` in the site's, and dates.

In: the site. Out: these two for a page, and filters. Promise: every word comes out fit for HTML.

{{ word.older }}   {{ word.updated.format(date=…) }}   {{ word.counted("posts", 3) }}
{{ post.date | date }}   {{ post.date | day }}   {{ post.date | iso }}
<li{{ post.language | lang }}>   <p{{ post.language | dir }}>
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from site_builder.settings.site import Site
from site_builder.words.words import ENGLISH, Words, built_in, direction, words_for

GIVEN = ("word", "site_word")
"""What all templates are given besides their own values."""
WordsOf = Callable[[str], Words]


def words_of(site: Site) -> WordsOf:
    """What gives the words of a language, fit for HTML; each language is put together once."""

    @functools.cache
    def words(language: str) -> Words:
        return words_for(site.words, language).within(escape)

    return words


def words_of_site(site: Site) -> Words:
    """The words of the site's own language, as plain text."""
    return words_for(site.words, site.settings.language)


def given_words(words: WordsOf, values: Mapping[str, Any]) -> dict[str, Words]:
    """`word` and `site_word` for a template that is given these values."""
    return {
        "word": words(values["page"].language),
        "site_word": words(values["site"].language),
    }


@pass_context
def _date(context: Context, date: dt.date) -> str:
    word: Words = context["word"]
    return word.date(date)


@pass_context
def _day(context: Context, date: dt.date) -> str:
    word: Words = context["word"]
    return word.day_and_month(date)


@pass_context
def _lang(context: Context, language: str) -> Markup:
    """The attribute of an element in another language than the page's; none if it is the same."""
    if language == context["page"].language:
        return _NOTHING
    return Markup(' lang="{}"').format(language)


@pass_context
def _dir(context: Context, language: str) -> Markup:
    """The attribute of a text that runs the other way than the page's; none if it does not."""
    way = direction(language)
    same = way == direction(context["page"].language)
    return _NOTHING if same else Markup(f' dir="{way}"')


_NOTHING = Markup("")


FILTERS: dict[str, Callable[..., str]] = {
    "date": _date,
    "day": _day,
    "iso": dt.date.isoformat,
    "lang": _lang,
    "dir": _dir,
}


def style_words(site: Site, languages: Iterable[str], style: str) -> str:
    """Rules with the words that a style sheet shows, in languages that are not English.

    It shows them as `var(--word-output, "Output")`, with the English word beside the name.
    """
    names = sorted({*_SHOWN.findall(style)} & (built_in(ENGLISH) or {}).keys())
    rules = []
    for language in sorted(set(languages)) if names else ():
        words, english = words_for(site.words, language), words_for({}, ENGLISH)
        texts = {name: getattr(words, name) for name in names}
        if any(texts[name] != getattr(english, name) for name in names):
            told = {
                name: text.replace("\\", "\\\\").replace('"', r"\"") for name, text in texts.items()
            }
            set_ = ";".join(f'--word-{name}:"{text}"' for name, text in told.items())
            rules.append(f":lang({language}){{{set_}}}\n")
    return "".join(rules)


_SHOWN = re.compile(r"var\(--word-([a-z_]+)")
