"""The files of a theme, as they are on the disk.

In: the site, whose `theme` names a folder in its own `themes/` or in ours. Out: the bytes of every
file of it, with those of the site's own `templates/` in the place of the theme's. Promise: nothing
outside of the theme and the site is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import site_builder
from site_builder.errors import Problem, UsageError, nearest
from site_builder.settings.site import FILE, Site
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class ThemeFile:
    """A file of a theme."""

    file: str
    """Its path for messages."""
    content: bytes


@dataclass(frozen=True, slots=True)
class ThemeFiles:
    """A theme as read."""

    name: str
    templates_folder: str
    """Path of the theme's templates for messages."""
    templates: Mapping[str, ThemeFile]
    """By name, such as `post.html`."""
    sheets: Mapping[str, ThemeFile]
    """The style sheets, by name."""
    script: ThemeFile | None
    """`inline.js`, the script that each page carries; None if the theme has none."""
    assets: Mapping[str, ThemeFile]
    """All other files of `assets/`, by name."""

    @property
    def digest(self) -> str:
        """The digest of all files with their names."""
        script = {_SCRIPT: self.script} if self.script else {}
        kinds = (self.templates, self.sheets, script, self.assets)
        named = [
            [(name, file.file, digest_of(file.content)) for name, file in sorted(kind.items())]
            for kind in kinds
        ]
        return digest_of(repr((self.name, named)).encode("utf-8", "surrogatepass"))


def read_theme(site: Site) -> ThemeFiles:
    """Read the theme of the site. Raises UsageError if there is none, or it cannot be read."""
    folder = _theme_folder(site)
    try:
        assets = dict(_read(site, folder, folder / "assets"))
        templates = dict(_read(site, folder, folder / "templates"))
        templates |= _read(site, folder, site.root / "templates")
    except OSError as error:
        shown = _shown(Path(str(error.filename or folder)), site.root)
        message = f"cannot read the theme: {error.strerror}"
        raise UsageError(Problem(message, shown, code="H006")) from None
    script = assets.pop(_SCRIPT, None)
    sheets = {name: assets.pop(name) for name in [*assets] if re.fullmatch(r"css/.*\.css", name)}
    return ThemeFiles(
        site.settings.theme,
        _shown(folder / "templates", site.root),
        templates,
        {name.removeprefix("css/"): file for name, file in sheets.items() if name.count("/") == 1},
        script,
        assets,
    )


_SCRIPT = "inline.js"


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
        return Problem(message, FILE, help=help_, code="H001")
    for number, line in enumerate(lines, 1):
        if found := re.match(r"""\s*theme\s*=\s*(["'].*["'])""", line):
            column, width = found.start(1) + 1, len(found[1])
            return Problem(message, FILE, number, column, width, line, help_, code="H001")
    return Problem(message, FILE, help=help_, code="H001")


def _read(site: Site, folder: Path, home: Path) -> Iterator[tuple[str, ThemeFile]]:
    """The files in `home` that are not hidden, by name; raises UsageError for a link that leads
    out of both the theme's `folder` and the site."""
    inside = (folder.resolve(), site.root.resolve())
    for path in sorted(home.rglob("*")) if home.is_dir() else ():
        if path.is_file() and not path.name.startswith("."):
            if not any(path.resolve().is_relative_to(place) for place in inside):
                message = "the file is a link to a place outside of the theme and the site"
                help_ = "copy the file to where the link is"
                shown = _shown(path, site.root)
                raise UsageError(Problem(message, shown, help=help_, code="H006"))
            name = path.relative_to(home).as_posix()
            yield name, ThemeFile(_shown(path, site.root), path.read_bytes())


def _shown(path: Path, root: Path) -> str:
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
