"""Front matter: the YAML block at the top of a post.

In: a source. Out: a FrontMatter and the line on which the body begins, or every problem of the
block with its line and column.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from site_builder.config import LANGUAGE, macro_fault
from site_builder.content.positions import problem_at
from site_builder.content.slugs import is_slug_character, slugify, slugify_name
from site_builder.content.yaml_core import Mapping, YamlError, read_mapping
from site_builder.errors import ContentError, Problem
from site_builder.model import FrontMatter, Source
from site_builder.schema import Path, Table, TableError, read_table

_BLOCK = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)(?:[-_](.*))?\Z", re.DOTALL)
SYNONYMS = {
    "categories": "tags",
    "author": "authors",
    "description": "summary",
    "date-modified": "updated",
    "modified": "updated",
}
FOREIGN = frozenset(
    ("format", "image", "image-alt", "jupyter", "jupytext", "kernelspec", "thumbnail")
)
_EXAMPLE = "begin the file with lines '---', 'title: …', 'date: 2019-06-02' and '---'"
_EXAMPLES = {
    ".ipynb": _EXAMPLE.replace("begin the file with", "add a raw cell at the top with"),
    ".py": "begin the file with lines '# ---', '# title: …', '# date: 2019-06-02' and '# ---'",
}


def read_front_matter(source: Source) -> tuple[FrontMatter, int]:
    """Read the front matter; also returns the line (from 1) on which the body begins.

    Raises ContentError with every problem of the block.
    """
    block = _BLOCK.match(source.text)
    if not block:
        raise ContentError(_no_block(source))
    try:
        mapping = read_mapping(block[1], shown_line=lambda line: source.file_line(line + 1))
    except YamlError as error:
        raise ContentError(
            problem_at(
                source,
                fault.place.line + 1,
                fault.message,
                fault.help,
                column=fault.place.column,
                width=fault.place.width,
            )
            for fault in error.faults
        ) from None
    reader = _Reader(source, mapping)
    return reader.front_matter(), body_line(source)


def body_line(source: Source) -> int:
    """The line (from 1) on which the body begins: 1 if there is no whole front matter."""
    block = _BLOCK.match(source.text)
    return block[0].count("\n") + 1 if block else 1


def slug_of(source: Source, front_matter: FrontMatter) -> str:
    """The last part of a post's address: as given, else of the file's or folder's name.

    Empty if that name has neither letters nor digits.
    """
    if front_matter.slug:
        return front_matter.slug
    name = _name(source)
    dated = _DATED.match(name)
    return slugify(dated[2] or dated[1] if dated else name)


def _name(source: Source) -> str:
    """The name that stands for the post: its file's, or its folder's for `index.md`."""
    path = PurePosixPath(source.path)
    if path.stem == "index" and len(path.parts) > 2:
        return path.parent.name
    return path.stem


def _no_block(source: Source) -> Problem:
    text = source.text
    if text.startswith("+++"):
        message = "the front matter is TOML"
        return problem_at(source, 1, message, "write it as YAML between two lines of ---", column=1)
    if re.match(r"---[ \t]*\n", text):
        message = "the front matter is not closed"
        return problem_at(source, 1, message, "end it with a line of ---", column=1, width=3)
    if re.match(r"\s+---[ \t]*\n", text):
        line = text[: text.index("---")].count("\n") + 1
        message = "the front matter must begin on the first line"
        return problem_at(source, line, message, "delete what stands above it")
    help_ = _EXAMPLES.get(PurePosixPath(source.path).suffix, _EXAMPLE)
    return Problem("there is no front matter", source.path, source.file_line(1), help=help_)


class _Reader:
    """Holds the block while its values are typed and checked."""

    def __init__(self, source: Source, mapping: Mapping) -> None:
        self.source = source
        self.mapping = mapping

    def front_matter(self) -> FrontMatter:
        values = self._lift_macros(dict(self.mapping.values))
        if isinstance(values.get("execute"), dict):
            del values["execute"]  # options of Quarto and MyST
        problems: list[Problem] = []
        front_matter = None
        try:
            front_matter = read_table(
                FrontMatter,
                Table(values, self._problem),
                what="front matter key",
                synonyms=SYNONYMS,
                ignored=FOREIGN,
            )
        except TableError as error:
            problems += error.problems
        names = {SYNONYMS.get(key, key) for key in values}
        if values.get("date", "") is None:
            names.discard("date")
        if front_matter is None:
            # What is absent can be told even where something else is wrong.
            problems += self._absent(names, str(values.get("kind", "")))
            raise ContentError(problems)
        front_matter = self._completed(front_matter, values, problems)
        problems += self._absent(names, front_matter.kind)
        problems += self._checks(front_matter)
        if problems:
            raise ContentError(problems)
        return front_matter

    def _lift_macros(self, values: dict[str, Any]) -> dict[str, Any]:
        """`math: {macros: …}` is the way to write `macros: …` in MyST."""
        maths = values.get("math")
        if isinstance(maths, dict) and "macros" in maths and "macros" not in values:
            macros = values["math"]["macros"]
            values = {("macros" if key == "math" else key): v for key, v in values.items()}
            values["macros"] = macros
        return values

    def _completed(
        self, front_matter: FrontMatter, values: dict[str, Any], problems: list[Problem]
    ) -> FrontMatter:
        """Add what the file's name and place say."""
        changes: dict[str, Any] = {}
        if self.source.path.startswith("pages/"):
            if "kind" in values and front_matter.kind != "page":
                message = f"what is in pages/ is a page, not a {front_matter.kind}"
                help_ = "move it to posts/, or delete this line"
                problems.append(self._problem(("kind",), message, help_))
            changes["kind"] = "page"
        dated = _DATED.match(_name(self.source))
        if front_matter.date is None and dated:
            try:
                changes["date"] = dt.date.fromisoformat(dated[1])
            except ValueError:
                message = f"the file's name has {dated[1]}, which is not a date of the calendar"
                problems.append(Problem(message, self.source.path, help="rename it"))
        if front_matter.seed is not None:
            changes["seed"] = int(front_matter.seed)
        return dataclasses.replace(front_matter, **changes) if changes else front_matter

    def _absent(self, names: set[str], kind: str) -> Iterator[Problem]:
        is_page = kind == "page" or self.source.path.startswith("pages/")
        if "title" not in names and kind != "aside":
            yield self._missing("title", "add 'title: …'; only a 'kind: aside' can go without")
        if "date" not in names and not is_page and not _DATED.match(_name(self.source)):
            yield self._missing("date", "add 'date: 2019-06-02', with the day of publication")

    def _checks(self, front_matter: FrontMatter) -> Iterator[Problem]:
        """Check what types cannot say."""
        given = {SYNONYMS.get(key, key): key for key in self.mapping.values}
        written = self.mapping.values.get(given.get("tags", ""))
        if isinstance(written, str) and "," in written:
            message = f"the tag {written!r} has a comma"
            yield self._problem((given["tags"],), message, f"for several write [{written}]")
        if front_matter.macros:
            given["macros"] = "macros"
        for name, check in _CHECKS:
            if name not in given:
                continue
            for item, message, help_ in check(front_matter):
                yield self._problem((given[name], *item), message, help_)

    def _missing(self, key: str, help_: str) -> Problem:
        line = self.source.file_line(1)
        return Problem(f"the front matter has no {key}", self.source.path, line, help=help_)

    def _problem(self, path: Path, message: str, help_: str) -> Problem:
        places = self.mapping.places
        if path and path[0] == "macros" and path not in places:
            path = ("math", *path)
        while path and path not in places:
            path = path[:-1]
        if not path:
            return problem_at(self.source, 1, message, help_)
        place = places[path]
        return problem_at(
            self.source, place.line + 1, message, help_, column=place.column, width=place.width
        )


Finding = tuple[Path, str, str]


def _title(front_matter: FrontMatter) -> Iterator[Finding]:
    if not front_matter.title.strip() and front_matter.kind != "aside":
        yield (), "'title' is empty", "give the post a title"


def _updated(front_matter: FrontMatter) -> Iterator[Finding]:
    date, updated = front_matter.date, front_matter.updated
    if date and updated and updated < date:
        yield (), f"'updated' ({updated}) is before 'date' ({date})", "swap them, or mend one"


def _slug(front_matter: FrontMatter) -> Iterator[Finding]:
    slug = front_matter.slug
    if not slug.strip("-_") or not all(map(is_slug_character, slug)):
        help_ = f"such as {slugify(slug) or 'my-post'!r}"
        yield (), f"'slug' should be of letters, digits, '-' and '_', not {slug!r}", help_


def _names(name: str, values: tuple[str, ...]) -> Iterator[Finding]:
    """Lists of names: none empty, odd or twice."""
    seen: dict[str, str] = {}
    for number, value in enumerate(values):
        item = (str(number),)
        slug = slugify_name(value)
        if not value.strip():
            yield item, f"a name in {name!r} is empty", "delete it"
        elif any(not c.isprintable() for c in value):
            yield item, f"{value!r} in {name!r} has control characters", "delete them"
        elif name == "tags" and not slug:
            yield item, f"the tag {value!r} has no letters or digits", "rename it"
        elif (slug or value) in seen:
            first = seen[slug or value]
            message = f"{value!r} is in {name!r} twice"
            if first != value:
                message = f"{first!r} and {value!r} in {name!r} have the same address"
            yield item, message, "delete one"
        else:
            seen[slug or value] = value


def _aliases(front_matter: FrontMatter) -> Iterator[Finding]:
    for number, alias in enumerate(front_matter.aliases):
        item = (str(number),)
        if not alias.startswith("/") or alias.startswith("//"):
            help_ = f"such as '/{alias.strip('/')}/'"
            yield item, f"the alias {alias!r} should begin with one '/'", help_
        elif ".." in alias.split("/") or not alias.strip("/"):
            yield item, f"the alias {alias!r} leads out of the site", "give the old address"
        elif re.search(r"[\s?#\\\x00-\x1f\x7f]", alias):
            message = f"the alias {alias!r} has a character that no address has"
            yield item, message, "an alias is a path such as '/2019/06/old-name/'"


def _series(front_matter: FrontMatter) -> Iterator[Finding]:
    if not slugify_name(front_matter.series):
        yield (), f"the series {front_matter.series!r} has no letters or digits", "rename it"


def _lang(front_matter: FrontMatter) -> Iterator[Finding]:
    if not LANGUAGE.fullmatch(front_matter.lang):
        message = f"'lang' should be a language such as 'en' or 'pt-BR', not {front_matter.lang!r}"
        yield (), message, ""


def _macros(front_matter: FrontMatter) -> Iterator[Finding]:
    for key, tex in front_matter.macros.items():
        if message := macro_fault(key, tex):
            yield (key,), message, r"such as '\R': '\mathbb{R}'"


def _timeout(front_matter: FrontMatter) -> Iterator[Finding]:
    timeout = front_matter.timeout
    if timeout is not None and not timeout > 0:
        yield (), f"'timeout' should be greater than 0, not {timeout:g}", ""


def _seed(front_matter: FrontMatter) -> Iterator[Finding]:
    seed = front_matter.seed
    if seed is not None and not 0 <= seed < 2**32:
        yield (), f"'seed' should be from 0 to {2**32 - 1}, not {seed}", ""


_CHECKS = (
    ("title", _title),
    ("updated", _updated),
    ("slug", _slug),
    ("tags", lambda front_matter: _names("tags", front_matter.tags)),
    ("authors", lambda front_matter: _names("authors", front_matter.authors)),
    ("series", _series),
    ("aliases", _aliases),
    ("lang", _lang),
    ("macros", _macros),
    ("timeout", _timeout),
    ("seed", _seed),
)
