"""Made-up sites for tests of what comes after rendering: pages, a site, its files by path."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from site_builder.assembly.assemble import assemble
from site_builder.assembly.outputs import Contents
from site_builder.assembly.theme.files import read_theme
from site_builder.assembly.theme.theme import Theme, load_theme
from site_builder.maths.font import subset_font
from site_builder.model.files import Recipe, SiteFile, StoredFile
from site_builder.model.front_matter import FrontMatter
from site_builder.model.page import Anchor, CardSource, Heading, Page, Reference
from site_builder.model.post import Source
from site_builder.rendering.page_json import Html, html_bytes, page_bytes, read_html
from site_builder.rendering.preview import preview_picture
from site_builder.settings.site import Site
from site_builder.settings.tables import Settings
from site_builder.store import digest_of

NOW = dt.date(2021, 1, 1)
KEPT: dict[str, bytes] = {}
"""What stands in for the store."""


def kept(content: bytes) -> str:
    """The digest of a content, which is then where pages look for it."""
    digest = digest_of(content)
    KEPT[digest] = content
    return digest


def kept_file(path: str, content: bytes) -> StoredFile:
    return StoredFile(path, kept(content))


def read_kept(digest: str) -> Html:
    html = read_html(KEPT[digest])
    assert html
    return html


def make_site(root: Path, **settings: Any) -> Site:
    values: dict[str, Any] = {"title": "Notes", "url": "https://example.org/", "author": "Ada"}
    return Site(root, Settings(**(values | settings)))


def make_page(
    name: str,
    *,
    body: str = "<p>Text.</p>\n",
    feed_body: str = "",
    title: str = "",
    title_html: str = "",
    text: str = "",
    links: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    headings: Sequence[str] = (),
    summary: str = "A summary.",
    **front: Any,
) -> Page:
    """A page of the file `name`; `{0}` in its HTML is the address of the first link."""
    stem = name.rpartition("/")[2].removesuffix(".md")
    slug = name.split("/")[-2] if stem == "index" else stem
    kind = "page" if name.startswith("pages/") else "post"
    front = {"kind": kind, "date": dt.date(2020, 5, 17) if kind == "post" else None} | front
    front["title"] = title if front["kind"] == "aside" else title or slug.title()
    lines = ["---", f"title: {front['title']}", "---", ""]
    references = []
    for number, target in enumerate(links):
        lines.append(f"See [this]({target}).")
        references.append(Reference(_mark(number), target, len(lines), 5, _mark(number, "t")))
    marks = [_mark(number) for number in range(len(links))]
    texts = {f"t{number}": _mark(number, "t") for number in range(len(links))}
    html = Html(body, feed_body or body)
    if links:
        html = Html(html.body.format(*marks, **texts), html.feed.format(*marks, **texts))
    page = Page(
        source=Source(name, text or "\n".join(lines)),
        front_matter=FrontMatter(**front),
        slug=front.get("slug") or slug,
        body=kept(html_bytes(html)),
        title_html=title_html or front["title"],
        title_text=front["title"],
        summary=summary,
        summary_html=summary,
        headings=tuple(Heading(2, id_, id_.title()) for id_ in headings),
        anchors=tuple(Anchor(id_, name) for id_, name in (labels or {}).items()),
        references=tuple(references),
        attachments=(),
        files=(),
        picture=preview_picture(html.feed),
        card=CardSource("words" if front.get("card", True) else "none"),
        maths_characters="",
        words=440,
        code_lines=0,
        figures=0,
        environment=None,
    )
    return dataclasses.replace(page, digest=digest_of(page_bytes(page)))


def _mark(number: int, kind: str = "") -> str:
    return f"\ue000{kind}{number}\ue001"


def built(site: Site, pages: Sequence[Page], **arguments: Any) -> dict[str, str]:
    """The texts of an assembled site by path; other files are decoded as far as they can be."""
    files = assembled(site, pages, **arguments)
    return {file.path: file.content.decode("utf-8", "replace") for file in files}


def assembled(site: Site, pages: Sequence[Page], **arguments: Any) -> tuple[SiteFile, ...]:
    return tuple(SiteFile(x.path, x.make()) for x in recipes(site, pages, **arguments))


CONTENTS = Contents(
    html=read_kept,
    stored=KEPT.__getitem__,
    digest=lambda path: digest_of(path.encode()),
    read=lambda path: path.encode(),
    font=subset_font,
    image=lambda attachment, file: f"{attachment.path}{file.suffix}".encode(),
    memo=lambda text, make: make(),
)


def recipes(site: Site, pages: Sequence[Page], **arguments: Any) -> tuple[Recipe, ...]:
    """How the files of a site are made; an attachment's content is its path."""
    values: dict[str, Any] = {"now": NOW, "contents": CONTENTS}
    return assemble(site, pages, theme_of(site), **(values | arguments))


def theme_of(site: Site) -> Theme:
    return load_theme(site, read_theme(site))
