"""IPython's magics for posts that use them; needs IPython in the site's Python.

The shell only translates (`%time f()` to a call) and runs magics; cells run through our runner, so
that lines, displays and limits are the same in all posts.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from types import ModuleType
from typing import Any

from site_builder.execution.child.display import Displayer

TIME = "%%time"


def start_shell(module: ModuleType, displayer: Displayer) -> Callable[[str], tuple[str, bool]]:
    """Start IPython's shell on the post's module.

    Returns its translation of a cell's code to Python, and whether the cell is to be timed:
    IPython would compile a cell with `%%time` itself, and its lines would be lost.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    # Nothing of the author's own IPython: no history, no profile in the home folder.
    class Shell(InteractiveShell):  # type: ignore[misc]
        def init_profile_dir(self, profile_dir: object) -> None:
            pass

    settings = Config({"HistoryManager": {"enabled": False, "hist_file": ":memory:"}})
    shell: Any = Shell.instance(user_module=module, config=settings, ipython_dir="")
    shell.display_pub.publish = lambda data, metadata=None, **_: displayer.display(
        data, raw=True, metadata=metadata
    )
    shell.display_pub.clear_output = displayer.clear_output
    shell.system = shell.system_raw  # no terminal of its own, which would end lines with \r\n
    # The figures of a post are ours to show, whatever `%matplotlib` says.
    shell.register_magic_function(lambda line: None, magic_name="matplotlib")
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    module.__dict__["get_ipython"] = builtins.get_ipython  # type: ignore[attr-defined]

    def translate(code: str) -> tuple[str, bool]:
        first, _, rest = code.partition("\n")
        if first.strip() == TIME:
            return "\n" + str(shell.transform_cell(rest)), True
        return str(shell.transform_cell(code)), False

    return translate
