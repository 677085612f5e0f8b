"""What settings of a DQN switch on beside its rule: another head, another replay, noise in the weights."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from agents.dqn.heads import Head, head_of
from agents.dqn.layers.noise import drawn
from agents.replay import Prioritised
from agents.replay.experience import Experience
from envs import random

if TYPE_CHECKING:
    import keras
    import tensorflow as tf


class Switches:
    """Holds `DQN` to its settings `distribution`, `n_steps`, `prioritised` and `noisy`."""

    # Of the agent.
    config: Any
    number_of_actions: int
    online: keras.Model

    @functools.cached_property
    def head(self) -> Head:
        """What the network's outputs mean, by `distribution`."""
        return head_of(self.config, self.number_of_actions)

    def experience(self) -> Experience:
        """Return the replay that the settings describe."""
        c, made = self.config, super().experience()  # type: ignore[misc]
        if c.prioritised:
            made = dataclasses.replace(made, sampler=Prioritised(c.priority_alpha, c.priority_beta))
        replay: Experience = dataclasses.replace(made, n_steps=c.n_steps)
        return replay

    def noised(self, weights: tuple[tf.Tensor, ...], key: tf.Tensor, number: int) -> tuple[tf.Tensor, ...]:
        """Return weights, float32 tensors, with the noise of a key, uint32 (2,), and a number in noisy layers."""
        return drawn(self.online, weights, random.fold_in(key, number))
