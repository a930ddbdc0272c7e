"""The property has teeth: a program that overlooks something is found out.

Each fault is planted in the program in this process; then a site is edited in a way that shows it.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from edits import CACHE, Steps, World, built, walk

from site_builder import inputs, making, memory
from site_builder.assembly import frame
from site_builder.assembly.theme.files import ThemeFiles
from site_builder.content.read import state_of
from site_builder.execution import engine, job, lines, recording, reuse
from site_builder.execution.child.protocol import Message
from site_builder.execution.job import options_of
from site_builder.execution.lines import ran
from site_builder.execution.proof import Change, Prover
from site_builder.execution.record import Conditions, Record, SeenFile
from site_builder.execution.report import Outcome
from site_builder.model.post import Cell, Post
from site_builder.publishing import write
from site_builder.settings.tables import Settings
from site_builder.store import Store, digest_of

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """Something that the program could overlook, and edits that show it."""

    name: str
    plant: Plant
    steps: Steps
    anew: bool = False
    """Whether also the first build has to be made by the program with the fault."""

    def __str__(self) -> str:
        return self.name


def everywhere(patch: pytest.MonkeyPatch, original: object, replacement: object) -> None:
    """Replace a function in every module of ours that has it."""
    places = [
        (module, name)
        for module_name, module in list(sys.modules.items())
        if module_name.startswith("site_builder")
        for name, value in list(vars(module).items())
        if value is original
    ]
    assert places, original
    for module, name in places:
        patch.setattr(module, name, replacement)


def nothing(*_: object, **__: object) -> Iterator[Change]:
    return iter(())


def in_class(owner: type, name: str, replacement: object) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        assert hasattr(owner, name)
        patch.setattr(owner, name, replacement)

    return plant


def instead(original: object, replacement: object) -> Plant:
    return lambda patch: everywhere(patch, original, replacement)


def overlooking(forgotten: Callable[[SeenFile], bool]) -> Plant:
    """A proof that passes over some of the files that a run saw."""
    whole = Prover._file_change

    def part(self: Prover, seen: SeenFile) -> Iterator[Change]:
        return iter(()) if forgotten(seen) else whole(self, seen)

    return in_class(Prover, "_file_change", part)


def without_conditions(start: str) -> Plant:
    """Keys that forget some of what a run is given."""
    whole = job.conditions_of

    def part(*arguments: Any) -> Conditions:
        return {k: v for k, v in whole(*arguments).items() if not k.startswith(start)}

    return instead(whole, part)


def keys_of(parts: Callable[[Post], Sequence[object]]) -> Plant:
    """Keys of cells that are made of less than they should be."""

    def keys(post: Post, conditions: Conditions) -> job.Keys:
        digest = hashlib.sha256(
            repr((sorted(conditions.items()), parts(post))).encode()
        ).hexdigest()
        cells = tuple(f"{digest[:-4]}{place:04}" for place in range(len(ran(post))))
        return job.Keys(cells, (digest,) * len(post.expressions), digest)

    return instead(job.keys_of, keys)


def believing(self: Store, digest: str) -> bytes | None:
    """Reads an object without a look at whether it is what it was."""
    for home in self._homes():
        with contextlib.suppress(OSError):
            return (home / "objects" / digest[:2] / digest[2:]).read_bytes()
    return None


def hide_failures(patch: pytest.MonkeyPatch) -> None:
    """A post that fails shows what it showed when it last ran."""
    whole = engine._Work._made_anew

    def hiding(self: Any, posts: Sequence[Post], runs: Any) -> Any:
        outcomes = whole(self, posts, runs)
        for post in posts:
            last: Record | None = runs.latest(post.source.path)
            if outcomes[post.source.path].problems and last and len(last.cells) == len(ran(post)):
                shown = recording.execution_of(last, post)
                outcomes[post.source.path] = Outcome(shown)
        return outcomes

    patch.setattr(engine._Work, "_made_anew", hiding)


def record_todays_lines(patch: pytest.MonkeyPatch) -> None:
    """Outputs are kept as they are shown on the day of the run."""
    whole = recording.record_of

    def placing(post: Post, site: Any, run: Any, *rest: Any, **named: Any) -> Record:
        shown = {number: lines.with_lines(each, post) for number, each in run.outputs.items()}
        return whole(post, site, replace(run, outputs=shown), *rest, **named)

    everywhere(patch, whole, placing)


def compile_at_the_posts_lines(patch: pytest.MonkeyPatch) -> None:
    """Code is run as far down as it stands in the post."""
    whole = job._cell

    def lower(name: str, cell: Cell, timeout: float) -> Message:
        message = whole(name, cell, timeout)
        return {**message, "code": "\n" * (cell.line - 1) + cell.code}

    patch.setattr(job, "_cell", lower)


def forget_settings(patch: pytest.MonkeyPatch) -> None:
    """Pages are known whatever the settings are."""
    whole = inputs._digest

    def part(*values: object) -> str:
        return whole(*(value for value in values if not isinstance(value, Settings)))

    patch.setattr(inputs, "_digest", part)


def forget_the_theme(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ThemeFiles, "digest", property(lambda self: "the same"))


def believe_in_runs(patch: pytest.MonkeyPatch) -> None:
    """A page that is known is not made again, whatever its run saw."""
    trusting = lambda site, store, records, **_: dict.fromkeys(records, "")  # noqa: E731
    everywhere(patch, reuse.still_proven, trusting)


def forget_readers(patch: pytest.MonkeyPatch) -> None:
    """Posts that read what another one writes in the same build are left as they were."""
    patch.setattr(engine._Work, "_outdated", lambda *_: [])
    patch.setattr(making, "_overtaken", lambda *_: [])


def forget_expressions(patch: pytest.MonkeyPatch) -> None:
    """Keys say how many values there are, and where, but not which."""
    whole = job.code_of
    patch.setattr(job, "code_of", lambda step: whole(step) if isinstance(step, Cell) else [])


def key_values_last(patch: pytest.MonkeyPatch) -> None:
    """Keys do not say after which cell a value is."""
    patch.setattr(job, "steps", lambda post: [*ran(post), *post.expressions])


def evaluate_in_the_end(patch: pytest.MonkeyPatch) -> None:
    """Values are those of the last cell, wherever they stand."""
    whole = job._expression

    def last(post: Post, *rest: Any) -> Message:
        message: Message = whole(post, *rest)
        return {**message, "after": max((cell.number for cell in ran(post)), default=0)}

    patch.setattr(job, "_expression", last)


def believe_claims(patch: pytest.MonkeyPatch) -> None:
    """What was kept because false claims were allowed is used when they are not."""
    whole = engine._Work._found

    def believing(self: Any, *rest: Any) -> Any:
        return whole(replace(self, allow_false_claims=True), *rest)

    patch.setattr(engine._Work, "_found", believing)


FAULTS = [
    Fault("files are not compared", in_class(Prover, "file_changes", nothing),
          [("change data", 1)]),
    Fault("files that were read are not compared", overlooking(lambda seen: seen.kind == "read"),
          [("change a listed file", 1)]),
    Fault("files that were not there are forgotten", overlooking(lambda x: x.kind == "missing"),
          [("toggle what is looked for", 1)]),
    Fault("existence alone is forgotten", overlooking(lambda x: "perhaps" in x.path),
          [("toggle what might be", 1)]),
    Fault("lists of folders are not compared", overlooking(lambda seen: seen.kind == "listed"),
          [("toggle a listed file", 1)]),
    Fault("what a cell wrote is not looked at", overlooking(lambda seen: seen.kind == "wrote"),
          [("change what a cell made", 1)]),
    Fault("modules of the site are not compared",
          overlooking(lambda seen: seen.path.endswith(".py")), [("change a module", 1)]),
    Fault("modules of modules are not compared",
          overlooking(lambda seen: seen.path.endswith("inner.py")),
          [("change an inner module", 1)]),
    Fault("modules that shadow others are not seen", in_class(Prover, "_module_changes", nothing),
          [("toggle a module that shadows", 1)]),
    Fault("modules sought in vain are not sought again",
          in_class(Prover, "_module_changes", nothing), [("toggle a wished module", 1)]),
    Fault("packages are not compared", in_class(Prover, "_interpreter_changes", nothing),
          [("upgrade a package", 1)]),
    Fault("variables of the machine are not compared",
          in_class(Prover, "_variable_changes", nothing), [("move home", 1)]),
    Fault("variables of the site are forgotten", without_conditions("environment variable MODE"),
          [("set the environment", 1)], anew=True),
    Fault("seeds are forgotten", without_conditions("seed"), [("set the seed", 1)], anew=True),
    Fault("the options of cells are forgotten", keys_of(lambda post: [c.code for c in ran(post)]),
          [("forbid errors", 0)], anew=True),
    Fault("the code of cells is joined",
          keys_of(lambda post: ["".join(c.code for c in ran(post)), *map(options_of, ran(post))]),
          [("move a line", 0)], anew=True),
    Fault("only the first cell counts", keys_of(lambda post: [c.code for c in ran(post)][:1]),
          [("change a cell", 7)], anew=True),
    Fault("the code of values is not in the key", forget_expressions,
          [("change a value", 0)], anew=True),
    Fault("the place of values is not in the key", key_values_last,
          [("move a value", 1)], anew=True),
    Fault("values are evaluated in the end", evaluate_in_the_end,
          [("toggle what is looked for", 1)], anew=True),
    Fault("claims that were found false are believed", believe_claims,
          [("break a claim", 0), ("build otherwise", 8)]),
    Fault("objects are believed to be what they were", in_class(Store, "get", believing),
          [("forge pages", 0), ("change a template", 2)]),
    Fault("failures are hidden", hide_failures, [("break a cell", 1)]),
    Fault("lines of the day are recorded", record_todays_lines, [("add prose above", 3)],
          anew=True),
    Fault("cells know their lines in the post", compile_at_the_posts_lines,
          [("add prose above", 1)], anew=True),
    Fault("who reads what another post writes is forgotten", forget_readers,
          [("make something else", 1)]),
    Fault("pages are known whatever their runs saw", believe_in_runs, [("change data", 1)]),
    Fault("attachments are not compared", instead(state_of, lambda root, path: "same"),
          [("change an image", 4)], anew=True),
    Fault("the theme is not compared", forget_the_theme, [("change a template", 0)], anew=True),
    Fault("settings are not compared", forget_settings, [("set quotes", 1)], anew=True),
    Fault("what pages are given is not compared",
          instead(frame.made_of, lambda *values: digest_of(repr(values[:1]).encode())),
          [("change a title", 0)], anew=True),
    Fault("static files are not compared", instead(memory.is_same_site, lambda *_: True),
          [("change a static file", 1)]),
    Fault("the output is not looked at", instead(write.is_written, lambda *_: True),
          [("vandalise the output", 0)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A site that was built by a program without faults."""
    world = World(tmp_path_factory.mktemp("begun") / "site")
    assert built(world).problems == ()
    return world


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_found(
    begun: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    world = begun.copied(tmp_path / "site")
    fault.plant(monkeypatch)
    if fault.anew:
        shutil.rmtree(world.root / CACHE)
        built(world)
    found = walk(world, fault.steps, tmp_path / "clean")
    assert found, f"{fault} was not found by {fault.steps}"


def test_without_a_fault_the_same_edits_find_nothing(begun: World, tmp_path: Path) -> None:
    world = begun.copied(tmp_path / "site")
    steps = [step for fault in FAULTS for step in fault.steps]
    assert walk(world, steps, tmp_path / "clean") == ""
