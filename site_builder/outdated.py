"""Whether the site in an output folder is the one that a build would make today.

In: a site, an output folder, and what the last build of it knew. Out: what changed since, in words.
Promise: nothing runs and nothing is written; what is not known to be the same is told as changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from site_builder.inputs import Inputs, read_inputs
from site_builder.memory import Memory, is_same_site, recall, unchanged_posts
from site_builder.publishing.staging import Built, has_manifest
from site_builder.settings.site import Site
from site_builder.store import Store


def changes_since(
    site: Site, output: Path, built: Built, store: Store, *, today: dt.date
) -> tuple[str, ...]:
    """What changed since the site was built, each in a few words; empty if nothing did.

    `built` is what the output folder says of itself. Raises UsageError if the Python that runs
    posts does not start.
    """
    settings = replace(site.settings, url=built.url, indexed=built.indexed)
    memory = recall(store, site, output)
    digests = {path: file.digest for path, file in memory.outputs.items()}
    if memory.built != built or not has_manifest(output.resolve(), digests, built):
        return ("nothing is known of the build that made it",)
    inputs = _inputs(Site(site.root, settings, site.words), memory)
    if inputs.problems:
        return tuple(dict.fromkeys(f"{problem.file} has a mistake" for problem in inputs.problems))
    changes = tuple(_changes(memory, inputs, unchanged_posts(memory, inputs, site, store), today))
    if not changes and not is_same_site(memory, inputs, memory.options, today):
        return ("the settings, the theme, static files or installed packages changed",)
    return changes


def _inputs(site: Site, memory: Memory) -> Inputs:
    """The inputs of today, as for a build of the same kind."""
    inputs = read_inputs(site)
    if "false claims" in memory.options:
        inputs = replace(inputs, rendering=f"{inputs.rendering}, false claims")
    return inputs


def _changes(memory: Memory, inputs: Inputs, unchanged: set[str], today: dt.date) -> Iterator[str]:
    before = {path: known.digest for path, known in memory.posts.items()} | dict(memory.others)
    for path in sorted(before.keys() | inputs.digests.keys()):
        known = memory.posts.get(path)
        if path not in before:
            yield f"{path} is new"
        elif path not in inputs.digests:
            yield f"{path} is gone"
        elif before[path] != inputs.digests[path]:
            yield f"{path} changed"
        elif known and known.date and (known.date > today) != (known.date > memory.today):
            yield f"{path} is due since {known.date}"
        elif known and path not in unchanged and known.rendering == inputs.rendering:
            yield f"something that {path} depends on changed"
