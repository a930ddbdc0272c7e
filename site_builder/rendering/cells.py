"""A cell and what it put out, as HTML.

In: a cell's number and the draft of its page. Out: HTML; figures become files of the page. Of a
value's representations the richest that a page can show without a script is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape

from site_builder.content.positions import problem_at
from site_builder.maths import MathsError
from site_builder.model import Cell, Output
from site_builder.rendering.draft import Draft
from site_builder.rendering.figures import picture
from site_builder.rendering.foreign_html import is_table, unseen, with_style_sheet, without_scripts
from site_builder.rendering.formulas import latex_output
from site_builder.rendering.highlight import highlight
from site_builder.rendering.tables import dataframe_html, is_dataframe
from site_builder.rendering.terminal import terminal_html

Render = Callable[[Draft, str], str]
_VOLATILE = "changes from run to run"
LONG = 30  # lines of output beyond which it scrolls
_LINES = re.compile("[\u2500-\u259f]")  # boxes and bars, which must meet those in the next line
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


def cell_html(draft: Draft, number: int, inline: Render, markdown: Render) -> str:
    """The code and the outputs of a cell; `inline` and `markdown` render what is Markdown."""
    cell = draft.executed.post.cells[number - 1]
    outputs = draft.executed.execution.outputs[number - 1]
    shown = _Shown(draft, cell, inline, markdown)
    options = cell.options
    if not options.include:
        return ""
    code = _code(draft, cell) if options.echo else ""
    html = shown.outputs(outputs) if options.output is not False else ""
    if not draft.feed:
        shown.check(outputs)
    if not code and not html:
        return ""
    if options.output == "asis" and not code:
        return html
    id_ = f"cell-{number}"
    if options.label and not _names_output(options.label):
        id_ = options.label
        draft.anchor(id_, f"Code {number}", number)
    return f'<div class="cell" id="{escape(id_)}">\n{code}{html}</div>\n'


def _names_output(label: str) -> bool:
    return label.startswith(("fig-", "tbl-"))


def _code(draft: Draft, cell: Cell) -> str:
    code = cell.code.rstrip("\n")
    if draft.feed:
        return f"<pre><code>{escape(code, quote=False)}</code></pre>\n"
    language = cell.language.capitalize()
    pre = (
        f'<pre class="highlight" tabindex="0" role="group"'
        f' aria-label="Code {cell.number}, {escape(language)}">'
        f"<code>{highlight(code, cell.language)}</code></pre>"
    )
    if cell.options.code_fold:
        return f'<details class="fold"><summary>Code</summary>{pre}</details>\n'
    return pre + "\n"


class _Shown:
    """The outputs of one cell on their way to HTML."""

    def __init__(self, draft: Draft, cell: Cell, inline: Render, markdown: Render) -> None:
        self._draft, self._cell = draft, cell
        self._inline, self._markdown = inline, markdown
        self._figures = 0
        self._tables = 0
        self._blocks = 0

    def outputs(self, outputs: tuple[Output, ...]) -> str:
        """All of them in their group."""
        html = "".join(self._one(output) for output in outputs if self._wanted(output))
        if not html or self._cell.options.output == "asis":
            return html
        volatile = self._cell.options.volatile
        if self._draft.feed:
            return f"<p>Output{', ' + _VOLATILE if volatile else ''}:</p>\n{html}"
        name = f"Output of code {self._cell.number}"
        note = f'<p class="volatile">{_VOLATILE.capitalize()}</p>\n' if volatile else ""
        return f'<div class="output" role="group" aria-label="{name}">\n{html}{note}</div>\n'

    def check(self, outputs: tuple[Output, ...]) -> None:
        """Report captions and labels of what the cell does not show."""
        options = self._cell.options
        if not options.eval:
            return
        if self._draft.executed.execution.environment is None:
            # Nothing has run yet, so nothing is shown; but what is written can be looked at.
            for caption in (*options.fig_cap, options.tbl_cap):
                self._inline(self._draft, caption)
            return
        if self._draft.problems:
            return
        figures, tables = self._figures, self._tables
        if not figures and (options.fig_cap or options.label.startswith("fig-")):
            self._report("is about a figure, but the cell shows none", "fig-cap", "label")
        elif len(options.fig_cap) > max(figures, 1):
            self._report(f"has {len(options.fig_cap)} texts for {figures} figure(s)", "fig-cap")
        if not tables and (options.tbl_cap or options.label.startswith("tbl-")):
            self._report("is about a table, but the cell shows none", "tbl-cap", "label")

    def _report(self, what: str, *keys: str) -> None:
        source, cell = self._draft.executed.post.source, self._cell
        for key in keys:
            for line in range(cell.fence_line, cell.line):
                if re.search(rf"\b{key}\b", source.line_text(line)):
                    problem = problem_at(source, line, f"{key!r} {what}", "remove it")
                    self._draft.problems.append(problem)
                    return

    def _wanted(self, output: Output) -> bool:
        return output.kind != "stderr" or self._cell.options.warning

    def _one(self, output: Output) -> str:
        if output.kind in ("stdout", "stderr"):
            if self._cell.options.output == "asis" and output.kind == "stdout":
                return self._markdown_html(output.text)
            return self._stream(output.kind, terminal_html(output.text.rstrip("\n")))
        if output.kind == "error":
            name = escape(str(output.metadata["name"]))
            text = terminal_html(output.text.rstrip())
            text = re.sub(rf"^({re.escape(name)})", r'<span class="error-name">\1</span>', text,
                          flags=re.MULTILINE)  # fmt: skip
            return self._stream("traceback", text)
        return self._bundle(output)

    def _stream(self, kind: str, html: str) -> str:
        if self._draft.feed:
            return f"<pre>{html}</pre>\n"
        self._blocks += 1
        long = " long" if html.count("\n") >= LONG else ""
        drawn = " drawn" if _LINES.search(html) else ""
        label = f"{_NAMES[kind]} {self._cell.number}.{self._blocks}"
        return (
            f'<pre class="{kind}{long}{drawn}" tabindex="0" role="group"'
            f' aria-label="{label}">{html}</pre>\n'
        )

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
            problem = problem_at(source, line, message, error.help or f"it is {tex.strip()!r}")
            self._draft.problems.append(problem)
        return ""

    def _html(self, html: str) -> str:
        """HTML as the value gave it; tables are made to scroll and to need no inline style."""
        html = dataframe_html(html) if is_dataframe(html) else self._foreign(html)
        if not is_table(html):
            return f'<div class="html">{html}</div>\n'
        if not self._draft.feed:
            place = f" {self._tables + 1}" if self._tables else ""
            label = f"Table of code {self._cell.number}{place}"
            region = f'<div class="table" role="group" tabindex="0" aria-label="{label}">'
            html = f"{region}{html}</div>"
        self._tables += 1
        return self._captioned_table(html + "\n") if self._tables == 1 else html + "\n"

    def _foreign(self, html: str) -> str:
        """HTML with its styles in a file of the page; what pages keep from readers is a warning."""
        draft, cell = self._draft, self._cell
        if draft.feed:
            return without_scripts(html)
        for what, help_ in unseen(html):
            message = f"cell {cell.number} shows {what}"
            problem = problem_at(draft.executed.post.source, cell.fence_line, message, help_)
            draft.warnings.append(problem)
        html, style = with_style_sheet(html, f"cell-{cell.number}")
        if style is None:
            return html
        draft.files[style.path] = style
        return f'{html.rstrip()}\n<link rel="stylesheet" href="{style.path}">'

    def _markdown_html(self, text: str) -> str:
        """Markdown that the cell gave; its first table is the one that a caption is about."""
        html = self._markdown(self._draft, text)
        first = not self._tables
        self._tables += html.count("<table")
        if first and self._tables:
            html = _TABLE.sub(lambda found: self._captioned_table(found[0]), html, count=1)
        return html

    def _captioned_table(self, html: str) -> str:
        options = self._cell.options
        if not options.tbl_cap and not options.label.startswith("tbl-"):
            return html
        number = self._draft.number("table")
        id_ = options.label or f"table-{number}"
        self._draft.anchor(id_, f"Table {number}", number)
        caption = self._inline(self._draft, options.tbl_cap)
        words = f'<span class="label">Table {number}.</span> {caption}'.rstrip()
        if not self._draft.feed:
            html = re.sub(' aria-label="[^"]*"', f' aria-label="Table {number}"', html, count=1)
        return (
            f'<figure class="figure" id="{escape(id_)}"><figcaption>{words}</figcaption>'
            f"{html}</figure>\n"
        )

    def _picture(self, output: Output) -> str:
        """A picture as a file of the page, with its caption."""
        draft, options = self._draft, self._cell.options
        place = self._figures
        self._figures += 1
        name = options.label or f"cell-{self._cell.number}"
        name = f"{name}-{place + 1}" if place else name
        made = picture(name, output.data, dark=draft.dark_figures)
        for file in (made.file, made.portable):
            draft.files[file.path] = file
        alt, decoration = self._alternative(place)
        size = "".join(
            f' {k}="{output.metadata[k]}"' for k in ("width", "height") if output.metadata.get(k)
        )
        source = escape((made.portable if draft.feed else made.file).path)
        image = f'<img src="{source}"{size} alt="{escape(alt)}"'
        if draft.feed:
            return self._captioned(f"{image}>", place)
        first = draft.number("picture") == 1
        image += ' class="raster"' if made.raster else ""
        image += ' role="presentation"' if decoration else ""
        image += ' decoding="async">' if first else ' loading="lazy" decoding="async">'
        if not decoration:
            image = f'<a href="{source}">{image}</a>'
        return self._captioned(image, place)

    def _alternative(self, place: int) -> tuple[str, bool]:
        """The text for those who cannot see the figure, and whether it is a decoration."""
        given = self._cell.options.fig_alt
        if given is not None and place < len(given):
            return given[place], not given[place]
        if not self._draft.feed:
            source, cell = self._draft.executed.post.source, self._cell
            message = f"a figure of cell {cell.number} has no text for those who cannot see it"
            help_ = "add `#| fig-alt: …`, empty for a decoration"
            warning = problem_at(source, cell.fence_line, message, help_)
            if warning not in self._draft.warnings:  # once for all of a loop's figures
                self._draft.warnings.append(warning)
        captions = self._cell.options.fig_cap
        return (captions[place] if place < len(captions) else "Figure"), False

    def _captioned(self, image: str, place: int) -> str:
        draft, options = self._draft, self._cell.options
        caption = options.fig_cap[place] if place < len(options.fig_cap) else ""
        label = options.label if options.label.startswith("fig-") else ""
        if not caption and not label:
            return f'<figure class="figure">{image}</figure>\n'
        number = draft.number("figure")
        id_ = label or f"figure-{number}"
        id_ = f"{id_}-{place + 1}" if place and label else id_
        draft.anchor(id_, f"Figure {number}", number)
        words = f'<span class="label">Figure {number}.</span> {self._inline(draft, caption)}'
        return (
            f'<figure class="figure" id="{escape(id_)}">{image}'
            f"<figcaption>{words.rstrip()}</figcaption></figure>\n"
        )


_NAMES = {
    "stdout": "Text output",
    "stderr": "Standard error",
    "result": "Value",
    "traceback": "Error",
}
