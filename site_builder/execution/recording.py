"""From a run that came to its end to its record, and from a record to what is shown.

In: the events of a run, or a Record. Out: a Record, or an Execution. Promise: what is shown comes
out of a record, whether it was made just now or long ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from site_builder.execution.child.protocol import Message
from site_builder.execution.interpreter import Interpreter
from site_builder.execution.job import code_of, conditions_of, keys_of, options_of, seed_of
from site_builder.execution.lines import placed, ran, with_lines
from site_builder.execution.proof import importable_as
from site_builder.execution.record import (
    Declared,
    Impure,
    Record,
    RecordedCell,
    RecordedValue,
    SeenFile,
    SeenVariable,
    Trace,
)
from site_builder.execution.report import Finished
from site_builder.model.post import Environment, Execution, Output, Post, Provenance, Value
from site_builder.settings.site import Site
from site_builder.store import digest_of


def record_of(
    post: Post,
    site: Site,
    run: Finished,
    *,
    declared: Sequence[Declared],
    interpreter: Interpreter,
) -> Record:
    """Make the record of a run; `declared` is what `reads:` of its cells named when it began."""
    cells = ran(post)
    conditions = conditions_of(post, site)
    kept = [tuple(run.outputs.get(cell.number, ())) for cell in cells]
    trace = trace_of(run.event["trace"], post, site, declared, interpreter)
    if _tell(kept, run.values.values(), str(site.root)):
        trace = replace(trace, root=str(site.root))
    keys = keys_of(post, conditions)
    place = _places(post)
    return Record(
        post=post.source.path,
        conditions=conditions,
        cells=tuple(
            RecordedCell(key, cell.code, options_of(cell), shown)
            for key, cell, shown in zip(keys.cells, cells, kept, strict=True)
        ),
        values=tuple(
            RecordedValue(key, place[e.after], tuple(code_of(e)), run.values[e.number])
            for key, e in zip(keys.expressions, post.expressions, strict=True)
        ),
        key=keys.run,
        trace=trace,
        python=post.front_matter.kernel or run.event["python"],
        packages=_named_packages(run.event, interpreter),
        seed=seed_of(post, site),
        leftovers=run.leftovers,
    )


def execution_of(record: Record, post: Post) -> Execution:
    """What is shown of a record on the page of its post."""
    outputs = {
        cell.number: with_lines(recorded.outputs, post)
        for cell, recorded in zip(ran(post), record.cells, strict=True)
    }
    return Execution(
        outputs=tuple(outputs.get(cell.number, ()) for cell in post.cells),
        environment=environment_of(record),
        frozen=record.frozen,
        values=tuple(value_with_lines(recorded.value, post) for recorded in record.values),
        provenance=_provenance(record, post),
    )


def environment_of(record: Record) -> Environment:
    """What a record's post was run with."""
    return Environment(record.python, tuple(sorted(record.packages.items())), record.seed)


def value_with_lines(value: Value, post: Post) -> Value:
    """A value as it is shown: with today's lines of the post."""
    parts = tuple((source, placed(shown, post)) for source, shown in value.parts)
    data = {mime: placed(shown, post) for mime, shown in value.data.items()}
    return replace(value, text=placed(value.text, post), data=data, parts=parts)


def _provenance(record: Record, post: Post) -> Provenance:
    numbers = (0, *(cell.number for cell in ran(post)))
    trace = record.trace
    read = {f.path: f.digest for f in trace.files if f.kind == "read" and f.path[:1] not in "/\\"}
    named = {f"reads: {seen.pattern}": seen.digest for seen in trace.declared if seen.pattern}
    return Provenance(
        keys=tuple(cell.key for cell in record.cells),
        interpreter=trace.interpreter,
        packages=tuple(sorted(trace.packages.items())),
        inputs=tuple(sorted({**read, **named}.items())),
        impure=tuple((numbers[each.cell], each.what) for each in trace.unseen()),
    )


def _named_packages(finished: Message, interpreter: Interpreter) -> dict[str, str]:
    """Versions of the distributions that the post imports itself."""
    installed = finished["trace"]["installed"]
    # A local module may have the name of a distribution, which then did not run.
    names = [name for name in finished["imports"] if name in installed]
    return {k: v for name in names for k, v in interpreter.owners(name, installed[name]).items()}


def _tell(outputs: Sequence[Sequence[Output]], values: Iterable[Value], text: str) -> bool:
    """Whether anything that is shown holds a text."""
    told: list[Any] = []
    for output in (output for each in outputs for output in each):
        told += [output.text, *output.data.values(), *output.metadata.values()]
        told += [part for parts in output.metadata.get("parts", ()) for part in parts]
    for value in values:
        told += [value.text, *value.data.values(), *(shown for _, shown in value.parts)]
    return any(text in part for part in told if isinstance(part, str))


def _places(post: Post) -> dict[int, int]:
    """The place of each cell among those that run, by its number; 0 for before the first.

    An expression, by minus its number, has that of the cell that it comes after.
    """
    places = {0: 0} | {cell.number: place for place, cell in enumerate(ran(post), start=1)}
    return places | {-each.number: places[each.after] for each in post.expressions}


def trace_of(
    raw: Mapping[str, Any],
    post: Post,
    site: Site,
    declared: Sequence[Declared],
    interpreter: Interpreter,
) -> Trace:
    """What a process told of its observations, in the builder's terms.

    `declared` is what `reads:` of its cells named when it began.
    """
    place = _places(post)
    modules = frozenset(raw["modules"])
    packages: dict[str, str] = {}
    files = [
        SeenFile(f["kind"], f["path"], f["digest"], place.get(f["cell"], 0)) for f in raw["files"]
    ]
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
        inner={folder: importable_as(None, site.root / folder) for folder in _package_folders(raw)},
        variables=tuple(
            SeenVariable(each["name"], each["value"], place.get(each["cell"], 0))
            for each in raw["variables"]
        ),
        files=tuple(files),
        declared=tuple(declared),
        impure=tuple(
            Impure(each["what"], place.get(each["cell"], 0), max(0, -each["cell"]))
            for each in raw["impure"]
        ),
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
