"""`_headers`: what hosts such as Netlify and Cloudflare Pages say of each file beside its content.

In: the policy, the paths of the site, the author's own file. Out: one file of rules. Promise: what
the author says of a header holds, and nothing is kept for ever by browsers but what is named by
its content.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import unquote

from site_builder.assembly.machines.feeds import ATOM, JSON
from site_builder.assembly.policy import header_policy
from site_builder.errors import Problem
from site_builder.model.files import SiteFile
from site_builder.settings.site import Site

HEADERS = "_headers"
_FILE = f"static/{HEADERS}"
IMMUTABLE = "public, max-age=31536000, immutable"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Browsers would offer `application/atom+xml` for download, so that nobody saw its style sheet.
_XML = "application/xml; charset=utf-8"
_FEED_JSON = "application/feed+json; charset=utf-8"
# What is named by its content outside of `assets/`: figures, pictures, style sheets of pages.
_KINDS = ("avif", "css", "gif", "jpeg", "jpg", "png", "svg", "webp")
_NAMED = re.compile(r"\.[0-9a-f]{10}\.[^./]+$")
Rules = dict[str, dict[str, str]]


def headers_file(
    site: Site, policy: str, paths: Collection[str], named: Collection[str], authors: bytes
) -> SiteFile:
    """Make `_headers`: our rules, then the author's own, which are read by `header_problems`.

    `paths` are those of all files of the site, `named` of those that this program has named by
    their content.
    """
    own = _rules(authors.decode("utf-8", "replace"))
    everywhere = {name for path, rule in own.items() if path in ("/*", "*") for name in rule}
    lines: list[str] = []
    for path, headers in _ours(site, policy, paths, named).items():
        said = everywhere | own.get(path, {}).keys()
        kept = [f"  {name}: {value}" for name, value in headers.items() if name.lower() not in said]
        lines += [path, *kept] if kept else []
    text = "\n".join(lines) + "\n"
    return SiteFile(HEADERS, text.encode() + authors)


def _ours(site: Site, policy: str, paths: Collection[str], named: Collection[str]) -> Rules:
    base = site.base
    indexed = {} if site.settings.indexed else {"X-Robots-Tag": "noindex"}
    lasting = {"Cache-Control": IMMUTABLE}
    told = header_policy(policy, site.settings.policy)
    return {
        f"{base}*": {"Content-Security-Policy": told, **_ALWAYS, **indexed},
        **({f"{base}assets/*": lasting} if _are_ours(paths, named) else {}),
        # A star may meet slashes. There is no rule for a kind of which others have such names, too.
        **{f"{base}*.:hash.{kind}": lasting for kind in _lasting_kinds(paths, named)},
        f"{base}{ATOM}": {"Content-Type": _XML},
        f"{base}tags/*/{ATOM}": {"Content-Type": _XML},
        f"{base}{JSON}": {"Content-Type": _FEED_JSON},
    }


def _are_ours(paths: Iterable[str], named: Collection[str]) -> bool:
    """Whether the author has no files of other names among our assets."""
    return all(path in named for path in paths if path.startswith("assets/"))


def _lasting_kinds(paths: Iterable[str], named: Collection[str]) -> list[str]:
    there: set[str] = set()
    doubtful: set[str] = set()
    for path in paths:
        name, _, kind = path.rpartition("/")[2].rpartition(".")
        if "." not in name:
            continue
        there.add(kind)
        if path not in named or not _NAMED.search(path):
            doubtful.add(kind)
    return sorted(there.intersection(_KINDS) - doubtful)


def header_problems(authors: bytes) -> Iterator[Problem]:
    """What hosts would not understand of the author's own `_headers`."""
    path = ""
    for number, line in enumerate(authors.decode("utf-8", "replace").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if _is_path(line):
            path = text
        elif not path or not _HEADER.fullmatch(text):
            message = "this is neither the path of a rule nor a header below one"
            help_ = "a rule is a line such as '/*', and headers below it: '  Name: value'"
            yield Problem(message, _FILE, number, 0, 1, line, help_, code="F110")


_HEADER = re.compile(r"[!#$%&'*+.^`|~\w-]+\s*:.*|!\s*[\w-]+")


def _is_path(line: str) -> bool:
    return line.startswith(("/", "https://", "*"))


def _rules(text: str) -> Mapping[str, Mapping[str, str]]:
    """Headers by the paths of rules, with names in small letters."""
    rules: Rules = {}
    path = ""
    for line in text.splitlines():
        if _is_path(line):
            path = unquote(line.strip())
        elif path and not line.strip().startswith("#"):
            name, _, value = line.strip().removeprefix("!").partition(":")
            rules.setdefault(path, {})[name.strip().lower()] = value.strip()
    return rules
