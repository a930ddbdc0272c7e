r"""Colours: `\textcolor`, `\color` and `\colorbox`, by name or by number.

In: a stream that has just taken one of them. Out: a colour as an attribute, never as a style,
because a strict content security policy forbids those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from site_builder.maths.faults import MathsError
from site_builder.maths.lexer import Token, text_of
from site_builder.maths.stream import Handler, Stream


def _colour(stream: Stream, command: Token) -> None:
    r"""`\textcolor`, `\color` and `\colorbox`; the converter itself knows the names."""
    model = stream.optional()
    place = stream.pending[-1] if stream.pending else command
    name = stream.text_argument(command)
    if model is None and command.text != r"\colorbox" and re.fullmatch(r"[A-Za-z]+", name):
        stream.emit(rf"{command.text}{{{name}}}", place)
        return
    value = _hexadecimal(text_of(model or []).strip(), name)
    if value is None:
        raise MathsError(
            f"{name} is no colour",
            place.start + (place.text == "{"),
            width=max(1, len(name)),
            help="use a name such as red, [HTML]{CC0000} or [rgb]{0.8,0,0}",
        )
    content = stream.rest_of_group() if command.text == r"\color" else stream.argument(command)
    attribute = "mathbackground" if command.text == r"\colorbox" else "mathcolor"
    if attribute == "mathbackground":
        content = [Token(r"\text", *command[1:]), Token("{", *command[1:]), *content,
                   Token("}", *command[1:])]  # fmt: skip
    stream.wrap(f'<mrow {attribute}="{value}">', content, "</mrow>", command)


_NAMED = {
    "red": "#ff0000", "green": "#00ff00", "blue": "#0000ff", "yellow": "#ffff00",
    "cyan": "#00ffff", "magenta": "#ff00ff", "black": "#000000", "white": "#ffffff",
    "gray": "#808080", "lightgray": "#bfbfbf", "darkgray": "#404040", "orange": "#ff8000",
    "pink": "#ffbfbf", "purple": "#bf0040", "teal": "#008080", "lime": "#bfff00",
    "olive": "#808000", "brown": "#bf8040", "violet": "#800080",
}  # fmt: skip


def _hexadecimal(model: str, value: str) -> str | None:
    """A colour as `#rrggbb`; None if it is none."""
    if model in ("", "HTML"):
        digits = value.removeprefix("#").lower()
        if re.fullmatch(r"[0-9a-f]{6}|[0-9a-f]{3}", digits) and (model or value[0] == "#"):
            return f"#{digits}"
        return _NAMED.get(value)
    try:
        parts = [float(part) for part in value.split(",")]
    except ValueError:
        return None
    scale = {"rgb": 255.0, "RGB": 1.0, "gray": 255.0}.get(model)
    if scale is None or len(parts) != (1 if model == "gray" else 3):
        return None
    levels = [round(part * scale) for part in parts] * (3 if model == "gray" else 1)
    if not all(0 <= level <= 255 for level in levels):
        return None
    return "#" + "".join(f"{level:02x}" for level in levels)


HANDLERS: Mapping[str, Handler] = dict.fromkeys([r"\textcolor", r"\color", r"\colorbox"], _colour)
