"""What a run does whose inputs nobody sees: programs, the network, libraries that read in C.

In: audit events and calls. Out: a few words for the author, "" for what is harmless.
"""

# Paths are texts here, as calls are given them; `pathlib` would change some, and take its time.
# ruff: noqa: PTH113, PTH119

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

Action = Callable[[ModuleType], None]

_FILES, _NETWORK = "reads files", "uses the network"
# Libraries that do so in C, past Python. What a library imports for itself does not count.
READ_BY_THEMSELVES = {
    **dict.fromkeys(
        ("av", "catboost", "cfgrib", "cv2", "datatable", "decord", "duckdb", "eccodes"), _FILES
    ),
    **dict.fromkeys(
        ("fastparquet", "fiona", "geopandas", "itk", "lance", "lightgbm", "llama_cpp"), _FILES
    ),
    **dict.fromkeys(("netCDF4", "onnxruntime", "osgeo", "polars", "pyarrow", "pygrib"), _FILES),
    **dict.fromkeys(("pyogrio", "pyreadr", "pyreadstat", "pysam", "rasterio", "rpy2"), _FILES),
    **dict.fromkeys(("ROOT", "safetensors", "sentencepiece", "SimpleITK", "soundfile"), _FILES),
    **dict.fromkeys(("tables", "tensorflow", "tokenizers", "torchaudio", "torchvision"), _FILES),
    **dict.fromkeys(("vaex", "xgboost"), _FILES),
    **dict.fromkeys(("grpc", "MySQLdb", "oracledb", "psycopg", "psycopg2", "pycurl"), _NETWORK),
    **dict.fromkeys(("pymongo", "pyodbc", "zmq"), _NETWORK),
}
SHELLS = ("sh", "bash", "dash", "zsh", "cmd.exe")
_IN_MEMORY = (":memory:", "mode=memory")


def describe(event: str, arguments: tuple[Any, ...], short: Callable[[Any], str]) -> str:
    """The words for an audit event; `short` tells a path."""
    return IMPURE[event](arguments, short)


def _program(command: Any, arguments: Any = ()) -> str:
    words = [_text(word) for word in arguments] if isinstance(arguments, list | tuple) else []
    name = _text(command) or (words[0] if words else "")
    if os.path.basename(name) in SHELLS and len(words) > 2 and words[1] in ("-c", "/c"):
        return _first_word(words[2])
    return f"runs the program {os.path.basename(name)}"


def _first_word(command: Any) -> str:
    words = _text(command).split()
    return f"runs the program {os.path.basename(words[0]) if words else ''}"


def _text(value: Any) -> str:
    try:
        return os.fsdecode(value)
    except TypeError:
        return ""


def _network(address: Any) -> str:
    host = address[0] if isinstance(address, tuple) and address else address
    if not isinstance(host, str | bytes) or not host or host in ("0.0.0.0", "::", b""):
        return ""  # a socket of this system, or one that only waits
    return f"uses the network ({_text(host)})"


def _peer(socket: Any, address: Any) -> str:
    if isinstance(address, str | bytes):  # AF_UNIX
        return ""
    if sys._getframe(1).f_code.co_name == "socketpair":
        return ""
    return _network(address)


def _database(database: Any, short: Callable[[Any], str]) -> str:
    name = _text(database)
    if not name or any(word in name for word in _IN_MEMORY):
        return ""
    return f"opens the database {short(name)} with sqlite3"


def _library(name: Any) -> str:
    text = _text(name) if name is not None else ""
    return f"loads a C library ({os.path.basename(text)})" if text else ""


IMPURE: dict[str, Callable[[tuple[Any, ...], Callable[[Any], str]], str]] = {
    "subprocess.Popen": lambda given, _: _program(given[0], given[1]),
    "os.posix_spawn": lambda given, _: _program(given[0], given[1]),
    "os.exec": lambda given, _: _program(given[0], given[1]),
    "os.spawn": lambda given, _: _program(given[1], given[2]),
    "os.startfile": lambda given, _: _program(given[0]),
    "os.system": lambda given, _: _first_word(given[0]),
    "pty.spawn": lambda given, _: _program("", given[0]),
    "socket.connect": lambda given, _: _peer(*given),
    "socket.sendto": lambda given, _: _peer(*given),
    "socket.sendmsg": lambda given, _: _peer(*given),
    "socket.getaddrinfo": lambda given, _: _network(given[0]),
    "socket.gethostbyname": lambda given, _: _network(given[0]),
    "socket.gethostbyaddr": lambda given, _: _network(given[0]),
    "sqlite3.connect": lambda given, short: _database(given[0], short),
    "ctypes.dlopen": lambda given, _: _library(given[0]),
}


def reader_actions(
    reads: Callable[[str, str], None], makes: Callable[[str], None], blame: Callable[[str], None]
) -> dict[str, Action]:
    """What to do with libraries that read in C what they are given by name, once imported.

    `reads(path, library)` and `makes(path)` are called for what there is, or is to be.
    """

    def telling(tell: Callable[[str], None], function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            name = arguments[0] if arguments else next(iter(options.values()), None)
            if text := _text(name):
                tell(text)
            return function(*arguments, **options)

        return call

    def wrapping(tell: Callable[[str], None], *names: str) -> Action:
        def act(module: ModuleType) -> None:
            for name in names:
                if hasattr(module, name):
                    setattr(module, name, telling(tell, getattr(module, name)))

        return act

    def reading(library: str, *names: str) -> Action:
        def tell(path: str) -> None:
            if os.path.isfile(path):
                reads(path, library)

        return wrapping(tell, *names)

    def watch_hdf(module: ModuleType) -> None:
        reading("h5py", "open")(module)
        wrapping(makes, "create")(module)

    def watch_fresh_processes(module: ModuleType) -> None:
        start = module.__dict__["spawnv_passfds"]

        def spawnv_passfds(path: Any, arguments: Any, fds: Any) -> Any:
            if not any(b"resource_tracker" in os.fsencode(word) for word in arguments):
                blame(f"runs the program {os.path.basename(_text(path))}")
            return start(path, arguments, fds)

        module.__dict__["spawnv_passfds"] = spawnv_passfds

    return {
        "h5py.h5f": watch_hdf,
        "_dbm": reading("dbm", "open"),
        "_gdbm": reading("dbm", "open"),
        "pandas": reading("pandas", "read_parquet", "read_feather", "read_orc", "read_hdf"),
        "multiprocessing.util": watch_fresh_processes,
    }
