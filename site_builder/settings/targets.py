"""Settings of deploy targets: the tables `[deploy.NAME]` of `site.toml`.

In: nothing. Out: one frozen dataclass for each kind, told apart by `kind`. Promise: no field holds
a secret; those come from the environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine, or one that is mounted."""

    kind: Literal["folder"]
    """`folder`: a folder of this machine, or one that is mounted."""
    path: str
    """Where it is, absolute, from `~` or from the site's folder."""
    url: str = ""
    """Address of the home page there; the site's if empty."""


@dataclass(frozen=True, slots=True)
class Rsync:
    """A folder of another machine, reached by rsync, as a rule over ssh."""

    kind: Literal["rsync"]
    """`rsync`: a folder that the system's rsync reaches, as a rule over ssh."""
    to: str
    """Where it is, such as `me@host:/srv/www/blog`."""
    url: str = ""
    """Address of the home page there; the site's if empty."""
    ssh: str = "ssh"
    """The command that connects, such as `ssh -p 2222`."""


@dataclass(frozen=True, slots=True)
class Git:
    """A branch of a git repository, such as GitHub Pages serves."""

    kind: Literal["git"]
    """`git`: a branch of a git repository, such as GitHub Pages serves."""
    remote: str = "origin"
    """Name of a remote of the site's repository, or an address or path; without any secret."""
    branch: str = "gh-pages"
    """The branch that the site is pushed to."""
    cname: str = ""
    """Name of the host, which GitHub Pages reads from a file `CNAME`; none if empty."""
    url: str = ""
    """Address of the home page there; the site's if empty."""


@dataclass(frozen=True, slots=True)
class S3:
    """A bucket of S3, or of what speaks its language (R2, MinIO, B2, GCS)."""

    kind: Literal["s3"]
    """`s3`: a bucket of S3, or of what speaks its language."""
    bucket: str
    """Name of the bucket."""
    prefix: str = ""
    """What the keys of all files begin with, such as `blog/`."""
    region: str = ""
    """Region of the bucket; that of the environment if empty."""
    endpoint: str = ""
    """Address of a compatible store, such as `https://ID.r2.cloudflarestorage.com`."""
    cloudfront: str = ""
    """Identifier of the CloudFront distribution to which changed paths are told."""
    url: str = ""
    """Address of the home page there; the site's if empty."""


Target = Folder | Rsync | Git | S3


Fault = tuple[tuple[str, ...], str, str, str]
"""The path of a setting, what is wrong with it, what to do, the code."""


def withheld(values: dict[str, Any]) -> Iterator[Fault]:
    """Take secrets out of the tables of targets, as they were read, and say where they stood."""
    tables = values.get("deploy")
    for name, table in (tables if isinstance(tables, Mapping) else {}).items():
        for key, value in list(table.items() if isinstance(table, dict) else ()):
            path = ("deploy", name, key)
            what = f"setting {'.'.join(path)!r}"
            if _SECRET.search(key.replace("-", "_")):
                message = f"{what} would hold a secret, which {_FILE} must not"
            elif isinstance(value, str) and _has_secret(value):
                message = f"{what} has a password or token in it, which {_FILE} must not"
            else:
                continue
            del table[key]
            yield path, message, _HELP, "D002"


_FILE = "site.toml"
_SECRET = re.compile(
    r"secret|passw|passphrase|token|credential|(?:access|api|private|account)_?key", re.IGNORECASE
)
_HELP = (
    "take it out, and let the environment or the target's own configuration hold it; if it was "
    "ever committed or sent, have it replaced"
)


def _has_secret(value: str) -> bool:
    if re.search(r"\bsshpass\s+-p", value):
        return True
    if re.search(r"^[\w+.-]+://[^/:@]*:(?!\d*/).*@", value):
        return True
    return re.search(r"^https?://[^/]*@", value, re.IGNORECASE) is not None


def without_secret(line: str) -> str:
    """A line of a file as it may be shown, even if the file cannot be read."""
    name, sign, value = line.partition("=")
    hidden = _SECRET.search(line) or re.search(r"://[^/\s]*@", value)
    return f"{name}= …" if sign and hidden else line


def faults(targets: Mapping[str, Target]) -> Iterator[Fault]:
    """What types cannot say of targets."""
    for name, target in targets.items():
        if not re.fullmatch(r"\w[\w.-]*", name):
            message = f"a target cannot be called {name!r}"
            yield ("deploy", name), message, "letters, digits, '-' and '_', such as 'live'", "D003"
        if target.url and not is_home(target.url):
            like = "an address such as 'https://example.org/'"
            message = f"setting 'deploy.{name}.url' should be {like}, not {target.url!r}"
            yield ("deploy", name, "url"), message, "", "D003"
        for key, message, help_ in _faults_of(target):
            yield ("deploy", name, key), f"setting 'deploy.{name}.{key}' {message}", help_, "D003"


def is_home(url: str) -> bool:
    """Whether this is the address of a home page; one with a name or password is not."""
    try:
        address = urlsplit(url)
        _ = address.port  # raises ValueError if it is no number
    except ValueError:
        return False
    return (
        address.scheme in ("http", "https")
        and bool(address.hostname)
        and "@" not in address.netloc
        and not re.search(r"[\s?#\\<>\"{}|^`\x00-\x20\x7f]", url)
    )


def _faults_of(target: Target) -> Iterator[tuple[str, str, str]]:
    """The key, what is wrong with its value, what to do."""
    match target:
        case Folder(path=path):
            if not path.strip() or "\0" in path:
                yield "path", f"should be a folder, not {path!r}", ""
        case Rsync(to=to, ssh=ssh):
            if not to.strip() or to.startswith("-") or re.search(r"[\0\n]", to):
                help_ = "such as 'me@host:/srv/www/blog'"
                yield "to", f"should be where rsync writes to, not {to!r}", help_
            if not ssh.strip():
                yield "ssh", "should be a command, such as 'ssh -p 2222'", ""
        case Git():
            yield from _faults_of_git(target)
        case S3():
            yield from _faults_of_s3(target)


def _faults_of_git(git: Git) -> Iterator[tuple[str, str, str]]:
    if not git.remote.strip() or git.remote.startswith("-") or re.search(r"[\0\n]", git.remote):
        help_ = "the name of a remote, such as 'origin', or an address"
        yield "remote", f"should be where git pushes to, not {git.remote!r}", help_
    # Source: https://git-scm.com/docs/git-check-ref-format
    branch = git.branch
    if (
        re.search(r"^[-/.]|[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|[/.]$", branch)
        or branch in ("", "@")
        or branch.startswith("refs/")
    ):
        yield "branch", f"should be the name of a branch, not {branch!r}", "such as 'gh-pages'"
    if git.cname and not re.fullmatch(r"(?!-)[\w-]+(\.[\w-]+)+", git.cname):
        help_ = "without 'https://' and without a path"
        yield "cname", f"should be a host such as 'blog.example.org', not {git.cname!r}", help_


def _faults_of_s3(s3: S3) -> Iterator[tuple[str, str, str]]:
    # Other stores allow more than S3 does: capitals and '_', but no '/' either.
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{1,254}", s3.bucket, re.ASCII):
        help_ = "its name alone, without 's3://' and without a path"
        yield "bucket", f"should be the name of a bucket, not {s3.bucket!r}", help_
    parts = s3.prefix.strip("/").split("/")
    if s3.prefix.strip("/") and (
        {"", ".", ".."} & {*parts} or re.search(r"[\0-\x1f\\]", s3.prefix)
    ):
        yield "prefix", f"should be such as 'blog/', not {s3.prefix!r}", ""
    if s3.region and not re.fullmatch(r"[a-z0-9-]+", s3.region):
        yield "region", f"should be such as 'eu-central-1', not {s3.region!r}", ""
    if s3.endpoint and not is_home(s3.endpoint):
        help_ = "the store's, without the bucket"
        yield "endpoint", f"should be such as 'https://s3.example.org', not {s3.endpoint!r}", help_
    if s3.cloudfront and not re.fullmatch(r"[A-Z0-9]+", s3.cloudfront):
        help_ = "the distribution's identifier, not its domain"
        yield "cloudfront", f"should be such as 'E2QWRUHAPOMQZL', not {s3.cloudfront!r}", help_
