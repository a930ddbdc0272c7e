"""Which paths can be inputs of a post, and how they are told.

In: paths as calls are given them. Out: absolute ones, except those that are covered otherwise (the
standard library and installed packages, by their versions) or cannot matter.
"""

# Paths are texts here, as calls are given them; `pathlib` would change some, and take its time.
# ruff: noqa: PTH109, PTH115, PTH117, PTH118, PTH120

from __future__ import annotations

import os
import sys
from types import FrameType
from typing import Any

from site_builder.execution.child.interpreter import standard_library

ENGINE = __file__.rpartition(os.sep)[0]
PACKAGE_FOLDERS = ("site-packages", "dist-packages")
# What it finds there is not used (figures.py) or made again where it is missing.
MATPLOTLIB = ("matplotlibrc", "/.config/matplotlib", "/.cache/matplotlib", "/.matplotlib")
FONT_LIST = "_load_fontmanager"
# Keras writes its settings where KERAS_HOME says, on its first import.
KERAS_HOME = (".cache", ".cache/keras", ".cache/keras/keras.json")


class Paths:
    """The paths of one process and, once it is known, of one site."""

    def __init__(self) -> None:
        self.standard = tuple(folder + os.sep for folder in standard_library())
        devices = ("/proc/", "/sys/", "/dev/") if os.sep == "/" else ()
        self.covered = (*self.standard, *_interpreter(), ENGINE + os.sep, *devices)
        parts = (*PACKAGE_FOLDERS, "__pycache__")
        self._parts = tuple(os.sep + part + os.sep for part in parts)
        self.temporary = _temporary_folder()
        self._given = self.root = ""

    def set_root(self, root: str) -> None:
        """From now on paths inside this folder are those of the site."""
        self._given, self.root = root + os.sep, os.path.realpath(root) + os.sep

    def excuses(self, path: str) -> bool:
        """Whether an absolute path is no input of a post."""
        return (
            path.startswith(self.covered)
            or any(part in path for part in self._parts)
            or path.endswith((*MATPLOTLIB, *PACKAGE_FOLDERS, "__pycache__"))
            or ("fontlist-" in path and path.endswith(".json"))
        )

    def absolute(self, path: Any, dir_fd: int | None = None) -> str | None:
        """The absolute form of what names a file; None of descriptors and of what names none."""
        try:
            text = os.fsdecode(path)
        except TypeError:
            return None
        if not text or "\0" in text:
            return None
        if not os.path.isabs(text):
            text = os.path.join(_folder(dir_fd), text)
        if ".." in text:
            # Only what is there tells where this leads: a step up from a link is elsewhere.
            head, tail = os.path.split(text)
            text = os.path.realpath(text) if tail in ("", "..") else _joined(head, tail)
        elif "/." in text or "//" in text or text.endswith(os.sep) or os.sep != "/":
            text = os.path.normpath(text)
        if self._given != self.root and text.startswith(self._given):
            text = self.root + text[len(self._given) :]
        return text

    def is_relative(self, path: Any) -> bool:
        """Whether it depends on the working folder where a path leads."""
        return not os.path.isabs(os.fsdecode(path))

    def is_inside(self, path: str) -> bool:
        """Whether a path belongs to the site, and to nothing that is installed in its folder."""
        if not self.root or not path.startswith((self.root, self._given)):
            return False
        return not any(part in path for part in self._parts)

    def told(self, path: str) -> str:
        """How a path is told: relative to the site where it is inside, with forward slashes."""
        if path + os.sep == self.root:
            return ""
        if self.root and path.startswith(self.root):
            return path[len(self.root) :].replace(os.sep, "/")
        return path

    def is_keras_home(self, path: str) -> bool:
        """Whether a path leads to the settings that Keras writes for itself."""
        return self.told(path) in KERAS_HOME


def lists_fonts() -> bool:
    """Whether matplotlib looks through all fonts, as it does once on each machine."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == FONT_LIST:
            return True
        frame = frame.f_back
    return False


def _interpreter() -> list[str]:
    """How the paths of the interpreter's own files begin: programs, libraries, build settings."""
    own = (sys.executable, getattr(sys, "_base_executable", ""), os.path.realpath(sys.executable))
    folders = {os.path.dirname(program) for program in own if program}
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    return [
        *(os.path.join(folder, name) for folder in folders for name in ("python", "Modules")),
        *(os.path.join(prefix, sys.platlibdir, "python3") for prefix in prefixes),
        *(os.path.join(prefix, "lib", "python3") for prefix in prefixes),
        *(os.path.join(prefix, "pyvenv.cfg") for prefix in prefixes),
    ]


def _folder(dir_fd: int | None) -> str:
    """The folder that relative paths start from; raises OSError where that cannot be told."""
    return os.getcwd() if dir_fd is None else os.readlink(f"/proc/self/fd/{dir_fd}")


def _joined(head: str, tail: str) -> str:
    return os.path.join(os.path.realpath(head), tail)


def _temporary_folder() -> str:
    given = (os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return os.path.realpath(next((path for path in given if path), "/tmp")) + os.sep
