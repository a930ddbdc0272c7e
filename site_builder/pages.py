"""Pages and where they are kept: rendered now, or read as they were rendered before.

In: a source, or an executed post, and the store. Out: a page that is in the store with its HTML and
its files. Promise: what comes out is what was kept; what is named but not there is a LostError.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from site_builder.assembly.outputs import Contents
from site_builder.content.parse import ParseError, parse
from site_builder.content.read import state_of
from site_builder.errors import ContentError, Problem
from site_builder.images.sizes import ImageFile, image_files
from site_builder.maths.font import subset_font
from site_builder.model.files import LostError
from site_builder.model.page import Page
from site_builder.model.post import Attachment, ExecutedPost, Execution, Post, Source
from site_builder.options import Options
from site_builder.rendering.page_json import Html, page_bytes, read_html, read_page
from site_builder.rendering.render import Rendered, render
from site_builder.settings.site import Site
from site_builder.store import Store, digest_of

MEMOS = "memos"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A source, parsed; if it has no cell that runs, it is rendered, too."""

    draft: bool
    date: dt.date | None
    files: Mapping[str, str]
    """What is at the paths that it names."""
    post: Post | None = None
    """If it has cells to run."""
    page: bytes = b""
    """Its page as it is kept, if it is rendered."""


def prepare(site: Site, store: Store, source: Source, options: Options, today: dt.date) -> Prepared:
    """Parse a source; what has no cell to run is rendered at once, in the same process.

    Raises ContentError with all problems that can be found without running it.
    """
    post, prepared = parse_whole(site, source)
    if left_out(prepared.draft, prepared.date, options, today):
        return prepared
    rendered = render(site, not_run(post))
    if post.runs:
        # That was only to find mistakes in formulas and captions before the cells run.
        return replace(prepared, post=post)
    return replace(prepared, page=_kept(rendered, store))


def parse_whole(site: Site, source: Source) -> tuple[Post, Prepared]:
    """Parse a source, and look what is at the paths that it names.

    Raises ContentError with all problems that can be found without running it, if it cannot be
    parsed.
    """
    try:
        post = parse(site, source)
    except ParseError as error:
        raise ContentError([*error.problems, *_more_problems(site, error.post)]) from None
    front = post.front_matter
    files = {path: state_of(site.root, path) for path in post.files}
    return post, Prepared(front.draft, front.date, files)


def prepare_executed(site: Site, store: Store, executed: ExecutedPost) -> bytes:
    """Render a post whose cells ran; gives its page as it is kept. Raises ContentError."""
    return _kept(render(site, executed), store)


def left_out(draft: bool, date: dt.date | None, options: Options, today: dt.date) -> str:
    """Why a post is not on the site; empty if it is."""
    if draft and not options.drafts:
        return "is a draft"
    if date is not None and date > today and not options.future:
        return f"is scheduled for {date.isoformat()}"
    return ""


def known_page(
    store: Store, digest: str, source: Source, before: Page | None = None
) -> Page | None:
    """The page of a source that was kept, if it still is; `before`, if that is the page."""
    if before is not None and before.digest == digest and before.source == source:
        return before
    content = store.get(digest)
    return read_page(content, source) if content else None


def kept_contents(site: Site, store: Store, states: Mapping[str, str], program: str) -> Contents:
    """What gives the contents that pages name.

    `states` says what is at the paths that posts name, `program` is the digest of this program.
    """

    def html(digest: str) -> Html:
        content = store.get(digest)
        found = read_html(content) if content else None
        if found is None:
            raise LostError(digest)
        return found

    def stored(digest: str) -> bytes:
        content = store.get(digest)
        if content is None:
            raise LostError(digest)
        return content

    def read(path: str) -> bytes:
        try:
            return (site.root / path).read_bytes()
        except OSError as error:
            message = f"cannot read the file: {error.strerror}"
            raise ContentError(Problem(message, path, code="F010")) from None

    def memo(text: str, make: Callable[[], bytes]) -> bytes:
        key = digest_of(f"{program} {text}".encode("utf-8", "surrogatepass"))
        known = (store.get(digest) for digest in store.remembered(MEMOS, key))
        found = next((content for content in known if content is not None), None)
        if found is None:
            found = make()
            store.remember(MEMOS, key, store.put(found))
        return found

    def font(characters: str) -> bytes:
        return memo(f"font {characters}", lambda: subset_font(characters))

    def image(attachment: Attachment, file: ImageFile) -> bytes:
        # Late: half of all sites have no picture of their own.
        from site_builder.images.keeping import kept_image

        path, raster = attachment.path, attachment.raster
        assert raster is not None
        files = image_files(raster, whole=attachment.linked)
        return kept_image(store, states[path], lambda: read(path), file, files, raster)

    return Contents(html, stored, lambda path: states[path], read, font, image, memo)


def not_run(post: Post) -> ExecutedPost:
    """A post that shows nothing that only a run gives."""
    return ExecutedPost(post, Execution(((),) * len(post.cells), environment=None))


def _more_problems(site: Site, post: Post) -> tuple[Problem, ...]:
    """What else is wrong with a post: who mends one mistake mends the other."""
    try:
        render(site, not_run(post))
    except ContentError as error:
        return error.problems
    return ()


def _kept(rendered: Rendered, store: Store) -> bytes:
    """Keep a page with all that belongs to it."""
    content = page_bytes(rendered.page)
    for object_ in (*rendered.objects, content):
        store.put(object_)
    return content
