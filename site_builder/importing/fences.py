"""Fences of posts that are made of other files.

In: code, or Markdown whose fences do not run. Out: Markdown of which a build runs the same.
"""

from __future__ import annotations

import re

from site_builder.content.fences import find_fences
from site_builder.content.markdown import parse_markdown
from site_builder.model.post import Source


def fenced(code: str, info: str) -> str:
    """Code in a fence that is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{info}\n{code}\n{fence}"


def shown_only(text: str) -> str:
    """Markdown whose fences of Python are marked, so that they are shown and do not run."""
    if "```" not in text:
        return text
    tokens, _ = parse_markdown(text, 1)
    lines = text.split("\n")
    for fence in find_fences(Source("", text), tokens):
        if fence.kind == "plain":
            lines[fence.line - 1] = lines[fence.line - 1].rstrip() + " .noeval"
    return "\n".join(lines)
