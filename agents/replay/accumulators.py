"""Makes batches of sampled windows: the accumulator of n-step returns, the same in both lanes."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from agents.parts.masking.masked import is_given
from agents.transitions import Batch, Transition


def one_step(transition: Transition, discount: Any) -> Batch:
    """Return the batch of transitions, tensors (B, ...), each to be followed by what comes after one step.

    Args:
        transition: Of B rows.
        discount: gamma, float ().
    """
    t = transition
    kept = discount * (1.0 - tf.cast(t.terminated, tf.float32))
    batch = Batch(t.observation, t.action, t.reward, kept, t.next_observation, extras=t.extras)
    return batch._replace(action_mask=t.action_mask, next_action_mask=t.next_action_mask)


def n_step(window: Transition, discount: Any) -> Batch:
    """Return the batch of windows of n steps (Sutton and Barto 2018, equation 7.1).

    The reward is sum_k gamma^k r_k up to the first end within the window, of either kind; what follows is what the last
    of these steps led to, weighted by gamma to the number of steps, or by 0 where it terminated.

    Args:
        window: Tensors (B, n, ...), steps of one environment in order.
        discount: gamma, float ().
    """
    w = window
    number, steps = w.reward.shape
    ended = tf.cast(w.terminated | w.truncated, tf.float32)
    # Whether step k is still of the first one's episode.
    going = tf.concat([tf.ones((number, 1)), tf.math.cumprod(1.0 - ended[:, :-1], axis=1)], axis=1)
    powers = tf.pow(tf.cast(discount, tf.float32), tf.range(steps, dtype=tf.float32))
    reward = tf.reduce_sum(going * powers * w.reward, axis=1)
    last = tf.cast(tf.reduce_sum(going, axis=1), tf.int32) - 1
    terminated = tf.gather(tf.cast(w.terminated, tf.float32), last, batch_dims=1)
    kept = tf.pow(tf.cast(discount, tf.float32), tf.cast(last + 1, tf.float32)) * (1.0 - terminated)
    following = tf.gather(w.next_observation, last, batch_dims=1)
    first = {name: value[:, 0] for name, value in w.extras.items()}
    batch = Batch(w.observation[:, 0], w.action[:, 0], reward, kept, following, extras=first)
    if not is_given(w.action_mask):
        return batch
    follows = tf.gather(w.next_action_mask, last, batch_dims=1)
    return batch._replace(action_mask=w.action_mask[:, 0], next_action_mask=follows)
