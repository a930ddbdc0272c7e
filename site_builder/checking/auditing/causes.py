"""Why two runs of a post gave something else: a guess, of what changed and of how they differ.

In: which variants differ at a cell, both texts, and the code. Out: a cause in words and what to do.
Promise: the first rule that fits is the answer, in an order in which the surer ones come first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from site_builder.checking.auditing.variants import (
    AGAIN,
    FOLDER,
    HASH_SEED,
    LOCALE,
    SPAWN,
    THREADS,
    TIME_ZONE,
)
from site_builder.evidence.numbers import numbers_in, words_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a cell, or an expression in the prose, whose runs differ."""

    kinds: frozenset[str]
    """Of the variants in which it is other than in a build."""
    tried: frozenset[str]
    """Of all variants that were tried."""
    was: str
    now: str
    """Its whole text in a build, and in the first variant that differs."""
    code: tuple[str, ...]
    """Its own code, then that of the cells before it, the nearest first."""
    impure: tuple[str, ...]
    """What it, or a cell before it, did whose inputs nobody sees."""
    roots: tuple[str, str]
    """The site's folder, and that of its copy."""
    failed: bool
    """Whether the variant did not come to its end."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why it differs, and what to do about it."""

    what: str
    help: str


def cause_of(seen: Seen) -> Cause:
    """Guess why two runs differ."""
    rules = _IN_EVERY_RUN if AGAIN in seen.kinds else _IN_SOME_RUNS
    return next(cause for fits, cause in rules if fits(seen))


Rule = tuple[Callable[[Seen], bool], Cause]


def _only(kind: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.kinds == {kind}


def _both(kind: str, fits: Callable[[Seen], bool]) -> Callable[[Seen], bool]:
    return lambda seen: seen.kinds == {kind} and fits(seen)


def _mentions(what: str) -> Callable[[Seen], bool]:
    """Whether the nearest code that could make two runs differ is of this sort."""

    def nearest(seen: Seen) -> bool:
        for code in seen.code:
            found = [name for name, pattern in _SUSPECTS.items() if re.search(pattern, code)]
            if found:
                return found[0] == what
        return False

    return nearest


_SUSPECTS = {
    "random": (
        r"\b(?:default_rng|RandomState|Random|SeedSequence|PCG64|MT19937|Philox|SFC64|seed)"
        r"\(\s*(?:None)?\s*\)|\bSystemRandom\b|\bsecrets\b|\buuid[14]\b|\burandom\b|\bRANDOM\b"
    ),
    "clock": (
        r"\btime\(|\btime_ns\(|\b(?:perf_counter|monotonic|process_time|thread_time)(?:_ns)?\b"
        r"|\bnow\(|\butcnow\(|\btoday\(|\b(?:local|gm|c|asc|strf)time\(|%%?time|\btimeit\b"
        r"|st_[amc]time|get[amc]time\("
    ),
    "process": r"\bgetpp?id\b|\bget_ident\b|\bnative_id\b|\bcurrent_process\b",
    "address": r"\bid\(",
    "temporary": r"\btempfile\b|\bmk[ds]?temp\b|\bTemporaryDirectory\b|\bNamedTemporaryFile\b",
    "threads": (
        r"\bthreading\b|\bThreadPool|\bProcessPool|\bmultiprocessing\b|\bas_completed\b"
        r"|\bjoblib\b|\bimap_unordered\b"
    ),
}


def _shows_address(seen: Seen) -> bool:
    """Whether texts are the same but for `0x7f…`, or what `id` gives of an object."""
    if re.search(_ADDRESS, seen.was) and _masked(seen.was) == _masked(seen.now):
        return True
    large = [int(text) for text in re.findall(r"\b\d{14,15}\b", seen.was)]
    # Where systems with 64 bits have programs, heaps and libraries.
    near = any(0x5500_0000_0000 <= n <= 0x7FFF_FFFF_FFFF for n in large)
    return near and _mentions("address")(seen)


_ADDRESS = r"\b0[xX][0-9a-fA-F]{6,16}\b"


def _masked(text: str) -> str:
    return re.sub(_ADDRESS, "0x", text)


def _shows_time(seen: Seen) -> bool:
    """Whether dates, times of day or seconds since 1970 differ."""
    return re.findall(_TIME, seen.was) != re.findall(_TIME, seen.now)


_TIME = r"\b\d{1,2}:\d\d(?::\d\d)?\b|\b\d{4}-\d\d-\d\d\b|\b1[6-9]\d{8}(?:\d{3}|\d{6}|\d{9})?\b"


def _shows_temporary(seen: Seen) -> bool:
    return re.findall(_TEMPORARY, seen.was) != re.findall(_TEMPORARY, seen.now)


_TEMPORARY = r"(?:/tmp|/var/folders|\\Temp)[/\\][^\s'\"]+"


def _is_left_over(seen: Seen) -> bool:
    """Whether only the copy of the site, made before all runs, gives what the first one gave."""
    return FOLDER in seen.tried and seen.kinds == seen.tried - {FOLDER}


def _is_other_order(seen: Seen) -> bool:
    words, others = re.findall(r"\w+", seen.was), re.findall(r"\w+", seen.now)
    return words != others and sorted(words) == sorted(others)


def _is_last_digits(seen: Seen) -> bool:
    """Whether nothing but numbers differ, and they by little."""
    if words_of(seen.was) != words_of(seen.now):
        return False
    pairs = zip_longest(numbers_in(seen.was), numbers_in(seen.now))
    differing = [(a, b) for a, b in pairs if a is None or b is None or a.value != b.value]
    return bool(differing) and all(
        a and b and _is_near(float(a.value), float(b.value)) for a, b in differing
    )


def _is_near(one: float, other: float) -> bool:
    return abs(one - other) <= CLOSE * max(abs(one), abs(other))


CLOSE = 1e-3


def _shows_folder(seen: Seen) -> bool:
    return seen.roots[0] in seen.was and seen.roots[1] in seen.now


def _is_any(_: Seen) -> bool:
    return True


_RANDOM = "random numbers without a seed"
_SEED = "give the generator a seed, as in default_rng(0); uuid4 and secrets take none"
_VOLATILE = "say '#| volatile: true' in the cell, or show something else"
_IN_EVERY_RUN: tuple[Rule, ...] = (
    (
        _shows_address,
        Cause(
            "the address of an object is shown",
            "show what the object holds, or give its class a __repr__",
        ),
    ),
    (_shows_time, Cause("the clock", _VOLATILE)),
    (
        _is_left_over,
        Cause(
            "files that an earlier run left in the site's folder",
            "write them anew in each run, or to a temporary folder",
        ),
    ),
    (_mentions("random"), Cause(_RANDOM, _SEED)),
    (_mentions("clock"), Cause("the clock", _VOLATILE)),
    (_mentions("process"), Cause("the number of a process or thread", _VOLATILE)),
    (_shows_temporary, Cause("the name of a temporary file", "show its name only, or nothing")),
    (_mentions("temporary"), Cause("the name of a temporary file", "show its name only")),
    (_mentions("address"), Cause("the address of an object", "sort or label by something else")),
    (
        lambda seen: any("network" in what for what in seen.impure),
        Cause("what came over the network", "keep a copy of it beside the post"),
    ),
    (
        lambda seen: any("program" in what for what in seen.impure),
        Cause("what another program put out", _VOLATILE),
    ),
    (
        _mentions("threads"),
        Cause("the order in which threads or processes ended", "put the results in order first"),
    ),
    (
        _is_last_digits,
        Cause("sums whose order threads decide", "show fewer digits, or use one thread"),
    ),
    (
        _is_other_order,
        Cause("an order that no code decides, such as that of a set of objects", "use sorted()"),
    ),
    (_is_any, Cause(f"{_RANDOM}, or a clock", f"{_SEED}, or say '#| volatile: true' in the cell")),
)
_IN_SOME_RUNS: tuple[Rule, ...] = (
    (
        _both(HASH_SEED, lambda seen: any(re.search(r"\bhash\(|__hash__", c) for c in seen.code)),
        Cause("hash() of a text", "use hashlib, or zlib.crc32, in its place"),
    ),
    (
        _only(HASH_SEED),
        Cause("the order of a set of texts", "use sorted() before it is shown or summed"),
    ),
    (
        _both(FOLDER, _shows_folder),
        Cause("the site's own path is shown", "show the path relative to the post's folder"),
    ),
    (
        _both(FOLDER, lambda seen: seen.failed),
        Cause("a path that holds on this machine only", "write paths relative to the post"),
    ),
    (_only(FOLDER), Cause("where the site's folder is", "write paths relative to the post")),
    (
        _only(TIME_ZONE),
        Cause("local time", "use UTC, as in datetime.fromtimestamp(t, timezone.utc)"),
    ),
    (
        _only(LOCALE),
        Cause(
            "the way in which this locale writes or sorts",
            "name the locale in the code, or none at all",
        ),
    ),
    (
        _both(THREADS, _is_last_digits),
        Cause("sums whose order threads decide", "show fewer digits"),
    ),
    (_only(THREADS), Cause("the number of threads", "set it in the code that shows it")),
    (
        _only(SPAWN),
        Cause(
            "what the process shared by all posts did before it forked",
            "build with --no-fork, and report it if it is no import that does so",
        ),
    ),
    (
        _is_any,
        Cause(
            "several of the changes, or something that is other now and then, such as a race",
            "audit the post again to see whether the same runs differ",
        ),
    ),
)
