"""Links inside the site: every reference of every page gets its address, or is reported.

In: all pages with their places, and what else the site holds. Out: pages without marks, and what
takes the place of those in their HTML, which is not read here.
Promise: no link inside the site leads nowhere.

Marks are texts between U+E000 and U+E001, so that one pass over a body fills all of them.
"""

from __future__ import annotations

import dataclasses
import difflib
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import quote, unquote

from site_builder.assembly.addresses import INDEX, Located, Marks, path_of, url_of
from site_builder.errors import Problem, nearest
from site_builder.model.page import MARK, Anchor, Page, Picture, Reference
from site_builder.settings.site import Site

FAILED = "failed"
"""The reason in `unbuilt` of posts whose own problems are reported already."""
_FEW = 8


@dataclass(frozen=True, slots=True)
class LinkTargets:
    """What links can lead to."""

    site: Site
    by_source: Mapping[str, Located]
    """Pages by their files."""
    by_path: Mapping[str, Located]
    """Pages by their output paths, and by those of their aliases."""
    others: Mapping[str, str]
    """Titles of all other outputs by their paths."""
    anchors: Mapping[str, Mapping[str, Anchor]]
    """For each page's file: its anchors by id."""
    labels: Mapping[str, tuple[Located, ...]]
    """Anchors that can be referred to across pages -> the pages that have them."""
    unbuilt: Mapping[str, str]
    """Files of posts that are not in this build -> `failed`, or such as `is a draft`."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a reference leads."""

    path: str
    """Below the home page, percent-encoded; the page's own if `own`."""
    fragment: str
    """With its `#`, or empty."""
    text: str
    """What names it."""
    number: str = ""
    """Its number, if it has one."""
    own: bool = False


class _BrokenError(Exception):
    """A reference leads nowhere: what is told; no message if that is reported elsewhere."""

    def __init__(self, message: str = "", help_: str = "", *, code: str = "") -> None:
        self.message, self.help, self.code = message, help_, code
        super().__init__(message)


def link_targets(
    site: Site,
    pages: Iterable[Located],
    *,
    others: Mapping[str, str],
    aliases: Mapping[str, Located],
    unbuilt: Mapping[str, str],
) -> LinkTargets:
    """Index what links can lead to."""
    by_source = {located.page.source.path: located for located in pages}
    by_path = dict(aliases)
    anchors: dict[str, Mapping[str, Anchor]] = {}
    labels: dict[str, tuple[Located, ...]] = {}
    for source, located in by_source.items():
        page = located.page
        by_path[f"{located.folder}/{INDEX}"] = located
        headings = {x.id: Anchor(x.id, _plain(x.html)) for x in page.headings}
        anchors[source] = headings | {anchor.id: anchor for anchor in page.anchors}
        for anchor in page.anchors:
            # A heading's id is common to many posts: a slip must not lead to another post's.
            if anchor.id not in headings or anchor.id.startswith("sec-"):
                labels[anchor.id] = (*labels.get(anchor.id, ()), located)
    return LinkTargets(site, by_source, by_path, others, anchors, labels, unbuilt)


def link_page(located: Located, targets: LinkTargets) -> tuple[Located, list[Problem]]:
    """Fill the marks of a page; also returns the problems of its references."""
    page = located.page
    if not page.references:
        return located, []
    problems: list[Problem] = []
    here: dict[str, str] = {}
    elsewhere: dict[str, str] = {}
    feed: dict[str, str] = {}
    for reference in page.references:
        try:
            found = _resolve(reference, located, targets)
        except _BrokenError as broken:
            if broken.message:
                problems.append(_problem(page, reference, broken))
            for marks in (here, elsewhere, feed):  # for previews, which show the page all the same
                marks[reference.mark] = escape(reference.target)
                marks[reference.text_mark] = escape(reference.target.lstrip("#"))
            continue
        url = targets.site.base + found.path + found.fragment
        here[reference.mark] = escape(found.fragment if found.own and found.fragment else url)
        elsewhere[reference.mark] = escape(url)
        feed[reference.mark] = escape(targets.site.address + found.path + found.fragment)
        if reference.text_mark:
            text = reference.wording.replace("%s", found.number or found.text) or found.text
            for marks in (here, elsewhere, feed):
                marks[reference.text_mark] = escape(text)
    headings = page.headings
    if any("\ue000" in heading.html for heading in headings):
        headings = tuple(dataclasses.replace(h, html=fill(h.html, here)) for h in headings)
    linked = dataclasses.replace(
        page,
        title_html=fill(page.title_html, elsewhere),
        title_text=_fill_plain(page.title_text, elsewhere),
        summary=_fill_plain(page.summary, elsewhere),
        summary_html=fill(page.summary_html, elsewhere),
        headings=headings,
        picture=_picture(page, feed),
    )
    return dataclasses.replace(located, page=linked, marks=Marks(here, feed)), problems


def _picture(page: Page, marks: Mapping[str, str]) -> Picture | None:
    if page.picture is None or "\ue000" not in page.picture.text:
        return page.picture
    text = unescape(fill(escape(page.picture.text), marks))
    return dataclasses.replace(page.picture, text=text)


def fill(html: str, marks: Mapping[str, str]) -> str:
    """Put what they stand for in the place of marks."""
    if "\ue000" not in html:
        return html
    return MARK.sub(lambda found: marks.get(found[0], found[0]), html)


def _fill_plain(text: str, marks: Mapping[str, str]) -> str:
    return MARK.sub(lambda found: _plain(marks.get(found[0], found[0])), text)


def _plain(html: str) -> str:
    text = re.sub(r"<[^>]*>", "", html)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'")):
        text = text.replace(entity, character)
    return text.replace("&amp;", "&")


def _resolve(reference: Reference, located: Located, targets: LinkTargets) -> _Found:
    address, hash_, fragment = reference.target.partition("#")
    address, question, query = address.partition("?")
    fragment = unquote(fragment)
    tail = question + query
    if not address:
        return _own_or_label(fragment, located, targets)
    source = located.page.source
    path = unquote(address)
    if path.startswith("/"):
        to = targets.by_source.get(path.lstrip("/")) or _page_at(path, targets)
        if to is None:
            return _other(reference.target, path, tail, hash_ + quote(fragment), targets)
    else:
        file = posixpath.normpath(posixpath.join(source.folder, path))
        to = targets.by_source.get(file) or targets.by_source.get(file + "/index.md")
        if to is None:
            raise _no_such_post(reference.target, path, file, source.folder, targets)
    anchor = _anchor(reference.target, fragment, to, targets)
    shown = anchor.text or to.page.title_text
    fragment = hash_ + quote(fragment) if fragment else ""
    own = to.page.source is source
    return _Found(_below(to) + tail, fragment, shown, anchor.number, own)


def _below(located: Located) -> str:
    return url_of(f"{located.folder}/{INDEX}")


def _own_or_label(label: str, located: Located, targets: LinkTargets) -> _Found:
    own = targets.anchors[located.page.source.path]
    fragment = "#" + quote(label)
    if label in own or not label:
        anchor = own.get(label, _NO_ANCHOR)
        return _Found(_below(located), fragment, anchor.text, anchor.number, own=True)
    homes = targets.labels.get(label, ())
    if len(homes) == 1:
        anchor = targets.anchors[homes[0].page.source.path][label]
        return _Found(_below(homes[0]), fragment, anchor.text, anchor.number)
    if homes:
        files = " and ".join(sorted(home.page.source.path for home in homes))
        other = _relative(homes[0].page.source.path, located.page.source.folder)
        help_ = f"say which one is meant: '{other}#{label}'"
        message = f"link to '#{label}': {files} have a label of this name"
        raise _BrokenError(message, help_, code="L004")
    if FAILED in targets.unbuilt.values():
        raise _BrokenError
    message = f"link to '#{label}': there is no heading or label {label!r}"
    raise _BrokenError(message, _nearest(label, [*own, *targets.labels]), code="L003")


_NO_ANCHOR = Anchor("", "")


def _anchor(target: str, fragment: str, to: Located, targets: LinkTargets) -> Anchor:
    if not fragment:
        return _NO_ANCHOR
    anchors = targets.anchors[to.page.source.path]
    if fragment in anchors:
        return anchors[fragment]
    message = f"link to {target!r}: that {_kind(to)} has no heading or label {fragment!r}"
    raise _BrokenError(message, _nearest(fragment, anchors), code="L003")


def _kind(located: Located) -> str:
    return "page" if located.page.front_matter.kind == "page" else "post"


def _page_at(path: str, targets: LinkTargets) -> Located | None:
    by_path = targets.by_path
    return by_path.get(path_of(quote(path))) or by_path.get(path_of(quote(path) + "/"))


def _other(target: str, path: str, tail: str, fragment: str, targets: LinkTargets) -> _Found:
    """A list, a feed or a file: not a post or a page."""
    for at in (path_of(quote(path)), path_of(quote(path) + "/")):
        if at in targets.others:
            return _Found(url_of(at) + tail, fragment, targets.others[at])
    name = path.strip("/").rpartition("/")[2]
    for file, reason in targets.unbuilt.items():
        if file == path.lstrip("/") or name in (_stem(file), file):
            raise _unbuilt(target, reason)
    if FAILED in targets.unbuilt.values():
        raise _BrokenError
    known = ["/" + url_of(at) for at in (*targets.by_path, *targets.others)]
    message = f"link to {target!r}: there is no such page"
    raise _BrokenError(message, _nearest(path, known), code="L002")


def _stem(file: str) -> str:
    folder, _, name = file.rpartition("/")
    stem = name.rpartition(".")[0]
    stem = folder.rpartition("/")[2] if stem == "index" else stem
    return re.sub(r"^\d{4}-\d\d-\d\d-", "", stem)


def _no_such_post(
    target: str, path: str, file: str, folder: str, targets: LinkTargets
) -> _BrokenError:
    for candidate in (file, file + "/index.md"):
        if candidate in targets.unbuilt:
            return _unbuilt(target, targets.unbuilt[candidate])
    known = [_relative(known, folder) for known in targets.by_source]
    message = f"link to {target!r}: there is no such post"
    return _BrokenError(message, _nearest(path, known), code="L001")


def _unbuilt(target: str, reason: str) -> _BrokenError:
    if reason == FAILED:
        return _BrokenError()
    return _BrokenError(
        f"link to {target!r}: that post {reason}, so it is not on the site",
        "remove the link, or publish that post",
        code="L005",
    )


def _relative(file: str, folder: str) -> str:
    return posixpath.relpath(file, folder or ".")


def _nearest(word: str, known: Iterable[str]) -> str:
    """As `nearest`, but without listing hundreds of names."""
    choices = sorted(set(known))
    few = 0 < len(choices) <= _FEW
    if few or difflib.get_close_matches(word, choices, n=1, cutoff=0.6):
        return nearest(word, choices)
    return ""


def _problem(page: Page, reference: Reference, broken: _BrokenError) -> Problem:
    source = page.source
    excerpt = source.line_text(reference.line)
    column, width = reference.column, 1
    for written in (reference.target, reference.target.lstrip("#")):
        place = excerpt.find(written, max(column - 1, 0)) if written else -1
        if place >= 0:
            column, width = place + 1, len(written)
            break
    line = source.file_line(reference.line)
    at = (source.path, line, column, width)
    return Problem(broken.message, *at, excerpt, broken.help, code=broken.code)
