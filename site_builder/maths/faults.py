"""What is wrong with a formula, and where in the author's text.

In: an offset in the author's TeX. Out: the one exception that this package raises.
"""

from __future__ import annotations


class MathsError(Exception):
    """A formula that cannot be shown as its author meant it."""

    def __init__(
        self, message: str, offset: int, *, width: int = 1, help: str = "", code: str = "T005"
    ) -> None:
        super().__init__(message)
        self.message = message
        """What is wrong, in one sentence without a full stop."""
        self.offset = offset
        """Characters of the author's TeX before the fault, from 0."""
        self.width = width
        """How many characters are at fault."""
        self.help = help
        """What to do about it; empty if that is obvious."""
        self.code = code
        """What kind of mistake it is."""
