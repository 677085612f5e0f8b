"""Predicts the next actions of n episodes in one compiled call, with the keys and values of past tokens kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from agents.decision_transformer.data.windows import Steps
from lab.networks.layers.attention import Cache

if TYPE_CHECKING:
    from agents.decision_transformer.acting.context import Context


class Decoder:
    """Holds the cache of n episodes side by side.

    When a row's context slides, the steps that stay are computed anew, because what deeper layers know of them came
    from the steps dropped; until it slides again each step costs three tokens. So predictions are those of the network
    on the context alone.

    Args:
        agent: A built agent.
        rows: n.
    """

    def __init__(self, agent: Any, rows: int) -> None:
        self.agent = agent
        # In variables: what enters and leaves a call costs more than a small layer.
        caches = agent.acting_network.empty_caches(rows, agent.config.context_length)
        self.caches = [Cache(tf.Variable(c.key), tf.Variable(c.value)) for c in caches]
        self.compiled = tf.function(self._predict, autograph=False)

    def __call__(self, context: Context, slid: np.ndarray) -> np.ndarray:
        """Return predictions for the newest step of each row, float32 (n, a).

        Args:
            context: With the newest step.
            slid: int64, the rows that have just slid.
        """
        steps, newest = context.steps, context.count - 1
        now = np.arange(context.rows), newest
        # Where an episode begins this is a step of some other one, at a place that nothing looks at.
        before = np.arange(context.rows), newest - 1
        acted = steps.actions[before].reshape(context.rows, -1)
        numbers = np.concatenate([steps.returns[now][:, None], acted], axis=1, dtype=np.float32)
        whole = np.stack([newest, steps.timesteps[now], steps.timesteps[before]], axis=1)
        refill, rows = None, None
        left = steps.returns.shape[1] - context.slide
        if len(slid) and left:
            # Numbers of rows that are powers of two, so that few programs are compiled.
            places = np.resize(slid, 1 << (len(slid) - 1).bit_length())
            rows = tf.constant(places, tf.int32)
            refill = Steps(*(tf.constant(stream[places, :left]) for stream in steps))
        inputs = (tf.constant(steps.observations[now]), tf.constant(numbers), tf.constant(whole))
        return self.compiled(*inputs, rows, refill).numpy()

    def _predict(
        self,
        observations: tf.Tensor,
        numbers: tf.Tensor,
        whole: tf.Tensor,
        rows: tf.Tensor | None,
        refill: Steps | None,
    ) -> tf.Tensor:
        agent, network = self.agent, self.agent.acting_network
        count, timesteps, before = tf.unstack(whole[:, :, None], axis=1)
        actions = numbers[:, 1:]
        actions = tf.cast(actions, tf.int32) if isinstance(agent.action_space, Discrete) else actions[:, None]
        now = agent.window(Steps(numbers[:, :1], observations[:, None], actions, timesteps, count >= 0))
        caches = [Cache(tf.convert_to_tensor(c.key), tf.convert_to_tensor(c.value)) for c in self.caches]
        if refill is not None and rows is not None:
            fresh = network.filled_caches(agent.window(refill), agent.config.context_length)
            caches = tf.nest.map_structure(lambda a, b: tf.tensor_scatter_nd_update(a, rows[:, None], b), caches, fresh)
        predictions, caches = network.step(now._replace(timesteps=before), now, caches, count[:, 0])
        for variable, value in zip(tf.nest.flatten(self.caches), tf.nest.flatten(caches), strict=True):
            variable.assign(value)
        return agent.bounded(predictions)
