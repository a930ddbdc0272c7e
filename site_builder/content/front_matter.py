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

from site_builder.content.front_matter_checks import CHECKS
from site_builder.content.positions import problem_at
from site_builder.content.slugs import slugify
from site_builder.content.yaml_core import Mapping, YamlError, read_mapping
from site_builder.errors import ContentError, Problem
from site_builder.model.front_matter import FrontMatter
from site_builder.model.post import Source
from site_builder.schema import Codes, Path, Table, TableError, read_table

_BLOCK = re.compile(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)(?:[-_](.*))?\Z", re.DOTALL)
SYNONYMS = {
    "categories": "tags",
    "author": "authors",
    "card-alt": "card_alt",
    "description": "summary",
    "date-modified": "updated",
    "modified": "updated",
}
FOREIGN = frozenset(
    ("format", "image", "image-alt", "jupyter", "jupytext", "kernelspec", "thumbnail")
)
_CODES_OF_CHECKS = {"macros": "T007", "ignore": "C023", "aliases": "F018"}
_CODES = Codes(unknown="F003", misfit="F004", twice="F006", missing="F005")
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
                code="F006" if fault.twice else "F002",
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
        help_ = "write it as YAML between two lines of ---"
        return problem_at(source, 1, message, help_, column=1, code="F001")
    if re.match(r"---[ \t]*\n", text):
        message = "the front matter is not closed"
        help_ = "end it with a line of ---"
        return problem_at(source, 1, message, help_, column=1, width=3, code="F001")
    if re.match(r"\s+---[ \t]*\n", text):
        line = text[: text.index("---")].count("\n") + 1
        message = "the front matter must begin on the first line"
        return problem_at(source, line, message, "delete what stands above it", code="F001")
    help_ = _EXAMPLES.get(PurePosixPath(source.path).suffix, _EXAMPLE)
    message, line = "there is no front matter", source.file_line(1)
    return Problem(message, source.path, line, help=help_, code="F001")


class _Reader:
    """Holds the block while its values are typed and checked."""

    def __init__(self, source: Source, mapping: Mapping) -> None:
        self.source = source
        self.mapping = mapping

    def front_matter(self) -> FrontMatter:
        values = self._lift_macros(dict(self.mapping.values))
        if isinstance(values.get("execute"), dict):
            del values["execute"]  # options of Quarto and MyST
        if isinstance(values.get("related"), bool):
            values["related"] = None if values["related"] else []
        problems: list[Problem] = []
        front_matter = None
        try:
            front_matter = read_table(
                FrontMatter,
                Table(values, self._problem, _CODES),
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
                problems.append(self._problem(("kind",), message, help_, "F007"))
            changes["kind"] = "page"
        dated = _DATED.match(_name(self.source))
        if front_matter.date is None and dated:
            try:
                changes["date"] = dt.date.fromisoformat(dated[1])
            except ValueError:
                message = f"the file's name has {dated[1]}, which is not a date of the calendar"
                path = self.source.path
                problems.append(Problem(message, path, help="rename it", code="F008"))
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
            help_ = f"for several write [{written}]"
            yield self._problem((given["tags"],), message, help_, "F007")
        if front_matter.macros:
            given["macros"] = "macros"
        for name, check in CHECKS:
            if name not in given:
                continue
            for item, message, help_ in check(front_matter):
                code = _CODES_OF_CHECKS.get(name, "F007")
                yield self._problem((given[name], *item), message, help_, code)

    def _missing(self, key: str, help_: str) -> Problem:
        message, line = f"the front matter has no {key}", self.source.file_line(1)
        return Problem(message, self.source.path, line, help=help_, code="F005")

    def _problem(self, path: Path, message: str, help_: str, code: str) -> Problem:
        places = self.mapping.places
        if path and path[0] == "macros" and path not in places:
            path = ("math", *path)
        while path and path not in places:
            path = path[:-1]
        if not path:
            return problem_at(self.source, 1, message, help_, code=code)
        line, column, width = places[path].line + 1, places[path].column, places[path].width
        return problem_at(self.source, line, message, help_, column=column, width=width, code=code)
