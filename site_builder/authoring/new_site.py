"""A new blog: a folder that builds at once, with a post of each sort, and is ready to publish.

In: a folder, a host, and what is known of this machine. Out: its files, or for a blog that is there
those of the host. Promise: no file that is there is overwritten.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from site_builder import __version__
from site_builder.authoring.hosts import HOSTS, REQUIREMENTS, project_name, repository_above
from site_builder.authoring.json_schema import settings_schema
from site_builder.errors import Problem, UsageError

TEMPLATES = Path(__file__).parent / "blog"
# Where each template goes, beside those of the host; names with a dot would mean something in our
# own repository.
FILES: Mapping[str, str] = {
    "site.toml": "site.toml",
    "posts/two-dice.md": "two-dice.md",
    "posts/numbers-that-stay-true.md": "numbers-that-stay-true.md",
    REQUIREMENTS: "requirements.txt",
    "jupytext.toml": "jupytext.toml",
    "jupyter_server_config.py": "jupyter_server_config.txt",
    ".gitignore": "gitignore",
    ".vscode/extensions.json": "extensions.json",
    ".vscode/settings.json": "settings.json",
}
SCHEMA = ".vscode/site.schema.json"
PACKAGES = ("matplotlib",)
"""What its posts import."""
EMPTY = frozenset((".git", ".DS_Store", ".venv"))
"""What a folder may hold that is as good as empty."""


@dataclass(frozen=True, slots=True)
class NewSite:
    """What was written."""

    written: tuple[str, ...]
    """Files, relative to the folder."""
    kept: tuple[str, ...]
    """Files that were there, and are as they were."""
    requirement: str
    """Where site-builder is to be had from, as pip writes it; empty if that is not known."""
    repository: Path | None
    """The root of the repository that the folder is below of, if it is."""


def write_site(folder: Path, *, today: dt.date, force: bool, host: str) -> NewSite:
    """Write a new blog into a folder, which `force` allows to hold other files.

    `host` is a key of HOSTS. Raises UsageError if the folder holds any, or something cannot be
    written.
    """
    _check_folder(folder, force=force)
    return _write(folder, today, {**FILES, **HOSTS[host].files}, schema=True)


def add_host(folder: Path, *, today: dt.date, host: str) -> NewSite:
    """Write what a host needs into the folder of a blog; raises UsageError if that cannot be."""
    files = HOSTS[host].files
    return _write(folder, today, {**files, REQUIREMENTS: FILES[REQUIREMENTS]} if files else {})


def _write(
    folder: Path, today: dt.date, files: Mapping[str, str], *, schema: bool = False
) -> NewSite:
    requirement, repository = requirement_of_ours(), repository_above(folder)
    texts = {name: (TEMPLATES / template).read_text("utf-8") for name, template in files.items()}
    values = _values(folder, repository, today, requirement)
    for marker, value in values.items():
        texts = {name: text.replace(marker, value) for name, text in texts.items()}
    if schema:
        texts[SCHEMA] = json.dumps(settings_schema(), indent=2, ensure_ascii=False) + "\n"
    written, kept = [], []
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("x", encoding="utf-8", newline="\n") as file:
                    file.write(text)
            except FileExistsError:
                kept.append(name)
            else:
                written.append(name)
    except OSError as error:
        message = f"the blog cannot be written: {error.strerror}: {error.filename}"
        raise UsageError(Problem(message, code="C012")) from None
    return NewSite(tuple(written), tuple(kept), requirement, repository)


def _check_folder(folder: Path, *, force: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        message = f"{folder} is a file, not a folder"
        raise UsageError(Problem(message, help="name another", code="C011"))
    others = sorted({path.name for path in folder.iterdir()} - EMPTY)
    if others and not force:
        message = f"the folder {folder} is not empty: it has {', '.join(others[:3])}"
        message += " and more" * (len(others) > 3)
        help_ = "name another, or use --force, which adds what is missing and overwrites nothing"
        raise UsageError(Problem(message, help=help_, code="C011"))


def _values(
    folder: Path, repository: Path | None, today: dt.date, requirement: str
) -> Mapping[str, str]:
    """What the markers in templates stand for."""
    below = folder.relative_to(repository).as_posix() if repository else "."
    below = below if re.fullmatch(r"[\w./ -]+", below) else "."  # what needs no quoting anywhere
    return {
        "@date@": today.isoformat(),
        "@python@": f"{sys.version_info.major}.{sys.version_info.minor}",
        "@requirement@": requirement or _UNKNOWN,
        "@packages@": "\n".join(map(_pinned, PACKAGES)),
        "@folder@": below,
        "@in@": "" if below == "." else f"{below}/",
        "@name@": project_name(folder),
    }


_UNKNOWN = (
    "# site-builder was installed from a folder, which other machines do not have. Say where\n"
    "# it is to be had, such as: site-builder @ git+https://example.org/site-builder.git@v1"
)


def requirement_of_ours() -> str:
    """This site-builder as a requirement of pip; empty if it came from a folder of this machine.

    Source: https://packaging.python.org/en/latest/specifications/direct-url/
    """
    try:
        said = metadata.distribution("site-builder").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return ""
    if said is None:
        return f"site-builder=={__version__}"
    origin = json.loads(said)
    url = str(origin["url"])
    if urlsplit(url).scheme not in ("http", "https", "ssh"):
        return ""
    if urlsplit(url).password:  # nobody else's business
        url = url.replace(urlsplit(url).netloc, urlsplit(url).netloc.rpartition("@")[2], 1)
    if version := origin.get("vcs_info"):
        return f"site-builder @ {version['vcs']}+{url}@{version['commit_id']}"
    return f"site-builder @ {url}"


def _pinned(package: str) -> str:
    """A package in the version that is installed here: another one may give other numbers."""
    try:
        return f"{package}=={metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return package
