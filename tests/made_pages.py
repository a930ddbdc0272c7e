"""Made-up sites for tests of what comes after rendering: pages, a site, its files by path."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from site_builder.assembly.assemble import assemble
from site_builder.assembly.theme import load_theme
from site_builder.config import Settings, Site
from site_builder.model import (
    Anchor,
    Execution,
    FrontMatter,
    Heading,
    Page,
    Reference,
    SiteFile,
    Source,
)

NOW = dt.date(2021, 1, 1)


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
    return Page(
        source=Source(name, text or "\n".join(lines)),
        front_matter=FrontMatter(**front),
        slug=front.get("slug") or slug,
        body=body.format(*marks, **texts) if links else body,
        feed_body=(feed_body or body).format(*marks, **texts) if links else feed_body or body,
        title_html=title_html or front["title"],
        title_text=front["title"],
        summary=summary,
        summary_html=summary,
        headings=tuple(Heading(2, id_, id_.title()) for id_ in headings),
        anchors=tuple(Anchor(id_, name) for id_, name in (labels or {}).items()),
        references=tuple(references),
        attachments=(),
        files=(),
        maths_characters="",
        words=440,
        code_lines=0,
        figures=0,
        execution=Execution((), 0.0, None),
    )


def _mark(number: int, kind: str = "") -> str:
    return f"\ue000{kind}{number}\ue001"


def built(site: Site, pages: Sequence[Page], **arguments: Any) -> dict[str, str]:
    """The texts of an assembled site by path; other files are decoded as far as they can be."""
    files = assembled(site, pages, **arguments)
    return {file.path: file.content.decode("utf-8", "replace") for file in files}


def assembled(site: Site, pages: Sequence[Page], **arguments: Any) -> tuple[SiteFile, ...]:
    values: dict[str, Any] = {"now": NOW, "read_file": lambda path: path.encode()}
    return assemble(site, pages, load_theme(site), **(values | arguments))
