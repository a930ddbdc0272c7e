"""How the site's Python becomes a process of ours.

The builder starts it with BOOT, which makes this package importable without putting anything else
of the builder's on the path: posts see the site's packages, not the builder's.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Become what the arguments say.

    `zygote FD`, `spawn` with the job on standard input, or `probe`, which only tells about Python.
    """
    mode, *rest = sys.argv[1:]
    if mode == "probe":
        from site_builder.execution.child.interpreter import print_probe

        print_probe()
        return
    from site_builder.execution.child.observe import Observer

    if mode == "zygote":
        import socket

        from site_builder.execution.child.zygote import serve

        os.chdir("/")  # the folder that the builder is in is nothing to the posts
        observer = Observer()
        observer.install()
        serve(socket.socket(fileno=int(rest[0])), observer)
        return
    from site_builder.execution.child import protocol
    from site_builder.execution.child.supervisor import NONE, supervise

    observer = Observer()
    observer.install()
    job = next(protocol.receive(0))
    events, commands = os.dup(1), NONE
    if "fed" in job:
        commands = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    supervise(job, events, observer, commands)
