"""Typed tables: what a dataclass says about its fields is what a table of the author may hold.

In: a mapping as YAML or TOML gave it, the places of its keys, and a frozen dataclass.
Out: an instance, or every problem: unknown keys with the nearest known one, wrong types, values
that are not among the choices. A field's name with `_` is the author's key with `-` or `_`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from site_builder.errors import Problem, nearest

T = TypeVar("T")
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key of a table stands in its file."""

    line: int
    column: int
    width: int


ProblemMaker = Callable[[Path, str, str, str], Problem]
"""Makes the problem at a key: its path in the table, the message, the help, the code."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of what can be wrong with a table."""

    unknown: str
    """A key that there is not."""
    misfit: str
    """A value that is not of its type."""
    twice: str
    missing: str = ""
    """Of tables with keys that are required."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as read: its values, and how to report a problem at one of its keys."""

    values: Mapping[str, Any]
    problem: ProblemMaker
    codes: Codes


class TableError(Exception):
    """The table does not fit: carries all its problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(*problems)


def read_table(
    cls: type[T],
    table: Table,
    *,
    what: str,
    synonyms: Mapping[str, str] | None = None,
    ignored: frozenset[str] = frozenset(),
    dashes: bool = False,
) -> T:
    """Make a `cls` of the table.

    `what` names a key of it in messages ("setting"); `synonyms` maps other keys to known ones;
    keys in `ignored` are somebody else's; `dashes` spells `fig_cap` as `fig-cap`.
    Raises TableError with all problems.
    """
    reading = _Reading(table, what, synonyms or {}, ignored, dashes)
    made = reading.instance(cls, table.values, ())
    if reading.problems:
        raise TableError(reading.problems)
    return typing.cast(T, made)


def keys(cls: type, *, dashes: bool = False) -> dict[str, dataclasses.Field[Any]]:
    """The author's keys for `cls`, in the order of its fields."""
    fields = dataclasses.fields(cls)
    return {f.name.replace("_", "-") if dashes else f.name: f for f in fields if f.init}


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A table on its way to an instance, and the problems found so far."""

    table: Table
    what: str
    synonyms: Mapping[str, str]
    ignored: frozenset[str]
    dashes: bool
    problems: list[Problem] = dataclasses.field(default_factory=list)

    def instance(self, cls: type, values: Mapping[str, Any], path: Path) -> Any:
        """A `cls` of the values at `path`; None once there is a problem."""
        known, codes = keys(cls, dashes=self.dashes), self.table.codes
        given: dict[str, Any] = {}
        for key, value in values.items():
            name = key if path else self.synonyms.get(key, key)
            here = (*path, key)
            if name in self.ignored and not path:
                continue
            if name not in known:
                message = f"unknown {self.what} {'.'.join(here)!r}"
                self._report(codes.unknown, here, message, nearest(key, known))
            elif (field := known[name]).name in given:
                self._report(codes.twice, here, f"{key!r} says the same as {name!r} above")
            else:
                given[field.name] = self._value(_hints(cls)[field.name], value, here)
        for key, field in known.items():
            if field.name not in given and _is_required(field):
                message = f"the {self.what} {'.'.join((*path, key))!r} is required"
                self._report(codes.missing, path, message)
        return None if self.problems else cls(**given)

    def _value(self, hint: Any, value: Any, here: Path) -> Any:
        """The value of one key as its type; None with a problem."""
        if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
            return self.instance(hint, value, here)
        if (kinds := _kinds(hint)) and isinstance(value, Mapping):
            return {key: self._one_of(kinds, item, (*here, key)) for key, item in value.items()}
        name = f"{self.what} {'.'.join(here)!r}"
        try:
            return _convert(hint, value)
        except _ItemError as item:
            message = f"{name} should be {_expected(hint)}, but {item}"
            self._report(self.table.codes.misfit, (*here, item.key), message)
        except _MisfitError as misfit:
            expected = str(misfit) or _expected(hint)
            message = f"{name} should be {expected}, not {_shown(value)}"
            self._report(self.table.codes.misfit, here, message)
        return None

    def _one_of(self, kinds: Mapping[str, type], value: Any, here: Path) -> Any:
        """A table as the class that its key `kind` names."""
        name = f"{self.what} {'.'.join(here)!r}"
        if not isinstance(value, Mapping):
            message = f"{name} should be a table, not {_shown(value)}"
            help_ = f"each has a name: [{'.'.join(here[:-1])}.live]"
            self._report(self.table.codes.misfit, here, message, help_)
        elif (kind := value.get("kind")) is None:
            message = f"the {self.what} {'.'.join((*here, 'kind'))!r} is required"
            help_ = "one of " + ", ".join(repr(kind) for kind in kinds)
            self._report(self.table.codes.missing, here, message, help_)
        elif kind not in kinds:
            choices = " or ".join(repr(kind) for kind in kinds)
            message = f"{self.what} {'.'.join((*here, 'kind'))!r} should be {choices}"
            help_ = nearest(kind, kinds) if isinstance(kind, str) else ""
            message = f"{message}, not {_shown(kind)}"
            self._report(self.table.codes.misfit, (*here, "kind"), message, help_)
        else:
            return self.instance(kinds[kind], value, here)
        return None

    def _report(self, code: str, path: Path, message: str, help_: str = "") -> None:
        self.problems.append(self.table.problem(path, message, help_, code))


def _is_required(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


@functools.cache
def _kinds(hint: Any) -> Mapping[str, type]:
    """The dataclasses that the tables of a mapping may be, by the one value of their `kind`."""
    if typing.get_origin(hint) is None or not typing.get_args(hint)[1:]:
        return {}
    item = typing.get_args(hint)[1]
    members = [each for each in typing.get_args(item) if isinstance(each, type)]
    classes = [each for each in members if dataclasses.is_dataclass(each)]
    return {typing.get_args(_hints(cls)["kind"])[0]: cls for cls in classes}


class _MisfitError(Exception):
    """A value is not of the type; its text says what is expected if that is special."""


class _ItemError(Exception):
    """One item of a list or table is not of the type; its text says which."""

    def __init__(self, key: str, text: str) -> None:
        self.key = key
        super().__init__(text)


def _convert(hint: Any, value: Any) -> Any:
    """Return `value` as the type `hint` asks for; raise _MisfitError."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _convert_union(typing.get_args(hint), value)
    if origin is Literal:
        if isinstance(value, str) and value in typing.get_args(hint):
            return value
        raise _MisfitError
    if origin is tuple:
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            raise _MisfitError
        for number, item in enumerate(items):
            if not _is_text(item):
                raise _ItemError(str(number), f"item {number + 1} is {_shown(item)}")
        return tuple(str(item) for item in items)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise _MisfitError
        for key, item in value.items():
            if not _is_text(item):
                raise _ItemError(str(key), f"{str(key)!r} is {_shown(item)}")
        return {str(key): str(item) for key, item in value.items()}
    return _convert_scalar(hint, value)


def _convert_union(members: tuple[Any, ...], value: Any) -> Any:
    for member in members:
        if member is type(None):
            if value is None:
                return None
            continue
        try:
            return _convert(member, value)
        except _MisfitError as misfit:
            if str(misfit):
                raise
    raise _MisfitError


def _convert_scalar(hint: Any, value: Any) -> Any:
    if hint is dt.date:
        return _date(value)
    if hint is bool and isinstance(value, bool):
        return value
    if hint is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if hint is str and _is_text(value):
        return str(value)
    raise _MisfitError


def _is_text(value: Any) -> bool:
    # A title such as `1984` is a number to YAML and a text to its author.
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if not isinstance(value, str):
        raise _MisfitError
    try:
        return dt.datetime.fromisoformat(value.strip()).date()
    except ValueError as error:
        reason = str(error)
        if "out of range" in reason or "must be in" in reason:
            raise _MisfitError("a date of the calendar") from None
        raise _MisfitError from None


def _expected(hint: Any) -> str:
    """The type in words."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        members = [m for m in typing.get_args(hint) if m is not type(None)]
        return " or ".join(_expected(member) for member in members)
    if origin is Literal:
        return " or ".join(repr(choice) for choice in typing.get_args(hint))
    if origin is tuple:
        return "a list of texts"
    if origin is not None and issubclass(origin, Mapping):
        return "a table of tables" if _kinds(hint) else "a table of texts"
    words = {
        str: "a text",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        dt.date: "a date such as 2019-06-02",
    }
    return words.get(hint, "a table")


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return repr(value) if isinstance(value, str) else str(value)
