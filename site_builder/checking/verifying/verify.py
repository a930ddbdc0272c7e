"""Verify: run the posts anew, and hold what they give against what is published.

In: a site, and where it is published. Out: a Verification. Promise: every post runs in a process of
its own, nothing that was kept is reused, and nothing that was published is executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice

from site_builder.assembly.addresses import folder_of
from site_builder.build import read_day
from site_builder.checking.changes import changes
from site_builder.checking.verifying.judgement import Shown, judge, unchecked
from site_builder.checking.verifying.tampering import Seen, look_at, read_record
from site_builder.checking.verifying.today import shown_now
from site_builder.checking.verifying.verification import (
    Finding,
    PostVerification,
    Verification,
    post_verification,
    together,
)
from site_builder.chosen import check_patterns, is_chosen
from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.errors import ContentError, Problem, UsageError
from site_builder.evidence.fetch import FetchError, MissingError, Published
from site_builder.evidence.published import PublishedRecord
from site_builder.execution.engine import executing
from site_builder.execution.frozen import read_frozen
from site_builder.execution.report import Outcome
from site_builder.execution.running import OnProgress
from site_builder.model.post import Post, Source
from site_builder.settings.site import Site
from site_builder.store import Store

OnPages = Callable[[int, int], None]
TOGETHER = 200  # posts whose outputs are in memory at once


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be verified, and how."""

    jobs: int
    """How many posts run at once."""
    fork: bool = True
    only: tuple[str, ...] = ()
    """Patterns of the files of posts; all if there is none."""
    tolerance: float | None = None
    """Relative difference that is allowed, in place of what the posts say."""


def verify(
    site: Site,
    published: Published,
    wanted: Wanted,
    *,
    on_progress: OnProgress = lambda _: None,
    on_post: Callable[[PostVerification], None] = lambda _: None,
    on_pages: OnPages = lambda done, all_: None,
) -> Verification:
    """Run the posts of a site and compare them with what is published.

    `on_post` is told of each post as soon as it is through, `on_pages` how many of all have been
    looked at. Raises UsageError for a pattern that no post has, and if no record is published.
    """
    sources, unreadable = read_sources(site)
    paths = {*(source.path for source in sources), *(problem.file for problem in unreadable)}
    check_patterns(wanted.only, paths)
    work = _Work(site, published, wanted, on_progress)
    found: list[PostVerification] = []
    # Threads wait for a host or the disk, while the posts run in processes of their own.
    pool = ThreadPoolExecutor(published.at_once)
    try:
        for each in work.all(sources, unreadable, pool, on_pages):
            found.append(each)
            on_post(each)
    finally:
        pool.shutdown(cancel_futures=True)
    if work.missing and work.missing == len(found):
        what = "record of these posts" if wanted.only else "published record"
        message = f"there is no {what} in {published.where}"
        help_ = "is it this site, built by this site-builder?"
        raise UsageError(Problem(message, help=help_, code="C018"))
    return Verification(published.where, tuple(found), work.without, together(found))


def _batches(sources: Sequence[Source]) -> Iterator[list[Source]]:
    rest = iter(sources)
    while batch := list(islice(rest, TOGETHER)):
        yield batch


@dataclass(slots=True)
class _Work:
    """Verifies some posts at a time; of those that are through it keeps nothing."""

    site: Site
    published: Published
    wanted: Wanted
    on_progress: OnProgress
    folders: set[str] = field(default_factory=set)
    """Those of the pages of posts."""
    without: int = 0
    """How many have nothing to run."""
    missing: int = 0
    """How many have no record where one is expected."""

    def all(
        self,
        sources: Sequence[Source],
        unreadable: Sequence[Problem],
        pool: ThreadPoolExecutor,
        on_pages: OnPages,
    ) -> Iterator[PostVerification]:
        """Verify what is wanted of all posts, then what else is published."""
        only = self.wanted.only
        for problem in unreadable:
            if is_chosen(problem.file, only):
                why = f"it cannot be read: {problem.message}"
                yield _unverified(problem.file, why, problem.line)
        chosen = [source for source in sources if is_chosen(source.path, only)]
        done = 0
        for batch in _batches(chosen):
            yield from self._verified(batch, pool)
            done += len(batch)
            on_pages(done, len(chosen))
        if not only:
            paths = {source.path for source in sources}
            yield from _strangers(self.published, self.folders, paths, pool)

    def _verified(
        self, sources: Sequence[Source], pool: ThreadPoolExecutor
    ) -> Iterator[PostVerification]:
        posts: list[Post] = []
        for source in sources:
            try:
                post = parse(self.site, source)
            except ContentError as error:
                yield _unverified(source.path, _told("it has mistakes", error.problems))
                continue
            self.folders.add(_folder(post, self.site))
            self.without += not post.runs
            posts += [post] * post.runs
        records = pool.map(
            lambda p: read_record(self.published, _folder(p, self.site), p.slug), posts
        )
        checkable: list[tuple[Post, PublishedRecord]] = []
        for post, seen in zip(posts, records, strict=True):
            if seen.record is not None:
                checkable.append((post, seen.record))
            elif not (seen.missing and _may_be_missing(post)):
                self.missing += seen.missing
                yield _unverified(post.source.path, seen.why, page=_folder(post, self.site))
        yield from self._compared(checkable, pool)

    def _compared(
        self, posts: Sequence[tuple[Post, PublishedRecord]], pool: ThreadPoolExecutor
    ) -> Iterator[PostVerification]:
        frozen = {post.source.path: _frozen(self.site, post) for post, _ in posts}
        waiting = [post for post, _ in posts if not frozen[post.source.path]]
        with (
            Store(None) as store,
            executing(
                waiting,
                self.site,
                store=store,
                jobs=self.wanted.jobs,
                fork=self.wanted.fork,
                thaw=True,
                allow_false_claims=True,  # they are what is looked for
                on_progress=self.on_progress,
            ) as outcomes,
        ):
            # While they run.
            looks = pool.map(
                lambda each: look_at(self.published, _folder(each[0], self.site), each[1]), posts
            )
            seen = list(looks)
            came = outcomes()
        for (post, record), look in zip(posts, seen, strict=True):
            why = frozen[post.source.path]
            yield self._verdict(post, replace(look, record=record), why, came.get(post.source.path))

    def _verdict(
        self, post: Post, seen: Seen, frozen: str, outcome: Outcome | None
    ) -> PostVerification:
        """What there is to say of one post."""
        record, folder = seen.record, _folder(post, self.site)
        assert record is not None
        why = frozen
        if not why and (outcome is None or outcome.problems or outcome.execution is None):
            why = _told("it fails today", outcome.problems if outcome else ())
        if not why:
            assert outcome is not None and outcome.execution is not None
            try:
                new = shown_now(self.site, post, outcome.execution)
            except ContentError as error:
                why = _told("its page cannot be made today", error.problems)
        if why:
            findings = (*seen.findings, *unchecked(record, why))
            return post_verification(post.source.path, folder, findings)
        published = self.published
        old = Shown(record, seen.pieces, lambda n: published.read(published.beside(folder, n)), {})
        return post_verification(
            post.source.path,
            folder,
            (*seen.findings, *judge(old, new, self.wanted.tolerance)),
            changes=tuple(changes(record, new.record)),
            source_changed=record.source != new.record.source,
        )


def _folder(post: Post, site: Site) -> str:
    return folder_of(post.front_matter, post.slug, site)


def _may_be_missing(post: Post) -> bool:
    """Whether nobody would expect a post on the published site."""
    date = post.front_matter.date
    return post.front_matter.draft or (date is not None and date > read_day())


def _frozen(site: Site, post: Post) -> str:
    """Why a post that the author froze is not run; empty if it is not frozen."""
    try:
        record = read_frozen(site.root, post.source.path)
    except ContentError as error:
        return _told("it is frozen", error.problems)
    if record is not None:
        return f"frozen on {record.frozen}"
    return "frozen, without a record" if post.front_matter.execute == "frozen" else ""


def _strangers(
    published: Published,
    known: Set[str],
    paths: Set[str],
    pool: ThreadPoolExecutor,
) -> Iterator[PostVerification]:
    """Records of no post that is here: not in the folders `known`, nor of the files `paths`."""
    try:
        others = [folder for folder in dict.fromkeys(published.folders()) if folder not in known]
    except MissingError:
        return  # a site without a site map does not tell
    except FetchError as error:
        yield _unverified("", f"what else is published is not known: {error}")
        return
    records = pool.map(lambda f: read_record(published, f, f.rpartition("/")[2]), others)
    for folder, seen in zip(others, records, strict=True):
        post = seen.record.post if seen.record else ""
        if not seen.missing and post not in paths:
            yield _unverified(post, "it is published, but there is no such post here", page=folder)


def _unverified(post: str, why: str, line: int = 0, *, page: str = "") -> PostVerification:
    finding = Finding("not checkable", "the post", line=line, why=why)
    return post_verification(post, page, [finding])


def _told(what: str, problems: Sequence[Problem]) -> str:
    if not problems:
        return what
    first, more = problems[0], len(problems) - 1
    place = f" (line {first.line})" if first.line else ""
    return f"{what}: {first.message}{place}" + (f", and {more} more" if more else "")
