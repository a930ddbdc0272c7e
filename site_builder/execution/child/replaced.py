"""Whether a post has replaced functions that its process goes by between two steps.

In: modules, as they are when the post begins. Out: whether something in them is another one now.
Promise: nothing of the post is called to find out.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import random
import signal
import socket
import stat
import time

GONE_BY = (builtins, gc, json, os, random, signal, socket, stat, time)
OURS = "_"  # what the last cell gave


class Replaced:
    """What these modules hold when this is made."""

    def __init__(self) -> None:
        self._before = [(module.__dict__, dict(module.__dict__)) for module in GONE_BY]

    def is_anything(self) -> bool:
        """Whether something that was there is gone, or another one."""
        for now, before in self._before:  # no `any`: that may be the one
            for name, value in before.items():
                if name != OURS and (name not in now or now[name] is not value):
                    return True
        return False
