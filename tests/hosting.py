"""A host that heeds `_headers` and `_redirects` as Netlify and Cloudflare Pages document them."""

from __future__ import annotations

import contextlib
import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit


def headers_of(rules: str, path: str) -> dict[str, str]:
    """What the rules of a `_headers` file say of a path; what two say is joined by a comma."""
    found: dict[str, str] = {}
    for pattern, headers in rules_in(rules):
        if pattern_matches(pattern, path):
            for name, value in headers:
                found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def rules_in(text: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Paths and their headers; raises ValueError for what a host would not understand."""
    rules: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        assert len(line) <= 2000
        if line.startswith(("/", "https://")):
            assert line.count("*") <= 1, "Cloudflare allows one star"
            rules.append((line.strip(), []))
        elif line.strip() and not line.strip().startswith("#"):
            name, colon, value = line.strip().partition(":")
            if not colon or not rules:
                raise ValueError(line)
            rules[-1][1].append((name.strip().title(), value.strip()))
    assert len(rules) <= 100
    yield from rules


def pattern_matches(pattern: str, path: str) -> bool:
    star = re.escape(pattern).replace(r"\*", ".*")
    return re.fullmatch(re.sub(r":\w+", "[^/]+", star), path) is not None


class Host(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; its `_headers` are read anew for each file."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if place := self._redirect():
            self.send_response(301)
            self.send_header("Location", place)
            self.end_headers()
            return
        super().do_GET()

    def _redirect(self) -> str:
        file = Path(self.directory) / "_redirects"
        for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
            words = line.split()
            if len(words) >= 2 and words[0] == urlsplit(self.path).path:
                return words[1]
        return ""

    def send_header(self, keyword: str, value: str) -> None:
        if keyword.title() in self._headers_told():  # what hosts would say by themselves
            return
        super().send_header(keyword, value)

    def end_headers(self) -> None:
        for name, value in self._headers_told().items():
            super().send_header(name, value)
        super().end_headers()

    def _headers_told(self) -> dict[str, str]:
        file = Path(self.directory) / "_headers"
        rules = file.read_text(encoding="utf-8") if file.is_file() else ""
        return headers_of(rules, unquote(urlsplit(self.path).path))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        page = Path(self.directory) / "404.html"
        content = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """Serve a folder, for as long as the context lasts; gives its address."""
    handler = functools.partial(Host, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
