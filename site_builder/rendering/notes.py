"""Footnotes, moved to where they are read: each right after the paragraph that refers to it.

In: the tokens of a post, with all notes in a block at the end, as Markdown has it. Out: the same
tokens with each note behind its first reference, so that wide pages can show it in the margin; or
with all of them at the end, marked as such.
"""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

_CARRIERS = ("paragraph_close", "heading_close", "table_close")


def place_notes(tokens: Sequence[Token]) -> list[Token]:
    """Move the notes; tokens without notes are returned as they are."""
    start = next((n for n, t in enumerate(tokens) if t.type == "footnote_block_open"), None)
    if start is None:
        return list(tokens)
    body, notes = list(tokens[:start]), _notes(tokens[start + 1 : -1])
    placed: list[Token] = []
    waiting: list[int] = []
    for token in body:
        placed.append(token)
        if token.type == "inline":
            waiting += _referred(token)
        elif waiting and token.type in _CARRIERS and not _in_table(placed):
            for number in waiting:
                # A note that is referred to again stands at its first place.
                placed += notes.pop(number, [])
            waiting = []
    for rest in notes.values():  # referred to from a note, or from nowhere that is shown
        placed += rest
    return placed


def end_notes(tokens: Sequence[Token]) -> list[Token]:
    """Keep the notes together: at the end, but before the works that the post cites."""
    start = next((n for n, t in enumerate(tokens) if t.type == "footnote_block_open"), None)
    if start is None:
        return list(tokens)
    stop = next(n for n, t in enumerate(tokens) if t.type == "footnote_block_close") + 1
    notes = [_at_end(token) for token in tokens[start:stop]]
    rest = [*tokens[:start], *tokens[stop:]]
    place = next((n for n, t in enumerate(rest) if t.type == "references"), len(rest))
    if place < len(rest) and rest[place - 1].type == "heading_close":
        place -= 3  # the heading belongs to what follows it
    return [*rest[:place], *notes, *rest[place:]]


def _at_end(token: Token) -> Token:
    if not token.type.startswith("footnote_"):
        return token
    return token.copy(meta={**token.meta, "at_end": True})


def _notes(tokens: Sequence[Token]) -> dict[int, list[Token]]:
    notes: dict[int, list[Token]] = {}
    number = 0
    for token in tokens:
        if token.type == "footnote_open":
            number = token.meta["id"]
        notes.setdefault(number, []).append(token)
    return notes


def _referred(token: Token) -> list[int]:
    return [child.meta["id"] for child in token.children or () if child.type == "footnote_ref"]


def _in_table(placed: Sequence[Token]) -> bool:
    for token in reversed(placed):
        if token.type == "table_open":
            return True
        if token.type == "table_close" or token.level == 0:
            return False
    return False
