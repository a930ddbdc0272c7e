"""What may stand on the command line, read from the parsers of all commands.

In: parsers. Out: for each command its options and arguments, and what may stand in their places.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SUFFIXES = ("md", "qmd", "ipynb", "py")
"""Of the files of posts."""
FOLDERS = ("DIR", "OUTPUT", "FOLDER|URL", "OLD", "NEW")
"""Names of values that are folders."""
FILES = ("FILE",)


@dataclass(frozen=True, slots=True)
class Value:
    """What may stand at a place of the command line."""

    words: tuple[str, ...] = ()
    kind: str = ""
    """`folder`, `file`, `post`, `target`, or empty for what only the author knows."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command."""

    names: tuple[str, ...]
    help: str
    value: Value | None
    """None if it has none."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and what may stand behind it."""

    name: str
    help: str
    options: tuple[Option, ...]
    arguments: tuple[Value, ...]
    """What stands without an option's name; the last one may be repeated if it is a post."""


def commands_of(
    parser: argparse.ArgumentParser, commands: Mapping[str, argparse.ArgumentParser]
) -> tuple[Command, ...]:
    """The commands of a parser, whose own parsers are `commands`."""
    summaries = {
        choice.dest: choice.help or ""
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for choice in action._get_subactions()
    }
    return tuple(_command(name, summaries[name], each) for name, each in commands.items())


def options_of(parser: argparse.ArgumentParser) -> tuple[Option, ...]:
    """The options of one parser."""
    return tuple(
        Option(
            tuple(action.option_strings),
            action.help or "",
            None if action.nargs == 0 else _value(action),
        )
        for action in parser._actions
        if action.option_strings
    )


def names_of(options: Iterable[Option]) -> str:
    """All names of options, with blanks between them."""
    return " ".join(name for option in options for name in option.names)


def _command(name: str, help_: str, parser: argparse.ArgumentParser) -> Command:
    arguments = tuple(_value(a) for a in parser._actions if not a.option_strings)
    return Command(name, help_, options_of(parser), arguments)


def _value(action: argparse.Action) -> Value:
    name = str(action.metavar or "")
    if action.choices:
        return Value(words=tuple(map(str, action.choices)))
    kinds = {**dict.fromkeys(FOLDERS, "folder"), **dict.fromkeys(FILES, "file")}
    return Value(kind={**kinds, "POST": "post", "TARGET": "target"}.get(name, ""))
