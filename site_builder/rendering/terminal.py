"""What a terminal would show: text with carriage returns, backspaces and colours, as HTML.

In: text as a program wrote it. Out: HTML of its last state, colours as classes. A progress bar that
drew itself a thousand times is one line.

Control sequences are those of ECMA-48 that programs use on a line or a few: colours (SGR), erasing
(EL, ED), moving (CUU, CUD, CUF, CUB, CHA); all others are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PARTS = re.compile(
    r"(?P<text>[^\x00-\x08\x0a-\x1f\x7f]+)|(?P<sign>[\r\n\b])"
    r"|\x1b\[(?P<arguments>[0-?]*)[ -/]*(?:(?P<command>[@-~])|\Z)"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|\Z)|\x1b[ -/]*[0-~]|[\x00-\x1f\x7f]"
)
_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline"}
_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",)}

Style = tuple[str, ...]


def terminal_html(text: str) -> str:
    """HTML of what remains visible of `text`."""
    if not _CONTROL.search(text):
        return escape(text, quote=False)
    return "\n".join(_line_html(line) for line in _Screen().show(text))


Line = list[tuple[str, Style]]


class _Screen:
    """Lines of styled characters, and a cursor."""

    def __init__(self) -> None:
        self._lines: list[Line] = [[]]
        self._row = 0
        self._column = 0
        self._style: Style = ()

    def show(self, text: str) -> list[Line]:
        """Write all of `text`; the lines as they are then."""
        for part in _PARTS.finditer(text):
            if part["text"]:
                self._write(part["text"])
            elif part["sign"]:
                self._move(part["sign"])
            elif part["command"] and not part["arguments"].startswith(tuple("<=>?")):
                # Those that begin so are private to one make of terminal.
                numbers = [int(n or 0) for n in re.split("[;:]", part["arguments"])]
                self._obey(part["command"], numbers)
        return self._lines

    def _write(self, text: str) -> None:
        line = self._lines[self._row]
        line += [(" ", ())] * (self._column - len(line))
        end = self._column + len(text)
        line[self._column : end] = [(character, self._style) for character in text]
        self._column = end

    def _move(self, sign: str) -> None:
        if sign == "\n":
            self._row += 1
            self._column = 0
            if self._row == len(self._lines):
                self._lines.append([])
        else:
            self._column = 0 if sign == "\r" else max(0, self._column - 1)

    def _obey(self, command: str, numbers: list[int]) -> None:
        count = numbers[0] or 1
        line = self._lines[self._row]
        if command == "m":
            self._style = _styled(self._style, numbers)
        elif command == "K":
            erase = {0: slice(self._column, None), 1: slice(0, self._column)}
            where = erase.get(numbers[0], slice(None))
            line[where] = [] if where.stop is None else [(" ", ())] * len(line[where])
        elif command == "J" and numbers[0] == 0:
            del line[self._column :]
            del self._lines[self._row + 1 :]
        elif command == "A":
            self._row = max(0, self._row - count)
        elif command == "B":
            self._row = min(len(self._lines) - 1, self._row + count)
        elif command == "C":
            self._column += count
        elif command == "D":
            self._column = max(0, self._column - count)
        elif command == "G":
            self._column = count - 1


def _styled(style: Style, numbers: list[int]) -> Style:
    """The style after an SGR sequence."""
    names = list(style)
    rest = iter(numbers)
    for number in rest:
        if number == 0:
            names = []
        elif number in _STYLES:
            names = _with(names, "", _STYLES[number])
        elif number in _OFF:
            names = [name for name in names if name not in _OFF[number]]
        elif number in (38, 48):
            names = _with(names, "bg-" if number == 48 else "fg-", _extended(rest))
        elif (colour := _colour(number)) is not None:
            names = _with(names, *colour)
    return tuple(names)


def _with(names: list[str], kind: str, name: str) -> list[str]:
    """`names` with this one; a colour takes the place of the one before it."""
    kept = [other for other in names if not (kind and other.startswith(kind)) and other != name]
    return [*kept, kind + name] if name else kept


def _colour(number: int) -> tuple[str, str] | None:
    for start, kind, bright in ((30, "fg-", ""), (40, "bg-", ""), (90, "fg-", "bright-"),
                                (100, "bg-", "bright-")):  # fmt: skip
        if start <= number < start + 8:
            return kind, bright + _COLOURS[number - start]
    if number in (39, 49):
        return ("fg-" if number == 39 else "bg-"), ""
    return None


def _extended(rest: Iterator[int]) -> str:
    """Colour of the 256-colour or true-colour forms: only the sixteen named ones have a class."""
    mode = next(rest, 0)
    if mode == 5:
        number = next(rest, 0)
        if number < 16:
            return ("bright-" if number > 7 else "") + _COLOURS[number % 8]
    elif mode == 2:
        for _ in range(3):
            next(rest, 0)
    return ""


def _line_html(line: Line) -> str:
    while line and line[-1] == (" ", ()):
        line.pop()
    html = []
    for style, characters in groupby(line, key=lambda pair: pair[1]):
        text = escape("".join(character for character, _ in characters), quote=False)
        if style:
            classes = " ".join("ansi-" + name.removeprefix("fg-") for name in style)
            text = f'<span class="{classes}">{text}</span>'
        html.append(text)
    return "".join(html)
