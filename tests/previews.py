"""What tests of the preview share: sites made by hand, a server for them, a client for HTTP."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from site_builder.errors import Problem
from site_builder.model.files import Recipe
from site_builder.preview.board import Board, Preview
from site_builder.preview.server import PreviewServer

EDITOR = "vscode://file/{file}:{line}:{column}"
PATIENCE = 10.0  # seconds after which what should happen at once is given up


def recipe(path: str, content: str | bytes) -> Recipe:
    data = content.encode() if isinstance(content, str) else content
    return Recipe(path, hashlib.sha256(data).hexdigest(), lambda: data)


def preview(
    files: Mapping[str, str | bytes | Recipe],
    *problems: Problem,
    running: Mapping[str, str] | None = None,
    sources: Mapping[str, str] | None = None,
    busy: bool = False,
) -> Preview:
    made = {
        path: what if isinstance(what, Recipe) else recipe(path, what)
        for path, what in files.items()
    }
    return Preview(made, problems, running or {}, sources or {}, busy)


def page(body: str, head: str = "") -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Page</title>\n'
        f'<link rel="icon" href="data:,">\n{head}</head>\n<body>\n{body}\n</body>\n</html>\n'
    )


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Serving:
    """A board and its server."""

    board: Board
    server: PreviewServer

    @property
    def port(self) -> int:
        return urlsplit(self.server.url).port or 0

    def show(self, *args: Any, **named: Any) -> int:
        """Publish a preview, as `preview` makes it; its version."""
        self.board.publish(preview(*args, **named))
        return self.board.version

    def get(self, path: str, method: str = "GET", **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        response = connection.getresponse()
        reply = Reply(response.status, response.headers, response.read())
        connection.close()
        return reply

    def raw(self, data: bytes) -> bytes:
        """All that is answered to these bytes until the server ends the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    @contextmanager
    def events(self, path: str) -> Iterator[Iterator[dict[str, Any]]]:
        """What a page at `path` is told."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        base = urlsplit(self.server.url).path
        connection.request("GET", f"{base}__site-builder/events?page={path}")
        response = connection.getresponse()
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"

        def messages() -> Iterator[dict[str, Any]]:
            for line in response:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

        yield messages()
        response.close()
        connection.close()


@contextmanager
def serving(base: str = "/", root: Path = Path("/blog"), editor: str = EDITOR) -> Iterator[Serving]:
    board = Board()
    with PreviewServer(board, base=base, root=root, port=0, editor=editor) as server:
        yield Serving(board, server)


def eventually(what: Callable[[], bool]) -> None:
    """Wait for something that another thread is about to do."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "this never came true"
        time.sleep(0.01)
