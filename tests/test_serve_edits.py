"""Whatever is edited under `serve`, what is shown in the end is what a clean build makes.

`EXPLORE=100 pytest tests/test_serve_edits.py` tries 100 other sequences of edits.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from unittest import mock
from urllib.parse import quote

import pytest
from edits import EDITS, World, built
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from serving import EPOCH, Serving, as_built, serving

from site_builder.settings.site import load_site

EXPLORE = int(os.environ.get("EXPLORE", "0"))
# Of the store, of the output and of the user's environment nothing is shown.
OTHERS = {
    *("build", "build otherwise", "freeze a post", "damage the store", "lose some of the store"),
    *("swap two objects", "litter the store", "vandalise the output", "remove the output"),
    *("kill a build", "build twice at once", "forbid errors", "make something else", "move home"),
    "forge pages",
}
# Not watched, but looked at with each save.
UNWATCHED = {"upgrade a package", "install what was wished for"}
SERVED = sorted(EDITS.keys() - OTHERS)
NUMBERS = st.integers(0, 99)
SEQUENCES = st.lists(
    st.lists(st.tuples(st.sampled_from(SERVED), NUMBERS), min_size=1, max_size=3),
    min_size=2,
    max_size=6,
)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A site that was built once."""
    world = World(tmp_path_factory.mktemp("begun") / "site")
    assert built(world).problems == ()
    return world


@settings(
    max_examples=EXPLORE or 5,
    derandomize=not EXPLORE,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXPLORE else [])],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
@given(SEQUENCES)
def test_what_is_shown_in_the_end_is_what_a_clean_build_makes(
    begun: World, sequences: list[list[tuple[str, int]]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = begun.copied(Path(folder, "site"))
        with serving(world.root) as served:
            for number, editing in enumerate(sequences):
                for name, chosen in editing:
                    EDITS[name](world, chosen)
                if UNWATCHED & {name for name, _ in editing}:
                    world.put("static/saved.txt", str(number))
                served.settle()
                assert difference(served, world, Path(folder, "clean")) == "", editing


def difference(served: Serving, world: World, clean: Path) -> str:
    """What is shown that a clean build does not make."""
    shutil.rmtree(clean, ignore_errors=True)
    with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": EPOCH}):
        cleanly = built(world, clean, cached=False, drafts=True, future=True)
    state = served.settle()  # the posts that write have written again
    told = [problem["message"] for problem in state["problems"]]
    if cleanly.problems:
        return "" if told else f"nothing is told of {cleanly.problems}"
    if told:
        return f"told: {told}"
    base = load_site(world.root).base
    for path in sorted(clean.rglob("*")):
        name = path.relative_to(clean).as_posix()
        if not path.is_file() or name == "404.html" or name.startswith("."):
            continue
        address = base + quote(re.sub(r"(^|/)index\.html$", r"\1", name))
        status, _, body = served.ask(address)
        if status != 200:
            return f"{address}: {status}"
        if as_built(body) != as_built(path.read_bytes()):
            return f"{name}: {first_difference(as_built(body), as_built(path.read_bytes()))}"
    return ""


def first_difference(one: bytes, other: bytes) -> str:
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"{a!r} instead of {b!r}" for a, b in pairs if a != b), "another length")
