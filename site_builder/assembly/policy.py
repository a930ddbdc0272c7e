"""What browsers may load on a page: the Content Security Policy, and the one inline script.

In: the theme's inline script. Out: the script as pages carry it, and a policy that lets it run and
no other. Promise: nothing is allowed that comes from elsewhere, unless the settings name it.
"""

from __future__ import annotations

import base64
import hashlib
import re

from site_builder.settings.machines import KEYWORDS, Policy

# Directive, what it allows on every site, and the field of the settings that adds to it.
_DIRECTIVES = (
    ("default-src", ("'none'",), ""),
    ("img-src", ("'self'", "data:"), "images"),
    ("style-src", ("'self'",), "styles"),
    ("script-src", ("'self'",), "scripts"),
    ("connect-src", ("'self'",), "connections"),
    ("font-src", ("'self'",), "fonts"),
    ("media-src", ("'self'",), "media"),
    ("frame-src", (), "frames"),
    ("form-action", ("'self'",), "forms"),
    ("base-uri", ("'none'",), ""),
)


def policy(script: str, more: Policy) -> str:
    """The policy of all pages of a site, for the meta element.

    `script` is the inline script, `more` what the settings allow beside what is the site's own.
    """
    directives = []
    for name, always, field in _DIRECTIVES:
        sources = [*always, *(map(_source, getattr(more, field)) if field else ())]
        # Beside a hash browsers would not heed it.
        if name == "script-src" and script and _ANY_INLINE not in sources:
            sources.append(_hash_source(script))
        if sources:
            directives.append(" ".join([name, *dict.fromkeys(sources)]))
    return "; ".join(directives)


def header_policy(meta: str, more: Policy) -> str:
    """The same policy for a header, where also counts who may show the pages in a frame.

    It holds for all files, and figures that a reader opens by themselves have styles inside: these
    it allows. Pages go on forbidding them, since both policies must allow what is done.
    """
    ancestors = "'self'" if _SELF in more.frames else "'none'"
    styles = f"style-src {_ANY_INLINE} "
    return f"{meta.replace('style-src ', styles, 1)}; frame-ancestors {ancestors}"


_SELF = "self"
_ANY_INLINE = "'unsafe-inline'"


_KEYWORDS = {word for words in KEYWORDS.values() for word in words if ":" not in word}


def _source(written: str) -> str:
    return f"'{written}'" if written in _KEYWORDS else written


def _hash_source(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def squeezed(script: str) -> str:
    """A script without indentation, empty lines, and comments that begin a line.

    A script with a text over several lines (between backticks) is left as it is: white space means
    something there.
    """
    if any(line.count("`") % 2 for line in script.split("\n")):
        return script.strip()
    bare = _COMMENT.sub("", script)
    return "\n".join(line.strip() for line in bare.split("\n") if line.strip())


_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*.*?\*/)", re.DOTALL | re.MULTILINE)
_ENDING = re.compile(r"</script|<!--", re.IGNORECASE)


def ending(script: str) -> re.Match[str] | None:
    """Where an inline script has what would end its element, or change how that is read."""
    return _ENDING.search(script)
