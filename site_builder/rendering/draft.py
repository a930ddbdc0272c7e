"""What a page collects while its body is rendered: numbers, anchors, references, files.

One Draft lives as long as the rendering of one page; it is the only thing in this package that
changes after it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from site_builder.content.positions import locate
from site_builder.content.typography import Quotes
from site_builder.errors import Problem
from site_builder.model.files import SiteFile
from site_builder.model.page import Anchor, Heading, Reference
from site_builder.model.post import Attachment, ExecutedPost
from site_builder.settings.machines import Policy
from site_builder.words.words import ENGLISH, Words, words_for


@dataclass(slots=True)
class Draft:
    """The page in the making."""

    executed: ExecutedPost
    macros: Mapping[str, str]
    dark_figures: bool
    """Whether black ink turns light on dark pages."""
    quotes: Quotes | None
    """What straight quotation marks become."""
    feed: bool
    """Whether this is the rendering for feeds."""
    feed_maths: str = "mathml"
    """How feeds show formulas: `mathml`, `tex` or `image`."""
    policy: Policy = field(default_factory=Policy)
    """What the page may load from elsewhere."""
    notes_at_end: bool = False
    """Whether footnotes stand at the end of the page, not each beside its reference."""
    base: str = "/"
    """The path of the home page on its host."""
    lines: tuple[int, int] = (1, 1)
    """First and last line of the block that is being rendered, for messages."""
    heading_shift: int = 0
    anchors: list[Anchor] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    files: dict[str, SiteFile] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    maths: set[str] = field(default_factory=set)
    """Formulas as MathML."""
    used: set[str] = field(default_factory=set)
    """Attachments of the page that are shown or linked to, as written."""
    counts: dict[str, int] = field(default_factory=dict)
    words: Words = field(default_factory=lambda: words_for({}, ENGLISH))
    """What the page says by itself, in the post's language."""
    links: list[bool] = field(default_factory=list)
    """For each open link whether it is one."""

    def number(self, kind: str) -> int:
        """The next number of a kind of things: figures, tables, equations, codes."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return self.counts[kind]

    def anchor(self, id_: str, text: str, number: int | str = "") -> None:
        """Note a place that references can name by `text`, or by its number alone."""
        if id_:
            self.anchors.append(Anchor(id_, text, str(number)))

    def refer(
        self, target: str, written: str, *, text: bool = False, wording: str = ""
    ) -> tuple[str, str]:
        """Note a reference; what stands in the HTML for its address and for its text."""
        number = len(self.references)
        mark, text_mark = f"\ue000{number}\ue001", f"\ue000t{number}\ue001" if text else ""
        self._refer(target, written, mark, text_mark, wording)
        return mark, text_mark

    def refer_in_formula(self, label: str, mark: str) -> None:
        """Note that the number of an equation stands in a formula as `mark`."""
        mark_of_address = f"\ue000{len(self.references)}\ue001"
        self._refer(f"#{label}", label, mark_of_address, mark, "%s")

    def _refer(self, target: str, written: str, mark: str, text_mark: str, wording: str) -> None:
        line, column = self.lines[0], 0
        if not self.feed:
            line, column = self.place(written)
        self.references.append(Reference(mark, target, line, column, text_mark, wording))

    def place(self, written: str) -> tuple[int, int]:
        """Line and column of what is `written` in the block that is being rendered."""
        return locate(self.executed.post.source, *self.lines, written)

    def attachment(self, address: str) -> Attachment | None:
        """The file of the author's that an address means, if it is one; it is then published."""
        found = self.executed.post.attachments.get(address)
        if found is not None:
            self.used.add(address)
        return found
