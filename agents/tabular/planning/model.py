"""Model: a finite decision process as arrays, read from an environment that gives its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from lab import registry
from lab.errors import UsageError

# Of four arrays of K outcomes each: 4 GiB.
MOST_OUTCOMES = 1 << 27


class Model(NamedTuple):
    """What each action in each state may lead to, K outcomes each; those of probability 0 fill up.

    Attributes:
        probabilities: float64 (states, actions, K); every row sums to one.
        next_states: int64 (states, actions, K).
        rewards: float64 (states, actions, K).
        terminated: bool (states, actions, K), whether the outcome ends the episode.
        starts: float64 (states,), the distribution of first states; zeros where the environment does not say.
    """

    probabilities: NDArray[np.float64]
    next_states: NDArray[np.int64]
    rewards: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    starts: NDArray[np.float64]

    @classmethod
    def of(cls, env: gymnasium.Env[Any, Any] | str) -> Model:
        """Read the model of an environment: `P` of Gymnasium's toy_text, or what ours have.

        Time limits are no part of it. Wrappers that change observations, actions or rewards are not either: see that
        there are none.

        Args:
            env: An environment, or its id.

        Raises:
            UsageError: For an environment that gives no model, or whose spaces are not Discrete from 0.
        """
        if isinstance(env, str):
            registry.load_environments()
            made = gymnasium.make(env, disable_env_checker=True)
            try:
                return cls.of(made)
            finally:
                made.close()
        inner: Any = env.unwrapped
        name = type(inner).__name__
        spaces = inner.observation_space, inner.action_space
        if not all(isinstance(space, Discrete) and not space.start for space in spaces):
            raise UsageError(
                f"Model.of received {name} with {spaces[0]} and {spaces[1]}; expected Discrete spaces that begin at 0. "
                "Fix: another environment, or a learner such as DynaQ, which learns a model."
            )
        states = int(inner.observation_space.n)
        if hasattr(inner, "P"):
            return cls.from_lists(inner.P, _starts(getattr(inner, "initial_state_distrib", None), states))
        dynamics = getattr(inner, "tensor_env", None)
        tables, begins = getattr(dynamics, "tables", None), getattr(dynamics, "starts", ())
        if tables is None:
            raise UsageError(
                f"Model.of received {name}, which does not say what its actions lead to; expected an attribute `P` "
                "(Gymnasium's FrozenLake-v1, CliffWalking-v1 and Taxi-v4 have it), or one of this project's grids. "
                "Fix: Model.from_lists({state: {action: [(probability, next state, reward, terminated), ...]}}), or "
                "DynaQ, which learns a model."
            )
        probabilities, next_states, rewards, terminated = tables
        first = np.zeros(states)
        first[list(begins)] = 1.0 / len(begins)
        return cls(
            np.asarray(probabilities, np.float64), next_states.astype(np.int64), rewards.astype(np.float64),
            np.asarray(terminated, bool), first,
        )._checked()  # fmt: skip

    @classmethod
    def from_lists(
        cls,
        outcomes: Mapping[int, Mapping[int, Sequence[tuple[float, int, float, bool]]]],
        starts: NDArray[np.float64] | None = None,
    ) -> Model:
        """Make a model of outcomes (probability, next state, reward, terminated) by state and action.

        Raises:
            UsageError: For states or actions that are not numbered from 0 without a gap, probabilities that are no
                distribution, states that there are not, or more outcomes than memory should hold.
        """
        states, actions = len(outcomes), len(next(iter(outcomes.values()), {}))
        longest = max((len(rows) for row in outcomes.values() for rows in row.values()), default=0)
        if not longest or set(outcomes) != set(range(states)):
            raise UsageError(
                f"Model received the states {list(outcomes)[:5]}; expected 0 to n - 1, each with outcomes."
            )
        if states * actions * longest > MOST_OUTCOMES:
            raise UsageError(
                f"Model received {states:,} states, {actions:,} actions and up to {longest:,} outcomes; expected at "
                f"most {MOST_OUTCOMES:,} outcomes in all. Fix: a learner, which needs no model."
            )
        shape = (states, actions, longest)
        first = _starts(starts, states)
        made = cls(np.zeros(shape), np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape, bool), first)
        arrays: list[NDArray[Any]] = list(made[:4])
        for state, row in outcomes.items():
            if set(row) != set(range(actions)):
                raise UsageError(
                    f"Model received the actions {list(row)} of state {state}; expected 0 to {actions - 1}."
                )
            for action, rows in row.items():
                for k, outcome in enumerate(rows):
                    for array, value in zip(arrays, outcome, strict=True):
                        array[state, action, k] = value
        return made._checked()

    def _checked(self) -> Model:
        sums = self.probabilities.sum(axis=-1)
        if (self.probabilities < 0.0).any() or not np.allclose(sums, 1.0, atol=1e-9):
            state, action = np.unravel_index(np.abs(sums - 1.0).argmax(), sums.shape)
            raise UsageError(
                f"Model received probabilities of the sum {sums[state, action]:g} in state {int(state)}, action "
                f"{int(action)}; expected numbers >= 0 with the sum 1."
            )
        if self.next_states.min() < 0 or self.next_states.max() >= len(sums):
            raise UsageError(
                f"Model received next states up to {self.next_states.max()}; expected 0 to {len(sums) - 1}."
            )
        if not np.isfinite(self.rewards).all():
            raise UsageError("Model received a reward that is not finite; expected numbers.")
        return self


def _starts(given: Any, states: int) -> NDArray[np.float64]:
    return np.zeros(states) if given is None else np.asarray(given, np.float64)
