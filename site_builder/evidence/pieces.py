"""What a page shows, piece by piece, whatever theme is around it.

In: the HTML of a post's body, or of the page that it was published in. Out: the texts of its
pieces; their digests; the names of those that are not what they were. Promise: what a host may do
to HTML without changing what readers see, such as leaving out blanks, quotation marks and comments,
changes nothing here.

A page needs no marks for this. Cells, values and claims are found by the names that they have on
every page; the body is known by its words, which stand on its page one after the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from site_builder.store import digest_of

BODY = "body"
"""The name of the piece that is the whole text."""
_FIRST = 12  # words by which the beginning of a body is found


def pieces(html: str) -> dict[str, str]:
    """Text of each piece by its name: all outputs of a cell (`cell-3`), values, claims, `body`.

    Values and claims are named by their ids, `value-2` and `claim-4` unless the author chose
    another one, claims of cells by that of the cell. The text of a picture is what it shows, in
    words, and the name of its file. Left out is the text of links inside the site: that depends on
    other posts. The body of a whole page is all of its text.
    """
    root = _read(html)
    if root is None:
        return {BODY: ""}
    within = {node.mem_id for node in root.css(_WITHIN_THEIR_LIKE)}
    found: dict[str, list[str]] = {}
    for node in root.css(", ".join(_PIECES)):
        name = _name(node)
        if name and node.mem_id not in within:
            found.setdefault(name, []).append(_text(node))
    return {**{name: " ".join(texts) for name, texts in found.items()}, BODY: _text(root)}


def shown_digests(body: str) -> dict[str, str]:
    """What a record says of the pieces of a post's body (HTML).

    SHA-256 of the text of each; for the body its number of words, and in front of the digest of all
    of them that of the first.
    """
    texts = pieces(body)
    words = texts.pop(BODY).split()
    shown = {name: _digest(text) for name, text in texts.items()}
    shown[BODY] = f"{len(words)} {_digest(' '.join(words[:_FIRST]))} {_digest(' '.join(words))}"
    return shown


def altered_pieces(shown: Mapping[str, str], texts: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the pieces of a page that it does not show as its record says.

    `body` comes last: it is altered whenever any of the text is. `texts` are the page's pieces.
    """
    altered = [
        name
        for name, digest in shown.items()
        if name != BODY and (name not in texts or _digest(texts[name]) != digest)
    ]
    if BODY in shown and not _holds(texts[BODY].split(), shown[BODY]):
        altered.append(BODY)
    return tuple(altered)


_PIECES = (".output[aria-label]", ".value[id]", ".claim[id]")
# No page of ours has these; a page that has a thousand, each in the next, would take an hour.
_WITHIN_THEIR_LIKE = ", ".join(f"{piece} {piece}" for piece in _PIECES)
_DEEPEST = 1_000  # elements in each other; browsers give up at half of that
_FEW_TAGS = 10_000  # of which no nesting takes long
_CODE = re.compile(r"<(script|style)\b(?:.*?</\1|.*)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
# Those that need no end tag are ended by the parser.
_UNENDED = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
    *("track", "wbr", "body", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option"),
    *("p", "rp", "rt", "tbody", "td", "tfoot", "th", "thead", "tr"),
}
_OUTSIDE = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:|//)")
_NUMBER = re.compile(r"(\d+)\D*\Z")


def _read(html: str) -> LexborNode | None:
    """The HTML as a tree, without what readers do not see or other posts decide."""
    if _is_too_deep(html):
        return None
    tree = LexborHTMLParser(html)
    root = tree.body
    if root is None:
        return None
    if "<!--" in html:
        for comment in [node for node in root.traverse(include_text=True) if node.is_comment_node]:
            comment.decompose()
        root.merge_text_nodes()
    # The words of a formula may be the number of another one; its TeX is beside it.
    tree.strip_tags(["script", "style", "template", "mtext"])
    for link in root.css("a[href]"):
        inside = not _OUTSIDE.match(link.attributes["href"] or "")
        # A link that holds a value has a text of the author's.
        if inside and link.css_first(".value, .claim") is None:
            _replace(link, "".join(map(_picture_text, link.css("img"))))
    for image in root.css("img"):
        _replace(image, _picture_text(image))
    return root


def _is_too_deep(html: str) -> bool:
    """Whether so many elements are in each other that a parser would take minutes."""
    if html.count("<") <= _FEW_TAGS:
        return False
    depth = 0
    for end, name in _TAG.findall(_CODE.sub("", html)):
        if name.lower() not in _UNENDED:
            depth = max(0, depth - 1) if end else depth + 1
            if depth > _DEEPEST:
                return True
    return False


def _replace(node: LexborNode, text: str) -> None:
    if text:
        node.replace_with(text)
    else:
        node.decompose()


def _picture_text(image: LexborNode) -> str:
    attributes = image.attributes
    name = (attributes.get("src") or "").rpartition("/")[2]
    return f" {attributes.get('alt') or ''} {name} "


def _name(node: LexborNode) -> str:
    attributes = node.attributes
    if "output" in (attributes.get("class") or "").split():
        number = _NUMBER.search(attributes.get("aria-label") or "")
        return f"cell-{number[1]}" if number else ""
    return attributes["id"] or ""


def _text(node: LexborNode) -> str:
    """Its words with one blank between them: where tags are, hosts leave blanks out or put some."""
    text = node.text(deep=True, separator=" ")
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _holds(words: list[str], shown: str) -> bool:
    """Whether the words of a page hold those of a body, one after the other."""
    told = _SHOWN_BODY.fullmatch(shown)
    if not told:
        return False  # a record that somebody else has written
    number, first, all_ = int(told[1]), told[2], told[3]
    few = min(number, _FIRST)
    starts = (
        start
        for start in range(len(words) - number + 1)
        if _digest(" ".join(words[start : start + few])) == first
    )
    return any(
        _digest(" ".join(words[start : start + number])) == all_
        for start in islice(starts, _MOST_STARTS)
    )


_SHOWN_BODY = re.compile(r"(\d{1,9}) ([0-9a-f]{64}) ([0-9a-f]{64})")
_MOST_STARTS = 100


def _digest(text: str) -> str:
    return digest_of(text.encode("utf-8", "surrogatepass"))
