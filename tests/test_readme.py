"""The README's tables name every setting, key and option, and none that there is not."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from site_builder import cli
from site_builder.assembly import context
from site_builder.codes import FAMILIES
from site_builder.model.cell_options import CellOptions
from site_builder.model.front_matter import FrontMatter
from site_builder.schema import keys
from site_builder.settings.machines import Feeds, Policy
from site_builder.settings.tables import Cache, Citing, Execution, Figures, Math, Settings
from site_builder.settings.targets import S3, Folder, Git, Rsync

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def table(*header: str) -> list[str]:
    """What the first column of a table names: the text of its code spans."""
    start = README.index(f"| {' | '.join(header)} |\n")
    rows = README[start:].partition("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


def settings() -> Iterator[str]:
    tables: dict[str, type] = {
        "execution": Execution,
        "figures": Figures,
        "math": Math,
        "cache": Cache,
        "citations": Citing,
        "feeds": Feeds,
        "policy": Policy,
    }
    for name in keys(Settings):
        if name in tables:
            yield from (f"{name}.{key}" for key in keys(tables[name]))
        else:
            yield name


def test_every_table_of_settings_is_looked_at() -> None:
    nested = {f.name for f in dataclasses.fields(Settings) if f.name not in set(settings())}
    assert nested == {name.partition(".")[0] for name in settings() if "." in name}


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (("setting", "default", "what it says"), list(settings())),
        (("key", "what it says"), list(keys(FrontMatter))),
        (("option", "what it does", "default"), list(keys(CellOptions, dashes=True))),
    ],
    ids=["settings", "front matter", "cells"],
)
def test_a_table_names_all_that_can_be_written(header: tuple[str, ...], names: list[str]) -> None:
    assert sorted(table(*header)) == sorted(names)


def test_the_keys_of_targets_are_named() -> None:
    start = README.index("| target | key | what it says |\n")
    rows = [row.split(" | ") for row in README[start:].partition("\n\n")[0].splitlines()[2:]]
    named = sorted((row[0].strip("| "), row[1].strip("`")) for row in rows)
    known = {"folder": Folder, "rsync": Rsync, "git": Git, "s3": S3}
    own = [(kind, key) for kind, cls in known.items() for key in keys(cls)]
    shared = {("all", "kind"), ("all", "url")}
    assert named == sorted({x for x in own if x[1] not in ("kind", "url")} | shared)


def test_the_families_of_codes_are_named() -> None:
    assert table("letter", "what it is about") == list(FAMILIES)


def test_the_commands_are_named() -> None:
    _, commands = cli.parser_of()
    assert table("command", "what it does") == [f"site-builder {name}" for name in commands]


def test_the_options_of_the_command_line_are_named() -> None:
    parser, commands = cli.parser_of()
    texts = [parser.format_help(), *(command.format_help() for command in commands.values())]
    known = set(re.findall(r"(?<!\S)--?[a-z][a-z0-9-]*|(?<!\S)-[A-Za-z]\b", "\n".join(texts)))
    named = [word.split()[0] for word in table("option", "meaning")]
    assert sorted(named) == sorted(known)


@pytest.mark.parametrize(
    ("cls", "prefix"),
    [(Settings, ""), (Execution, "execution."), (Figures, "figures."), (Cache, "cache.")],
    ids=["site", "execution", "figures", "cache"],
)
def test_the_defaults_are_those_of_the_code(cls: type, prefix: str) -> None:
    start = README.index("| setting | default | what it says |\n")
    rows = README[start:].partition("\n\n")[0].splitlines()[2:]
    named = {row.split("`")[1]: row.split(" | ")[1].strip("|` ") for row in rows}
    for name, field in keys(cls).items():
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            assert float(named[prefix + name].split()[0]) == field.default, name
        elif isinstance(field.default, str) and field.default:
            assert named[prefix + name].strip('"') == field.default, name


def fields_in_readme(variable: str) -> list[str]:
    """The fields that the table of template variables names for one of them."""
    start = README.index("| variable | fields |\n")
    rows = README[start:].partition("\n\n")[0].splitlines()[2:]
    (row,) = [row for row in rows if row.startswith(f"| {variable} |")]
    return re.findall(r"`([^`]+)`", row.split(" | ", 1)[1])


@pytest.mark.parametrize(
    ("variable", "classes"),
    [
        ("`site`", (context.SiteContext, context.Link)),
        ("`page`", (context.PageContext,)),
        ("`post`", (context.PostContext, context.TocEntry, context.SeriesBox, context.Part)),
        ("`post.built_with`", (context.BuiltWith,)),
        ("`post.citation`", (context.CiteContext,)),
        ("an item of `post.related`", (context.RelatedPost,)),
        ("`search`", (context.SearchContext,)),
        ("a tag", (context.TagContext,)),
    ],
)
def test_the_variables_of_templates_are_named(variable: str, classes: tuple[type, ...]) -> None:
    known = [field.name for cls in classes for field in dataclasses.fields(cls)]
    assert sorted(fields_in_readme(variable)) == sorted(known)


def test_the_templates_of_a_theme_are_named_with_what_they_get() -> None:
    start = README.index("| template | also gets |\n")
    rows = README[start:].partition("\n\n")[0].splitlines()[2:]
    for template, variables in context.TEMPLATES.items():
        assert f"`{template}`" in README
        named = [row for row in rows if f"`{template}`" in row.split(" | ")[0]]
        words = set(re.findall(r"`([^`]+)`", named[0].split(" | ", 1)[1])) if named else set()
        assert set(variables) <= words, template
