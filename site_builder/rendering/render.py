"""Render: from an executed post to a page.

In: a site and a post with what its cells gave. Out: a Page with its files and its HTML, for the
site and for feeds; or every problem of its formulas and outputs. Promise: the same input gives the
same page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from site_builder.content.citations.writing import bibtex_tokens
from site_builder.content.front_matter import body_line
from site_builder.content.headings import plain_text
from site_builder.content.positions import problem_at
from site_builder.content.typography import post_quotes
from site_builder.errors import ContentError
from site_builder.maths import characters
from site_builder.model.files import SiteFile, StoredFile
from site_builder.model.page import MARK, Page
from site_builder.model.post import ExecutedPost
from site_builder.rendering.body import body_html, inline_html, shown_inline
from site_builder.rendering.card import card_source
from site_builder.rendering.citations.in_text import cited_works
from site_builder.rendering.downloads import downloads
from site_builder.rendering.draft import Draft
from site_builder.rendering.images import removed_warnings
from site_builder.rendering.keywords import keywords, word_count
from site_builder.rendering.links import in_words
from site_builder.rendering.page_json import Html, html_bytes
from site_builder.rendering.preview import preview_picture
from site_builder.rendering.search_terms import page_terms, post_texts
from site_builder.rendering.values import filled, text_tokens
from site_builder.settings.site import Site
from site_builder.store import digest_of
from site_builder.words.words import words_for


@dataclass(frozen=True, slots=True)
class Rendered:
    """What rendering a post gives: a page, and what the page names by digest."""

    page: Page
    html: Html
    files: tuple[SiteFile, ...]
    """The contents of `page.files`."""
    objects: tuple[bytes, ...]
    """What the page names by digest, as it is kept: its HTML and its files."""


def render(site: Site, executed: ExecutedPost) -> Rendered:
    """Make the page of a post; raises ContentError with all problems."""
    post = executed.post
    front = post.front_matter
    draft = _draft(site, executed, feed=False)
    draft.lines = _front_lines(executed)
    title_html = inline_html(draft, front.title, "title", bare=True)
    tokens = filled(draft, post.tokens)
    body = body_html(draft, tokens)
    lead = in_words(draft, _summary(site, executed, draft, tokens))
    summary_html = shown_inline(draft, lead).strip()
    draft.lines = _front_lines(executed)
    card = card_source(draft, tokens, body)
    title = text_tokens(draft, front.title, "title")
    title_text = plain_text(title)
    _check_title(draft, title_text)
    if draft.problems:
        raise ContentError(draft.problems)
    feed = _draft(site, executed, feed=True)
    if any(token.type != "text" for token in title):
        # Counts its references, so that marks are the same.
        inline_html(feed, front.title, "title", bare=True)
    html = Html(body, body_html(feed, tokens))
    kept = html_bytes(html)
    summary = " ".join(plain_text(lead).split())
    terms = ""
    if site.settings.search:
        said = MARK.sub("", summary)
        terms = page_terms(post_texts(post, title_text, said, tokens))
    environment = site.settings.execution.environment
    shown = {**draft.files, **feed.files}  # most are the same
    files = (*shown.values(), *downloads(executed, environment))
    files += _record(executed, body, files)
    page = Page(
        source=post.source,
        front_matter=front,
        slug=post.slug,
        body=digest_of(kept),
        title_html=title_html,
        title_text=title_text,
        summary=summary,
        summary_html=summary_html,
        headings=tuple(draft.headings),
        anchors=tuple(draft.anchors),
        references=tuple(draft.references),
        attachments=tuple(
            attachment for written, attachment in post.attachments.items() if written in draft.used
        ),
        files=tuple(StoredFile(file.path, digest_of(file.content)) for file in files),
        picture=preview_picture(html.feed),
        card=card,
        maths_characters=_characters(draft.maths),
        words=sum(word_count(token.content) for token in tokens if token.type == "inline"),
        code_lines=sum(t.content.count("\n") for t in post.tokens if t.type == "fence"),
        figures=draft.counts.get("picture", 0),
        environment=executed.execution.environment,
        frozen=executed.execution.frozen,
        warnings=(*post.citations.warnings, *draft.warnings, *removed_warnings(draft)),
        keywords=keywords(title_text, tokens, front.lang or site.settings.language),
        terms=terms,
        title_tex=bibtex_tokens(title),
        cited=cited_works(post, draft.words),
    )
    return Rendered(page, html, files, (kept, *(x.content for x in files)))


def _record(executed: ExecutedPost, body: str, files: Sequence[SiteFile]) -> tuple[SiteFile, ...]:
    """The published record of a post of which something ran."""
    if executed.execution.environment is None:
        return ()
    # Late: most builds render prose only, and are counted in milliseconds.
    from site_builder.rendering.published import published_record

    return (published_record(executed, body, files),)


def _draft(site: Site, executed: ExecutedPost, *, feed: bool) -> Draft:
    front = executed.post.front_matter
    return Draft(
        executed,
        macros={**site.settings.math.macros, **front.macros},
        dark_figures=site.settings.figures.dark == "auto",
        quotes=post_quotes(site, front),
        feed=feed,
        feed_maths=site.settings.feeds.maths,
        policy=site.settings.policy,
        notes_at_end=site.settings.notes == "end" and not feed,
        base=site.base,
        words=words_for(site.words, front.lang or site.settings.language),
    )


def _front_lines(executed: ExecutedPost) -> tuple[int, int]:
    """First and last line of the front matter, where what it says wrong is reported."""
    return 1, max(1, body_line(executed.post.source) - 1)


def _check_title(draft: Draft, text: str) -> None:
    """Tell of a title of which nothing can be seen: links to the post would have no text."""
    post = draft.executed.post
    title = post.front_matter.title
    if not title or any(unicodedata.category(c)[0] not in "ZC" for c in text):
        return
    line, column = draft.place(title)
    told = "'title' shows nothing", "give the post a title"
    problem = problem_at(post.source, line, *told, column=column, width=len(title), code="F007")
    draft.problems.append(problem)


def _summary(
    site: Site, executed: ExecutedPost, draft: Draft, tokens: Sequence[Token]
) -> Sequence[Token]:
    """The inline tokens of the author's summary, or of the first paragraph."""
    summary = executed.post.front_matter.summary
    if not summary:
        return _lead(tokens)
    # Shown without links and notes, and without a word of what is wrong: so looked at here.
    checked = _draft(site, executed, feed=False)
    checked.lines = _front_lines(executed)
    inline_html(checked, summary, "summary", bare=True)
    draft.problems += checked.problems
    draft.lines = _front_lines(executed)
    return text_tokens(draft, summary, "summary")


def _lead(tokens: Sequence[Token]) -> list[Token]:
    """The inline tokens of the first paragraph that says something, without its images.

    Those are files of the page's own folder, which lists are not in.
    """
    for index, token in enumerate(tokens):
        if token.type == "paragraph_open" and token.level == 0:
            words = [x for x in tokens[index + 1].children or [] if x.type != "image"]
            if any(each.type not in ("softbreak", "hardbreak") for each in words):
                return words
    return []


def _characters(formulas: set[str]) -> str:
    drawn: set[str] = set()
    for formula in formulas:
        drawn |= characters(formula)
    return "".join(sorted(drawn))
