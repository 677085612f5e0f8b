"""Keeps the last few things that were made for a key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A cache of the last `most` values used, by key.

    Compiled programs are kept in one: TensorFlow never gives back all the memory of a function that is gone, so that a
    process which makes many experiments of one kind must compile once for all of them.

    Args:
        most: Values kept; the one used longest ago makes room.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of a key, making it where there is none."""
        if key not in self._values:
            self._values[key] = make()
            while len(self._values) > self.most:
                self._values.popitem(last=False)
        self._values.move_to_end(key)
        return self._values[key]

    def find(self, key: K) -> V | None:
        """Return the value of a key, None where there is none."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def __len__(self) -> int:
        return len(self._values)
