"""Pages as the preview shows them: with the client's script, and pages of our own.

In: a page as it is built. Out: the page with one script, and with a policy that lets it run.
Promise: nothing else of the page changes; what its policy forbids the author stays forbidden.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from site_builder.diagnostics.layout import full_text
from site_builder.errors import Problem

OWN = "__site-builder/"  # what the server itself answers is below this
SCRIPT = f"{OWN}live.js"
STYLE = f"{OWN}live.css"
_FOLDER = Path(__file__).parent / "client"
# In this order; each defines what the next needs.
_SCRIPTS = ("patch.js", "panel.js", "marks.js", "live.js")

_TAG = r"(?:[^<>\"']|\"[^\"]*\"|'[^']*')*"
_END_OF_HEAD = re.compile(rb"</head\s*>", re.IGNORECASE)
_POLICY = re.compile(
    rf"<meta\b(?={_TAG}\bhttp-equiv\s*=\s*[\"']?content-security-policy\b){_TAG}>", re.IGNORECASE
)
_CONTENT = re.compile(r"""\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
# Elements that show another file, and the attributes that name it.
_SHOWING = re.compile(
    rf"<(?:img|source|video|audio|object|embed|iframe|track|image|link)\b({_TAG})>", re.IGNORECASE
)
_NAMING = re.compile(
    r"""(?<![\w-])(?:src|srcset|poster|data|href)\s*=\s*["']([^"']+)["']""", re.IGNORECASE
)
_LEADING = re.compile(r"""\brel\s*=\s*["']?(?!["']|stylesheet|icon|preload)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Script:
    """What the page says to the client's script."""

    base: str
    """The path that the site is below."""
    origin: str
    """The address of the server, such as `http://127.0.0.1:8000`."""
    digest: str
    """That of the page, as the client hears of it when the page changes."""


def with_script(page: bytes, script: Script) -> bytes:
    """Put the client's script into a page, before the end of its head."""
    source = html.escape(quote(f"{script.base}{SCRIPT}"))
    element = f'<script src="{source}" data-digest="{script.digest}" defer></script>'.encode()
    found = _END_OF_HEAD.search(page)
    if found is None:
        return page + element
    head = page[: found.start()]
    text = _POLICY.sub(
        lambda meta: _permitted(meta[0], script), head.decode("utf-8", "surrogateescape")
    )
    head = text.encode("utf-8", "surrogateescape")
    return head + element + page[found.start() :]


def _permitted(meta: str, script: Script) -> str:
    """A policy that lets the client's own files through, and nothing else."""

    def permit(content: re.Match[str]) -> str:
        policy = html.unescape(content[1] if content[1] is not None else content[2])
        return f'content="{html.escape(_amended(policy, script), quote=False)}"'

    return _CONTENT.sub(permit, meta, count=1)


def _amended(policy: str, script: Script) -> str:
    directives = {
        words[0].lower(): words[1:]
        for words in map(str.split, reversed(policy.split(";")))  # of two the first counts
        if words
    }
    directives = dict(reversed(directives.items()))
    # A path, not 'self': a script of the author's that the built page would block stays blocked.
    # A policy cannot name an address such as [::1].
    exact = "[" not in script.origin
    needs = {
        "script-src": f"{script.origin}{quote(script.base + SCRIPT)}" if exact else "'self'",
        "style-src": f"{script.origin}{quote(script.base + STYLE)}" if exact else "'self'",
        "connect-src": "'self'",
    }
    amended = dict(directives)
    for name, source in needs.items():
        for directive in (name, f"{name}-elem"):
            sources = directives.get(directive)
            if sources is None and directive == name:
                sources = directives.get("default-src")
            if sources is not None and "'self'" not in sources:
                kept = [word for word in sources if word.lower() != "'none'"]
                amended[directive] = [*kept, source]
    return "; ".join(" ".join([name, *words]) for name, words in amended.items())


def shown_in(page: bytes) -> tuple[str, ...]:
    """The addresses of the files that a page shows: images, style sheets, videos, frames."""
    found: dict[str, None] = {}
    for element in _SHOWING.finditer(page.decode("utf-8", "replace")):
        if element[0][:5].lower() == "<link" and _LEADING.search(element[1]):
            continue
        for value in _NAMING.findall(element[1]):
            for address in html.unescape(value).split(","):  # srcset names several
                found |= dict.fromkeys(address.split()[:1])
    return tuple(found)


def own_page(title: str, text: str, base: str, problems: Sequence[Problem] = ()) -> bytes:
    """A page of the preview's own, in place of one that the site does not have now."""
    told = "\n\n".join(html.escape(full_text(problem, "error")) for problem in problems)
    told = told and f"<noscript><pre>{told}</pre></noscript>\n"  # the script has a panel for it
    style = html.escape(quote(f"{base}{STYLE}"))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>{html.escape(title)}</title>\n<link rel="stylesheet" href="{style}">\n</head>\n'
        f'<body class="site-builder">\n<main>\n<h1>{html.escape(title)}</h1>\n'
        f"<p>{html.escape(text)}</p>\n{told}"
        "</main>\n</body>\n</html>\n"
    ).encode()


@cache
def client_script() -> bytes:
    """The client's script: its parts in a function of their own, so that they name nothing else."""
    parts = [(_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return '(() => {{\n"use strict";\n{}}})();\n'.format("\n".join(parts)).encode()


@cache
def client_style() -> bytes:
    """The style sheet of the panel and of our own pages."""
    return (_FOLDER / "live.css").read_bytes()


@cache
def client_digest() -> str:
    """Changes with the client, so that a page notices that its own is old."""
    return hashlib.sha256(client_script() + client_style()).hexdigest()[:20]
