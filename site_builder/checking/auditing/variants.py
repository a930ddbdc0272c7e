"""Variants: the ways in which `audit` runs a post again, each with one thing changed.

In: a site. Out: for each variant the site to run posts in, or why it cannot be tried here. Promise:
nothing is written to the site; a copy of it is in a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from site_builder.execution.program import site_environment, site_python
from site_builder.settings.site import Site

AGAIN, HASH_SEED, FOLDER, TIME_ZONE = "again", "hash seed", "folder", "time zone"
LOCALE, THREADS, SPAWN = "locale", "threads", "no fork"


@dataclass(frozen=True, slots=True)
class Variant:
    """A way of running posts that differs from that of a build in one thing."""

    name: str
    kind: str
    """What is changed, one of the words above."""
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Environment variables; of the values the first that is not that of a build."""


# One seed is not enough: a set of two texts has one of two orders under each.
_SEEDS = (("hash seed 1", ("1", "3")), ("hash seed 2", ("2", "4")))
# XLA and TensorFlow take as many threads as there are cores, unless they are told.
_THREADS = ("4", "3") if os.cpu_count() != 4 else ("3", "2")
_THREAD_VARIABLES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "PJRT_NPROC", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)
AS_BUILT = Variant("as in a build", "")
VARIANTS = (
    Variant("again", AGAIN),
    *(Variant(name, HASH_SEED, {"PYTHONHASHSEED": values}) for name, values in _SEEDS),
    Variant("another folder", FOLDER),
    # As POSIX writes it, 14 hours before UTC: there need be no list of time zones.
    Variant("another time zone", TIME_ZONE, {"TZ": ("<+14>-14", "<-11>11")}),
    Variant("another locale", LOCALE),
    Variant("more threads", THREADS, dict.fromkeys(_THREAD_VARIABLES, _THREADS)),
    Variant("no fork", SPAWN),
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A variant that can be tried here."""

    variant: Variant
    site: Site
    """The site with its changes."""
    fork: bool


def prepared(site: Site, variant: Variant, scratch: Path) -> Prepared | str:
    """Make a variant of a site ready, in the folder `scratch` if it needs one; or say why not.

    Raises UsageError if the site's Python is not there.
    """
    if variant.kind == SPAWN:
        if sys.platform != "linux":
            return "posts are never forked on this system"
        return Prepared(variant, site, fork=False)
    if variant.kind == FOLDER:
        copy = _elsewhere(site, scratch)
        return copy if isinstance(copy, str) else Prepared(variant, copy, fork=True)
    if variant.kind == LOCALE:
        name = _other_locale(site)
        if not name:
            return "the system has no locale but C"
        return Prepared(variant, _with_variables(site, {"LANG": name, "LC_ALL": name}), fork=True)
    known = site_environment(site)
    variables = {
        name: next(value for value in values if value != known.get(name))
        for name, values in variant.variables.items()
    }
    return Prepared(variant, _with_variables(site, variables), fork=True)


def _with_variables(site: Site, variables: Mapping[str, str]) -> Site:
    own = site.settings.execution
    execution = replace(own, environment={**own.environment, **variables})
    return replace(site, settings=replace(site.settings, execution=execution))


# Candidates whose numbers, dates or order of letters are other than those of C.
_LOCALES = (
    *("de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8", "it_IT.UTF-8", "nl_NL.UTF-8", "pt_BR.UTF-8"),
    *("ru_RU.UTF-8", "pl_PL.UTF-8", "tr_TR.UTF-8", "ja_JP.UTF-8", "en_GB.UTF-8", "en_US.UTF-8"),
)
_FIND_LOCALE = """\
import locale, sys
for name in sys.argv[1:]:
    try:
        locale.setlocale(locale.LC_ALL, name)
    except locale.Error:
        continue
    print(name)
    break
"""


def _other_locale(site: Site) -> str:
    """The name of a locale that the system has; empty if there is none."""
    environment = site_environment(site)
    names = [name for name in _LOCALES if name != environment.get("LC_ALL")]
    try:
        done = subprocess.run(
            [site_python(site), "-I", "-c", _FIND_LOCALE, *names],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
    except OSError:
        return ""  # what is wrong with that Python, the first run says better
    return done.stdout.strip()


def _elsewhere(site: Site, scratch: Path) -> Site | str:
    """The same site in another folder, or why there is none.

    A copy and not a link: else a path that is resolved would be the same.
    """
    root = scratch.resolve() / "elsewhere"
    links: list[Path] = []

    def passed_over(folder: str, names: list[str]) -> set[str]:
        found = [name for name in names if _is_linked(Path(folder, name), site.root)]
        links.extend(Path(folder, name) for name in found)
        return set(found)

    try:
        shutil.copytree(site.root, root, ignore=passed_over, symlinks=True)
        for path in links:
            (root / path.relative_to(site.root)).symlink_to(path)
    except OSError as error:  # of which shutil.Error is one, for many files
        return f"the site cannot be copied: {error.strerror or error}"
    settings = site.settings
    execution = replace(settings.execution, python=site_python(site))
    return Site(root, replace(settings, execution=execution), site.words)


LARGE = 50_000_000  # bytes
_NOT_COPIED = (".cache", ".git", ".venv", "node_modules", "__pycache__", "public")
_TOOLS_FOLDERS = ("CACHEDIR.TAG", "pyvenv.cfg")  # a file in it says that a tool made the folder


def _is_linked(path: Path, root: Path) -> bool:
    """Whether a link to a file or a folder does: it is large and no source, or cannot be copied.

    A post that writes there does so in a build, too.
    """
    if path.is_symlink():
        return not path.resolve().is_relative_to(root)
    if path.is_dir():
        made = any((path / name).exists() for name in _TOOLS_FOLDERS)
        return made or path.name in _NOT_COPIED
    return not path.is_file() or path.stat().st_size > LARGE
