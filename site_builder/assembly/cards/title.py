"""The title of a page in letters alone, its formulas too, for a card.

In: a title as inline HTML. Out: plain text. Promise: what cannot be written in one line is written
so that it still means the same, as in `a/b` and `√(x + 1)`.
"""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_UP = dict(zip("0123456789+-−()nix=", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿⁱˣ⁼", strict=True)) | {"T": "ᵀ", "′": "′"}
_DOWN = dict(zip("0123456789+-−()ijnkx=", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎ᵢⱼₙₖₓ₌", strict=True))


def in_letters(html: str) -> str:
    """The text of a title, formulas in one line."""
    try:
        root = ElementTree.fromstring(f"<t>{html.replace('&nbsp;', chr(0xA0))}</t>")
    except ElementTree.ParseError:
        return ""
    # Letters in the style of a formula are letters; combining marks join them.
    return unicodedata.normalize("NFC", " ".join(_text(root).split()))


def _text(node: ElementTree.Element) -> str:
    name = node.tag.removeprefix(_NAMESPACE)
    parts = [_text(child) + (child.tail or "") for child in node]
    if name in ("annotation", "annotation-xml", "mphantom"):
        return ""
    if name == "msup" and len(parts) == 2:
        return parts[0] + _small(parts[1], _UP, "^")
    if name == "msub" and len(parts) == 2:
        return parts[0] + _small(parts[1], _DOWN, "_")
    if name == "msubsup" and len(parts) == 3:
        return parts[0] + _small(parts[1], _DOWN, "_") + _small(parts[2], _UP, "^")
    if name == "mfrac" and len(parts) == 2:
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if name == "msqrt":
        return "√" + _grouped("".join(parts))
    if name == "mo" and node.get("stretchy") is None and (node.text or "") in _SPACED:
        return f" {node.text} "
    return (node.text or "") + "".join(parts)


_SPACED = frozenset("=+−<>≤≥≠≈→⇒∈×·±∝∼")


def _small(text: str, letters: dict[str, str], mark: str) -> str:
    text = text.replace(" ", "")
    if all(c in letters for c in text):
        return "".join(letters[c] for c in text)
    return mark + _grouped(text)


def _grouped(text: str) -> str:
    text = text.strip()
    return text if len(text) == 1 or text.isalnum() else f"({text})"
