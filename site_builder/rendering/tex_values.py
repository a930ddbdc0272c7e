r"""Values within formulas: TeX in which the values stand, before anything is converted.

In: the TeX of a formula as written, with `` `{python} s:.3f` `` in it, and the values. Out: TeX
with the values as TeX. Promise: a place in the filled TeX leads back to the one as written.

    71.5% -> 71.5\%    1e-05 -> 1 \times 10^{-5}    1,234 -> 1{,}234    inf -> \infty
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from site_builder.content.value_syntax import VALUE
from site_builder.model.post import Value


@dataclass(frozen=True, slots=True)
class FilledTex:
    """The TeX of a formula with values in it, and where they came from."""

    written: str
    places: tuple[tuple[int, int, int, int], ...]
    """Of each value: where it begins and ends in the filled TeX, and in the one as written."""
    unfit: tuple[int, ...] = ()
    """Numbers of the expressions whose values a formula cannot hold."""

    def as_written(self, offset: int, width: int) -> tuple[int, int, bool]:
        """Where a fault of the filled TeX is in the one as written, and whether in a value."""
        shift = 0
        for start, end, begin, stop in self.places:
            if offset < start:
                break
            if offset < end:
                return begin, stop - begin, True
            shift = stop - end
        return offset + shift, width, False


def fill_tex(
    written: str, numbers: Sequence[int], values: Sequence[Value | None], unknown: str = "0"
) -> tuple[str, FilledTex]:
    """Fill in values, which are those of the expressions with these numbers; `unknown` for None."""
    tex, end = "", 0
    places, unfit = [], []
    for found, number, value in zip(VALUE.finditer(written), numbers, values, strict=True):
        tex += written[end : found.start()]
        end = found.end()
        part = unknown if value is None else tex_of(value)
        if part is None:
            unfit.append(number)
            part = "0"
        start = len(tex)
        tex += _joined(tex, part, written[end : end + 1])
        places.append((start, len(tex), found.start(), end))
    return tex + written[end:], FilledTex(written, tuple(places), tuple(unfit))


def tex_of(value: Value) -> str | None:
    """A value as TeX; None if it has no form that a formula could hold."""
    latex = value.data.get("text/latex")
    if latex is not None:
        return bare_tex(latex)
    text = value.text.strip()
    found = _NUMBER.fullmatch(text)
    if found:
        return _number(found)
    if value.data or _OPAQUE.fullmatch(text):
        return None
    text = bare_tex(text)
    if "\\" not in text:  # not TeX yet
        text = _POWER.sub(_number, text)
    text = _NAMES.sub(lambda name: NAMES[name[0]], text)
    return re.sub(r"(?<!\\)%", r"\\%", text)


def bare_tex(tex: str) -> str:
    r"""TeX without the signs around it, and without the `\displaystyle` that SymPy writes."""
    bare = tex.strip()
    for sign in ("$$", "$"):
        if len(bare) > 2 * len(sign) and bare.startswith(sign) and bare.endswith(sign):
            bare = bare[len(sign) : -len(sign)]
            break
    return re.sub(r"\A\\displaystyle(?![A-Za-z])\s*", "", bare).strip()


NAMES = {"inf": r"\infty", "nan": r"\mathrm{nan}"}
_DIGITS = r"(?P<digits>\d[\d,_]*(?:\.\d*)?|\.\d+)"
_NUMBER = re.compile(rf"(?P<sign>[+-]?){_DIGITS}(?:[eE](?P<exponent>[+-]?\d+))?(?P<percent>\s?%)?")
_POWER = re.compile(rf"(?<![\w.])(?P<sign>){_DIGITS}[eE](?P<exponent>[+-]?\d+)(?P<percent>)\b")
_NAMES = re.compile(r"(?<![\w\\{])(?:inf|nan)(?!\w)")
_OPAQUE = re.compile(r"<.*>", re.DOTALL)
_ASKS = re.compile(r"(?:[\^_}]|\\[A-Za-z]+)\s*\Z")
_SEVERAL = re.compile(r"&|\\\\")


def _number(found: re.Match[str]) -> str:
    digits = found["digits"].replace(",", "{,}").replace("_", r"\_")
    power = rf" \times 10^{{{int(found['exponent'])}}}" if found["exponent"] else ""
    return found["sign"] + digits + power + (r"\%" if found["percent"] else "")


def _joined(before: str, tex: str, after: str) -> str:
    """The TeX of a value as it can stand between others: as one argument, where one is taken."""
    asked = _ASKS.search(before)
    if asked and not _SEVERAL.search(tex) and (len(tex) > 1 or asked[0][:1] == "\\"):
        return f"{{{tex}}}"
    if after.isalpha() and re.search(r"\\[A-Za-z]+\Z", tex):
        return tex + " "
    return tex
