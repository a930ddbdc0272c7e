"""The slowest imports begin before anything else of a build.

In: the posts that may have to run, as text. Out: an executor that already imports for them.
Promise: it is only time that is won or lost; what runs, and how, is decided later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from site_builder.config import Site
from site_builder.execution.imports import SLOW
from site_builder.execution.processes import post_environment
from site_builder.execution.program import site_python
from site_builder.execution.running import Executor

_IMPORT = re.compile(rf"^\s*(?:import|from)\s+({'|'.join(SLOW)})\b", re.MULTILINE)


def early_executor(site: Site, texts: Sequence[str], *, jobs: int) -> Executor | None:
    """An executor that begins to import what takes seconds, if one of the texts looks as if its
    post needed that; else None.

    Raises UsageError if there is no Python to run posts.
    """
    wanted = sorted({name for text in texts for name in _IMPORT.findall(text)})
    if not wanted:
        return None
    settings = site.settings.execution
    environment = post_environment(settings.environment, settings.pass_environment, site.root)
    executor = Executor(site_python(site), environment, jobs=jobs, fork=True)
    executor.warm_up(wanted)
    return executor
