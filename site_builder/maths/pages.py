"""Displays as HTML, and formulas as others than browsers want them.

In: displays with their numbers, or HTML with formulas. Out: HTML. A number is text of the page
beside the formula, and a formula that is too wide scrolls in a region of its own.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Sequence

from site_builder.maths.display import Display, Row

_ANNOTATED = re.compile(r"<semantics>(.*?)<annotation\b[^>]*>.*?</annotation></semantics>", re.S)
_ANNOTATION = re.compile(r"<annotation\b[^>]*>.*?</annotation>", re.S)
_IDENTIFIER = re.compile(r"<mi>(.)</mi>")
_ITALICS = {
    **{chr(0x41 + n): chr(0x1D434 + n) for n in range(26)},
    **{chr(0x61 + n): chr(0x1D44E + n) for n in range(26)},
    "h": "ℎ",
    "ı": "\U0001d6a4",
    "ȷ": "\U0001d6a5",
    **{chr(0x391 + n): chr(0x1D6E2 + n) for n in range(25)},
    **{chr(0x3B1 + n): chr(0x1D6FC + n) for n in range(25)},
    "ϴ": "\U0001d6f3",
    "∇": "\U0001d6fb",
    **{letter: chr(0x1D715 + n) for n, letter in enumerate("∂ϵϑϰϕϱϖ")},
}
_END = "</semantics></math>"
_TAG = re.compile(r"<[^>]*>")
_BARE = re.compile(r"<math\b(?![^>]*xmlns)")


def display_html(
    display: Display,
    numbers: Sequence[str],
    *,
    name: str,
    unnumbered: str = "Formula",
    inline: bool = False,
) -> str:
    """A display as HTML.

    `numbers` has the number of each row without parentheses, empty for a row without one; `name`
    is what the page calls a display with numbers, such as `Equation`, for those who hear the page,
    `unnumbered` one without. `inline` makes it fit into a paragraph, unless its rows are aligned
    by the page (`display.layout`).
    """
    given = [number for number in numbers if number]
    word = html.escape(name if given else unnumbered)
    title = f"{word} {', '.join(given)}".strip()
    # Not a landmark: a page may have a hundred formulas.
    region = f'<div class="formula" role="group" tabindex="0" aria-label="{title}">'
    if display.layout:
        columns = max(row.mathml.count(_END) for row in display.rows)
        lines = "".join(
            _line(row, number, columns) for row, number in zip(display.rows, numbers, strict=True)
        )
        table = f'<table class="{display.layout}" role="presentation">{lines}</table>'
        return f'<div class="equation rows">{region}{table}</div></div>'
    (row,) = display.rows
    (number,) = numbers
    block = (
        f'<div class="equation"{_id(row)}>{region}{row.mathml}</div>{_number(row, number)}</div>'
    )
    return block.replace("<div", "<span").replace("</div", "</span") if inline else block


def feed_html(display: Display, numbers: Sequence[str], *, inline: bool = False) -> str:
    """A display for those who have no style sheet of ours: a paragraph for each row.

    Some readers drop what makes a formula a block, so that it must not share its paragraph.
    Its formulas still hold their TeX.
    """
    tag = "span" if inline else "p"
    rows = zip(display.rows, numbers, strict=True)
    lines = (f"<{tag}{_id(row)}>{_fed(row, number)}</{tag}>" for row, number in rows)
    return "\n".join(lines)


def _fed(row: Row, number: str) -> str:
    shown = number if row.bare else f"({number})"
    return f"{row.mathml}&#8195;{shown}" if number else row.mathml


def without_annotations(html: str) -> str:
    """The same HTML for feeds: formulas without their TeX, which some readers show, and with the
    name space that others need."""
    if "<math" not in html:
        return html
    return _BARE.sub(
        '<math xmlns="http://www.w3.org/1998/Math/MathML"', _ANNOTATED.sub(r"\1", html)
    )


@functools.lru_cache(maxsize=1024)  # the posts of a blog have many formulas in common
def characters(mathml: str) -> frozenset[str]:
    """The characters that a font needs to draw these formulas."""
    without = _ANNOTATION.sub("", mathml)
    drawn = set(html.unescape(_TAG.sub("", _IDENTIFIER.sub(_italic, without))))
    if "<msqrt" in mathml or "<mroot" in mathml:
        drawn.add("√")
    return frozenset([x for x in drawn if not x.isspace()] + [" ", "\xa0"])


def _italic(identifier: re.Match[str]) -> str:
    """What a browser draws for an identifier of one character: its italic form."""
    return _ITALICS.get(identifier[1], identifier[1])


def _line(row: Row, number: str, columns: int) -> str:
    formulas = [f"{formula}{_END}" for formula in row.mathml.split(_END)[:-1]]
    formulas += [""] * (columns - len(formulas))
    cells = "".join(f"<td>{formula}</td>" for formula in formulas)
    return f"<tr{_id(row)}><td></td>{cells}<td>{_number(row, number)}</td></tr>"


def _id(row: Row) -> str:
    return f' id="{html.escape(row.label)}"' if row.label else ""


def _number(row: Row, number: str) -> str:
    if not number:
        return ""
    shown = number if row.bare else f"({number})"
    return f'<span class="number">{shown}</span>'
