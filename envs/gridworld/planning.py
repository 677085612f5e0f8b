"""Plan in a finite decision process whose dynamics are known: the reference a learner is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from envs.tabular.transitions import Transitions


def value_iteration(
    transitions: Transitions, discount: float, tolerance: float = 1e-10, max_sweeps: int = 100_000
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute optimal state and action values by value iteration (Sutton & Barto, 2nd edition, section 4.4).

    Q(s, a) = sum over s' of P[s, a, s'] (R[s, a, s'] + discount V(s')), V(s) = max over a of Q(s, a), and V = 0 where
    the episode has ended.

    Args:
        transitions: the dynamics, for example `GridWorld().transitions`.
        discount: in [0, 1]. One is fine where every policy worth following ends.
        tolerance: above zero; sweeps stop once no value moves by this much. Below discount one the values are then
            within tolerance * discount / (1 - discount) of the optimum.
        max_sweeps: at least one; the sweeps after which to give up.

    Returns:
        Values, float64 (states,), and action values, float64 (states, actions); both zero in terminal states.

    Raises:
        ValueError: for a discount, tolerance or number of sweeps out of range.
        RuntimeError: when values still move after `max_sweeps`.
    """
    if not 0.0 <= discount <= 1.0:
        raise ValueError(f"discount: received {discount!r}, expected a number in [0, 1]; 0.99 is usual.")
    if not tolerance > 0.0:
        raise ValueError(f"tolerance: received {tolerance!r}, expected a number above 0; 1e-10 is usual.")
    if max_sweeps < 1:
        raise ValueError(f"max_sweeps: received {max_sweeps!r}, expected at least 1; 100000 is usual.")
    probabilities, rewards, terminal = transitions
    states, actions, _ = probabilities.shape
    flat_probabilities = probabilities.reshape(states * actions, states)
    continues = (~terminal).astype(np.float64)
    expected_rewards = (probabilities * rewards).sum(axis=-1) * continues[:, None]
    values = np.zeros(states)
    change = np.inf
    for _ in range(max_sweeps):
        next_values = (flat_probabilities @ values).reshape(states, actions)
        q_values = expected_rewards + discount * next_values * continues[:, None]
        new_values = q_values.max(axis=1)
        change = float(np.abs(new_values - values).max())
        values = new_values
        if change < tolerance:
            return values, q_values
    raise RuntimeError(
        f"value_iteration: values still move by {change:.3g} after {max_sweeps} sweeps, expected less than "
        f"{tolerance:.3g}; lower the discount, raise max_sweeps or the tolerance, or make every step cost something."
    )
