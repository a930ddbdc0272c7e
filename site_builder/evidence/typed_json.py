"""JSON read into frozen dataclasses, each field of the type that it is declared with.

In: a dataclass and a document. Out: a value of it; fields with a default may be missing, and what
has no field is passed over. Promise: what does not fit raises MisfitError, which names its place.
"""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


class MisfitError(Exception):
    """A document of another shape; its text names the place and what is wrong there."""


def read_typed(type_: type[T], document: object) -> T:
    """The value of a dataclass that a JSON document holds."""
    value: T = _read(type_, document, "")
    return value


def _read(type_: Any, data: Any, place: str) -> Any:
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if type_ is Any:
        return data
    if origin in (typing.Union, types.UnionType):  # with None, which JSON has too
        inner = next(each for each in arguments if each is not type(None))
        return None if data is None else _read(inner, data, place)
    if origin is tuple:
        return _tuple(arguments, _checked(data, list, place), place)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        entries = _checked(data, dict, place).items()
        return {key: _read(arguments[1], each, f"{place}[{key!r}]") for key, each in entries}
    if is_dataclass(type_):
        return _dataclass(typing.cast(Any, type_), _checked(data, dict, place), place)
    if type_ is dt.date:
        try:
            return dt.date.fromisoformat(_checked(data, str, place))
        except ValueError:
            raise MisfitError(f"{place} is no date") from None
    return _checked(data, type_, place)


def _checked(data: Any, type_: type, place: str) -> Any:
    """The data, if it is of a type of JSON."""
    fits = isinstance(data, (int, float) if type_ is float else type_)
    if not fits or (isinstance(data, bool) and type_ is not bool):
        raise MisfitError(f"{place or 'the document'} is not {_NAMES[type_]}")
    return data


_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def _tuple(types_: tuple[Any, ...], data: list[Any], place: str) -> tuple[Any, ...]:
    if types_[-1] is Ellipsis:
        types_ = (types_[0],) * len(data)
    if len(types_) != len(data):
        raise MisfitError(f"{place} has {len(data)} entries, not {len(types_)}")
    return tuple(
        _read(type_, each, f"{place}[{number}]")
        for number, (type_, each) in enumerate(zip(types_, data, strict=True))
    )


def _dataclass(type_: type, data: dict[str, Any], place: str) -> Any:
    hints = _hints(type_)
    values = {}
    for field in fields(type_):
        inner = f"{place}.{field.name}" if place else field.name
        if field.name in data:
            values[field.name] = _read(hints[field.name], data[field.name], inner)
        elif field.default is MISSING:
            raise MisfitError(f"{inner} is missing")
    return type_(**values)


@functools.cache
def _hints(type_: type) -> dict[str, Any]:
    return typing.get_type_hints(type_)
