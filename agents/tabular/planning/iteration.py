"""Value iteration, policy iteration and the values of a policy, exactly (Sutton and Barto 2018, chapter 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.parts.losses import td_target
from agents.tabular.planning.model import Model
from lab.errors import UsageError, bad_value

# A policy's values come from a dense system of so many equations at most: 0.5 GiB.
MOST_STATES = 8_000
MOST_SWEEPS = 100_000
# Actions whose values differ by less are equally good.
TIE = 1e-9


class Plan(NamedTuple):
    """What planning came to.

    Attributes:
        values: float64 (states,), of the best policy.
        action_values: float64 (states, actions).
        policy: int64 (states,), the first of the best actions.
        sweeps: Sweeps of value iteration, or policies of policy iteration.
    """

    values: NDArray[np.float64]
    action_values: NDArray[np.float64]
    policy: NDArray[np.int64]
    sweeps: int

    def return_from(self, starts: NDArray[np.float64]) -> float:
        """Return the expected discounted return over a distribution of first states, such as `Model.starts`."""
        return float(self.values @ starts)


def backup(model: Model, values: NDArray[np.float64], discount: float) -> NDArray[np.float64]:
    """Return sum_o p(o) (r(o) + discount v(s'(o))) of each pair, float64 (states, actions); v is 0 after an end.

    Sutton and Barto 2018, equation 4.10 without its maximum.
    """
    following = np.where(model.terminated, 0.0, values[model.next_states])
    targets = td_target(model.rewards, discount, following)
    found: NDArray[np.float64] = (model.probabilities * targets).sum(axis=-1)
    return found


def value_iteration(model: Model, discount: float = 0.99, tolerance: float = 1e-10) -> Plan:
    """Plan by v(s) = max_a of `backup`, until no value moves by the tolerance (section 4.4).

    Args:
        model: Of the environment.
        discount: gamma in [0, 1]; 1 is fine where every policy worth following ends.
        tolerance: Below discount 1, values are within tolerance * discount / (1 - discount) of the best.

    Raises:
        UsageError: For numbers out of range, and where values still move after 100,000 sweeps.
    """
    _check(discount, tolerance)
    values = np.zeros(len(model.probabilities))
    for sweep in range(1, MOST_SWEEPS + 1):
        action_values = backup(model, values, discount)
        new = action_values.max(axis=1)
        change = float(np.abs(new - values).max())
        values = new
        if change < tolerance:
            return Plan(values, action_values, _greedy(action_values), sweep)
    raise UsageError(
        f"value_iteration: values still move by {change:.3g} after {MOST_SWEEPS:,} sweeps; expected less than "
        f"{tolerance:g}. Fix: a lower discount, a higher tolerance, or a reward below 0 for each step."
    )


def evaluate_policy(model: Model, policy: ArrayLike, discount: float = 0.99) -> NDArray[np.float64]:
    """Return a policy's values, float64 (states,), by the linear system v = r + discount P v (equation 4.4).

    Args:
        model: Of the environment.
        policy: int (states,), an action a state, or float (states, actions), probabilities.
        discount: gamma in [0, 1].

    Raises:
        UsageError: For a policy of another shape, too many states, or a discount of 1 with a policy that never ends.
    """
    _check(discount, 1.0)
    states, actions, _ = model.probabilities.shape
    given = np.asarray(policy)
    shares = np.eye(actions)[given] if given.shape == (states,) and given.dtype.kind in "iu" else given
    if shares.shape != (states, actions) or not np.allclose(shares.sum(axis=1), 1.0):
        raise UsageError(
            f"evaluate_policy received a policy of {given.dtype} {given.shape}; expected an action of each of the "
            f"{states} states, or probabilities ({states}, {actions}) with the sum 1 each."
        )
    if states > MOST_STATES:
        raise bad_value(
            "evaluate_policy", "model", f"{states:,} states", f"at most {MOST_STATES:,}", "value_iteration."
        )
    weights = shares[:, :, None] * model.probabilities
    going = np.zeros((states, states))
    np.add.at(going, (np.arange(states)[:, None, None], model.next_states), np.where(model.terminated, 0.0, weights))
    system = np.eye(states) - discount * going
    paid = (weights * model.rewards).sum(axis=(1, 2))
    try:
        values: NDArray[np.float64] = np.linalg.solve(system, paid)
    except np.linalg.LinAlgError:
        values = np.full(states, np.nan)
    if not np.allclose(system @ values, paid, atol=1e-6 * max(1.0, float(np.abs(paid).max()))):
        raise UsageError(
            f"evaluate_policy: with discount {discount:g} the policy has no values, for it does not end from every "
            "state. Fix: a discount below 1."
        )
    return values


def policy_iteration(model: Model, discount: float = 0.99) -> Plan:
    """Plan by evaluating a policy exactly and acting greedily on its values, until no action is better (section 4.3).

    An action is changed only for a better one, so that ties do not make it go round for ever.

    Args:
        model: Of the environment.
        discount: gamma in [0, 1); with 1 the first policy would have to end from every state.

    Raises:
        UsageError: As `evaluate_policy`.
    """
    states = np.arange(len(model.probabilities))
    policy = np.zeros(len(states), np.int64)
    sweeps = 0
    while True:
        sweeps += 1
        values = evaluate_policy(model, policy, discount)
        action_values = backup(model, values, discount)
        best = action_values.argmax(axis=1)
        scale = np.maximum(1.0, np.abs(values))
        better = action_values[states, best] > action_values[states, policy] + TIE * scale
        if not better.any():
            return Plan(values, action_values, _greedy(action_values), sweeps)
        policy = np.where(better, best, policy)


def _greedy(action_values: NDArray[np.float64]) -> NDArray[np.int64]:
    best = action_values.max(axis=1, keepdims=True)
    first: NDArray[np.int64] = (action_values >= best - TIE * np.maximum(1.0, np.abs(best))).argmax(axis=1)
    return first


def _check(discount: float, tolerance: float) -> None:
    if not 0.0 <= discount <= 1.0:
        raise bad_value("planning", "discount", discount, "a number in [0, 1]")
    if not tolerance > 0.0:
        raise bad_value("planning", "tolerance", tolerance, "a number above 0")
