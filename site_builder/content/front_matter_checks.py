"""What types cannot say of front matter: names that are empty or odd, dates, addresses, numbers.

In: the front matter. Out: for each key that was given, the items that are wrong and why.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from site_builder.codes import ignore_faults
from site_builder.content.slugs import is_slug_character, slugify, slugify_name
from site_builder.model.front_matter import FrontMatter
from site_builder.schema import Path
from site_builder.settings.faults import LANGUAGE, macro_fault

Finding = tuple[Path, str, str]


def _title(front_matter: FrontMatter) -> Iterator[Finding]:
    if not front_matter.title.strip() and front_matter.kind != "aside":
        yield (), "'title' is empty", "give the post a title"
    elif any(unicodedata.category(c) == "Cc" and c not in "\t\n" for c in front_matter.title):
        yield (), "'title' has control characters", "delete them"


def _updated(front_matter: FrontMatter) -> Iterator[Finding]:
    date, updated = front_matter.date, front_matter.updated
    if date and updated and updated < date:
        yield (), f"'updated' ({updated}) is before 'date' ({date})", "swap them, or mend one"


def _slug(front_matter: FrontMatter) -> Iterator[Finding]:
    slug = front_matter.slug
    if not slug.strip("-_") or not all(map(is_slug_character, slug)):
        help_ = f"such as {slugify(slug) or 'my-post'!r}"
        yield (), f"'slug' should be of letters, digits, '-' and '_', not {slug!r}", help_


def _names(name: str, values: tuple[str, ...]) -> Iterator[Finding]:
    """Lists of names: none empty, odd or twice."""
    seen: dict[str, str] = {}
    for number, value in enumerate(values):
        item = (str(number),)
        slug = slugify_name(value)
        if not value.strip():
            yield item, f"a name in {name!r} is empty", "delete it"
        elif any(not c.isprintable() for c in value):
            yield item, f"{value!r} in {name!r} has control characters", "delete them"
        elif name == "tags" and not slug:
            yield item, f"the tag {value!r} has no letters or digits", "rename it"
        elif (slug or value) in seen:
            first = seen[slug or value]
            message = f"{value!r} is in {name!r} twice"
            if first != value:
                message = f"{first!r} and {value!r} in {name!r} have the same address"
            yield item, message, "delete one"
        else:
            seen[slug or value] = value


def _aliases(front_matter: FrontMatter) -> Iterator[Finding]:
    for number, alias in enumerate(front_matter.aliases):
        item = (str(number),)
        if not alias.startswith("/") or alias.startswith("//"):
            help_ = f"such as '/{alias.strip('/')}/'"
            yield item, f"the alias {alias!r} should begin with one '/'", help_
        elif ".." in alias.split("/") or not alias.strip("/"):
            yield item, f"the alias {alias!r} leads out of the site", "give the old address"
        elif re.search(r"[\s?#\\\x00-\x1f\x7f]", alias):
            message = f"the alias {alias!r} has a character that no address has"
            yield item, message, "an alias is a path such as '/2019/06/old-name/'"


def _series(front_matter: FrontMatter) -> Iterator[Finding]:
    if not slugify_name(front_matter.series):
        yield (), f"the series {front_matter.series!r} has no letters or digits", "rename it"


def _lang(front_matter: FrontMatter) -> Iterator[Finding]:
    if not LANGUAGE.fullmatch(front_matter.lang):
        message = f"'lang' should be a language such as 'en' or 'pt-BR', not {front_matter.lang!r}"
        yield (), message, ""


def _macros(front_matter: FrontMatter) -> Iterator[Finding]:
    for key, tex in front_matter.macros.items():
        if message := macro_fault(key, tex):
            yield (key,), message, r"such as '\R': '\mathbb{R}'"


def _timeout(front_matter: FrontMatter) -> Iterator[Finding]:
    timeout = front_matter.timeout
    if timeout is not None and not timeout > 0:
        yield (), f"'timeout' should be greater than 0, not {timeout:g}", ""


def _seed(front_matter: FrontMatter) -> Iterator[Finding]:
    seed = front_matter.seed
    if seed is not None and not 0 <= seed < 2**32:
        yield (), f"'seed' should be from 0 to {2**32 - 1}, not {seed}", ""


def _ignore(front_matter: FrontMatter) -> Iterator[Finding]:
    for place, message, help_ in ignore_faults(front_matter.ignore):
        yield (str(place),), message, help_


def _card(front_matter: FrontMatter) -> Iterator[Finding]:
    card = front_matter.card
    if isinstance(card, str) and (not card or re.match(r"[a-z+]+:|[/#?]", card, re.IGNORECASE)):
        message = f"'card' should be a figure's label or a file beside the post, not {card!r}"
        yield (), message, "such as 'fig-loss' or 'cover.jpg', or false"


CHECKS = (
    ("title", _title),
    ("updated", _updated),
    ("slug", _slug),
    ("tags", lambda front_matter: _names("tags", front_matter.tags)),
    ("authors", lambda front_matter: _names("authors", front_matter.authors)),
    ("series", _series),
    ("aliases", _aliases),
    ("lang", _lang),
    ("macros", _macros),
    ("timeout", _timeout),
    ("seed", _seed),
    ("ignore", _ignore),
    ("card", _card),
)
