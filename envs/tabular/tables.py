"""TabularTensorEnv: a finite decision process, given by tables, as a compiled environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from envs import random
from envs.tabular.transitions import Transitions
from envs.tensor import State, TensorEnv, TensorStep

# Above every random number: an outcome with this threshold is the last that can happen.
NEVER_EXCEEDED = 2.0


class Tables(NamedTuple):
    """What each action in each state may lead to, K outcomes each.

    Attributes:
        probabilities: float64 (states, actions, K); every row sums to one.
        next_states: int32 (states, actions, K).
        rewards: float32 (states, actions, K).
        terminated: bool (states, actions, K), whether the outcome ends the episode.
    """

    probabilities: NDArray[np.float64]
    next_states: NDArray[np.int32]
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]

    @classmethod
    def from_lists(cls, outcomes: Mapping[int, Mapping[int, Sequence[tuple[float, int, float, bool]]]]) -> Tables:
        """Read outcomes (probability, next state, reward, terminated) by state and action, as in Gymnasium's `P`."""
        longest = max(len(rows) for actions in outcomes.values() for rows in actions.values())
        shape = (len(outcomes), len(outcomes[0]), longest)
        tables = cls(np.zeros(shape), np.zeros(shape, np.int32), np.zeros(shape, np.float32), np.zeros(shape, bool))
        arrays: list[NDArray[Any]] = list(tables)
        for state, actions in outcomes.items():
            for action, rows in actions.items():
                for k, row in enumerate(rows):
                    for table, value in zip(arrays, row, strict=True):
                        table[state, action, k] = value
        return tables


class TabularState(NamedTuple):
    """Where n processes are.

    Attributes:
        place: int32 (n,), the state.
        action: int32 (n,), the action that led there, -1 at first.
    """

    place: tf.Tensor
    action: tf.Tensor


class TabularTensorEnv(TensorEnv):
    """Moves through a finite decision process; the observation is the state's number.

    Args:
        tables: The dynamics.
        starts: States in which an episode may begin, all equally likely.

    Raises:
        ValueError: When probabilities are not a distribution, or a state lies outside of the tables.
    """

    def __init__(self, tables: Tables, starts: Sequence[int]) -> None:
        states, actions, _ = tables.probabilities.shape
        name = type(self).__name__
        sums = tables.probabilities.sum(axis=-1)
        if (tables.probabilities < 0.0).any() or not np.allclose(sums, 1.0, atol=1e-9):
            worst = np.unravel_index(np.abs(sums - 1.0).argmax(), sums.shape)
            raise ValueError(
                f"{name}: received probabilities that sum to {sums[worst]} in state {int(worst[0])}, action "
                f"{int(worst[1])}; expected numbers >= 0 with the sum 1."
            )
        for what, numbers in (("next_states", tables.next_states), ("starts", np.asarray(starts))):
            if numbers.size == 0 or numbers.min() < 0 or numbers.max() >= states:
                raise ValueError(
                    f"{name}: {what} received {numbers.ravel()[:5]}; expected states from 0 to {states - 1}."
                )
        self.tables, self.starts = tables, tuple(int(s) for s in starts)
        self.observation_space, self.action_space = Discrete(states), Discrete(actions)

    def reset(self, key: tf.Tensor) -> tuple[State, tf.Tensor]:
        number = len(self.starts)
        if number == 1:
            place = tf.fill([key.shape[0]], self.starts[0])
        else:
            chosen = tf.cast(random.uniform(key) * number, tf.int32)
            # Rounding may lift a number just below one to the count itself.
            place = tf.gather(tf.constant(self.starts, tf.int32), tf.minimum(chosen, number - 1))
        return TabularState(place, tf.zeros_like(place) - 1), place

    def step(self, state: State, action: tf.Tensor, key: tf.Tensor) -> TensorStep:
        _, actions, outcomes = self.tables.probabilities.shape
        row = state.place * actions + action
        index = row * outcomes
        if outcomes > 1:
            upto = tf.gather(tf.constant(self._thresholds), row)
            index += tf.reduce_sum(tf.cast(random.uniform(key)[:, None] >= upto[:, :-1], tf.int32), axis=1)
        place, reward, terminated = (tf.gather(tf.constant(table.ravel()), index) for table in self.tables[1:])
        return TensorStep(TabularState(place, action), place, reward, terminated, tf.zeros_like(terminated))

    @cached_property
    def transitions(self) -> Transitions:
        """The dynamics as dense arrays, for planning.

        Raises:
            ValueError: When a state ends the episode by one way and not by another, which dense arrays cannot say.
        """
        probabilities, next_states, rewards, terminated = self.tables
        states, actions, outcomes = probabilities.shape
        dense, paid = np.zeros((states, actions, states)), np.zeros((states, actions, states))
        ends = np.zeros(states, bool)
        goes_on = np.zeros(states, bool)
        goes_on[list(self.starts)] = True
        for place in np.ndindex(states, actions, outcomes):
            chance, following = probabilities[place], next_states[place]
            dense[place[0], place[1], following] += chance
            paid[place[0], place[1], following] += chance * rewards[place]
            if chance and terminated[place]:
                ends[following] = True
            elif chance and following != place[0]:
                goes_on[following] = True
        if (ends & goes_on).any():
            raise ValueError(
                f"{type(self).__name__}: state {int((ends & goes_on).argmax())} both ends episodes and not."
            )
        mean = np.divide(paid, dense, out=np.zeros_like(paid), where=dense > 0.0)
        dense[ends], mean[ends] = 0.0, 0.0
        dense[ends, :, np.flatnonzero(ends)] = 1.0
        return Transitions(dense, mean, ends)

    @cached_property
    def _thresholds(self) -> NDArray[np.float32]:
        # Outcome k happens for numbers from the threshold before it up to its own; one that cannot happen gets the
        # threshold before it, and the last that can gets one that rounding cannot leave behind.
        flat = self.tables.probabilities.reshape(-1, self.tables.probabilities.shape[-1])
        upto = flat.cumsum(axis=-1).astype(np.float32)
        last = flat.shape[-1] - 1 - (flat[:, ::-1] > 0.0).argmax(axis=-1)
        upto[np.arange(flat.shape[-1]) >= last[:, None]] = NEVER_EXCEEDED
        return upto
