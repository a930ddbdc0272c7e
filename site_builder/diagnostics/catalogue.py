"""What each code means, for authors.

In: a code. Out: its title and an explanation with examples, from the Markdown files in `codes/`.
"""

from __future__ import annotations

import functools
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from site_builder.codes import FAMILIES, WARNINGS

WIDTH = 88  # characters of a line of an explanation
_FOLDER = Path(__file__).parent / "codes"
_ENTRY = re.compile(
    r"^## ([A-Z]\d{3}): ([^\n]+)\n(.*?)(?=^## [A-Z]\d{3}: |\Z)", re.MULTILINE | re.DOTALL
)
_EXAMPLE = re.compile(r"^(~{3,})(wrong|right) ([\w.]+)\n(.*?)^\1\n", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Entry:
    """One code."""

    code: str
    title: str
    """In a few words, without a full stop."""
    text: str
    """Markdown; examples are fences of tildes that say `wrong` or `right` and of what."""

    @property
    def severity(self) -> str:
        """`error`, or `warning` if it can be silenced."""
        return "warning" if self.code in WARNINGS else "error"

    @property
    def examples(self) -> tuple[tuple[str, str, str], ...]:
        """Each `wrong` or `right`, what it is part of (such as `body`, `site.toml`), its text."""
        return tuple((found[2], found[3], found[4]) for found in _EXAMPLE.finditer(self.text))


@functools.cache
def entries() -> dict[str, Entry]:
    """All codes, by family and number."""
    texts = (
        (_FOLDER / f"{family}.md").read_bytes().decode().replace("\r\n", "\n")
        for family in FAMILIES
    )
    found = (entry for text in texts for entry in _ENTRY.findall(text))
    return {code: Entry(code, title, text.strip("\n") + "\n") for code, title, text in found}


def explanation(entry: Entry) -> str:
    """What is told of a code in a terminal."""
    parts = [f"{entry.severity}[{entry.code}]: {entry.title}"]
    end = 0
    for example in _EXAMPLE.finditer(entry.text):
        parts += _paragraphs(entry.text[end : example.start()])
        parts += _example(example)
        end = example.end()
    parts += _paragraphs(entry.text[end:])
    if entry.severity == "warning":
        parts += _paragraphs(
            f'`ignore = ["{entry.code}"]` in site.toml silences it, `ignore: [{entry.code}]` in '
            "front matter does so for one post."
        )
    return "\n\n".join(parts) + "\n"


def _paragraphs(text: str) -> list[str]:
    filled = (textwrap.fill(" ".join(part.split()), WIDTH) for part in text.split("\n\n"))
    return [part for part in filled if part]


def _example(example: re.Match[str]) -> tuple[str, str]:
    where = {"body": "", "file": "", "none": "", "shell": ""}.get(example[3], f", in {example[3]}")
    lines = "\n".join(f"    {line}".rstrip() for line in example[4].splitlines())
    return f"{example[2].capitalize()}{where}:", lines
