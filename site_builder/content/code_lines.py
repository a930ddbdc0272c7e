"""Which lines of code have numbers on the page, and which of them are marked.

In: what an author wrote, as an option of a cell or behind the language of a fence that does not
run. Out: CodeLines, and what is wrong. Promise: lines are called by the numbers that readers see.

    #| code-line-numbers: 3,5-7    ```rust {.numberLines startFrom="10"}    ```r code-line-numbers=2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeLines:
    """How the lines of a piece of code are shown."""

    numbered: bool = False
    first: int = 1
    """The number of the first line."""
    marked: tuple[tuple[int, int], ...] = ()
    """First and last of the lines that are marked; such code is always numbered."""

    def marks(self, number: int) -> bool:
        """Whether the line of this number is marked."""
        return any(first <= number <= last for first, last in self.marked)


PLAIN = CodeLines()
HELP = "lines are named as in 'code-line-numbers: 3,5-7'; 'true' numbers them and marks none"


def lines_of(value: bool | str | tuple[str, ...], first: int = 1) -> tuple[CodeLines, str]:
    """Read the value of `code-line-numbers`: the lines, and what is wrong with it or nothing."""
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        value = value.strip().lower() == "true"
    if isinstance(value, bool):
        return CodeLines(value, first), ""
    marked = []
    for item in ",".join((value,) if isinstance(value, str) else value).split(","):
        found = _RANGE.fullmatch(item.strip())
        begin, end = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not 0 < begin <= end:
            return PLAIN, f"{item.strip()!r} is no line and no range of lines"
        marked.append((begin, end))
    return CodeLines(True, first, tuple(marked)), ""


def beyond(lines: CodeLines, code: str) -> str:
    """What is wrong if a line is marked that the code does not have; else nothing."""
    last = lines.first + code.rstrip("\n").count("\n")
    for begin, end in lines.marked:
        if begin < lines.first or end > last:
            wrong = begin if begin < lines.first else end
            return f"there is no line {wrong} to be marked: the code has {lines.first} to {last}"
    return ""


def lines_of_fence(info: str, code: str) -> tuple[CodeLines, list[tuple[str, int, int]]]:
    """Read what stands behind three backticks of code that is shown and does not run.

    Besides the lines each fault: what it is, where in `info` it begins, and how long it is.
    """
    found = {key: (text, at) for key, text, at in _given(info)}
    faults, first = [], 1
    text, at = found.get("startfrom", ("1", 0))
    if re.fullmatch(r"[0-9]{1,9}", text):
        first = int(text)
    else:
        faults.append((f"{text!r} is no number for the first line", at, max(1, len(text))))
    lines = CodeLines("class" in found, first)
    if "code-line-numbers" in found:
        text, at = found["code-line-numbers"]
        lines, fault = lines_of(text, first)
        if fault := fault or (beyond(lines, code) if not faults else ""):
            faults.append((fault, at, max(1, len(text))))
    return (PLAIN if faults else lines), faults


_RANGE = re.compile(r"([0-9]{1,9})(?:\s*[-–]\s*([0-9]{1,9}))?")
_GIVEN = re.compile(
    r"""(?:\A|(?<=[\s{]))(?:
          (?P<class>\.number-?lines)(?=[\s}]|\Z)
        | (?P<key>startFrom|code-line-numbers)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s}"']*)))
        | "[^"]*" | '[^']*'""",
    re.VERBOSE | re.IGNORECASE,
)


def _given(info: str) -> Iterator[tuple[str, str, int]]:
    """Key in small letters, value and place of what is about lines."""
    if not re.search("number-?lines|startfrom|code-line", info, re.IGNORECASE):
        return
    for found in _GIVEN.finditer(info):
        if found["class"]:
            yield "class", "", found.start("class")
        elif found["key"]:
            group = next(n for n in (3, 4, 5) if found[n] is not None)
            yield found["key"].lower(), found[group], found.start(group)
