"""Where a post's process comes from: a fork of the zygote, or a process of its own.

Both run the same code (`execution.child`) and speak the same protocol; a caller gets the stream of
events of one job and need not know which it was. Closing the builder's ends ends everything.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from site_builder.execution.child import protocol
from site_builder.execution.child.environment import PASSED
from site_builder.execution.child.protocol import Message

PACKAGE = Path(__file__).parents[1]
PRELOAD_TIMEOUT = 120.0  # seconds; an import that takes longer hangs
BOOT = """\
import sys, types
package = types.ModuleType("site_builder")
package.__path__ = [sys.argv.pop(1)]
sys.modules["site_builder"] = package
from site_builder.execution.child.main import main
main()
"""
FIXED = {
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "agg",
    # One thread before NumPy loads: sums do not depend on the machine, and a fork is safe.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


def post_environment(
    given: Mapping[str, str], passed: tuple[str, ...], root: Path
) -> dict[str, str]:
    """The environment variables of posts of the site in `root`.

    A few of the builder's, fixed ones, those that the site wants `passed`, those `given` by it.
    """
    kept = {name: os.environ[name] for name in PASSED if name in os.environ}
    # What Keras was told on this machine is no part of a post.
    own = {"KERAS_HOME": str(root / ".cache" / "keras")}
    wanted = {name: os.environ[name] for name in passed if name in os.environ}
    return {**kept, **FIXED, **own, **wanted, **given}


class Processes(Protocol):
    """A source of processes for posts."""

    def run(self, job: Message) -> Iterator[Message]:
        """Run a job; gives its events, `exited` the last one unless the process was torn away."""

    def close(self) -> None:
        """End all that still runs."""


class ZygoteError(Exception):
    """A zygote cannot be used here; its text says why."""


class StartError(Exception):
    """The Python that runs posts does not start; its text says why."""


class Zygote:
    """Processes forked from one that has imported what posts import."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        """Start it; raises ZygoteError where there is no fork."""
        if sys.platform != "linux":
            raise ZygoteError("forking after imports is safe on Linux only")
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                process = subprocess.Popen(
                    [python, "-P", "-c", BOOT, str(PACKAGE), "zygote", str(theirs.fileno())],
                    env=dict(environment),
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
        except OSError as error:
            control.close()
            raise ZygoteError(str(error)) from error
        self._obey_through(control, process)

    def _obey_through(
        self, control: socket.socket, process: subprocess.Popen[bytes] | None
    ) -> None:
        """Its commands go through `control`; a branch is no `process` of ours to wait for."""
        self._control, self._process = control, process
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._channels: set[socket.socket] = set()
        self._idle: list[socket.socket] = []
        self._closed = False

    def branch(self) -> Zygote:
        """Another zygote, forked from this one: it has imported the same, and goes its own way.

        It ends with `close` of its own, or of the zygote that all branches come from.
        """
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with self._lock, theirs:
            try:
                socket.send_fds(self._control, [b'{"branch": true}'], [theirs.fileno()])
            except OSError as error:
                control.close()
                raise ZygoteError(str(error)) from error
        branch = object.__new__(Zygote)
        branch._obey_through(control, None)
        return branch

    def preload(self, module: str) -> None:
        """Import a module; raises ZygoteError if that started threads."""
        self.begin_preload(module)
        self.finish_preload(module)

    def begin_preload(self, module: str) -> None:
        """Begin to import a module; `finish_preload` is the next to be called, but for `branch`."""
        self._tell({"preload": module})

    def finish_preload(self, module: str) -> None:
        """Wait until the module is imported; raises ZygoteError if that started threads."""
        answer = self._hear()
        if answer is None:
            raise ZygoteError(f"the zygote did not survive importing {module}")
        if answer["threads"] != 1:
            raise ZygoteError(f"importing {module} started threads ({answer['threads'] - 1})")

    def modules(self) -> frozenset[str]:
        """Top-level names of all that it has imported; raises ZygoteError if it is dead."""
        with self._asking:
            self._tell({"modules": True})
            answer = self._hear()
        if answer is None:
            raise ZygoteError("the zygote is gone")
        return frozenset(answer["modules"])

    def _tell(self, question: Message) -> None:
        # That it is dead will show where an answer is expected.
        with self._lock, contextlib.suppress(OSError):
            self._control.send(json.dumps(question).encode())

    def _hear(self) -> Message | None:
        """The answer to the last question, None if there is none."""
        try:
            self._control.settimeout(PRELOAD_TIMEOUT)
            data = self._control.recv(1 << 17)
        except OSError:
            return None
        answer: Message | None = json.loads(data) if data else None
        return answer

    def run(self, job: Message) -> Iterator[Message]:
        """Run the job in a process forked from this one and give its events."""
        channel = self.channel()
        exited = False
        try:
            with contextlib.suppress(OSError):
                protocol.send(channel.fileno(), job)
            for event in protocol.receive(channel.fileno()):
                exited = event["event"] == "exited"
                yield event
                if exited:
                    break
        finally:
            with self._lock:
                if exited and not self._closed:
                    self._idle.append(channel)  # its supervisor is ready for another post
                else:
                    self._channels.discard(channel)
                    channel.close()

    def channel(self) -> socket.socket:
        """What leads to a supervisor without a post: one that had some, or a new one.

        Raises ZygoteError after the end. Who closes it tells so with `forget`.
        """
        with self._lock:
            if self._closed:
                raise ZygoteError("the build has ended")
            if self._idle:
                return self._idle.pop()
            ours, theirs = socket.socketpair()
            self._channels.add(ours)
            with theirs, contextlib.suppress(OSError):  # it is dead: there will be no event
                socket.send_fds(self._control, [b'{"run": true}'], [theirs.fileno()])
        return ours

    def forget(self, channel: socket.socket) -> None:
        """Close a channel, and thereby end its supervisor."""
        with self._lock:
            self._channels.discard(channel)
            channel.close()

    def close(self) -> None:
        """End the zygote and every process forked from it; all branches with the first one."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # wakes who waits for an answer
        if self._process is not None:
            # They may be in the middle of an import, and hold nothing. Posts are in sessions of
            # their own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        with self._lock:
            self._closed = True
            for channel in self._channels:
                # Its supervisor sees this, ends the post, and the end of its events tells us so.
                with contextlib.suppress(OSError):
                    channel.shutdown(socket.SHUT_WR)
            for channel in self._idle:
                self._channels.discard(channel)
                channel.close()
            self._control.close()
        if self._process is not None:
            self._process.wait()


class Spawner:
    """A fresh process for each post: slower, and possible everywhere."""

    def __init__(self, python: str, environment: Mapping[str, str]) -> None:
        self._python = python
        self._environment = dict(environment)
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, job: Message) -> Iterator[Message]:
        """Start a process for the job and give its events; raises StartError."""
        process = self.start()
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        begun = False
        try:
            with contextlib.suppress(OSError), process.stdin:
                protocol.send(process.stdin.fileno(), job)
            for event in protocol.receive(process.stdout.fileno()):
                begun = True
                yield event
        finally:
            process.stdout.close()
            self.reap(process, begun=begun)

    def reap(self, process: subprocess.Popen[bytes], *, begun: bool) -> None:
        """Wait for the end of a process; raises StartError if it never became one of ours."""
        process.wait()
        with self._lock:
            self._running.discard(process)
        said = _said(process)
        if not begun and not self._closed:
            raise StartError(said or f"it ended with code {process.returncode} at once")

    def start(self) -> subprocess.Popen[bytes] | None:
        """A new process, which waits for its job; None after the end. Raises StartError."""
        with self._lock:
            if self._closed:
                return None
            try:
                process = subprocess.Popen(
                    [self._python, "-P", "-c", BOOT, str(PACKAGE), "spawn"],
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
            except OSError as error:
                raise StartError(error.strerror or str(error)) from error
            self._running.add(process)
            return process

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._closed = True
            for process in self._running:
                with contextlib.suppress(OSError):
                    if hasattr(os, "killpg"):
                        process.terminate()  # its supervisor ends the post first
                    else:
                        process.kill()


def _said(process: subprocess.Popen[bytes]) -> str:
    """The last line that a process which did not become ours wrote as an error."""
    assert process.stderr is not None
    with process.stderr:
        os.set_blocking(process.stderr.fileno(), False)
        text = (process.stderr.read() or b"").decode(errors="replace").strip()
    return text.rpartition("\n")[2]
