"""Completion for zsh.

In: commands and options. Out: lines of a script. Promise: when a key is pressed no program is
started; posts and targets are found by the shell itself.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from site_builder.authoring.completion.words import SUFFIXES, Command, Option, Value


def script(commands: Sequence[Command], everywhere: Sequence[Option]) -> Iterator[str]:
    """Lines of a script for zsh: as a file `_site-builder` in `fpath`, or for `eval`."""
    yield "#compdef site-builder"
    yield "_site_builder() {"
    yield "    local curcontext=$curcontext state line; typeset -A opt_args"
    yield "    local -a commands"
    yield "    commands=("
    for command in commands:
        yield f"        {shlex.quote(command.name + ':' + command.help)}"
    yield "    )"
    specs = [*_options(everywhere), "1: :->command", "*:: :->arguments"]
    yield f"    _arguments -C {' '.join(map(shlex.quote, specs))}"
    yield "    case $state in"
    yield "        command) _describe command commands ;;"
    yield "        arguments) case $words[1] in"
    for command in commands:
        specs = _options(command.options)
        for argument in command.arguments:
            place = "*" if argument.kind == "post" else ""
            specs.append(f"{place}:{_NAMES[argument.kind]}:{_action(argument)}")
        yield f"            {command.name}) _arguments {' '.join(map(shlex.quote, specs))} ;;"
    yield "        esac ;;"
    yield "    esac"
    yield "}"
    yield from _END.replace("SUFFIXES", ",".join(SUFFIXES)).splitlines()


def _options(options: Sequence[Option]) -> list[str]:
    """The specifications of options, one for each name."""
    specs = []
    for option in options:
        text = re.sub(r"([][\\:])", r"\\\1", option.help)
        value = "" if option.value is None else ":value:" + _action(option.value)
        specs += [f"*{name}[{text}]{value}" for name in option.names]
    return specs


def _action(value: Value) -> str:
    if value.words:
        return f"({' '.join(value.words)})"
    return _ACTIONS[value.kind]


_NAMES = {"": "value", "folder": "folder", "file": "file", "post": "post", "target": "target"}
_ACTIONS = {
    "": " ",
    "folder": "_files -/",
    "file": "_files",
    "post": "_site_builder_posts",
    "target": "_site_builder_targets",
}
_END = r"""_site_builder_posts() {
    local site=${opt_args[-C]:-${opt_args[--directory]:-.}}
    local -a files
    files=($site/{posts,pages}/{[^_]*,[^_]*/index}.{SUFFIXES}(N))
    files=(${files#$site/})
    if [[ $PREFIX != */* ]]; then
        files=(${${${files:r}%/index}:t})
    fi
    compadd -a files
}
_site_builder_targets() {
    local site=${opt_args[-C]:-${opt_args[--directory]:-.}}
    local -a targets
    [[ -f $site/site.toml ]] || return
    targets=(${(M)${(f)"$(<$site/site.toml)"}:#\[deploy.*\]*})
    targets=(${${targets#\[deploy.}%%\]*})
    compadd -a targets
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _site_builder "$@"
else
    compdef _site_builder site-builder
fi"""
