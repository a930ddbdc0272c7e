"""The site's own words: files such as `words/de.toml` in its folder.

In: the folder. Out: words by language and name, or every problem of the files with its line.
Promise: a word that there is not is told, and so is one that leaves out nothing but names a blank
that is never filled in.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from site_builder.errors import Problem, UsageError, encoding_problem, nearest
from site_builder.schema import Place
from site_builder.toml_text import read_toml

FOLDER = "words"
OwnWords = Mapping[str, Mapping[str, Any]]
"""Words by their names, by language in small letters."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MONTHS = 12


def read_own_words(root: Path, known: Mapping[str, Any]) -> OwnWords:
    """Read the words of the site in `root`; `known` are those that there can be, in English.

    Raises UsageError with every problem.
    """
    found: dict[str, Mapping[str, Any]] = {}
    problems: list[Problem] = []
    for path in sorted((root / FOLDER).glob("*.toml")):
        file = f"{FOLDER}/{path.name}"
        try:
            found[path.stem.lower()] = _read(path, file, known)
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems)
    return found


def _read(path: Path, file: str, known: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _LANGUAGE.fullmatch(path.stem):
        message = f"{path.stem!r} is not a language such as 'de' or 'pt-BR'"
        raise UsageError(Problem(message, file, help="rename the file", code="F122"))
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise UsageError(encoding_problem(file, error, code="F122")) from None
    except OSError as error:
        message = f"cannot read the file: {error.strerror}"
        raise UsageError(Problem(message, file, code="F122")) from None
    words, places = read_toml(text, file)
    lines = text.split("\n")
    problems = []
    for name, value in words.items():
        for message, help_ in _faults(name, value, known):
            place = places.get((name,), Place(0, 0, 1))
            at = (place.line, place.column, place.width, lines[place.line - 1])
            problems.append(Problem(message, file, *at, help_, code="F122"))
    if problems:
        raise UsageError(problems)
    return words


def _faults(name: str, value: Any, known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if name not in known:
        yield f"there is no word {name!r}", nearest(name, known)
    elif isinstance(known[name], list):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            yield f"{name!r} should be a list of texts", f"such as {known[name]!r}"
        elif name == "months" and len(value) != _MONTHS:
            yield f"'months' should be {_MONTHS} names, not {len(value)}", ""
    elif not isinstance(value, str):
        yield f"{name!r} should be a text", f"such as {known[name]!r}"
    else:
        yield from _faulty_blanks(name, value, _blanks(known[name]))


def _faulty_blanks(name: str, text: str, wanted: set[str]) -> Iterator[tuple[str, str]]:
    try:
        blanks = _blanks(text)
    except ValueError:
        yield f"{name!r} has a brace that is alone", "write {{ or }} for a brace itself"
        return
    for blank in sorted(blanks - wanted):
        names = ", ".join(f"{{{each}}}" for each in sorted(wanted))
        help_ = f"it can have {names}" if wanted else "nothing is filled in here"
        yield f"{name!r} has {{{blank}}}, which nothing fills in", help_


def _blanks(text: str) -> set[str]:
    """The names between braces; raises ValueError if a brace is alone."""
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{format_}" if format_ else "")
        for _, name, format_, conversion in string.Formatter().parse(text)
        if name is not None
    }
