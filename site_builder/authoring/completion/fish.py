"""Completion for fish.

In: commands and options. Out: lines of a script. Promise: when a key is pressed no program is
started; posts and targets are found by the shell itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from site_builder.authoring.completion.words import SUFFIXES, Command, Option, Value


def script(commands: Sequence[Command], everywhere: Sequence[Option]) -> Iterator[str]:
    """Lines of a script for fish."""
    yield from _START.replace("SUFFIXES", " ".join(SUFFIXES)).splitlines()
    start = "complete -c site-builder"
    for option in everywhere:
        yield f"{start} -n __fish_use_subcommand {_option(option)}"
    for command in commands:
        told = _quoted(command.help)
        yield f"{start} -n __fish_use_subcommand -a {command.name} -d {told}"
    for command in commands:
        here = f"-n '__fish_seen_subcommand_from {command.name}'"
        for option in command.options:
            yield f"{start} {here} {_option(option)}"
        for argument in command.arguments[:1]:
            if offered := _offered(argument):
                yield f"{start} {here} -a {_quoted(offered)}"


def _option(option: Option) -> str:
    names = [
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    ]
    words = [*names, "-d", _quoted(option.help)]
    if option.value is not None:
        offered = _offered(option.value)
        words += ["-x", "-a", _quoted(offered)] if offered else ["-x"]
    return " ".join(words)


def _offered(value: Value) -> str:
    return " ".join(value.words) or _OFFERED[value.kind]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_OFFERED = {
    "": "",
    "folder": "(__fish_complete_directories)",
    "file": "(__fish_complete_path)",
    "post": "(__site_builder_posts)",
    "target": "(__site_builder_targets)",
}
_START = r"""# Completion of site-builder in fish.
function __site_builder_site
    set -l site .
    set -l words (commandline -opc)
    for index in (seq (count $words))
        if contains -- $words[$index] -C --directory
            and test (count $words) -gt $index
            set site $words[(math $index + 1)]
        end
    end
    echo $site
end
function __site_builder_targets
    set -l settings (__site_builder_site)/site.toml
    test -f $settings; or return
    string replace -r -f '^\[deploy\.([A-Za-z0-9_.-]+)\].*' '$1' <$settings
end
function __site_builder_posts
    set -l site (__site_builder_site)
    for suffix in SUFFIXES
        for file in $site/{posts,pages}/*.$suffix $site/{posts,pages}/*/index.$suffix
            set -l name (string replace -- "$site/" "" $file)
            if not string match -q '*/*' -- (commandline -ct)
                set name (string replace -r '(/index)?\.[a-z]+$' '' -- $name)
                set name (string replace -r '^.*/' '' -- $name)
            end
            string match -q -r '(^|/)_' -- $name; or echo $name
        end
    end
end
complete -c site-builder -f"""
