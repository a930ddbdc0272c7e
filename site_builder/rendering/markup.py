"""Attributes of HTML elements.

In: values as they are. Out: text of a start tag, in which nothing of a value is markup.
"""

from __future__ import annotations

from html import escape

from markdown_it.token import Token


def attribute(name: str, value: object, *, empty: bool = False) -> str:
    """Write an attribute with a space before it; nothing if it has no value, unless `empty`."""
    return f' {name}="{escape(str(value))}"' if value or empty else ""


def alignment(token: Token) -> str:
    """A column's alignment as a class: a strict policy forbids style attributes."""
    return attribute("class", str(token.attrs.get("style", "")).removeprefix("text-align:"))


def kept(token: Token, *names: str) -> dict[str, str]:
    """Those attributes of a token that are named and have a value."""
    return {name: str(token.attrs[name]) for name in names if token.attrs.get(name)}
