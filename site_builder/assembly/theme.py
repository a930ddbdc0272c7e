"""A theme: templates, one style sheet and other assets, read from a folder.

In: the site, whose `theme` names a folder in its own `themes/` or in ours. Out: a Theme, complete
and checked. Promise: once loaded it reads no files, and each mistake in it has a file and a line.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template, TemplateNotFound

import site_builder
from site_builder.assembly.context import TEMPLATES
from site_builder.assembly.posts import date_in_words
from site_builder.assembly.style import style_text
from site_builder.assembly.template_problems import (
    TemplateText,
    compile_templates,
    render_problem,
)
from site_builder.config import FILE, Site, encoding_problem
from site_builder.errors import Problem, UsageError, nearest
from site_builder.model import SiteFile, named_by_content

ASSETS = "assets/"
ICON = "icon.svg"


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme in memory."""

    name: str
    templates: Mapping[str, Template]
    """The compiled templates of TEMPLATES by name."""
    texts: Mapping[str, TemplateText]
    """All templates by name, for messages."""
    style: str
    """The style sheets as one."""
    assets: Mapping[str, SiteFile]
    """All other files of the theme's `assets/` by name, at paths that change with the content."""


def load_theme(site: Site) -> Theme:
    """Read the theme of the site; templates in the site's own `templates/` replace the theme's.

    Raises UsageError with every problem of the theme.
    """
    folder = _theme_folder(site)
    try:
        texts = _template_texts(site, folder)
        assets = _assets(site, folder)
        style = style_text(_css(site, folder), _address_in_style(assets))
    except _EncodingError as error:
        problem = encoding_problem(_shown(error.path, site.root), error.cause)
        raise UsageError(problem) from None
    except OSError as error:
        shown = _shown(Path(str(error.filename or folder)), site.root)
        raise UsageError(Problem(f"cannot read the theme: {error.strerror}", shown)) from None
    codes: dict[str, CodeType] = {}
    environment = _environment(site, _Compiled(codes), assets)
    missing = [name for name in TEMPLATES if name not in texts]
    problems = [
        Problem(
            f"the theme has no template {name!r}",
            _shown(folder / "templates", site.root),
            help="write it, or begin with that of the default theme",
        )
        for name in missing
    ]
    compiled, wrong = compile_templates(environment, texts)
    if missing or wrong:
        raise UsageError([*problems, *wrong])
    codes.update(compiled)
    templates = {name: environment.get_template(name) for name in TEMPLATES}
    return Theme(site.settings.theme, templates, texts, style, assets)


def render(theme: Theme, template: str, **values: Any) -> bytes:
    """Render a template of the theme as UTF-8; raises UsageError."""
    try:
        text = theme.templates[template].render(values)
    except Exception as error:  # a template can do anything wrong that Python can
        raise UsageError(render_problem(error, template, theme.texts)) from error
    return text.encode("utf-8", "replace")


def hashed_path(name: str, content: bytes) -> str:
    """The path of an asset, with its content's hash: `icon.svg` is at `assets/icon.<hash>.svg`."""
    return ASSETS + named_by_content(name, content)


def _theme_folder(site: Site) -> Path:
    name = site.settings.theme
    package = Path(site_builder.__file__).parent
    # In a wheel our themes are in the package, in a checkout beside it.
    homes = [site.root / "themes", package / "themes", package.parent / "themes"]
    for home in homes:
        if (home / name).is_dir():
            return home / name
    known = {x.name for home in homes if home.is_dir() for x in home.iterdir() if x.is_dir()}
    raise UsageError(_setting_problem(site, f"there is no theme {name!r}", nearest(name, known)))


def _setting_problem(site: Site, message: str, help_: str) -> Problem:
    try:
        lines = (site.root / FILE).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return Problem(message, FILE, help=help_)
    for number, line in enumerate(lines, 1):
        if found := re.match(r"""\s*theme\s*=\s*(["'].*["'])""", line):
            column, width = found.start(1) + 1, len(found[1])
            return Problem(message, FILE, number, column, width, line, help_)
    return Problem(message, FILE, help=help_)


def _template_texts(site: Site, folder: Path) -> dict[str, TemplateText]:
    texts: dict[str, TemplateText] = {}
    for home in (folder / "templates", site.root / "templates"):
        for path in _files(site, folder, home):
            name = path.relative_to(home).as_posix()
            texts[name] = TemplateText(_shown(path, site.root), _text(path))
    return texts


def _files(site: Site, folder: Path, home: Path) -> Iterator[Path]:
    """The files in `home` that are not hidden, by name; raises UsageError for a link that leads
    out of both the theme's `folder` and the site."""
    inside = (folder.resolve(), site.root.resolve())
    for path in sorted(home.rglob("*")) if home.is_dir() else ():
        if path.is_file() and not path.name.startswith("."):
            if not any(path.resolve().is_relative_to(place) for place in inside):
                message = "the file is a link to a place outside of the theme and the site"
                help_ = "copy the file to where the link is"
                raise UsageError(Problem(message, _shown(path, site.root), help=help_))
            yield path


class _EncodingError(Exception):
    """A file of the theme is not UTF-8."""

    def __init__(self, path: Path, cause: UnicodeDecodeError) -> None:
        self.path, self.cause = path, cause
        super().__init__(path)


def _text(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _EncodingError(path, error) from None
    return text.replace("\r\n", "\n")


def _shown(path: Path, root: Path) -> str:
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _css(site: Site, folder: Path) -> dict[str, str]:
    home = folder / "assets" / "css"
    paths = [path for path in _files(site, folder, home) if path.suffix == ".css"]
    return {path.name: _text(path) for path in paths if path.parent == home}


def _assets(site: Site, folder: Path) -> dict[str, SiteFile]:
    assets = {}
    home = folder / "assets"
    for path in _files(site, folder, home):
        name = path.relative_to(home).as_posix()
        if not (name.startswith("css/") and name.endswith(".css")):
            content = path.read_bytes()
            assets[name] = SiteFile(hashed_path(name, content), content)
    return assets


def _address_in_style(assets: Mapping[str, SiteFile]) -> Callable[[str], str]:
    """Addresses of assets as the style sheet, which is one of them, has to write them."""

    def address(name: str) -> str:
        return assets[name].path.removeprefix(ASSETS) if name in assets else ""

    return address


class _Compiled(BaseLoader):
    """Gives templates that are compiled already, so that each is compiled once."""

    def __init__(self, codes: Mapping[str, CodeType]) -> None:
        self._codes = codes

    def load(
        self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        if name not in self._codes:
            raise TemplateNotFound(name)
        return Template.from_code(environment, self._codes[name], globals or {}, lambda: True)


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
    environment.filters.update(date=date_in_words, iso=dt.date.isoformat, seconds=_duration)
    environment.globals["asset"] = asset
    return environment


def _duration(seconds: float) -> str:
    """A time in words, as exact as a reader wants it: `0.4 s`, `12 s`, `3 min 5 s`."""
    if seconds < 9.95:
        return f"{max(seconds, 0.1):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
