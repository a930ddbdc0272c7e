"""The cells of posts without site-builder: as plain scripts, and in forks of one process.

In: a site. Out: functions that run its cells two at a time.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from site_builder.content.parse import parse
from site_builder.content.read import read_sources
from site_builder.execution.processes import post_environment
from site_builder.settings.site import load_site

SAVE = """\
import sys
def _save():
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums() if pyplot else ():
        pyplot.figure(number).savefig(f"{__file__}.{number}.svg", bbox_inches="tight")
    if pyplot:
        pyplot.close("all")
"""
# Imports once what the scripts import, then runs each in a fork, two at a time.
FLOOR = """\
import os, sys
import numpy, matplotlib
matplotlib.use("agg")
import matplotlib.pyplot
if any("keras" in open(path).read() for path in sys.argv[1:]):
    import keras
waiting, running = sys.argv[1:], 0
while waiting or running:
    while waiting and running < 2:
        path = waiting.pop(0)
        if os.fork() == 0:
            os.chdir(os.path.dirname(path))
            exec(compile(open(path).read(), path, "exec"), {"__name__": "__main__", "__file__": path})
            os._exit(0)
        running += 1
    _, status = os.wait()
    assert status == 0
    running -= 1
"""  # noqa: E501


def scripts_of(root: Path, folder: Path, *, figures: bool) -> list[Path]:
    """Write the cells of each post as a script; with `figures` it saves them as a build does."""
    folder.mkdir()
    site = load_site(root)
    scripts = []
    for source in read_sources(site)[0]:
        cells = [cell for cell in parse(site, source).cells if cell.options.eval]
        if not cells:
            continue
        save = "\n_save()" if figures else ""
        code = "\n".join(cell.code + save for cell in cells)
        path = folder / f"{source.path.replace('/', '-')}.py"
        path.write_text(f"{SAVE if figures else ''}\n{code}", encoding="utf-8")
        scripts.append(path)
    # The long ones first, as a careful author would start them.
    return sorted(scripts, key=lambda s: "keras" not in s.read_text(encoding="utf-8"))


def run_two_at_a_time(root: Path, scripts: Sequence[Path]) -> None:
    """Each script in a Python of its own."""
    environment = _environment(root)

    def run(script: Path) -> None:
        command = [sys.executable, str(script)]
        subprocess.run(command, env=environment, check=True, capture_output=True, cwd=script.parent)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, scripts))


def run_in_forks(root: Path, scripts: Sequence[Path]) -> None:
    """The floor: all imports once, then only the cells."""
    command = [sys.executable, "-c", FLOOR, *map(str, scripts)]
    subprocess.run(command, env=_environment(root), check=True, capture_output=True)


def _environment(root: Path) -> dict[str, str]:
    execution = load_site(root).settings.execution
    return post_environment(execution.environment, execution.pass_environment, root)
