"""What two runs of a post were made of that is not the same, beside code.

In: their records. Out: words for readers, such as `numpy 2.3.0 → 2.4.6`. Promise: what only one of
the records tells of its interpreter is not said to have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from site_builder.evidence.published import PublishedRecord


def changes(old: PublishedRecord, new: PublishedRecord) -> Iterator[str]:
    """What the new run was made of and the old one was not."""
    facts: tuple[tuple[Mapping[str, str], Mapping[str, str]], ...] = (
        ({"Python": old.python}, {"Python": new.python}),
        ({"the seed": str(old.seed)}, {"the seed": str(new.seed)}),
        (old.packages, new.packages),
    )
    for was, now in facts:
        for name in sorted({*was, *now}):
            if was.get(name) != now.get(name):
                yield f"{name} {was.get(name, 'none')} → {now.get(name, 'none')}"
    for file in sorted({*old.inputs, *new.inputs}):
        if old.inputs.get(file) != new.inputs.get(file):
            gone = "is not read any more" if file in old.inputs else "is read"
            yield f"{file} {'changed' if file in old.inputs and file in new.inputs else gone}"
    for name in sorted({*old.interpreter} & {*new.interpreter} - {"python"}):
        if old.interpreter[name] != new.interpreter[name]:
            yield f"{name} {old.interpreter[name]} → {new.interpreter[name]}"
