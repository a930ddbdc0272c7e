"""The published record of a post: what its page claims, from what its cells gave.

In: an executed post, and for the file beside its page the page's HTML and files. Out: a record.
Promise: prose that grows above a cell changes no digest of what the cell put out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from html import unescape

from markdown_it.token import Token

from site_builder.content.headings import plain_text
from site_builder.content.markdown import make_parser
from site_builder.evidence.numbers import numbers_in, words_of
from site_builder.evidence.pieces import shown_digests
from site_builder.evidence.published import (
    SUFFIX,
    PublishedCell,
    PublishedClaim,
    PublishedOutput,
    PublishedRecord,
    PublishedValue,
    published_bytes,
)
from site_builder.model.files import SiteFile
from site_builder.model.post import Cell, ExecutedPost, Execution, Expression, Output, Post, Value
from site_builder.rendering.citations.in_text import tell_citations
from site_builder.rendering.draft import Draft
from site_builder.rendering.filled_markdown import as_written
from site_builder.rendering.values import text_tokens
from site_builder.store import digest_of

MOST = 500  # numbers of an output that are kept
LOOKED_AT = 100_000  # characters of an output in which numbers are looked for


def published_record(executed: ExecutedPost, body: str, files: Sequence[SiteFile]) -> SiteFile:
    """The record of a post that has run, as a file of its page.

    `body` is the HTML of the post for its page, `files` are all others beside the page.
    """
    record = record_of_page(executed, body, files)
    return SiteFile(executed.post.slug + SUFFIX, published_bytes(record))


def record_of_page(
    executed: ExecutedPost, body: str = "", files: Sequence[SiteFile] = ()
) -> PublishedRecord:
    """The record itself; without a page, all that can be said of a run alone.

    The post must have run.
    """
    post, execution = executed.post, executed.execution
    environment, provenance = execution.environment, execution.provenance
    assert environment
    names = [file.path for file in files]
    return PublishedRecord(
        post=post.source.path,
        title=_title(executed),
        source=_digest(post.source.text),
        python=environment.python,
        interpreter=dict(provenance.interpreter) if provenance else {},
        packages=dict(provenance.packages if provenance else environment.packages),
        seed=environment.seed,
        inputs=dict(provenance.inputs) if provenance else {},
        cells=tuple(_cells(post, execution, names)),
        values=tuple(_values(post, execution)),
        claims=tuple(_claims(executed)),
        files={file.path: digest_of(file.content) for file in files},
        shown=shown_digests(body) if body else {},
        frozen=execution.frozen,
    )


def _cells(post: Post, execution: Execution, names: Sequence[str]) -> Iterator[PublishedCell]:
    ran = [cell for cell in post.cells if cell.options.eval]
    keys = execution.provenance.keys if execution.provenance else ("",) * len(ran)
    impure = execution.provenance.impure if execution.provenance else ()
    for place, (cell, key) in enumerate(zip(ran, keys, strict=True)):
        # What happened before the first cell is its own: all that follows depends on it.
        own = (cell.number, 0) if place == 0 else (cell.number,)
        yield PublishedCell(
            number=cell.number,
            line=post.source.file_line(cell.line),
            key=key,
            outputs=tuple(_outputs(post, cell, execution.outputs[cell.number - 1], names)),
            volatile=cell.options.volatile,
            tolerance=cell.options.tolerance,
            impure=tuple(what for number, what in impure if number in own),
        )


def _outputs(
    post: Post, cell: Cell, outputs: Sequence[Output], names: Sequence[str]
) -> Iterator[PublishedOutput]:
    figures = 0
    for output in outputs:
        if output.kind == "assertion":
            continue
        shown: tuple[str, ...] = ()
        if _is_picture(output):
            figures += 1
            shown = _files_of(cell, figures, names)
        text = "" if output.kind == "figure" else _text(output)
        text = _without_lines(text, post, bare=output.kind == "error")
        looked_at = _beginning(text)
        numbers = numbers_in(looked_at)
        yield PublishedOutput(
            kind=output.kind,
            digest=_output_digest(output, post),
            words=_digest(words_of(looked_at)) if text else "",
            numbers=tuple(number.text for number in numbers[:MOST]),
            files=shown,
            series=tuple(output.metadata.get("series", ())),
            more=len(numbers) > MOST or looked_at != text,
        )


def _is_picture(output: Output) -> bool:
    """Whether a page shows the output by a file, as `cells` does."""
    data = output.data
    richer = any(mime in data for mime in ("text/html", "text/markdown", "text/latex"))
    return not richer and any(mime.startswith("image/") for mime in data)


def _files_of(cell: Cell, place: int, names: Sequence[str]) -> tuple[str, ...]:
    """Names of the files of a cell's figure, by its place from 1."""
    name = cell.options.label or f"cell-{cell.number}"
    name = f"{name}-{place}" if place > 1 else name
    pattern = re.compile(rf"{re.escape(name)}\.[0-9a-f]{{10}}\.(?:svg|png|jpg)")
    return tuple(file for file in names if pattern.fullmatch(file))


def _text(output: Output) -> str:
    """What readers see of an output as text."""
    if output.kind in ("stdout", "stderr", "error"):
        return _COLOUR.sub("", output.text) if "\x1b" in output.text else output.text
    data = output.data
    if "text/plain" not in data and "text/html" in data:
        return unescape(_TAG.sub(" ", _UNSEEN.sub("", data["text/html"])))
    mime = next((mime for mime in _TEXTS if mime in data), "")
    text = data.get(mime, "")
    return text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)


_TEXTS = ("text/plain", "text/markdown", "text/latex", "application/json")
_COLOUR = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_TAG = re.compile(r"""<[/!A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*>""")
_UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


def _beginning(text: str) -> str:
    """As much of a text as is looked at: whole lines, if it has any."""
    if len(text) <= LOOKED_AT:
        return text
    end = text.rfind("\n", 0, LOOKED_AT) + 1
    return text[: end or LOOKED_AT]


def _output_digest(output: Output, post: Post) -> str:
    parts = [output.kind, _without_lines(output.text, post, bare=output.kind == "error")]
    for mime in sorted(output.data):
        data = output.data[mime]
        text = data if isinstance(data, str) else json.dumps(data, sort_keys=True)
        parts += [mime, _without_lines(text, post) if mime.startswith("text/") else text]
    return _digest(*parts)


def _values(post: Post, execution: Execution) -> Iterator[PublishedValue]:
    for expression, value in zip(post.expressions, execution.values, strict=False):
        if expression.kind == "value":
            text = _without_lines(value.text, post)
            rich = [part for mime in sorted(value.data) for part in (mime, str(value.data[mime]))]
            yield PublishedValue(
                number=expression.number,
                line=post.source.file_line(expression.line),
                after=expression.after,
                code=as_written(expression),
                text=value.text,
                digest=_digest(text, *rich),
                volatile=expression.volatile,
                tolerance=expression.tolerance,
            )


def _claims(executed: ExecutedPost) -> Iterator[PublishedClaim]:
    """The claims, in the order in which they were checked."""
    post, execution = executed.post, executed.execution
    pairs = list(zip(post.expressions, execution.values, strict=False))
    cites = post.citations.wanted
    yield from _prose_claims(post, pairs, 0)
    for cell in post.cells:
        if cell.options.claim:
            inline, *_ = make_parser().parseInline(cell.options.claim, {"cites": cites})
            sentence = _sentence(tell_citations(post, inline.children or ()))
            checks = [o for o in execution.outputs[cell.number - 1] if o.kind == "assertion"]
            for output in checks or [_PROVEN_BY_A_CALL]:
                yield _cell_claim(post, cell, sentence, output)
        yield from _prose_claims(post, pairs, cell.number)


# Such as `numpy.testing.assert_allclose`: nothing is told of it unless it fails.
_PROVEN_BY_A_CALL = Output("assertion", metadata={"holds": True, "parts": ()})


def _sentence(tokens: Sequence[Token]) -> str:
    """The plain text of a claim, with values as they are written."""
    shown = [
        Token("text", "", 0, content=f"{{{token.content}}}") if token.type == "value" else token
        for token in tokens
    ]
    return " ".join(plain_text(shown).split())


def _prose_claims(
    post: Post, pairs: Sequence[tuple[Expression, Value]], after: int
) -> Iterator[PublishedClaim]:
    for expression, value in pairs:
        if expression.kind == "claim" and expression.after == after:
            yield PublishedClaim(
                expression=expression.number,
                cell=after,
                line=post.source.file_line(expression.line),
                sentence=expression.sentence,
                code=expression.code,
                holds=value.holds,
                parts=_parts(value.parts, post),
                volatile=expression.volatile,
            )


def _cell_claim(post: Post, cell: Cell, sentence: str, output: Output) -> PublishedClaim:
    return PublishedClaim(
        expression=0,
        cell=cell.number,
        line=post.source.file_line(cell.line),
        sentence=sentence,
        code=output.text,
        holds=bool(output.metadata["holds"]),
        parts=_parts(output.metadata["parts"], post),
        volatile=cell.options.volatile,
    )


def _parts(parts: Sequence[Sequence[str]], post: Post) -> tuple[tuple[str, str], ...]:
    return tuple((source, _without_lines(value, post)) for source, value in parts)


def _title(executed: ExecutedPost) -> str:
    """The title as plain text, with its values."""
    draft = Draft(executed, macros={}, dark_figures=False, quotes=None, feed=True)
    return plain_text(text_tokens(draft, executed.post.front_matter.title, "title"))


def _without_lines(text: str, post: Post, *, bare: bool = False) -> str:
    """A text that names lines of the post, with those within their cells in place of them.

    `bare`: also without the file's name, as messages of the compiler do.
    """
    name = re.escape(post.source.path.rpartition("/")[2])
    between = rf"""{name}(?:\\?["']|&#?\w+;)?(?::|, line )"""
    pattern = re.compile(rf"({between}{'|line ' if bare else ''})(\d+)")
    if not pattern.search(text):
        return text
    places = _lines(post)
    return pattern.sub(lambda found: found[1] + places.get(int(found[2]), found[2]), text)


def _lines(post: Post) -> dict[int, str]:
    """What stands for lines of the post's file: the place within a cell, or an expression."""
    source = post.source
    places = {source.file_line(each.line): f"v{each.number}" for each in post.expressions}
    for cell in post.cells:
        first = source.file_line(cell.line)
        for line in range(cell.code.count("\n") + 1 if cell.options.eval else 0):
            places[first + line] = f"c{cell.number}l{line + 1}"
    return places


def _digest(*parts: str) -> str:
    """The digest of one text; or of several, each with its length."""
    if len(parts) == 1:
        return digest_of(parts[0].encode("utf-8", "surrogatepass"))
    state = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(content))
        state.update(content)
    return state.hexdigest()
