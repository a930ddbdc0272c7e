"""Outputs as notebooks store them, and as posts have them.

In: the list of outputs of a cell, of nbformat 3 or 4, whatever is in it. Out: Outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from site_builder.model.post import Output

# Of nbformat 3, whose mime types are keys of the output itself.
_MIMES = {
    "text": "text/plain",
    "html": "text/html",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "latex": "text/latex",
    "json": "application/json",
    "javascript": "application/javascript",
}


def stored_outputs(outputs: Sequence[Any]) -> tuple[Output, ...]:
    """The outputs that can be read; those of one stream that follow each other are one."""
    found: list[Output] = []
    for output in _read(outputs):
        if found and output.kind in ("stdout", "stderr") and found[-1].kind == output.kind:
            found[-1] = Output(output.kind, found[-1].text + output.text)
        else:
            found.append(output)
    return tuple(found)


def _read(outputs: Sequence[Any]) -> Iterator[Output]:
    for output in outputs:
        kind = output.get("output_type") if isinstance(output, Mapping) else None
        if kind == "stream":
            name = output.get("name") or output.get("stream") or "stdout"
            yield Output("stderr" if name == "stderr" else "stdout", _text(output.get("text")))
        elif kind in ("error", "pyerr"):
            name, message = str(output.get("ename", "")), str(output.get("evalue", ""))
            yield Output("error", f"{name}: {message}", metadata={"name": name, "message": message})
        elif kind in ("execute_result", "pyout", "display_data"):
            data = output.get("data")
            if not isinstance(data, Mapping):
                data = {_MIMES[key]: output[key] for key in _MIMES if key in output}
            bundle = {str(mime): _value(value) for mime, value in data.items()}
            picture = any(mime.startswith("image/") for mime in bundle)
            yield Output("figure" if picture else "display", data=bundle)


def _value(value: Any) -> Any:
    is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return "".join(value) if is_lines else value


def _text(value: Any) -> str:
    """A stream without the lines that were overwritten, such as those of a progress bar."""
    text = _value(value)
    if not isinstance(text, str):
        return ""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
