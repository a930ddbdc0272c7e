"""One fixed seed for everything that draws random numbers, whenever it is imported.

A process forked from a zygote would otherwise share the state that NumPy drew at the zygote's
import; and a post without a seed of its own would print other numbers in each build.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType


def seed_everything(seed: int) -> dict[str, Callable[[ModuleType], None]]:
    """Seed `random` now; returns what to do with NumPy and Keras once they are imported."""
    random.seed(seed)
    return {
        "numpy.random": lambda numpy_random: numpy_random.seed(seed % 2**32),
        "keras": lambda keras: keras.utils.set_random_seed(seed % 2**32),
    }


def after_import(actions: Mapping[str, Callable[[ModuleType], None]]) -> None:
    """Call each action with its module: now if a zygote has loaded it, else when it is imported."""
    pending = {}
    for name, action in actions.items():
        if name in sys.modules:
            action(sys.modules[name])
        else:
            pending[name] = action
    sys.meta_path.insert(0, _Finder(pending))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself; wraps the loader that others find for the awaited modules."""

    def __init__(self, actions: dict[str, Callable[[ModuleType], None]]) -> None:
        self._actions = actions

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._actions:
            return None
        action = self._actions.pop(name)
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    if spec.loader is not None:
                        spec.loader = _Loader(spec.loader, action)
                    return spec
        return None


class _Loader(importlib.abc.Loader):
    """Loads as the wrapped loader does, then acts."""

    def __init__(self, loader: importlib.abc.Loader, action: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._action = action

    def __getattr__(self, name: str) -> object:
        # Resource readers and the like are asked of the loader.
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # The real loader back first: what the module sees of itself is as without us.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._action(module)
