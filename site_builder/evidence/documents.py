"""The JSON documents of commands: what they have in common.

In: fields. Out: the text of a document. Promise: each says its format and version, is the same for
the same fields, and can be printed in a terminal whatever texts of others are in it.
"""

from __future__ import annotations

import json
import math
from typing import Any

from site_builder.evidence.drift import NumberMove
from site_builder.evidence.lines import OBEYED

VERSION = 1


def document(name: str, **fields: Any) -> str:
    """The document of the format `site-builder NAME`."""
    heads = {"format": f"site-builder {name}", "version": VERSION}
    text = json.dumps({**heads, **fields}, ensure_ascii=False, allow_nan=False, indent=1)
    return OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def number_fields(move: NumberMove) -> dict[str, Any]:
    """What a document says of a number that is another one now."""
    return {
        "place": move.place,
        "old": move.old,
        "new": move.new,
        "change": change_field(move.change),
        "within": move.within,
        "line": move.line,
    }


def change_field(change: float | None) -> float | str | None:
    """A relative change; `infinite`, which JSON has no number for."""
    return "infinite" if change is not None and math.isinf(change) else change
