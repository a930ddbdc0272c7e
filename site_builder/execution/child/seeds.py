"""One fixed seed for everything that draws random numbers, whenever it is imported.

A process forked from a zygote would otherwise share the state that NumPy drew at the zygote's
import; and a post without a seed of its own would print other numbers in each build.
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

Action = Callable[[ModuleType], None]


# Libraries that draw random numbers while they are imported, or may. What a post draws must not
# depend on whether a zygote has imported them before.
QUIET = frozenset(("IPython", "jax", "keras", "matplotlib", "pandas", "scipy"))


class Seeds:
    """The generators of `random`, NumPy and Keras."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def actions(self) -> dict[str, Action]:
        """What to do with each module that draws random numbers, once it is imported."""
        return {
            "random": lambda random: _seed(random, self._seed),
            "numpy.random": lambda numpy_random: _seed(numpy_random, self._seed % 2**32),
            "keras": self._seed_keras,
        }

    def keep(self) -> Callable[[], None]:
        """Remember the state of `random` and NumPy; returns what brings it back."""
        random, numpy_random = _loaded("random", "getstate"), _loaded("numpy.random", "get_state")
        states = random and random.getstate(), numpy_random and numpy_random.get_state()

        def restore() -> None:
            if (loaded := _loaded("random", "getstate")) is not None:
                loaded.setstate(states[0]) if states[0] else loaded.seed(self._seed)
            if (loaded := _loaded("numpy.random", "get_state")) is not None:
                loaded.set_state(states[1]) if states[1] else loaded.seed(self._seed % 2**32)

        return restore

    def _seed_keras(self, keras: ModuleType) -> None:
        # Keras' function starts `random` and NumPy anew too: a post that has drawn from them
        # before it imports Keras would draw the same again.
        restore = self.keep()
        keras.utils.set_random_seed(self._seed % 2**32)
        restore()


def _seed(module: ModuleType, seed: int) -> None:
    if hasattr(module, "seed"):  # a module of the author's may have this name
        module.seed(seed)


def _loaded(name: str, state: str) -> Any:
    """The module of this name, if it is there and has such a function."""
    module = sys.modules.get(name)
    return module if hasattr(module, state) else None


def after_import(actions: Mapping[str, Action], seeds: Seeds) -> None:
    """Call each action with its module: now if a zygote has loaded it, else when it is imported.

    The imports of QUIET libraries leave the generators of `seeds` as they were.
    """
    pending = {}
    for name, action in actions.items():
        if name in sys.modules:
            action(sys.modules[name])
        else:
            pending[name] = action
    finder: Any = _Finder(pending, seeds)
    sys.meta_path.insert(0, finder)


class _Finder:
    """Finds nothing itself; wraps the loader that others find for the awaited modules."""

    def __init__(self, actions: dict[str, Action], seeds: Seeds) -> None:
        self._actions = actions
        self._seeds = seeds

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._actions and name not in QUIET:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    if spec.loader is not None:
                        # Still awaited: some only ask whether there is such a module.
                        loader: Any = _Loader(spec.loader, lambda: self._around(name))
                        spec.loader = loader
                    return spec
        return None

    def _around(self, name: str) -> Action:
        """Called before an import; returns what to do after it."""
        restore = self._seeds.keep() if name in QUIET else lambda: None

        def act(module: ModuleType) -> None:
            restore()
            if action := self._actions.pop(name, None):
                action(module)

        return act


class _Loader:
    """Loads as the wrapped loader does, then acts."""

    def __init__(self, loader: Any, around: Callable[[], Action]) -> None:
        self._loader = loader
        self._around = around

    def __getattr__(self, name: str) -> object:
        # Resource readers and the like are asked of the loader.
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The real loader back first: what the module sees of itself is as without us.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        act = self._around()
        self._loader.exec_module(module)
        act(module)
