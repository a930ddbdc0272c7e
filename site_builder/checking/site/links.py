"""Links inside a site: those that lead nowhere, and those that lead there by luck.

In: a made site. Out: flaws. Promise: every address of every page is looked at, whoever wrote it:
in Markdown, in HTML, in what a cell shows, in a template, in a static file or a style sheet.
"""

from __future__ import annotations

import difflib
import fnmatch
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from site_builder.assembly.addresses import INDEX
from site_builder.assembly.machines.redirects import REDIRECTS
from site_builder.checking.site.flaws import Flaw
from site_builder.checking.site.look import Link
from site_builder.checking.site.made import MadeSite

SUGGESTED = 50  # broken addresses for which the nearest is sought: that takes its time


@dataclass(frozen=True, slots=True)
class Inside:
    """Where an address leads inside the site."""

    path: str
    """Of the file, as the address says it."""
    fragment: str
    """Not percent-encoded; empty if there is none."""


@dataclass
class Targets:
    """What links can lead to."""

    made: MadeSite
    paths: Mapping[str, str]
    """All files of the site by their paths in lower case."""
    anchors: Mapping[str, frozenset[str]]
    """For each page what fragments can lead to."""
    moved: Mapping[str, str]
    """Pages that only lead on: path to address."""
    patterns: Sequence[str]
    """Old addresses of `_redirects` that the author wrote, below the home page."""
    suggested: int = 0
    _origin: SplitResult = field(init=False)

    def __post_init__(self) -> None:
        self._origin = urlsplit(self.made.site.address)

    def inside(self, address: str, page: str) -> Inside | None:
        """Where an address on the page at the absolute address `page` leads inside the site.

        None if it leads elsewhere. Raises ValueError if it is none.
        """
        parts = urlsplit(urljoin(page, address))
        if parts.scheme not in ("http", "https") or parts.netloc != self._origin.netloc:
            return None
        if not parts.path.startswith(self._origin.path):
            return None
        path = unquote(parts.path[len(self._origin.path) :])
        fragment = unquote(parts.fragment.partition(":~:")[0])
        return Inside(path + INDEX if not path or path.endswith("/") else path, fragment)

    def redirected(self, path: str) -> bool:
        """Whether the author's `_redirects` lead on from a path."""
        url = path.removesuffix(INDEX)
        return any(fnmatch.fnmatchcase(each, p) for p in self.patterns for each in (path, url))

    def nearest(self, path: str) -> str:
        """The path of a file of the site whose name is like another; empty if there is none."""
        self.suggested += 1
        if self.suggested > SUGGESTED:
            return ""
        suffix = PurePosixPath(path).suffix
        # Without what all pages have in common.
        known = {
            each.removesuffix(INDEX): each
            for each in self.made.files
            if PurePosixPath(each).suffix == suffix
        }
        near = difflib.get_close_matches(path.removesuffix(INDEX), known, n=1, cutoff=0.6)
        return known[near[0]] if near else ""


def targets_of(made: MadeSite) -> Targets:
    """Index what links can lead to."""
    looks = made.looks
    return Targets(
        made,
        paths={path.casefold(): path for path in sorted(made.files, reverse=True)},
        anchors={path: frozenset((*look.ids, *look.names)) for path, look in looks.items()},
        moved={path: look.moved_to for path, look in looks.items() if look.moved_to},
        patterns=_redirect_patterns(made),
    )


def _redirect_patterns(made: MadeSite) -> list[str]:
    lines = made.static.get(REDIRECTS, b"").decode("utf-8", "replace").splitlines()
    olds = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    base = unquote(made.site.base)
    below = [unquote(old.partition("?")[0]).removeprefix(base) for old in olds]
    return [re.sub(r":\w+", "*", old.replace("[", "[[]")) for old in below]


def link_flaws(made: MadeSite, targets: Targets) -> Iterator[Flaw]:
    """Look at every link of every page, and at what style sheets load."""
    for path, look in made.looks.items():
        links = look.links if path not in targets.moved else (Link("meta", look.moved_to, False),)
        yield from _of_page(targets, path, look.base, links)
    for path in made.files:
        if path.endswith(".css"):
            yield from _of_sheet(targets, path)


def _of_page(targets: Targets, path: str, base: str, links: Sequence[Link]) -> Iterator[Flaw]:
    page = targets.made.url(path)
    base = urljoin(page, base) if base else page
    for link in links:
        try:
            inside = targets.inside(link.address, base)
        except ValueError as error:
            message = f"link to {link.address!r}: that is no address ({error})"
            yield Flaw("L107", message, path, (link.address,))
            continue
        if link.loads and not link.address:
            message = f"an <{link.element}> names no file"
            yield Flaw("I101", message, path, (f"<{link.element}",))
        elif inside is None:
            yield from _of_elsewhere(targets, path, link)
        elif link.address:
            yield from _of_inside(targets, path, link, inside)


def _of_inside(targets: Targets, page: str, link: Link, inside: Inside) -> Iterator[Flaw]:
    missing = "I101" if link.loads else "L101"
    made, path = targets.made, inside.path

    def flaw(code: str, message: str, help_: str) -> Flaw:
        return Flaw(code, f"{_what(link)}: {message}", page, _written(link.address), help=help_)

    if path not in made.files:
        yield from _of_missing(targets, inside, missing, flaw)
    elif path in targets.moved and not link.loads and link.element != "link":
        new = targets.moved[path]
        yield flaw("L103", "that is an old address, which leads on", f"link to {new!r}")
    elif inside.fragment and path in targets.anchors and inside.fragment != "top":
        anchors = targets.anchors[path]
        if inside.fragment not in anchors and path not in targets.moved:
            near = difflib.get_close_matches(inside.fragment, anchors, n=1, cutoff=0.6)
            help_ = f"did you mean {'#' + near[0]!r}?" if near else ""
            yield flaw("L102", f"nothing there has the id {inside.fragment!r}", help_)


def _of_missing(
    targets: Targets, inside: Inside, code: str, flaw: Callable[[str, str, str], Flaw]
) -> Iterator[Flaw]:
    path = inside.path
    if targets.redirected(path):
        return
    if f"{path}/{INDEX}" in targets.made.files:
        help_ = f"write {targets.made.shown(f'{path}/{INDEX}')!r}"
        yield flaw("L105", "the host has to redirect, for want of a '/' at its end", help_)
        return
    for other in (path, f"{path}/{INDEX}"):
        if real := targets.paths.get(other.casefold()):
            help_ = f"write {targets.made.shown(real)!r}"
            yield flaw("L104", "there it is spelt with other capitals", help_)
            return
    # A post that fails has its page, and files, when it is mended.
    if targets.made.failed:
        return
    near = targets.nearest(path)
    help_ = f"did you mean {targets.made.shown(near)!r}?" if near else ""
    yield flaw(code, f"there is no such {'file' if code == 'I101' else 'page'}", help_)


def _of_elsewhere(targets: Targets, page: str, link: Link) -> Iterator[Flaw]:
    """What no reader can follow, without asking anybody."""
    parts = urlsplit(link.address)
    base = targets.made.site.base
    if link.address.startswith("/") and not link.address.startswith("//"):
        inside = targets.inside(base + link.address[1:], targets.made.url(page))
        if inside is not None and inside.path in targets.made.files:
            message = f"{_what(link)}: that leads out of the site, which is at {base!r}"
            help_ = f"write {base + link.address[1:]!r}"
            yield Flaw("L109", message, page, (link.address,), help=help_)
        return
    if parts.scheme == "file" or re.match(r"[A-Za-z]:[\\/]", link.address):
        why = "that is a file of the author's machine"
    elif is_local(parts.hostname or ""):
        why = "that is the reader's own machine, or a network of the author's"
    else:
        return
    message = f"link to {link.address!r}: {why}"
    help_ = "write it as code, with backticks, if it is not meant to be followed"
    yield Flaw("L106", message, page, _written(link.address), help=help_)


def is_local(host: str) -> bool:
    """Whether a name or an address of a host says that it is not in the internet."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _what(link: Link) -> str:
    return f"{'image' if link.element == 'img' else 'link to'} {link.address!r}"


def _written(address: str) -> tuple[str, ...]:
    fragment = address.rpartition("#")[2] if "#" in address else ""
    name = unquote(address.rpartition("/")[2])
    return tuple(filter(None, (address, f"#{fragment}" if fragment else "", name)))


_URL = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]+))\s*\)""")


def _of_sheet(targets: Targets, path: str) -> Iterator[Flaw]:
    made = targets.made
    text = made.files[path].make().decode("utf-8", "replace")
    for found in _URL.finditer(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        address = next(filter(None, found.groups()), "")
        try:
            inside = targets.inside(address, made.url(path))
        except ValueError:
            continue
        if inside is not None and not address.startswith("#"):
            yield from _of_inside(targets, path, Link("style", address, loads=True), inside)


def hidden_flaws(made: MadeSite, hidden: Mapping[str, str]) -> Iterator[Flaw]:
    """Links of posts that all may see to posts that a build leaves out.

    `hidden` says of such posts' files why, such as `is a draft`. Only what authors wrote counts:
    the lists of a build without them do not lead there.
    """
    for path, located in made.posts.items():
        source = located.page.source
        if source.path in hidden:
            continue
        for reference in located.page.references:
            file = _file_of(made, reference.target, source.folder)
            if file in hidden:
                message = f"link to {reference.target!r}: that post {hidden[file]}"
                help_ = "a build stops here until that post is published, too"
                yield Flaw("L108", message, path, (reference.target,), help=help_)


def _file_of(made: MadeSite, target: str, folder: str) -> str:
    address = unquote(re.split(r"[?#]", target, maxsplit=1)[0])
    if address.startswith("/"):
        path = address.lstrip("/")
        for each in (path, path + INDEX, f"{path}/{INDEX}"):
            if each in made.posts:
                return made.posts[each].page.source.path
        return path
    file = urljoin(f"/{folder}/", address).lstrip("/") if address else ""
    return file if file in made.sources else f"{file}/index.md"
