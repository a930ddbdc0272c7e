"""Addresses in messages without what may be secret in them.

In: a text that another program told. Out: the same without names, passwords and tokens before the
host of addresses. Promise: also of a password that should have been escaped, and was not.
"""

from __future__ import annotations

import re


def redacted(text: str) -> str:
    """The text without what stands before the host in addresses: names, passwords, tokens."""
    return _USER.sub(r"\1", text)


_USER = re.compile(
    r"""(\b[\w+.-]+://)
    (?: [^/\s:'"]*:(?!\d*/)[^\s'"]*  # a password, which may have slashes; a port is none
    | [^/\s'"]*
    )@""",
    re.VERBOSE,
)
