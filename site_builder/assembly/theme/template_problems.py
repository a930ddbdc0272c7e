"""What is wrong with a template, said with its file, its line and the nearest right name.

In: the texts of a theme's templates, or what went wrong as one was rendered. Out: Problems.
Promise: a name that no template is ever given is found before any page is rendered.
"""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType

from jinja2 import Environment, TemplateSyntaxError, UndefinedError, meta, nodes

from site_builder.assembly import context
from site_builder.assembly.theme.wording import GIVEN
from site_builder.errors import Problem, nearest
from site_builder.words.words import ENGLISH, Words, built_in

_ALWAYS = ("site", "page", *GIVEN)
_NAMES = {
    "SiteContext": "site",
    "PageContext": "page",
    "PostContext": "a post",
    "TagContext": "a tag",
    "SeriesBox": "a series",
    "BuiltWith": "built_with",
    "TocEntry": "an entry of the table of contents",
    "Part": "a part of a series",
    "Year": "a year",
    "Link": "a link",
}


@dataclass(frozen=True, slots=True)
class TemplateText:
    """A template as read."""

    file: str
    """Its path for messages."""
    text: str


def compile_templates(
    environment: Environment, texts: Mapping[str, TemplateText]
) -> tuple[dict[str, CodeType], list[Problem]]:
    """Compile templates by name, and find what is wrong with them.

    That is: syntax errors, names that templates are not given, and parts that are missing.
    """
    codes: dict[str, CodeType] = {}
    trees: dict[str, nodes.Template] = {}
    problems: list[Problem] = []
    for name, text in texts.items():
        try:
            tree = environment.parse(text.text, name, text.file)
            codes[name] = environment.compile(tree, name, text.file)
            trees[name] = tree
        except TemplateSyntaxError as error:
            message = f"not a template: {error.message}"
            problems.append(_at(text, error.lineno, "", message, "", "H003"))
    stored = {name: _stored(tree) for name, tree in trees.items()}
    for name, tree in trees.items():
        if name in context.TEMPLATES:
            given = {*_ALWAYS, *context.TEMPLATES[name]}
            known = given | stored[name]
        else:
            # A part that others include or extend sees what they are given, and what they set.
            given = {*_ALWAYS, *(x for xs in context.TEMPLATES.values() for x in xs)}
            known = given.union(*stored.values())
        known |= set(environment.globals)
        problems += _unknown_names(tree, texts[name], known, given)
        problems += _unknown_fields(tree, texts[name])
        problems += _missing_parts(tree, texts, name)
    return codes, problems


def _stored(tree: nodes.Template) -> set[str]:
    return {node.name for node in tree.find_all(nodes.Name) if node.ctx in ("store", "param")}


def _unknown_names(
    tree: nodes.Template, text: TemplateText, known: set[str], given: set[str]
) -> Iterator[Problem]:
    for name in sorted(meta.find_undeclared_variables(tree) - known):
        lines = [node.lineno for node in tree.find_all(nodes.Name) if node.name == name]
        message = f"this template is not given {name!r}"
        yield _at(text, min(lines, default=0), name, message, nearest(name, given), "H004")


def _unknown_fields(tree: nodes.Template, text: TemplateText) -> Iterator[Problem]:
    classes = {"site": context.SiteContext, "page": context.PageContext}
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name in classes:
            fields = [field.name for field in dataclasses.fields(classes[node.node.name])]
            if node.attr not in fields:
                message = f"{node.node.name} has no {node.attr!r}"
                help_ = nearest(node.attr, fields)
                yield _at(text, node.lineno, node.attr, message, help_, "H004")
        elif isinstance(node.node, nodes.Name) and node.node.name in GIVEN:
            words = built_in(ENGLISH) or {}
            if node.attr not in words and not hasattr(Words, node.attr):
                message, help_ = f"there is no word {node.attr!r}", nearest(node.attr, words)
                yield _at(text, node.lineno, node.attr, message, help_, "H004")


def _missing_parts(
    tree: nodes.Template, texts: Mapping[str, TemplateText], name: str
) -> Iterator[Problem]:
    for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        named = getattr(node, "template", None)
        optional = getattr(node, "ignore_missing", False)
        if isinstance(named, nodes.Const) and isinstance(named.value, str) and not optional:
            part = named.value
            if part not in texts:
                message = f"there is no template {part!r}"
                help_ = nearest(part, texts)
                yield _at(texts[name], node.lineno, part, message, help_, "H002")


def render_problem(error: Exception, template: str, texts: Mapping[str, TemplateText]) -> Problem:
    """The problem that stopped the rendering of `template`."""
    by_file = {text.file: text for text in texts.values()}
    text, line = texts[template], 0
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in by_file:
            text, line = by_file[frame.filename], frame.lineno or 0
    said = str(error)
    field = re.search(r"'[\w.]*?(\w+) object' has no attribute '(\w+)'", said)
    if isinstance(error, UndefinedError) and field:
        cls, name = field[1], field[2]
        what = _NAMES.get(cls, f"a {cls}")
        fields = dataclasses.fields(getattr(context, cls)) if cls in _NAMES else ()
        help_ = nearest(name, [f.name for f in fields]) if fields else ""
        return _at(text, line, name, f"{what} has no {name!r}", help_, "H004")
    if isinstance(error, UndefinedError):
        return _at(text, line, "", said, "", "H004")
    message = f"cannot be rendered: {type(error).__name__}: {said}"
    return _at(text, line, "", message, "", "H005")


def _at(text: TemplateText, line: int, word: str, message: str, help_: str, code: str) -> Problem:
    lines = text.text.split("\n")
    excerpt = lines[line - 1] if 0 < line <= len(lines) else ""
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", excerpt) if word else None
    column, width = (found.start() + 1, len(word)) if found else (0, 1)
    return Problem(message, text.file, line, column, width, excerpt, help_, code=code)
