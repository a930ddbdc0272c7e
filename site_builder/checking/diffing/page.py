"""A Difference as a page.

In: a Difference. Out: one HTML file without scripts, and with nothing from elsewhere. Promise: the
same difference gives the same bytes; it can be read in light and dark, on a phone, and aloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from site_builder.checking.diffing.diff import Difference
from site_builder.checking.diffing.moves import Move
from site_builder.checking.diffing.report import (
    causes,
    is_short,
    parts,
    place,
    remark,
    sections,
    summary,
    what,
)
from site_builder.evidence.drift import NumberMove, percentage
from site_builder.evidence.lines import clipped, plain

FIRST = 5  # numbers of an output that are seen at once; the others unfold

_STYLE = """\
:root { color-scheme: light dark; --line: light-dark(#c9c9c4, #4a4a48); }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  font: 1rem/1.5 system-ui, sans-serif;
  color: light-dark(#1d1d1b, #e8e8e4); background: light-dark(#fdfdfb, #1a1a19); }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
dt { font-weight: bold; } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } .wide:focus-visible { outline: 2px solid; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
  border-bottom: 1px solid var(--line); }
td:last-child { min-width: 14rem; }
.change { white-space: nowrap; font-variant-numeric: tabular-nums; }
ul { margin: 0; padding-left: 1.2rem; }
code, .line { font-family: ui-monospace, monospace; font-size: .9em; }
.line, .remark { color: light-dark(#5a5a56, #b0b0aa); }
"""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="site-builder">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<dl>
<dt>Old</dt><dd>{old}</dd>
<dt>New</dt><dd>{new}</dd>
</dl>
<p>{summary}</p>
{sections}</main>
</body>
</html>
"""
_TABLE = """\
<div class="wide" role="region" aria-labelledby="{id}" tabindex="0">
<table>
<thead><tr><th scope="col">Change</th><th scope="col">Where</th><th scope="col">What</th>\
<th scope="col">Old → new</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
</div>
"""


def difference_page(difference: Difference) -> str:
    """The page of a difference."""
    return _PAGE.format(
        title="What moved",
        style=_STYLE,
        old=_text(difference.old),
        new=_text(difference.new),
        summary=_text(summary(difference)),
        sections="".join(_sections(difference)),
    )


def _sections(difference: Difference) -> Iterator[str]:
    for number, (heading, moves) in enumerate(sections(difference).items(), start=1):
        yield f'<h2 id="moves-{number}">{_text(_upper(heading))}</h2>\n'
        yield _TABLE.format(id=f"moves-{number}", rows="".join(map(_row, moves)))
    failed = [f"{problem.file} ({side}): {problem.message}" for side, problem in difference.failed]
    for heading, items in (
        ("What differs in the making of posts that moved", causes(difference)),
        ("New", parts(difference, "new")),
        ("Gone", parts(difference, "gone")),
        ("Not to be had", failed),
        ("Frozen, so not run anew", difference.frozen),
    ):
        if items:
            yield f"<h2>{heading}</h2>\n{_list(map(_text, items))}"


def _row(move: Move) -> str:
    name = f"<code>{_text(move.name)}</code>" if move.kind == "value" else _text(what(move))
    said = remark(move)
    told = f'<br><span class="remark">{_text(said)}</span>' if said else ""
    return (
        f'<tr><td class="change">{_text(_change(move))}</td>'
        f"<td>{_text(place(move))}</td><td>{name}{told}</td><td>{_old_and_new(move)}</td></tr>\n"
    )


def _change(move: Move) -> str:
    turned = move.kind == "claim" and move.standing == "moved"
    return "turned" if turned else percentage(move.change) or "–"


def _old_and_new(move: Move) -> str:
    texts = _pair(move.old, move.new) if move.old != move.new else ""
    if is_short(move):
        return texts
    shown = _list(map(_number, move.numbers[:FIRST]))
    rest: Sequence[NumberMove] = move.numbers[FIRST:]
    if rest:
        shown += f"<details><summary>{len(rest)} more</summary>\n"
        shown += f"{_list(map(_number, rest))}</details>"
    return shown + texts


def _number(number: NumberMove) -> str:
    change = f' <span class="change">({_text(percentage(number.change))})</span>'
    line = f'<br><span class="line">{_text(number.line)}</span>' if number.line else ""
    return f"{_pair(number.old, number.new)}{change}{line}"


def _pair(old: str, new: str) -> str:
    return f"{_text(clipped(old)) or 'nothing'} → {_text(clipped(new)) or 'nothing'}"


def _list(items: Iterable[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{item}</li>\n" for item in items) + "</ul>\n"


def _text(text: str) -> str:
    return escape(plain(text))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
