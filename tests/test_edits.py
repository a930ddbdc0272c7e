"""Incremental equals clean: after whatever is done to a site, a build gives the bytes of a clean
build, and the next one has nothing to do.

`EXPLORE=500 pytest tests/test_edits.py` tries 500 other sequences of edits and makes those that
fail short; without it the same few are tried each time.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from edits import EDITS, PLANTED, SLOW, Steps, World, built, difference, walk
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

EXPLORE = int(os.environ.get("EXPLORE", "0"))
settings.register_profile(
    "steady",
    max_examples=EXPLORE or 12,
    derandomize=not EXPLORE,
    deadline=None,
    database=None,
    # To make a failure short takes longer than the test may.
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXPLORE else [])],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)

QUICK = sorted(name for name in EDITS if name not in SLOW and name not in PLANTED)
TOGETHER = 4
BREAKING = ("break a cell", "break a claim", "toggle data")
NUMBERS = st.integers(0, 99)
EDIT = st.tuples(st.sampled_from(QUICK), NUMBERS)
EDITING = st.lists(EDIT, min_size=1, max_size=6)
# Some edits, a build, some more, another build: so that there is something to be reused.
SEQUENCES = st.lists(EDITING, min_size=1, max_size=3)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A site that was built once."""
    world = World(tmp_path_factory.mktemp("begun") / "site")
    assert built(world).problems == ()
    return world


def wrong(begun: World, steps: Steps) -> str:
    """What is wrong after these edits of a built site."""
    with tempfile.TemporaryDirectory() as folder:
        return walk(begun.copied(Path(folder, "site")), steps, Path(folder, "clean"))


@settings(settings.get_profile("steady"))
@given(SEQUENCES)
def test_whatever_is_edited_an_incremental_build_equals_a_clean_one(
    begun: World, sequences: list[list[tuple[str, int]]]
) -> None:
    steps = [step for editing in sequences for step in (*editing, ("build", 0))]
    assert wrong(begun, steps) == ""


@settings(settings.get_profile("steady"), max_examples=EXPLORE // 10 or 3)
@given(st.sampled_from(sorted(SLOW)), NUMBERS, EDITING, EDITING)
def test_builds_that_are_killed_or_meet_another_one_leave_no_trace(
    begun: World,
    accident: str,
    number: int,
    before: list[tuple[str, int]],
    after: list[tuple[str, int]],
) -> None:
    assert wrong(begun, [*before, (accident, number), *after]) == ""


def test_every_edit(begun: World, tmp_path: Path) -> None:
    """A few at a time, and what makes the build fail is undone again."""
    world = begun.copied(tmp_path / "site")
    found = {}
    for first in range(0, len(QUICK), TOGETHER):
        names = QUICK[first : first + TOGETHER]
        for name in names:
            EDITS[name](world, 1)
        found[str(names)] = difference(world, tmp_path / "clean")
        for name in names:
            if name in BREAKING:
                EDITS[name](world, 1)
        assert not built(world).problems, names
    assert {names: what for names, what in found.items() if what} == {}
