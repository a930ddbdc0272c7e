"""JSON Schemas, for editors: what `site.toml` and front matter may hold.

In: the dataclasses that are read from them. Out: schemas as JSON values, with the descriptions of
the fields' docstrings. Promise: what they refuse a build refuses, too.
"""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import inspect
import textwrap
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal

from site_builder.content.front_matter import FOREIGN, SYNONYMS
from site_builder.model.front_matter import FrontMatter
from site_builder.schema import keys
from site_builder.settings.faults import POSITIVE
from site_builder.settings.tables import Settings

Schema = dict[str, Any]
DIALECT = "http://json-schema.org/draft-07/schema#"  # the newest that all editors know


def settings_schema() -> Schema:
    """The JSON Schema of `site.toml`."""
    schema = {"$schema": DIALECT, "title": "site.toml of site-builder", **_table(Settings)}
    for table, key in POSITIVE:
        place = schema["properties"][table] if table else schema
        place["properties"][key]["exclusiveMinimum"] = 0
    return schema


def front_matter_schema() -> Schema:
    """The JSON Schema of the front matter of posts and pages."""
    title = "Front matter of a post of site-builder"
    schema = {"$schema": DIALECT, "title": title, **_table(FrontMatter)}
    properties = schema["properties"]
    for word, key in SYNONYMS.items():
        properties[word] = {**properties[key], "description": f"The same as `{key}`."}
    for key in sorted(FOREIGN):
        properties[key] = {"description": "A key of another tool, left alone."}
    # What other tools keep there.
    properties["execute"]["anyOf"] = [{"enum": properties["execute"].pop("enum")}, _TABLE]
    properties["math"] = {**_TABLE, "description": "As in MyST: `math: {macros: …}`."}
    return schema


def _table(cls: type) -> Schema:
    """The schema of a table that is read as `cls`."""
    hints, told = typing.get_type_hints(cls), _docstrings(cls)
    missing = dataclasses.MISSING
    properties, required = {}, []
    for key, field in keys(cls).items():
        properties[key] = {"description": told[field.name], **_of(hints[field.name])}
        if field.default is missing and field.default_factory is missing:
            required.append(key)
        elif isinstance(field.default, str | int | float) and field.default != "":
            properties[key]["default"] = field.default
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _of(hint: Any) -> Schema:
    """The schema of values that `schema.read_table` takes for a hint."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of(member) for member in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": _of(arguments[0])}]}
    if origin is not None and issubclass(origin, Mapping):
        return {**_TABLE, "additionalProperties": _of(arguments[1])}
    if dataclasses.is_dataclass(hint):
        return _table(typing.cast(type, hint))
    return dict(_SCALARS[hint])


_TABLE = {"type": "object"}
_SCALARS: Mapping[type, Schema] = {
    # A title such as `1984` is a number to YAML and a text to its author.
    str: {"type": ["string", "number"]},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dt.date: {"type": "string", "pattern": r"^\s*\d{4}", "examples": ["2019-06-02"]},
    type(None): {"type": "null"},
}


def _docstrings(cls: type) -> dict[str, str]:
    """The docstrings below the fields of a class, each as one line."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: " ".join(below.value.value.split())
        for field, below in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        if isinstance(below.value.value, str)
    }
