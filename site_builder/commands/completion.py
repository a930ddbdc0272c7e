"""`site-builder completion`: a script that completes commands, options and posts in a shell.

In: the name of a shell. Out: a script for it, made of the parsers of all commands.
"""

from __future__ import annotations

import argparse
import importlib

SHELLS = ("bash", "fish", "zsh")  # each is a module of `authoring.completion`


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the parser of the command."""
    parser = commands.add_parser(
        "completion",
        help="print a script that completes commands in a shell",
        description="For this shell and those to come: "
        "bash: add 'eval \"$(site-builder completion bash)\"' to ~/.bashrc. "
        "zsh: the same with zsh in ~/.zshrc, below compinit. "
        "fish: site-builder completion fish > ~/.config/fish/completions/site-builder.fish",
        allow_abbrev=False,
    )
    parser.add_argument("shell", choices=SHELLS, help="for which shell")
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Print the script of a shell; gives the exit code."""
    from site_builder.authoring.completion.words import commands_of, options_of

    shell = importlib.import_module(f"site_builder.authoring.completion.{given.shell}")
    parser, commands = given.parsers()
    print("\n".join(shell.script(commands_of(parser, commands), options_of(parser))))
    return 0
