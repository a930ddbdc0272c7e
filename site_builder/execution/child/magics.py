"""IPython's magics for posts that use them; needs IPython in the site's Python.

The shell only translates (`%time f()` to a call) and runs magics; cells run through our runner, so
that lines, displays and limits are the same in all posts.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import ModuleType
from typing import Any


def start_shell(module: ModuleType, display: Callable[..., object]) -> Callable[[str], str]:
    """Start IPython's shell on the post's module; returns its translation of a cell's code."""
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.history_load_length = 0
    shell: Any = InteractiveShell.instance(user_module=module)
    shell.history_manager.enabled = False
    shell.display_pub.publish = lambda data, metadata=None, **_: display(
        data, raw=True, metadata=metadata
    )
    shell.display_pub.clear_output = lambda wait=False: None
    # The figures of a post are ours to show, whatever `%matplotlib` says.
    shell.register_magic_function(lambda line: None, magic_name="matplotlib")
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    module.__dict__["get_ipython"] = builtins.get_ipython  # type: ignore[attr-defined]
    return lambda code: str(shell.transform_cell(code))
