"""What the head of each page says: description, canonical address, preview, structured data.

In: what a page is about. Out: its PageContext. Promise: structured data cannot end the `script`
element that it stands in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from markupsafe import Markup

from site_builder.assembly.cards.cards import SIZE, card_of_site
from site_builder.assembly.citing import citation_metadata, cited_data
from site_builder.assembly.context import PageContext, TagContext
from site_builder.assembly.posts import Entry, shortened
from site_builder.assembly.theme.wording import words_of_site
from site_builder.settings.site import Site

DESCRIPTION_LENGTH = 160
Crumb = tuple[str, str]
"""Name and absolute address of a step on the way from the home page."""


def post_metadata(site: Site, entry: Entry) -> PageContext:
    """Describe a post, an aside or a page."""
    page, context = entry.page, entry.context
    description = shortened(page.summary, DESCRIPTION_LENGTH)
    picture, alternative, size = _preview(entry)
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
        image_alt=alternative,
        image_width=size[0],
        image_height=size[1],
        published=context.date.isoformat() if context.date else "",
        modified=context.updated.isoformat() if context.updated else "",
        tags=page.front_matter.tags,
        feed_url="",
        structured_data=_script_data(data),
        has_maths=bool(page.maths_characters),
        noindex=page.front_matter.unlisted or context.draft or not site.settings.indexed,
        citation_metadata=citation_metadata(
            site, page, context.address, context.authors, entry.label
        ),
    )


def _preview(entry: Entry) -> tuple[str, str, tuple[int, int]]:
    """The picture of a post in previews of links to it: address, text, size if it is known."""
    card, picture = entry.located.card, entry.page.picture
    if card is not None:
        return card.address, card.text, SIZE
    if picture is not None:
        return urljoin(entry.context.address, picture.address), picture.text, (0, 0)
    return "", "", (0, 0)


def home_metadata(site: Site, belows: Sequence[str], place: int, *, has_maths: bool) -> PageContext:
    """Describe the home page, or one that goes on with it.

    `belows` are the addresses of all of them below the home page; `place` is this one's.
    """
    settings = site.settings
    around: dict[str, Any] = {
        "previous_url": site.base + belows[place - 1] if place else "",
        "next_url": site.base + belows[place + 1] if place + 1 < len(belows) else "",
    }
    if place:
        words = words_of_site(site)
        title = words.page_of.format(number=place + 1, count=len(belows))
        page = _list_metadata(site, "older", title, belows[place], "", [], has_maths=has_maths)
        return replace(page, **around)
    data = {
        "@type": "Blog",
        "name": settings.title,
        "url": site.address,
        "inLanguage": settings.language,
        "publisher": _publisher(site),
    }
    if settings.description:
        data["description"] = settings.description
    page = _list_metadata(
        site, "home", settings.title, "", settings.description, [data], has_maths=has_maths
    )
    return replace(page, **around)


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
    words = words_of_site(site)
    description = tag.description or words.posts_on.format(tag=tag.name)
    data = [
        _breadcrumbs(
            (
                (site.settings.title, site.address),
                (words.tags, site.address + "tags/"),
                (tag.name, site.address + below),
            )
        )
    ]
    return _list_metadata(
        site, "tag", tag.name, below, description, data, feed_url=tag.feed_url, has_maths=has_maths
    )


def search_metadata(site: Site, url: str) -> PageContext:
    """Describe the search page at `url`, which no search engine needs."""
    return replace(
        _list_metadata(site, "search", words_of_site(site).search, None, "", []), url=url
    )


def missing_metadata(site: Site) -> PageContext:
    """Describe the page for addresses that lead nowhere."""
    return _list_metadata(site, "404", words_of_site(site).not_found, None, "", [])


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
    card = card_of_site(site) if below is not None else None
    return PageContext(
        type=type_,
        title=title,
        description=shortened(description, DESCRIPTION_LENGTH),
        url="" if below is None else site.base + below,
        address="" if below is None else site.address + below,
        language=site.settings.language,
        image_address=card.address if card else "",
        image_alt=card.text if card else "",
        image_width=SIZE[0] if card else 0,
        image_height=SIZE[1] if card else 0,
        published="",
        modified="",
        tags=(),
        feed_url=feed_url,
        structured_data=_script_data(data) if data else Markup(""),
        has_maths=has_maths,
        noindex=below is None or not site.settings.indexed,
    )


def _posting(site: Site, entry: Entry, description: str, picture: str) -> dict[str, Any]:
    context, page = entry.context, entry.page
    data: dict[str, Any] = {
        "@type": "BlogPosting",
        "headline": entry.label,
        "url": context.address,
        "mainEntityOfPage": {"@type": "WebPage", "@id": context.address},
        "inLanguage": context.language,
        "wordCount": page.words,
        "isPartOf": {"@type": "Blog", "name": site.settings.title, "url": site.address},
        "publisher": _publisher(site),
    }
    if context.date:
        data["datePublished"] = context.date.isoformat()
        data["dateModified"] = (context.updated or context.date).isoformat()
    if description:
        data["description"] = description
    if context.authors:
        data["author"] = [_person(site, name) for name in context.authors]
    if page.front_matter.tags:
        data["keywords"] = list(page.front_matter.tags)
    if picture:
        data["image"] = picture
    if page.cited:
        data["citation"] = cited_data(page.cited)
    return data


def _publisher(site: Site) -> dict[str, Any]:
    settings = site.settings
    if settings.author:
        return _person(site, settings.author)
    return {"@type": "Organization", "name": settings.title, "url": site.address}


def _person(site: Site, name: str) -> dict[str, Any]:
    settings = site.settings
    person: dict[str, Any] = {"@type": "Person", "name": name}
    if name == settings.author:  # of others nothing is known
        if settings.author_url:
            person["url"] = settings.author_url
        if settings.author_profiles:
            person["sameAs"] = list(settings.author_profiles)
    return person


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
