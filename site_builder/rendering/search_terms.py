"""The terms that a page is found by, each with a weight, and how a text becomes terms at all.

In: a post's tokens, its title, summary and tags. Out: its terms, in parts by how they begin.
Promise: of the same text the search page's script makes the same terms, but
for parts of names (`grad` of `softmax_grad`), which only the index has.

A term is a word in small letters without accents, digits, a name of code with its underscores, or
a TeX command with its backslash. In scripts without spaces every two characters are a term, and
every single one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from markdown_it.token import Token

from site_builder.model.post import Cell, Post

PARTS = 64
"""Parts of a page's terms by how they begin."""
FIRSTS = 16
"""What begins with the same character is in parts of the same number modulo this."""
LONGEST = 40
"""Characters of the longest term: what is longer is data."""
SPACELESS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30fa\u30fc-\u9fff\uf900-\ufaff"
)
"""Thai, Lao, Burmese, Khmer, Japanese and Chinese, but for rare characters."""
LETTERS = "ßss æae œoe øo łl đd ıi ςσ"
"""Letters that are no accented others, each with what it is taken for."""

_TERM = re.compile(r"\\[a-z]+|[^\W_]+(?:_+[^\W_]+)*")
_RUN = re.compile(f"([{SPACELESS}]+)")
# Looks back after a capital is found, which few letters are.
_HUMP = re.compile(r"[A-Z](?<=[A-Za-z0-9].)[a-z]+")
_LETTERS = {pair[0]: pair[1:] for pair in LETTERS.split()}
_TITLE, _TAG, _HEADING, _BODY = 14, 8, 5, 8  # what a term can have of each: 35 at most
_PROSE = 2  # how often a word counts in prose, where code and TeX count once


@dataclass(slots=True)
class Texts:
    """What there is to find in a post, by kind."""

    title: str
    tags: tuple[str, ...]
    headings: list[str] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    """Also TeX."""


def page_terms(texts: Texts) -> str:
    """The terms of a page, in an order that only depends on them.

    A line for each part: its terms, each with its weight as one digit in base 36.
    """
    parts: list[list[str]] = [[] for _ in range(PARTS)]
    weights = _weights(texts)
    for term in sorted(weights):
        parts[bucket(term[:3]) % PARTS].append(term + _DIGITS[weights[term]])
    return "\n".join([" ".join(part) for part in parts])


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def terms(text: str) -> Iterator[str]:
    """The terms of a text in order, as the script makes them of what a reader types."""
    for word in _TERM.findall(fold(text)):
        yield from (word,) if word.isascii() else _spaceless(word)


def _spaceless(word: str) -> Iterator[str]:
    """The terms of a word that may have parts in scripts without spaces."""
    for place, run in enumerate(_RUN.split(word)):
        if place % 2 and len(run) > 1:
            yield from map("".join, pairwise(run))
        elif run:
            yield run


def fold(text: str) -> str:
    """Small letters without accents, ligatures and the like."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text).lower()
    changed = {
        ord(letter): _LETTERS.get(letter, "")
        for letter in set(text)
        if letter in _LETTERS or unicodedata.category(letter)[0] == "M"
    }
    return text.translate(changed) if changed else text


@lru_cache(maxsize=65_536)
def bucket(beginning: str) -> int:
    """A number from 0 to 255 for the up to three characters that a term begins with.

    Modulo FIRSTS it depends on the first one only.
    """
    return _code(beginning[0]) + _code(beginning) * FIRSTS


def _code(letters: str) -> int:
    # Chosen so that the letters that most words begin with are not together.
    number = 0
    for letter in letters:
        number = (number + ord(letter)) * 24 % 71
    return number % FIRSTS


def _weights(texts: Texts) -> dict[str, int]:
    """The weight of each term, from 1 to 35."""
    uses = _counted("\n".join(texts.code))
    for term, count in _counted("\n".join(texts.prose)).items():
        uses[term] = uses.get(term, 0) + count * _PROSE
    # A few words more change no weight: what an edit changes is what is made anew.
    patience = 4 + uses.total().bit_length() // 2
    weights = {term: 1 + _BODY * count // (count + patience) for term, count in uses.items()}
    for text, most in (
        (" ".join(texts.headings), _HEADING),
        (" ".join(texts.tags), _TAG),
        (texts.title, _TITLE),
    ):
        for term in _counted(text):
            weights[term] = weights.get(term, 0) + most
    return weights


def _counted(text: str) -> Counter[str]:
    """The terms of a text and the parts of those that are names, with their numbers."""
    counted = _terms_of(fold(text))
    for word in [x for x in counted if not (x.isalnum() and x.isascii()) or len(x) > LONGEST]:
        count = counted[word]
        if not word.isascii():
            del counted[word]
            for term in _spaceless(word):
                if len(term) <= LONGEST:
                    counted[term] += count
                if _RUN.match(term):
                    counted.update(dict.fromkeys(term, count))
        elif len(word) > LONGEST:
            del counted[word]
        elif word[0] == "\\":
            counted[word[1:]] += count
        else:
            counted.update(dict.fromkeys(filter(None, word.split("_")), count))
    # The first part of a name such as LayerNorm is how it begins, which is found as such.
    counted.update(map(str.lower, _HUMP.findall(text)))
    return counted


def _terms_of(folded: str) -> Counter[str]:
    """What `_TERM` finds, with their numbers; if that is all ASCII, in a third of its time."""
    if not folded.isascii():
        return Counter(_TERM.findall(folded))
    counted = Counter(folded.replace("\\", " \\").translate(_APART).split())
    for word in [x for x in counted if not x.isalnum()]:
        count = counted.pop(word)
        for term in _TERM.findall(word):
            counted[term] += count
    return counted


_APART = "".join(x if x.isalnum() or x in "_\\" else " " for x in map(chr, range(128)))


def post_texts(post: Post, title: str, summary: str, tokens: Sequence[Token]) -> Texts:
    """What there is to find in a post as readers see it, but for what its cells put out.

    In its tokens values are filled in.
    """
    texts = Texts(title, post.front_matter.tags, prose=[summary])
    for index, token in enumerate(tokens):
        if token.type == "inline":
            heading = index and tokens[index - 1].type == "heading_open"
            words = _inline(token.children or (), texts)
            texts.prose.append(words)
            if heading:
                texts.headings.append(words)
        elif "cell" in token.meta:
            _cell(post.cells[token.meta["cell"] - 1], texts)
        elif token.type in ("fence", "code_block", "maths_block"):
            texts.code.append(token.content)
        elif token.type == "html_block":
            texts.prose.append(_TAGS.sub(" ", token.content))
    return texts


_TAGS = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1[^>]*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)


def _cell(cell: Cell, texts: Texts) -> None:
    options = cell.options
    if options.include:
        texts.prose += (*options.fig_cap, options.tbl_cap, options.claim)
        if options.echo:
            texts.code.append(cell.code)


def _inline(tokens: Iterable[Token], texts: Texts) -> str:
    """The words of inline tokens; formulas go to where TeX is."""
    words = []
    for token in tokens:
        if token.type in ("text", "code_inline"):
            words.append(token.content)
        elif token.type == "maths_inline":
            texts.code.append(token.content)
            words.append(" ")
        elif token.type == "image":
            words.append(_inline(token.children or (), texts))
        elif token.type == "value":
            words.append(token.meta.get("text", ""))
        elif token.type in ("softbreak", "hardbreak"):
            words.append(" ")
    return "".join(words)
