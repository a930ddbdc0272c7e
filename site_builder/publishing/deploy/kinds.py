"""The kinds of targets: which module reaches which.

In: a table `[deploy.NAME]`. Out: a session with its target. Promise: only the module of that kind
is imported.
"""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager
from typing import cast

from site_builder.publishing.deploy.target import Around, Session
from site_builder.settings.targets import Target

MODULES = {"folder": "folder", "rsync": "rsync", "git": "git_branch", "s3": "s3"}


def connect(target: Target, around: Around) -> AbstractContextManager[Session]:
    """Reach a target. Raises TargetError or UsageError."""
    module = importlib.import_module(f"site_builder.publishing.deploy.{MODULES[target.kind]}")
    return cast(AbstractContextManager[Session], module.connect(target, around))
