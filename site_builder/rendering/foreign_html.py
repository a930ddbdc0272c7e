"""HTML that is not ours: what a value gave, and what an author wrote.

In: HTML. Out: the same for pages that allow no inline styles, which become a style sheet of the
page; what of it readers will not see, and what does not fit into a sentence. Promise: what stands
between the tags does not change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape

from site_builder.content.positions import problem_at
from site_builder.model.files import SiteFile, named_by_content
from site_builder.rendering.draft import Draft
from site_builder.settings.machines import Policy, allows


def shown_html(draft: Draft, html: str, *, name: str, line: int, what: str) -> str:
    """HTML as pages or feeds can show it, its styles in a file of the page named by `name`.

    What pages keep from readers is a warning that `what`, made in `line`, shows it.
    """
    if draft.feed:
        return without_scripts(html)
    for unseen_part, help_ in unseen(html, draft.policy):
        message = f"{what} shows {unseen_part}"
        source = draft.executed.post.source
        draft.warnings.append(problem_at(source, line, message, help_, code="A001"))
    html, style = with_style_sheet(html, name)
    if style is None:
        return html
    draft.files[style.path] = style
    return f'{html.rstrip()}\n<link rel="stylesheet" href="{style.path}">'


def with_style_sheet(html: str, name: str) -> tuple[str, SiteFile | None]:
    """Move styles to a file, whose name begins with `name`: style elements and attributes."""
    rules: dict[str, None] = {}

    def element(found: re.Match[str]) -> str:
        rules[found[1].strip()] = None
        return ""

    def attribute(found: re.Match[str]) -> str:
        declarations = unescape(found[1] if found[1] is not None else found[2]).strip()
        key = hashlib.sha256(declarations.encode()).hexdigest()[:8]
        # Thrice, since an attribute weighs more than what the theme says of tables and links.
        rules[f'[data-style="{key}"]' * 3 + f" {{ {declarations} }}"] = None
        return f' data-style="{key}"'

    # A styled table of pandas looks like a plain one wherever it says nothing.
    html = _STYLER.sub(r'<table class="dataframe" \1>', html)
    pieces = _SCRIPT_ELEMENT.split(html)
    for place in range(0, len(pieces), 2):  # the others are scripts
        piece = _STYLE_ELEMENT.sub(element, pieces[place])
        pieces[place] = _TAG.sub(lambda tag: _STYLE_ATTRIBUTE.sub(attribute, tag[0]), piece)
    if not rules:
        return html, None
    content = ("\n".join(rules) + "\n").encode()
    return "".join(pieces), SiteFile(named_by_content(f"{name}.css", content), content)


def without_scripts(html: str) -> str:
    """HTML for feeds, whose readers would drop scripts and style elements anyway."""
    return _STYLE_ELEMENT.sub("", "".join(_SCRIPT_ELEMENT.split(html)[::2]))


def is_table(html: str) -> bool:
    """Whether the HTML is a table, if wrapped."""
    return _TABLE.match(html) is not None


def unfit_for_sentence(html: str) -> str:
    """What of the HTML does not fit into a sentence; empty if all of it does."""
    bare = _EMBEDDED.sub(r"\1", _COMMENT.sub("", html))
    names = [name.lower() for name in _NAME.findall(bare)]
    name = next((name for name in names if name not in _PHRASING), "")
    if "table" in names:
        return "a table"
    return f"HTML with <{name}>" if name else ""


def unseen(html: str, policy: Policy) -> Iterator[tuple[str, str]]:
    """What readers will not see, since pages load nothing from elsewhere but what the policy of
    the site allows; and what to do."""
    bare = _COMMENT.sub("", html)
    for pattern, allowed, what, help_ in _UNSEEN:
        sources = getattr(policy, allowed) if allowed else ()
        own = allowed in _OWN or "self" in sources
        if not all(_is_allowed(tag[0], sources, own=own) for tag in pattern.finditer(bare)):
            yield what, help_


def _is_allowed(tag: str, sources: Sequence[str], *, own: bool) -> bool:
    found = _ADDRESS.search(tag)
    if not found:
        return "unsafe-inline" in sources
    address = unescape(found[1])
    return allows(sources, address) if _ELSEWHERE.match(address) else own


def unseen_style(html: str, policy: Policy) -> Iterator[tuple[str, str]]:
    """The same for styles in what an author wrote, which stay where they are."""
    if "unsafe-inline" in policy.styles:
        return
    bare = _COMMENT.sub("", html)
    if _STYLE.search(bare) or any(map(_STYLE_ATTRIBUTE.search, _TAG.findall(bare))):
        help_ = "give it a class, and say in the theme what that looks like"
        yield "an inline style, which pages do not apply", help_


def is_lost(tag: str, behind: Iterable[str]) -> bool:
    """Whether a start tag is rather text: without attributes, and no end tag `behind` it."""
    found = _NAMED.fullmatch(tag)
    if not found or found[1].lower() in _VOID:
        return False
    return not any(other.lower() == f"</{found[1].lower()}>" for other in behind)


def is_remote(address: str) -> bool:
    """Whether an address is one of another site."""
    return _REMOTE.match(address) is not None


_COMMENT = re.compile("<!--.*?-->", re.DOTALL)
_NAME = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)")
_PHRASING = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "data"),
        *("del", "dfn", "em", "i", "img", "ins", "kbd", "mark", "math"),
        *("meter", "progress", "q", "rp", "rt", "ruby", "s", "samp", "small"),
        *("span", "strong", "style", "sub", "sup", "svg", "time", "u", "var"),
        "wbr",
    )
)
_EMBEDDED = re.compile(r"(<(svg|math)\b[^>]*>).*?</\2\s*>", re.IGNORECASE | re.DOTALL)
_NAMED = re.compile("<([A-Za-z][A-Za-z0-9-]*)>")
_VOID = frozenset(("br", "hr", "img", "input", "wbr"))
_ADDRESS = re.compile(r"\s(?:src|data)\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)
_OWN = ("scripts", "images", "media")  # what pages load from their own site
_ELSEWHERE = re.compile("https?:|//", re.IGNORECASE)
_REMOTE = re.compile("(?:https?:)?//", re.IGNORECASE)
_TAG = re.compile(r"""<[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
_STYLE_ATTRIBUTE = re.compile(r"""\sstyle\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_STYLE = re.compile(r"<style\b", re.IGNORECASE)
_STYLE_ELEMENT = re.compile(r"<style\b[^>]*>(.*?)</style\s*>\s*", re.IGNORECASE | re.DOTALL)
_SCRIPT_ELEMENT = re.compile(r"(<script\b.*?</script\s*>)", re.IGNORECASE | re.DOTALL)
_STYLER = re.compile(r'<table (id="T_[0-9a-f]+")>')
_TABLE = re.compile(r"\s*(?:<div\b[^>]*>\s*)*<table\b", re.IGNORECASE)
_UNSEEN = (
    (
        re.compile(r"<script\b(?![^>]*\btype\s*=\s*[\"']?(?:application/|text/plain))[^>]*>", re.I),
        "scripts",
        "a script, which pages do not run",
        "show what it makes as a picture or a table",
    ),
    (
        re.compile(r"<iframe\b[^>]*>", re.IGNORECASE),
        "frames",
        "a frame, which pages do not load",
        "link to what it shows",
    ),
    (
        re.compile(r"<(?:embed|object)\b[^>]*>", re.IGNORECASE),
        "",
        "a frame, which pages do not load",
        "link to what it shows",
    ),
    (
        re.compile(r"<img\b[^>]*?\ssrc\s*=\s*[\"']?(?:https?:)?//[^>]*>", re.IGNORECASE),
        "images",
        "something from another site, which pages do not load",
        "save it beside the post and show that",
    ),
    (
        re.compile(
            r"<(?:video|audio|source)\b[^>]*?\ssrc\s*=\s*[\"']?(?:https?:)?//[^>]*>", re.IGNORECASE
        ),
        "media",
        "something from another site, which pages do not load",
        "save it beside the post and show that",
    ),
)
