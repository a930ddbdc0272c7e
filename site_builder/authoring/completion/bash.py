"""Completion for bash, from 3.2 on.

In: commands and options. Out: lines of a script. Promise: when a key is pressed no program is
started; posts and targets are found by the shell itself.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from site_builder.authoring.completion.words import SUFFIXES, Command, Option, Value, names_of


def script(commands: Sequence[Command], everywhere: Sequence[Option]) -> Iterator[str]:
    """Lines of a script for bash, from 3.2 on."""
    names = " ".join(command.name for command in commands)
    yield from _START.splitlines()
    yield "    local valued=''"
    yield "    case $command in"
    yield f"        '') words={shlex.quote(names)} options={shlex.quote(names_of(everywhere))} ;;"
    for command in commands:
        yield f"        {command.name})"
        yield f"            options={shlex.quote(names_of(command.options))}"
        valued = [option for option in command.options if option.value is not None]
        if valued:
            yield "            case $previous in"
            for option in valued:
                assert option.value is not None
                chosen = _set(option.value)
                yield f"                {'|'.join(option.names)}) valued=1 {chosen} ;;"
            yield "            esac"
        if command.arguments:
            # Options stand before or after: how many arguments there are is not worth counting.
            chosen = _set(command.arguments[0])
            yield f"            if [[ -z $valued ]]; then {chosen}; fi"
        yield "            ;;"
    yield from _END.replace("SUFFIXES", " ".join(SUFFIXES)).splitlines()


def _set(value: Value) -> str:
    return f"words={shlex.quote(' '.join(value.words))} kind={shlex.quote(value.kind)}"


_START = r"""# Completion of site-builder in bash.
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
_END = r"""    esac
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
        target) _site_builder_targets "$site" "$current"; return ;;
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
_site_builder_targets() {
    local line table='^\[deploy\.([A-Za-z0-9_.-]+)\]'
    [[ -f $1/site.toml ]] || return
    while IFS= read -r line || [[ -n $line ]]; do
        [[ $line =~ $table && ${BASH_REMATCH[1]} == "$2"* ]] && COMPREPLY+=("${BASH_REMATCH[1]}")
    done < "$1/site.toml"
}
complete -F _site_builder site-builder"""
