"""A cell and what it put out, as HTML.

In: a cell's number and the draft of its page. Out: HTML; figures become files of the page. Of a
value's representations the richest that a page can show without a script is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape

from site_builder.content.code_lines import lines_of
from site_builder.content.positions import problem_at
from site_builder.maths import MathsError
from site_builder.model.post import Cell, Output
from site_builder.rendering.captions import (
    Inline,
    alternative,
    captioned_figure,
    captioned_table,
    check_captions,
)
from site_builder.rendering.claims import claim_of_cell, claim_text, is_proven
from site_builder.rendering.code_html import code_html
from site_builder.rendering.draft import Draft
from site_builder.rendering.figures import Picture, picture
from site_builder.rendering.foreign_html import is_table, shown_html
from site_builder.rendering.formulas import latex_output
from site_builder.rendering.images import in_words
from site_builder.rendering.listings import copy_button
from site_builder.rendering.markup import attribute
from site_builder.rendering.pending import pending_html
from site_builder.rendering.tables import dataframe_html, is_dataframe
from site_builder.rendering.terminal import terminal_html
from site_builder.rendering.values import is_pending, volatile_line

Render = Callable[[Draft, str], str]
LONG = 30  # lines of output beyond which it scrolls
_LINES = re.compile("[\u2500-\u259f]")  # boxes and bars, which must meet those in the next line
_FRAME = re.compile(r'^  File "', re.MULTILINE)
_TABLE = re.compile(r'(?:<div class="table"[^>]*>)?<table.*?</table>(?:</div>)?\n?', re.DOTALL)

# Mime types by richness, with what makes HTML of their data.
RICHEST = (
    "text/html",
    "text/markdown",
    "text/latex",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "application/json",
    "text/plain",
)


def cell_html(draft: Draft, number: int, inline: Inline, markdown: Render) -> str:
    """The code and the outputs of a cell; `inline` and `markdown` render what is Markdown."""
    cell = draft.executed.post.cells[number - 1]
    outputs = draft.executed.execution.outputs[number - 1]
    shown = _Shown(draft, cell, inline, markdown)
    options, words = cell.options, draft.words
    if not options.include:
        return ""
    code = _code(draft, cell) if options.echo else ""
    if options.claim:
        code = claim_of_cell(draft, cell, outputs, code, inline)
    pending = is_pending(draft.executed, number)
    html = shown.outputs(outputs) if options.output is not False else ""
    if pending:
        html = "" if draft.feed or options.output is False else pending_html(draft, cell, inline)
    elif not draft.feed:
        check_captions(draft, cell, shown.figures, shown.tables, inline)
    if not code and not html:
        return ""
    if options.output == "asis" and not code:
        return html
    id_ = f"cell-{number}"
    if options.label and not _names_output(options.label):
        id_ = options.label
        name = claim_text(draft, cell) or words.code_number.format(number=number)
        draft.anchor(id_, name, number)
    kind = "cell claim" if options.claim and not pending else "cell"
    kind += "" if is_proven(outputs) else " false"
    kind += " pending" if pending and not draft.feed else ""
    return f'<div class="{kind}" id="{escape(id_)}">\n{code}{html}</div>\n'


def _names_output(label: str) -> bool:
    return label.startswith(("fig-", "tbl-"))


def _code(draft: Draft, cell: Cell) -> str:
    code = cell.code.rstrip("\n")
    if draft.feed:
        return f"<pre><code>{escape(code, quote=False)}</code></pre>\n"
    words = draft.words
    name = f"{words.code_number.format(number=cell.number)}, {cell.language.capitalize()}"
    button = copy_button(draft, words.copy_code.format(number=cell.number))
    lines, _ = lines_of(cell.options.code_line_numbers)
    pre = (
        f'<pre class="highlight" tabindex="0" role="group"{attribute("aria-label", name)}>'
        f"<code>{code_html(code, cell.language, lines)}</code></pre>{button}"
    )
    file = escape(cell.options.filename, quote=False)
    if cell.options.code_fold and not cell.options.claim:
        file = f' <span class="filename">{file}</span>' if file else ""
        summary = f"<summary>{escape(words.code)}{file}</summary>"
        return f'<details class="fold">{summary}{pre}</details>\n'
    return (f'<p class="filename">{file}</p>' if file else "") + pre + "\n"


class _Shown:
    """The outputs of one cell on their way to HTML."""

    def __init__(self, draft: Draft, cell: Cell, inline: Inline, markdown: Render) -> None:
        self._draft, self._cell = draft, cell
        self._inline, self._markdown = inline, markdown
        self.figures = 0
        self.tables = 0
        self._blocks = 0

    def outputs(self, outputs: tuple[Output, ...]) -> str:
        """All of them in their group."""
        html = "".join(self._one(output) for output in outputs if self._wanted(output))
        if not html or self._cell.options.output == "asis":
            return html
        volatile, words = self._cell.options.volatile, self._draft.words
        if self._draft.feed:
            told = f"{words.output}, {words.volatile}" if volatile else words.output
            return f"<p>{escape(told, quote=False)}:</p>\n{html}"
        name = attribute("aria-label", words.output_of.format(number=self._cell.number))
        note = volatile_line(self._draft) if volatile else ""
        return f'<div class="output" role="group"{name}>\n{html}{note}</div>\n'

    def _wanted(self, output: Output) -> bool:
        if output.kind == "assertion":  # which a claim shows
            return False
        return output.kind != "stderr" or self._cell.options.warning

    def _one(self, output: Output) -> str:
        if output.kind in ("stdout", "stderr"):
            if self._cell.options.output == "asis" and output.kind == "stdout":
                return self._markdown_html(output.text)
            return self._stream(output.kind, terminal_html(output.text.rstrip("\n")))
        if output.kind == "error":
            return self._traceback(output.text.rstrip(), str(output.metadata["name"]))
        return self._bundle(output)

    def _traceback(self, text: str, name: str) -> str:
        """An error with where it was raised; how one got there is folded away."""
        frames = [frame.start() for frame in _FRAME.finditer(text)]
        way = "" if self._draft.feed or len(frames) < 2 else text[: frames[-1]]
        error = re.sub(rf"^({re.escape(escape(name))})", r'<span class="error-name">\1</span>',
                       terminal_html(text[len(way):]), flags=re.MULTILINE)  # fmt: skip
        if way:
            calls = escape(self._draft.words.counted("calls", len(frames) - 1))
            told = self._stream("calls", terminal_html(way.rstrip()))
            way = f'<details class="way"><summary>{calls}</summary>{told}</details>\n'
        return way + self._stream("traceback", error)

    def _stream(self, kind: str, html: str) -> str:
        if self._draft.feed:
            return f"<pre>{html}</pre>\n"
        self._blocks += 1
        long = " long" if html.count("\n") >= LONG else ""
        drawn = " drawn" if _LINES.search(html) else ""
        name = getattr(self._draft.words, _NAMES[kind])
        label = attribute("aria-label", f"{name} {self._cell.number}.{self._blocks}")
        return f'<pre class="{kind}{long}{drawn}" tabindex="0" role="group"{label}>{html}</pre>\n'

    def _bundle(self, output: Output) -> str:
        """A mime bundle by its richest representation."""
        mime = next((mime for mime in RICHEST if mime in output.data), "")
        data = output.data.get(mime, "")
        if mime.startswith("image/"):
            return self._picture(output)
        if mime == "text/html":
            return self._html(data)
        if mime == "text/markdown":
            return f'<div class="markdown">\n{self._markdown_html(data)}</div>\n'
        if mime == "text/latex":
            try:
                return latex_output(self._draft, data)
            except MathsError as error:
                return self._bad_latex(error, data)
        if mime == "application/json":
            data = json.dumps(data, indent=2, ensure_ascii=False)
        return self._stream("result", terminal_html(data)) if data else ""

    def _bad_latex(self, error: MathsError, tex: str) -> str:
        source, line = self._draft.executed.post.source, self._cell.line
        message = f"cell {self._cell.number} gave LaTeX that cannot be shown: {error.message}"
        if not self._draft.feed:
            help_ = error.help or f"it is {tex.strip()!r}"
            problem = problem_at(source, line, message, help_, code="T009")
            self._draft.problems.append(problem)
        return ""

    def _html(self, html: str) -> str:
        """HTML as the value gave it; tables are made to scroll and to need no inline style."""
        html = dataframe_html(html) if is_dataframe(html) else self._foreign(html)
        if not is_table(html):
            return f'<div class="html">{html}</div>\n'
        if not self._draft.feed:
            place = f" {self.tables + 1}" if self.tables else ""
            name = self._draft.words.table_of.format(number=self._cell.number)
            label = attribute("aria-label", name + place)
            region = f'<div class="table" role="group" tabindex="0"{label}>'
            html = f"{region}{html}</div>"
        self.tables += 1
        return self._captioned(html + "\n") if self.tables == 1 else html + "\n"

    def _foreign(self, html: str) -> str:
        name, line = f"cell-{self._cell.number}", self._cell.fence_line
        what = f"cell {self._cell.number}"
        return shown_html(self._draft, html, name=name, line=line, what=what)

    def _markdown_html(self, text: str) -> str:
        """Markdown that the cell gave; its first table is the one that a caption is about."""
        html = self._markdown(self._draft, text)
        first = not self.tables
        self.tables += html.count("<table")
        if first and self.tables:
            html = _TABLE.sub(lambda found: self._captioned(found[0]), html, count=1)
        return html

    def _captioned(self, table: str) -> str:
        return captioned_table(self._draft, self._cell, table, self._inline)

    def _picture(self, output: Output) -> str:
        """A picture as a file of the page, with its caption."""
        draft, options = self._draft, self._cell.options
        place = self.figures
        self.figures += 1
        name = options.label or f"cell-{self._cell.number}"
        name = f"{name}-{place + 1}" if place else name
        made = picture(name, output.data, dark=draft.dark_figures)
        if made.damage or made.removed:
            self._tell(made)
        for file in (made.file, made.portable):
            draft.files[file.path] = file
        alt, decoration = alternative(draft, self._cell, place)
        size = "".join(
            f' {k}="{output.metadata[k]}"' for k in ("width", "height") if output.metadata.get(k)
        )
        source = escape((made.portable if draft.feed else made.file).path)
        image = f'<img src="{source}"{size} alt="{escape(alt)}"'
        if draft.feed:
            return captioned_figure(draft, self._cell, f"{image}>", place, self._inline)
        first = draft.number("picture") == 1 and not draft.counts.get("image")
        image += ' class="raster"' if made.raster else ""
        image += ' role="presentation"' if decoration else ""
        image += ' decoding="async">' if first else ' loading="lazy" decoding="async">'
        if not decoration:
            image = f'<a href="{source}">{image}</a>'
        return captioned_figure(draft, self._cell, image, place, self._inline)

    def _tell(self, made: Picture) -> None:
        """Tell what is wrong with an SVG that a cell made."""
        if self._draft.feed:
            return
        source, line = self._draft.executed.post.source, self._cell.fence_line
        svg = f"cell {self._cell.number} shows an SVG"
        if made.damage:
            message = f"{svg} that is damaged: {made.damage}"
            self._draft.problems.append(problem_at(source, line, message, code="I004"))
        else:
            message = f"{svg} with {in_words(made.removed)}, left out on the site"
            self._draft.warnings.append(problem_at(source, line, message, code="I106"))


_NAMES = {
    "stdout": "text_output",
    "stderr": "standard_error",
    "result": "value",
    "traceback": "error",
    "calls": "traceback",
}
