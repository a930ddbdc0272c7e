r"""Entries of a bibliography, written for others to take.

In: plain texts. Out: BibTeX that every program reads back as these texts. Promise: whatever a text
holds, the braces of an entry are balanced and no sign of TeX is left bare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from markdown_it.token import Token

from site_builder.content.headings import plain_text

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "`": r"\textasciigrave{}",
        '"': r"\textquotedbl{}",
        **{sign: f"\\{sign}" for sign in "&%$#_"},
    }
)
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LIGATURE = re.compile(r"(?<=-)-|(?<=')'")


def bibtex_text(text: str) -> str:
    """A text as the value of a field, without what encloses it."""
    spaced = _CONTROL.sub(" ", text).strip(" ")
    # Two hyphens would be a dash, two apostrophes a quotation mark.
    return _LIGATURE.sub(lambda found: f"{{}}{found[0]}", spaced.translate(_ESCAPES))


def bibtex_tokens(tokens: Sequence[Token]) -> str:
    """Inline Markdown as the value of a field: formulas stay what they are."""
    parts = [
        f"${_balanced(token.content)}$"
        if token.type == "maths_inline"
        else bibtex_text(f"|{plain_text([token])}|")[1:-1]  # with the blanks at its ends
        for token in tokens
    ]
    return "".join(parts).strip()


def _balanced(tex: str) -> str:
    """A formula in which no brace that is shown is taken for one that groups."""
    tex = " ".join(tex.split()).replace("$", r"\$")
    tex = tex.replace(r"\{", r"\lbrace ").replace(r"\}", r"\rbrace ")
    return tex if tex.count("{") == tex.count("}") else bibtex_text(tex)


def bibtex_entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    """An entry, of fields whose values are BibTeX; those without a value are left out."""
    given = {name: value for name, value in fields.items() if value}
    width = max(map(len, given), default=0)
    lines = [f"  {name:<{width}} = {{{value}}}," for name, value in given.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
