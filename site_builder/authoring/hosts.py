"""Hosts that build a blog from its repository: what each reads, and how it is told of the blog.

In: the name of a host. Out: its files as templates, and what is left to do there, in words.
Promise: what a host needs is in files that can be read, tried and kept with the blog.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Host:
    """A place that builds and shows a blog."""

    files: Mapping[str, str]
    """Templates by the path that each goes to."""
    publish: tuple[str, ...]
    """What puts the blog online, in lines; `{name}` is the name of the project."""
    below: str = ""
    """What else, if the blog is in the folder `{below}` of the repository `{root}`."""


REQUIREMENTS = "requirements.txt"

HOSTS: Mapping[str, Host] = {
    "github": Host(
        {".github/workflows/publish.yml": "publish.yml"},
        (
            "push the blog to GitHub; there choose once, in the settings of the repository:",
            "Pages, Source, GitHub Actions",
        ),
        "GitHub looks at the root of a repository only: move .github/ from {below} to {root}",
    ),
    "netlify": Host(
        {"netlify.toml": "netlify.toml"},
        (
            "add the repository as a project at Netlify, which reads netlify.toml;",
            "or build here, and: netlify deploy --prod --no-build --dir public",
        ),
        "the blog is not the root of the repository: set Base directory there to {below}",
    ),
    "cloudflare": Host(
        {
            "wrangler.toml": "wrangler.toml",
            "cloudflare-build.sh": "cloudflare-build.sh",
            ".python-version": "python-version",
        },
        (
            "add the repository as a Pages project {name} at Cloudflare, with the build command:",
            "sh cloudflare-build.sh",
            "and set url in site.toml to https://{name}.pages.dev/ or your own domain;",
            "or build here, and: npx wrangler pages deploy public",
        ),
        "the blog is not the root of the repository: set Root directory there to {below}",
    ),
    "none": Host({}, ("say where in site.toml, under [deploy.live], and: site-builder deploy",)),
}
DEFAULT = "github"


def repository_above(folder: Path) -> Path | None:
    """The root of the repository that a folder is below of; None if it is its root, or in none."""
    if (folder / ".git").exists():
        return None
    return next((above for above in folder.parents if (above / ".git").exists()), None)


def project_name(folder: Path) -> str:
    """A name that a project may have at hosts, which is a part of its address, of a folder's."""
    letters = (c if c.isascii() and c.isalnum() else "-" for c in folder.name.lower())
    words = "".join(letters).replace("-", " ").split()
    return "-".join(words)[:_LONGEST].strip("-") or "blog"


_LONGEST = 58
