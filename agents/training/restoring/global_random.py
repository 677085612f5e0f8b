"""NumPy's and Python's global random generators, lent to one environment at a time."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

# Not named in NumPy's type stubs: they exchange the generator behind `np.random` in a microsecond.
_get: Callable[[], Any] = getattr(np.random, "get_bit_generator")  # noqa: B009
_set: Callable[[Any], None] = getattr(np.random, "set_bit_generator")  # noqa: B009


class GlobalRandom:
    """Gives an environment a state of its own of the two global generators, and all others theirs back.

    Some environments draw from `np.random` or `random`. Lent a state that begins with each episode's seed, they depend
    on that seed alone, and disturb neither each other nor the user.

    Args:
        used: Whether the environment is known to draw from them.
    """

    _numpy: np.random.MT19937
    _python: tuple[Any, ...]
    _begun: tuple[bytes, tuple[Any, ...]]

    def __init__(self, used: bool = False) -> None:
        self._used = used
        self._begin(0)

    @property
    def used(self) -> bool:
        """Whether any call has drawn from them."""
        return self._used or (self._words(), self._python) != self._begun

    def seed(self, seed: int) -> None:
        """Begin both generators' streams anew."""
        self._used = self.used
        self._begin(seed)

    def call(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Return `function(...)`, called with this environment's state of the generators in place."""
        outer_numpy, outer_python = _get(), random.getstate()
        _set(self._numpy)
        random.setstate(self._python)
        try:
            return function(*arguments, **keywords)
        finally:
            self._python = random.getstate()
            _set(outer_numpy)
            random.setstate(outer_python)

    def _begin(self, seed: int) -> None:
        # MT19937, because np.random.seed, which an environment may call, takes no other.
        self._numpy = np.random.MT19937(seed)
        self._python = random.Random(seed).getstate()
        self._begun = (self._words(), self._python)

    def _words(self) -> bytes:
        state: Any = self._numpy.state["state"]
        return bytes(state["key"]) + bytes(str(state["pos"]), "ascii")


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """Leave both global generators as they were, whatever is drawn meanwhile."""
    numpy, python = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(numpy)
        random.setstate(python)
