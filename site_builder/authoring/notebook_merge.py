"""A text with the changes that were made to another form of it.

In: a text, what a program makes of it, and that with changes. Out: the text with the changes.
Promise: lines that did not change are as they were, to the byte.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MOST = 4_000_000  # pairs of lines among which the best are looked for
Opcode = tuple[str, int, int, int, int]


def kept_text(old: str, base: str, new: str, *, regions: bool) -> str:
    """The old text with the changes from `base`, which jupytext makes of it, to `new`.

    Without `regions`, marks of Markdown cells that jupytext adds are left out.
    """
    mark = "\ufeff" if old.startswith("\ufeff") else ""
    own = _lines(old.removeprefix(mark))
    bare = [_text(line) for line in own]
    usual = next((line[len(text) :] for line, text in zip(own, bare, strict=True)), "") or "\n"
    between = [_text(line) for line in _lines(base)]
    lines = [text + usual for text in between]
    restored: list[_Edit] = []
    for edit in _edits(between, bare, own, key=_key, restored=True):
        if [_text(line) for line in edit.lines] == between[edit.start : edit.end]:
            lines[edit.start : edit.end] = edit.lines  # the same but for the end of the line
        else:
            restored.append(edit)
    marked = _QUARTO.search(old) is not None and "{code-cell}" not in old
    later = [_text(line) for line in _lines(new)]
    after = [
        (_as_marked(text) if marked else text) + usual
        if regions or not _REGION.fullmatch(text)
        else ""
        for text in later
    ]
    changes = list(_edits(between, later, after, restored=False))
    kept = [one for one in restored if not any(one.meets(change) for change in changes)]
    written: list[str] = []
    at = 0
    for edit in sorted([*kept, *changes], key=lambda e: (e.start, e.end, not e.restored)):
        written += lines[at : edit.start]
        written += edit.lines
        at = edit.end
    written += lines[at:]
    return mark + _joined([line for line in written if line], usual, old)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines `start` to `end` (without it) of a text become others."""

    start: int
    end: int
    lines: tuple[str, ...]
    restored: bool
    """Whether they are the author's own, which jupytext writes otherwise."""

    def meets(self, other: _Edit) -> bool:
        """Whether both change the same line, or one stands within the other."""
        if self.start == self.end or other.start == other.end:
            return self.start < other.end and other.start < self.end
        return max(self.start, other.start) < min(self.end, other.end)


_QUARTO = re.compile(r"^`{3,}[ \t]*\{python3?\}", re.MULTILINE)
_REGION = re.compile(r"<!-- #(?:end)?region -->")


def _lines(text: str) -> list[str]:
    """The lines of a text with their ends."""
    return re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", text)


def _text(line: str) -> str:
    """A line without its end."""
    return line.rstrip("\r\n")


def _key(line: str) -> str:
    """What a line is paired by with one that jupytext wrote: it writes fences in its own way."""
    fence = re.match(r"(?:`{3,}|~{3,})(.*)", line)
    return ("```+" if fence[1].strip() else "```") if fence else line.rstrip()


def _edits(
    one: Sequence[str],
    other: Sequence[str],
    lines: Sequence[str],
    *,
    key: Callable[[str], str] = str,
    restored: bool,
) -> Iterator[_Edit]:
    """What makes the second text of the first; `lines` are what stands for those of the second.

    With a key, also lines that are the same by it.
    """
    for tag, start, end, first, last in _opcodes([*map(key, one)], [*map(key, other)]):
        if end - start == last - first and (tag == "replace" or key is not str):
            for place in range(end - start):
                line = (lines[first + place],)
                yield _Edit(start + place, start + place + 1, line, restored)
        elif tag != "equal":
            yield _Edit(start, end, tuple(lines[first:last]), restored)


def _opcodes(one: Sequence[str], other: Sequence[str]) -> Iterator[Opcode]:
    """Which lines are equal, and which stand for which, as difflib tells it.

    The longest run that two texts share is seldom the right one where cells resemble each other, so
    the most lines are paired; blank lines only if nothing else tells.
    """
    start, shorter = 0, min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    at = [0, 0]
    pairs = [(place, place) for place in range(start)]
    pairs += _paired(one, other, (start, start), (len(one) - end, len(other) - end))
    pairs += [(len(one) - k, len(other) - k) for k in range(end, -1, -1)]
    for i, j in pairs:
        if [i, j] != at:
            tag = "insert" if i == at[0] else "delete" if j == at[1] else "replace"
            yield tag, at[0], i, at[1], j
        if i < len(one):
            yield "equal", i, i + 1, j, j + 1
        at = [i + 1, j + 1]


Place = tuple[int, int]


def _paired(one: Sequence[str], other: Sequence[str], first: Place, last: Place) -> list[Place]:
    """Places of equal lines, in order: of those that are there once, then of others between."""
    pairs: list[Place] = []
    for i, j in [*_unique(one, other, first, last), last]:
        rests = one[first[0] : i], other[first[1] : j]
        if len(rests[0]) * len(rests[1]) > MOST:
            blocks = SequenceMatcher(None, *rests, autojunk=False).get_matching_blocks()
            between = [(a + k, b + k) for a, b, size in blocks for k in range(size)]
        else:
            between = list(_most_pairs(*rests))
        pairs += [(first[0] + a, first[1] + b) for a, b in between]
        if (i, j) != last:
            pairs.append((i, j))
        first = (i + 1, j + 1)
    return pairs


def _unique(one: Sequence[str], other: Sequence[str], first: Place, last: Place) -> list[Place]:
    """Places of lines that are once in both texts, the longest row of them that is in order."""
    counts = Counter(one[first[0] : last[0]]), Counter(other[first[1] : last[1]])
    at = {other[j]: j for j in range(first[1], last[1])}
    both = [
        (i, at[one[i]])
        for i in range(first[0], last[0])
        if counts[0][one[i]] == counts[1][one[i]] == 1
    ]
    ends: list[int] = []
    rows: list[tuple[Place, int]] = []  # a pair, and the place in `rows` of the one before it
    tops: list[int] = []
    for pair in both:
        length = bisect_left(ends, pair[1])
        rows.append((pair, tops[length - 1] if length else -1))
        ends[length : length + 1] = [pair[1]]
        tops[length : length + 1] = [len(rows) - 1]
    found: list[Place] = []
    place = tops[-1] if tops else -1
    while place >= 0:
        pair, place = rows[place]
        found.append(pair)
    return found[::-1]


def _most_pairs(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places of equal lines, in order: best[i][j] is the weight of what is left from i and j on."""
    best = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i in reversed(range(len(one))):
        row, below, line = best[i], best[i + 1], one[i]
        weight = _WEIGHT if line.strip() else 1
        for j in reversed(range(len(other))):
            if line == other[j]:
                row[j] = weight + below[j + 1]
            else:
                row[j] = max(below[j], row[j + 1])
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1


_WEIGHT = 10  # of a line with text, if that of a blank one is 1


def _as_marked(line: str) -> str:
    """A cell's fence, as a post with marked cells has it."""
    return re.sub(r"^(`{3,})python\b.*", r"\1{python}", line)


def _joined(lines: list[str], usual: str, old: str) -> str:
    """The lines with an end each; the last as it was in the old text."""
    ended = [line if _text(line) != line else line + usual for line in lines]
    text = "".join(ended)
    if ended and not old.endswith(("\n", "\r")):
        text = text[: len(text) - len(ended[-1])] + _text(ended[-1])
    return text
