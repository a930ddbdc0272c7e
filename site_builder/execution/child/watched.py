"""A function of the system that tells of each call, and is not to be told from the original.

In: a function written in C, and what is to be told. Out: what takes its place: no method when it is
an attribute of a class, no frame in the traceback of an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def replace(module: Any, name: str, note: Callable[..., object]) -> None:
    """Put a watched function in the place of `module.name`; `note` gets each call's arguments."""
    original = getattr(module, name)
    replacement = watched(original, note, module.__name__)
    setattr(module, name, replacement)
    for supported in ("dir_fd", "effective_ids", "fd", "follow_symlinks"):
        functions: set[Any] = getattr(module, f"supports_{supported}", set())
        if original in functions:
            functions.add(replacement)


def watched(original: Any, note: Callable[..., object], module: str) -> Any:
    """The replacement of `original`; `note` must not raise."""

    class Like(type):
        def __repr__(cls) -> str:
            return repr(original)

    class Signature:
        def __get__(self, _: object, owner: type) -> object:
            import inspect

            return inspect.signature(original)

    class Watched(metaclass=Like):
        __slots__ = ()
        __doc__ = original.__doc__
        __module__ = module
        __name__ = __qualname__ = original.__name__
        __signature__ = Signature()

        def __new__(cls, *arguments: Any, **options: Any) -> Any:
            note(*arguments, **options)
            try:
                return original(*arguments, **options)
            except Exception:
                # A class whose `__new__` gives an instance goes on with `__init__`: it fails in the
                # same way, and no line of ours is in the traceback.
                note(*arguments, **options)
                return object.__new__(cls)

        __init__ = original

    Watched.__name__ = original.__name__
    return Watched
