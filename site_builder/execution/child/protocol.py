"""Lines of JSON between the builder and the processes that run posts.

A job goes in, events come out. Nothing but JSON crosses, so nothing of a post is ever executed by
the builder.

    started   a process is up                  pid
    cell      cell `number` begins             number
    done      cell `number` is through         number, outputs, seconds
    failed    cell `number` raised             number, error, outputs, seconds
    finished  all cells are through            python, packages
    exited    the post's process is gone       signal, code, stopped, leftovers, forked,
                                               number, stdout, stderr
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]


def send(fd: int, message: Message) -> None:
    """Write one message, whole."""
    data = memoryview(json.dumps(message).encode() + b"\n")
    while data:
        data = data[os.write(fd, data) :]


def receive(fd: int) -> Iterator[Message]:
    """Read messages until the other side is gone.

    A line that a killed process left unfinished is passed over: a line end is written before the
    next message.
    """
    parts: list[bytes] = []
    while True:
        try:
            data = os.read(fd, 1 << 18)
        except ConnectionResetError:
            return
        if not data:
            return
        *lines, rest = data.split(b"\n")
        for line in lines:
            whole = b"".join((*parts, line))
            parts = []
            if whole:
                try:
                    message = json.loads(whole)
                except ValueError:
                    continue
                yield message
        parts.append(rest)
