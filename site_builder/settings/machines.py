"""Settings of what machines read: feeds, the policy for browsers, who the author is, redirects.

In: what `site.toml` says of these. Out: what types cannot say of it: the path of a setting, what is
wrong, what to do. Promise: what passes can stand in a policy, a header and an address as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Fault = tuple[tuple[str, ...], str, str]


@dataclass(frozen=True, slots=True)
class Feeds:
    """`[feeds]`: what feed readers are given."""

    maths: Literal["mathml", "tex", "image"] = "mathml"
    """Formulas in feeds: `mathml`, which readers draw or drop; `tex`, their source as text;
    `image`, pictures, which all readers and mail show."""
    id_host: str = ""
    """Host in the ids of posts; the first host of a site that moved, so that ids stay."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`[policy]`: what pages may load from elsewhere; by default nothing. Sources are such as
    `https://example.org`, `https://*.example.org` or `https:`."""

    images: tuple[str, ...] = ()
    """Where pictures may come from."""
    media: tuple[str, ...] = ()
    """Where videos and sounds may come from."""
    frames: tuple[str, ...] = ()
    """What may be shown in frames, such as `["https://www.youtube-nocookie.com"]`; `self` is the
    site."""
    scripts: tuple[str, ...] = ()
    """Where scripts may come from; also `unsafe-inline`, `unsafe-eval`, `wasm-unsafe-eval`."""
    styles: tuple[str, ...] = ()
    """Where style sheets may come from; also `unsafe-inline`."""
    fonts: tuple[str, ...] = ()
    """Where fonts may come from."""
    connections: tuple[str, ...] = ()
    """What scripts may ask."""
    forms: tuple[str, ...] = ()
    """Where forms may be sent to."""


KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "scripts": ("unsafe-inline", "unsafe-eval", "wasm-unsafe-eval"),
    "styles": ("unsafe-inline",),
    "frames": ("self",),
    "images": ("blob:",),
    "media": ("data:", "blob:"),
    "fonts": ("data:",),
}
"""What stands for no place, by the field of Policy that may have it."""


def allows(sources: Sequence[str], address: str) -> bool:
    """Whether one of these sources of a policy covers an address of another site."""
    address = f"https:{address}" if address.startswith("//") else address
    return any(_pattern(source).match(address) for source in sources)


def _pattern(source: str) -> re.Pattern[str]:
    """What addresses a source covers begin with, as browsers read it; `http:` covers `https:`."""
    exact = re.escape(source).replace(r"\*\.", r"[^/]+\.")
    exact = exact.replace("http:", "https?:", 1) if source.startswith("http:") else exact
    whole = source.endswith(("/", ":"))  # below a folder, or all of a scheme
    return re.compile(exact if whole else rf"{exact}(?=[/?#]|$)", re.IGNORECASE)


def faults(
    author: tuple[str, Sequence[str], str],
    redirects: Mapping[str, str],
    feeds: Feeds,
    policy: Policy,
) -> Iterator[Fault]:
    """What is wrong: with the author's page, profiles and name in the Fediverse, and the rest."""
    yield from _author_faults(*author)
    yield from _redirect_faults(redirects)
    yield from _feed_faults(feeds)
    yield from _policy_faults(policy)


def _policy_faults(policy: Policy) -> Iterator[Fault]:
    for name in Policy.__slots__:
        known = KEYWORDS.get(name, ())
        for place, source in enumerate(getattr(policy, name)):
            if source not in known and not _SOURCE.fullmatch(source):
                like = "', '".join(("https://example.org", "https://*.example.org", *known))
                message = f"setting 'policy.{name}' cannot have {source!r}"
                yield ("policy", name, str(place)), message, f"sources are such as '{like}'"


def _feed_faults(feeds: Feeds) -> Iterator[Fault]:
    if feeds.id_host and not _HOST.fullmatch(feeds.id_host):
        message = f"setting 'feeds.id_host' should be a host, not {feeds.id_host!r}"
        yield ("feeds", "id_host"), message, "such as 'example.org'"


def _author_faults(url: str, profiles: Sequence[str], fediverse: str) -> Iterator[Fault]:
    like = "an address such as 'https://example.org/ada'"
    if url and not is_web_address(url):
        yield ("author_url",), f"setting 'author_url' should be {like}, not {url!r}", ""
    for place, profile in enumerate(profiles):
        if not is_web_address(profile):
            message = f"setting 'author_profiles' should have {like}, not {profile!r}"
            yield ("author_profiles", str(place)), message, ""
    if fediverse and not _HANDLE.fullmatch(fediverse):
        like = "such as '@ada@example.org'"
        message = f"setting 'author_fediverse' should be {like}, not {fediverse!r}"
        yield ("author_fediverse",), message, ""


def _redirect_faults(redirects: Mapping[str, str]) -> Iterator[Fault]:
    for old, new in redirects.items():
        if not _OLD.fullmatch(old) or ".." in old.split("/"):
            message = f"a redirect is from an address of this site such as '/old/', not {old!r}"
            yield ("redirects", old), message, ""
        elif not (new.startswith("/") and not new.startswith("//")) and not is_web_address(new):
            message = f"a redirect leads to '/new/' or 'https://…', not to {new!r}"
            yield ("redirects", old), message, ""
        elif re.search(r"\s", new):
            message = f"the address {new!r} has a space in it"
            yield ("redirects", old), message, "write it as %20"


def is_web_address(text: str) -> bool:
    """Whether a text is an absolute address of the web, fit for a page and a header."""
    return _ADDRESS.fullmatch(text) is not None


_SOURCE = re.compile(r"https?:|(?:https?|wss?)://(?:\*\.)?[\w.-]+(?::\d+)?(?:/[\w./~%@-]*)?", re.A)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*", re.A)
_ADDRESS = re.compile(
    r"https?://[^\s\\<>\"'{}|^`\x00-\x20\x7f/]+(?:/[^\s\\<>\"{}|^`\x00-\x20\x7f]*)?"
)
_HANDLE = re.compile(r"@[\w.-]+@[\w-]+(?:\.[\w-]+)+")
_OLD = re.compile(r"/[^\s?#*\\:\x00-\x20\x7f]+")
