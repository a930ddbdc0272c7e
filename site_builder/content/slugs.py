"""Names for addresses: what a title, a tag or a heading is called in a URL.

In: any text. Out: letters, digits, `-` and `_`, lower case, the same on every machine.
"""

from __future__ import annotations

import re
import unicodedata


def slugify(text: str) -> str:
    """`Über C++ & co` -> `uber-c-co`; letters that are not Latin stay: `Сети` -> `сети`.

    Empty if the text has neither letters nor digits.
    """
    text = text.lower().replace("'", "").replace("’", "")
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LATIN))
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", text))
        text = "".join(c if is_slug_character(c) else "-" for c in text)
    return _OTHER.sub("-", text).strip("-")


def slugify_name(name: str) -> str:
    """The slug of a tag or a series, in which C, C++ and C# differ: `C++` -> `cpp`."""
    return slugify(name.replace("++", "pp").replace("#", "sharp"))


def is_slug_character(character: str) -> bool:
    """Whether a slug may hold it: letters, digits and their marks of any script, `-` and `_`."""
    return character in "-_" or unicodedata.category(character)[0] in "LNM"


# Latin letters that Unicode does not take apart.
_LATIN = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        "ħ": "h",
    }
)
# Accents go from Latin letters only: й is a letter of its own, not an и with an ornament.
_ACCENTS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_OTHER = re.compile(r"[\x00-,./:-@\[-^`{-\x7f-]+")
