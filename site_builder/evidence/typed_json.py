"""JSON that anybody may have written, read into frozen dataclasses.

In: a dataclass and a document. Out: a value of it; fields with a default may be missing, and what
has no field is passed over. Promise: each field is of the type that it is declared with, or
MisfitError names its place.
"""

from __future__ import annotations

import datetime as dt
import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")
_Read = Callable[[Any], Any]


class MisfitError(Exception):
    """A document of another shape; its text names the place and what is wrong there."""

    def __init__(self, what: str, place: str = "") -> None:
        self.what = what
        self.place = place
        super().__init__(what, place)

    def __str__(self) -> str:
        return f"{self.place.removeprefix('.') or 'the document'} {self.what}"

    def within(self, place: str) -> MisfitError:
        """The same as seen from what holds it."""
        return MisfitError(self.what, place + self.place)


def read_typed(type_: type[T], document: object) -> T:
    """The value of a dataclass that a JSON document holds."""
    value: T = _reader(typing.cast(Hashable, type_))(document)
    return value


@functools.cache
def _reader(type_: Hashable) -> _Read:
    """What reads a type; made once for each, as there are thousands of records."""
    origin, arguments = typing.get_origin(type_), typing.get_args(type_)
    if origin in (typing.Union, types.UnionType):  # with None, which JSON has too
        (inner,) = (_reader(each) for each in arguments if each is not type(None))
        return lambda data: None if data is None else inner(data)
    if origin is tuple and arguments[-1] is Ellipsis:
        return functools.partial(_list, _reader(arguments[0]))
    if origin is tuple:
        return functools.partial(_row, tuple(map(_reader, arguments)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return functools.partial(_mapping, _reader(arguments[1]))
    if is_dataclass(type_):
        return _dataclass_reader(typing.cast(type, type_))
    return _KINDS[type_]


def _checked(type_: type, data: Any) -> Any:
    """The data, if it is of a type of JSON."""
    if type(data) is not type_:  # true is a whole number for Python only
        raise MisfitError(f"is not {_NAMES[type_]}")
    return data


_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def _float(data: Any) -> Any:
    return data if type(data) is int else _checked(float, data)


def _date(data: Any) -> dt.date:
    try:
        return dt.date.fromisoformat(_checked(str, data))
    except ValueError:
        raise MisfitError("is no date") from None


def _plain(data: Any) -> Any:
    """What is of any kind, but no list and no object: else it could be as deep as a stack."""
    if isinstance(data, list | dict):
        raise MisfitError("is too deep")
    return data


_KINDS: Mapping[Hashable, _Read] = {
    str: functools.partial(_checked, str),
    int: functools.partial(_checked, int),
    bool: functools.partial(_checked, bool),
    float: _float,
    dt.date: _date,
    Any: lambda data: _mapping(_plain, data) if type(data) is dict else _plain(data),
}


def _list(read: _Read, data: Any) -> tuple[Any, ...]:
    return _row((read,) * len(_checked(list, data)), data)


def _row(reads: tuple[_Read, ...], data: Any) -> tuple[Any, ...]:
    if len(_checked(list, data)) != len(reads):
        raise MisfitError(f"has {len(data)} entries, not {len(reads)}")
    found: list[Any] = []
    try:
        for read, each in zip(reads, data, strict=True):
            found.append(read(each))
    except MisfitError as error:
        raise error.within(f"[{len(found)}]") from None
    return tuple(found)


def _mapping(read: _Read, data: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, each in _checked(dict, data).items():
        try:
            found[key] = read(each)
        except MisfitError as error:
            raise error.within(f"[{key!r}]") from None
    return found


def _dataclass_reader(type_: type) -> _Read:
    hints = typing.get_type_hints(type_)
    readers = [(f.name, _reader(hints[f.name]), f.default is MISSING) for f in fields(type_)]

    def read_fields(data: Any) -> Any:
        given = _checked(dict, data)
        values = {}
        for name, read, required in readers:
            if name in given:
                try:
                    values[name] = read(given[name])
                except MisfitError as error:
                    raise error.within(f".{name}") from None
            elif required:
                raise MisfitError("is missing", f".{name}")
        return type_(**values)

    return read_fields
