"""Where a post's process comes from: a fork of the zygote, or a process of its own.

Both run the same code (`execution.child`) and speak the same protocol; a caller gets the stream of
events of one job and need not know which it was. Closing the builder's ends ends everything.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from site_builder.execution.child import protocol
from site_builder.execution.child.protocol import Message

PACKAGE = Path(__file__).parents[1]
BOOT = """\
import sys, types
package = types.ModuleType("site_builder")
package.__path__ = [sys.argv.pop(1)]
sys.modules["site_builder"] = package
from site_builder.execution.child.main import main
main()
"""
# What a post sees of the builder's environment: enough to find programs and files, nothing secret.
PASSED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "PATHEXT",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "APPDATA", "LOCALAPPDATA", "USERPROFILE",
)  # fmt: skip
FIXED = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "agg",
    # One thread before NumPy loads: sums do not depend on the machine, and a fork is safe.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def post_environment(given: Mapping[str, str], passed: tuple[str, ...]) -> dict[str, str]:
    """The environment variables of posts: a few of the builder's, fixed ones, the site's own."""
    kept = {name: os.environ[name] for name in (*PASSED, *passed) if name in os.environ}
    return {**kept, **FIXED, **given}


class Processes(Protocol):
    """A source of processes for posts."""

    def run(self, job: Message) -> Iterator[Message]:
        """Run a job; gives its events, `exited` the last one unless the process was torn away."""

    def close(self) -> None:
        """End all that still runs."""


class ZygoteError(Exception):
    """A zygote cannot be used here; its text says why."""


class Zygote:
    """Processes forked from one that has imported what posts import."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        """Start it; raises ZygoteError where there is no fork."""
        if sys.platform != "linux":
            raise ZygoteError("forking after imports is safe on Linux only")
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self._channels: set[socket.socket] = set()
        with theirs:
            self._process = subprocess.Popen(
                [python, "-P", "-c", BOOT, str(PACKAGE), "zygote", str(theirs.fileno())],
                env=dict(environment),
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def preload(self, module: str) -> None:
        """Import a module; raises ZygoteError if that started threads."""
        with self._lock:
            try:
                self._control.send(json.dumps({"preload": module}).encode())
                answer = self._control.recv(1 << 16)
            except OSError:
                answer = b""
        if not answer:
            raise ZygoteError(f"the zygote did not survive importing {module}")
        threads = json.loads(answer)["threads"]
        if threads != 1:
            raise ZygoteError(f"importing {module} started threads ({threads - 1})")

    def run(self, job: Message) -> Iterator[Message]:
        """Fork a process for the job and give its events."""
        ours, theirs = socket.socketpair()
        with self._lock:
            self._channels.add(ours)
            with theirs:
                socket.send_fds(self._control, [b'{"run": true}'], [theirs.fileno()])
        try:
            protocol.send(ours.fileno(), job)
            yield from protocol.receive(ours.fileno())
        finally:
            with self._lock:
                self._channels.discard(ours)
            ours.close()

    def close(self) -> None:
        """End the zygote and every process forked from it."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # wakes who waits for an answer
        self._process.kill()  # it may be in the middle of an import, and holds nothing
        with self._lock:
            for channel in self._channels:
                # Its supervisor sees this, ends the post, and the end of its events tells us so.
                with contextlib.suppress(OSError):
                    channel.shutdown(socket.SHUT_WR)
            self._control.close()
        self._process.wait()


class Spawner:
    """A fresh process for each post: slower, and possible everywhere."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._python = python
        self._environment = dict(environment)
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, job: Message) -> Iterator[Message]:
        """Start a process for the job and give its events."""
        process = subprocess.Popen(
            [self._python, "-P", "-c", BOOT, str(PACKAGE), "spawn"],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._running.add(process)
        try:
            with process.stdin, contextlib.suppress(BrokenPipeError):
                protocol.send(process.stdin.fileno(), job)
            yield from protocol.receive(process.stdout.fileno())
        finally:
            process.stdout.close()
            process.wait()
            self._running.discard(process)

    def close(self) -> None:
        """End every process."""
        for process in tuple(self._running):
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    process.terminate()
                else:
                    process.kill()
