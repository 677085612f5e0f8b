"""How an agent's pure functions run where environments step in Python: on parameters held in one vector."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import tensorflow as tf

from agents import spaces
from agents.functional.calls import Calls
from agents.functional.checks import KEYED
from agents.functional.flat import Flat
from agents.functional.joining import joined, likeness
from agents.functional.state import assign
from lab.training.resumable import check_resumable

NO_HIDDEN: Mapping[str, np.ndarray] = MappingProxyType({})


class HostRule:
    """Holds one agent's parameters between compiled calls, and gives them back to its variables.

    Args:
        agent: Whose.

    Attributes:
        training: Whether calls follow one another, so that variables are only written at their end.
        stale: Whether the variables lag behind.
    """

    def __init__(self, agent: Any) -> None:
        self.agent = agent
        self.calls = Calls.shared(agent, getattr(getattr(agent, "memory", None), "header", 0))
        self.held: tf.Tensor | None = None
        self.latest: np.ndarray | None = None
        # The vector, and the weights that were cut out of it, by whether they explore.
        self.parted: tuple[tf.Tensor, dict[bool, tuple[tf.Tensor, ...]]] | None = None
        self.training = self.stale = False
        # By what their arguments are like: `learn`, `choose`, `values`.
        self.flat: dict[Any, Flat] = {}
        self.narrowed = _narrowed(agent.observation_space)
        self.orders = np.zeros(self.calls.orders.size, np.float32)
        self.slots = self.calls.orders.views(self.orders)
        self._take_settings()

    def begin(self) -> None:
        """Take up what was changed on the agent since the last call."""
        self.settle()
        self.held, self.training = None, True
        self._take_settings()

    def end(self) -> None:
        """Let the variables hold what was learnt."""
        self.training = False
        self.settle()

    def settle(self) -> None:
        """Write what was learnt into the agent's variables, if they lag behind."""
        if self.stale and self.latest is not None:
            self.stale = False
            assign(self.agent.parameters(), self.calls.packing.views(self.latest))
        if not self.training:
            # Outside of training somebody may change the variables between any two calls.
            self.held = None

    def learn(self, data: Any, rng: np.random.Generator) -> tuple[dict[str, float], np.ndarray]:
        """Make a round of updates.

        Args:
            data: What the agent's memory drew, nested tuples of arrays.
            rng: Draws the round's key.

        Returns:
            The means of the metrics, and the errors float32 (rows,), where the memory wants them.
        """
        agent, calls = self.agent, self.calls
        numbers, rest = joined(self._ordered(rng), data)
        arguments = (self._vector(), tf.constant(numbers), tuple(map(tf.constant, rest)))
        like = ("learn", len(numbers), len(rest))
        learning = self.flat.get(like)
        if learning is None:
            learning = self.flat[like] = self._traced(calls.learn, "learn", (*arguments, likeness(data)))
        self.held = learning(*arguments)
        # A view, where `numpy()` would copy all parameters: nobody changes a tensor, and the view keeps it alive.
        result = np.frombuffer(memoryview(self.held), np.float32)
        number = len(agent.metric_names)
        self.latest, self.stale = result[calls.header :], True
        agent.renew_host_forms(calls.packing.views(self.latest, self.number_of_forms))
        metrics = dict(zip(agent.metric_names, result[:number].tolist(), strict=True))
        return metrics, result[number : calls.header]

    def choose(
        self,
        observations: np.ndarray,
        rng: np.random.Generator,
        explore: bool,
        hidden: Mapping[str, np.ndarray] = NO_HIDDEN,
        allowed: np.ndarray | None = None,
    ) -> tuple[np.ndarray, dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return the policy's actions for observations (n, ...), whole numbers as int64; extras; what it remembers."""
        given = observations if self.narrowed is None else observations.astype(self.narrowed)
        held = {name: tf.constant(part) for name, part in hidden.items()}
        mask = () if allowed is None else tf.constant(allowed)
        arguments = (self._vector(), tf.constant(given), held, mask, tf.constant(self._ordered(rng)))
        like = ("choose", explore, given.shape, given.dtype, allowed is None)
        choosing = self.flat.get(like)
        if choosing is None:
            choosing = self.flat[like] = self._traced(self.calls.choose, "policy", (*arguments, explore))
        action, extras, after = choosing(*arguments)
        array = action.numpy()
        if array.dtype == np.int32:
            array = array.astype(np.int64)
        return array, *({name: value.numpy() for name, value in part.items()} for part in (extras, after))

    def values(self, features: np.ndarray, explore: bool) -> np.ndarray:
        """Return a value learner's action values, float32 (n, A), for features float32 (n, d)."""
        held = self._vector()
        if self.parted is None or self.parted[0] is not held:
            self.parted = held, {}
        weights = self.parted[1]
        if explore not in weights:
            weights[explore] = self.calls.weights(held, explore)
        arguments = weights[explore], tf.constant(features)
        like = ("values", features.shape)
        valuing = self.flat.get(like)
        if valuing is None:
            valuing = self.flat[like] = Flat(self.calls.values.get_concrete_function(*arguments))
        values: np.ndarray = valuing(*arguments).numpy()
        return values

    def _traced(self, function: Any, name: str, arguments: tuple[Any, ...]) -> Flat:
        traced = function.get_concrete_function(*arguments)
        check_resumable(f"{type(self.agent).__name__}.{name}", traced.graph, (self.agent,), KEYED)
        self.calls.keep(traced)
        return Flat(traced)

    def _vector(self) -> tf.Tensor:
        if self.held is None:
            packing = self.calls.packing
            packed = packing.from_variables(self.agent.parameters())
            self.held = tf.constant(np.concatenate([np.zeros(self.calls.header, np.float32), packed]))
            self.latest = None
        return self.held

    def _ordered(self, rng: np.random.Generator) -> np.ndarray:
        slots = self.slots
        slots[0][...] = rng.integers(1 << 32, size=2, dtype=np.uint32)
        slots[1][...] = self.agent.steps
        slots[2][...] = self.agent.fixed_rate
        return self.orders

    def _take_settings(self) -> None:
        for slot, value in zip(self.slots[3:], self.agent.setting_values().values(), strict=True):
            slot[...] = value
        self.number_of_forms = self.agent.number_for_host_forms


def _narrowed(space: Any) -> Any:
    # As batches have them: float32, and int32 where that holds all of the space's numbers.
    dtype = spaces.layout(space)[1]
    if dtype == np.float64:
        return np.float32
    return np.int32 if dtype == np.int64 and spaces.largest_whole(space) < 1 << 31 else None
