"""Options of a cell: from the lines and marks in which an author writes them to CellOptions.

In: the text of a fence and the rest of the line that opens it. Out: the options, how many lines
at the top of the fence they take, or every fault with its place.

    Quarto and everywhere   #| fig-cap: The loss        at the top of the code
    MyST                    :fig-cap: The loss          at the top of a {code-cell}, or a --- block
    jupytext                ```python fig-cap="The loss"
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from site_builder.content.code_lines import HELP, beyond, lines_of
from site_builder.content.positions import problem_at
from site_builder.content.yaml_core import YamlError, read_mapping, read_scalar
from site_builder.errors import Problem
from site_builder.model.cell_options import CellOptions
from site_builder.model.post import Source
from site_builder.schema import Codes, Path, Place, ProblemMaker, Table, TableError, read_table

_CODES = Codes(unknown="M007", misfit="M008", twice="M009")

DEFAULT = CellOptions()


@dataclass(slots=True)
class Written:
    """Options as written: values, where they stand in the post's text, what is wrong so far."""

    source: Source
    line: int
    """Line of the text on which the fence opens, from 1."""
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    taken: int = 0
    """How many lines at the top of the fence are options."""

    def add(self, key: str, value: Any, place: Place) -> None:
        """Note an option; one that is given twice is a problem."""
        if key in self.values:
            message = f"the option {key!r} is given twice"
            self.problems.append(self.problem(place, message, code="M009"))
            return
        self.values[key] = value
        self.places[(key,)] = place

    def problem(self, place: Place, message: str, help_: str = "", *, code: str) -> Problem:
        """The problem at a place of the post's text."""
        line, column, width = place.line, place.column, place.width
        return problem_at(self.source, line, message, help_, column=column, width=width, code=code)


def read_options(
    source: Source, line: int, content: str, *, attributes: str = "", column: int = 0, myst: bool
) -> tuple[CellOptions, int, list[Problem]]:
    """Read a cell's options.

    `line` is where the fence opens and `column` where its `attributes` begin, both from 1;
    `content` is the fence's text; `myst` allows MyST's ways. Returns the options, the number of
    lines of `content` that they take, and what is wrong with them.
    """
    if not attributes and not _BEGIN.match(content):
        return DEFAULT, 0, []
    written = Written(source, line)
    if attributes:
        _read_attributes(written, attributes, column)
    lines = content.split("\n")
    if myst:
        _read_myst(written, lines)
    _read_comments(written, lines)
    code = "\n".join(lines[written.taken :])
    return _typed(written, code, myst=myst), written.taken, written.problems


def is_shown_only(attributes: str) -> bool:
    """Whether the marks after a fence's language say that it is not a cell."""
    if not attributes:
        return False
    if _NOEVAL.search(attributes):
        return True
    active = _ACTIVE.search(attributes)
    if active and "ipynb" not in re.split(r"[\s,]+", active[1]):
        return True
    tags = _ACTIVE_TAG.findall(attributes)
    return bool(tags) and not any("ipynb" in tag.split("-") for tag in tags)


_BEGIN = re.compile(r"[ \t]*(?:#|//|--)[ \t]?\||:|---")
_NOEVAL = re.compile(r"(?:^|[\s{])\.noeval(?=[\s}]|\Z)")
_ACTIVE = re.compile(r"""(?:^|[\s{])active\s*=\s*["']([^"']*)["']""")
_ACTIVE_TAG = re.compile(r"""["']active-([\w-]+)["']""")
_COMMENT = re.compile(r"([ \t]*(?:#|//|--)[ \t]?\|[ \t]?)(.*)")
_FIELD = re.compile(r":([A-Za-z][\w-]*):(?:[ \t]+(.*)|[ \t]*\Z)")
_LABEL = re.compile(r"[A-Za-z][\w:.-]*\Z")

_MYST_SYNONYMS = {"caption": "fig-cap", "alt": "fig-alt", "name": "label"}
# What jupytext, notebooks and other tools note at a cell for themselves.
_FOREIGN = frozenset(
    (
        "active",
        "autoscroll",
        "collapsed",
        "deletable",
        "editable",
        "id",
        "jupyter",
        "lines_to_next_cell",
        "scrolled",
        "slideshow",
        "title",
        "trusted",
    )
)
_TAGS: dict[str, tuple[str, Any]] = {
    "remove-input": ("echo", False),
    "remove_input": ("echo", False),
    "hide-input": ("code-fold", True),
    "hide_input": ("code-fold", True),
    "remove-output": ("output", False),
    "remove_output": ("output", False),
    "remove-cell": ("include", False),
    "remove_cell": ("include", False),
    "remove-stderr": ("warning", False),
    "skip-execution": ("eval", False),
    "raises-exception": ("error", True),
}


def _read_attributes(written: Written, text: str, column: int) -> None:
    """```` ```python echo=false fig-cap="The loss" ````, the same in braces, or a JSON object."""
    stripped = text.strip()
    if stripped.startswith("{") and stripped.endswith("}"):
        values = _json(stripped)
        if isinstance(values, dict):
            place = Place(written.line, column, len(stripped))
            for key, value in values.items():
                written.add(str(key), value, place)
            return
        # Braces around attributes, as in pandoc: blanks keep the columns.
        text = text.replace("{", " ", 1)
        text = text[: text.rindex("}")]
    at = 0
    while match := _ATTRIBUTE.match(text, at):
        at = match.end()
        place = Place(written.line, column + match.start(1), len(match[1]))
        if match[2] is None:
            if match[1][0] in ".#" and len(match[1]) > 1:
                if match[1][0] == "#":
                    written.add("label", match[1][1:], place)
                elif match[1].lower() in _NUMBERED:
                    written.add("code-line-numbers", True, place)
                continue
            message = f"the option {match[1]!r} has no value"
            help_ = f"write {match[1]}=…"
            written.problems.append(written.problem(place, message, help_, code="M006"))
            continue
        value, at = _attribute_value(text, at)
        written.add(match[1], value, place)
    rest = text[at:].strip()
    if rest:
        begin = column + at + len(text[at:]) - len(text[at:].lstrip())
        place = Place(written.line, begin, len(rest))
        help_ = 'write options as key=value, such as fig-cap="The loss", or in #| lines'
        message = f"cannot read {rest!r}"
        written.problems.append(written.problem(place, message, help_, code="M006"))


_NUMBERED = (".numberlines", ".number-lines")
_ATTRIBUTE = re.compile(r"\s*([.#]?[\w][\w:./-]*)(?:[ \t]*(=)[ \t]*|(?=\s|\Z))")


def _attribute_value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at `at`, and where it ends: JSON, quotes, or a word."""
    try:
        return json.JSONDecoder().raw_decode(text, at)
    except ValueError:
        pass
    quoted = re.compile(r"'([^']*)'").match(text, at)
    if quoted:
        return quoted[1], quoted.end()
    word = re.compile(r"\S*").match(text, at)
    assert word
    return read_scalar(word[0]), word.end()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _read_myst(written: Written, lines: Sequence[str]) -> None:
    """A `---` block, or `:key: value` lines; both are YAML."""
    if lines[0].rstrip() == "---":
        ends = (n for n, line in enumerate(lines[1:], start=1) if line.rstrip() == "---")
        end = next(ends, 0)
        if not end:
            place = Place(written.line + 1, 1, 3)
            help_ = "end it with a line of ---"
            message = "the block of options is not closed"
            written.problems.append(written.problem(place, message, help_, code="M006"))
            written.taken = len(lines)
            return
        _read_yaml(written, lines[1:end], [0] * (end - 1), first=written.line + 2)
        written.taken = end + 1
        return
    texts = []
    for line in lines:
        if not _FIELD.match(line):
            break
        texts.append(line)
    # The leading colon is no YAML; a blank keeps nothing but the column right.
    _read_yaml(written, [t[1:] for t in texts], [1] * len(texts), first=written.line + 1)
    written.taken = len(texts)


def _read_comments(written: Written, lines: Sequence[str]) -> None:
    """`#| key: value` lines, one YAML mapping together."""
    texts, leads = [], []
    for line in lines[written.taken :]:
        match = _COMMENT.match(line)
        if not match:
            break
        leads.append(match.end(1))
        texts.append(match[2])
    _read_yaml(written, texts, leads, first=written.line + 1 + written.taken)
    written.taken += len(texts)


def _read_yaml(written: Written, texts: Sequence[str], leads: Sequence[int], *, first: int) -> None:
    """Read the YAML in `texts`, which begins in line `first`, each behind `leads` characters."""
    if not texts:
        return

    def there(place: Place) -> Place:
        row = min(place.line, len(texts)) - 1
        return Place(first + row, place.column + leads[row], place.width)

    try:
        mapping = read_mapping(
            "\n".join(texts) + "\n",
            shown_line=lambda line: written.source.file_line(first + line - 1),
        )
    except YamlError as error:
        for fault in error.faults:
            place, code = there(fault.place), "M009" if fault.twice else "M006"
            problem = written.problem(place, fault.message, fault.help, code=code)
            written.problems.append(problem)
        return
    for path, place in mapping.places.items():
        if len(path) > 1:
            written.places[path] = there(place)
    for key, value in mapping.values.items():
        written.add(key, value, there(mapping.places[(key,)]))


def _typed(written: Written, code: str, *, myst: bool) -> CellOptions:
    """Type and check what was written of the cell's `code`; adds to its problems."""
    tags = written.values.pop("tags", ())
    for tag in tags.split(",") if isinstance(tags, str) else tags or ():
        key, value = _TAGS.get(str(tag).strip(), ("", None))
        if key:
            written.values.setdefault(key, value)

    def problem(path: Path, message: str, help_: str, code: str) -> Problem:
        while path and path not in written.places:
            path = path[:-1]
        place = written.places.get(path, Place(written.line, 0, 1))
        return written.problem(place, message, help_, code=code)

    try:
        options = read_table(
            CellOptions,
            Table(written.values, problem, _CODES),
            what="option",
            synonyms=_MYST_SYNONYMS if myst else None,
            ignored=_FOREIGN,
            dashes=True,
        )
    except TableError as error:
        written.problems += error.problems
        return DEFAULT
    written.problems += _value_problems(options, written.values, problem)
    marked, fault = lines_of(options.code_line_numbers)
    if fault := fault or beyond(marked, code):
        written.problems.append(problem(("code-line-numbers",), fault, HELP, "M017"))
    return options


def _value_problems(
    options: CellOptions, values: dict[str, Any], problem: ProblemMaker
) -> Iterator[Problem]:
    """Check what types cannot say."""
    if options.label and not _LABEL.match(options.label):
        key = "label" if "label" in values else "name"
        message = f"a label is letters, digits, '-', '_', '.' and ':', not {options.label!r}"
        yield problem((key,), message, "begin it with a letter, such as 'fig-loss'", "M008")
    for key, number in (
        ("fig-width", options.fig_width),
        ("fig-height", options.fig_height),
        ("timeout", options.timeout),
    ):
        if number is not None and not 0 < number < float("inf"):
            message = f"option {key!r} should be greater than 0, not {number:g}"
            yield problem((key,), message, "", "M008")
    tolerance = options.tolerance
    if tolerance is not None and not 0 <= tolerance < float("inf"):
        message = f"option 'tolerance' should be 0 or greater, not {tolerance:g}"
        help_ = "0.01 allows numbers to differ by one percent"
        yield problem(("tolerance",), message, help_, "M008")
