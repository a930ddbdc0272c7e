"""JSON Schemas: an editor that has them says what a build would say."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from broken_sites import Blog
from jsonschema import Draft7Validator

from site_builder.content.front_matter import read_front_matter
from site_builder.content.yaml_core import read_mapping
from site_builder.errors import SiteBuilderError
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Source
from site_builder.schema import keys
from site_builder.settings.site import parse_settings
from site_builder.settings.tables import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LEAST = 'title = "Notes"\nurl = "https://example.org/"\n'


def printed(tmp_path: Path, *options: str) -> dict[str, Any]:
    told = Blog(tmp_path).run("config", "schema", *options)
    assert (told.code, told.err) == (0, "")
    schema = json.loads(told.out)
    Draft7Validator.check_schema(schema)
    assert isinstance(schema, dict)
    return schema


def accepts(schema: dict[str, Any], value: object) -> bool:
    return bool(Draft7Validator(schema).is_valid(value))


def builds_with(text: str) -> bool:
    try:
        parse_settings(text)
    except SiteBuilderError:
        return False
    return True


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ("", True),
        ("home_posts = 5\nsmart_quotes = false", True),
        ("[execution]\nfences = 'marked'\npass_environment = ['HOME']\nmemory = 2", True),
        ("[execution]\npass_environment = 'HOME'", True),
        ("[math]\nmacros = { '\\R' = '\\mathbb{R}' }", True),
        ("[figures]\nwidth = 0", False),
        ("homeposts = 5", False),
        ("home_posts = '5'", False),
        ("home_posts = 0", False),
        ("home_posts = true", False),
        ("smart_quotes = 1", False),
        ("[execution]\nfences = 'some'", False),
        ("[execution]\nenvironment = ['A']", False),
        ("[execution]\nsede = 1", False),
        ("execution = 1", False),
    ],
)
def test_the_schema_of_settings_says_what_a_build_says(
    tmp_path: Path, more: str, good: bool
) -> None:
    text = LEAST + more
    assert builds_with(text) is good
    assert accepts(printed(tmp_path), tomllib.loads(text)) is good


def test_what_is_required_is_required(tmp_path: Path) -> None:
    schema = printed(tmp_path)
    assert not accepts(schema, {"title": "Notes"})
    assert not accepts(schema, {"url": "https://example.org/"})


@pytest.mark.parametrize(
    ("block", "good"),
    [
        ("", True),
        ("tags: [a, 1984]\nauthor: Ada\ndraft: true", True),
        ("tags: one\ncategories_: x", False),
        ("execute: frozen", True),
        ("execute: {echo: false}", True),
        ("execute: never", False),
        ("math: {macros: {'\\R': '\\mathbb{R}'}}", True),
        ("macros: {'\\R': '\\mathbb{R}'}", True),
        ("jupyter: {kernelspec: {name: python3}}", True),
        ("seed: 3\ntimeout: 0.5\nupdated: 2020-06-01", True),
        ("seed: three", False),
        ("updated: soon", False),
        ("kind: essay", False),
        ("drafts: true", False),
        ("toc: no", False),
    ],
)
def test_the_schema_of_front_matter_says_what_a_build_says(
    tmp_path: Path, block: str, good: bool
) -> None:
    text = f"title: Good\ndate: 2020-05-17\n{block}\n"
    try:
        read_front_matter(Source("posts/a.md", f"---\n{text}---\n"))
    except SiteBuilderError:
        assert not good
    else:
        assert good
    assert accepts(printed(tmp_path, "--front-matter"), read_mapping(text).values) is good


def test_the_settings_and_posts_of_this_repository_fit(tmp_path: Path) -> None:
    settings = tomllib.loads((ROOT / "site.toml").read_text(encoding="utf-8"))
    assert accepts(printed(tmp_path), settings)
    schema = printed(tmp_path, "--front-matter")
    posts = sorted((ROOT / "posts").rglob("*.md"))
    assert len(posts) > 5
    for path in posts:
        block = re.match(r"---\n(.*?)^---$", path.read_text(encoding="utf-8"), re.S | re.M)
        assert block
        assert accepts(schema, read_mapping(block[1]).values), path


def test_every_key_is_described(tmp_path: Path) -> None:
    told = printed(tmp_path)["properties"]
    front = printed(tmp_path, "--front-matter")["properties"]
    assert list(told) == list(keys(Settings))
    assert list(keys(FrontMatter)) == list(front)[: len(keys(FrontMatter))]
    tables = [entry for entry in told.values() if "properties" in entry]
    entries = [*told.values(), *front.values()]
    entries += [entry for table in tables for entry in table["properties"].values()]
    assert all(entry["description"].endswith((".", "…}`.")) for entry in entries)
    assert told["execution"]["properties"]["memory"]["default"] == 8.0


def test_something_else_than_a_schema(tmp_path: Path) -> None:
    told = Blog(tmp_path).run("config", "scheme")
    assert told.code == 2
    assert "invalid choice: 'scheme'" in told.err
