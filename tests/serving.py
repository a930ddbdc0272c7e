"""`site-builder serve` as its author has it: a process, an address, saves, and what is shown.

with serving(root) as served:
    served.save("posts/a.md", text)   # as an editor would
    served.settle()                   # until all of it is shown
    served.page("/a/")                # the HTML, as a build would make it
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 60.0  # seconds for what takes less than one
EPOCH = "1600000000"  # the day that it is: no page then says how long its cells took
QUIET = 0.35  # seconds without anything new after which all is shown
OWN = re.compile(rb"<script src=\"[^\"]*__site-builder/[^\"]*\"[^>]*></script>\n?")
POLICY = re.compile(rb"<meta http-equiv=\"Content-Security-Policy\"[^>]*>")


def as_built(page: bytes) -> bytes:
    """A page without what differs in the preview: its script, and the leave to load it."""
    return POLICY.sub(b"", OWN.sub(b"", page))


@dataclass
class Serving:
    """A site that is served."""

    root: Path
    process: subprocess.Popen[bytes]
    port: int
    said: Path
    """What it printed so far."""
    base: str = "/"
    _version: int = field(default=0)

    def ask(
        self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def page(self, path: str) -> str:
        """A page without what only the preview puts in."""
        status, _, body = self.ask(path)
        assert status == 200, (path, status)
        return OWN.sub(b"", body).decode()

    def state(self) -> dict[str, Any]:
        """What the server says of itself."""
        status, _, body = self.ask(f"{self.base}__site-builder/state")
        if status != 200:  # the settings have another address
            self.base = self.ask("/")[1].get("Location", "/")
            status, _, body = self.ask(f"{self.base}__site-builder/state")
        state: dict[str, Any] = json.loads(body)
        return state

    def problems(self) -> list[str]:
        """What is wrong, each with its place."""
        return [f"{x['file']}:{x['line']}: {x['message']}" for x in self.settle()["problems"]]

    def save(self, name: str, content: str | bytes) -> None:
        """Write a file in place."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a text in a file."""
        text = (self.root / name).read_text()
        assert old in text, old
        self.save(name, text.replace(old, new))

    def until(self, seen: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until the state is as wanted."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            state = self.state()
            if seen(state):
                return state
            time.sleep(0.01)
        raise AssertionError(f"waited in vain: {self.state()}\n{self.said.read_text()}")

    def settle(self) -> dict[str, Any]:
        """Wait until nothing is under way any more."""
        last, since = -1, time.monotonic()
        end = since + PATIENCE
        while time.monotonic() < end:
            state = self.state()
            if state["version"] != last or state["busy"]:
                last, since = state["version"], time.monotonic()
            elif time.monotonic() - since > QUIET:
                return state
            time.sleep(0.02)
        raise AssertionError(f"never came to rest: {self.state()}\n{self.said.read_text()}")

    def shows(self, path: str, text: str) -> str:
        """Wait until a page shows a text; gives the page."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            status, _, body = self.ask(path)
            if status == 200 and text in body.decode():
                return OWN.sub(b"", body).decode()
            time.sleep(0.01)
        raise AssertionError(f"{path} never shows {text!r}\n{self.said.read_text()}")

    def stop(self, with_: int = signal.SIGINT) -> int:
        """End it as Ctrl-C does; gives the exit code."""
        self.process.send_signal(with_)
        return self.process.wait(timeout=PATIENCE)


@contextlib.contextmanager
def serving(
    root: Path, *options: str, base: str = "/", environment: dict[str, str] | None = None
) -> Iterator[Serving]:
    """Serve the site in `root` on a free port; it is ready when this begins."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as said:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "site_builder",
                "serve",
                "-C",
                str(root),
                "--port",
                "0",
                *options,
            ],
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, **(environment or {})},
        )
        try:
            port = _port(process, Path(said.name))
            yield Serving(root, process, port, Path(said.name), base)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(timeout=PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise
        text = Path(said.name).read_text()
        assert "Traceback" not in text, text


def _port(process: subprocess.Popen[bytes], said: Path) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = re.search(r"serving at http://127\.0\.0\.1:(\d+)/", said.read_text())
        if found:
            return int(found[1])
        assert process.poll() is None, said.read_text()
        time.sleep(0.01)
    raise AssertionError(f"never ready: {said.read_text()}")


def below(pid: int) -> set[int]:
    """All processes below this one, with those of other sessions."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    while new := {p for p, parent in parents.items() if parent in {pid, *found}} - found:
        found |= new
    return found
