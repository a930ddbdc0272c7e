"""Tables that pandas wrote, as a page can show them.

In: the HTML of a value. Out: the same without inline styles and obsolete attributes, its header
cells saying what they head. Promise: what stands between the tags does not change.
"""

from __future__ import annotations

import re

_TAG = re.compile(r"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_DROPPED = re.compile(r"""\s(?:style|border|halign|valign)\s*=\s*(?:"[^"]*"|'[^']*')""")
_STYLE = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)
_EMPTY = re.compile(r"<th([^>]*)></th>")


def is_dataframe(html: str) -> bool:
    """Whether pandas wrote it."""
    return 'class="dataframe"' in html


def dataframe_html(html: str) -> str:
    """The table for a page that allows no inline styles."""
    html = _STYLE.sub("", html)
    html = _TAG.sub(lambda tag: _DROPPED.sub("", tag[0]), html)
    html = _EMPTY.sub(r"<td\1></td>", html)  # a corner heads nothing
    head, end, body = html.partition("</thead>")
    return _scoped(head, "col") + end + _scoped(body, "row")


def _scoped(html: str, scope: str) -> str:
    span = f"{scope}span"

    def scoped(tag: re.Match[str]) -> str:
        return f'<th scope="{scope}{"group" if span in tag[1] else ""}"{tag[1]}>'

    return re.sub(r"<th(?!\w)([^>]*)>", scoped, html)
