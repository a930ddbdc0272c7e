"""How values show themselves: IPython's display protocols, without IPython.

In: any value. Out: a mime bundle, as `_repr_mimebundle_` and the single methods give it.
"""

from __future__ import annotations

import base64
import pprint
from collections.abc import Callable
from typing import Any

from site_builder.execution.child.streams import Capture, Entry

METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_latex_": "text/latex",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_json_": "application/json",
}


def mime_bundle(value: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """The representations of `value` and their metadata; `text/plain` is always there."""
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    if not isinstance(value, type):
        if callable(bundle := getattr(value, "_repr_mimebundle_", None)):
            data, metadata = _pair(bundle(include=None, exclude=None))
        for name, mime in METHODS.items():
            if mime not in data and callable(method := getattr(value, name, None)):
                shown, more = _pair(method())
                if shown is not None:
                    data[mime] = shown
                    metadata.update({mime: more} if more else {})
    data = {mime: _text(shown) for mime, shown in (data or {}).items()}
    if "text/plain" not in data:
        data["text/plain"] = _plain(value)
    return data, dict(metadata or {})


def _pair(returned: Any) -> tuple[Any, dict[str, Any]]:
    """Methods may return the data, or the data and its metadata."""
    if isinstance(returned, tuple) and len(returned) == 2:
        return returned[0], returned[1] or {}
    return returned, {}


def _text(shown: Any) -> Any:
    return base64.b64encode(shown).decode() if isinstance(shown, bytes) else shown


def _plain(value: object) -> str:
    if type(value) in (dict, list, tuple, set, frozenset):
        return pprint.pformat(value, width=80, sort_dicts=False, compact=True)
    return repr(value)


def display_entry(data: dict[str, Any], metadata: dict[str, Any]) -> Entry:
    """The entry of a capture that shows a mime bundle."""
    return {"kind": "display", "data": data, "metadata": metadata}


class DisplayHandle:
    """What `display(..., display_id=True)` gives: shows another value in the same place."""

    def __init__(self, display_id: str, update: Callable[[object], None]) -> None:
        self.display_id = display_id
        self.update = update


class Displayer:
    """`display` and `clear_output` of a post."""

    def __init__(self, capture: Capture, show_figure: Callable[[object], bool]) -> None:
        """`show_figure(value)` shows a matplotlib figure and says whether `value` is one."""
        self._capture = capture
        self._show_figure = show_figure
        self._by_id: dict[str, Entry] = {}

    def display(
        self,
        *values: object,
        raw: bool = False,
        metadata: dict[str, Any] | None = None,
        display_id: str | bool | None = None,
        **_: object,
    ) -> DisplayHandle | None:
        """Show values as rich as they can be; with `raw` they are mime bundles themselves."""
        entry: Entry | None = None
        for value in values:
            if raw and isinstance(value, dict):
                shown = {mime: _text(data) for mime, data in value.items()}
                entry = self._capture.display(display_entry(shown, metadata or {}))
            elif not self._show_figure(value):
                data, more = mime_bundle(value)
                entry = self._capture.display(display_entry(data, {**more, **(metadata or {})}))
        if not display_id or entry is None:
            return None
        name = display_id if isinstance(display_id, str) else f"display-{len(self._by_id) + 1}"
        self._by_id[name] = entry
        return DisplayHandle(name, lambda value: self.update(value, display_id=name))

    def update(self, value: object, *, display_id: str) -> None:
        """Show `value` in place of what was displayed under this id."""
        entry = self._by_id[display_id]
        entry["data"], entry["metadata"] = mime_bundle(value)

    def clear_output(self, wait: bool = False) -> None:
        """Forget what the cell has put out so far; with `wait` only when more comes."""
        self._capture.clear(wait=wait)
