"""The frame that every page of a site is set in: its theme, and what templates know as `site`.

In: a template and what it is given. Out: a recipe for a page. Promise: the recipe's name covers
everything that the template is given, so that a page is made anew if any of it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from site_builder.assembly.context import PageContext, SiteContext
from site_builder.assembly.theme.theme import Theme, render
from site_builder.model.files import Recipe
from site_builder.settings.site import Site
from site_builder.store import digest_of


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same for all pages."""

    theme: Theme
    context: SiteContext
    digest: str
    """Of both, and of the settings."""


def make_frame(site: Site, theme: Theme, context: SiteContext) -> Frame:
    """Put together what is the same for all pages."""
    return Frame(theme, context, made_of(theme.digest, context, site.settings, site.words))


def made_of(*values: object) -> str:
    """The digest of frozen values."""
    return digest_of(repr(values).encode("utf-8", "surrogatepass"))


def page_recipe(
    frame: Frame,
    path: str,
    template: str,
    page: PageContext,
    values: Mapping[str, Any],
    *,
    known: Mapping[str, object],
) -> Recipe:
    """A page made by a template of what is in `values`.

    `known` holds digests of those values that have one already; all others are looked at here.
    """
    parts = [(name, known.get(name, values[name])) for name in sorted(values)]

    def make() -> bytes:
        return render(frame.theme, template, site=frame.context, page=page, **values)

    return Recipe(path, made_of(frame.digest, template, page, parts), make)
