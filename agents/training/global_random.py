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

    Attributes:
        used: Whether a call has drawn from them.
    """

    def __init__(self) -> None:
        self.used = False
        self.seed(0)

    def seed(self, seed: int) -> None:
        """Begin both generators' streams anew."""
        # MT19937, because np.random.seed, which an environment may call, takes no other.
        self._numpy = np.random.MT19937(seed)
        self._python = random.Random(seed).getstate()

    def call(self, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        """Return `function(...)`, called with this environment's state of the generators in place."""
        outer_numpy, outer_python = _get(), random.getstate()
        before = self._fingerprint()
        _set(self._numpy)
        random.setstate(self._python)
        try:
            return function(*arguments, **keywords)
        finally:
            python = random.getstate()
            self.used = self.used or python != self._python or self._fingerprint() != before
            self._python = python
            _set(outer_numpy)
            random.setstate(outer_python)

    def _fingerprint(self) -> tuple[int, int, int]:
        # np.random.seed moves the position back to where a fresh generator has it, but not the words.
        state: Any = self._numpy.state["state"]
        return int(state["pos"]), int(state["key"][0]), int(state["key"][-1])


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """Leave both global generators as they were, whatever is drawn meanwhile."""
    numpy, python = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(numpy)
        random.setstate(python)
