"""What an author can say about a post in the YAML block at its top.

In: nothing. Out: the noun that front matter is read into, one field for each key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["post", "aside", "page"]


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the author says about a post in the YAML block at its top."""

    title: str = ""
    """Title; required but for asides. Inline Markdown and maths are rendered."""
    date: dt.date | None = None
    """Date of publication, `2019-06-02` or with a time; required for posts and asides. A date in
    the future schedules the post: it is built with `--future` only."""
    updated: dt.date | None = None
    """Date of the last change that readers should know of."""
    slug: str = ""
    """Last part of the address; made from the file's name if not given."""
    summary: str = ""
    """One or two sentences for lists, feeds and search engines; else the first paragraph."""
    tags: tuple[str, ...] = ()
    """Tags, each with a page and a feed of its own. `categories` is a synonym."""
    authors: tuple[str, ...] = ()
    """Names of the authors; the site's author if not given. `author` is a synonym."""
    lang: str = ""
    """Language of the post, such as `en` or `pt-BR`; the site's if not given."""
    kind: Kind = "post"
    """`post`, `aside` (a short note, shown whole in lists, without a title) or `page`."""
    series: str = ""
    """Name of the series that the post is a part of, in order of date."""
    aliases: tuple[str, ...] = ()
    """Old addresses, such as `/2019/06/old-name/`, that should lead to this post."""
    draft: bool = False
    """A draft is built with `--drafts` only."""
    unlisted: bool = False
    """An unlisted post has its page, but is in no list, feed, sitemap or search; search engines are
    asked not to list it."""
    guid: str = ""
    """What names the post for feed readers, for ever; made of host, date and slug if not given."""
    toc: bool = True
    """Whether a table of contents is shown when there are three headings or more."""
    macros: Mapping[str, str] = field(default_factory=dict)
    """TeX macros of this post, such as `"\\\\R": "\\\\mathbb{R}"`, over those of the site."""
    seed: int | None = None
    """Seed of `random`, NumPy and Keras for this post; the site's if not given."""
    kernel: str = ""
    """Name of the Jupyter kernel that runs the marked cells; our own runner for Python if empty."""
    timeout: float | None = None
    """Seconds that a cell of this post may take; the site's limit if not given."""
    execute: Literal["auto", "frozen"] = "auto"
    """`frozen` never runs the post: its frozen record is shown, whatever became of the packages."""
    ignore: tuple[str, ...] = ()
    """Codes of warnings that are not told of this post, such as `[I002]`; see `explain --codes`."""
    card: bool | str = True
    """What shows the post where its address is shared: its title, or with it a figure (`fig-loss`),
    or a picture in a file beside the post; `false` for nothing made for that."""
    card_alt: str = ""
    """What that picture shows, for those who cannot see it."""
    bibliography: tuple[str, ...] = ()
    """Files of works that the post cites, such as `references.bib`, relative to the post."""
    nocite: tuple[str, ...] = ()
    """Keys of works that are in the references without being cited; `@*` for all."""
    citation: bool | None = None
    """Whether the page says how to cite it; the site's way if not given."""
    pinned: bool = False
    """Whether the post stands first on the home page, whatever its date."""
    related: tuple[str, ...] | None = None
    """Files of the posts that are shown as related, such as `[xor-keras.md]`; chosen by tags and
    words if not given. `false` or `[]` shows none."""
