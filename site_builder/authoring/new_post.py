"""A new post: front matter that parses, in a file that was not there.

In: a title and what else is known of the post. Out: the path of the file written. Promise: nothing
is overwritten, and a build takes the file as it is.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from site_builder.content.front_matter import read_front_matter, slug_of
from site_builder.content.read import read_files, sources_of
from site_builder.content.slugs import is_slug_character, slugify
from site_builder.content.yaml_core import YamlError, read_mapping
from site_builder.errors import ContentError, Problem, UsageError
from site_builder.model.front_matter import FrontMatter, Kind
from site_builder.model.post import Source
from site_builder.settings.site import Site

LONGEST = 80  # characters of a slug made from a title


@dataclass(frozen=True, slots=True)
class NewPost:
    """What is known of a post before it is written."""

    title: str
    """Empty for an aside without one."""
    date: dt.date
    """Day of publication; a page shows none."""
    kind: Kind = "post"
    tags: tuple[str, ...] = ()
    slug: str = ""
    """Its file's name, and the last part of its address; made from the title if empty."""
    draft: bool = False


def write_post(site: Site, new: NewPost) -> Path:
    """Write the file of a post; gives its path.

    Raises UsageError if something that is asked for cannot be, or the post is there already.
    """
    if not new.title.isprintable():
        message = f"the title has control characters: {new.title!r}"
        raise UsageError(Problem(message, code="C009"))
    slug = new.slug or _slug_of_title(new)
    folder = "pages" if new.kind == "page" else "posts"
    path = f"{folder}/{slug}.md"
    _check_free(site, new, path, slug)
    text = _checked_text(new, path, slug)
    try:
        if not (site.root / folder).is_dir():
            (site.root / folder).mkdir()
        with (site.root / path).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        if error.filename != str(site.root / folder):
            raise UsageError(_taken(path)) from None
        message = "there is a file where the folder of posts should be"
        raise UsageError(Problem(message, folder, help="move it away", code="C012")) from None
    except OSError as error:
        message = f"the post cannot be written: {error.strerror}"
        raise UsageError(Problem(message, path, code="C012")) from None
    return site.root / path


def _slug_of_title(new: NewPost) -> str:
    # A name that begins with `_` is not a post's.
    slug = slugify(new.title).lstrip("_-")
    if len(slug) > LONGEST:
        slug = slug[:LONGEST].rpartition("-")[0] or slug[:LONGEST]
    if slug:
        return slug
    message = "no name for the file can be made of the title"
    help_ = "name it with --slug, such as --slug my-post"
    raise UsageError(Problem(message, help=help_, code="C009"))


def _check_free(site: Site, new: NewPost, path: str, slug: str) -> None:
    """Refuse a name that another post has, whatever its format or folder is, and its address."""
    if not slug[:1].isalnum() or not all(map(is_slug_character, slug)):
        message = f"--slug should be of letters, digits, '-' and '_', not {slug!r}"
        help_ = f"such as {slugify(slug).lstrip('_-') or 'my-post'!r}"
        raise UsageError(Problem(message, help=help_, code="C009"))
    files, _ = read_files(site)
    wanted = PurePosixPath(path).with_suffix("")
    for file in files:
        there = PurePosixPath(file.path)
        if wanted in (there.with_suffix(""), there.parent):
            raise UsageError(_taken(file.path))
    address = _address(site, new.kind, new.date, slug)
    for source in sources_of(files)[0]:
        try:
            front, _ = read_front_matter(source)
        except ContentError:
            continue  # a build says what is wrong with it
        if _address(site, front.kind, front.date, slug_of(source, front)) == address:
            message = f"there is a post of this address already: {address}"
            help_ = "give another with --slug"
            raise UsageError(Problem(message, source.path, help=help_, code="C011"))


def _address(site: Site, kind: Kind, date: dt.date | None, slug: str) -> str:
    """The address of a post below the home page."""
    if kind == "page" or date is None:
        return f"/{slug}/"
    parts = {"year": f"{date.year:04}", "month": f"{date:%m}", "day": f"{date:%d}"}
    return site.settings.permalink.format(slug=slug, **parts)


def _taken(path: str) -> Problem:
    message, help_ = "there is a post of this name already", "give another with --slug"
    return Problem(message, path, help=help_, code="C011")


def _checked_text(new: NewPost, path: str, slug: str) -> str:
    """The text of the post; raises UsageError with what its front matter cannot say."""
    text = _text(new)
    try:
        front_matter, _ = read_front_matter(Source(path, text))
        if slug_of(Source(path, text), front_matter) != slug:
            # Of a name such as `2019-06-02-softmax` the date is no part of the address.
            text = _text(new, slug)
            front_matter, _ = read_front_matter(Source(path, text))
    except ContentError as error:
        raise UsageError(
            Problem(each.message, help=each.help, code=each.code) for each in error.problems
        ) from None
    asked = FrontMatter(title=new.title, tags=new.tags, draft=new.draft)
    got = FrontMatter(title=front_matter.title, tags=front_matter.tags, draft=front_matter.draft)
    assert got == asked
    return text


def _text(new: NewPost, slug: str = "") -> str:
    lines = []
    if new.title or new.kind != "aside":
        lines.append(f"title: {_scalar(new.title)}")
    if new.kind != "page":
        lines.append(f"date: {new.date.isoformat()}")
    if new.kind == "aside":
        lines.append("kind: aside")
    if slug:
        lines.append(f"slug: {_scalar(slug)}")
    if new.tags:
        lines.append(f"tags: [{', '.join(_scalar(tag) for tag in new.tags)}]")
    if new.draft:
        lines.append("draft: true")
    return "\n".join(("---", *lines, "---", "", ""))


def _scalar(text: str) -> str:
    """A text as YAML: plain where that is read as the same, else in quotation marks."""
    if re.fullmatch(r"[^\W\d_](?:[\w .!?()’'+&/-]*[\w.!?)’'+])?", text):
        try:
            if read_mapping(f"key: [{text}]\n").values == {"key": [text]}:
                return text
        except YamlError:
            pass
    return json.dumps(text, ensure_ascii=False)
