"""The codes of all that authors are told of, and which of them can be silenced.

In: codes that an author wants silenced. Out: what is wrong with them; what is left to tell.
Promise: a number never gets another meaning; that of what is no longer told goes to RETIRED.
A new kind of mistake gets a number of its family here, and a section in `diagnostics/codes/`.
Findings of `check` have numbers from 101 on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from site_builder.errors import Problem, nearest

FAMILIES = {
    "C": "the command line and site.toml",
    "F": "files of posts and their front matter",
    "M": "Markdown, cells and their options",
    "T": "formulas",
    "B": "bibliographies and citations",
    "X": "running posts",
    "V": "values, claims and typed numbers",
    "L": "links",
    "I": "images and figures",
    "A": "the HTML of pages, and who cannot read it",
    "N": "notebooks of posts, and imports",
    "P": "the output folder and what is kept",
    "H": "the theme",
    "D": "putting the site online",
}

ERRORS = frozenset(
    """
    C001 C002 C003 C004 C005 C006 C007 C008 C009 C010 C011 C012 C013 C014 C015 C016 C017 C018
    C021 C022 C023 C025 C099
    F001 F002 F003 F004 F005 F006 F007 F008 F009 F010 F011 F012 F013 F014 F015 F016 F017 F018 F019
    F110 F111 F112 F113
    F120 F122
    M001 M002 M003 M004 M005 M006 M007 M008 M009 M010 M011 M012 M013 M014 M015 M017
    T001 T002 T003 T004 T005 T006 T007 T008 T009
    B001 B002 B003 B004 B005 B006 B007
    X001 X002 X003 X004 X005 X006 X007 X008 X009 X010 X011 X016 X017
    V001 V002 V003 V004 V005 V006 V007 V010
    L001 L002 L003 L004 L005 L006
    I001 I004 I005 I007 I008 I009
    A190
    N001 N002 N003 N004 N011 N012 N013 N014 N015 N016 N017
    P001 P002 P003 P004 P010
    H001 H002 H003 H004 H005 H006 H007
    D001 D002 D003 D004 D005 D006 D007 D008 D009 D010 D011 D012 D013 D014 D015 D016 D017
    D020 D021 D022 D030 D031 D032
    D040 D041 D042 D043 D044 D045 D046 D047 D048
    D060 D061 D062 D063 D064 D065 D066 D067 D068 D069 D070 D071
    """.split()  # noqa: SIM905 - a table reads better
)
"""What stops a post or a command: no setting makes that go away."""

WARNINGS = frozenset(
    """
    F101 F102 F103 F104 F105 F114 F121 F123
    M016 M101
    B008 B009
    X012 X013 X014 X015
    V008 V009
    L101 L102 L103 L104 L105 L106 L107 L108 L109 L110 L111 L112 L113
    I002 I003 I006 I101 I102 I103 I104 I105 I106
    A001 A101 A102 A103 A104 A105 A110 A120
    N010
    P005
    """.split()  # noqa: SIM905 - a table reads better
)
"""What can be right all the same: settings and front matter can silence it."""

RETIRED: frozenset[str] = frozenset()


def ignore_faults(codes: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with codes to silence: the place of the code, the message, the help."""
    for place, code in enumerate(codes):
        if code in ERRORS:
            yield place, f"{code} is an error, which cannot be silenced", f"see: explain {code}"
        elif code not in WARNINGS:
            own = sorted(x for x in WARNINGS if x.startswith(code)) if code else []
            help_ = f"name each: {', '.join(own)}" if own else nearest(code, WARNINGS)
            yield place, f"there is no code {code!r} that can be silenced", help_


def unsilenced(
    problems: Iterable[Problem], everywhere: Sequence[str], by_file: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """What is left of warnings when those that the author does not want are taken away.

    `everywhere` are the codes of the settings, `by_file` those of the front matter of posts.
    """
    return [
        problem
        for problem in problems
        if problem.code not in everywhere and problem.code not in by_file.get(problem.file, ())
    ]
