"""Several environments of one definition, stepped in one compiled call.

A compiled call costs a millisecond whatever it does, and an evaluation of 100 episodes makes tens of thousands. Ten
environments that share a call need a tenth of them, and step as they would alone: their wrappers take the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import gymnasium
import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete

from envs.dynamics import Dynamics, TensorStep
from envs.random import fold_in

_functions: WeakKeyDictionary[Dynamics, tuple[Any, Any]] = WeakKeyDictionary()


class Ahead(NamedTuple):
    """What a step of one environment comes to, made before it is asked for.

    Attributes:
        action: For which it was made, with the leading axis 1.
        state: After it, arrays with the leading axis 1.
        observation: The same.
        outcome: float32 (1, 3): reward, terminated, truncated.
        mask: Of the actions after it, bool (1, A); () where there are none.
    """

    action: np.ndarray
    state: Any
    observation: np.ndarray
    outcome: np.ndarray
    mask: Any


class Together:
    """Makes the next step of several environments, which each takes up when it is stepped.

    Args:
        envs: Below their wrappers, of one definition, all reset.
    """

    def __init__(self, envs: Sequence[Any]) -> None:
        self._envs = list(envs)
        self._definition: Dynamics = envs[0].tensor_env
        self._step = compiled(self._definition)[1]
        self._made: dict[int, Ahead] = {}
        self._useful = True

    def prepare(self, actions: np.ndarray, rows: Sequence[int]) -> None:
        """Make the step that these actions lead to.

        Where a wrapper turns an action into another one, the environment makes its step alone, and nothing is
        prepared from then on.

        Args:
            actions: (n, ...), one an environment, as its space has them.
            rows: Of the environments that are stepped next.
        """
        positions = [env.position for env in self._envs]
        # One that has been reset since is at its episode's beginning.
        self._useful = self._useful and all(
            positions[i][0] is ahead.state for i, ahead in self._made.items() if positions[i][2]
        )
        if not self._useful:
            return
        discrete = isinstance(self._definition.action_space, Discrete)
        given = np.asarray(actions, np.int32 if discrete else np.float32)
        states, keys, elapsed = zip(*positions, strict=True)
        columns = zip(*map(tf.nest.flatten, states), strict=True)
        leaves = [np.concatenate([np.asarray(leaf) for leaf in column]) for column in columns]
        state = tf.nest.pack_sequence_as(states[0], leaves)
        after, *given_back = self._step(state, given, np.concatenate(keys), np.array(elapsed, np.int32) + 1)
        whole = [leaf.numpy() for leaf in tf.nest.flatten(after)]
        seen, results, masks = (np.asarray(part) for part in given_back)
        self._made = {}
        for i in rows:
            mine = tf.nest.pack_sequence_as(state, [leaf[i : i + 1] for leaf in whole])
            mask = masks[i : i + 1] if masks.size else ()
            self._made[i] = self._envs[i].ahead = Ahead(
                given[i : i + 1], mine, seen[i : i + 1], results[i : i + 1], mask
            )


def together(envs: Sequence[gymnasium.Env[Any, Any]]) -> Together | None:
    """Return what steps environments together; None where they have no definition in common."""
    inner: list[Any] = [env.unwrapped for env in envs]
    first = inner[0]
    return Together(inner) if all(env.tensor_env is first.tensor_env for env in inner) else None


def compiled(env: Dynamics) -> tuple[Any, Any]:
    """Return what begins n environments of a definition, and what steps them, each compiled once for each n.

    The first takes keys uint32 (n, 2) and returns state, observation and mask; the second takes state, action, keys and
    the number of the step in each episode, int32 (n,), and returns state, observation, float32 (n, 3) of reward,
    terminated and truncated, and mask.
    """
    if env not in _functions:

        def reset(key: tf.Tensor) -> tuple[Any, tf.Tensor, Any]:
            state, observation = env.reset(fold_in(key, 0))
            return state, observation, env.action_mask(state)

        def step(state: Any, action: tf.Tensor, key: tf.Tensor, elapsed: tf.Tensor) -> tuple[Any, ...]:
            s: TensorStep = env.step(state, action, fold_in(key, elapsed))
            ends = (tf.cast(s.terminated, tf.float32), tf.cast(s.truncated, tf.float32))
            return s.state, s.observation, tf.stack([s.reward, *ends], axis=1), env.action_mask(s.state)

        _functions[env] = (tf.function(reset, jit_compile=True, autograph=False),
                           tf.function(step, jit_compile=True, autograph=False))  # fmt: skip
    return _functions[env]
