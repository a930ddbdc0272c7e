"""Accessibility: what axe-core finds on the pages of a site, in a real browser.

In: a made site. Out: flaws. Promise: each page is looked at in light and dark, on a phone and on a
desk; it is served on loopback, and nothing from elsewhere is loaded.
"""

from __future__ import annotations

import contextlib
import http.server
import mimetypes
import os
import re
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from site_builder.assembly.addresses import INDEX, url_of
from site_builder.checking.site.flaws import Flaw
from site_builder.checking.site.made import MadeSite
from site_builder.errors import Problem, UsageError

if TYPE_CHECKING:  # which few have installed
    from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
MODES: tuple[tuple[Scheme, int], ...] = (
    ("light", 1280),
    ("dark", 1280),
    ("light", 360),
    ("dark", 360),
)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OnPage = Callable[[str], None]


@dataclass
class _Violation:
    """A rule that an element of a page does not keep."""

    rule: str
    message: str
    element: str
    html: str
    help: str
    modes: list[str] = field(default_factory=list)


def find_browser(search: str) -> str:
    """The browser; empty for the one that Playwright brings. `search` are folders, as in PATH.

    Raises UsageError if something is not installed.
    """
    missing = [
        package
        for module, package in (
            ("playwright", "playwright"),
            ("axe_playwright_python", "axe-playwright-python"),
        )
        if find_spec(module) is None
    ]
    if missing:
        message = f"--a11y: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        help_ = f"python -m pip install {' '.join(missing)}"
        raise UsageError(Problem(message, help=help_, code="A190"))
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name, path=search):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        if Path(playwright.chromium.executable_path).is_file():
            return ""
    message = "--a11y: there is no Chromium"
    help_ = "python -m playwright install chromium"
    raise UsageError(Problem(message, help=help_, code="A190"))


def accessibility_flaws(
    made: MadeSite, browser: str, pages: Collection[str], on_page: OnPage = lambda _: None
) -> list[Flaw]:
    """Look at pages. Raises UsageError if the browser does not start."""
    from playwright.sync_api import Error, sync_playwright

    flaws: list[Flaw] = []
    with _served(made) as address, sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(
                executable_path=browser or None, args=_arguments()
            )
        except Error as error:
            message = f"--a11y: {browser or 'Chromium'} does not start"
            raise UsageError(Problem(message, notes=(str(error),), code="A190")) from None
        with chromium:
            context = chromium.new_context(bypass_csp=True, reduced_motion="reduce")
            context.route(lambda url: not url.startswith(address), lambda route: route.abort())
            page = context.new_page()
            for path in pages:
                on_page(made.shown(path))
                flaws += (_flaw(path, found) for found in _of_page(page, address + url_of(path)))
    return flaws


def _arguments() -> list[str]:
    arguments = ["--disable-gpu", "--no-first-run", "--disable-background-networking"]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*arguments, "--no-sandbox"] if is_root else arguments  # which root has to do without


def _of_page(page: Page, address: str) -> list[_Violation]:
    from axe_playwright_python.sync_playwright import Axe

    found: dict[tuple[str, str], _Violation] = {}
    options = {
        "runOnly": {"type": "tag", "values": STANDARDS},
        "resultTypes": ["violations"],
    }
    for scheme, width in MODES:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        if page.url != address:
            page.goto(address)
        violations: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
        for violation in violations:
            for node in violation["nodes"]:
                element = " ".join(str(part) for part in node["target"])
                violated = _Violation(
                    violation["id"],
                    violation["help"],
                    element,
                    str(node.get("html", "")),
                    violation.get("helpUrl", "").partition("?")[0],
                )
                each = found.setdefault((violated.rule, element), violated)
                each.modes.append(f"{scheme}, {width} px")
    return list(found.values())


def _flaw(path: str, found: _Violation) -> Flaw:
    everywhere = len(found.modes) == len(MODES)
    modes = "" if everywhere else f" ({'; '.join(found.modes)})"
    message = f"{found.rule}: {found.message}, at {found.element}{modes}"
    written = re.findall(r"""(?:id|src|href|alt)=["']([^"']+)["']""", found.html)
    return Flaw("A110", message, path, (found.html, *written), help=found.help)


@contextlib.contextmanager
def _served(made: MadeSite) -> Iterator[str]:
    """The site on loopback, from memory; gives the address of its home page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).removeprefix(unquote(made.site.base))
            path = path + INDEX if not path or path.endswith("/") else path
            recipe = made.files.get(path)
            self.send_response(200 if recipe else 404)
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            self.send_header("Content-Type", kind + "; charset=utf-8" * kind.startswith("text/"))
            self.end_headers()
            if recipe:
                with contextlib.suppress(OSError):  # the browser has gone on
                    self.wfile.write(recipe.make())

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{made.site.base}"
    finally:
        server.shutdown()
        server.server_close()
