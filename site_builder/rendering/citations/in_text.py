"""Citations on the page: in the text, and the references that they lead to.

In: tokens whose works are known, and the draft. Out: HTML. Promise: each link to a reference has a
way back, and what is shown a second time, as in lists, has neither links nor ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it.token import Token

from site_builder.content.citations.syntax import cites_in, name_cites
from site_builder.content.positions import problem_at
from site_builder.model.citations import Cited, Reference
from site_builder.model.post import Post
from site_builder.rendering.draft import Draft
from site_builder.rendering.links import in_link
from site_builder.rendering.markup import attribute
from site_builder.words.words import Words

_REFERENCES = "\ue000references\ue001"


def parser_environment(draft: Draft) -> dict[str, Any]:
    """What the parser has to know of the post when it parses one of its other texts."""
    return {"cites": draft.executed.post.citations.wanted}


def tell_citations(post: Post, tokens: Sequence[Token]) -> Sequence[Token]:
    """Tell the citations in tokens that are none of the post's own stream what they say."""
    works = post.citations.works
    if works:
        known = {each.work.key: (each.names, each.year) for each in works}
        name_cites(tokens, known.get)
    return tokens


def tell_given(draft: Draft, tokens: Sequence[Token]) -> None:
    """The same for Markdown that a run gave, whose works were not looked up before.

    It is reported if they are not known.
    """
    tell_citations(draft.executed.post, tokens)
    for token, _ in cites_in(tokens):
        if "text" not in token.meta:
            _report_unknown(draft, token)


def cited_works(post: Post, words: Words) -> tuple[Reference, ...]:
    """The works that a post cites, for machines."""
    if not post.citations.works:
        return ()
    # Late: most posts cite nothing.
    from site_builder.rendering.citations.reference import reference_of

    return tuple(reference_of(each, words) for each in post.citations.works)


def with_references(draft: Draft, html: str) -> str:
    """Put the list of references into HTML that has a place for it, now that all are cited."""
    if _REFERENCES not in html:
        return html
    # Late: most posts cite nothing.
    from site_builder.rendering.citations.list import references_html

    return html.replace(_REFERENCES, references_html(draft))


def _citation_open(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    bracket = "" if tokens[index].meta.get("sentence") else "("
    plain = env.get("bare") or env["draft"].feed
    return bracket if plain else f'<span class="citation">{bracket}'


def _citation_close(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    bracket = "" if tokens[index].meta.get("sentence") else ")"
    plain = env.get("bare") or env["draft"].feed
    return bracket if plain else f"{bracket}</span>"


def _cite(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """What a citation says of one work, as a link to its reference."""
    draft, token = env["draft"], tokens[index]
    text = token.meta.get("text")
    if text is None:  # it was reported
        return escape(token.markup, quote=False)
    cited = draft.executed.post.citations.by_key()[token.content]
    if env.get("bare") or in_link(tokens, index):
        return escape(text, quote=False)
    linked, rest = text, ""
    if token.meta["mode"] == "tail":  # what follows in the brackets may have links of its own
        linked, rest = token.meta["names"], text.removeprefix(token.meta["names"])
    attributes = f'href="#{escape(cited.id)}"'
    if not draft.feed:
        number = draft.number(counted_as(cited))
        attributes += f' id="{mark_of(cited, number)}" role="doc-biblioref"'
    return f"<a {attributes}>{escape(linked, quote=False)}</a>{escape(rest, quote=False)}"


def _place(tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    heading = tokens[index].meta["heading"]
    label = attribute("aria-labelledby", heading) or attribute(
        "aria-label", env["draft"].words.references
    )
    if env["draft"].feed:
        return f"{_REFERENCES}\n"
    if env["draft"].executed.post.front_matter.kind == "aside":
        # No landmark: a list of whole asides would have several of one name.
        return f'<div class="references" role="group"{label}>{_REFERENCES}</div>\n'
    return f'<section class="references" role="doc-bibliography"{label}>{_REFERENCES}</section>\n'


RULES: dict[str, Any] = {
    "citation_open": _citation_open,
    "citation_close": _citation_close,
    "cite": _cite,
    "references": _place,
}
"""How each token is rendered, as markdown-it's renderer calls it."""


def _report_unknown(draft: Draft, token: Token) -> None:
    """Report a key in Markdown that a cell gave."""
    if draft.feed:
        return
    message = f"a cell cites {token.content!r}, which is none of the post's works"
    help_ = f"add 'nocite: [\"@{token.content}\"]' to the front matter"
    source, line = draft.executed.post.source, draft.lines[0]
    problem = problem_at(source, line, message, help_, code="B004")
    if problem not in draft.problems:
        draft.problems.append(problem)


def counted_as(cited: Cited) -> str:
    """The kind of things that citations of a work are numbered as."""
    return f"citation of {cited.id}"


def mark_of(cited: Cited, number: int) -> str:
    """The id of one of the citations of a work."""
    return escape(f"{cited.id.replace('ref-', 'cite-', 1)}-{number}")
