"""Which Python this is, as far as what a post puts out depends on it.

In: the running interpreter. Out: a few words about it, the same in each process of one machine.
"""

from __future__ import annotations

import os
import sys

# What numerical libraries choose their code by: a class of processors and the flag that tells it.
CPU_CLASSES = (
    ("avx512", "avx512f"),
    ("avx2", "avx2"),
    ("avx", "avx"),
    ("sse2", "sse2"),
    ("sve", "sve"),
    ("neon", "asimd"),
    ("neon", "neon"),
)
FIRST_PROCESSOR = 4096  # bytes; what comes after it in the list says the same again


def describe() -> dict[str, str]:
    """Version, implementation, system, machine and class of processor ("" where unknown)."""
    return {
        "python": sys.version.split()[0],
        "implementation": sys.implementation.name,
        "platform": sys.platform,
        "machine": os.uname().machine if hasattr(os, "uname") else "",
        "cpu": _cpu_class(),
    }


def standard_library() -> list[str]:
    """The folders of the standard library, each as it is named and as it really is."""
    given = [os.path.dirname(os.__file__)]  # noqa: PTH120 - as cheap as can be, at each start
    given += [path for path in sys.path if path.endswith(".zip") or "lib-dynload" in path]
    return list(dict.fromkeys([*given, *map(os.path.realpath, given)]))


def print_probe() -> None:
    """Print what a builder asks about a Python in which nothing has run yet, as a line of JSON."""
    here = ("", os.getcwd())  # noqa: PTH109
    path = [entry for entry in sys.path if entry not in here]
    parts = {"interpreter": describe(), "path": path, "stdlib": standard_library()}
    os.write(1, os.fsencode(_json(parts)) + b"\n")


def _cpu_class() -> str:
    try:
        file = os.open("/proc/cpuinfo", os.O_RDONLY)
    except OSError:
        return ""
    try:
        text = os.read(file, FIRST_PROCESSOR).decode(errors="replace")
    finally:
        os.close(file)
    for line in text.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() in ("flags", "Features"):
            has = frozenset(flags.split())
            return next((label for label, flag in CPU_CLASSES if flag in has), "")
    return ""


def _json(value: object) -> str:
    """JSON of texts, lists and tables of them; `json` takes longer to import than all of this."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(k)}: {_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
