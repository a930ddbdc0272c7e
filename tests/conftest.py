"""What many tests share: the built blog, a gallery of all that a post can hold, a browser."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gallery import write_gallery
from hosting import hosted
from playwright.sync_api import Browser, sync_playwright

from site_builder.build import Options, Report, build
from site_builder.settings.site import load_site

ROOT = Path(__file__).parents[1]
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Served:
    """A built site on loopback."""

    folder: Path
    address: str
    report: Report
    cache: Path
    """What the build kept, so that no other test has to run the same posts."""

    def text(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")


@pytest.fixture(scope="session", autouse=True)
def _interrupts() -> None:
    """What a shell starts in the background ignores interrupts, and so would all that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The repository's own blog, run and built once."""
    with _served(ROOT, tmp_path_factory.mktemp("blog") / "public") as served:
        yield served


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A small site with a bit of everything, really run."""
    root = tmp_path_factory.mktemp("gallery")
    write_gallery(root)
    with _served(root, root / "public") as served:
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.is_file():
        pytest.fail(f"these tests need Chromium at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextlib.contextmanager
def _served(root: Path, output: Path) -> Iterator[Served]:
    cache = output.parent / ".cache"
    options = Options(output, jobs=os.cpu_count() or 1, drafts=True, cache=cache)
    report = build(load_site(root), options)
    with hosted(output) as address:
        yield Served(output, address, report, cache)
