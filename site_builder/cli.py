"""The command line: finds the command, and says what went wrong with it.

In: arguments. Out: an exit code: 0 for done, 1 for problems of the content or of a target, 2 for
problems of usage or configuration, 130 if interrupted.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence

from site_builder import __version__
from site_builder.commands.telling import add_telling, print_problems
from site_builder.errors import SiteBuilderError, UsageError, nearest

# Each is a module of `site_builder.commands`: `add` adds its parser, `run` is the command.
COMMANDS = (
    *("init", "new", "list", "serve", "build", "explain", "freeze", "verify", "audit", "diff"),
    *("check", "deploy", "notebook", "import", "cache", "clean", "doctor", "config", "completion"),
)
INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (those of the process if None) ask for."""
    for stream in (sys.stdout, sys.stderr):
        # An arrow or a file's name that the terminal cannot show must not end the build.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    words = sys.argv[1:] if arguments is None else arguments
    # The modules of the others would only cost time; without a command, their help is shown.
    parser, commands = parser_of([words[0]] if words and words[0] in COMMANDS else COMMANDS)
    given = _parsed(parser, commands, words)
    if given.command is None:
        parser.print_help()
        return 2
    in_vain = "; nothing was written" if given.writes else ""
    try:
        code: int = given.command(given)
        sys.stdout.flush()
        return code
    except SiteBuilderError as error:
        print_problems(error.problems, given, in_vain)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"\ninterrupted{in_vain}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
        return UsageError.exit_code


def parser_of(
    names: Sequence[str] = COMMANDS,
) -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """Give the parser that knows these commands, and their own parsers by their names."""
    parser = argparse.ArgumentParser(
        prog="site-builder",
        allow_abbrev=False,
        description="Build a blog whose code runs: every printed number is real.",
    )
    parser.add_argument("--version", action="version", version=f"site-builder {__version__}")
    # A command that tells of all others asks for their parsers.
    parser.set_defaults(command=None, writes=False, reports=False, parsers=parser_of)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name in names:
        importlib.import_module(f"site_builder.commands.{name}").add(commands)
    for command in commands.choices.values():
        add_telling(command)
    return parser, commands.choices


def _parsed(
    parser: argparse.ArgumentParser,
    commands: Mapping[str, argparse.ArgumentParser],
    arguments: Sequence[str],
) -> argparse.Namespace:
    """Parse, and name the nearest known word for what is not known."""
    name = next((word for word in arguments if not word.startswith("-")), "")
    if name and name not in commands:
        parser.error(f"unknown command {name!r}: {nearest(name, commands)}")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        command = commands.get(name, parser)
        option = unknown[0].partition("=")[0]
        if not option.startswith("-"):
            command.error(f"unexpected argument {option!r}")
        known = re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*", command.format_help())
        command.error(f"unknown option {option!r}: {nearest(option, set(known))}")
    return given
