"""`site-builder completion`: a script that completes commands, options and posts in a shell.

In: the name of a shell. Out: a script for it, made of the parsers of all commands. Promise: it asks
no program when a key is pressed; posts are found by the shell itself.
"""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

SUFFIXES = ("md", "qmd", "ipynb", "py")  # of posts
FOLDERS = frozenset(("DIR", "OUTPUT", "FOLDER|URL", "OLD", "NEW"))
FILES = frozenset(("FILE",))


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
    parser.add_argument("shell", choices=sorted(SCRIPTS), help="for which shell")
    parser.set_defaults(command=run)


def run(given: argparse.Namespace) -> int:
    """Print the script of a shell; gives the exit code."""
    from site_builder.cli import parser_of

    parser, commands = parser_of()
    everywhere = _options(parser)
    summaries = {
        choice.dest: choice.help or ""
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for choice in action._get_subactions()
    }
    known = [_command(name, summaries[name], each) for name, each in commands.items()]
    print("\n".join(SCRIPTS[given.shell](known, everywhere)))
    return 0


@dataclass(frozen=True, slots=True)
class _Value:
    """What may stand at a place of the command line."""

    words: tuple[str, ...] = ()
    kind: str = ""
    """`folder`, `file`, `post`, or empty for what only the author knows."""


@dataclass(frozen=True, slots=True)
class _Option:
    names: tuple[str, ...]
    help: str
    value: _Value | None
    """None if it has none."""


@dataclass(frozen=True, slots=True)
class _Command:
    name: str
    help: str
    options: tuple[_Option, ...]
    arguments: tuple[_Value, ...]
    """What stands without an option's name; the last one may be repeated if it is a post."""


def _command(name: str, help_: str, parser: argparse.ArgumentParser) -> _Command:
    arguments = tuple(_value(a) for a in parser._actions if not a.option_strings)
    return _Command(name, help_, _options(parser), arguments)


def _options(parser: argparse.ArgumentParser) -> tuple[_Option, ...]:
    return tuple(
        _Option(
            tuple(action.option_strings),
            action.help or "",
            None if action.nargs == 0 else _value(action),
        )
        for action in parser._actions
        if action.option_strings
    )


def _value(action: argparse.Action) -> _Value:
    name = str(action.metavar or "")
    if action.choices:
        return _Value(words=tuple(map(str, action.choices)))
    kinds = {**dict.fromkeys(FOLDERS, "folder"), **dict.fromkeys(FILES, "file"), "POST": "post"}
    return _Value(kind=kinds.get(name, ""))


def _bash(commands: Sequence[_Command], everywhere: Sequence[_Option]) -> Iterator[str]:
    """Lines of a script for bash, from 3.2 on."""
    names = " ".join(command.name for command in commands)
    yield from _BASH_START.splitlines()
    yield "    local valued=''"
    yield "    case $command in"
    yield f"        '') words={shlex.quote(names)} options={shlex.quote(_names(everywhere))} ;;"
    for command in commands:
        yield f"        {command.name})"
        yield f"            options={shlex.quote(_names(command.options))}"
        valued = [option for option in command.options if option.value is not None]
        if valued:
            yield '            case $previous in'
            for option in valued:
                assert option.value is not None
                yield f"                {'|'.join(option.names)}) valued=1 {_bash_set(option.value)} ;;"
            yield "            esac"
        if command.arguments:
            # Options stand before or after: how many arguments there are is not worth counting.
            chosen = _bash_set(command.arguments[0])
            yield f"            if [[ -z $valued ]]; then {chosen}; fi"
        yield "            ;;"
    yield from _BASH_END.replace("SUFFIXES", " ".join(SUFFIXES)).splitlines()


def _bash_set(value: _Value) -> str:
    return f"words={shlex.quote(' '.join(value.words))} kind={shlex.quote(value.kind)}"


def _names(options: Sequence[_Option]) -> str:
    return " ".join(name for option in options for name in option.names)


_BASH_START = r"""# Completion of site-builder in bash.
_site_builder() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local command='' site=. words='' kind='' options='' index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case ${COMP_WORDS[index]} in
            -C|--directory) site=${COMP_WORDS[index+1]} ;;
            -*) ;;
            *) if [[ -z $command ]]; then command=${COMP_WORDS[index]}; fi ;;
        esac
    done
    COMPREPLY=()"""
_BASH_END = r"""    esac
    local IFS=$' \t\n'
    if [[ -z $valued && $current == -* ]]; then
        words=$options kind=''
    fi
    case $kind in
        folder) IFS=$'\n'; compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -d -- "$current")); return ;;
        file) IFS=$'\n'; compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$current")); return ;;
        post) _site_builder_posts "$site" "$current"; return ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
_site_builder_posts() {
    local suffix file name
    for suffix in SUFFIXES; do
        for file in "$1"/{posts,pages}/{*,*/index}."$suffix"; do
            [[ -f $file ]] || continue
            if [[ $2 == */* ]]; then
                name=${file#"$1"/}
            else
                name=${file%/index."$suffix"} name=${name##*/} name=${name%."$suffix"}
            fi
            [[ $name == "$2"* && ${file##*/} != _* ]] && COMPREPLY+=("$(printf %q "$name")")
        done
    done
}
complete -F _site_builder site-builder"""


def _zsh(commands: Sequence[_Command], everywhere: Sequence[_Option]) -> Iterator[str]:
    """Lines of a script for zsh: as a file `_site-builder` in `fpath`, or for `eval`."""
    yield "#compdef site-builder"
    yield "_site_builder() {"
    yield "    local curcontext=$curcontext state line; typeset -A opt_args"
    yield "    local -a commands"
    yield "    commands=("
    for command in commands:
        yield f"        {shlex.quote(command.name + ':' + command.help)}"
    yield "    )"
    specs = [*_zsh_options(everywhere), "1: :->command", "*:: :->arguments"]
    yield f"    _arguments -C {' '.join(map(shlex.quote, specs))}"
    yield "    case $state in"
    yield "        command) _describe command commands ;;"
    yield "        arguments) case $words[1] in"
    for command in commands:
        specs = _zsh_options(command.options)
        for argument in command.arguments:
            place = "*" if argument.kind == "post" else ""
            specs.append(f"{place}:{_ZSH_NAMES[argument.kind]}:{_zsh_action(argument)}")
        yield f"            {command.name}) _arguments {' '.join(map(shlex.quote, specs))} ;;"
    yield "        esac ;;"
    yield "    esac"
    yield "}"
    yield from _ZSH_END.replace("SUFFIXES", ",".join(SUFFIXES)).splitlines()


def _zsh_options(options: Sequence[_Option]) -> list[str]:
    """The specifications of options, one for each name."""
    specs = []
    for option in options:
        text = re.sub(r"([][\\:])", r"\\\1", option.help)
        value = "" if option.value is None else ":value:" + _zsh_action(option.value)
        specs += [f"*{name}[{text}]{value}" for name in option.names]
    return specs


def _zsh_action(value: _Value) -> str:
    if value.words:
        return f"({' '.join(value.words)})"
    return _ZSH_ACTIONS[value.kind]


_ZSH_NAMES = {"": "value", "folder": "folder", "file": "file", "post": "post"}
_ZSH_ACTIONS = {"": " ", "folder": "_files -/", "file": "_files", "post": "_site_builder_posts"}
_ZSH_END = r"""_site_builder_posts() {
    local site=${opt_args[-C]:-${opt_args[--directory]:-.}}
    local -a files
    files=($site/{posts,pages}/{[^_]*,[^_]*/index}.{SUFFIXES}(N))
    files=(${files#$site/})
    if [[ $PREFIX != */* ]]; then
        files=(${${${files:r}%/index}:t})
    fi
    compadd -a files
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _site_builder "$@"
else
    compdef _site_builder site-builder
fi"""


def _fish(commands: Sequence[_Command], everywhere: Sequence[_Option]) -> Iterator[str]:
    """Lines of a script for fish."""
    yield from _FISH_START.replace("SUFFIXES", " ".join(SUFFIXES)).splitlines()
    start = "complete -c site-builder"
    for option in everywhere:
        yield f"{start} -n __fish_use_subcommand {_fish_option(option)}"
    for command in commands:
        told = _fish_quoted(command.help)
        yield f"{start} -n __fish_use_subcommand -a {command.name} -d {told}"
    for command in commands:
        here = f"-n '__fish_seen_subcommand_from {command.name}'"
        for option in command.options:
            yield f"{start} {here} {_fish_option(option)}"
        for argument in command.arguments[:1]:
            if offered := _fish_offered(argument):
                yield f"{start} {here} -a {_fish_quoted(offered)}"


def _fish_option(option: _Option) -> str:
    names = [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    ]
    words = [*names, "-d", _fish_quoted(option.help)]
    if option.value is not None:
        offered = _fish_offered(option.value)
        words += ["-x", "-a", _fish_quoted(offered)] if offered else ["-x"]
    return " ".join(words)


def _fish_offered(value: _Value) -> str:
    return " ".join(value.words) or _FISH_OFFERED[value.kind]


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FISH_OFFERED = {
    "": "",
    "folder": "(__fish_complete_directories)",
    "file": "(__fish_complete_path)",
    "post": "(__site_builder_posts)",
}
_FISH_START = r"""# Completion of site-builder in fish.
function __site_builder_posts
    set -l site .
    set -l words (commandline -opc)
    for index in (seq (count $words))
        if contains -- $words[$index] -C --directory
            and test (count $words) -gt $index
            set site $words[(math $index + 1)]
        end
    end
    for suffix in SUFFIXES
        for file in $site/posts/*.$suffix $site/pages/*.$suffix $site/posts/*/index.$suffix $site/pages/*/index.$suffix
            set -l name (string replace -- "$site/" "" $file)
            if not string match -q '*/*' -- (commandline -ct)
                set name (string replace -r '^.*/' '' -- (string replace -r '(/index)?\.[a-z]+$' '' -- $name))
            end
            string match -q -r '(^|/)_' -- $name; or echo $name
        end
    end
end
complete -c site-builder -f"""

SCRIPTS: Mapping[str, Callable[[Sequence[_Command], Sequence[_Option]], Iterator[str]]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
