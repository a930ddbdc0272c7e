"""Names in references.

In: names of people. Out: a list of them as references have it, with initials.
"""

from __future__ import annotations

from collections.abc import Callable

from site_builder.model.citations import Name, Names

_MOST_NAMES = 20


def listed(names: Names, form: Callable[[Name], str]) -> str:
    """All names, each in the form that a function gives it; of very many the first and the last."""
    people = [form(name) for name in names.people]
    if len(people) > _MOST_NAMES:
        return f"{', '.join(people[: _MOST_NAMES - 1])}, … {people[-1]}"
    if names.others:
        comma = "," if form is last_first or len(people) > 1 else ""
        return f"{', '.join(people)}{comma} et al."
    if len(people) == 1:
        return people[0]
    comma = "," if form is last_first or len(people) > 2 else ""
    return f"{', '.join(people[:-1])}{comma} & {people[-1]}"


def last_first(name: Name) -> str:
    """`van der Berg, J.`, as at the begin of a reference."""
    return ", ".join(filter(None, (name.surname, _initials(name.given), name.suffix)))


def first_last(name: Name) -> str:
    """`J. van der Berg`, as within one."""
    surname = f"{name.surname}, {name.suffix}" if name.suffix else name.surname
    return " ".join(filter(None, (_initials(name.given), surname)))


def _initials(given: str) -> str:
    """`Jean-Luc M.` as `J.-L. M.`; what is no letter is left as it is."""
    words = given.replace("\u00a0", " ").replace(".", ". ").split()
    return " ".join(
        "-".join(f"{part[0]}." if part[0].isalpha() else part for part in parts)
        for parts in ([part for part in word.split("-") if part] for word in words)
        if parts
    )
