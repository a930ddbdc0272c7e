"""Lines of JSON between the builder and the processes that run posts.

A job goes in, events come out. Nothing but JSON crosses, so nothing of a post is ever executed by
the builder.

    started   a process is up                  pid
    cell      cell `number` begins             number
    done      cell `number` is through         number, outputs, seconds
    failed    cell `number` raised             number, error, outputs, seconds
    expression  expression `number` begins     number
    value     what it gave                     number, text, data, holds, parts; or number, error
    finished  all cells are through            python, imports, trace
    ready     a process waits for its first step; for more see `fed`
    exited    the post's process is gone       signal, code, stopped, leftovers, forked,
                                               number, stdout, stderr

A trace is what has to be the same for the post to put out the same. Paths inside the site are
relative to it, with forward slashes; `cell` is the number of the first cell that did it, 0 before
the first, and minus its number of an expression; so are `number` and `forked` of `exited`.
Everything is sorted, and nothing is in it twice.

    interpreter   of the Python that ran it: python, implementation, platform, machine, cpu
    files         kind, path, digest (SHA-256), cell; where the kind is
                      read     a file, with its content when it was first looked at
                      missing  looked for, and not there
                      folder   found to be there
                      listed   a folder, with the digest of its names, sorted, a line each
                      wrote    a file of the site that the run made or changed, at the end
    modules       top-level names that were imported, or sought in vain; those of the standard
                  library are all there
    sought        those that were sought in vain
    installed     top-level name -> folder of packages that it is in
    local_paths   entries of the site in sys.path at the end, in order; "" is the site itself
    variables     name, value (or null), cell of environment variables that differ by machine
    impure        what, cell: of what nobody sees the inputs
    changed       paths of what was looked at and then changed while the run lasted
    touched       of steps that come one by one: whether something outside may have been changed
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]


def send(fd: int, message: Message) -> None:
    """Write one message, whole."""
    data = memoryview(line(message))
    while data:
        data = data[os.write(fd, data) :]


def line(message: Message) -> bytes:
    """A message as it is sent."""
    return json.dumps(message).encode() + b"\n"


def read(line: bytes) -> Message:
    """The message of one line."""
    message: Message = json.loads(line)
    return message


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
        for each in lines:
            whole = b"".join((*parts, each))
            parts = []
            if whole:
                try:
                    message = json.loads(whole)
                except ValueError:
                    continue
                yield message
        parts.append(rest)
