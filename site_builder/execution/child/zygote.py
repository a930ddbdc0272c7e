"""A process that imports once what posts import, then forks supervisors, which fork posts.

It has one thread, always: libraries that start threads at import are refused, because a fork would
copy locks that those threads hold. It never computes anything, so no back end is started either.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pprint
import random
import signal
import socket
import sys
from pathlib import Path

from site_builder.execution.child import fed, protocol
from site_builder.execution.child.figures import draw_once
from site_builder.execution.child.observe import Observer
from site_builder.execution.child.supervisor import NONE, supervise

EARLY = (pprint, random, fed)  # not to be imported by each post


def serve(control: socket.socket, observer: Observer) -> None:
    """Obey the builder until it is gone.

    `{"preload": module}` imports; the answer is `{"threads": n}`. `{"modules": true}` asks for the
    top-level names of all that is imported. `{"run": true}` and `{"branch": true}` come with a
    descriptor. From the first a fork reads jobs, one after the other: the post of each runs in a
    fork of that fork, its events go back there. The second is where a fork of this zygote, a zygote
    as well, obeys.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # supervisors are reaped by the system
    gc.disable()  # imports make little garbage: looking for it costs a tenth of their time
    observer.note_modules()
    gc.freeze()
    while True:
        data, fds, _, _ = socket.recv_fds(control, 1 << 16, 1)
        if not data:
            return
        message = json.loads(data)
        if "preload" in message:
            _preload(message["preload"])
            observer.note_modules()
            gc.freeze()  # keeps the collector of posts from touching, and so copying, these pages
            control.send(json.dumps({"threads": _threads()}).encode())
            continue
        if "modules" in message:
            names = {name.partition(".")[0] for name in sys.modules}
            control.send(json.dumps({"modules": sorted(names)}).encode())
            continue
        if "branch" in message:
            if os.fork() == 0:
                control.close()
                control = socket.socket(fileno=fds[0])
            else:
                os.close(fds[0])
            continue
        if os.fork() == 0:
            control.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            gc.enable()
            try:
                for job in protocol.receive(fds[0]):
                    supervise(job, fds[0], observer, fds[0] if "fed" in job else NONE)
                    if "fed" in job:
                        break  # what else has come were steps for the post, which is gone
            finally:
                os._exit(0)
        os.close(fds[0])


def _preload(name: str) -> None:
    """Import a module and warm up what its first use would cost each post."""
    with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
        # A post that imports it will report what is wrong with it.
        importlib.import_module(name)
        if name == "matplotlib.pyplot":
            draw_once()


def _threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 1
