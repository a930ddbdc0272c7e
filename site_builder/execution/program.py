"""Which Python runs the posts of a site.

In: a site. Out: the path of a program.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from site_builder.config import Site
from site_builder.errors import Problem, UsageError


def site_python(site: Site) -> str:
    """The Python that runs posts; raises UsageError if there is none."""
    given = site.settings.execution.python
    if not given:
        return sys.executable
    path = Path(os.path.expanduser(given))  # noqa: PTH111
    path = path if path.is_absolute() else site.root / path
    if not path.is_file() or not os.access(path, os.X_OK):
        message = f"setting 'execution.python': there is no program {given!r}"
        raise UsageError(Problem(message, "site.toml", help="give the path of a Python"))
    return str(path)
