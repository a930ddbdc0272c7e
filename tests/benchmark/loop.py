"""From a save to the screen: `serve` and Chromium, timed by the page itself.

A save is timed from just before the file is written to the frame after the page has changed; both
clocks are this machine's.
"""

from __future__ import annotations

import contextlib
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from conftest import ARGUMENTS, CHROMIUM  # noqa: E402
from serving import Serving, below, serving  # noqa: E402

WATCH = """text => {
  window.seen = new Promise(resolve => {
    const look = () => {
      if (!document.body.textContent.includes(text)) return;
      watcher.disconnect();
      requestAnimationFrame(() => resolve(Date.now()));
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document, {subtree: true, childList: true, characterData: true});
  });
}"""


@contextlib.contextmanager
def shown(root: Path, address: str) -> Iterator[tuple[Serving, Page]]:
    """A site that is served, and a page of it in a real browser."""
    with serving(root) as served, sync_playwright() as playwright:
        served.settle()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"http://127.0.0.1:{served.port}{address}")
        page.wait_for_selector("html[data-version]", state="attached")
        yield served, page
        browser.close()


def save_to_screen(
    served: Serving, page: Page, save: Callable[[int], str], runs: int, pause: float = 0.3
) -> float:
    """Median milliseconds from `save(n)`, which gives the text that tells, to the screen."""
    times = []
    for number in range(runs):
        text = f"mark-{number}-"
        page.evaluate(WATCH, text)
        began = time.time() * 1000
        assert save(number) == text
        times.append(float(page.evaluate("() => window.seen")) - began)
        served.settle()
        time.sleep(pause)
    return statistics.median(times)


def prose_edits(root: Path, name: str, address: str, runs: int) -> float:
    """Edits of a paragraph."""
    original = (root / name).read_text()

    def save(number: int) -> str:
        served.save(name, f"{original}\n\nA paragraph, mark-{number}-.\n")
        return f"mark-{number}-"

    with shown(root, address) as (served, page):
        took = save_to_screen(served, page, save, runs)
    (root / name).write_text(original)
    return took


def cell_edits(
    root: Path, name: str, address: str, cell: str, runs: int, *, pause: float = 0.3
) -> float:
    """Edits of the last cell, after which `cell` with `{n}` filled in is written; the first edit,
    which has nothing to start from, is not counted."""
    original = (root / name).read_text()
    before = original.rpartition("```python\n")[0]

    def save(number: int) -> str:
        code = cell.replace("{n}", f"'mark' + '-{number}-'")  # so that only the output holds it
        served.save(name, f"{before}```python\n{code}\n```\n")
        return f"mark-{number}-"

    with shown(root, address) as (served, page):
        save(99)
        served.settle()
        time.sleep(pause)
        took = save_to_screen(served, page, save, runs, pause)
    (root / name).write_text(original)
    return took


def ready(root: Path, runs: int) -> float:
    """Median seconds from the start of the command to its first page."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        with serving(root) as served:
            assert served.ask("/")[0] == 200
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def growth(root: Path, name: str, saves: int) -> tuple[float, float, int, int]:
    """Memory in MB and processes after a tenth of the saves, and after all: both after the edit of
    a cell, when processes are kept for the next one."""
    original = (root / name).read_text()

    def used(served: Serving) -> tuple[float, int]:
        processes = [served.process.pid, *below(served.process.pid)]
        return sum(map(_private, processes)), len(processes)

    with serving(root) as served:
        served.settle()
        first = (0.0, 0)
        for number in range(saves):
            text = original.replace("```python\n", f"```python\n# {number}\n") + f"\n\n{number}\n"
            version = served.state()["version"]
            served.save(name, text if number % 2 else f"{original}\n\nNo {number}.\n")
            _until_shown(served, version)
            if number == saves // 10 + 1 - (saves // 10) % 2:
                served.settle()
                time.sleep(1.0)  # what runs ahead arrives
                first = used(served)
        served.settle()
        time.sleep(1.0)
        last = used(served)
    (root / name).write_text(original)
    return first[0], last[0], first[1], last[1]


def _until_shown(served: Serving, version: int) -> None:
    """Wait until a save that came after this version is shown, and nothing more is to come."""
    served.until(lambda state: state["version"] > version and not state["busy"])


def _private(pid: int) -> float:
    """Memory of a process that is its own, in MB."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    kilobytes = sum(int(found) for found in re.findall(r"Private_\w+:\s+(\d+)", text))
    return kilobytes / 1000
