"""From a run that came to its end to its record, and from a record to what is shown.

In: the events of a run, or a Record. Out: a Record, or an Execution. Promise: what is shown comes
out of a record, whether it was made just now or long ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from site_builder.config import Site
from site_builder.execution.child.protocol import Message
from site_builder.execution.interpreter import Interpreter, importable
from site_builder.execution.job import cell_keys, conditions_of, options_of, seed_of
from site_builder.execution.lines import ran, with_lines
from site_builder.execution.proof import importable_as
from site_builder.execution.record import (
    Declared,
    Impure,
    Record,
    RecordedCell,
    SeenFile,
    SeenVariable,
    Trace,
)
from site_builder.model import Environment, Execution, Output, Post
from site_builder.store import digest_of


def record_of(
    post: Post,
    site: Site,
    outputs: Mapping[int, Sequence[Output]],
    finished: Message,
    *,
    leftovers: int,
    declared: Sequence[Declared],
    interpreter: Interpreter,
) -> Record:
    """Make the record of a run.

    `outputs` are those of each cell by its number, `finished` the last event of the post's own
    process, `declared` what `reads:` of its cells named when the run began.
    """
    cells = ran(post)
    conditions = conditions_of(post, site)
    kept = [tuple(outputs.get(cell.number, ())) for cell in cells]
    trace = _trace(finished["trace"], post, site, declared, interpreter)
    if any(_tells(output, str(site.root)) for each in kept for output in each):
        trace = replace(trace, root=str(site.root))
    keys = cell_keys(post, conditions)
    return Record(
        post=post.source.path,
        conditions=conditions,
        cells=tuple(
            RecordedCell(key, cell.code, options_of(cell), shown)
            for key, cell, shown in zip(keys, cells, kept, strict=True)
        ),
        trace=trace,
        python=post.front_matter.kernel or finished["python"],
        packages=_named_packages(finished, interpreter),
        seed=seed_of(post, site),
        leftovers=leftovers,
    )


def execution_of(record: Record, post: Post) -> Execution:
    """What is shown of a record on the page of its post."""
    outputs = {
        cell.number: with_lines(recorded.outputs, post)
        for cell, recorded in zip(ran(post), record.cells, strict=True)
    }
    return Execution(
        outputs=tuple(outputs.get(cell.number, ()) for cell in post.cells),
        environment=Environment(record.python, tuple(sorted(record.packages.items())), record.seed),
        frozen=record.frozen,
    )


def _named_packages(finished: Message, interpreter: Interpreter) -> dict[str, str]:
    """Versions of the distributions that the post imports itself."""
    installed = finished["trace"]["installed"]
    # A local module may have the name of a distribution, which then did not run.
    names = [name for name in finished["imports"] if name in installed]
    return {k: v for name in names for k, v in interpreter.owners(name, installed[name]).items()}


def _tells(output: Output, text: str) -> bool:
    told = (output.text, *output.data.values(), *output.metadata.values())
    return any(text in part for part in told if isinstance(part, str))


def _trace(
    raw: Mapping[str, Any],
    post: Post,
    site: Site,
    declared: Sequence[Declared],
    interpreter: Interpreter,
) -> Trace:
    """What the process told of its observations, in the builder's terms."""
    place = {cell.number: index for index, cell in enumerate(ran(post), start=1)}
    place[0] = 0
    modules = frozenset(raw["modules"])
    packages: dict[str, str] = {}
    files = [SeenFile(f["kind"], f["path"], f["digest"], place[f["cell"]]) for f in raw["files"]]
    for module, folder in raw["installed"].items():
        owners = interpreter.owners(module, folder)
        packages |= owners
        if not owners:  # put there by hand: no version tells when it changes
            files += _module_files(Path(folder), module)
    return Trace(
        interpreter=raw["interpreter"],
        packages=packages,
        modules=tuple(sorted(modules)),
        sought=tuple(raw["sought"]),
        local={folder: importable_as(modules, site.root / folder) for folder in raw["local_paths"]},
        inner={
            folder: tuple(sorted(importable(site.root / folder)))
            for folder in _package_folders(raw)
        },
        variables=tuple(
            SeenVariable(each["name"], each["value"], place[each["cell"]])
            for each in raw["variables"]
        ),
        files=tuple(files),
        declared=tuple(declared),
        impure=tuple(Impure(each["what"], place[each["cell"]]) for each in raw["impure"]),
        root="",
    )


def _local_modules(raw: Mapping[str, Any]) -> list[str]:
    """Files of the site that were read and look like modules."""
    paths = [f["path"] for f in raw["files"] if f["kind"] == "read"]
    return [path for path in paths if path.endswith(".py") and not path.startswith("/")]


def _package_folders(raw: Mapping[str, Any]) -> list[str]:
    """Folders of the site in which modules of local packages were read."""
    folders = {path.rpartition("/")[0] for path in _local_modules(raw)}
    return sorted(folders.difference(raw["local_paths"]))


def _module_files(folder: Path, module: str) -> list[SeenFile]:
    """The source of a module that belongs to no distribution."""
    found = [*folder.glob(f"{module}.*"), *(folder / module).rglob("*.py")]
    return [
        SeenFile("read", str(path), digest_of(path.read_bytes()), 0)
        for path in sorted(found)
        if path.is_file()
    ]
