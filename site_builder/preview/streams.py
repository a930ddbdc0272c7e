"""Event streams: open connections that tell pages of changes.

In: a connection, and news of the page that it was opened by. Out: the news, whenever they are
other than before. Promise: a stream ends as soon as its browser is gone or the server closes, and
leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
from collections.abc import Callable, Iterator
from typing import Protocol

from site_builder.preview.board import Board

HEARTBEAT = 15.0  # seconds; proxies and browsers give up on streams in which nothing comes


class Sink(Protocol):
    """Where a stream is written."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""

    def flush(self) -> None:
        """Send what was taken."""


def stream(
    board: Board, connection: socket.socket, sink: Sink, news: Callable[[], dict[str, object]]
) -> None:
    """Send `news` now and whenever a publication changed them, until the connection ends.

    Raises OSError if it breaks while something is sent. A change of the version alone is none.
    """
    with _wakes(board) as wake, selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        selector.register(wake, selectors.EVENT_READ)
        sent = None
        while True:
            told = news()
            seen = {name: value for name, value in told.items() if name != "version"}
            if seen != sent:
                sink.write(f"data: {json.dumps(told)}\n\n".encode())
                sent = seen
            sink.flush()
            ready = selector.select(HEARTBEAT)
            if any(key.fileobj is connection for key, _ in ready):
                return  # a browser says no more on a stream: this is its end
            if ready:
                wake.recv(4096)  # all that came meanwhile, together
            else:
                sink.write(b": still here\n\n")


@contextlib.contextmanager
def _wakes(board: Board) -> Iterator[socket.socket]:
    """A socket on which something comes with each publication."""
    near, far = socket.socketpair()
    far.setblocking(False)

    def tell() -> None:
        with contextlib.suppress(OSError):  # full: it is awake already; closed: it is gone
            far.send(b".")

    end = board.listen(tell)
    try:
        with near, far:
            yield near
    finally:
        end()
