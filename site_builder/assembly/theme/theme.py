"""A theme: templates, one style sheet and other assets.

In: the site and the files of its theme. Out: a Theme, complete and checked. Promise: no file is
read here, and each mistake in the theme has a file and a line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound

from site_builder.assembly.context import TEMPLATES
from site_builder.assembly.policy import ending, squeezed
from site_builder.assembly.theme.files import ThemeFile, ThemeFiles
from site_builder.assembly.theme.script import tightened
from site_builder.assembly.theme.style import squeezed_style, style_text
from site_builder.assembly.theme.template_problems import (
    TemplateText,
    compile_templates,
    render_problem,
)
from site_builder.assembly.theme.wording import FILTERS, WordsOf, given_words, words_of
from site_builder.errors import Problem, UsageError, encoding_problem, nearest
from site_builder.model.files import LostError, SiteFile, named_by_content
from site_builder.settings.site import Site

ASSETS = "assets/"
ICON = "icon.svg"
SEARCH_SCRIPT = "search.js"


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme in memory."""

    name: str
    template: Callable[[str], Template]
    """Gives a template by its name; each is compiled once."""
    texts: Mapping[str, TemplateText]
    """All templates by name, for messages."""
    style: str
    """The style sheets as one."""
    script: str
    """The inline script, without what means nothing; empty if the theme has none."""
    assets: Mapping[str, SiteFile]
    """All other files of the theme's `assets/` by name, at paths that change with the content."""
    words: WordsOf
    """Gives the words of a language, for HTML."""
    digest: str
    """Digest of all files."""


def load_theme(site: Site, files: ThemeFiles, *, in_order: bool = False) -> Theme:
    """Understand the files of the site's theme.

    With `in_order` these very files were found to be so before. Raises UsageError with every
    problem of the theme.
    """
    texts = {name: TemplateText(file.file, _text(file)) for name, file in files.templates.items()}
    assets = {name: _asset(name, file) for name, file in files.assets.items()}
    script = _script(files.script) if files.script else ""
    sheets = {name: _text(file) for name, file in files.sheets.items()}
    style = style_text(sheets, _address_in_style(assets))
    codes: dict[str, CodeType] = {}
    environment = _environment(site, _Loader(codes, texts), assets)
    if not in_order:
        codes.update(_compiled(environment, texts, files))
    return Theme(
        files.name,
        environment.get_template,
        texts,
        style,
        script,
        assets,
        words_of(site),
        files.digest,
    )


def _compiled(
    environment: Environment, texts: Mapping[str, TemplateText], files: ThemeFiles
) -> dict[str, CodeType]:
    """All templates, compiled and looked through."""
    missing = [name for name in TEMPLATES if name not in texts]
    problems = [
        Problem(
            f"the theme has no template {name!r}",
            files.templates_folder,
            help="write it, or begin with that of the default theme",
            code="H002",
        )
        for name in missing
    ]
    compiled, wrong = compile_templates(environment, texts)
    if missing or wrong:
        raise UsageError([*problems, *wrong])
    return compiled


def render(theme: Theme, template: str, **values: Any) -> bytes:
    """Render a template of the theme as UTF-8; raises UsageError."""
    try:
        words = given_words(theme.words, values)
        text = theme.template(template).render(values | words)
    except LostError:
        raise
    except Exception as error:  # a template can do anything wrong that Python can
        raise UsageError(render_problem(error, template, theme.texts)) from error
    return text.encode("utf-8", "replace")


def hashed_path(name: str, content: bytes) -> str:
    """The path of an asset, with its content's hash: `icon.svg` is at `assets/icon.<hash>.svg`."""
    return ASSETS + named_by_content(name, content)


def _text(file: ThemeFile) -> str:
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(encoding_problem(file.file, error, code="H006")) from None
    return text.replace("\r\n", "\n")


def _asset(name: str, file: ThemeFile) -> SiteFile:
    content = file.content
    if name.endswith(".css"):
        content = squeezed_style(_text(file)).encode()
    elif name == SEARCH_SCRIPT:
        content = tightened(_text(file)).encode()
    return SiteFile(hashed_path(name, content), content)


def _script(file: ThemeFile) -> str:
    script = squeezed(_text(file))
    if found := ending(script):
        message = f"the inline script cannot hold {found[0]!r}, which HTML would read"
        raise UsageError(Problem(message, file.file, help=r"write its '<' as '\x3c'", code="H007"))
    return script


def _address_in_style(assets: Mapping[str, SiteFile]) -> Callable[[str], str]:
    """Addresses of assets as the style sheet, which is one of them, has to write them."""

    def address(name: str) -> str:
        return assets[name].path.removeprefix(ASSETS) if name in assets else ""

    return address


class _Loader(BaseLoader):
    """Gives templates, compiled before or as they are needed."""

    def __init__(self, codes: Mapping[str, CodeType], texts: Mapping[str, TemplateText]) -> None:
        self._codes, self._texts = codes, texts

    def load(
        self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        if name not in self._texts:
            raise TemplateNotFound(name)
        text = self._texts[name]
        code = self._codes.get(name) or environment.compile(text.text, name, text.file)
        return Template.from_code(environment, code, globals or {}, lambda: True)


def _environment(site: Site, loader: BaseLoader, assets: Mapping[str, SiteFile]) -> Environment:
    def asset(name: str) -> str:
        if name not in assets:
            raise LookupError(f"the theme has no asset {name!r}; {nearest(name, assets)}")
        return site.base + assets[name].path

    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    environment.globals["asset"] = asset
    return environment
