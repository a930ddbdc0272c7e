"""Code as HTML, line by line where its lines have numbers.

In: code, its language and how its lines are shown. Out: HTML for a `code` element. Promise: the
text of the result is the code as given; numbers are attributes, which nobody selects or copies.
"""

from __future__ import annotations

import itertools
import re

from site_builder.content.code_lines import PLAIN, CodeLines
from site_builder.rendering.highlight import highlight


def code_html(code: str, language: str, lines: CodeLines = PLAIN) -> str:
    """Code with its tokens coloured; marked lines are in a `mark`, with the break at their end."""
    html = highlight(code, language)
    if not lines.numbered:
        return html
    shown = _split(html)
    width = len(str(lines.first + len(shown) - 1))
    numbered = (
        (number, f'<span class="ln" data-n="{number:>{width}}"></span>{line}')
        for number, line in enumerate(shown, lines.first)
    )
    parts = []
    for marked, group in itertools.groupby(numbered, lambda each: lines.marks(each[0])):
        text = "".join(line for _, line in group)
        parts.append(f"<mark>{text}</mark>" if marked else text)
    return "".join(parts)


_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TAG = re.compile(r"<[^>]*>")


def _split(html: str) -> list[str]:
    """The lines of highlighted code; an element that goes over several is opened anew in each."""
    lines, opened = [], ""
    for line in _LINE.findall(html) or [""]:
        begin = opened
        for tag in _TAG.findall(line):
            opened = "" if tag.startswith("</") else tag
        lines.append(f"{begin}{line}</span>" if opened else f"{begin}{line}")
    return lines
