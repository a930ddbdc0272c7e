r"""The text of a field of a `.bib` file: TeX as people write it in titles and names.

In: the value of a field, with its braces. Out: pieces of text of a few kinds, with accents and
signs as characters, and which commands are not known. Promise: no text is lost; of a command that
is not known the argument is shown.

    G{\"o}del's {Incompleteness} $\omega$   ->   Gödel’s Incompleteness, and ω as a formula
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from site_builder.model.citations import Run, Text


def tex_text(value: str) -> tuple[Text, tuple[str, ...]]:
    """The text of a field, and the commands in it that are not known."""
    reader = _Reader(value)
    reader.read_to("")
    return _tidied(reader.runs), tuple(dict.fromkeys(reader.unknown))


def verbatim(value: str) -> str:
    """The text of a field that is no TeX, such as an address; escapes and braces are taken off."""
    value = re.sub(r"\\(?:url|href|path)\b\s*", "", value)
    value = value.replace(r"\textasciitilde", "~").replace(r"\~", "~")
    return re.sub(r"[{}\s]+", "", re.sub(r"\\([&%$#_])", r"\1", value))


# What a command before a letter puts on it: combining characters.
_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323",
    "c": "\u0327", "k": "\u0328", "b": "\u0331", "t": "\u0361",
}  # fmt: skip
_SIGNS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ",
    "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ", "S": "§", "P": "¶", "dag": "†", "ddag": "‡",
    "pounds": "£", "euro": "€", "texteuro": "€", "copyright": "©", "textcopyright": "©",
    "textregistered": "®", "texttrademark": "™", "textdegree": "°", "degree": "°",
    "ldots": "…", "dots": "…", "textellipsis": "…", "textendash": "–", "textemdash": "—",
    "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“",
    "textquotedblright": "”", "textquotedbl": '"', "textquotesingle": "'", "lq": "‘", "rq": "’",
    "guillemotleft": "«", "guillemotright": "»", "textasciitilde": "~", "textasciicircum": "^",
    "textasciigrave": "`", "textbackslash": "\\", "textbraceleft": "{", "textbraceright": "}",
    "textbar": "|", "textless": "<", "textgreater": ">", "textunderscore": "_",
    "textdollar": "$", "textperiodcentered": "·", "textbullet": "•", "textexclamdown": "¡",
    "textquestiondown": "¿", "slash": "/", "TeX": "TeX", "LaTeX": "LaTeX", "LaTeXe": "LaTeX2e",
    "BibTeX": "BibTeX", "quad": " ", "qquad": " ", "space": " ", "newline": " ", "par": " ",
    "nobreakspace": "\u00a0", "hyphen": "-", "backslash": "\\", "and": "&",
}  # fmt: skip
# Single characters after a backslash.
_ESCAPED = {" ": " ", "\n": " ", "\t": " ", ",": "\u202f", ";": " ", ":": " ", "!": "", "-": "",
            "/": "", "@": "", "\\": " "}  # fmt: skip
_STYLES = {
    "emph": "em", "textit": "em", "textsl": "em", "mkbibemph": "em", "texttt": "code",
    "textsuperscript": "sup", "textsubscript": "sub", "mkbibsuperscript": "sup",
}  # fmt: skip
_SWITCHES = {"em": "em", "it": "em", "itshape": "em", "sl": "em", "tt": "code"}
_PLAIN = frozenset(
    """
    text textbf textsc textrm textsf textnormal textup textmd mbox hbox url path mkbibbold
    uppercase lowercase MakeUppercase nocase NoCaseChange protect unskip relax bf bfseries sc
    scshape rm sf small normalfont upshape ignorespaces
    """.split()  # noqa: SIM905 - a table reads better
)
_DROPPED = frozenset(("noopsort", "label", "cite", "footnote", "thanks", "index"))
_LIGATURES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("`", "‘"), ("'", "’"))
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?[ \t\n]*")
_PLAIN_TEXT = re.compile(r"[^\\{}$~`'\-]+")


@dataclass(slots=True)
class _Reader:
    """A value that is being read, and what came of it so far."""

    value: str
    place: int = 0
    runs: list[Run] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    kind: str = ""

    def read_to(self, end: str) -> None:
        """Read up to the `end`, a closing brace, and over it; or to the end of the value."""
        kind = self.kind
        while self.place < len(self.value):
            character = self.value[self.place]
            if end and character == end:
                break
            self._read_one(character)
        self.place += len(end)
        self.kind = kind

    def _read_one(self, character: str) -> None:
        plain = _PLAIN_TEXT.match(self.value, self.place)
        if plain:
            self._add(plain[0])
            self.place = plain.end()
        elif character == "\\":
            self._command()
        elif character == "{":
            self.place += 1
            self.read_to("}")
        elif character == "}":
            self.place += 1
        elif character == "$":
            self._maths("$$" if self.value.startswith("$$", self.place) else "$")
        elif character == "~":
            self._add("\u00a0")
            self.place += 1
        else:
            self._ligature(character)

    def _add(self, text: str, kind: str | None = None) -> None:
        self.runs.append((self.kind if kind is None else kind, text))

    def _ligature(self, character: str) -> None:
        for written, sign in _LIGATURES:
            if self.value.startswith(written, self.place):
                self._add(sign)
                self.place += len(written)
                return
        self._add(character)
        self.place += 1

    def _maths(self, mark: str, closing: str = "") -> None:
        start = self.place + len(mark)
        end = self.value.find(closing or mark, start)
        if end < 0:
            self._add(mark)
            self.place = start
            return
        self._add(self.value[start:end].strip(), "maths")
        self.place = end + len(closing or mark)

    def _command(self) -> None:
        after = self.value[self.place + 1 : self.place + 2]
        named = _COMMAND.match(self.value, self.place)
        if after == "(":
            self._maths(r"\(", r"\)")
        elif named:
            self.place = named.end()
            self._named(named[1])
        elif after in _ACCENTS:
            self.place += 2
            self._accented(_ACCENTS[after])
        else:
            self._add(_ESCAPED.get(after, after))
            self.place += 2

    def _named(self, name: str) -> None:
        if name in _ACCENTS:
            self._accented(_ACCENTS[name])
        elif name in _SIGNS:
            self._add(_SIGNS[name])
            if self.value.startswith("{}", self.place):
                self.place += 2
        elif name in _SWITCHES:
            self.kind = _SWITCHES[name]
        elif name in _STYLES:
            self._in_style(_STYLES[name])
        elif name == "ensuremath":
            self._add(self._argument(), "maths")
        elif name in ("enquote", "mkbibquote"):
            self._add("“")
            self._in_style(self.kind)
            self._add("”")
        elif name == "href":
            self._argument()
            self._in_style(self.kind)
        elif name in _DROPPED:
            self._argument()
        elif name not in _PLAIN:
            self.unknown.append(f"\\{name}")

    def _argument(self) -> str:
        """What a command is about, as it is written."""
        if not self.value.startswith("{", self.place):
            found = self.value[self.place : self.place + 1]
            self.place += 1
            return found
        depth, start = 0, self.place + 1
        while self.place < len(self.value):
            character = self.value[self.place]
            depth += {"{": 1, "}": -1}.get(character, 0)
            self.place += 2 if character == "\\" else 1
            if not depth:
                return self.value[start : self.place - 1]
        return self.value[start:]

    def _in_style(self, kind: str) -> None:
        runs, unknown = _nested(self._argument(), kind)
        self.runs += runs
        self.unknown += unknown

    def _accented(self, accent: str) -> None:
        while self.value.startswith((" ", "\t", "\n"), self.place):
            self.place += 1
        if self.value.startswith("\\", self.place):
            found = _COMMAND.match(self.value, self.place)
            letter = found[1] if found else ""
            self.place = found.end() if found else self.place + 1
            base = {"i": "i", "j": "j"}.get(letter, _SIGNS.get(letter, letter))
            rest: list[Run] = []
        else:
            runs, unknown = _nested(self._argument(), "")
            self.unknown += unknown
            text = "".join(run for _, run in runs)
            base, rest = text[:1], [(self.kind, text[1:])] if text[1:] else []
            base = {"ı": "i", "ȷ": "j"}.get(base, base)
        self._add(unicodedata.normalize("NFC", (base or " ") + accent))
        self.runs += rest


def _nested(value: str, kind: str) -> tuple[list[Run], list[str]]:
    reader = _Reader(value, kind=kind)
    reader.read_to("")
    return reader.runs, reader.unknown


def _tidied(runs: list[Run]) -> Text:
    """Runs of one kind joined, with single spaces between words and none at the ends."""
    joined: list[Run] = []
    for kind, text in runs:
        if joined and joined[-1][0] == kind and kind != "maths":
            joined[-1] = (kind, joined[-1][1] + text)
        elif text:
            joined.append((kind, text))
    spaced = [(k, t if k == "maths" else re.sub(r"[ \t\r\n]+", " ", t)) for k, t in joined]
    _strip(spaced, 0, str.lstrip)
    _strip(spaced, -1, str.rstrip)
    return tuple((kind, text) for kind, text in spaced if text)


def _strip(runs: list[Run], place: int, strip: Callable[[str, str], str]) -> None:
    if runs:
        kind, text = runs[place]
        runs[place] = (kind, strip(text, " "))
