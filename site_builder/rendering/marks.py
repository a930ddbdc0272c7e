"""A small mark in a sentence that says more when it is asked to.

In: what the mark is and what it says. Out: a button and what it opens, both fit for a sentence,
without a script: popovers open and close by themselves, also by keyboard.
"""

from __future__ import annotations

from html import escape


def note_mark(id_: str, sign: str, told: tuple[str, str], html: str, *, kind: str = "") -> str:
    """A button with this `sign` that opens the inline `html`.

    `told` is what that is about, and what the button is called.
    """
    classes = f"mark {kind}".rstrip()
    return (
        f'<button type="button" class="{classes}" popovertarget="{id_}"'
        f' aria-label="{escape(told[1])}">{sign}</button>'
        f'<span popover class="popover" id="{id_}" role="group" tabindex="0"'
        f' aria-label="{escape(told[0])}">{html}</span>'
    )
