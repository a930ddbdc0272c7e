"""Which Python runs the posts of a site, and in which environment.

In: a site. Out: the path of a program, variables.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from site_builder.errors import Problem, UsageError
from site_builder.execution.processes import post_environment
from site_builder.settings.site import Site


def site_environment(site: Site) -> dict[str, str]:
    """The environment variables of a site's posts."""
    settings = site.settings.execution
    return post_environment(settings.environment, settings.pass_environment, site.root)


def site_python(site: Site) -> str:
    """The Python that runs posts; raises UsageError if there is none."""
    given = site.settings.execution.python
    if not given:
        return sys.executable
    path = Path(os.path.expanduser(given))  # noqa: PTH111
    path = path if path.is_absolute() else site.root / path
    if not path.is_file() or not os.access(path, os.X_OK):
        message = f"setting 'execution.python': there is no program {given!r}"
        help_ = "give the path of a Python"
        raise UsageError(Problem(message, "site.toml", help=help_, code="C014"))
    return str(path)
