"""The preview's server: what a browser on this machine sees of the site.

In: a board with previews. Out: HTTP on 127.0.0.1. Promise: only this machine is answered, and only
what asks for the server by its own name; reading is all that can be done.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import socketserver
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from site_builder.errors import Problem, UsageError
from site_builder.preview.answers import Answer, Answers
from site_builder.preview.board import Board
from site_builder.preview.pages import (
    OWN,
    Script,
    client_digest,
    client_script,
    client_style,
    with_script,
)
from site_builder.preview.streams import stream
from site_builder.publishing.media_types import HTML

HOST = "127.0.0.1"
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_IDLE = 20.0  # seconds without a request after which a connection is closed
_TRIED = 50  # ports that may be proposed
_EVENTS = "events"
_TEXT = "text/plain; charset=utf-8"
_ALWAYS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PreviewServer:
    """Serves what a board shows, from its making until it is closed; a context manager."""

    def __init__(self, board: Board, *, base: str, root: Path, port: int, editor: str) -> None:
        """Serve below the path `base` of 127.0.0.1:`port`; 0 is any port that is free.

        `root` is the site's folder, `editor` the template of addresses that open the editor, such
        as `vscode://file/{file}:{line}:{column}`. Raises UsageError if the port is taken.
        """
        client_script()  # a fault in our own files shows here, not in a browser
        self._base = base
        self._server = _bound(board, Answers(base, root, editor), port)
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, daemon=True, name="preview")
        self._thread.start()

    @property
    def url(self) -> str:
        """The address of the site's home page."""
        return f"http://{HOST}:{self._server.server_port}{quote(self._base)}"

    def __enter__(self) -> PreviewServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Answer no more, and end all connections, open streams too."""
        with contextlib.suppress(OSError):  # closed already
            self._wake.send(b".")
        self._thread.join()
        self._wake.close()

    def _accept(self) -> None:
        with self._server, self._woken, selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while all(key.fileobj is self._server for key, _ in selector.select()):
                self._server.handle_request()
        self._server.end_connections()


def _bound(board: Board, answers: Answers, port: int) -> _Server:
    try:
        return _Server(board, answers, port)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "there is no such port"
        problem = Problem(
            f"cannot serve on port {port}: {(reason or 'it cannot be had').lower()}",
            help=_other_port(board, answers, port),
            code="C025",
        )
        raise UsageError(problem) from None


def _other_port(board: Board, answers: Answers, port: int) -> str:
    first = port + 1 if 1024 <= port < 65_535 else 8000
    for free in range(first, min(first + _TRIED, 65_536)):
        with contextlib.suppress(OSError), _Server(board, answers, free):
            return f"end what uses it, or take the next free one: --port {free}"
    return "let the system choose one: --port 0"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would let two servers share a port
    allow_reuse_port = False
    request_queue_size = 128

    def __init__(self, board: Board, answers: Answers, port: int) -> None:
        self.board = board
        self.answers = answers
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind, without asking a name server who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note a connection."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        """End all that are open: their threads notice at once."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle of an answer is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = _IDLE
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together

    def parse_request(self) -> bool:
        """Read the head of a request; false, and an answer, if it is none of ours."""
        if not super().parse_request():
            return False
        if self.command not in ("GET", "HEAD"):
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "The preview can only be read.")
            return False
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # what follows is not the next request
        hosts = self.headers.get_all("Host", [])
        port = self.server.server_port
        names = {f"{name}:{port}" for name in _NAMES} | (set(_NAMES) if port == 80 else set())
        if len(hosts) != 1 or hosts[0].lower() not in names:
            self._refuse(
                HTTPStatus.MISDIRECTED_REQUEST,
                "The preview answers only to this machine's own names, such as "
                f"{HOST}:{port}, so that no website can reach it through a name of its own.",
            )
            return False
        return True

    def do_GET(self) -> None:
        """Answer; HEAD too, without the body."""
        address, _, query = self.path.partition("?")
        below, own, name = address.partition(OWN)
        is_here = below == quote(self.server.answers.base)
        if own and (is_here or name == _EVENTS):  # a page that was open knows where the site was
            self._answer_own(name, query, "" if is_here else below)
            return
        version, preview = self.server.board.newest()
        answer = self.server.answers.answer(preview, version, address)
        self._send(answer.status, answer.kind, self._body(answer), answer.location)

    do_HEAD = do_GET  # noqa: N815 -- the name that the parser looks for

    def _body(self, answer: Answer) -> bytes:
        if answer.kind != HTML or answer.location:
            return answer.body
        origin = f"http://{self.headers['Host']}"
        return with_script(answer.body, Script(self.server.answers.base, origin, answer.digest))

    def _answer_own(self, name: str, query: str, other_base: str) -> None:
        """What the client's script asks for; nobody else may."""
        origin = self.headers.get("Origin", f"http://{self.headers['Host']}")
        if (
            self.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")
            or origin.lower() != f"http://{self.headers['Host']}".lower()
        ):
            self._refuse(HTTPStatus.FORBIDDEN, "Only pages of the preview itself may ask for this.")
        elif name == "live.js":
            self._send(HTTPStatus.OK, "text/javascript; charset=utf-8", client_script())
        elif name == "live.css":
            self._send(HTTPStatus.OK, "text/css; charset=utf-8", client_style())
        elif name == "state":
            self._send(HTTPStatus.OK, "application/json", self._state())
        elif name == _EVENTS:
            asked = {key: values[0] for key, values in parse_qs(query).items()}
            page = asked.get("page", self.server.answers.base)
            self._stream(page, asked.get("source", ""), other_base)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "The preview has nothing of this name.")

    def _state(self) -> bytes:
        version, preview = self.server.board.newest()
        state = {
            "version": version,
            "busy": preview.busy,
            "running": dict(preview.running),
            "problems": [self.server.answers.problem(found) for found in preview.problems],
            "client": client_digest(),
        }
        return json.dumps(state).encode()

    def _stream(self, address: str, source: str, other_base: str) -> None:
        """Tell the page at `address`, which showed the post `source`, of all that changes."""
        self.close_connection = True
        self._head(HTTPStatus.OK, "text/event-stream; charset=utf-8")
        if self.command == "HEAD":
            return

        answers = self.server.answers
        if other_base:
            here = quote(answers.base + address.removeprefix(unquote(other_base)))
            self.wfile.write(f"data: {json.dumps({'elsewhere': here})}\n\n".encode())
            return

        def news() -> dict[str, object]:
            nonlocal source
            version, preview = self.server.board.newest()
            told = answers.news(preview, version, address, source)
            source = str(told["source"]) or source
            return told

        stream(self.server.board, self.connection, self.wfile, news)

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self.close_connection = True
        self._send(status, _TEXT, f"{text}\n".encode())

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request at all, as the parser calls this."""
        self.close_connection = True
        self.request_version = self.protocol_version
        status = HTTPStatus(code)
        self._send(status, _TEXT, f"{message or status.phrase}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes, location: str = "") -> None:
        self._head(status, kind, len(body), location)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str, size: int = -1, location: str = "") -> None:
        self.send_response(status)
        for name, value in self._headers(status, kind, size, location):
            self.send_header(name, value)
        self.end_headers()

    def _headers(
        self, status: HTTPStatus, kind: str, size: int, location: str
    ) -> Iterator[tuple[str, str]]:
        yield "Content-Type", kind
        yield from _ALWAYS.items()
        if size >= 0:
            yield "Content-Length", str(size)
        if location:
            yield "Location", location
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            yield "Allow", "GET, HEAD"
        if self.close_connection:
            yield "Connection", "close"

    def version_string(self) -> str:
        """What the server calls itself: nothing about Python."""
        return "site-builder"

    def log_message(self, format: str, *args: object) -> None:
        """Only the command line prints."""
