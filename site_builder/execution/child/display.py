"""How values show themselves: IPython's display protocols, without IPython.

In: any value. Out: a mime bundle, as `_repr_mimebundle_` and the single methods give it; only text
and what JSON can hold, so that it can cross to the builder.
"""

from __future__ import annotations

import base64
import json
import re
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
    if not isinstance(value, type) and not _answers_anything(value):
        given, more = _pair(_call(value, "_repr_mimebundle_", include=None, exclude=None))
        data, metadata = dict(given or {}), dict(more)
        for name, mime in METHODS.items():
            if mime not in data:
                data[mime], more = _pair(_call(value, name))
                metadata.update({mime: more} if more else {})
    if data.get("text/plain") is None:
        data["text/plain"] = _plain(value)
    return _portable(data), metadata if _is_json(metadata) else {}


def _answers_anything(value: object) -> bool:
    """Whether a value, such as a mock, has every method that it is asked for."""
    return callable(getattr(value, "_ipython_canary_method_should_not_exist_", None))


def _shows_itself(value: object) -> bool:
    """Call `_ipython_display_` if a value has it; whether that showed the value."""
    own = getattr(value, "_ipython_display_", None)
    if not callable(own) or _answers_anything(value) or isinstance(value, type):
        return False
    try:
        own()
    except NotImplementedError:
        return False
    return True


def _call(value: object, name: str, **arguments: object) -> Any:
    """What the method gives; None if there is none, or it says that it has nothing to show."""
    method = getattr(value, name, None)
    if not callable(method):
        return None
    try:
        return method(**arguments)
    except NotImplementedError:
        return None


def _pair(returned: Any) -> tuple[Any, dict[str, Any]]:
    """Methods may return the data, or the data and its metadata."""
    if isinstance(returned, tuple) and len(returned) == 2:
        return returned[0], returned[1] or {}
    return returned, {}


def _portable(data: dict[str, Any]) -> dict[str, Any]:
    return {str(mime): _text(mime, shown) for mime, shown in data.items() if shown is not None}


def _text(mime: str, shown: Any) -> Any:
    if isinstance(shown, bytes):
        if mime.startswith("text/") or mime.endswith("xml"):
            return shown.decode(errors="backslashreplace")
        return base64.b64encode(shown).decode()
    if isinstance(shown, str):
        return clean(shown)
    return shown if _is_json(shown) else clean(str(shown))


def clean(text: str) -> str:
    r"""Text without lone surrogates, which no file can hold: `\ud800` is written out."""
    return text.encode(errors="backslashreplace").decode()


def _is_json(value: object) -> bool:
    try:
        json.dumps(value).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _plain(value: object) -> str:
    if type(value) not in (dict, list, tuple, set, frozenset):
        return without_address(repr(value))
    import pprint

    return without_address(pprint.pformat(value, width=80, sort_dicts=False, compact=True))


def without_address(text: str) -> str:
    """`<C object at 0x7f3a…>` would be different in each run, and says nothing."""
    return re.sub(r"\bat 0x[0-9a-fA-F]{6,16}\b", "at 0x…", text) if " at 0x" in text else text


def display_entry(data: dict[str, Any], metadata: dict[str, Any]) -> Entry:
    """The entry of a capture that shows a mime bundle."""
    return {"kind": "display", "data": data, "metadata": metadata}


class DisplayHandle:
    """What `display(..., display_id=True)` gives: shows another value in the same place."""

    def __init__(self, display_id: str, displayer: Displayer) -> None:
        self.display_id = display_id
        self._displayer = displayer

    def display(self, value: object, **more: Any) -> None:
        """Show a value that `update` can replace later."""
        self._displayer.display(value, display_id=self.display_id, **more)

    def update(self, value: object, **more: Any) -> None:
        """Show another value in its place."""
        self._displayer.update(value, display_id=self.display_id, **more)


class Displayer:
    """`display`, `update_display` and `clear_output` of a post."""

    def __init__(self, capture: Capture, figure_entry: Callable[[object], Entry | None]) -> None:
        """`figure_entry(value)` is the entry of a matplotlib figure, None of any other value."""
        self._capture = capture
        self._figure_entry = figure_entry
        self._by_id: dict[str, list[Entry]] = {}
        self._tables = 0

    def display(
        self,
        *values: object,
        raw: bool = False,
        metadata: dict[str, Any] | None = None,
        display_id: str | bool | None = None,
        update: bool = False,
        clear: bool = False,
        **_: object,
    ) -> DisplayHandle | None:
        """Show values as rich as they can be; with `raw` they are mime bundles themselves."""
        name = f"display-{len(self._by_id) + 1}" if display_id is True else display_id or ""
        if clear:
            self.clear_output(wait=True)
        for value in values:
            if not raw and _shows_itself(value):
                continue
            entry = self._entry(value, metadata or {}, raw=raw)
            if update and name:
                self._replace(entry, name)
                continue
            self._capture.display(entry)
            if name:
                entry["id"] = name
                self._by_id.setdefault(name, []).append(entry)
        if not name:
            return None
        self._by_id.setdefault(name, [])
        return DisplayHandle(name, self)

    def update(self, value: object, *, display_id: str, **more: Any) -> None:
        """Show `value` in place of what was displayed under this id."""
        self.display(value, **{**more, "display_id": display_id, "update": True})

    def clear_output(self, wait: bool = False) -> None:
        """Forget what the cell has put out so far; with `wait` only when more comes."""
        self._capture.clear(wait=wait)

    def _entry(self, value: object, metadata: dict[str, Any], *, raw: bool) -> Entry:
        if raw and isinstance(value, dict):
            return display_entry(_portable(value), metadata)
        entry = self._figure_entry(value)
        if entry is None:
            data, more = mime_bundle(value)
            if "text/html" in data:
                data["text/html"] = self._with_steady_ids(data["text/html"])
            entry = display_entry(data, more)
        entry["metadata"] = {**entry["metadata"], **(metadata if _is_json(metadata) else {})}
        return entry

    def _with_steady_ids(self, html: str) -> str:
        """A styled table of pandas draws an id at random; here they are counted in the post."""
        for drawn in dict.fromkeys(re.findall(r'\bid="T_([0-9a-f]{5})"', html)):
            self._tables += 1
            html = html.replace(f"T_{drawn}", f"T_{self._tables:05x}")
        return html

    def _replace(self, entry: Entry, name: str) -> None:
        shown = self._by_id.get(name, ())
        for other in shown:
            other.update(entry)
        if not all(self._capture.holds(other) for other in shown):
            # An earlier cell's outputs have been sent already; the builder replaces them.
            self._capture.display({**entry, "kind": "update", "of": entry["kind"], "id": name})
