"""What differs between actions of a Box and Discrete ones: how critics see them, and what a policy proposes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Box, Discrete

from agents.parts.actions import as_actions, as_actions_tensor, in_units
from agents.parts.heads import Categorical, SquashedGaussian
from agents.parts.heads.choice import check_bounded
from envs import random
from lab.errors import bad_value


class Proposal(NamedTuple):
    """What a policy would do in each row.

    Attributes:
        actions: float32 (B, a), as critics take them.
        logs: Logarithms of the probability: of the one action drawn, (B,), or of each of a Discrete space, (B, A).
    """

    actions: Any
    logs: Any


class BoxActions:
    """Actions of a Box: critics take them beside the observation, in units of half the range, and give one number.

    Args:
        owner: Who asks, for messages.
        space: Bounded on all sides.
    """

    outputs = 1

    def __init__(self, owner: str, space: gymnasium.Space[Any]) -> None:
        otherwise = "an agent that needs none (PPO; on recordings BehaviorCloning)"
        check_bounded(owner, space, "actions in units of half the range", otherwise)
        self.space = space
        self.head = SquashedGaussian(space)
        self.inputs = math.prod(space.shape or ())

    def taken(self, actions: tf.Tensor) -> tf.Tensor:
        """Return actions of a batch, (B, ...), as critics take them, float32 (B, a)."""
        return in_units(self.space, actions)

    def of_taken(self, outputs: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        """Return the values of the actions taken, (N, B), of critics' outputs (N, B, outputs)."""
        return outputs[..., 0]

    def proposed(self, rows: tf.Tensor, key: tf.Tensor) -> Proposal:
        """Return what the policy of a head's rows proposes; gradients flow through it."""
        return Proposal(*self.head.sample_with_log(rows, key))

    def values(self, outputs: tf.Tensor) -> tf.Tensor:
        """Return values, (N, B) or (N, B, A), of critics' outputs for what a policy proposes."""
        return outputs[..., 0]

    def expected(self, values: tf.Tensor, logs: tf.Tensor) -> tf.Tensor:
        """Return the expectation under the policy, (B,), of values shaped like `logs`: of its one draw, itself."""
        return values

    @property
    def most_entropy(self) -> float:
        """The entropy of uniform actions, in nats, whose density is in units of half the range."""
        return self.inputs * math.log(2.0)

    @property
    def usual_entropy(self) -> float:
        """The target of the entropy, in nats (Haarnoja et al. 2018, appendix D)."""
        return -float(self.inputs)

    def uniform(self, number: int, key: tf.Tensor) -> tf.Tensor:
        """Draw actions uniformly, float32 (n, ...)."""
        units = random.uniform(key, (number, self.inputs), -1.0, 1.0)
        return tf.cast(as_actions_tensor(self.space, units), tf.float32)

    def uniform_in_numpy(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw actions uniformly, (n, ...)."""
        return as_actions(self.space, rng.uniform(-1.0, 1.0, (number, self.inputs)).astype(np.float32))


class DiscreteActions:
    """Discrete actions: critics take the observation alone and give a number for each, over which expectations are
    sums (Christodoulou 2019, "Soft Actor-Critic for Discrete Action Settings", section 3).

    Args:
        space: Of A actions.
    """

    inputs = 0

    def __init__(self, space: Discrete) -> None:
        self.outputs = int(space.n)
        self.head = Categorical(self.outputs)

    def taken(self, actions: tf.Tensor) -> tf.Tensor:
        """Return nothing for each row, float32 (B, 0)."""
        return tf.zeros((actions.shape[0], 0))

    def of_taken(self, outputs: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        """Return the values of the actions taken, (N, B), of critics' outputs (N, B, A)."""
        return tf.reduce_sum(outputs * tf.one_hot(actions, self.outputs), axis=-1)

    def proposed(self, rows: tf.Tensor, key: tf.Tensor) -> Proposal:
        """Return the policy's probabilities, of which expectations are taken; nothing is drawn."""
        return Proposal(tf.zeros((rows.shape[0], 0)), tf.nn.log_softmax(rows))

    def values(self, outputs: tf.Tensor) -> tf.Tensor:
        """Return critics' outputs (N, B, A), which are values."""
        return outputs

    def expected(self, values: tf.Tensor, logs: tf.Tensor) -> tf.Tensor:
        """Return sum_a pi(a|s) values(s, a), (B,), of values and log probabilities (B, A) (equations 10 to 12)."""
        return tf.reduce_sum(tf.exp(logs) * values, axis=-1)

    @property
    def most_entropy(self) -> float:
        """The entropy of uniform actions, in nats."""
        return math.log(self.outputs)

    @property
    def usual_entropy(self) -> float:
        """The target of the entropy, in nats: half of a uniform policy's.

        Christodoulou's 0.98 of it lets nobody act otherwise than at random where few actions matter.
        """
        return 0.5 * self.most_entropy

    def uniform(self, number: int, key: tf.Tensor) -> tf.Tensor:
        """Draw actions uniformly, int32 (n,)."""
        return random.integers(key, self.outputs, (number,))

    def uniform_in_numpy(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw actions uniformly, int64 (n,)."""
        return rng.integers(self.outputs, size=number)


def kind_of(owner: str, space: gymnasium.Space[Any]) -> BoxActions | DiscreteActions:
    """Return what a space's actions are to critics and policy.

    Raises:
        UsageError: For spaces that are neither Discrete nor a Box of fractions with bounds.
    """
    if isinstance(space, Discrete):
        return DiscreteActions(space)
    return box_of(owner, space, "Discrete or a Box of fractions with bounds")


def box_of(owner: str, space: gymnasium.Space[Any], expected: str = "a Box of fractions with bounds") -> BoxActions:
    """Return what a Box's actions are to critics and policy.

    Raises:
        UsageError: For spaces that are no Box of fractions with bounds.
    """
    if not isinstance(space, Box) or np.dtype(space.dtype).kind != "f" or not math.prod(space.shape):
        raise bad_value(
            owner, "the action space", space, expected,
            "an agent for such actions (PPO for all but Dict and whole numbers in a Box; DQN or SAC for Discrete), or "
            "a wrapper such as gymnasium.wrappers.TransformAction.",
        )  # fmt: skip
    return BoxActions(owner, space)
