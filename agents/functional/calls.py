"""The compiled calls of the host lane, made once for all agents that compute the same."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import tensorflow as tf

from agents.functional.checks import chosen_by
from agents.functional.hooks.settings import traced
from agents.functional.identity import identity
from agents.functional.joining import parted
from agents.functional.packing import Packing
from agents.functional.state import RUN_LENGTH, AgentState
from lab.networks.names import settle_names

KEPT = 16
# What an agent holds that no call may read.
STATE = ("memory", "exploration", "evaluation_rng", "host", "seeds", "wrapper_statistics", "chosen_extras", "allowed")


class Calls:
    """Compiles an agent's rounds of updates and its policy.

    It holds no agent's state: parameters are an argument, so that agents of one class, settings and spaces share it
    while they live and after one another.

    Args:
        agent: A built agent.
        header: Numbers that a round returns before the parameters.
    """

    _recent: ClassVar[list[Calls]] = []

    def __init__(self, agent: Any, header: int) -> None:
        self.packing = Packing(agent.parameters())
        like = (
            tf.zeros(2, tf.uint32),
            tf.zeros((), tf.int64),
            *(tf.zeros((), agent.settings_dtype) for _ in range(1 + len(agent.setting_values()))),
        )
        self.orders = Packing(like)
        # Shared, it must not keep its first agent alive; alone, it follows what its agent changes.
        self.shares = vars(agent).keys() <= agent.kept
        self.agent: Any = traced(agent)
        for name in STATE:
            vars(self.agent).pop(name, None)
        self.agent.build_definition()
        for value in vars(self.agent).values():
            if isinstance(value, keras.Model):
                settle_names(value)
        self.header = header
        self.identity = identity(agent)

    @classmethod
    def shared(cls, agent: Any, header: int) -> Calls:
        """Return the calls of another agent where it computes the same, else new ones."""
        sought = identity(agent)
        for calls in cls._recent if vars(agent).keys() <= agent.kept else ():
            if calls.identity == sought and calls.header == header:
                cls._recent.remove(calls)
                cls._recent.insert(0, calls)
                return calls
        return cls(agent, header)

    def keep(self, traced: Any) -> None:
        """Let later agents share these calls, unless one reads variables beside its arguments: an agent's own."""
        self.shares = self.shares and not traced.captured_inputs
        if self in self._recent or not self.shares:
            return
        self._recent.insert(0, self)
        del self._recent[KEPT:]

    def state(self, held: tf.Tensor, orders: tf.Tensor) -> tuple[AgentState, tf.Tensor]:
        """Return the agent's state, and the key, from what a call is given."""
        key, steps, rate, *values = self.orders.unpack(orders)
        settings = dict(zip((*self.agent.tensor_settings, RUN_LENGTH), values, strict=True))
        return AgentState(self.packing.unpack(held[-self.packing.size :]), steps, rate, settings), key

    @tf.function(jit_compile=True, autograph=False)
    def learn(self, held: tf.Tensor, numbers: tf.Tensor, rest: tuple[tf.Tensor, ...], like: Any) -> tf.Tensor:
        """Make a round of updates.

        Every tensor that enters or leaves a compiled call costs as much as a small layer, so parameters, metrics and
        errors are one vector, and what is given is another.

        Args:
            held: float32 (header + P,): what the last round returned.
            numbers: Key, steps, a set learning rate and the tensor settings, packed, and what the memory drew; `rest`
                and `like` belong to it: see `agents.functional.joining`.

        Returns:
            float32 (header + P,): the means of the metrics, the errors, and the parameters.
        """
        state, key = self.state(held, numbers[: self.orders.size])
        data = parted(numbers[self.orders.size :], list(rest), like)
        parameters, metrics, errors = self.agent.experience().in_call(self.agent, state, data, key)
        header = metrics if errors is None else tf.concat([metrics, errors], axis=0)
        result = tf.concat([header, tf.zeros(self.packing.size)], axis=0)
        return self.packing.put(result, parameters, self.header)

    @tf.function(jit_compile=True, autograph=False)
    def choose(
        self,
        held: tf.Tensor,
        observations: tf.Tensor,
        hidden: dict[str, tf.Tensor],
        allowed: Any,
        orders: tf.Tensor,
        explore: bool,
    ) -> Any:
        """Return the policy's actions, extras and what it remembers, for observations (n, ...)."""
        state, key = self.state(held, orders)
        choice = chosen_by(self.agent, state, observations, key, explore, hidden, allowed)
        return choice.action, dict(choice.extras), dict(choice.hidden)

    @tf.function(jit_compile=True, autograph=False)
    def weights(self, held: tf.Tensor, explore: bool) -> tuple[tf.Tensor, ...]:
        """Return the weights by which a value learner acts, each a tensor of its own."""
        weights: tuple[tf.Tensor, ...] = self.agent.acting_weights(
            self.packing.unpack(held[-self.packing.size :]), explore
        )
        return weights

    @tf.function(jit_compile=True, autograph=False)
    def values(self, weights: tuple[tf.Tensor, ...], features: tf.Tensor) -> tf.Tensor:
        """Return a value learner's action values (B, A) for features float32 (B, d).

        By weights that are cut out of one vector within, a row of a Nature CNN takes several times as long.
        """
        return self.agent.values(weights, features)
