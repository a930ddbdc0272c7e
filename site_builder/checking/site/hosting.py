"""What hosts read of a made site, and how much of it they read at most.

In: a made site. Out: problems of `_redirects` and `_headers`. Promise: what is told of is what
Cloudflare Pages documents that it passes over; other hosts read more.
"""

from __future__ import annotations

from collections.abc import Iterator

from site_builder.checking.site.made import MadeSite
from site_builder.errors import Problem

_REDIRECTS, _PATTERNS, _REDIRECT = 2_000, 100, 1_000
_RULES, _LINE = 100, 2_000


def host_problems(made: MadeSite) -> Iterator[Problem]:
    """What of the files for hosts one of them would not read."""
    for path, limits in (("_redirects", _redirect_limits), ("_headers", _header_limits)):
        if path in made.files:
            text = made.files[path].make().decode("utf-8", "replace")
            lines = [line for line in text.splitlines() if line.strip() and line[0] != "#"]
            for what in limits(lines):
                help_ = "the author's part of it is in static/; other hosts read more"
                message = f"{path} has {what}, the rest of which Cloudflare Pages does not read"
                yield Problem(message, f"static/{path}", help=help_, code="F114")


def _redirect_limits(lines: list[str]) -> Iterator[str]:
    patterns = sum("*" in line.split()[0] or "/:" in line.split()[0] for line in lines)
    if len(lines) - patterns > _REDIRECTS:
        yield f"more than {_REDIRECTS:,} redirects"
    if patterns > _PATTERNS:
        yield f"more than {_PATTERNS} redirects with * or :"
    if any(len(line) > _REDIRECT for line in lines):
        yield f"a line of more than {_REDIRECT:,} characters"


def _header_limits(lines: list[str]) -> Iterator[str]:
    if sum(line.startswith(("/", "https:")) for line in lines) > _RULES:
        yield f"more than {_RULES} rules"
    if any(len(line) > _LINE for line in lines):
        yield f"a line of more than {_LINE:,} characters"
