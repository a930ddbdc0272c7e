"""The converter's MathML made fit for a strict policy, for XML readers and for what it lacks.

In: MathML with styles, named entities and carried marks. Out: the children of its `<math>` with
attributes and classes that `maths.css` draws. A style that the table does not know is an error
of ours, never a formula drawn without it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from site_builder.maths.stream import CLOSING, OPENING, TABLE

_OPENING = re.compile(rf"<mtext>{OPENING}(\d+)</mtext>")
_CLOSING = re.compile(rf"<mtext>{CLOSING}(\d+)</mtext>")
_TABLE = re.compile(rf"<mtable([^<>]*)>(<mtr><mtd[^<>]*>)<mtext>{TABLE}(\w+)</mtext>")
_STYLE = re.compile(r' style="([^"]*)"')
_POINTS = re.compile(r'="(-?[\d.]+)rem"')
_BOTTOM_LINE = re.compile(
    r'<mtr>((?:<mtd(?: columnalign="\w+")? class="[^"]*line-above[^"]*"></mtd>)+)</mtr></mtable>'
)

# Words are identifiers: as text they are but space beside an operator, and browsers then put the
# operator's space around the whole.
_WORD = re.compile(r"<mtext>([^\W\d_]{2,})</mtext>")
_PRIME = re.compile("<mo>([′″‴⁗])</mo>")
# Chromium draws the combining characters beside their letter, and stretches no arrow.
_VECTOR = '<mo stretchy="false">\u20d7</mo>'
_LINE = '<mo stretchy="true">\u0332</mo>'
_ARROW = re.compile(
    r"(<(?:mover|munder|munderover)><mo[^<>]*>)([→←⇒⇐↔⇔↦])"
    r'(?=</mo><(?:mover|munder)><mrow><mspace width="0\.4286em"/>)'
)
_LONG = dict(zip("→←⇒⇐↔⇔↦", "⟶⟵⟹⟸⟷⟺⟼", strict=True))

_DECLARATIONS: Mapping[str, tuple[str, str]] = {
    # What a style says, as an attribute and as a class.
    "text-align: right;justify-items: end": ('columnalign="right"', ""),
    "text-align: left;justify-items: start": ('columnalign="left"', ""),
    "padding-right: 0": ("", "flush-right"),
    "padding-left: 0": ("", "flush-left"),
    "padding-left:1em": ("", "apart"),
    "padding-top: 0;padding-bottom: 0": ("", "tight"),
    "padding-top: 0.1667em": ("", "cfrac"),
    "padding-left: 0.1em;padding-right: 0.1em": ("", "double-line"),
    "padding-left:0;padding-right:0": ("", "ordinary"),
    "padding-left:0.2778em;padding-right:0.2778em": ("", "relation"),
    "padding-left:0.2222em;padding-right:0.2222em": ("", "binary"),
    "padding-left:0;padding-right:0.1667em": ("", "operator"),
    "border-top: 0.05em solid currentcolor": ("", "line-above"),
    "border-top: 0.05em dashed currentcolor": ("", "dashed-above"),
    "border-left: 0.05em solid currentcolor": ("", "line-left"),
    "border-left: 0.05em dashed currentcolor": ("", "dashed-left"),
    "border-right: 0.05em solid currentcolor": ("", "line-right"),
    "border-right: 0.05em dashed currentcolor": ("", "dashed-right"),
    "font-variant-caps: small-caps": ("", "small-caps"),
}
_PIECE = re.compile("|".join(re.escape(known) for known in sorted(_DECLARATIONS, key=len)[::-1]))
_COLOUR = re.compile(r"color:(#[0-9A-Fa-f]+)")
_FONT_SIZE = re.compile(r"font-size:\s*([\d.]+%)")
_MARGIN = re.compile(r"margin-left:\s*-([\d.]+)(em|rem|ex)")
_WIDTH = re.compile(r"width:\s*[\d.]+rem")
_FACTORS = {"em": 18.0, "rem": 18.0, "ex": 18 * 0.431}
_FARTHEST = 54


def clean(mathml: str, wrappers: Sequence[tuple[str, str]]) -> str:
    """The children of the formula's `<math>`, with what `wrappers` says put in its places."""
    mathml = mathml[mathml.index(">") + 1 : mathml.rindex("<")]
    if "&App" in mathml:
        mathml = mathml.replace("&ApplyFunction;", "\u2061")
    if "′" in mathml or "″" in mathml or "‴" in mathml:
        mathml = _PRIME.sub(r'<mo class="prime">\1</mo>', mathml)
    if "<mtext>" in mathml:
        mathml = _WORD.sub(r"<mi>\1</mi>", mathml)
    if 'y="' in mathml:
        mathml = mathml.replace(_VECTOR, '<mo stretchy="false" mathsize="70%">→</mo>')
        mathml = mathml.replace(_LINE, '<mo stretchy="true">_</mo>')
    if "0.4286em" in mathml:
        mathml = _ARROW.sub(lambda arrow: arrow[1] + _LONG[arrow[2]], mathml)
    if "rem" in mathml:
        # TeX's points are relative to its size of ten; the page's root has another.
        mathml = _POINTS.sub(r'="\1em"', mathml)
    if ' style="' in mathml:
        mathml = _STYLE.sub(_attributes, mathml)
        mathml = _BOTTOM_LINE.sub(r'<mtr class="bottom-line">\1</mtr></mtable>', mathml)
    if "math-core-" in mathml:
        mathml = mathml.replace('class="math-core-serif-font"', 'class="serif"')
        mathml = mathml.replace('class="math-core-sans-serif-font"', 'class="sans-serif"')
    if TABLE in mathml:
        mathml = _TABLE.sub(_table, mathml)
    if wrappers:
        mathml = _OPENING.sub(lambda match: wrappers[int(match[1])][0], mathml)
        mathml = _CLOSING.sub(lambda match: wrappers[int(match[1])][1], mathml)
    return mathml


def _attributes(match: re.Match[str]) -> str:
    style = match[1].strip().rstrip(";")
    attributes: list[str] = []
    classes: list[str] = []

    def known(piece: re.Match[str]) -> str:
        attribute, name = _DECLARATIONS[piece[0]]
        attributes.extend([attribute] if attribute else [])
        classes.extend([name] if name else [])
        return ""

    def colour(piece: re.Match[str]) -> str:
        attributes.append(f'mathcolor="{piece[1].lower()}"')
        return ""

    def size(piece: re.Match[str]) -> str:
        attributes.append(f'mathsize="{piece[1]}"')
        return ""

    def margin(piece: re.Match[str]) -> str:
        steps = min(_FARTHEST, round(float(piece[1]) * _FACTORS[piece[2]]))
        halves, rest = divmod(steps, 9)
        classes.extend([f"back-half-{halves}"] if halves else [])
        classes.extend([f"back-{rest}"] if rest else [])
        return ""

    rest = _PIECE.sub(known, style)
    for pattern, note in ((_MARGIN, margin), (_COLOUR, colour), (_FONT_SIZE, size)):
        rest = pattern.sub(note, rest)
    if _WIDTH.sub("", rest).strip("; "):
        raise AssertionError(f"the converter wrote a style that is not known: {style}")
    if classes:
        attributes.append(f'class="{" ".join(classes)}"')
    return "".join(f" {attribute}" for attribute in attributes)


def _table(match: re.Match[str]) -> str:
    attributes, first, kind = match.groups()
    if kind == "smallmatrix":
        attributes = attributes.replace('scriptlevel="0"', 'scriptlevel="1"')
        return f'<mtable class="{kind}"{attributes}>{first}'
    if kind == "alignedat":
        return f'<mtable class="{kind}"{attributes}>{first}'
    return f'<mtable columnalign="{kind}"{attributes}>{first}'
