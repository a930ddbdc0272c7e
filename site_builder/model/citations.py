"""The nouns of citations: works as a bibliography has them, and those that a post cites.

In: nothing. Out: frozen values that know nothing of files, of Markdown or of HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from site_builder.errors import Problem

Run = tuple[str, str]
"""A piece of text and its kind: empty, or one of `em`, `maths` (TeX), `code`, `sup`, `sub`."""
Text = tuple[Run, ...]


def words_of(text: Text) -> str:
    """A text as plain words, with formulas as TeX."""
    return "".join(run for _, run in text)


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a person, or of an organisation, which is all family."""

    family: str
    given: str = ""
    particle: str = ""
    """Such as `van der`."""
    suffix: str = ""
    """Such as `Jr.`."""

    @property
    def surname(self) -> str:
        """What a citation in the text says."""
        return f"{self.particle} {self.family}" if self.particle else self.family

    @property
    def whole(self) -> str:
        """The name as it is spoken."""
        parts = (self.given, self.particle, self.family, self.suffix)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Names:
    """Authors, or editors."""

    people: tuple[Name, ...] = ()
    others: bool = False
    """Whether there are more, who are not named."""

    def __bool__(self) -> bool:
        return bool(self.people)


@dataclass(frozen=True, slots=True)
class Work:
    """An entry of a bibliography, understood."""

    key: str
    kind: str
    """Type of the entry, in lower case, such as `article`."""
    authors: Names
    editors: Names
    year: str
    """As it is shown, such as `2018` or `in press`; empty if the entry has none."""
    date: str
    """ISO 8601 as far as it is known, such as `2018-01-02` or `2018-01`; empty if it is not."""
    title: Text
    fields: Mapping[str, Text] = field(default_factory=dict)
    """All other fields by name, of biblatex where it has one of its own."""
    doi: str = ""
    url: str = ""
    """An address of the web."""
    archive: str = ""
    """Name of the archive that has it, such as `arXiv`."""
    eprint: str = ""
    """Its identifier there."""

    def text(self, name: str) -> Text:
        """A field; empty if the entry has none of this name."""
        return self.fields.get(name, ())


@dataclass(frozen=True, slots=True)
class Cited:
    """A work that a post cites."""

    work: Work
    id: str
    """Id of its entry in the references of the page."""
    names: str
    """What a citation calls it: surnames, or a title."""
    year: str
    """With a letter where another work has the same names and year."""

    @property
    def label(self) -> str:
        """Such as `Marcus, 2018`."""
        return f"{self.names}, {self.year}"


@dataclass(frozen=True, slots=True)
class Citations:
    """What a post cites."""

    works: tuple[Cited, ...] = ()
    """In the order of the references."""
    wanted: bool = False
    """Whether there is a bibliography, so that `@key` in a sentence is a citation."""
    warnings: tuple[Problem, ...] = ()
    """What is odd about these works, at their places in the bibliography."""

    def by_key(self) -> dict[str, Cited]:
        """The works by the keys of their entries."""
        return {cited.work.key: cited for cited in self.works}


@dataclass(frozen=True, slots=True)
class Reference:
    """A cited work in plain words, for machines."""

    kind: str
    title: str
    authors: tuple[str, ...]
    date: str
    container: str
    """Journal or book that it is a part of."""
    volume: str
    number: str
    first_page: str
    last_page: str
    publisher: str
    doi: str
    address: str
    """Where it can be read; empty if that is not known."""
    text: str
    """The whole reference."""
