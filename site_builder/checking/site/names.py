"""Names: tags and series that are one name in two spellings, and what front matter says by a slip.

In: a made site. Out: problems that point at the front matter. Promise: two names that both are well
established are two names, however like each other they are.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from site_builder.assembly.addresses import Located, front_matter_problem
from site_builder.assembly.groups import series_names, tag_names
from site_builder.checking.site.made import MadeSite
from site_builder.errors import Problem, nearest
from site_builder.model.page import Page
from site_builder.settings.site import FILE
from site_builder.words.words import has_words

RARE = 2  # posts, up to which a name may be a slip
SHORT = 5  # letters, below which two names differ by one by chance: RNN, CNN
FAR = 366  # days ahead that nobody schedules
LONG = 300  # characters of a summary that anybody shows
FIRST = 1900  # the year before which no date is meant


def name_problems(made: MadeSite, today: dt.date) -> Iterator[Problem]:
    """Look at the names and at the rest of the front matter of all posts."""
    posts = list(made.posts.values())
    likes = (
        *_like_others(posts, tag_names, "tags", "tag", "F101"),
        *_like_others(posts, series_names, "series", "series", "F102"),
    )
    # Two names of one address are an error, which is told of.
    told = {(each.file, each.line, each.column) for each in made.problems}
    yield from (like for like in likes if (like.file, like.line, like.column) not in told)
    for located in posts:
        yield from _of_front_matter(located, today)
    yield from _same_titles(posts)
    yield from _wordless(made, posts)
    if not made.problems:  # of posts that fail the names are not known
        settings = made.site.settings
        yield from _nowhere(settings.tags, posts, tag_names, "tags", "tag")
        yield from _nowhere(settings.series, posts, series_names, "series", "series")


def _like_others(
    posts: Sequence[Located],
    names_of: Callable[[Page], tuple[str, ...]],
    key: str,
    word: str,
    code: str,
) -> Iterator[Problem]:
    members: dict[str, list[Located]] = {}
    for located in posts:
        for name in names_of(located.page):
            members.setdefault(name, []).append(located)
    names = sorted(members, key=lambda name: (-len(members[name]), name))
    for at, rare in enumerate(names):
        for common in names[:at]:
            how = likeness(common, rare)
            if not how or (how == "one letter" and len(members[rare]) > RARE):
                continue
            files = [located.page.source.path for located in members[common]]
            more = f" and {len(files) - 1} more" if len(files) > 1 else ""
            message = f"the {word} {rare!r} and {common!r} of {files[0]}{more} differ in {how}"
            established = len(files) > len(members[rare])
            what = repr(common) if established else "the same in all of them"
            help_ = f"write {what}, if the same is meant"
            for located in members[rare]:
                yield front_matter_problem(
                    located.page.source, key, rare, message, help_, code=code
                )
            break


def likeness(one: str, other: str) -> str:
    """In what little two names differ, such as `one letter`; empty if in more."""
    first, second = sorted((_letters(one), _letters(other)), key=len)
    if len(second) - len(first) > 2:  # as most names do, of which there may be many
        return ""
    if first == second:
        return "hyphens or capitals only"
    if second in (f"{first}s", f"{first}es") or (
        first.endswith("y") and second == f"{first[:-1]}ies"
    ):
        return "number only" if len(first) > 1 else ""
    if len(first) < SHORT or re.findall(r"\d+", first) != re.findall(r"\d+", second):
        return ""
    return "one letter" if is_one_slip(first, second) else ""


@functools.lru_cache(maxsize=10_000)
def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def is_one_slip(short: str, long: str) -> bool:
    """Whether one letter is missing, another one, or changed places with its neighbour."""
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(long) == len(short) + 1:
        return short[start:] == long[start + 1 :]
    if len(long) != len(short) or start == len(short):
        return False
    changed = short[start + 1 :] == long[start + 1 :]
    swapped = short[start : start + 2] == long[start : start + 2][::-1]
    return changed or (swapped and short[start + 2 :] == long[start + 2 :])


def _of_front_matter(located: Located, today: dt.date) -> Iterator[Problem]:
    front, source = located.page.front_matter, located.page.source
    for key, date in (("date", front.date), ("updated", front.updated)):
        if date is None or (date.year >= FIRST and date <= today + dt.timedelta(days=FAR)):
            continue
        why = "long before there were blogs" if date.year < FIRST else "more than a year from now"
        message, help_ = f"{key} is {date.isoformat()}, {why}", "is it the year?"
        yield front_matter_problem(source, key, f"{date.year:04}", message, help_, code="F103")
    if len(front.summary) > LONG:
        message = f"the summary has {len(front.summary)} characters; search engines show some 160"
        help_ = "lists and feeds show all of it: one or two sentences will do"
        yield front_matter_problem(source, "summary", "", message, help_, code="F104")


def _same_titles(posts: Sequence[Located]) -> Iterator[Problem]:
    first: dict[str, Located] = {}
    for located in posts:
        page = located.page
        title = page.title_text.strip()
        if not title or page.front_matter.kind == "aside":
            continue
        other = first.setdefault(title.casefold(), located)
        if other is not located:
            message = f"{other.page.source.path} has the same title, {title!r}"
            help_ = "readers of lists and of search results cannot tell them apart"
            yield front_matter_problem(page.source, "title", title, message, help_, code="F105")


def _wordless(made: MadeSite, posts: Sequence[Located]) -> Iterator[Problem]:
    """Languages that pages say nothing in by themselves."""
    own, default = made.site.words, made.site.settings.language
    message = "there are no words in the language {!r}: what pages say by themselves is English"
    help_ = "write them into words/{}.toml"
    if not has_words(own, default):
        yield Problem(message.format(default), FILE, help=help_.format(default), code="F123")
    told = {default}
    for located in posts:
        language = located.page.front_matter.lang
        if language and language not in told and not has_words(own, language):
            told.add(language)
            said = (message.format(language), help_.format(language))
            yield front_matter_problem(located.page.source, "lang", language, *said, code="F123")


def _nowhere(
    described: Mapping[str, str],
    posts: Sequence[Located],
    names_of: Callable[[Page], tuple[str, ...]],
    key: str,
    word: str,
) -> Iterator[Problem]:
    """Sentences of the settings on names that no post has."""
    known = {name for located in posts for name in names_of(located.page)}
    for name in described:
        if name not in known:
            message = f"setting {f'{key}.{name}'!r} describes a {word} that no post has"
            yield Problem(message, FILE, help=nearest(name, known), code="F121")
