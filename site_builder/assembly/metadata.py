"""What the head of each page says: description, canonical address, preview, structured data.

In: what a page is about. Out: its PageContext. Promise: structured data cannot end the `script`
element that it stands in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from markupsafe import Markup

from site_builder.assembly.context import PageContext, TagContext
from site_builder.assembly.posts import Entry, shortened
from site_builder.config import Site

DESCRIPTION_LENGTH = 160
Crumb = tuple[str, str]
"""Name and absolute address of a step on the way from the home page."""


def post_metadata(site: Site, entry: Entry) -> PageContext:
    """Describe a post, an aside or a page."""
    page, context = entry.page, entry.context
    description = shortened(page.summary, DESCRIPTION_LENGTH)
    picture = urljoin(context.address, page.picture.address) if page.picture else ""
    crumbs = ((site.settings.title, site.address), (entry.label, context.address))
    if context.kind == "page":
        data = [_breadcrumbs(crumbs)]
    else:
        data = [_posting(site, entry, description, picture), _breadcrumbs(crumbs)]
    return PageContext(
        type=context.kind,
        title=entry.label,
        description=description,
        url=context.url,
        address=context.address,
        language=context.language,
        image_address=picture,
        image_alt=page.picture.text if page.picture else "",
        published=context.date.isoformat() if context.date else "",
        modified=context.updated.isoformat() if context.updated else "",
        tags=page.front_matter.tags,
        feed_url="",
        structured_data=_script_data(data),
        has_maths=bool(page.maths_characters),
    )


def home_metadata(site: Site, *, has_maths: bool) -> PageContext:
    """Describe the home page."""
    settings = site.settings
    data = {
        "@type": "Blog",
        "name": settings.title,
        "url": site.address,
        "inLanguage": settings.language,
    }
    if settings.description:
        data["description"] = settings.description
    return _list_metadata(
        site, "home", settings.title, "", settings.description, [data], has_maths=has_maths
    )


def list_metadata(
    site: Site, type_: str, crumbs: Sequence[tuple[str, str]], description: str, *, has_maths: bool
) -> PageContext:
    """Describe a list of posts; `crumbs` are names and addresses below the home page."""
    title, below = crumbs[-1]
    way = [(name, site.address + place) for name, place in crumbs]
    data = [_breadcrumbs([(site.settings.title, site.address), *way])]
    return _list_metadata(site, type_, title, below, description, data, has_maths=has_maths)


def tag_metadata(site: Site, tag: TagContext, *, has_maths: bool) -> PageContext:
    """Describe the page of a tag."""
    below = tag.url.removeprefix(site.base)
    description = f"Posts on {tag.name}"
    data = [
        _breadcrumbs(
            (
                (site.settings.title, site.address),
                ("Tags", site.address + "tags/"),
                (tag.name, site.address + below),
            )
        )
    ]
    return _list_metadata(
        site, "tag", tag.name, below, description, data, feed_url=tag.feed_url, has_maths=has_maths
    )


def missing_metadata(site: Site) -> PageContext:
    """Describe the page for addresses that lead nowhere."""
    return _list_metadata(site, "404", "Page not found", None, "", [])


def _list_metadata(
    site: Site,
    type_: str,
    title: str,
    below: str | None,
    description: str,
    data: Sequence[dict[str, Any]],
    *,
    feed_url: str = "",
    has_maths: bool = False,
) -> PageContext:
    return PageContext(
        type=type_,
        title=title,
        description=shortened(description, DESCRIPTION_LENGTH),
        url="" if below is None else site.base + below,
        address="" if below is None else site.address + below,
        language=site.settings.language,
        image_address="",
        image_alt="",
        published="",
        modified="",
        tags=(),
        feed_url=feed_url,
        structured_data=_script_data(data) if data else Markup(""),
        has_maths=has_maths,
    )


def _posting(site: Site, entry: Entry, description: str, picture: str) -> dict[str, Any]:
    context, page = entry.context, entry.page
    data: dict[str, Any] = {
        "@type": "BlogPosting",
        "headline": entry.label,
        "url": context.address,
        "mainEntityOfPage": context.address,
        "inLanguage": context.language,
        "wordCount": page.words,
        "isPartOf": {"@type": "Blog", "name": site.settings.title, "url": site.address},
    }
    if context.date:
        data["datePublished"] = context.date.isoformat()
        data["dateModified"] = (context.updated or context.date).isoformat()
    if description:
        data["description"] = description
    if context.authors:
        data["author"] = [{"@type": "Person", "name": name} for name in context.authors]
    if page.front_matter.tags:
        data["keywords"] = list(page.front_matter.tags)
    if picture:
        data["image"] = picture
    return data


def _breadcrumbs(crumbs: Sequence[Crumb]) -> dict[str, Any]:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": address}
            for place, (name, address) in enumerate(crumbs, 1)
        ],
    }


def _script_data(items: Sequence[dict[str, Any]]) -> Markup:
    data = {"@context": "https://schema.org", "@graph": items}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")
    return Markup(text)
