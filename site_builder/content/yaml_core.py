"""YAML as its version 1.2 reads it: `no`, `on` and `12:30` are texts, and no key is given twice.

In: a YAML text. Out: a mapping of plain values with the place of each key, or every fault. Tags
that would make objects are refused, so reading a post never runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from site_builder.schema import Path, Place


@dataclass(frozen=True, slots=True)
class YamlFault:
    """One thing that is wrong in a YAML text; the place is relative to it, from 1."""

    message: str
    place: Place
    help: str = ""
    twice: bool = False  # a key


class YamlError(Exception):
    """The text cannot be used; carries all that is known to be wrong."""

    def __init__(self, faults: list[YamlFault]) -> None:
        self.faults = faults
        super().__init__(*faults)


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping as read."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    """Where each key stands, and each item of a list by its number from 0."""


class WrittenInt(int):
    """A whole number that remembers how it was written: a title `007` stays `007`."""

    text: str

    def __str__(self) -> str:
        return self.text


class WrittenFloat(float):
    """A number that remembers how it was written: a tag `1.10` stays `1.10`."""

    text: str

    def __str__(self) -> str:
        return self.text


def read_mapping(text: str, *, shown_line: Callable[[int], int] = int) -> Mapping:
    """Read a YAML text whose root is a mapping; an empty text is an empty one.

    `shown_line` gives, for a line of the text, the line of the file that messages name.
    Raises YamlError.
    """
    node = _compose(text)
    if node is None or (isinstance(node, ScalarNode) and node.tag == _NULL):
        return Mapping()
    if not isinstance(node, MappingNode):
        message = "expected lines like 'key: value'"
        raise YamlError([YamlFault(message, _place(node))])
    builder = _Builder(shown_line)
    values = builder.value(node, ())
    if builder.faults:
        raise YamlError(builder.faults)
    return Mapping(values, builder.places)


def read_scalar(text: str) -> Any:
    """The value of a plain scalar, such as `true`, `6.5` or `asis`."""
    for tag, pattern, _ in _PLAIN:
        if pattern.match(text):
            return _SCALARS[tag](text)
    return text


_TAG = "tag:yaml.org,2002:"
_NULL = _TAG + "null"
_PLAIN = (
    (_NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""]),
    (_TAG + "bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), list("tTfF")),
    (
        _TAG + "int",
        re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z"),
        list("-+0123456789"),
    ),
    (
        _TAG + "float",
        re.compile(
            r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
        ),
        list("-+.0123456789"),
    ),
)


def _whole(text: str) -> WrittenInt:
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    number = WrittenInt(int(text[2:], base) if base != 10 else int(text))
    number.text = text
    return number


def _real(text: str) -> WrittenFloat:
    special = text.lower().replace(".inf", "inf").replace(".nan", "nan")
    number = WrittenFloat(special)
    number.text = text
    return number


_SCALARS: dict[str, Any] = {
    _TAG + "str": str,
    _NULL: lambda text: None,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "int": _whole,
    _TAG + "float": _real,
}


def _loader_base() -> type[Any]:
    """PyYAML's composer without its resolver of YAML 1.1, in C where there is a C one."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        from yaml.composer import Composer
        from yaml.parser import Parser
        from yaml.reader import Reader
        from yaml.scanner import Scanner

        class PythonLoader(Reader, Scanner, Parser, Composer, BaseResolver):
            def __init__(self, text: str) -> None:
                Reader.__init__(self, text)
                for base in (Scanner, Parser, Composer, BaseResolver):
                    base.__init__(self)

        return PythonLoader

    class CLoader(CParser, BaseResolver):  # type: ignore[misc, unused-ignore]
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            BaseResolver.__init__(self)

    return CLoader


def _make_loader() -> type[Any]:
    loader = _loader_base()
    for tag, pattern, first in _PLAIN:
        loader.add_implicit_resolver(tag, pattern, first)
    return loader


_Loader = _make_loader()


def _compose(text: str) -> Node | None:
    try:
        _check_depth(text)
        node: Node | None = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise YamlError([_syntax_fault(error, text)]) from None
    except yaml.reader.ReaderError:
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        at = found.start() if found else 0
        code = f"U+{ord(text[at]):04X}"
        place = Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at), 1)
        fault = YamlFault(f"not YAML: the character {code} is not allowed", place, "delete it")
        raise YamlError([fault]) from None
    return node


def _check_depth(text: str) -> None:
    """Composing recurses, in C without a limit: so what is too deep must be seen before."""
    if sum(map(text.count, "[{-?:")) <= _DEEPEST:
        return
    depth = 0
    loader = _Loader(text)
    while loader.check_event():
        event = loader.get_event()
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            place = Place(event.start_mark.line + 1, event.start_mark.column + 1, 1)
            raise YamlError([YamlFault("not YAML: nested too deeply", place)])


_DEEPEST = 50

# What PyYAML says -> what to do about it.
_HELP = (
    ("mapping values are not allowed", "a text with ': ' in it needs quotes, as in \"One: two\""),
    ("cannot start any token", "a text that begins with one of @ ` % or a tab needs quotes"),
    ("undefined alias", "a text that begins with '*' needs quotes"),
    ("did not find expected alphabetic", "a text that begins with '*' or '&' needs quotes"),
    ("did not find expected node", "there is a comma or a bracket too many"),
    ("did not find expected ',' or", "close the bracket, or put the text in quotes"),
    ("unexpected end of stream", "a quote is opened and not closed"),
    ("unknown escape", "in double quotes write \\\\ for a backslash, or use single quotes"),
    ("did not find expected key", "put the whole text in quotes, and check the indentation"),
    ("could not find expected ':'", "write 'key: value', or put a text of several lines in quotes"),
    ("tab character", "indent with spaces"),
)


def _syntax_fault(error: yaml.MarkedYAMLError, text: str) -> YamlFault:
    problem = error.problem or "it cannot be read"
    mark, start = error.problem_mark, error.context_mark
    # Where a quote or bracket opened tells more than the line on which it is missed.
    opened = re.search("quoted|flow", error.context or "")
    if opened and start is not None and mark is not None and start.line < mark.line:
        mark = start
    if mark is None:
        mark = start
    place = Place(mark.line + 1, mark.column + 1, 1) if mark else Place(1, 1, 1)
    last = text.count("\n")
    if place.line > last > 0:
        # The end of the text is no place to look at; the last line is.
        place = Place(last, 1, 1)
    help_ = next((advice for part, advice in _HELP if part in problem), "")
    return YamlFault(f"not YAML: {problem}", place, help_)


class _Builder:
    """Makes values of nodes, noting places and faults on the way."""

    def __init__(self, shown_line: Callable[[int], int]) -> None:
        self.shown_line = shown_line
        self.places: dict[Path, Place] = {}
        self.faults: list[YamlFault] = []
        # An alias is the same node again: built once, so that aliases of aliases cost nothing.
        self._built: dict[int, Any] = {}
        self._open: set[int] = set()

    def value(self, node: Node, path: Path) -> Any:
        key = id(node)
        if key in self._open:
            self._fault("an alias cannot stand inside what it stands for", node)
            return None
        if key not in self._built:
            self._open.add(key)
            self._built[key] = self._new(node, path)
            self._open.discard(key)
        return self._built[key]

    def _new(self, node: Node, path: Path) -> Any:
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if isinstance(node, MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == _TAG + "seq":
            return self._sequence(node, path)
        self._fault(f"the tag {_shown(node.tag)!r} is not allowed", node, "delete it")
        return None

    def _scalar(self, node: ScalarNode) -> Any:
        make = _SCALARS.get(node.tag)
        if make is None:
            help_ = "delete it, or put the text in quotes if it begins with '!'"
            self._fault(f"the tag {_shown(node.tag)!r} is not allowed", node, help_)
            return None
        try:
            return make(node.value)
        except ValueError:
            self._fault(f"{node.value!r} is not what its tag says", node)
            return None

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._fault("a key must be a text", key_node)
                continue
            key = key_node.value
            here = (*path, key)
            if key in values:
                line = self.shown_line(self.places[here].line)
                told = (f"{key!r} is given twice", _place(key_node), f"first given in line {line}")
                self.faults.append(YamlFault(*told, twice=True))
                continue
            self.places[here] = _place(key_node)
            values[key] = self.value(value_node, here)
        return values

    def _sequence(self, node: SequenceNode, path: Path) -> list[Any]:
        items = []
        for number, item in enumerate(node.value):
            here = (*path, str(number))
            self.places[here] = _place(item)
            items.append(self.value(item, here))
        return items

    def _fault(self, message: str, node: Node, help_: str = "") -> None:
        self.faults.append(YamlFault(message, _place(node), help_))


def _place(node: Node) -> Place:
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Place(start.line + 1, start.column + 1, max(1, width))


def _shown(tag: str) -> str:
    return tag.replace(_TAG, "!!")
