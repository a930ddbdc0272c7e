"""Imports begin before anything else of a build.

In: the posts that may have to run, as text. Out: an executor that already imports for them.
Promise: it is only time that is won or lost; what runs, and how, is decided later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from site_builder.execution.imports import PRELOADED, is_slow
from site_builder.execution.program import site_environment, site_python
from site_builder.execution.running import Executor
from site_builder.settings.site import Site

_IMPORT = re.compile(rf"^[ \t\"]*(?:import|from) +({'|'.join(PRELOADED)})\b", re.MULTILINE)


def early_executor(site: Site, texts: Iterable[str], *, jobs: int) -> Executor | None:
    """An executor that begins to import what posts look as if they needed; None if that is nothing.

    Raises UsageError if there is no Python to run posts.
    """
    wanted = {tuple(sorted(set(_IMPORT.findall(text)))) for text in texts} - {()}
    if not wanted:
        return None
    executor = Executor(site_python(site), site_environment(site), jobs=jobs, fork=True)
    for imports in sorted(wanted, key=lambda names: (not is_slow(names), names)):
        executor.begin(imports)
    return executor
