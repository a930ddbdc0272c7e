"""Frozen values as JSON, and back.

In: a value made of frozen dataclasses, tuples, mappings, dates, texts, numbers. Out: the same of
lists and texts, that `json` can write; and for a type a function that reads it back. Promise: what
comes back equals what went in; what does not fit the type raises one of `MISFIT`.

A dataclass becomes the list of its fields, so that a thousand of them are read in a moment.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
MISFIT = (ValueError, TypeError, KeyError, IndexError, AttributeError)
"""What reading raises for data of another shape."""


def plain(value: Any) -> Any:
    """The value as `json` can write it."""
    if type(value) in _PLAIN or isinstance(value, str | int | float | None):
        return value
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, dt.date):
        return value.isoformat()
    kind: Any = type(value)
    return [plain(getattr(value, name)) for name in _names(kind)]


_PLAIN = frozenset((str, int, bool, float, type(None)))  # a look that takes less time


def read_plain(type_: type[T], data: Any) -> T:
    """The value of a dataclass that `plain` made `data` of; raises one of MISFIT."""
    kind: Any = type_
    read = _reader(kind)
    value: T = read(data) if read else data
    return value


@functools.cache
def _names(type_: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(type_))


@functools.cache
def _reader(type_: Any) -> Callable[[Any], Any] | None:
    """What makes a value of a type of its plain form; None if it is the same."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin in (typing.Union, types.UnionType):
        (read,) = {_reader(each) for each in arguments if each is not type(None)}
        return _or_none(read) if read else None
    if origin is tuple:
        read = _reader(arguments[0])
        return functools.partial(_tuple, read) if read else tuple
    if isinstance(origin, type) and issubclass(origin, Mapping):
        read = _reader(arguments[1])
        return functools.partial(_mapping, read) if read else None
    if type_ is dt.date:
        return dt.date.fromisoformat
    if dataclasses.is_dataclass(type_):
        return _dataclass_reader(typing.cast(type, type_))
    return None


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda data: None if data is None else read(data)


def _tuple(read: Callable[[Any], Any], data: list[Any]) -> tuple[Any, ...]:
    return tuple([read(each) for each in data])


def _mapping(read: Callable[[Any], Any], data: dict[str, Any]) -> dict[str, Any]:
    return {key: read(each) for key, each in data.items()}


def _dataclass_reader(type_: type) -> Callable[[list[Any]], Any]:
    hints = typing.get_type_hints(type_)
    names = _names(type_)
    readers = [(place, _reader(hints[name])) for place, name in enumerate(names)]
    reading = [(place, read) for place, read in readers if read]

    def read_fields(data: list[Any]) -> Any:
        if len(data) != len(names):
            raise ValueError(f"{len(data)} fields for the {len(names)} of {type_.__name__}")
        values = list(data)
        for place, read in reading:
            values[place] = read(values[place])
        return type_(*values)

    return read_fields
