"""Everything that a build is made of, read once.

In: a site. Out: the bytes of posts, theme and static files, and a digest of all else that has a
say: this program, the libraries, the settings. Promise: two builds whose inputs have the same
digests, on the same day, give the same site; no time of a file has a say.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from site_builder.assembly.theme.files import ThemeFiles, read_theme
from site_builder.content.read import PostFile, read_files, read_static
from site_builder.errors import ContentError, Problem, UsageError
from site_builder.model.files import SiteFile
from site_builder.settings.site import Site
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was read."""

    files: tuple[PostFile, ...]
    """Of posts and pages, and modules that lie among them."""
    digests: Mapping[str, str]
    """Of their contents, by their paths."""
    static: tuple[SiteFile, ...]
    problems: tuple[Problem, ...]
    """What is wrong with posts, pages or static files."""
    theme: ThemeFiles | UsageError
    """The theme, or why it cannot be read."""
    program: str
    """Digest of this program and of the libraries beside it."""
    rendering: str
    """Digest of what every post is rendered with: the program and the settings."""
    site: str
    """Digest of what the whole site is made with: also the theme and the static files."""


def read_inputs(site: Site) -> Inputs:
    """Read all inputs of a build but the attachments, which only their posts know."""
    files, problems = read_files(site)
    static: tuple[SiteFile, ...] = ()
    try:
        static = read_static(site)
    except ContentError as error:
        problems += error.problems
    try:
        theme: ThemeFiles | UsageError = read_theme(site)
    except UsageError as error:
        theme = error
    program = _program()
    rendering = _digest(program, site.settings, site.words)
    named = [(file.path, digest_of(file.content)) for file in static]
    return Inputs(
        files,
        {file.path: digest_of(file.content) for file in files},
        static,
        problems,
        theme,
        program,
        rendering,
        _digest(rendering, theme.digest if isinstance(theme, ThemeFiles) else "", named),
    )


def _program() -> str:
    """The digest of this program's own code, and of the names of all installed distributions.

    The names hold the versions, and are there without any of them being imported.
    """
    own = [(path, digest_of(content)) for path, content in _code(Path(__file__).parent)]
    distributions = {
        name
        for place in sys.path
        if os.path.isdir(place)  # noqa: PTH112
        for name in os.listdir(place)  # noqa: PTH208
        if name.endswith((".dist-info", ".egg-info"))
    }
    return _digest(sys.version, own, sorted(distributions))


def _code(package: Path) -> Iterator[tuple[str, bytes]]:
    # Texts for paths: under `serve` some four hundred files are read at each save.
    for home, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        inside = home[len(str(package)) + 1 :].replace(os.sep, "/")
        for name in sorted(names):
            if name.endswith((".py", ".toml")):
                with open(f"{home}/{name}", "rb", buffering=0) as file:  # noqa: PTH123
                    yield f"{inside}/{name}" if inside else name, file.readall()


def _digest(*values: object) -> str:
    return digest_of(repr(values).encode("utf-8", "surrogatepass"))
