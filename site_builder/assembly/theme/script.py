"""Scripts of a theme as readers load them: without what means nothing.

In: a script as people read it. Out: the same without comments, indentation and spaces around
signs. Promise: where the end of a line can end a statement it stays, and texts and patterns keep
every character, so that the script does the same.
"""

from __future__ import annotations

import re

# What stays as it is: texts, and patterns, which stand where no division can.
_KEPT = r"""
    (?P<kept>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`
    |(?<=[(,=:?&|!\[{};>])[ ]*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
"""
_COMMENTS = re.compile(rf"{_KEPT}|//[^\n]*|/\*.*?\*/", re.VERBOSE | re.DOTALL)
_SPACES = re.compile(
    rf"""{_KEPT}
    |[ \t]*(?P<before_more>=>|[({{\[,;=&|?:])\s*
    |[ \t]*(?P<sign>[])}}<>*/%!.]|(?<!\+\s)\+(?!\s*\+)|(?<!-\s)-(?!\s*-))[ \t]*
    |\s*\n\s*(?P<going_on>[.?:|&])[ \t]*
    |\s*(?P<end>\n)\s*
    """,
    re.VERBOSE | re.DOTALL,
)


def tightened(script: str) -> str:
    """The script without comments, indentation, empty lines and spaces around most signs."""
    bare = _COMMENTS.sub(lambda found: found["kept"] or " ", script)
    return _SPACES.sub(lambda found: found[found.lastgroup or 0].lstrip(" "), bare).strip()
